/* How fast tokens are counted.
 *
 *   tokens_bench ENCODING RUNS FILE...
 *
 * Each file is counted in prompts of 4 KB, as a program that asks a model does; `worst` are single
 * pieces of 200 KB made here. Times are CPU times of this process; the best of RUNS counts. `load`
 * is the first count there is, in ms. Prints one JSON object a line.
 */
#include "guard/tokens/tokens.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PROMPT_BYTES = 4096, FILE_BYTES_MAX = 64 << 20, PIECE_BYTES = 200 * 1000 };

static double now_ns(void) {
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Nanoseconds for a byte of `text`, counted in parts of `part` bytes. */
static double cost(enum encoding encoding, struct str text, size_t part, int runs, size_t *tokens) {
    double best = 0;

    for (int run = 0; run < runs; run++) {
        double from = now_ns(), took;

        *tokens = 0;
        for (size_t at = 0; at < text.len; at += part) {
            *tokens += tokens_count(encoding, str_slice(text, at, at + part));
        }
        took = (now_ns() - from) / (double)text.len;
        best = run == 0 || took < best ? took : best;
    }
    return best;
}

static void print_row(const char *name, double value, const char *unit, size_t tokens) {
    printf("{\"name\": \"tokens_%s\", \"value\": %.4g, \"unit\": \"%s\", \"tokens\": %zu}\n", name,
           value, unit, tokens);
}

static void measure_file(enum encoding encoding, int runs, const char *path) {
    CLEANUP(freep) char *text = mem_alloc(FILE_BYTES_MAX);
    CLEANUP(freep) char *name = mem_strdup(path);
    FILE *file = fopen(path, "r");
    size_t len, tokens = 0;
    double best;

    if (file == NULL) {
        fprintf(stderr, "tokens_bench: %s cannot be read\n", path);
        exit(1);
    }
    len = fread(text, 1, FILE_BYTES_MAX, file);
    fclose(file);
    best = cost(encoding, (struct str){text, len}, PROMPT_BYTES, runs, &tokens);
    print_row(basename(name), best, "ns/B", tokens);
}

/* The slowest of pieces over alphabets in which much fits together. */
static void measure_worst(enum encoding encoding, int runs) {
    static const char *const alphabets[] = {
        "a",
        "-",
        "=",
        " ",
        "ab",
        "abc",
        "-=",
        "ACGT",
        "etaoinshrdlu",
        "0123456789abcdef",
        "abcdefghijklmnopqrstuvwxyz",
    };
    CLEANUP(freep) char *text = mem_alloc(PIECE_BYTES);
    double worst = 0;
    size_t tokens = 0;
    uint32_t seed = 1;

    for (size_t i = 0; i < ARRAY_N(alphabets); i++) {
        double took;

        for (size_t at = 0; at < PIECE_BYTES; at++) {
            seed = seed * 1664525 + 1013904223;
            text[at] = alphabets[i][(seed >> 8) % strlen(alphabets[i])];
        }
        took = cost(encoding, (struct str){text, PIECE_BYTES}, PIECE_BYTES, runs, &tokens);
        worst = took > worst ? took : worst;
    }
    print_row("worst", worst, "ns/B", tokens);
}

int main(int argc, char **argv) {
    enum encoding encoding = argc < 3 ? ENCODING_NONE : encoding_from_name(argv[1]);
    int runs = argc < 3 ? 0 : (int)strtol(argv[2], NULL, 10);
    double from = now_ns();
    size_t tokens;

    if (encoding == ENCODING_NONE || runs < 1) {
        fprintf(stderr, "usage: tokens_bench ENCODING RUNS FILE...\n");
        return 2;
    }
    tokens = tokens_count(encoding, STR("How long until the first count?"));
    print_row("load", (now_ns() - from) / 1e6, "ms", tokens);
    for (int i = 3; i < argc; i++) {
        measure_file(encoding, runs, argv[i]);
    }
    measure_worst(encoding, runs);
    return 0;
}
