/* aws-copilot.yml as verbs change it. */
#include "front/verb/file.h"

#include <string.h>

#include "sys/fs.h"

enum { LINES_MAX = 4096 };

enum err_code file_read(struct cli *cli, struct buf *out, bool *out_is_there, struct err *err) {
    CLEANUP(freep) char *path = fs_join(flow_root(cli->flow), PROJECT_FILE);
    enum err_code code = fs_read_file(path, PROJECT_BYTES_MAX, out, err);

    *out_is_there = code == ERR_NONE;
    return code == ERR_NOT_FOUND ? ERR_NONE : code;
}

enum err_code file_write(struct cli *cli, struct str text, struct err *err) {
    CLEANUP(freep) char *path = fs_join(flow_root(cli->flow), PROJECT_FILE);

    if (fs_write_file(path, text, 0644, err) != ERR_NONE) {
        return err->code;
    }
    cli->has_new_file = true;
    cli_event(cli, "written", agent_args("path", PROJECT_FILE, NULL));
    return ERR_NONE;
}

/* ---- What would change ---- */

struct lines_of {
    struct str rows[LINES_MAX];
    size_t n;
};

static void lines_cut(struct str text, struct lines_of *out) {
    struct str piece = {0};

    out->n = 0;
    while (out->n < LINES_MAX && text.len > 0 && str_next(&text, '\n', &piece)) {
        out->rows[out->n++] = piece;
    }
}

static void show_line(struct cli *cli, struct buf *out, enum style style, char mark,
                      struct str line) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(PROJECT_BYTES_MAX);
    CLEANUP(freep) char *plain = str_dup(line);

    buf_addf(&text, "  %c ", mark);
    screen_word(&text, plain);
    buf_add_c(&text, '\n');
    screen_styled(&cli->screen, out, style, buf_cstr(&text));
}

/* The lines before the first and behind the last that differ are the same; what is between them
 * goes, and comes. */
void file_show_change(struct cli *cli, struct str before, struct str after) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(4 * PROJECT_BYTES_MAX);
    CLEANUP(freep) struct lines_of *old = mem_alloc(sizeof *old);
    CLEANUP(freep) struct lines_of *new = mem_alloc(sizeof *new);
    size_t head = 0;
    size_t tail = 0;

    if (cli->is_json) {
        return;
    }
    lines_cut(before, old);
    lines_cut(after, new);
    while (head < old->n && head < new->n &&str_eq(old->rows[head], new->rows[head])) {
        head++;
    }
    while (tail < old->n - head && tail < new->n - head &&str_eq(old->rows[old->n - 1 - tail],
                                                                 new->rows[new->n - 1 - tail])) {
        tail++;
    }
    for (size_t i = head; i < old->n - tail; i++) {
        show_line(cli, &out, STYLE_BAD, '-', old->rows[i]);
    }
    for (size_t i = head; i < new->n - tail; i++) {
        show_line(cli, &out, STYLE_GOOD, '+', new->rows[i]);
    }
    render_print(cli->render, &out);
}

/* ---- A whole new text ---- */

/* A file that is there is replaced by a person's yes only, who sees first what goes and comes. */
static enum err_code file_may_write(struct cli *cli, struct str before, struct str after, bool *out,
                                    struct err *err) {
    file_show_change(cli, before, after);
    *out = before.len == 0 || args_is(&cli->args, OPT_YES);
    if (*out ||
        asker_confirm(&cli->asker, PROJECT_FILE " is there and would be replaced. Replace it?",
                      false, out, err) == ERR_NONE) {
        return ERR_NONE;
    }
    if (err->code == ERR_WAITING) {
        err_set(err, ERR_MISSING, "%s is there already, and would change", PROJECT_FILE);
        return err_remedy(err, "-y replaces it");
    }
    return err->code;
}

enum err_code file_replace(struct cli *cli, struct str text, struct err *err) {
    CLEANUP(buf_done) struct buf before = BUF_INIT(PROJECT_BYTES_MAX);
    bool is_there = false;
    bool may = false;

    if (file_read(cli, &before, &is_there, err) != ERR_NONE) {
        return err->code;
    }
    if (str_eq(buf_str(&before), text)) {
        cli_say(cli, "%s says all of it already", PROJECT_FILE);
        return ERR_NONE;
    }
    if (file_may_write(cli, buf_str(&before), text, &may, err) != ERR_NONE) {
        return err->code;
    }
    if (!may) {
        return err_set(err, ERR_CANCELLED, "%s was left as it is", PROJECT_FILE);
    }
    if (file_write(cli, text, err) != ERR_NONE) {
        return err->code;
    }
    cli_print(cli, "%s\n", PROJECT_FILE);
    cli_say(cli, "→ commit %s; aws-copilot deploy goes on", PROJECT_FILE);
    return ERR_NONE;
}
