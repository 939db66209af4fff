/* front/cli/option.h: the options of the command line: one table (option.def) that drives parsing,
 * checking, help and completion.
 *
 * A command line is words and options in any order: `--name value`, `--name=value`, `-n value`,
 * `-nvalue`, `-yv`; `--` ends the options. The first word is the verb. The last of several equal
 * options counts, but for those that add up. An option that is not given is taken from its
 * variable, when that is not empty.
 */
#pragma once

#include "base/str.h"

/* Groups, as bits: a verb says which it takes, and takes none that has no effect on it. */
enum option_group {
    OPTIONS_COMMON = 1 << 0,
    OPTIONS_ALONE = 1 << 1, /* without a verb */

    /* which account, region, environment */
    OPTIONS_ENV = 1 << 2,
    OPTIONS_APP = 1 << 3,
    OPTIONS_ACCOUNT = 1 << 4,
    OPTIONS_REGION = 1 << 5,
    OPTIONS_PROFILE = 1 << 6,
    OPTIONS_ENDPOINT = 1 << 7,
    OPTIONS_WHERE = OPTIONS_ENV | OPTIONS_APP | OPTIONS_ACCOUNT | OPTIONS_REGION | OPTIONS_PROFILE |
                    OPTIONS_ENDPOINT,

    OPTIONS_ASK = 1 << 8,       /* who answers */
    OPTIONS_TRUST = 1 << 9,     /* of what asks whether account and region are meant */
    OPTIONS_PROGRESS = 1 << 10, /* of what waits for CloudFormation */
    OPTIONS_SANDBOX = 1 << 11,  /* of what runs the repository's code */
    OPTIONS_ROAD = 1 << 12,     /* verbs that are one run of one session */
    OPTIONS_CHANGE = 1 << 13,   /* whatever that changes */
    OPTIONS_APPROVAL = 1 << 14, /* of what a machine may approve */
    OPTIONS_FAILURE = 1 << 15,  /* of what is put back when it fails */
    OPTIONS_TAGS = 1 << 16,     /* of what makes a stack */
    OPTIONS_TTL = 1 << 17,
    OPTIONS_USAGE = 1 << 18, /* how much an application is used, for its cost */

    OPTIONS_DEPLOY = 1 << 19,
    OPTIONS_PLAN = 1 << 20,
    OPTIONS_RECOVER = 1 << 21,
    OPTIONS_DESTROY = 1 << 22,
    OPTIONS_DRIFT = 1 << 23,
    OPTIONS_LOGS = 1 << 24,
    OPTIONS_TOKENS = 1 << 25,
    OPTIONS_REDACT = 1 << 26,
    OPTIONS_TEMPLATE = 1 << 27, /* what a template's parameters are */
    OPTIONS_COMMAND = 1 << 28,
};

enum option_kind {
    OPTION_FLAG,
    OPTION_TEXT,
    OPTION_NAME,     /* [A-Za-z0-9-], at most 64 */
    OPTION_ACCOUNT,  /* 12 digits */
    OPTION_REGION,   /* "eu-west-1" */
    OPTION_CHOICE,   /* one of the words of `argument` */
    OPTION_DURATION, /* "30m" */
    OPTION_TIME,     /* "30m" ago, or ISO 8601 */
    OPTION_URL,      /* http:// or https:// */
    OPTION_FOLDER,
    OPTION_FILE,
    OPTION_FILES,     /* one; may be repeated */
    OPTION_NUMBER,    /* plain and not negative: "1.5" */
    OPTION_PAIR,      /* a tag, "key=value"; may be repeated */
    OPTION_PARAMETER, /* of a template, "name=value"; may be repeated */
    OPTION_KIND_N
};

enum option {
#define OPT(id, name, letter, kind, argument, variable, group, help) OPT_##id,
#include "front/cli/option.def"
#undef OPT
    OPT_N
};

struct option_row {
    const char *name;
    char letter; /* 0: none */
    enum option_kind kind;
    const char *argument; /* NULL for a flag */
    const char *variable; /* or NULL */
    unsigned group;
    const char *help;
};

extern const struct option_row option_rows[OPT_N];

/* A stack has at most 50 tags; four are ours. */
enum { ARGS_WORDS_MAX = 512, ARGS_PAIRS_MAX = 46 };

/* A command line that was read. Everything is borrowed from argv and the environment. */
struct args {
    const char *values[OPT_N];         /* NULL: not given; a flag that is on has "" */
    bool is_typed[OPT_N];              /* on the command line, not from a variable */
    const char *words[ARGS_WORDS_MAX]; /* without the program's name; the first is the verb */
    size_t word_n;
    const char *pairs[ARGS_PAIRS_MAX]; /* every value of the one option that may be repeated */
    size_t pair_n;
    const char *unknown; /* the first option that no row has, as it was typed; or NULL */
};

/* Reads argv[1..]. Unknown options are kept for args_check(), which knows the verb.
 * Errors: ERR_USAGE (a value is missing or superfluous, too many words). */
MUST_CHECK enum err_code args_read(int argc, char *const *argv, struct args *out, struct err *err);

/* Checks that every option is one of `groups`, adds what variables say, and checks every value.
 * `verb` is for the sentences. Errors: ERR_USAGE with a remedy. */
MUST_CHECK enum err_code args_check(struct args *args, const char *verb, unsigned groups,
                                    struct err *err);

bool args_is(const struct args *args, enum option option);          /* given, and not "no" */
const char *args_text(const struct args *args, enum option option); /* NULL: not given */

/* The duration in ms; `otherwise` when it is not given. */
int64_t args_duration_ms(const struct args *args, enum option option, int64_t otherwise);

/* The moment in ms since 1970 that a TIME means at `now_ms`; `otherwise` when it is not given. */
int64_t args_time_ms(const struct args *args, enum option option, int64_t now_ms,
                     int64_t otherwise);
