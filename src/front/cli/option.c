/* The options of the command line. */
#include "front/cli/option.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "agent/understand/understand.h"
#include "base/buf.h"
#include "base/clock.h"
#include "front/cli/suggest.h"

const struct option_row option_rows[OPT_N] = {
#define OPT(id, name, letter, kind, argument, variable, group, help)                               \
    [OPT_##id] = {name, letter, OPTION_##kind, argument, variable, OPTIONS_##group, help},
#include "front/cli/option.def"
#undef OPT
};

/* ---- Reading ---- */

static const struct option_row *option_named(struct str name) {
    for (size_t i = 0; i < OPT_N; i++) {
        if (str_eq(str_from(option_rows[i].name), name)) {
            return &option_rows[i];
        }
    }
    return NULL;
}

static const struct option_row *option_lettered(char letter) {
    for (size_t i = 0; i < OPT_N; i++) {
        if (option_rows[i].letter != 0 && option_rows[i].letter == letter) {
            return &option_rows[i];
        }
    }
    return NULL;
}

static bool is_repeated(const struct option_row *row) {
    return row->kind == OPTION_PAIR || row->kind == OPTION_PARAMETER || row->kind == OPTION_FILES;
}

static enum err_code args_keep(struct args *args, const struct option_row *row, const char *value,
                               struct err *err) {
    args->values[row - option_rows] = value;
    args->is_typed[row - option_rows] = true;
    if (!is_repeated(row)) {
        return ERR_NONE;
    }
    if (args->pair_n == ARGS_PAIRS_MAX) {
        err_set(err, ERR_USAGE, "more than %d times --%s", ARGS_PAIRS_MAX, row->name);
        return err_remedy(
            err, row->kind == OPTION_PAIR    ? "AWS takes 50 tags, and four are set by aws-copilot"
                 : row->kind == OPTION_FILES ? "put what they hold into one file"
                                             : "give the others a Default in the template");
    }
    args->pairs[args->pair_n++] = value;
    return ERR_NONE;
}

/* The words still to be read. */
struct reader {
    char *const *argv;
    int argc;
    int at;
};

static enum err_code read_value(struct reader *reader, const struct option_row *row,
                                const char **out, struct err *err) {
    if (reader->at + 1 >= reader->argc) {
        err_set(err, ERR_USAGE, "--%s needs a value", row->name);
        return err_remedy(err, "write --%s %s", row->name, row->argument);
    }
    *out = reader->argv[++reader->at];
    return ERR_NONE;
}

static enum err_code read_long(struct reader *reader, struct args *args, struct err *err) {
    const char *word = reader->argv[reader->at];
    const char *equals = strchr(word, '=');
    struct str name =
        equals == NULL ? str_from(word + 2) : (struct str){word + 2, (size_t)(equals - word) - 2};
    const struct option_row *row = option_named(name);
    const char *value = "";

    if (row == NULL) {
        args->unknown = args->unknown == NULL ? word : args->unknown;
        return ERR_NONE;
    }
    if (row->kind == OPTION_FLAG && equals != NULL) {
        err_set(err, ERR_USAGE, "--%s takes no value", row->name);
        return err_remedy(err, "write --%s alone, or leave it out", row->name);
    }
    if (equals != NULL) {
        value = equals + 1;
    } else if (row->kind != OPTION_FLAG && read_value(reader, row, &value, err) != ERR_NONE) {
        return err->code;
    }
    return args_keep(args, row, value, err);
}

static enum err_code read_letters(struct reader *reader, struct args *args, struct err *err) {
    const char *word = reader->argv[reader->at];

    for (const char *letter = word + 1; *letter != '\0'; letter++) {
        const struct option_row *row = option_lettered(*letter);
        const char *value = "";

        if (row == NULL) {
            args->unknown = args->unknown == NULL ? word : args->unknown;
            return ERR_NONE;
        }
        if (row->kind == OPTION_FLAG) {
            if (args_keep(args, row, value, err) != ERR_NONE) {
                return err->code;
            }
            continue;
        }
        value = letter + 1;
        if (*value == '\0' && read_value(reader, row, &value, err) != ERR_NONE) {
            return err->code;
        }
        return args_keep(args, row, value, err);
    }
    return ERR_NONE;
}

static enum err_code read_word(const char *word, struct args *args, struct err *err) {
    if (args->word_n == ARGS_WORDS_MAX) {
        err_set(err, ERR_USAGE, "more than %d words", ARGS_WORDS_MAX);
        return err_remedy(err, "give fewer at once, for example by xargs -n 100");
    }
    args->words[args->word_n++] = word;
    return ERR_NONE;
}

enum err_code args_read(int argc, char *const *argv, struct args *out, struct err *err) {
    struct args args = {0};
    struct reader reader = {.argv = argv, .argc = argc, .at = 1};
    bool has_ended = false;

    for (; reader.at < argc; reader.at++) {
        const char *word = argv[reader.at];
        enum err_code code;

        if (!has_ended && strcmp(word, "--") == 0) {
            has_ended = true;
            continue;
        }
        if (has_ended || word[0] != '-' || word[1] == '\0') {
            code = read_word(word, &args, err);
        } else if (word[1] == '-') {
            code = read_long(&reader, &args, err);
        } else {
            code = read_letters(&reader, &args, err);
        }
        if (code != ERR_NONE) {
            return code;
        }
    }
    *out = args;
    return ERR_NONE;
}

/* ---- Checking values ---- */

static bool is_name(const char *value) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

    return value[0] != '\0' && strspn(value, letters) == strlen(value) && strlen(value) <= 64;
}

