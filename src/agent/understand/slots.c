/* Looking at the words of a line, and keeping the values that are found in them. */
#include "agent/understand/fields_room.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* ---- Looking at words ---- */

const char *words_at(const struct words *words, size_t i) {
    return i < words->n ? words->rows[i].lower : "";
}

const char *words_before(const struct words *words, size_t i, size_t back) {
    return i >= back ? words->rows[i - back].lower : "";
}

bool word_is_any(const char *word, const char *list) {
    struct str rest = str_from(list);
    struct str piece = {0};

    while (word[0] != '\0' && str_next(&rest, '|', &piece)) {
        if (str_eq(piece, str_from(word))) {
            return true;
        }
    }
    return false;
}

void words_take(struct words *words, size_t from, size_t n, enum slot slot) {
    for (size_t i = from; i < from + n && i < words->n; i++) {
        words->rows[i].used_by = (int)slot;
    }
}

bool word_has_digit(const char *text) { return strpbrk(text, "0123456789") != NULL; }

/* ---- Keeping values ---- */

static bool has_later(const struct words *words, size_t i, const char *list) {
    for (size_t k = i + 1; k < words->n && k < i + 8; k++) {
        if (word_is_any(words_at(words, k), list)) {
            return true;
        }
    }
    return false;
}

/* Whether the speaker names the value only to leave it: "not prod", "instead of Paris", "from X".
 */
static bool is_left(const struct words *words, size_t i) {
    const char *last = words_before(words, i, 1);
    const char *second = words_before(words, i, 2);

    if (word_is_any(last, "in|to|region|on|account|environment|env")) {
        last = second;
        second = words_before(words, i, 3);
        if (i >= 2 &&
            (words->rows[i - 2].used_by != 0 || word_is_any(last, "staging|prod|production|dev"))) {
            last = second; /* "not staging in Tokyo" */
            second = words_before(words, i, 4);
        }
    }
    if (word_is_any(last, "from")) {
        return has_later(words, i, "to|into"); /* "from A to B", not "from A" */
    }
    return word_is_any(last, "not|never|without|leave|leaving") ||
           (word_is_any(last, "of") && strcmp(second, "instead") == 0) ||
           (word_is_any(last, "than") && strcmp(second, "rather") == 0);
}

static void slot_put_one(struct understood *out, enum slot slot, const char *value) {
    char both[SLOT_BYTES_MAX * 2 + 2];

    if (strcmp(out->values[slot], value) == 0) {
        return;
    }
    if (out->values[slot][0] == '\0' && out->others[slot][0] == '\0') {
        (void)snprintf(out->values[slot], SLOT_BYTES_MAX, "%s", value);
        return;
    }
    (void)snprintf(both, sizeof both, "%s%s%s",
                   out->others[slot][0] != '\0' ? out->others[slot] : out->values[slot], " ",
                   value);
    if (strlen(both) < SLOT_BYTES_MAX && strstr(out->others[slot], value) == NULL) {
        memcpy(out->others[slot], both, strlen(both) + 1);
    }
    out->values[slot][0] = '\0';
}

/* Whether the speaker takes back what was said before `at`. */
static bool is_correcting(const struct words *words, size_t at) {
    for (size_t back = 1; back <= 4 && at >= back; back++) {
        if (word_is_any(words_before(words, at, back), "no|wait|sorry|oops|correction|meant")) {
            return true;
        }
    }
    return false;
}

void slot_put(const struct words *words, size_t at, struct understood *out, enum slot slot,
              const char *value) {
    struct str rest = str_from(value);
    struct str piece = {0};

    if (is_left(words, at)) {
        return;
    }
    if (out->values[slot][0] != '\0' && is_correcting(words, at)) {
        out->values[slot][0] = '\0'; /* "to staging, no wait, to prod" */
    }
    /* A name that means several says nothing against one of them that is said beside it. */
    if (strchr(value, ' ') != NULL && out->values[slot][0] != '\0') {
        return;
    }
    while (str_next(&rest, ' ', &piece)) {
        char one[SLOT_BYTES_MAX];

        (void)snprintf(one, sizeof one, STR_FMT, STR_ARG(piece));
        slot_put_one(out, slot, one);
    }
}
