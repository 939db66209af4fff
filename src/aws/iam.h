/* aws/iam.h: IAM: what a principal may do, by IAM's own word. */
#pragma once

#include "aws/client.h"
#include "base/json.h"

/* The ARN that IAM simulates for a caller: its own, of an assumed role the role's. NULL: none, as
 * for root, who may do everything, or a federated user. The caller frees. */
char *iam_principal(const char *caller_arn);

/* Has IAM judge one statement of a policy document for `principal`: {"Action":[…],"Resource":[…],
 * "Condition":{"StringEquals":{key: text}}}; the conditions are what the calls would come with.
 * Appends to the array `missing` {"action","resource"} for what is not allowed.
 * Errors: ERR_DENIED (the caller may not ask), those of aws_call(). Source: IAM API Reference,
 * SimulatePrincipalPolicy. */
MUST_CHECK enum err_code iam_simulate(const struct aws *aws, const char *principal,
                                      const json_t *statement, json_t *missing, struct err *err);

/* The policies of `principal`, as far as it may read them itself:
 * {"documents":[...],"boundary":{}}, inline and attached, of a user those of its groups too; no
 * boundary where it has none. What AWS manages is taken from the program's own table. New
 * reference. Errors: ERR_DENIED (it may not read one of them), ERR_TOO_LARGE (more than one page),
 * those of aws_call(). Source: IAM API Reference. */
MUST_CHECK enum err_code iam_held(const struct aws *aws, const char *principal, json_t **out,
                                  struct err *err);
