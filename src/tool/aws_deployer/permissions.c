/* aws_deployer, rights: what of a policy the caller does not have, by IAM's own word. */
#include <string.h>

#include "aws/iam.h"
#include "tool/aws_deployer/deployer.h"

static json_t *permissions_json(const char *how, const char *why, json_t *missing) {
    json_t *out = json_object();

    json_put_str(out, "how", how);
    json_put_str(out, "why", why);
    json_put(out, "missing", missing);
    return out;
}

/* Not being able to ask is an answer: most deployers may not. */
enum err_code deployer_permissions(struct op *op, json_t **out, struct err *err) {
    CLEANUP(freep) char *principal = iam_principal(deployer_arg(op, "arn"));
    CLEANUP(json_decrefp) json_t *missing = json_array();
    const json_t *statement;
    struct err failure = {0};
    struct aws aws;
    size_t i;

    if (services_aws(op, &aws, err) != ERR_NONE) {
        return err->code;
    }
    if (principal == NULL) {
        *out =
            permissions_json("unknown", "IAM does not simulate this kind of caller", TAKE(missing));
        return ERR_NONE;
    }
    json_array_foreach(json_at(op->args, "policy.Statement"), i, statement) {
        enum err_code code = iam_simulate(&aws, principal, statement, missing, &failure);

        if (code == ERR_CANCELLED || code == ERR_INTERRUPTED) {
            *err = failure;
            return code;
        }
        if (code != ERR_NONE) {
            *out = permissions_json("unknown", failure.text, json_array());
            return ERR_NONE;
        }
    }
    *out = permissions_json("simulated", "", TAKE(missing));
    return ERR_NONE;
}
