/* tool/shell_runner/draft.h: a copy of the repository that a command may write to, what it changed
 * there, and taking that over. For this room only.
 *
 * The repository itself is written by draft_keep() alone, and only with what a draft holds: each
 * file whole, from its content before to its content after. Where a process dies between two files,
 * the same call finishes it.
 */
#pragma once

#include "tool/run_op.h"

enum draft_use {
    DRAFT_RUNS = 0,
    DRAFT_GIT,     /* for the program git: its folder is copied, and may be changed */
    DRAFT_FETCHES, /* packages that are installed are not copied */
};

struct draft {
    char *tmp;  /* the folder around it, below the cache */
    char *path; /* stands in for the repository */
    enum draft_use use;
    struct words shown;    /* of the repository, below its root: seen, but no part of the copy */
    struct words readable; /* the same as absolute paths */
    struct fs_list before; /* what could be changed, digested */
};
void draft_done(struct op *op, struct draft *draft);

/* Copies the repository without its files of secrets. Errors: ERR_CONFLICT (a draft is taken over
 * by half), ERR_UNSUPPORTED (git would take a file of secrets for deleted), ERR_TOO_LARGE,
 * ERR_DISK_FULL, ERR_IO. */
MUST_CHECK enum err_code draft_make(struct op *op, enum draft_use use, struct draft *out,
                                    struct err *err);

/* Keeps what differs from the start in the state folder and adds to `result`, which is that of
 * run_op_program(); of a command that failed nothing is kept: "changes", an array
 * of
 * {"path","change":"new|changed|gone","bytes"} of at most 200 rows; "change_n" how many there are;
 * "left_out", an array of {"path","why"}; "diff", a patch of the texts, cut; "draft", the id to
 * take it over by, where there is something to take over. Errors: ERR_TOO_LARGE, ERR_DISK_FULL,
 * ERR_IO. */
MUST_CHECK enum err_code draft_save(struct op *op, const struct draft *draft, json_t *result,
                                    struct err *err);

/* What a yes to draft_keep() would write: {"command","changes","change_n","diff"}, as draft_save()
 * gave it. Reads only. Errors: ERR_NOT_FOUND, ERR_CONFLICT as below. */
MUST_CHECK enum err_code draft_paper(struct op *op, const char *id, json_t **out, struct err *err);

/* Takes the draft `id` over: {"kept","kept_before"}, how many now and how many by a process that
 * died. Harmless to repeat. Errors: ERR_NOT_FOUND (no such draft, or of another repository),
 * ERR_CONFLICT (a file is neither as it was before the command nor as after it: nothing is
 * written), ERR_DISK_FULL, ERR_IO. */
MUST_CHECK enum err_code draft_keep(struct op *op, const char *id, json_t **out, struct err *err);
