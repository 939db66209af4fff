/* The rights that a plan needs, asked of IAM. */
#include "agent/executor/rights.h"

#include "aws/endpoint.h"
#include "guard/role/role.h"
#include "tool/template_op.h"

#include <string.h>

enum { RIGHTS_SHOWN = 3 };

static json_t *rights_policy(const struct turn *turn) {
    CLEANUP(template_text_done) struct template_text template = {0};
    const char *partition = aws_partition(agent_text(turn, "identity.region"));
    struct err unread = {0};
    struct role_place place = {
        .account = agent_text(turn, "identity.account"),
        .region = agent_text(turn, "identity.region"),
        .partition = partition == NULL ? "aws" : partition,
        .stack = agent_text(turn, "fields.stack"),
        .qualifier = agent_text(turn, "fields.qualifier"),
        .app = agent_text(turn, "fields.app"),
        .env = agent_text(turn, "fields.env"),
        .bucket = agent_text(turn, "bootstrap.Artifacts"),
        .role_arn = agent_text(turn, "plan.role_arn"),
    };

    if (template_op_emit(json_object_get(turn->state, "template"), &template, &unread) !=
        ERR_NONE) {
        return NULL;
    }
    place.template = template.json;
    return role_policy(agent_text(turn, "kind"), &place);
}

static void rights_add(struct buf *out, const json_t *missing) {
    const json_t *row;
    size_t i;

    json_array_foreach(missing, i, row) {
        if (i == RIGHTS_SHOWN) {
            buf_addf(out, " and %zu more", json_array_size(missing) - i);
            break;
        }
        buf_addf(out, "%s%s on %s", i == 0 ? "" : "; ", json_str_or(row, "action", ""),
                 json_str_or(row, "resource", ""));
    }
}

/* What is called only after the yes, and so cannot have been tried before it. */
static json_t *rights_late(const json_t *policy) {
    json_t *late = json_array();
    const json_t *statement;
    size_t i;

    json_array_foreach(json_object_get(policy, "Statement"), i, statement) {
        const json_t *resource = json_array_get(json_object_get(statement, "Resource"), 0);
        const json_t *action;
        size_t k;

        if (!role_is_late(json_str_or(statement, "Sid", ""))) {
            continue;
        }
        json_array_foreach(json_object_get(statement, "Action"), k, action) {
            (void)json_array_append_new(late,
                                        agent_args("action", json_string_value(action), "resource",
                                                   json_string_value(resource), NULL));
        }
    }
    return late;
}

/* A first deployment is the one that nobody has seen succeed: what could not be made sure of is
 * said before the yes. */
static void rights_tell(struct turn *turn, const json_t *policy) {
    CLEANUP(buf_done) struct buf list = BUF_INIT(8192);
    bool is_read = strcmp(agent_text(turn, "rights.how"), "read") == 0;
    CLEANUP(json_decrefp) json_t *late = is_read ? NULL : rights_late(policy);
    const json_t *unsure = is_read ? json_at(turn->state, "rights.unsure") : late;

    if (json_bool_at(turn->state, "before.can_update") || json_array_size(unsure) == 0 ||
        strcmp(agent_text(turn, "rights.how"), "simulated") == 0) {
        return;
    }
    rights_add(&list, unsure);
    agent_warn(turn, "rights_unsure",
               "aws-copilot permissions prints the policy that this deployment needs, for whoever "
               "can compare it",
               is_read
                   ? "whether %s may do this is decided by conditions that only AWS knows: %s"
                   : "whether %s may do what comes after the yes cannot be told, because it may "
                     "neither ask IAM nor read its own policies: %s",
               agent_text(turn, "identity.arn"), buf_cstr(&list));
}

enum outcome rights_check(struct turn *turn) {
    CLEANUP(buf_done) struct buf list = BUF_INIT(8192);
    CLEANUP(json_decrefp)
    json_t *policy = agent_is_kind(turn, "deploy") ? rights_policy(turn) : NULL;
    enum outcome outcome = OUTCOME_OK;
    json_t *args;

    if (policy == NULL) {
        return OUTCOME_OK;
    }
    args = agent_args("arn", agent_text(turn, "identity.arn"), NULL);
    json_put(args, "policy", json_incref(policy));
    if (!agent_keep(turn, "aws_deployer", "permissions", args, "rights", &outcome)) {
        return outcome;
    }
    if (json_array_size(json_at(turn->state, "rights.missing")) == 0) {
        rights_tell(turn, policy);
        return OUTCOME_OK;
    }
    rights_add(&list, json_at(turn->state, "rights.missing"));
    return agent_problem(turn, ERR_DENIED,
                         "aws-copilot permissions prints the policy that an administrator attaches",
                         "%s may not do what this deployment needs: %s",
                         agent_text(turn, "identity.arn"), buf_cstr(&list));
}
