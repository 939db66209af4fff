/* Credentials of a role: assumed with another profile's keys, or with a web identity token. */
#include "aws/creds_source.h"
#include "aws/sts.h"
#include "base/clock.h"
#include "sys/fs.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 5, WEB_TOKEN_MAX = 20000, DURATION_MIN_S = 900, DURATION_MAX_S = 43200 };

/* What a source_profile may be made of, in the order of creds.c. */
static creds_source *const profile_sources[] = {
    creds_from_role,  creds_from_sso,     creds_from_shared_file,
    creds_from_login, creds_from_process, creds_from_config_file,
};

/* clang-format off */
static const struct {
    const char *name;
    creds_source *source;
} named_sources[] = {
    { "Environment",         creds_from_variables },
    { "EcsContainer",        creds_from_container },
    { "Ec2InstanceMetadata", creds_from_instance },
};
/* clang-format on */

static const char *profile_get(const struct creds_lookup *lookup, const char *key) {
    return aws_config_of_profile(lookup->provider->config, lookup->profile, key);
}

static enum err_code role_finish(const struct creds_lookup *lookup, const struct sts_role *role,
                                 const struct aws_creds *with, const char *source,
                                 struct aws_creds **out, struct err *err) {
    CLEANUP(sts_session_done) struct sts_session session = {0};
    struct aws as = *lookup->aws;

    as.creds = with;
    if (sts_assume_role(&as, role, &session, err) != ERR_NONE) {
        return err_prefix(err, "%s", source);
    }
    *out = creds_new(session.access_key, TAKE(session.secret_key), TAKE(session.token),
                     session.expires_ms, source);
    return ERR_NONE;
}

static enum err_code role_read_token(const char *path, const char *source, struct buf *out,
                                     struct err *err) {
    if (fs_read_file(path, WEB_TOKEN_MAX, out, err) != ERR_NONE) {
        err->code = ERR_CREDENTIALS;
        return err_prefix(err, "%s, the web identity token", source);
    }
    return ERR_NONE;
}

static enum err_code role_by_token(const struct creds_lookup *lookup, const char *arn,
                                   const char *token_file, const char *session_name,
                                   struct aws_creds **out, struct err *err) {
    CLEANUP(freep) char *source = mem_format("web identity, role %s", arn);
    CLEANUP(buf_done) struct buf token = BUF_INIT(WEB_TOKEN_MAX);
    struct sts_role role = {.arn = arn, .session_name = session_name};
    enum err_code code;

    if (role_read_token(token_file, source, &token, err) != ERR_NONE) {
        return err->code;
    }
    role.web_token = str_trim(buf_str(&token));
    if (role.web_token.len == 0) {
        return err_set(err, ERR_CREDENTIALS, "%s: the file %s is empty", source, token_file);
    }
    code = role_finish(lookup, &role, NULL, source, out, err);
    mem_wipe(token.ptr, token.len);
    return code;
}

