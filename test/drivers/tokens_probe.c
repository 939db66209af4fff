/* tokens_probe: the ranks of the tokens of each text on stdin, for a judge beside it.
 *   in:  encoding (1 byte), length (4 bytes), text;   out: number of tokens (4 bytes), 4 bytes each
 * All numbers in the order of bytes of this machine. Ends with its input. */
#include <stdio.h>

#include "guard/tokens/tokens.h"

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
        fwrite(&n, sizeof(n), 1, stdout);
        fwrite(ids.ptr, 1, ids.len, stdout);
        fflush(stdout);
    }
    return 0;
}
