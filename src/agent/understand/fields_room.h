/* Between the readers of a line's values: `slots.c` looks and keeps, `place.c` reads where to,
 * `naming.c` what is named, `span.c` how long, since when, which one. */
#pragma once

#include "agent/understand/understand_room.h"

/* The word at `i`, or `back` words before it, in lower case; "" outside of the line. */
const char *words_at(const struct words *words, size_t i);
const char *words_before(const struct words *words, size_t i, size_t back);

/* Marks `n` words as those that a value of `slot` was read from. */
void words_take(struct words *words, size_t from, size_t n, enum slot slot);

/* Whether `word` is one of `list`, separated by '|'. */
bool word_is_any(const char *word, const char *list);
bool word_has_digit(const char *text);

/* Keeps `value` unless the words before `at` leave it. A value with blanks is several at once. */
void slot_put(const struct words *words, size_t at, struct understood *out, enum slot slot,
              const char *value);

/* Whether the text is the id of an AWS region. */
bool place_is_region(const char *text);

/* The readers. Each keeps what it finds and marks the words; the first of them has the first look.
 * fields_pair() reads "region=eu-west-1" at `i`: true when there was one. */
bool fields_pair(struct words *words, size_t i, struct understood *out);
void fields_region(struct words *words, struct understood *out);
void fields_account(struct words *words, struct understood *out);
void fields_app(struct words *words, struct understood *out);
void fields_profile(struct words *words, struct understood *out);
void fields_env(struct words *words, const char *const *envs, struct understood *out);
void fields_durations(struct words *words, struct understood *out);
void fields_logs(struct words *words, struct understood *out);
void fields_release(struct words *words, struct understood *out);
void fields_name(struct words *words, struct understood *out);
