/* guard/role/role.h: the IAM policy that whoever deploys needs: exactly, and what of it is missing.
 *
 * Pure. A deployer holds no rights on the resources of a stack: CloudFormation acts as the
 * execution role of the bootstrap stack. What is left are the calls that this program makes itself,
 * and those are known: one row a right (role.def), by what a plan does and what its template holds.
 */
#pragma once

#include "base/json.h"

/* Where and what. Borrowed. */
struct role_place {
    const char *account; /* 12 digits */
    const char *region;
    const char *partition; /* "aws" */
    const char *stack;     /* "depl-todo-dev" */
    const char *qualifier; /* "depl" */
    const char *app;
    const char *env;
    const char *bucket;     /* of the artefacts, its name */
    const char *role_arn;   /* that CloudFormation acts as */
    bool is_role_guessed;   /* it holds a star, for a name that is not known yet */
    const json_t *template; /* its buckets and functions are named by their logical ids */
};

/* The statement for the policy of the artifact bucket by which only approvers write approvals of
 * this stack; the person puts their role in the place of APPROVERS. New reference. */
json_t *role_bucket_statement(const struct role_place *place);

/* What a plan does: "deploy", "destroy", "rollback", "secrets"; the others are the administrator's.
 */
bool role_has_kind(const char *kind);

/* The policy document {"Version","Statement":[{"Sid","Effect","Action":[],"Resource":[],
 * "Condition"}]} for plans of `kind` there; a statement that would be about nothing is left out.
 * New reference; NULL when role_has_kind() says no. */
json_t *role_policy(const char *kind, const struct role_place *place);

/* Whether a statement of role_policy("deploy"), by its Sid, is about calls that come only after the
 * person's yes. */
bool role_is_late(const char *sid);

/* Fills a policy of a CloudFormation template in: Fn::Sub, Fn::Join, Fn::GetAtt and Ref by `values`
 * ("Qualifier", "AWS::Region", "ExecutionRole.Arn" -> text). What has no value stays as it is.
 * New reference. */
json_t *role_fill_in(const json_t *json, const json_t *values);

/* What `needed` allows and `held` does not: [{"action","resource"}], each once. A right is held
 * when one Allow of `held` covers action, resource and every condition that it makes is also made
 * in `needed`. A Deny in `held` is not read: it can only be judged by the call. New reference. */
json_t *role_missing(const json_t *needed, const json_t *held);

/* The same by all policies that a caller carries ({"documents","boundary"} of iam_held()), with
 * their Denies and their boundary: what no statement allows, or one denies whatever the request, is
 * missing; what a condition, a narrower resource or a part of it decides is added to the array
 * `unsure`, as {"action","resource"}. New reference. */
json_t *role_judge(const json_t *needed, const json_t *held, json_t *unsure);
