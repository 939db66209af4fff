/* STS: who we are, and becoming somebody else. */
#include "aws/sts.h"

#include "aws/xml.h"
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

enum { ANSWER_BYTES = 256 << 10, FIELDS_MAX = 6 };

void sts_identity_done(struct sts_identity *identity) {
    free(identity->arn);
    free(identity->user_id);
    *identity = (struct sts_identity){0};
}

void sts_session_done(struct sts_session *session) {
    free(session->access_key);
    secret_free(session->secret_key);
    secret_free(session->token);
    *session = (struct sts_session){0};
}

static enum err_code identity_read(const struct xml_node *root, struct sts_identity *out,
                                   struct err *err) {
    const char *account = xml_text_at(root, "GetCallerIdentityResult/Account");
    const char *arn = xml_text_at(root, "GetCallerIdentityResult/Arn");
    const char *user_id = xml_text_at(root, "GetCallerIdentityResult/UserId");

    if (account == NULL || arn == NULL || user_id == NULL || strlen(account) != 12) {
        return err_set(err, ERR_PROTOCOL, "STS GetCallerIdentity: the answer names no account");
    }
    memcpy(out->account, account, sizeof out->account);
    out->arn = mem_strdup(arn);
    out->user_id = mem_strdup(user_id);
    return ERR_NONE;
}

enum err_code sts_get_caller_identity(const struct aws *aws, struct sts_identity *out,
                                      struct err *err) {
    const struct aws_request request = {
        .service = AWS_STS, .action = "GetCallerIdentity", .body_max = ANSWER_BYTES};
    const char *pinned = aws_config_account(aws_client_config(aws->client));
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(aws_reply_done) struct aws_reply reply = {0};
    CLEANUP(sts_identity_done) struct sts_identity identity = {0};
    const struct xml_node *root = NULL;

    if (aws_call(aws, &request, &reply, err) != ERR_NONE ||
        xml_read(buf_str(&reply.http.body), arena, &root, err) != ERR_NONE ||
        identity_read(root, &identity, err) != ERR_NONE) {
        return err->code;
    }
    if (pinned != NULL && strcmp(pinned, identity.account) != 0) {
        err_set(err, ERR_ACCOUNT, "the credentials belong to account %s (%s), not to %s",
                identity.account, identity.arn, pinned);
        return err_remedy(err, "choose the profile of account %s with --profile or AWS_PROFILE",
                          pinned);
    }
    identity.clock_offset_ms = aws_clock_offset_ms(aws, AWS_STS);
    *out = identity;
    identity = (struct sts_identity){0};
    return ERR_NONE;
}

/* Both answers have the same parts, below an element of their own name. */
static enum err_code session_read(const struct xml_node *root, const char *result,
                                  struct sts_session *out, struct err *err) {
    const struct xml_node *keys = xml_at(xml_at(root, result), "Credentials");
    const char *access_key = xml_text_at(keys, "AccessKeyId");
    const char *secret_key = xml_text_at(keys, "SecretAccessKey");
    const char *token = xml_text_at(keys, "SessionToken");
    const char *expires = xml_text_at(keys, "Expiration");
    struct err ignored = {0};
    int64_t expires_ms = 0;

    if (access_key == NULL || secret_key == NULL || token == NULL || expires == NULL ||
        clock_read_iso(str_from(expires), &expires_ms, &ignored) != ERR_NONE) {
        return err_set(err, ERR_PROTOCOL, "STS: the answer holds no credentials");
    }
    *out = (struct sts_session){.access_key = mem_strdup(access_key),
                                .secret_key = secret_new(str_from(secret_key)),
                                .token = secret_new(str_from(token)),
                                .expires_ms = expires_ms};
    return ERR_NONE;
}

enum err_code sts_assume_role(const struct aws *aws, const struct sts_role *role,
                              struct sts_session *out, struct err *err) {
    bool is_web = role->web_token.len > 0;
    CLEANUP(freep) char *duration = mem_format("%lld", (long long)role->duration_s);
    struct aws_param form[FIELDS_MAX] = {{"RoleArn", str_from(role->arn)},
                                         {"RoleSessionName", str_from(role->session_name)}};
    struct aws_request request = {.service = AWS_STS,
                                  .action = is_web ? "AssumeRoleWithWebIdentity" : "AssumeRole",
                                  .form = form,
                                  .form_n = 2,
                                  .body_max = ANSWER_BYTES,
                                  .is_unsigned = is_web};
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(aws_reply_done) struct aws_reply reply = {0};
    const struct xml_node *root = NULL;
    enum err_code code;

    if (role->duration_s > 0) {
        form[request.form_n++] = (struct aws_param){"DurationSeconds", str_from(duration)};
    }
    if (role->external_id != NULL) {
        form[request.form_n++] = (struct aws_param){"ExternalId", str_from(role->external_id)};
    }
    if (is_web) {
        form[request.form_n++] = (struct aws_param){"WebIdentityToken", role->web_token};
    }
    if (aws_call(aws, &request, &reply, err) != ERR_NONE) {
        return err->code;
    }
    code = xml_read(buf_str(&reply.http.body), arena, &root, err);
    if (code == ERR_NONE) {
        code = session_read(root, is_web ? "AssumeRoleWithWebIdentityResult" : "AssumeRoleResult",
                            out, err);
    }
    if (reply.http.body.ptr != NULL) {
        mem_wipe(reply.http.body.ptr, reply.http.body.len);
    }
    return code;
}
