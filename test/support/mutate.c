/* Texts that nobody would write. */
#include "support/mutate.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

enum { ROUNDS_MAX = 100000, TEXT_MAX = 8192, CHANGES_MAX = 4, TIME_MS = 1000 };

/* What parsers of lines, markup and JSON stumble over. */
static const char *const bits[] = {"",
                                   "\"",
                                   "'",
                                   "[",
                                   "]",
                                   "{",
                                   "}",
                                   ":",
                                   ",",
                                   "=",
                                   "\n",
                                   "\r\n",
                                   "\t",
                                   "  ",
                                   "#",
                                   "- ",
                                   "<",
                                   ">",
                                   "</",
                                   "/>",
                                   "&#0;",
                                   "&#x10FFFF;",
                                   "<![CDATA[",
                                   "]]>",
                                   "\\",
                                   "\\u0000",
                                   "\\ud800",
                                   "null",
                                   "true",
                                   "-1",
                                   "1e999",
                                   "0x",
                                   "---\n",
                                   "&a ",
                                   "*a",
                                   "!!binary ",
                                   "|",
                                   "\xff",
                                   "\xc0\x80",
                                   "\xe2\x80\xae",
                                   "\xef\xbb\xbf",
                                   "%n%s",
                                   "\x1b[",
                                   "9223372036854775808"};

static uint64_t next(uint64_t *state) { /* xorshift64*, Vigna 2016 */
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static size_t below(uint64_t *state, size_t n) { return n == 0 ? 0 : (size_t)(next(state) % n); }

/* Puts `n` bytes in the place of `gone` ones; what does not fit is left as it is. */
static size_t splice(char *text, size_t len, size_t at, size_t gone, const char *bytes, size_t n) {
    if (len - gone + n > TEXT_MAX) {
        return len;
    }
    memmove(text + at + n, text + at + gone, len - at - gone);
    memcpy(text + at, bytes, n);
    return len - gone + n;
}

static size_t change(char *text, size_t len, const char *other, uint64_t *state) {
    char piece[64];
    size_t at = below(state, len + 1);
    size_t most = len - at < sizeof piece ? len - at : sizeof piece;
    size_t n = below(state, most + 1);
    const char *bit = bits[below(state, sizeof bits / sizeof bits[0])];
    size_t from = below(state, strlen(other) + 1);

    memcpy(piece, text + at, n);
    switch (below(state, 6)) {
    case 0: /* one byte */
        piece[0] = (char)next(state);
        return splice(text, len, at, at < len ? 1 : 0, piece, 1);
    case 1: /* cut out */
        return splice(text, len, at, n, piece, 0);
    case 2: /* doubled */
        return splice(text, len, at, 0, piece, n);
    case 3: /* moved */
        len = splice(text, len, at, n, piece, 0);
        return splice(text, len, below(state, len + 1), 0, piece, n);
    case 4: /* of another seed */
        return splice(text, len, at, n, other + from,
                      below(state, strlen(other) - from + 1) % sizeof piece);
    default:
        return splice(text, len, at, below(state, n + 1), bit, strlen(bit));
    }
}

static void hand_over(const char *text, size_t len, void (*parse)(void *ctx, struct str text),
                      void *ctx) {
    const char *file = getenv("AWSCOPILOT_MUTANT");
    char *exact = mem_alloc(len == 0 ? 1 : len);
    FILE *out = file == NULL ? NULL : fopen(file, "w");

    memcpy(exact, text, len);
    if (out != NULL) {
        (void)fwrite(text, 1, len, out);
        (void)fclose(out);
    }
    parse(ctx, (struct str){.ptr = exact, .len = len});
    free(exact);
}

void mutate(const char *const *seeds, void (*parse)(void *ctx, struct str text), void *ctx) {
    int64_t end_ms = clock_mono_ms() + TIME_MS;
    uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
    size_t seed_n = 0;

    for (; seeds[seed_n] != NULL; seed_n++) {
        for (size_t len = 0; len <= strlen(seeds[seed_n]); len++) {
            hand_over(seeds[seed_n], len, parse, ctx);
        }
    }
    for (int i = 0; i < ROUNDS_MAX && clock_mono_ms() < end_ms; i++) {
        static char text[TEXT_MAX];
        const char *seed = seeds[below(&state, seed_n)];
        size_t len = splice(text, 0, 0, 0, seed, strlen(seed));

        for (size_t changes = 1 + below(&state, CHANGES_MAX); changes > 0; changes--) {
            len = change(text, len, seeds[below(&state, seed_n)], &state);
        }
        hand_over(text, len, parse, ctx);
    }
}
