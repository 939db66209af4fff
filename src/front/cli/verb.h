/* front/cli/verb.h: what a verb is, and what it works with.
 *
 * A verb is a room with a const card. It is called on the only thread that owns sessions, with a
 * command line that was checked against the card. Results go to stdout by cli_print() and
 * cli_event(), everything for people to stderr by the renderer and cli_say(). Nothing is opened
 * before a verb asks for it, so that `version` and `help` cost nothing.
 */
#pragma once

#include <stdatomic.h>

#include "flow/flow.h"
#include "front/cli/option.h"
#include "front/person/person.h"
#include "front/render/render.h"

struct cli;

enum verb_section { VERBS_DEPLOY, VERBS_LOOK, VERBS_RECORD, VERBS_HERE, VERBS_HIDDEN, VERBS_N };

struct verb {
    const char *name;
    const char *const *aliases; /* ends with NULL; NULL: none */
    const char *words;          /* what it takes, for help: "[DIR]"; "" for nothing */
    size_t word_max;            /* how many words may follow it */
    const char *summary;        /* one phrase */
    const char *more;           /* a paragraph for `help VERB`; NULL: nothing to add */
    enum verb_section section;
    unsigned options;   /* groups, beside OPTIONS_COMMON */
    bool is_one_object; /* with --json it prints one object, not NDJSON from start to result */

    /* Does it. On ERR_NONE the exit status is cli->exit_status, 0 unless the verb sets it. */
    enum err_code (*run)(struct cli *cli, struct err *err);
};

struct cli {
    const struct verb *const *verbs; /* all, in the order of help; ends with NULL */
    const struct verb *verb;
    struct args args;
    bool is_json;
    bool is_interactive;  /* somebody sits at a terminal and may be asked */
    struct screen screen; /* stderr */
    struct render *render;
    struct ndjson ndjson;      /* stdout, with --json */
    struct redactor *redactor; /* for what is printed while no flow is open */
    struct asker asker;
    struct person person;
    struct flow *flow; /* NULL until cli_flow() */
    int detach_fd;     /* where a run in the background says its session's id; 0: it stays */
    json_t *way;       /* the command line's, for flow_set_way() */
    const char *root;  /* for cli_flow(); NULL: the working directory */
    const char *said;  /* the line of the conversation that led here; NULL: none */
    bool has_started;  /* the start line of NDJSON is out */
    bool has_new_file; /* aws-copilot.yml was written; the flow knows the old one */
    int exit_status;
    json_t *answered; /* {"env","answers"} of the last session that was a deployment; or NULL */
    char *stopped;    /* id of the session that this process stopped working on; NULL: none */
    json_t *result;   /* of the last session that came to rest; NULL: none */
};

/* Runs the program: reads argv, finds the verb, runs it, says how it ended. Returns the exit
 * status. */
int cli_main(const struct verb *const *verbs, int argc, char *const *argv);

/* Opens the flow once and connects person, renderer and NDJSON. Errors: those of flow_open(). */
MUST_CHECK enum err_code cli_flow(struct cli *cli, struct err *err);

/* Begins the time that --max-wait-duration gives a run. */
void cli_start_clock(struct cli *cli);

/* What the command line says, as session_new() takes it. New reference. */
json_t *cli_flags(const struct cli *cli);

/* Runs a session and closes it; shows how it came to rest and keeps that as cli->result and
 * cli->exit_status. Takes over `session`. Errors: what stopped this process but not the session;
 * the remedy says how to go on. */
MUST_CHECK enum err_code cli_run_session(struct cli *cli, struct session *session, struct err *err);

/* One question to AWS, see flow_query(). `flags` is borrowed; takes over `args`. */
MUST_CHECK enum err_code cli_query(struct cli *cli, const json_t *flags, const char *operation,
                                   json_t *args, json_t **out, struct err *err);

/* Asks AWS who we are and shows the line of account, region, role and endpoint. `flags` as
 * above. `*out` is what was shown, the caller's: {"account","region","arn","endpoint"}, "pinned"
 * where an account is. */
MUST_CHECK enum err_code cli_where(struct cli *cli, const json_t *flags, json_t **out,
                                   struct err *err);

/* Prints text for stdout, masked and safe for a terminal; nothing with --json. */
void cli_print(struct cli *cli, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Prints an object of NDJSON, masked; nothing without --json. Takes over `fields`. */
void cli_event(struct cli *cli, const char *type, json_t *fields);

/* Says a sentence to the person, on stderr; nothing with --json. */
void cli_say(struct cli *cli, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Shows an error and its remedy on stderr; for a verb that goes on after it. */
void cli_complain(struct cli *cli, const struct err *err);

/* The word after the verb, counted from 0; NULL when it is not there. */
const char *cli_word(const struct cli *cli, size_t n);

/* Whether Ctrl-C was pressed; cli_calm() forgets it, for a conversation that goes on. */
bool cli_is_interrupted(void);
void cli_calm(void);

/* The verb called `name`, also by an alias; NULL when there is none. */
const struct verb *verb_find(const struct verb *const *verbs, const char *name);
