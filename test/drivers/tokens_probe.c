/* tokens_probe: the ranks of the tokens of each text on stdin, for the judge of test_tokens.py.
 *   in:  encoding (1 byte), length (4 bytes), text;   out: number of tokens (4 bytes), 4 bytes each
 * All numbers in the order of bytes of this machine. Ends with its input; with exit 3 when counting
 * the text at once, or in chunks with a look at the count half-way, gives another number. */
#include <stdio.h>

#include "guard/tokens/counter.h"

static bool is_same_number(enum encoding encoding, struct str text, size_t n) {
    CLEANUP(token_counter_freep)
    struct token_counter *counter = token_counter_new(encoding, 3 * text.len);
    size_t chunk = 1 + text.len % (text.len > 4096 ? 4093 : 61);
    struct err err;

    for (size_t at = 0; at < text.len; at += chunk) {
        struct str before = str_slice(text, 0, at);

        if (at <= text.len / 2 && at + chunk > text.len / 2 &&
            token_counter_count(counter) != tokens_count(encoding, before)) {
            return false;
        }
        if (token_counter_add(counter, str_slice(text, at, at + chunk), &err) != ERR_NONE) {
            return false;
        }
    }
    return token_counter_count(counter) == n && tokens_count(encoding, text) == n;
}

int main(void) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(SIZE_MAX);
    CLEANUP(buf_done) struct buf ids = BUF_INIT(SIZE_MAX);
    unsigned char encoding;
    uint32_t len;

    while (fread(&encoding, 1, 1, stdin) == 1 && fread(&len, sizeof(len), 1, stdin) == 1) {
        uint32_t n;

        buf_clear(&text);
        buf_clear(&ids);
        if (encoding == ENCODING_NONE || encoding >= ENCODING_N || !buf_reserve(&text, len) ||
            fread(text.ptr, 1, len, stdin) != len) {
            return 2;
        }
        n = (uint32_t)tokens_list(encoding, (struct str){text.ptr, len}, &ids);
        if (!is_same_number(encoding, (struct str){text.ptr, len}, n)) {
            return 3;
        }
        fwrite(&n, sizeof(n), 1, stdout);
        fwrite(ids.ptr, 1, ids.len, stdout);
        fflush(stdout);
    }
    return 0;
}