/* The keys that ask for the role. */
static enum err_code role_source(const struct creds_lookup *lookup, struct aws_creds **out,
                                 struct err *err) {
    const char *profile = profile_get(lookup, "source_profile");
    const char *named = profile_get(lookup, "credential_source");
    struct creds_lookup inner = *lookup;

    for (size_t i = 0; i < ARRAY_N(named_sources) && profile == NULL && named != NULL; i++) {
        if (strcmp(named, named_sources[i].name) == 0) {
            return named_sources[i].source(&inner, out, err);
        }
    }
    if (profile == NULL) {
        err_set(err, ERR_CREDENTIALS, "profile %s has a role_arn and no usable source for it",
                lookup->profile);
        return err_remedy(err, "give it a source_profile, or credential_source = Environment, "
                               "EcsContainer or Ec2InstanceMetadata");
    }
    if (!aws_config_is_profile(lookup->provider->config, profile)) {
        return err_set(err, ERR_CREDENTIALS,
                       "profile %s names a source_profile '%s' that does not "
                       "exist",
                       lookup->profile, profile);
    }
    inner.depth++;
    inner.profile = profile;
    /* A profile may name itself: then its own keys ask, not its role. */
    for (size_t i = strcmp(profile, lookup->profile) == 0 ? 1 : 0;
         i < ARRAY_N(profile_sources) && *out == NULL; i++) {
        if (profile_sources[i](&inner, out, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

static enum err_code role_by_keys(const struct creds_lookup *lookup, const char *arn,
                                  struct aws_creds **out, struct err *err) {
    CLEANUP(freep) char *source = mem_format("profile %s, role %s", lookup->profile, arn);
    CLEANUP(freep) char *own_name = mem_format("aws-copilot-%lld", (long long)clock_now_ms());
    const char *name = profile_get(lookup, "role_session_name");
    const char *duration = profile_get(lookup, "duration_seconds");
    struct sts_role role = {.arn = arn,
                            .session_name = name == NULL ? own_name : name,
                            .external_id = profile_get(lookup, "external_id")};
    struct aws_creds *with = NULL;
    enum err_code code;

    if (duration != NULL && str_to_i64(str_from(duration), DURATION_MIN_S, DURATION_MAX_S,
                                       &role.duration_s, err) != ERR_NONE) {
        err->code = ERR_CONFIG;
        return err_prefix(err, "profile %s, duration_seconds", lookup->profile);
    }
    if (role_source(lookup, &with, err) != ERR_NONE) {
        return err->code;
    }
    if (with == NULL) {
        return err_set(err, ERR_CREDENTIALS, "%s: its source has no credentials", source);
    }
    code = role_finish(lookup, &role, with, source, out, err);
    creds_release(with);
    return code;
}

enum err_code creds_from_role(const struct creds_lookup *lookup, struct aws_creds **out,
                              struct err *err) {
    const char *arn = profile_get(lookup, "role_arn");
    const char *token_file = profile_get(lookup, "web_identity_token_file");
    const char *session_name = profile_get(lookup, "role_session_name");

    if (arn == NULL) {
        return ERR_NONE;
    }
    if (lookup->depth == DEPTH_MAX) {
        return err_set(err, ERR_CREDENTIALS, "the source profiles of '%s' go in a circle",
                       aws_config_profile(lookup->provider->config));
    }
    if (profile_get(lookup, "mfa_serial") != NULL) {
        err_set(err, ERR_CREDENTIALS, "profile %s asks for an MFA code, which cannot be typed here",
                lookup->profile);
        return err_remedy(err,
                          "`eval $(aws configure export-credentials --profile %s --format "
                          "env)` asks for the code once; run without --profile after it",
                          lookup->profile);
    }
    if (token_file != NULL) {
        return role_by_token(lookup, arn, token_file,
                             session_name == NULL ? "aws-copilot" : session_name, out, err);
    }
    return role_by_keys(lookup, arn, out, err);
}

enum err_code creds_from_web_identity(const struct creds_lookup *lookup, struct aws_creds **out,
                                      struct err *err) {
    struct str arn = creds_var(lookup->provider, VAR_ROLE);
    struct str token_file = creds_var(lookup->provider, VAR_WEB_TOKEN_FILE);
    struct str name = creds_var(lookup->provider, VAR_SESSION_NAME);
    CLEANUP(freep) char *arn_text = str_dup(arn);
    CLEANUP(freep) char *file_text = str_dup(token_file);
    CLEANUP(freep) char *name_text = str_dup(name.len == 0 ? STR("aws-copilot") : name);

    if (token_file.len == 0 || aws_config_is_profile_flag(lookup->provider->config)) {
        return ERR_NONE;
    }
    if (arn.len == 0) {
        return err_set(err, ERR_CREDENTIALS, "%s is set and %s is not",
                       creds_var_name(VAR_WEB_TOKEN_FILE), creds_var_name(VAR_ROLE));
    }
    return role_by_token(lookup, arn_text, file_text, name_text, out, err);
}
