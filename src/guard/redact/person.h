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

/* person_code.c: a number with other marks or letters in it, that begins with the digit at `at`. */
bool person_marked_at(struct str text, size_t at, struct person *out);

/* person_code.c: an IBAN or another number that begins with capitals, of which `at` is one. */
bool person_code_at(struct str text, size_t at, struct person *out);

/* person_card.c: an IBAN that begins at `at`. */
bool person_iban_at(struct str text, size_t at, struct person *out);

/* person_phone.c: a telephone number that begins at `at`, with a digit, + or (. */
bool person_phone_at(struct str text, size_t at, struct person *out);

/* person_phone.c: where "x123" or " ext. 12" at `at`, after a number, ends; `at` when there is
 * none. */
size_t person_extension_end(struct str text, size_t at);

/* Whether one of `words` (lower case, a blank between them) stands on the line within `reach` bytes
 * before `at`, as a word of its own. _ is a blank, a hyphen, an underscore or nothing; of a word
 * that ends with * only the beginning counts. */
bool person_is_said(struct str text, size_t at, size_t reach, const char *words);

/* How surely the words right before a number say that it is one of a telephone. */
enum person_name {
    PERSON_NAME_NONE = 0,
    PERSON_NAME_HINTED, /* "call", "mobile": if it looks like one */
    PERSON_NAME_MEANT,  /* "mobile:": if it is no count of something */
    PERSON_NAME_SAID,   /* "call me at", "phone" */
    PERSON_NAME_GIVEN   /* "phone:" */
};
enum person_name person_phone_name(struct str text, size_t at);
