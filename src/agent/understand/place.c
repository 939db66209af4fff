/* Where a line wants to go: region and account. */
#include "agent/understand/fields_room.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* ---- Region ---- */

static const struct {
    const char *regions;
    const char *names;
} places[] = {
#define PLACE(REGIONS, NAMES) {REGIONS, NAMES},
#include "agent/understand/places.def"
#undef PLACE
};

/* "eu-west-1": two letters, one to three words, a digit. */
bool place_is_region(const char *text) {
    size_t parts = 0;
    const char *at = text;

    while (isalpha((unsigned char)*at)) {
        size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz");

        if (at[length] != '-' || (parts == 0 && length != 2 && length != 4) || length > 12) {
            return false;
        }
        at += length + 1;
        parts++;
    }
    return parts >= 2 && parts <= 4 && isdigit((unsigned char)at[0]) && at[1] == '\0';
}

/* "eu" of "eu west 1"; also "eu-west". */
static bool is_partition(const char *word) {
    char two[3] = {word[0], word[0] == '\0' ? '\0' : word[1], '\0'};

    return (word[0] != '\0' && word[1] != '\0' && (word[2] == '\0' || word[2] == '-')) &&
           word_is_any(two, "us|eu|ap|ca|sa|me|af|il|mx|cn");
}

static bool is_direction(const char *word) {
    return word_is_any(word, "east|west|north|south|central|northeast|southeast|gov-west|gov-east");
}

/* How many words from `i` are an id, also as "eu west 1", "eu-west 1"; 0: none. */
static size_t region_id_at(const struct words *words, size_t i, char out[SLOT_BYTES_MAX]) {
    char joined[SLOT_BYTES_MAX * 3];

    for (size_t n = 1; n <= 3 && (n == 1 || is_partition(words_at(words, i))); n++) {
        if (n == 1) {
            (void)snprintf(joined, sizeof joined, "%s", words_at(words, i));
        } else if (n == 2) {
            (void)snprintf(joined, sizeof joined, "%s-%s", words_at(words, i),
                           words_at(words, i + 1));
        } else if (is_direction(words_at(words, i + 1))) {
            (void)snprintf(joined, sizeof joined, "%s-%s-%s", words_at(words, i),
                           words_at(words, i + 1), words_at(words, i + 2));
        } else {
            break;
        }
        if (strlen(joined) < SLOT_BYTES_MAX && place_is_region(joined)) {
            memcpy(out, joined, strlen(joined) + 1);
            return n;
        }
    }
    return 0;
}

/* How many words of the line the name takes at `i`; 0: it does not stand there. */
static size_t name_at(const struct words *words, size_t i, struct str name) {
    size_t n = 0;
    struct str piece = {0};

    while (str_next(&name, ' ', &piece)) {
        if (!str_eq(piece, str_from(words_at(words, i + n)))) {
            return 0;
        }
        n++;
    }
    return n;
}

static size_t place_at(const struct words *words, size_t i, const char **out) {
    size_t best = 0;

    for (size_t p = 0; p < ARRAY_N(places); p++) {
        struct str rest = str_from(places[p].names);
        struct str name = {0};

        while (str_next(&rest, '|', &name)) {
            size_t n = name_at(words, i, name);

            if (n > best) {
                best = n;
                *out = places[p].regions;
            }
        }
    }
    return best;
}

/* A place is a region only where one is expected. */
static bool is_place_expected(const struct words *words, size_t i, size_t n) {
    return words->rows[i].begins_clause ||
           word_is_any(
               words_before(words, i, 1),
               "in|to|region|into|near|at|for|use|using|with|prefer|choose|pick|take|no|not|"
               "than|of|is|from|be|want|or|and|via|aws|mean|meant|say|said|over|from|by|like|"
               "try|make|yes|was|only|it|rather|either|better|between|maybe|hmm|say|launch|"
               "deploy") ||
           word_is_any(words_at(words, i + n), "region|instead|rather|datacenter|datacentre");
}

void fields_region(struct words *words, struct understood *out) {
    for (size_t i = 0; i < words->n; i++) {
        char id[SLOT_BYTES_MAX] = "";
        const char *regions = id;
        size_t n = region_id_at(words, i, id);

        if (n == 0) {
            n = place_at(words, i, &regions);
            n = n > 0 && is_place_expected(words, i, n) ? n : 0;
        }
        if (n > 0) {
            slot_put(words, i, out, SLOT_REGION, regions);
            words_take(words, i, n, SLOT_REGION);
            i += n - 1;
        } else if (i >= 2 && strcmp(words_before(words, i, 2), "region") == 0 &&
                   word_is_any(words_before(words, i, 1), "to|=") &&
                   !word_is_any(words_at(words, i), "the|be")) {
            /* Meant as one, and none: the validator says so. */
            slot_put(words, i, out, SLOT_REGION, words->rows[i].typed);
            words_take(words, i, 1, SLOT_REGION);
        }
    }
}

/* ---- Account ---- */

/* "123456789012", "1234-5678-9012" */
static bool account_of(const char *word, char out[SLOT_BYTES_MAX]) {
    size_t n = 0;

    for (; *word != '\0'; word++) {
        if (isdigit((unsigned char)*word) && n < 12) {
            out[n++] = *word;
        } else if (*word != '-' || n == 0 || n % 4 != 0) {
            return false;
        }
    }
    out[n] = '\0';
    return n == 12;
}

void fields_account(struct words *words, struct understood *out) {
    for (size_t i = 0; i < words->n; i++) {
        char account[SLOT_BYTES_MAX];
        bool is_meant = false;

        if (!account_of(words_at(words, i), account)) {
            if (strcmp(words_before(words, i, 1), "account") == 0 &&
                word_has_digit(words_at(words, i))) {
                slot_put(words, i, out, SLOT_ACCOUNT, words->rows[i].typed); /* as above */
                words_take(words, i, 1, SLOT_ACCOUNT);
            }
            continue;
        }
        for (size_t back = 1; back <= 4; back++) {
            is_meant =
                is_meant || word_is_any(words_before(words, i, back),
                                        "account|accounts|in|into|to|use|no|not|with|aws|of");
        }
        if (is_meant || words->n == 1 || word_is_any(words_at(words, i + 1), "account|instead")) {
            slot_put(words, i, out, SLOT_ACCOUNT, account);
            words_take(words, i, 1, SLOT_ACCOUNT);
        }
    }
}
