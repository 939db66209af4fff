/* What a text is about, as weighted features. */
#include "vector/embed.h"

#include <ctype.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { WORD_MAX = 48, WORDS_MAX = 4096, PIECE = 3, NOTION_WORDS_MAX = 2048, WORD_NOTIONS_MAX = 8 };

/* How much each kind of feature says. */
static const float WEIGHT_WORD = 1.0F;
static const float WEIGHT_STEM = 1.0F;
static const float WEIGHT_NOTION = 1.6F;
static const float WEIGHT_PAIR = 0.3F;
static const float WEIGHT_PIECE = 0.05F;

/* clang-format off */
static const char *const stop_words[] = {
    "a", "an", "and", "are", "as", "at", "be", "been", "but", "by", "can", "could", "did", "do", "does", "for", "from", "had",
    "has", "have", "he", "her", "his", "how", "i", "if", "in", "into", "is", "it", "its", "me", "my", "no", "not", "of", "on",
    "or", "our", "out", "she", "should", "so", "some", "than", "that", "the", "their", "them", "then", "there", "these", "they",
    "this", "to", "up", "us", "was", "we", "were", "what", "when", "where", "which", "who", "will", "with", "would", "you",
    "your", "am", "about", "just", "please", "again", "got", "get", "any", "all", "also", "too", "very", "t", "s",
};

static const char *const notions[] = {
#define NOTION(STEMS) STEMS,
#include "vector/notions.def"
#undef NOTION
};
/* clang-format on */

struct collect {
    struct feature *rows;
    size_t n;
    size_t size;
};

void features_done(struct features *features) {
    free(features->rows);
    *features = (struct features){0};
}

/* FNV-1a, seeded with the kind of the feature. */
static unsigned hash_of(char kind, const char *text, size_t length) {
    unsigned hash = 2166136261U;

    hash = (hash ^ (unsigned char)kind) * 16777619U;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)text[i]) * 16777619U;
    }
    return hash;
}

static void collect_add(struct collect *collect, char kind, const char *text, size_t length,
                        float weight) {
    if (collect->n == collect->size) {
        collect->size = collect->size == 0 ? 256 : collect->size * 2;
        collect->rows = mem_resize(collect->rows, collect->size * sizeof *collect->rows);
    }
    collect->rows[collect->n++] = (struct feature){hash_of(kind, text, length), weight};
}

/* ---- Words ---- */

