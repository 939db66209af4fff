/* The policy of whoever deploys. */
#include "guard/role/role.h"
#include "guard/walk.h"

#include <ctype.h>
#include <string.h>

enum {
    ON_DEPLOY = 1,
    ON_DESTROY = 2,
    ON_SECRETS = 4,
    CODE = 8,
    ON_APPROVE = 16,
    ON_ROLLBACK = 32,
    LATE = 64, /* of a deployment, after the yes */
    ON_CHANGE = ON_DEPLOY | ON_ROLLBACK,
    KINDS = ON_CHANGE | ON_DESTROY | ON_SECRETS | ON_APPROVE
};

enum condition {
    CONDITION_NONE,
    CONDITION_ROLE_ARN,    /* only with the execution role, so never with the caller's own rights */
    CONDITION_PASSED_TO,   /* only to CloudFormation */
    CONDITION_NOT_PROD,    /* by the stack's tag */
    CONDITION_OWN_ACCOUNT, /* no bucket of somebody else that has the same name */
};

static const struct right {
    const char *sid;
    unsigned uses;
    const char *actions;
    const char *resources;
    enum condition condition;
} rights[] = {
#define RIGHT(sid, uses, actions, resources, condition)                                            \
    {sid, uses, actions, resources, CONDITION_##condition},
#include "guard/role/role.def"
#undef RIGHT
};

/* clang-format off */
static const struct { const char *kind; unsigned use; } kinds[] = {
    { "deploy",   ON_DEPLOY   },
    { "rollback", ON_ROLLBACK },
    { "destroy",  ON_DESTROY  },
    { "secrets",  ON_SECRETS  },
    { "approve",  ON_APPROVE  },
};
/* clang-format on */

static unsigned kind_use(const char *kind) {
    for (size_t i = 0; i < ARRAY_N(kinds); i++) {
        if (kind != NULL && strcmp(kinds[i].kind, kind) == 0) {
            return kinds[i].use;
        }
    }
    return 0;
}

bool role_has_kind(const char *kind) { return kind_use(kind) != 0; }

bool role_is_late(const char *sid) {
    for (size_t i = 0; i < ARRAY_N(rights); i++) {
        if (strcmp(rights[i].sid, sid) == 0) {
            return (rights[i].uses & LATE) != 0;
        }
    }
    return false;
}

/* ---- Names ---- */

/* The logical ids of the resources of `type`. New array. */
static json_t *ids_of(const json_t *template, const char *type) {
    json_t *ids = json_array();
    const char *id;
    const json_t *resource;

    json_object_foreach(walk(json_object_get(template, "Resources")), id, resource) {
        if (strcmp(json_str_or(resource, "Type", ""), type) == 0) {
            (void)json_array_append_new(ids, json_string_of(str_from(id)));
        }
    }
    return ids;
}

static void add_arn(json_t *list, const char *text) {
    if (!json_has_str(list, text)) {
        (void)json_array_append_new(list, json_string_of(str_from(text)));
    }
}

/* CloudFormation calls a bucket STACK-LOGICALID-RANDOM, in lower case. */
static void add_sites(json_t *list, const struct role_place *place, const char *rest) {
    CLEANUP(json_decrefp) json_t *ids = ids_of(place->template, "AWS::S3::Bucket");
    const json_t *id;
    size_t i;

    json_array_foreach(ids, i, id) {
        CLEANUP(freep) char *name = mem_format("%s-%s", place->stack, json_string_value(id));
        CLEANUP(freep) char *arn = NULL;

        for (char *p = name; *p != '\0'; p++) {
            *p = (char)tolower((unsigned char)*p);
        }
        arn = mem_format("arn:%s:s3:::%s-*%s", place->partition, name, rest);
        add_arn(list, arn);
    }
}

static void add_functions(json_t *list, const struct role_place *place) {
    CLEANUP(json_decrefp) json_t *ids = ids_of(place->template, "AWS::Lambda::Alias");
    const json_t *id;
    size_t i;

    json_array_foreach(ids, i, id) {
        const char *function = json_str_at(
            json_object_get(json_object_get(place->template, "Resources"), json_string_value(id)),
            "Properties.FunctionName.Ref");
        CLEANUP(freep)
        char *arn =
            mem_format("arn:%s:lambda:%s:%s:function:%s-%s-*", place->partition, place->region,
                       place->account, place->stack, function == NULL ? "" : function);

        add_arn(list, arn);
    }
}

static const char *name_value(const struct role_place *place, struct str name) {
    const struct {
        const char *name;
        const char *value;
    } rows[] = {{"p", place->partition},    {"r", place->region},      {"a", place->account},
                {"q", place->qualifier},    {"app", place->app},       {"env", place->env},
                {"name", place->stack},     {"bucket", place->bucket}, {"role", place->role_arn},
                {"userid", "${aws:userid}"}}; /* IAM fills it in: the caller's STS user id */

    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        if (str_eq(name, str_from(rows[i].name))) {
            return rows[i].value;
        }
    }
    return NULL;
}

