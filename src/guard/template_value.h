/* guard/template_value.h: what a CloudFormation template says, as far as it says it. Pure.
 *
 * Source: CloudFormation User Guide, "Intrinsic functions", "Condition functions", "Fn::ForEach".
 */
#pragma once

#include "base/json.h"

/* What values are told from; everything is borrowed. */
struct template_facts {
    const json_t *parameters; /* their declarations, or NULL */
    const json_t *conditions; /* or NULL */
    const json_t *mappings;   /* or NULL */
    const json_t *given;      /* name -> text; true: it has a value that is not known; or NULL */
    const json_t *region;     /* a JSON string; NULL: not known */
    bool is_open; /* another value may be given in place of a Default, which then decides nothing */
};
struct template_facts template_facts(const json_t *template, const json_t *given,
                                     const json_t *region);

/* A value with Ref to a parameter, Fn::If and Fn::FindInMap followed. Borrowed; NULL: absent,
 * AWS::NoValue, or unknown, which `*is_unknown` tells. */
const json_t *template_value(const struct template_facts *facts, const json_t *value,
                             bool *is_unknown);

/* The arguments of a value that is a call of a function, whose name goes to `*name`; NULL where it
 * is none. */
const json_t *template_call(const json_t *value, const char **name);

/* The text of a scalar, in `room` or its own; NULL where it is none. */
const char *template_scalar(const json_t *value, char *room, size_t size);

enum template_truth { TEMPLATE_FALSE, TEMPLATE_TRUE, TEMPLATE_UNCLEAR };

/* Whether a condition of the template holds. */
enum template_truth template_condition(const struct template_facts *facts, const char *name);

/* The value of a parameter that is not NoEcho: the given one, or its Default. Borrowed; NULL where
 * it is not told. */
const json_t *template_parameter(const struct template_facts *facts, const char *name);

/* Whether a parameter keeps its value to itself. */
bool template_is_hidden(const json_t *declared);

/* A copy of the template in whose resources and outputs everything stands that is told: parameters
 * that are not NoEcho, in Ref and Fn::Sub; the branch of an Fn::If; values of maps; Fn::Join and
 * Fn::Select of what is known; the copies of an Fn::ForEach; what SAM's Globals say. Resources
 * whose condition is false are left out. What is not told stays as it is. New reference. */
json_t *template_resolve(const struct template_facts *facts, const json_t *template);
