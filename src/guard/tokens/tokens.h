/* guard/tokens/tokens.h: how many tokens a text is, exactly as the models count.
 *
 * Any bytes may be counted: what is not UTF-8 counts as U+FFFD, one for each longest beginning of a
 * character, as it would be sent. `<|endoftext|>` and its kin are ordinary text. Counts do not add:
 * two texts may share a token at their border, so a text that grows has a counter (counter.h).
 *
 * Pure, no lock, any thread. Time is linear in the length. Paper: docs/tokens.md.
 */
#pragma once

#include "base/buf.h"

enum encoding {
    ENCODING_NONE = 0,
    ENCODING_O200K_BASE,  /* gpt-4o, gpt-4.1, o-series */
    ENCODING_CL100K_BASE, /* gpt-4, gpt-3.5 */
    ENCODING_N
};

const char *encoding_name(enum encoding encoding);  /* "o200k_base" */
enum encoding encoding_from_name(const char *name); /* ENCODING_NONE when there is none */

/* The number of tokens of `text`. */
size_t tokens_count(enum encoding encoding, struct str text);

/* Whether `text` has at least `least` tokens: counts no further than it takes to know. */
bool tokens_reach(enum encoding encoding, struct str text, size_t least);

/* Appends the ranks of the tokens, one uint32_t each in the order of bytes of this machine. Returns
 * their number. For tests. */
size_t tokens_list(enum encoding encoding, struct str text, struct buf *ids);