static bool is_account(const char *value) {
    return strlen(value) == 12 && strspn(value, "0123456789") == 12;
}

static bool is_region(const char *value) {
    size_t n = strlen(value);
    const char *first = strchr(value, '-');

    return is_name(value) && strpbrk(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == NULL &&
           first != NULL && strchr(first + 1, '-') != NULL && value[n - 1] >= '0' &&
           value[n - 1] <= '9';
}

/* -1: it is none. */
static int64_t duration_ms(const char *value) {
    struct err err = {0};
    int64_t ms = -1;

    return str_to_duration_ms(str_from(value), &ms, &err) == ERR_NONE ? ms : -1;
}

/* Nothing is no time to wait and no time to live. */
static bool is_duration(const char *value) { return duration_ms(value) > 0; }

static bool is_time(const char *value) {
    struct err err = {0};
    int64_t ms = 0;

    return duration_ms(value) >= 0 || clock_read_iso(str_from(value), &ms, &err) == ERR_NONE;
}

static bool is_url(const char *value) {
    return str_starts(str_from(value), STR("http://")) ||
           str_starts(str_from(value), STR("https://"));
}

/* Keys of tags that the program sets itself. */
static const char *const own_tags[] = {"app", "env", "managed-by", "ttl"};

/* A tag as CloudFormation takes it: neither half is empty, no key begins with "aws:". */
static bool is_tag(const char *value) {
    const char *equals = strchr(value, '=');
    struct str key = {value, equals == NULL ? 0 : (size_t)(equals - value)};

    for (size_t i = 0; i < ARRAY_N(own_tags); i++) {
        if (str_eq(key, str_from(own_tags[i]))) {
            return false;
        }
    }
    return key.len > 0 && key.len <= 128 && equals[1] != '\0' && strlen(equals + 1) <= 256 &&
           str_is_utf8(str_from(value)) && !str_eq_nocase(str_slice(key, 0, 4), STR("aws:"));
}

/* A parameter of a template: its name has letters and digits only; its value may be empty. */
static bool is_parameter(const char *value) {
    size_t len = 0;

    while (isalnum((unsigned char)value[len])) {
        len++;
    }
    return len > 0 && value[len] == '=' && str_is_utf8(str_from(value));
}

/* Digits and one point, as cost_use_read() takes it. */
static bool is_number(const char *value) {
    size_t digits = strspn(value, "0123456789");
    const char *rest = value + digits;
    size_t after = *rest == '.' ? strspn(rest + 1, "0123456789") : 0;

    rest += after > 0 ? after + 1 : 0;
    return digits > 0 && digits <= 13 && after <= 9 && *rest == '\0';
}

static bool is_there(const char *value) { return value[0] != '\0'; }

/* clang-format off */
static const struct {
    bool (*holds)(const char *value);
    const char *wanted;
} kinds[OPTION_KIND_N] = {
    [OPTION_FLAG]     = { NULL,        NULL },
    [OPTION_TEXT]     = { is_there,    "a value" },
    [OPTION_NAME]     = { is_name,     "letters, digits and '-'" },
    [OPTION_ACCOUNT]  = { is_account,  "the 12 digits of an AWS account" },
    [OPTION_REGION]   = { is_region,   "an AWS region such as eu-west-1" },
    [OPTION_CHOICE]   = { NULL,        NULL },
    [OPTION_DURATION] = { is_duration, "a duration such as 90s, 30m or 12h" },
    [OPTION_TIME]     = { is_time,     "a duration such as 30m, or a time such as 2026-11-24T08:00:00Z" },
    [OPTION_URL]      = { is_url,      "an address that begins with http:// or https://" },
    [OPTION_FOLDER]   = { is_there,    "a folder" },
    [OPTION_FILE]     = { is_there,    "a file" },
    [OPTION_FILES]    = { is_there,    "a file" },
    [OPTION_NUMBER]   = { is_number,   "a plain number such as 100000 or 1.5" },
    [OPTION_PAIR]     = { is_tag,      "a tag such as team=web; app, env, managed-by, ttl and aws:... are taken" },
    [OPTION_PARAMETER] = { is_parameter, "a parameter such as Env=prod" },
};
/* clang-format on */

static bool is_choice(const char *value, const char *choices) {
    struct str rest = str_from(choices);
    struct str word = {0};

    while (str_next(&rest, '|', &word)) {
        if (str_eq(word, str_from(value))) {
            return true;
        }
    }
    return false;
}

/* A place by its name is what the conversation understands too. */
static enum err_code region_remedy(const char *value, struct err *err) {
    char region[SLOT_BYTES_MAX];

    return understand_answer(value, SLOT_REGION, NULL, region)
               ? err_remedy(err, "did you mean %s?", region)
               : err_remedy(err, "us-east-1 is in Virginia, eu-central-1 in Frankfurt, "
                                 "ap-southeast-1 in Singapore; aws account list-regions names "
                                 "every one");
}

/* What an option takes: "one of o200k_base, cl100k_base" of "o200k_base|cl100k_base". */
static void add_wanted(struct buf *out, const struct option_row *row) {
    struct str rest = str_from(row->kind == OPTION_CHOICE ? row->argument : "");
    struct str word = {0};

    buf_add_s(out, row->kind == OPTION_CHOICE ? "one of " : kinds[row->kind].wanted);
    for (const char *before = ""; str_next(&rest, '|', &word); before = ", ") {
        buf_addf(out, "%s" STR_FMT, before, STR_ARG(word));
    }
}

static enum err_code check_value(const struct option_row *row, const char *value, bool is_typed,
                                 struct err *err) {
    CLEANUP(buf_done) struct buf wanted = BUF_INIT(256);
    bool is_good = row->kind == OPTION_CHOICE
                       ? is_choice(value, row->argument)
                       : kinds[row->kind].holds == NULL || kinds[row->kind].holds(value);

    if (is_good) {
        return ERR_NONE;
    }
    add_wanted(&wanted, row);
    err_set(err, ERR_USAGE, "%s%s: '%.60s' is not %s", is_typed ? "--" : "",
            is_typed ? row->name : row->variable, value, buf_cstr(&wanted));
    return row->kind == OPTION_REGION ? region_remedy(value, err)
                                      : err_remedy(err, "give %s", buf_cstr(&wanted));
}

static enum err_code check_pairs(const struct args *args, const struct option_row *row,
                                 struct err *err) {
    bool is_given = is_repeated(row) && args->values[row - option_rows] != NULL;

    for (size_t i = 0; is_given && i < args->pair_n; i++) {
        size_t key = strcspn(args->pairs[i], "=") + 1;

        if (check_value(row, args->pairs[i], true, err) != ERR_NONE) {
            return err->code;
        }
        for (size_t k = 0; k < i; k++) {
            if (strncmp(args->pairs[k], args->pairs[i], key) == 0) {
                err_set(err, ERR_USAGE, "--%s: '%.*s' is given twice", row->name,
                        (int)(key - 1 > 60 ? 60 : key - 1), args->pairs[i]);
                return err_remedy(err, "give it once");
            }
        }
    }
    return ERR_NONE;
}

/* ---- Variables ---- */

static const char *const words_on[] = {"1", "true", "yes", "on"};
static const char *const words_off[] = {"0", "false", "no", "off"};

static bool is_one_of(const char *value, const char *const *words, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (str_eq_nocase(str_from(words[i]), str_from(value))) {
            return true;
        }
    }
    return false;
}

