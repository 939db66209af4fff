/* aws_deployer, rights: what of a policy the caller does not have, by IAM's own word, or by its own
 * policies where it may read those. */
#include "aws/iam.h"
#include "guard/role/role.h"
#include "tool/aws_deployer/deployer.h"

static json_t *permissions_json(const char *how, const char *why, json_t *missing, json_t *unsure) {
    json_t *out = json_object();

    json_put_str(out, "how", how);
    json_put_str(out, "why", why);
    json_put(out, "missing", missing);
    json_put(out, "unsure", unsure);
    return out;
}

static bool is_stop(enum err_code code) { return code == ERR_CANCELLED || code == ERR_INTERRUPTED; }

/* By IAM's own judgement. */
static enum err_code permissions_simulate(const struct aws *aws, const char *principal,
                                          const json_t *policy, json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *missing = json_array();
    const json_t *statement;
    size_t i;

    json_array_foreach(json_object_get(policy, "Statement"), i, statement) {
        if (iam_simulate(aws, principal, statement, missing, err) != ERR_NONE) {
            return err->code;
        }
    }
    *out = permissions_json("simulated", "", TAKE(missing), json_array());
    return ERR_NONE;
}

/* By what its own policies say. */
static enum err_code permissions_read(const struct aws *aws, const char *principal,
                                      const json_t *policy, json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *held = NULL;
    json_t *unsure;
    json_t *missing;

    if (iam_held(aws, principal, &held, err) != ERR_NONE) {
        return err->code;
    }
    unsure = json_array();
    missing = role_judge(policy, held, unsure);
    *out = permissions_json("read", "", missing, unsure);
    return ERR_NONE;
}

/* Not being able to ask is an answer: most deployers may neither ask nor read. */
enum err_code deployer_permissions(struct op *op, json_t **out, struct err *err) {
    CLEANUP(freep) char *principal = iam_principal(deployer_arg(op, "arn"));
    const json_t *policy = json_object_get(op->args, "policy");
    struct err failure = {0};
    struct err unread = {0};
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE) {
        return err->code;
    }
    if (principal == NULL) {
        *out = permissions_json("unknown", "IAM does not simulate this kind of caller",
                                json_array(), json_array());
        return ERR_NONE;
    }
    if (permissions_simulate(&aws, principal, policy, out, &failure) == ERR_NONE ||
        (!is_stop(failure.code) &&
         permissions_read(&aws, principal, policy, out, &unread) == ERR_NONE)) {
        return ERR_NONE;
    }
    if (is_stop(failure.code) || is_stop(unread.code)) {
        *err = is_stop(failure.code) ? failure : unread;
        return err->code;
    }
    *out = permissions_json("unknown", failure.text, json_array(), json_array());
    return ERR_NONE;
}
