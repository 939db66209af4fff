/* guard/walk.h: reads const JSON with jansson's iterators. */
#pragma once

#include <jansson.h>
#include <string.h>

/* The same value for json_object_foreach() and kin, which read but take no const. */
static inline json_t *walk(const json_t *json) {
    json_t *same = NULL;

    memcpy(&same, &json, sizeof same);
    return same;
}