static enum err_code take_variable(struct args *args, enum option option, struct err *err) {
    const struct option_row *row = &option_rows[option];
    const char *value = row->variable == NULL ? NULL : getenv(row->variable);

    if (value == NULL || value[0] == '\0' || args->values[option] != NULL) {
        return ERR_NONE;
    }
    if (row->kind != OPTION_FLAG) {
        args->values[option] = value;
        return ERR_NONE;
    }
    if (is_one_of(value, words_on, ARRAY_N(words_on))) {
        args->values[option] = "";
    } else if (!is_one_of(value, words_off, ARRAY_N(words_off))) {
        err_set(err, ERR_USAGE, "%s: '%.60s' is neither yes nor no", row->variable, value);
        return err_remedy(err, "set it to 1 or 0, or unset it");
    }
    return ERR_NONE;
}

/* ---- Checking the whole ---- */

static enum err_code unknown_option(const char *typed, const char *verb, unsigned groups,
                                    struct err *err) {
    const char *names[OPT_N];
    size_t n = 0;
    size_t length = strcspn(typed, "=");
    CLEANUP(freep) char *name = str_dup((struct str){typed, length});
    const char *near;

    for (size_t i = 0; i < OPT_N; i++) {
        if ((option_rows[i].group & groups) != 0) {
            names[n++] = option_rows[i].name;
        }
    }
    err_set(err, ERR_USAGE, "there is no option %.60s", name);
    near = suggest_nearest(name + strspn(name, "-"), names, n);
    if (near != NULL) {
        return err_remedy(err, "did you mean --%s?", near);
    }
    return verb == NULL ? err_remedy(err, "aws-copilot help VERB lists the options of a verb")
                        : err_remedy(err, "aws-copilot help %s lists its options", verb);
}

