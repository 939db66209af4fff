/* guard/redact/person.h: what tells who a person is: wide shapes, then checks.
 *
 * A shape alone is not enough: numbers are checked by the rules of who issued them (Luhn, modulo
 * 97, lengths by country), or a word before them must say what they are. */
#pragma once

#include "base/str.h"
#include "guard/redact/sieve.h"

struct person {
    size_t from; /* may lie before the place that was asked about */
    size_t to;
    const char *kind; /* constant */
};

/* Fills `sift->persons`, the places of `text` at which person_at() finds something. */
void persons_sift(struct str text, bool has_addresses, struct sift *sift);

/* What stands at `at`; false when it is nothing. `has_addresses`: IP addresses count too. */
bool person_at(struct str text, size_t at, bool has_addresses, struct person *out);

/* person_id.c: a number of a card, an account or a person that begins at `at`. */
bool person_number_at(struct str text, size_t at, struct person *out);

/* person_id.c: an IBAN or another number that begins with two capitals. */
bool person_code_at(struct str text, size_t at, struct person *out);

/* Whether one of `words` (lower case, ends with NULL) stands on the line within `reach` bytes
 * before `at`. */
bool person_is_said(struct str text, size_t at, size_t reach, const char *const *words);
