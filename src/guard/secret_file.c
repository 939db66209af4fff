/* guard/secret_file.c: names of files that hold secrets. */
#include "guard/secret_file.h"

#include "guard/redact/charset.h"

enum how { HOW_NONE = 0, FOLDER, NAME, BELOW, PATH, ENDS, STARTS, HAS, WORD };

struct row {
    enum secret_file degree;
    enum how how;
    struct str text;
    struct str ending;
};

#define F(degree, how, text, ending, what)                                                         \
    {SECRET_FILE_##degree, how, {text, sizeof(text) - 1}, {ending, sizeof(ending) - 1}},
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

static bool ends_with_one_of(struct str name, const char *const *endings, size_t n) {
    for (size_t i = 0; i < n; i++) {
        struct str ending = str_from(endings[i]);
        if (name.len > ending.len && str_ends_nocase(name, ending)) {
            return true;
        }
    }
    return false;
}

/* For others to fill or to know. */
static bool is_for_all(struct str name) {
    static const char *const endings[] = {".example", ".sample", ".template", ".dist", ".pub"};

    return ends_with_one_of(name, endings, ARRAY_N(endings));
}

/* No code, no picture and no text for people: what is read every day, whatever its name. */
static bool is_data(struct str name) {
    static const char *const endings[] = {
        ".py",     ".pyi",  ".ts",   ".tsx",   ".js",     ".jsx",  ".mjs",   ".cjs",     ".vue",
        ".svelte", ".css",  ".scss", ".sass",  ".less",   ".html", ".htm",   ".svg",     ".png",
        ".jpg",    ".jpeg", ".gif",  ".webp",  ".ico",    ".md",   ".mdx",   ".rst",     ".adoc",
        ".go",     ".rs",   ".java", ".kt",    ".c",      ".h",    ".cpp",   ".hpp",     ".cs",
        ".rb",     ".php",  ".sh",   ".bash",  ".ps1",    ".sql",  ".tf",    ".graphql", ".proto",
        ".ipynb",  ".lock", ".map",  ".jinja", ".jinja2", ".j2",   ".tmpl",  ".ejs",     ".hbs",
        ".snap",   ".pyc",  ".ex",   ".exs",   ".swift",  ".dart", ".scala", ".lua",     ".woff2"};

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

/* Which characters a name has, without case, by their lower six bits. */
static uint64_t letters_of(struct str name) {
    uint64_t letters = 0;

    for (size_t i = 0; i < name.len; i++) {
        letters |= UINT64_C(1) << (fold(name.ptr[i]) & 63);
    }
    return letters;
}

static bool has_letter(uint64_t letters, char c) { return (letters >> (fold(c) & 63) & 1) != 0; }

/* Most rows are ruled out by a length or a letter. */
static bool may_match(const struct row *row, struct str name, uint64_t letters) {
    switch (row->how) {
    case FOLDER:
    case NAME:
    case BELOW:
        return name.len == row->text.len && fold(name.ptr[0]) == fold(row->text.ptr[0]);
    case PATH:
    case ENDS:
        return fold(name.ptr[name.len - 1]) == fold(row->text.ptr[row->text.len - 1]);
    case STARTS:
        return fold(name.ptr[0]) == fold(row->text.ptr[0]);
    case HAS:
    case WORD:
        return has_letter(letters, row->text.ptr[0]) &&
               has_letter(letters, row->text.ptr[row->text.len - 1]);
    case HOW_NONE:
        break;
    }
    return false;
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
    static const char *const samples[] = {"example.env", "sample.env", "template.env"};
    struct str end = STR(".env");

    for (size_t i = 0; i < ARRAY_N(samples); i++) {
        if (str_eq_nocase(name, str_from(samples[i]))) {
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
    for (size_t i = 0; i < ARRAY_N(rows) && degree != SECRET_FILE_SURE; i++) {
        if (rows[i].degree > degree && may_match(&rows[i], place->name, letters) &&
            row_matches(&rows[i], place)) {
            degree = rows[i].degree;
        }
    }
    return degree;
}

/* Without what an editor, a hand or a packer put behind it: as it was. */
static bool drop_copy_ending(struct place *place) {
    static const char *const endings[] = {".bak", ".old", ".orig", ".save", ".swp",
                                          ".gz",  ".bz2", ".xz",   ".zst",  "~"};

    for (size_t i = 0; i < ARRAY_N(endings); i++) {
        struct str ending = str_from(endings[i]);
        if (place->name.len > ending.len && str_ends_nocase(place->name, ending)) {
            place->name.len -= ending.len;
            place->path.len -= ending.len;
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
