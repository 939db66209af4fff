/* guard/secret_file.c: names of files that hold secrets. */
#include "guard/secret_file.h"

#include "guard/redact/charset.h"
#include "guard/redact/word.h"

#include <pthread.h>

enum how { HOW_NONE = 0, FOLDER, NAME, BELOW, PATH, ENDS, STARTS, HAS, WORD };

struct row {
    enum secret_file degree;
    enum how how;
    struct str text;
    struct str ending;
};

#define F(degree, how, text, ending, what) {SECRET_FILE_##degree, how, W(text), W(ending)},
static const struct row rows[] = {
#include "guard/secret_file.def"
};
#undef F

/* A place in a path. */
struct place {
    struct str path; /* up to and with the name */
    struct str name;
    bool is_below; /* there is a name in front of it */
    bool is_last;
};

static bool ends_with_one_of(struct str name, const struct str *endings, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (name.len > endings[i].len && str_ends_nocase(name, endings[i])) {
            return true;
        }
    }
    return false;
}

/* For others to fill or to know. */
static bool is_for_all(struct str name) {
    static const struct str endings[] = {W(".example"), W(".sample"), W(".template"), W(".dist"),
                                         W(".pub")};

    return ends_with_one_of(name, endings, ARRAY_N(endings));
}

/* No code, no picture and no text for people: what is read every day, whatever its name. */
static bool is_data(struct str name) {
    static const struct str endings[] = {
        W(".py"),    W(".pyi"),     W(".ts"),    W(".tsx"),    W(".js"),    W(".jsx"),
        W(".mjs"),   W(".cjs"),     W(".vue"),   W(".svelte"), W(".css"),   W(".scss"),
        W(".sass"),  W(".less"),    W(".html"),  W(".htm"),    W(".svg"),   W(".png"),
        W(".jpg"),   W(".jpeg"),    W(".gif"),   W(".webp"),   W(".ico"),   W(".md"),
        W(".mdx"),   W(".rst"),     W(".adoc"),  W(".go"),     W(".rs"),    W(".java"),
        W(".kt"),    W(".c"),       W(".h"),     W(".cpp"),    W(".hpp"),   W(".cs"),
        W(".rb"),    W(".php"),     W(".sh"),    W(".bash"),   W(".ps1"),   W(".sql"),
        W(".tf"),    W(".graphql"), W(".proto"), W(".ipynb"),  W(".lock"),  W(".map"),
        W(".jinja"), W(".jinja2"),  W(".j2"),    W(".tmpl"),   W(".ejs"),   W(".hbs"),
        W(".snap"),  W(".pyc"),     W(".ex"),    W(".exs"),    W(".swift"), W(".dart"),
        W(".scala"), W(".lua"),     W(".woff2")};

    return !ends_with_one_of(name, endings, ARRAY_N(endings));
}

static bool has_nocase(struct str text, struct str part) {
    for (size_t at = 0; at + part.len <= text.len; at++) {
        if (fold(text.ptr[at]) == fold(part.ptr[0]) &&
            str_starts_nocase(str_slice(text, at, text.len), part)) {
            return true;
        }
    }
    return false;
}

/* deploy-key, deployKey, KEY.json: not monkey. */
static bool has_word(struct str text, struct str word) {
    for (size_t at = 0; at + word.len <= text.len; at++) {
        if (fold(text.ptr[at]) != fold(word.ptr[0])) {
            continue;
        }
        char before = at == 0 ? '.' : text.ptr[at - 1];
        char after = str_char(text, at + word.len);
        bool begins = !is_alnum(before) || (is_upper(text.ptr[at]) && !is_upper(before));
        bool ends = !is_alnum(after) || (is_upper(after) && !is_upper(text.ptr[at + word.len - 1]));

        if (begins && ends && str_starts_nocase(str_slice(text, at, text.len), word)) {
            return true;
        }
    }
    return false;
}

/* Which characters a text has, without case, by their lower six bits. */
static uint64_t letters_of(struct str text) {
    uint64_t letters = 0;

    for (size_t i = 0; i < text.len; i++) {
        letters |= UINT64_C(1) << (fold(text.ptr[i]) & 63);
    }
    return letters;
}

/* ---- which rows are asked ---- */

/* The rows by what a name must have: all of it, its end, its begin, or a part. Made once. */
enum door { DOOR_ALL = 0, DOOR_END, DOOR_BEGIN, DOOR_PART, DOOR_N };
enum { KEYS = 256 };

static struct {
    pthread_once_t once;
    uint16_t first[DOOR_N * KEYS + 1]; /* in `rows`, of a door and a key */
    uint16_t rows[ARRAY_N(rows)];
    uint64_t letters[ARRAY_N(rows)];
} row_index = {.once = PTHREAD_ONCE_INIT};

static enum door door_of(enum how how) {
    switch (how) {
    case FOLDER:
    case NAME:
    case BELOW:
        return DOOR_ALL;
    case PATH:
    case ENDS:
        return DOOR_END;
    case STARTS:
        return DOOR_BEGIN;
    case HAS:
    case WORD:
    case HOW_NONE:
        break;
    }
    return DOOR_PART;
}

/* Where rows of a door stand that may be those of `text`, which is not empty. */
static size_t slot_of(enum door door, struct str text) {
    size_t first = (unsigned char)fold(text.ptr[0]);
    size_t last = (unsigned char)fold(text.ptr[text.len - 1]);
    size_t key = door == DOOR_ALL     ? first * 7 + last * 3 + text.len
                 : door == DOOR_END   ? last
                 : door == DOOR_BEGIN ? first
                                      : 0;

    return door * KEYS + key % KEYS;
}