static bool is_stop_word(const char *word) {
    for (size_t i = 0; i < ARRAY_N(stop_words); i++) {
        if (strcmp(stop_words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

static bool ends_with(const char *word, size_t length, const char *ending, size_t keep) {
    size_t n = strlen(ending);

    return length >= n + keep && memcmp(word + length - n, ending, n) == 0;
}

/* A light stem: plurals and the usual endings of verbs and nouns; a last "y" becomes "i". */
static void stem_of(const char *word, char out[WORD_MAX]) {
    static const struct {
        const char *ending;
        size_t keep;
    } endings[] = {{"ations", 3}, {"ation", 3}, {"ments", 3}, {"ment", 3}, {"ingly", 3},
                   {"ings", 3},   {"ing", 3},   {"edly", 3},  {"ied", 2},  {"ies", 2},
                   {"ed", 3},     {"ions", 3},  {"ion", 3},   {"ives", 3}, {"ive", 3},
                   {"ers", 4},    {"er", 4},    {"ables", 3}, {"able", 3}, {"ly", 3},
                   {"es", 3},     {"s", 3},     {"e", 3}};
    size_t length = strlen(word);

    memcpy(out, word, length + 1);
    for (size_t i = 0; i < ARRAY_N(endings); i++) {
        if (ends_with(out, length, endings[i].ending, endings[i].keep) &&
            !(strcmp(endings[i].ending, "s") == 0 && length >= 2 && out[length - 2] == 's')) {
            length -= strlen(endings[i].ending);
            if (endings[i].ending[0] == 'i' && endings[i].ending[1] == 'e') {
                out[length++] = 'i';
            }
            out[length] = '\0';
            break;
        }
    }
    /* "stopped", "running" */
    if (length >= 4 && out[length - 1] == out[length - 2] &&
        strchr("lsz", out[length - 1]) == NULL) {
        out[--length] = '\0';
    }
    if (length >= 3 && out[length - 1] == 'y') {
        out[length - 1] = 'i';
    }
}

/* ---- Notions ---- */

/* A word of the table, and a stem of one, by hash; made once. */
struct notion_word {
    unsigned hash;
    unsigned notion;
};

static struct {
    struct notion_word rows[NOTION_WORDS_MAX];
    size_t n;
    pthread_once_t once;
} notion_words = {.once = PTHREAD_ONCE_INIT};

static int by_word(const void *a, const void *b) {
    const struct notion_word *x = a;
    const struct notion_word *y = b;

    return x->hash != y->hash       ? (x->hash < y->hash ? -1 : 1)
           : x->notion != y->notion ? (x->notion < y->notion ? -1 : 1)
                                    : 0;
}

static void notion_words_add(char kind, const char *text, size_t notion) {
    if (notion_words.n < NOTION_WORDS_MAX) {
        notion_words.rows[notion_words.n++] =
            (struct notion_word){hash_of(kind, text, strlen(text)), (unsigned)notion};
    }
}

static void notion_words_make(void) {
    size_t kept = 0;

    for (size_t i = 0; i < ARRAY_N(notions); i++) {
        struct str rest = str_from(notions[i]);
        struct str piece = {0};

        while (str_next(&rest, ' ', &piece)) {
            char word[WORD_MAX];
            char stem[WORD_MAX];

            (void)snprintf(word, sizeof word, STR_FMT, STR_ARG(piece));
            stem_of(word, stem);
            notion_words_add('w', word, i);
            notion_words_add('s', stem, i);
        }
    }
    qsort(notion_words.rows, notion_words.n, sizeof notion_words.rows[0], by_word);
    for (size_t i = 0; i < notion_words.n; i++) {
        if (kept == 0 || by_word(&notion_words.rows[kept - 1], &notion_words.rows[i]) != 0) {
            notion_words.rows[kept++] = notion_words.rows[i];
        }
    }
    notion_words.n = kept;
}

/* Adds to the `n` notions in `out` those that a word or a stem belongs to; each once. */
static size_t notions_of(char kind, const char *text, unsigned *out, size_t n) {
    unsigned hash = hash_of(kind, text, strlen(text));
    size_t low = 0;
    size_t high = notion_words.n;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (notion_words.rows[middle].hash < hash) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < notion_words.n && notion_words.rows[low].hash == hash && n < WORD_NOTIONS_MAX;
         low++) {
        bool is_there = false;

        for (size_t i = 0; i < n; i++) {
            is_there = is_there || out[i] == notion_words.rows[low].notion;
        }
        if (!is_there) {
            out[n++] = notion_words.rows[low].notion;
        }
    }
    return n;
}

static void notions_add(struct collect *collect, const char *word, const char *stem) {
    unsigned found[WORD_NOTIONS_MAX];
    size_t n;

    n = notions_of('w', word, found, 0);
    n = notions_of('s', stem, found, n);
    for (size_t i = 0; i < n; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "%u", found[i]);
        collect_add(collect, 'n', name, strlen(name), WEIGHT_NOTION);
    }
}

/* ---- Features ---- */

/* Reads the next word as it stands: letters, digits, what is not ASCII. */
static bool word_next(struct str *rest, char out[WORD_MAX]) {
    size_t n = 0;
    size_t at = 0;

    while (at < rest->len && !isalnum((unsigned char)rest->ptr[at]) &&
           (unsigned char)rest->ptr[at] < 0x80) {
        at++;
    }
    while (at < rest->len &&
           (isalnum((unsigned char)rest->ptr[at]) || (unsigned char)rest->ptr[at] >= 0x80)) {
        if (n + 1 < WORD_MAX) {
            out[n++] = rest->ptr[at];
        }
        at++;
    }
    out[n] = '\0';
    *rest = str_slice(*rest, at, rest->len);
    return n > 0;
}

static void word_add(struct collect *collect, const char *word, const char *stem) {
    char framed[WORD_MAX + 3];
    size_t length;

    collect_add(collect, 'w', word, strlen(word), WEIGHT_WORD);
    collect_add(collect, 's', stem, strlen(stem), WEIGHT_STEM);
    notions_add(collect, word, stem);
    (void)snprintf(framed, sizeof framed, "^%s$", word);
    length = strlen(framed);
    for (size_t i = 0; i + PIECE <= length; i++) {
        collect_add(collect, 'p', framed + i, PIECE, WEIGHT_PIECE);
    }
}

int feature_by_hash(const void *a, const void *b) {
    const struct feature *x = a;
    const struct feature *y = b;

    return x->hash < y->hash ? -1 : x->hash > y->hash ? 1 : 0;
}

/* Joins rows of one hash: the weight grows with the logarithm of how many there are. */
static size_t features_join(struct feature *rows, size_t n) {
    size_t kept = 0;

    qsort(rows, n, sizeof *rows, feature_by_hash);
    for (size_t i = 0; i < n;) {
        size_t end = i;

        while (end < n && rows[end].hash == rows[i].hash) {
            end++;
        }
        rows[kept] = rows[i];
        rows[kept++].weight *= 1.0F + logf((float)(end - i));
        i = end;
    }
    return kept;
}

/* What the words of a text have in common while it is read. */
struct reader {
    struct collect collect;
    char before[WORD_MAX]; /* the stem of the word before */
};

/* Adds one word: in lower case, without the number of a version at its end ("psycopg2"). */
static void reader_add(struct reader *reader, const char *text, size_t length) {
    char word[WORD_MAX];
    char stem[WORD_MAX];
    char pair[2 * WORD_MAX + 1];
    size_t letters = 0;

    for (size_t i = 0; i < length; i++) {
        word[i] = (char)tolower((unsigned char)text[i]);
    }
    while (letters < length && !isdigit((unsigned char)word[letters])) {
        letters++;
    }
    length =
        letters >= 3 && strspn(text + letters, "0123456789") == length - letters ? letters : length;
    word[length] = '\0';
    if (length == 0 || is_stop_word(word)) {
        return;
    }
    stem_of(word, stem);
    word_add(&reader->collect, word, stem);
    if (reader->before[0] != '\0') {
        (void)snprintf(pair, sizeof pair, "%s %s", reader->before, stem);
        collect_add(&reader->collect, 'b', pair, strlen(pair), WEIGHT_PAIR);
    }
    memcpy(reader->before, stem, sizeof reader->before);
}

/* Adds the parts of a name in capitals and small letters: "Module", "Not", "Found", "Error". */
static void reader_add_parts(struct reader *reader, const char *word) {
    size_t from = 0;

    for (size_t at = 1; word[at - 1] != '\0'; at++) {
        bool is_end = word[at] == '\0' ||
                      (isupper((unsigned char)word[at]) && (islower((unsigned char)word[at - 1]) ||
                                                            islower((unsigned char)word[at + 1])));

        if (is_end) {
            reader_add(reader, word + from, at - from);
            from = at;
        }
        if (word[at] == '\0') {
            break;
        }
    }
}

static bool is_compound(const char *word) {
    for (size_t i = 1; word[i] != '\0'; i++) {
        if (isupper((unsigned char)word[i]) && islower((unsigned char)word[i - 1])) {
            return true;
        }
    }
    return false;
}

void features_make(struct str text, struct features *out) {
    struct reader reader = {0};
    struct str rest = str_slice(text, 0, EMBED_BYTES_MAX);
    char word[WORD_MAX];

    (void)pthread_once(&notion_words.once, notion_words_make);
    for (size_t n = 0; n < WORDS_MAX && word_next(&rest, word); n++) {
        reader_add(&reader, word, strlen(word));
        if (is_compound(word)) {
            reader_add_parts(&reader, word);
        }
    }
    out->n = reader.collect.n == 0 ? 0 : features_join(reader.collect.rows, reader.collect.n);
    out->rows = reader.collect.rows;
}