/* "arn:${p}:s3:::${bucket}" with its names replaced; "" where one of them has no value. */
static char *names_filled(const struct role_place *place, struct str text) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(4096);

    while (text.len > 0) {
        ptrdiff_t at = str_find(text, STR("${"));
        struct str rest = at < 0 ? (struct str){0} : str_slice(text, (size_t)at + 2, text.len);
        ptrdiff_t end = at < 0 ? -1 : str_find(rest, STR("}"));
        const char *value = end < 0 ? NULL : name_value(place, str_slice(rest, 0, (size_t)end));

        if (at < 0) {
            buf_add(&out, text);
            break;
        }
        if (value == NULL || value[0] == '\0') {
            return mem_strdup("");
        }
        buf_add(&out, str_slice(text, 0, (size_t)at));
        buf_add_s(&out, value);
        text = str_slice(rest, (size_t)end + 1, rest.len);
    }
    return mem_strdup(buf_cstr(&out));
}

static void add_resource(json_t *list, const struct role_place *place, struct str word) {
    CLEANUP(freep) char *arn = NULL;

    if (str_eq(word, STR("${code}"))) {
        add_functions(list, place);
        return;
    }
    if (str_starts(word, STR("${site}"))) {
        CLEANUP(freep) char *rest = str_dup(str_slice(word, strlen("${site}"), word.len));

        add_sites(list, place, rest);
        return;
    }
    if (str_eq(word, STR("${stack}"))) {
        word = STR("arn:${p}:cloudformation:${r}:${a}:stack/${name}/*");
    } else if (str_eq(word, STR("${sets}"))) {
        word = STR("arn:${p}:cloudformation:${r}:${a}:changeSet/d-*/*");
    }
    arn = names_filled(place, word);
    if (arn[0] != '\0') {
        add_arn(list, arn);
    }
}

/* ---- The policy ---- */

static json_t *condition_of(enum condition condition, const struct role_place *place) {
    switch (condition) {
    case CONDITION_ROLE_ARN:
        return json_pack("{s:{s:s}}", place->is_role_guessed ? "StringLike" : "StringEquals",
                         "cloudformation:RoleArn", place->role_arn);
    case CONDITION_PASSED_TO:
        return json_pack("{s:{s:s}}", "StringEquals", "iam:PassedToService",
                         "cloudformation.amazonaws.com");
    case CONDITION_NOT_PROD:
        return json_pack("{s:{s:s}}", "StringNotEquals", "aws:ResourceTag/env", "prod");
    case CONDITION_OWN_ACCOUNT:
        return json_pack("{s:{s:s}}", "StringEquals", "aws:ResourceAccount", place->account);
    case CONDITION_NONE:
        break;
    }
    return NULL;
}

static json_t *words_of(const char *text) {
    struct str rest = str_from(text);
    struct str word = {0};
    json_t *words = json_array();

    while (str_next(&rest, ' ', &word)) {
        (void)json_array_append_new(words, json_string_of(word));
    }
    return words;
}

static json_t *statement_of(const struct right *right, const struct role_place *place) {
    json_t *statement = json_object();
    json_t *resources = json_array();
    json_t *condition = condition_of(right->condition, place);
    struct str rest = str_from(right->resources);
    struct str word = {0};

    while (str_next(&rest, ' ', &word)) {
        add_resource(resources, place, word);
    }
    json_put_str(statement, "Sid", right->sid);
    json_put_str(statement, "Effect", "Allow");
    json_put(statement, "Action", words_of(right->actions));
    json_put(statement, "Resource", resources);
    if (condition != NULL) {
        json_put(statement, "Condition", condition);
    }
    return statement;
}

json_t *role_policy(const char *kind, const struct role_place *place) {
    CLEANUP(json_decrefp) json_t *aliases = ids_of(place->template, "AWS::Lambda::Alias");
    unsigned use = kind_use(kind);
    json_t *statements = json_array();
    json_t *policy = json_object();

    for (size_t i = 0; i < ARRAY_N(rights); i++) {
        bool is_there =
            (rights[i].uses & CODE) == 0 || use == ON_SECRETS || json_array_size(aliases) > 0;

        if ((rights[i].uses & use & KINDS) != 0 && is_there) {
            json_t *statement = statement_of(&rights[i], place);

            if (json_array_size(json_object_get(statement, "Resource")) == 0) {
                json_decref(statement); /* no bucket of the template, no role */
                continue;
            }
            (void)json_array_append_new(statements, statement);
        }
    }
    json_put_str(policy, "Version", "2012-10-17");
    json_put(policy, "Statement", statements);
    if (use == 0) {
        json_decref(policy);
        return NULL;
    }
    return policy;
}

json_t *role_bucket_statement(const struct role_place *place) {
    CLEANUP(freep)
    char *resource =
        mem_format("arn:%s:s3:::%s/approvals/%s/*", place->partition, place->bucket, place->stack);
    CLEANUP(freep)
    char *approver = mem_format("arn:%s:iam::%s:role/APPROVERS", place->partition, place->account);

    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:{s:{s:[s]}}}", "Sid", "OnlyApproversApprove",
                     "Effect", "Deny", "Principal", "*", "Action", "s3:PutObject", "Resource",
                     resource, "Condition", "ArnNotLike", "aws:PrincipalArn", approver);
}
