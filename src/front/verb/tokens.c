/* tokens: how many tokens a text has. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "front/cli/cli_room.h"
#include "guard/limits.h"
#include "guard/tokens/counter.h"
#include "sys/tty.h"

enum { TOKENS_CHUNK = 64 << 10 };

/* Counts what is read from `fd`, and its bytes. Errors: ERR_IO, ERR_TOO_LARGE, ERR_INTERRUPTED. */
static enum err_code tokens_read(int fd, struct token_counter *counter, size_t *bytes,
                                 struct err *err) {
    char chunk[TOKENS_CHUNK];
    ssize_t n;

    while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
        if (cli_is_interrupted()) {
            return err_set(err, ERR_INTERRUPTED, "the count was interrupted");
        }
        if (n < 0 && errno != EINTR) {
            return err_errno(err, errno, "the text cannot be read");
        }
        if (n > 0) {
            struct str text = {chunk, (size_t)n};

            if (token_counter_add(counter, text, err) != ERR_NONE) {
                return err_remedy(err, "give a text in which words end");
            }
            token_counter_forget(counter);
            *bytes += text.len;
        }
    }
    return ERR_NONE;
}

/* The file that is named, or standard input. Errors: ERR_NOT_FOUND, ERR_INVALID, ERR_IO. */
static enum err_code tokens_open(struct cli *cli, int *out, struct err *err) {
    const char *name = cli_word(cli, 0);
    struct stat st;

    if (name == NULL || strcmp(name, "-") == 0) {
        if (tty_is_terminal(STDIN_FILENO)) {
            cli_say(cli, "type or paste the text; Ctrl-D ends it");
        }
        *out = STDIN_FILENO;
        return ERR_NONE;
    }
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        err_errno(err, errno, "%s", name);
        return err_remedy(err, "give the path of a file, or - for standard input");
    }
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        close(fd);
        err_set(err, ERR_INVALID, "%s is a folder", name);
        return err_remedy(err, "name one file of it");
    }
    *out = fd;
    return ERR_NONE;
}

static enum err_code tokens_run(struct cli *cli, struct err *err) {
    const char *name = cli->args.values[OPT_ENCODING];
    enum encoding encoding = name == NULL ? ENCODING_O200K_BASE : encoding_from_name(name);
    CLEANUP(token_counter_freep)
    struct token_counter *counter =
        token_counter_new(encoding, (size_t)limit(LIMIT_TOKENS_KEPT_BYTES));
    size_t bytes = 0, count;
    int fd = -1;
    enum err_code code = tokens_open(cli, &fd, err);

    if (code == ERR_NONE) {
        code = tokens_read(fd, counter, &bytes, err);
    }
    if (fd > STDIN_FILENO) {
        close(fd);
    }
    if (code != ERR_NONE) {
        return code;
    }
    count = token_counter_count(counter);
    if (cli->is_json) {
        CLEANUP(json_decrefp) json_t *object = json_object();

        json_put_str(object, "encoding", encoding_name(encoding));
        json_put_int(object, "tokens", (int64_t)count);
        json_put_int(object, "bytes", (int64_t)bytes);
        cli_print_object(cli, object);
    } else {
        cli_print(cli, "%zu\n", count);
    }
    return ERR_NONE;
}

const struct verb verb_tokens = {
    .name = "tokens",
    .words = "[FILE]",
    .word_max = 1,
    .summary = "count the tokens of a text",
    .more = "Reads FILE, or standard input (also -). Prints how many tokens a model with this "
            "encoding sees, exactly as it counts: o200k_base for gpt-4o, gpt-4.1 and later, "
            "cl100k_base for gpt-4 and gpt-3.5. With --json {\"encoding\", \"tokens\", \"bytes\"}.",
    .section = VERBS_HERE,
    .options = OPTIONS_TOKENS,
    .is_one_object = true,
    .run = tokens_run,
};
