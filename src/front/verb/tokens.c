/* tokens: how many tokens a text has. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "front/cli/cli_room.h"
#include "front/cli/interrupt.h"
#include "guard/limits.h"
#include "guard/tokens/counter.h"
#include "sys/fs.h"

enum { TOKENS_CHUNK = 64 << 10 };

/* Counts what is read from `fd`, and its bytes. Errors: ERR_IO, ERR_TOO_LARGE, ERR_INTERRUPTED. */
static enum err_code tokens_read(int fd, struct token_counter *counter, size_t *bytes,
                                 struct err *err) {
    char chunk[TOKENS_CHUNK];
    ssize_t n;

    while (!cli_is_interrupted() && (n = read(fd, chunk, sizeof(chunk))) != 0) {
        if (n < 0 && errno != EINTR) {
            err_errno(err, errno, "the text cannot be read");
            return err_remedy(err, "give the path of a file, or - for standard input");
        }
        if (n > 0) {
            struct str text = {chunk, (size_t)n};

            if (token_counter_add(counter, text, err) != ERR_NONE) {
                /* Behind each end of a word what was counted is forgotten. */
                err_set(err, ERR_TOO_LARGE, "in %lld MB of the text no word ends",
                        (long long)(limit(LIMIT_TOKENS_KEPT_BYTES) >> 20));
                return err_remedy(err, "give a text of words: this one is counted in one piece");
            }
            token_counter_forget(counter);
            *bytes += text.len;
        }
    }
    return cli_is_interrupted() ? err_set(err, ERR_INTERRUPTED, "the count was interrupted")
                                : ERR_NONE;
}

static enum err_code tokens_run(struct cli *cli, struct err *err) {
    const char *name = cli->args.values[OPT_ENCODING];
    enum encoding encoding = name == NULL ? ENCODING_O200K_BASE : encoding_from_name(name);
    CLEANUP(token_counter_freep)
    struct token_counter *counter =
        token_counter_new(encoding, (size_t)limit(LIMIT_TOKENS_KEPT_BYTES));
    const char *path = cli_word(cli, 0) == NULL ? "-" : cli_word(cli, 0);
    size_t bytes = 0, count;
    int fd = -1;
    enum err_code code;

    if (strcmp(path, "-") == 0) {
        cli_say_typed(cli);
    }
    if (fs_open_input(path, &interrupted, &fd, err) != ERR_NONE) {
        return err->code;
    }
    code = tokens_read(fd, counter, &bytes, err);
    close(fd);
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