/* Counts the rows of each slot, and puts each where the slots before it end. */
static void row_index_make(void) {
    uint16_t *first = row_index.first;
    size_t slots[ARRAY_N(rows)];

    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        slots[i] = slot_of(door_of(rows[i].how), rows[i].text);
        row_index.letters[i] = letters_of(rows[i].text);
        first[slots[i]]++;
    }
    for (size_t slot = 1; slot <= DOOR_N * KEYS; slot++) {
        first[slot] = (uint16_t)(first[slot] + first[slot - 1]);
    }
    for (size_t i = ARRAY_N(rows); i > 0; i--) {
        row_index.rows[--first[slots[i - 1]]] = (uint16_t)(i - 1);
    }
}

static bool row_matches(const struct row *row, const struct place *place) {
    struct str name = place->name;
    struct str path = place->path;
    size_t n = row->text.len;

    switch (row->how) {
    case FOLDER:
        return str_eq_nocase(name, row->text);
    case NAME:
        return place->is_last && str_eq_nocase(name, row->text);
    case BELOW:
        return place->is_below && str_eq_nocase(name, row->text);
    case PATH:
        return place->is_last && str_ends_nocase(path, row->text) &&
               (path.len == n || path.ptr[path.len - n - 1] == '/');
    case ENDS:
        return (place->is_last || row->degree == SECRET_FILE_SURE) && name.len > n &&
               str_ends_nocase(name, row->text);
    case STARTS:
        return (place->is_last || row->degree == SECRET_FILE_SURE) &&
               name.len >= n + row->ending.len && str_starts_nocase(name, row->text) &&
               str_ends_nocase(name, row->ending);
    case HAS:
        return place->is_last && has_nocase(name, row->text) && is_data(name);
    case WORD:
        return place->is_last && has_word(name, row->text) && is_data(name);
    case HOW_NONE:
        break;
    }
    return false;
}

/* .env, .env.local, .env_prod, .envrc, prod.env; not .environment, no sample for others to fill. */
static bool is_env(struct str name) {
    static const struct str samples[] = {W("example.env"), W("sample.env"), W("template.env")};
    struct str end = STR(".env");

    for (size_t i = 0; i < ARRAY_N(samples); i++) {
        if (str_eq_nocase(name, samples[i])) {
            return false;
        }
    }
    if (!str_starts_nocase(name, end)) {
        return name.len > end.len && str_ends_nocase(name, end);
    }
    struct str rest = str_slice(name, end.len, name.len);
    return !is_letter(str_char(rest, 0)) || str_eq_nocase(rest, STR("rc")) ||
           str_eq_nocase(rest, STR("s"));
}

static enum secret_file name_degree(const struct place *place) {
    enum secret_file degree = is_env(place->name) ? SECRET_FILE_SURE : SECRET_FILE_NONE;

    if (place->name.len == 0) {
        return degree;
    }
    uint64_t letters = letters_of(place->name);
    (void)pthread_once(&row_index.once, row_index_make);
    for (enum door door = 0; door < DOOR_N; door++) {
        const uint16_t *at = &row_index.first[slot_of(door, place->name)];

        for (size_t k = at[0]; k < at[1] && degree != SECRET_FILE_SURE; k++) {
            size_t i = row_index.rows[k];
            bool may_match = (row_index.letters[i] & ~letters) == 0 || rows[i].how == PATH;

            if (may_match && rows[i].degree > degree && row_matches(&rows[i], place)) {
                degree = rows[i].degree;
            }
        }
    }
    return degree;
}

/* Without what an editor, a hand or a packer put behind it: as it was. */
static bool drop_copy_ending(struct place *place) {
    static const struct str endings[] = {W(".bak"), W(".old"), W(".orig"), W(".save"), W(".swp"),
                                         W(".gz"),  W(".bz2"), W(".xz"),   W(".zst"),  W("~")};

    for (size_t i = 0; i < ARRAY_N(endings); i++) {
        if (place->name.len > endings[i].len && str_ends_nocase(place->name, endings[i])) {
            place->name.len -= endings[i].len;
            place->path.len -= endings[i].len;
            return true;
        }
    }
    return false;
}

static enum secret_file place_degree(struct place place) {
    enum secret_file degree = SECRET_FILE_NONE;

    if (is_for_all(place.name)) {
        return degree;
    }
    do {
        enum secret_file found = name_degree(&place);
        degree = found > degree ? found : degree;
    } while (degree != SECRET_FILE_SURE && place.is_last && drop_copy_ending(&place));
    return degree;
}

enum secret_file secret_file_of(struct str path) {
    enum secret_file degree = SECRET_FILE_NONE;
    struct str rest = path;
    struct str part = {0};
    bool is_below = false;

    while (degree != SECRET_FILE_SURE && str_next(&rest, '/', &part)) {
        if (part.len == 0) {
            continue; /* what stands behind the last / is in no path */
        }
        ptrdiff_t sign = str_find(part, STR("="));
        struct str name = sign < 0 ? part : str_slice(part, (size_t)sign + 1, part.len);

        name = str_starts(name, STR("@")) ? str_slice(name, 1, name.len) : name;
        if (name.len > 2 && name.ptr[0] == '#' && name.ptr[name.len - 1] == '#') {
            name = str_slice(name, 1, name.len - 1); /* what Emacs saves by itself */
        }
        struct place place = {
            {path.ptr, (size_t)(part.ptr + part.len - path.ptr)}, name, is_below, rest.len == 0};
        enum secret_file found = place_degree(place);
        degree = found > degree ? found : degree;
        is_below = true;
    }
    return degree;
}
