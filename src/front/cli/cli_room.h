/* front/cli/cli_room.h: what the files of the cli share with the verbs that need it. */
#pragma once

#include "front/cli/verb.h"

/* Sets ERR_USAGE with the verb that was probably meant. Returns the code. */
enum err_code verb_unknown(const struct verb *const *verbs, const char *name, struct err *err);

/* Opens the terminal's lines when somebody is there. Errors: those of lines_open_terminal(). */
MUST_CHECK enum err_code cli_lines(struct cli *cli, struct err *err);

/* Has `agent` call one operation, see flow_query(). `flags` is borrowed; takes over `args`. */
MUST_CHECK enum err_code cli_ask_agent(struct cli *cli, const struct agent *agent,
                                       const json_t *flags, const char *tool, const char *operation,
                                       json_t *args, json_t **out, struct err *err);

/* Between the two nothing that happens is shown: a question is no run, its phases are nobody's
 * news.
 */
void cli_hush(struct cli *cli);
void cli_unhush(struct cli *cli);

/* What the one option that may be repeated says, as an object of texts. New reference. */
json_t *cli_pairs(const struct args *args);

/* Masks what is printed: the flow's where one is open, else one of its own. */
const struct redactor *cli_redactor(struct cli *cli);

/* Prints one object to stdout, masked, whatever the form of output. */
void cli_print_object(struct cli *cli, const json_t *object);

/* Shows how a run ended and, where it went well, the address on stdout. */
void cli_show_result(struct cli *cli, const json_t *result);

/* Says how a verb ended (`err` NULL: well), with NDJSON its result line where none is out yet.
 * Returns the exit status. */
int cli_end(struct cli *cli, const struct err *err);

/* An error as programs read it: {"code","message","remedy"}; not masked yet. New reference. */
json_t *cli_error_json(const struct err *err);

/* Writes what is neither masked nor fitted any more to stdout, and keeps a failure. */
void cli_write(struct cli *cli, const struct buf *text);

/* Where a verb reads standard input and that is a terminal, says so: it would seem to hang. */
void cli_say_typed(struct cli *cli);

/* Says that standard output failed with this errno: ERR_IO or ERR_DISK_FULL. */
enum err_code cli_output_fails(int number, struct err *err);

/* Prints the help of one verb to stdout. */
void help_verb(struct cli *cli, const struct verb *verb);