static enum err_code foreign_option(const struct option_row *row, const char *verb,
                                    struct err *err) {
    err_set(err, ERR_USAGE, "%s takes no --%s", verb, row->name);
    return err_remedy(err, "aws-copilot help %s lists its options", verb);
}

enum err_code args_check(struct args *args, const char *verb, unsigned groups, struct err *err) {
    if (args->unknown != NULL) {
        return unknown_option(args->unknown, verb, groups, err);
    }
    for (enum option o = 0; o < OPT_N; o++) {
        const struct option_row *row = &option_rows[o];
        bool is_taken = (row->group & groups) != 0;

        if (args->values[o] != NULL && !is_taken) {
            return foreign_option(row, verb, err);
        }
        if (is_taken && take_variable(args, o, err) != ERR_NONE) {
            return err->code;
        }
        if ((args->values[o] != NULL &&
             check_value(row, args->values[o], args->is_typed[o], err) != ERR_NONE) ||
            check_pairs(args, row, err) != ERR_NONE) {
            return err->code;
        }
    }
    if (args_is(args, OPT_JSON) && args_text(args, OPT_OUTPUT) != NULL &&
        strcmp(args_text(args, OPT_OUTPUT), "text") == 0 && args->is_typed[OPT_OUTPUT]) {
        err_set(err, ERR_USAGE, "--json and --output text contradict each other");
        return err_remedy(err, "leave one of them out");
    }
    return ERR_NONE;
}

/* ---- Looking ---- */

bool args_is(const struct args *args, enum option option) { return args->values[option] != NULL; }

const char *args_text(const struct args *args, enum option option) { return args->values[option]; }

int64_t args_duration_ms(const struct args *args, enum option option, int64_t otherwise) {
    struct err unread = {0};
    int64_t ms = otherwise;

    if (args->values[option] != NULL &&
        str_to_duration_ms(str_from(args->values[option]), &ms, &unread) != ERR_NONE) {
        return otherwise; /* args_check() has passed: cannot be */
    }
    return ms;
}

int64_t args_time_ms(const struct args *args, enum option option, int64_t now_ms,
                     int64_t otherwise) {
    struct err unread = {0};
    int64_t ms = 0;

    if (args->values[option] == NULL) {
        return otherwise;
    }
    if (str_to_duration_ms(str_from(args->values[option]), &ms, &unread) == ERR_NONE) {
        return now_ms - ms;
    }
    return clock_read_iso(str_from(args->values[option]), &ms, &unread) == ERR_NONE ? ms
                                                                                    : otherwise;
}
