/* tokens: a text is split into pieces, each piece is merged by itself. */
#include "guard/tokens/tokens.h"

#include <string.h>

#include "guard/tokens/bpe.h"
#include "guard/tokens/pieces.h"
#include "guard/tokens/split.h"
#include "guard/tokens/utf8.h"

/* Made by scripts/token_table.c. */
extern const unsigned char token_table_o200k[], token_table_cl100k[];

/* clang-format off */
static const struct {
    const char *name;
    const unsigned char *blob;
    split_fn *split;
} encodings[ENCODING_N] = {
    [ENCODING_O200K_BASE]  = {"o200k_base",  token_table_o200k,  split_o200k},
    [ENCODING_CL100K_BASE] = {"cl100k_base", token_table_cl100k, split_cl100k},
};
/* clang-format on */

const char *encoding_name(enum encoding encoding) { return encodings[encoding].name; }

enum encoding encoding_from_name(const char *name) {
    for (enum encoding encoding = ENCODING_NONE + 1; encoding < ENCODING_N; encoding++) {
        if (strcmp(encodings[encoding].name, name) == 0) {
            return encoding;
        }
    }
    return ENCODING_NONE;
}

/* Counts, and with `ids` appends the ranks. */
static inline size_t walk(enum encoding encoding, struct str text, struct buf *ids) {
    const struct token_table table = token_table_at(encodings[encoding].blob);
    const unsigned char *bytes = (const unsigned char *)text.ptr;
    split_fn *split = encodings[encoding].split;
    size_t count = 0;

    for (size_t at = 0; at < text.len;) {
        size_t end = split(bytes, text.len, at);

        if (ids == NULL) {
            count += bpe_piece(&table, bytes + at, end - at, NULL);
        } else {
            CLEANUP(freep) uint32_t *ranks = mem_array(end - at, sizeof(*ranks));
            size_t n = bpe_piece(&table, bytes + at, end - at, ranks);

            buf_add(ids, (struct str){(const char *)ranks, n * sizeof(*ranks)});
            count += n;
        }
        at = end;
    }
    return count;
}

/* `text`, or the copy in `clean` of it that is UTF-8. */
static struct str cleaned(struct str text, struct buf *clean) {
    if (utf8_span(text) == text.len) {
        return text;
    }
    utf8_add(clean, text);
    return buf_str(clean);
}

size_t pieces_count(enum encoding encoding, struct str text) { return walk(encoding, text, NULL); }

size_t pieces_next(enum encoding encoding, struct str text, size_t at, size_t *count) {
    const struct token_table table = token_table_at(encodings[encoding].blob);
    const unsigned char *bytes = (const unsigned char *)text.ptr;
    size_t end = encodings[encoding].split(bytes, text.len, at);

    *count = bpe_piece(&table, bytes + at, end - at, NULL);
    return end;
}

size_t tokens_count(enum encoding encoding, struct str text) {
    CLEANUP(buf_done) struct buf clean = BUF_INIT(SIZE_MAX);

    return walk(encoding, cleaned(text, &clean), NULL);
}

bool tokens_reach(enum encoding encoding, struct str text, size_t least) {
    CLEANUP(buf_done) struct buf clean = BUF_INIT(SIZE_MAX);
    struct str utf8 = cleaned(text, &clean);
    size_t count = 0;

    for (size_t at = 0, n = 0; at < utf8.len && count < least; count += n) {
        at = pieces_next(encoding, utf8, at, &n);
    }
    return count >= least;
}

size_t tokens_list(enum encoding encoding, struct str text, struct buf *ids) {
    CLEANUP(buf_done) struct buf clean = BUF_INIT(SIZE_MAX);

    return walk(encoding, cleaned(text, &clean), ids);
}
