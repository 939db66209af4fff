/* guard/redact/anchor.h: finds where a rule, a known value or a known name can stand.
 *
 * What is behind this header can be replaced by another engine; rules, views and segments stay. */
#pragma once

#include "guard/redact/scan.h"

struct anchors; /* opaque: the anchors of all rules, known values and known names */

struct anchors *anchors_new(void);
void anchors_free(struct anchors *anchors);

/* Adds what `known` has gained since the last call. */
void anchors_update(struct anchors *anchors, const struct known *known);

/* From now on, what tells who a person is counts too; `has_addresses`: IP addresses as well. */
void anchors_look_for_persons(struct anchors *anchors, bool has_addresses);

/* Fills `sift`: where a rule, a name or a known value can begin in `text`, and what else of it
 * needs a look. */
void anchors_sift(const struct anchors *anchors, struct str text, enum sift_use use,
                  struct sift *sift);

/* Calls every matcher whose anchor stands at or after `from`. */
void anchors_scan(const struct anchors *anchors, struct scan *scan, size_t from);

/* What the anchors at `at`, a place that anchors_sift() marked, stand for together. */
enum meaning {
    MEANING_OTHER = 0, /* a token may begin there */
    MEANING_NAME,      /* a name of a secret, whose value follows it */
    MEANING_PLACE      /* :// or a program's name: what follows it counts, if anything */
};
enum meaning anchors_meaning(const struct anchors *anchors, struct str text, size_t at);

/* Bytes of the shortest and the longest anchor at such a place. */
struct reach {
    size_t min;
    size_t max;
};
struct reach anchors_reach(const struct anchors *anchors, struct str text, size_t at);

bool anchors_has_persons(const struct anchors *anchors);
