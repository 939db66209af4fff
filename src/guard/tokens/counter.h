/* guard/tokens/counter.h: the tokens of a text that grows, and is cut back to fit.
 *
 * At some borders a text falls apart whatever comes before or after: an ASCII letter or digit
 * before, another ASCII character than these and the apostrophe behind. The counter marks such a
 * border every half kilobyte; counting and cutting begin at the last mark. A text without any (one
 * long word, Base64 without punctuation) is counted whole each time.
 *
 * Counts are those of tokens_count() of all that was added, whatever the chunks. One thread.
 */
#pragma once

#include "guard/tokens/tokens.h"

struct token_counter; /* opaque */

/* Keeps at most `bytes_max` of text. The caller's to free. */
struct token_counter *token_counter_new(enum encoding encoding, size_t bytes_max);
void token_counter_free(struct token_counter *counter); /* accepts NULL */
void token_counter_freep(struct token_counter **counter);

/* Appends `text`; a character may be spread over several. Errors: ERR_TOO_LARGE (the counter is
 * as before). */
MUST_CHECK enum err_code token_counter_add(struct token_counter *counter, struct str text,
                                           struct err *err);

/* The number of tokens of what was added. */
size_t token_counter_count(struct token_counter *counter);

/* What is kept: UTF-8, with U+FFFD for what was not. Valid until the next call that changes it. */
struct str token_counter_text(const struct token_counter *counter);

/* Cuts the text back to at most `bytes`, at the beginning of a character. */
void token_counter_cut(struct token_counter *counter, size_t bytes);

/* Cuts the text back to at most `tokens`, at the end of a piece. */
void token_counter_fit(struct token_counter *counter, size_t tokens);

/* Forgets the text before the last mark; its tokens stay counted, cutting goes back no further. */
void token_counter_forget(struct token_counter *counter);
