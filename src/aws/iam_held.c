/* IAM: the policies that a principal carries, read one by one. */
#include "aws/iam.h"

#include "aws/form.h"
#include "aws/xml.h"
#include "base/encode.h"
#include "guard/iam/managed.h"

#include <string.h>

enum { ANSWER_BYTES = 1 << 20 };

struct holding {
    const struct aws *aws;
    struct arena *arena;
    json_t *documents;
};

/* A parameter of a call; one without a value is left out. */
struct question {
    const char *name;
    const char *value;
};

/* Whose policies are read. */
struct holder {
    const char *kind; /* "Role", "User", "Group" */
    const char *name;
};

/* One call with up to two parameters; its answer lives in the arena. */
static enum err_code ask(const struct holding *holding, const char *action,
                         const struct question *params, const struct xml_node **result,
                         struct err *err) {
    CLEANUP(aws_reply_done) struct aws_reply reply = {0};
    CLEANUP(freep) char *below = mem_format("%sResult", action);
    struct form form = {.arena = holding->arena};
    struct aws_request request = {.service = AWS_IAM, .action = action, .body_max = ANSWER_BYTES};
    const struct xml_node *root = NULL;

    for (size_t i = 0; i < 2; i++) {
        form_add(&form, params[i].name, params[i].value);
    }
    request.form = form.rows;
    request.form_n = form.n;
    if (aws_call(holding->aws, &request, &reply, err) != ERR_NONE ||
        xml_read(buf_str(&reply.http.body), holding->arena, &root, err) != ERR_NONE) {
        return err->code;
    }
    *result = xml_at(root, below);
    const char *more = xml_text_at(*result, "IsTruncated");
    return more == NULL || strcmp(more, "true") != 0
               ? ERR_NONE
               : err_set(err, ERR_TOO_LARGE, "IAM %s: there is more than one page", action);
}

/* A document as it comes: percent-encoded JSON. */
static enum err_code add_document(json_t *documents, const char *text, struct err *err) {
    CLEANUP(buf_done) struct buf plain = BUF_INIT(ANSWER_BYTES);
    json_t *document = NULL;

    if (percent_read(str_from(text == NULL ? "" : text), &plain, err) != ERR_NONE ||
        json_read(buf_str(&plain), &document, err) != ERR_NONE) {
        return err->code;
    }
    (void)json_array_append_new(documents, document);
    return ERR_NONE;
}

static enum err_code add_managed(const struct holding *holding, json_t *documents, const char *arn,
                                 struct err *err) {
    json_t *known = iam_managed_document(iam_managed_arn_name(str_from(arn)));
    struct question params[2] = {{"PolicyArn", arn}, {"VersionId", NULL}};
    const struct xml_node *result = NULL;

    if (known != NULL) {
        (void)json_array_append_new(documents, known);
        return ERR_NONE;
    }
    if (ask(holding, "GetPolicy", params, &result, err) != ERR_NONE) {
        return err->code;
    }
    params[1].value = xml_text_at(result, "Policy/DefaultVersionId");
    if (ask(holding, "GetPolicyVersion", params, &result, err) != ERR_NONE) {
        return err->code;
    }
    return add_document(documents, xml_text_at(result, "PolicyVersion/Document"), err);
}

static enum err_code add_policies(const struct holding *holding, struct holder holder,
                                  struct err *err) {
    CLEANUP(freep) char *key = mem_format("%sName", holder.kind);
    CLEANUP(freep) char *list = mem_format("List%sPolicies", holder.kind);
    CLEANUP(freep) char *get = mem_format("Get%sPolicy", holder.kind);
    CLEANUP(freep) char *attached = mem_format("ListAttached%sPolicies", holder.kind);
    struct question params[2] = {{key, holder.name}, {"MaxItems", "1000"}};
    const struct xml_node *result = NULL;

    if (ask(holding, list, params, &result, err) != ERR_NONE) {
        return err->code;
    }
    for (const struct xml_node *m = xml_at(result, "PolicyNames/member"); m != NULL;
         m = xml_next(m)) {
        struct question one[2] = {{key, holder.name}, {"PolicyName", m->text}};
        const struct xml_node *policy = NULL;

        if (ask(holding, get, one, &policy, err) != ERR_NONE ||
            add_document(holding->documents, xml_text_at(policy, "PolicyDocument"), err) !=
                ERR_NONE) {
            return err->code;
        }
    }
    if (ask(holding, attached, params, &result, err) != ERR_NONE) {
        return err->code;
    }
    for (const struct xml_node *m = xml_at(result, "AttachedPolicies/member"); m != NULL;
         m = xml_next(m)) {
        const char *arn = xml_text_at(m, "PolicyArn");

        if (add_managed(holding, holding->documents, arn == NULL ? "" : arn, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

static enum err_code add_groups(const struct holding *holding, const char *user, struct err *err) {
    const struct question params[2] = {{"UserName", user}, {"MaxItems", "1000"}};
    const struct xml_node *result = NULL;

    if (ask(holding, "ListGroupsForUser", params, &result, err) != ERR_NONE) {
        return err->code;
    }
    for (const struct xml_node *m = xml_at(result, "Groups/member"); m != NULL; m = xml_next(m)) {
        const char *name = xml_text_at(m, "GroupName");
        struct holder group = {"Group", name == NULL ? "" : name};

        if (add_policies(holding, group, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

/* {"boundary"} where there is one. */
static enum err_code add_boundary(const struct holding *holding, struct holder holder, json_t *out,
                                  struct err *err) {
    CLEANUP(freep) char *get = mem_format("Get%s", holder.kind);
    CLEANUP(freep) char *key = mem_format("%sName", holder.kind);
    CLEANUP(freep)
    char *path = mem_format("%s/PermissionsBoundary/PermissionsBoundaryArn", holder.kind);
    CLEANUP(json_decrefp) json_t *documents = json_array();
    const struct question params[2] = {{key, holder.name}, {"MaxItems", NULL}};
    const struct xml_node *result = NULL;

    if (ask(holding, get, params, &result, err) != ERR_NONE) {
        return err->code;
    }
    const char *arn = xml_text_at(result, path);
    if (arn == NULL) {
        return ERR_NONE;
    }
    if (add_managed(holding, documents, arn, err) != ERR_NONE) {
        return err->code;
    }
    json_put(out, "boundary", json_incref(json_array_get(documents, 0)));
    return ERR_NONE;
}

enum err_code iam_held(const struct aws *aws, const char *principal, json_t **out,
                       struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(json_decrefp) json_t *held = json_object();
    const char *slash = strrchr(principal, '/');
    bool is_user = strstr(principal, ":user/") != NULL;
    struct holder holder = {is_user ? "User" : "Role", slash == NULL ? "" : slash + 1};
    struct holding holding = {.aws = aws, .arena = arena, .documents = json_array()};

    json_put(held, "documents", holding.documents);
    if (add_policies(&holding, holder, err) != ERR_NONE ||
        (is_user && add_groups(&holding, holder.name, err) != ERR_NONE) ||
        add_boundary(&holding, holder, held, err) != ERR_NONE) {
        return err->code;
    }
    *out = TAKE(held);
    return ERR_NONE;
}
