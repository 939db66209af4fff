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

/* Lists of words that say what a number is: of cards, of Social Security, of numbers that anybody
 * may have, and those of person_code.c and person_id.c, row by row. */
enum {
    SAID_CARD = 0,
    SAID_AMERICAN,
    SAID_NAMED,
    SAID_CODE,
    SAID_ISSUED = SAID_CODE + 32,
    SAID_N = 128
};

enum { SAID_REACH = 40, SAID_NEAR = 24 };

/* What the words on the line before a place of a text say: the lists of which one stands there. It
 * is read when the first is asked for, and goes on from place to place as long as those rise. */
struct said {
    size_t place; /* of `lists`, plus 1 */
    bool is_named;
    uint64_t lists[SAID_N / 64];
    size_t from; /* where that began to count, of `place` */
    size_t read_to;
    size_t n;
    struct said_at {
        size_t at;
        uint64_t lists[SAID_N / 64];
    } found[SAID_REACH + 1]; /* of the words that begin there */
};

/* Of a text of which nothing was read. */
static inline void said_begin(struct said *said) {
    said->place = 0;
    said->from = 0;
    said->read_to = 0;
    said->n = 0;
}

/* Whether one of the words of a list (lower case, a blank between them) stands on the line no more
 * than SAID_REACH bytes before `at`, of SAID_NAMED no more than SAID_NEAR, as a word of its own. _
 * is a blank, a hyphen, an underscore or nothing; of a word that ends with * only the beginning
 * counts. */
bool person_is_said(struct said *said, struct str text, size_t at, size_t list);

/* Whether a word of any list does. */
bool person_is_any_said(struct said *said, struct str text, size_t at);

/* The words of row `i`; NULL: none. False after the last row. */
bool person_code_words(size_t i, const char **words);
bool person_id_words(size_t i, const char **words);

/* What stands at `at`; false when it is nothing. `has_addresses`: IP addresses count too. `said`:
 * of this text. */
bool person_at(struct str text, size_t at, bool has_addresses, struct said *said,
               struct person *out);

/* person_id.c: a number of a card, an account or a person that begins at `at`, where `number` was
 * read, which is cut down. */
struct number;
bool person_number_at(struct str text, size_t at, struct number *number, struct said *said,
                      struct person *out);

/* person_code.c: a number with other marks or letters in it, that begins with the digit at `at`. */
bool person_marked_at(struct str text, size_t at, struct said *said, struct person *out);

/* person_code.c: an IBAN or another number that begins with capitals, of which `at` is one. */
bool person_code_at(struct str text, size_t at, struct person *out);

/* person_card.c: an IBAN that begins at `at`. */
bool person_iban_at(struct str text, size_t at, struct person *out);

enum { PERSON_PHONE_DIGITS = 18 }; /* more are no number of a telephone, however it is written */

/* person_phone.c: a telephone number that begins at `at`, with a digit, + or (. */
bool person_phone_at(struct str text, size_t at, struct person *out);

/* person_phone.c: where "x123" or " ext. 12" at `at`, after a number, ends; `at` when there is
 * none. */
size_t person_extension_end(struct str text, size_t at);

/* How surely the words right before a number say that it is one of a telephone. */
enum person_name {
    PERSON_NAME_NONE = 0,
    PERSON_NAME_HINTED, /* "call", "mobile": if it looks like one */
    PERSON_NAME_MEANT,  /* "mobile:": if it is no count of something */
    PERSON_NAME_SAID,   /* "call me at", "phone" */
    PERSON_NAME_GIVEN   /* "phone:" */
};
enum person_name person_phone_name(struct str text, size_t at);
