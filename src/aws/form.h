/* aws/form.h: the parameters of an AWS Query call: names with list numbers, values borrowed. */
#pragma once

#include "aws/client.h"
#include "base/arena.h"
#include "base/json.h"

enum { FORM_MAX = 600 };

struct form {
    struct arena *arena;
    struct aws_param rows[FORM_MAX];
    size_t n;
    bool is_full; /* more than FORM_MAX were added */
};

/* Adds NAME=value; NULL and "" are left out. */
void form_add(struct form *form, const char *name, const char *value);
void form_add_bool(struct form *form, const char *name, bool value);

/* Adds NAME.member.N.MEMBER=value, N from 1. */
void form_add_member(struct form *form, const char *name, size_t n, const char *member,
                     const char *value);

/* Adds NAME.member.N=value for an array of strings. */
void form_add_list(struct form *form, const char *name, const json_t *array);
