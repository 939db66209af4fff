/* redact: stdin without secrets. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "front/cli/cli_room.h"
#include "front/cli/interrupt.h"
#include "guard/limits.h"
#include "sys/fs.h"

enum { REDACT_CHUNK = 64 << 10 };

/* What is masked goes to stdout as it comes; a sink that failed stays so. */
struct redact_out {
    bool is_wanted;
    int failed; /* errno; EINTR: Ctrl-C */
};

/* Whether a call on `fd` is to be made again: it was a signal, or somebody made the pipe one that
 * does not block, and it is waited for. */
static bool redact_again(int fd, short events) {
    struct pollfd wait = {.fd = fd, .events = events};

    if (errno == EAGAIN) {
        (void)poll(&wait, 1, -1);
        errno = EINTR;
    }
    return errno == EINTR && !cli_is_interrupted();
}

static void redact_put(void *user, const struct masked *piece) {
    struct redact_out *out = user;
    struct str left = masked_str(piece);

    while (out->is_wanted && left.len > 0 && out->failed == 0) {
        ssize_t n = write(STDOUT_FILENO, left.ptr, left.len);

        if (n < 0 && !redact_again(STDOUT_FILENO, POLLOUT)) {
            out->failed = errno;
        } else if (cli_is_interrupted()) {
            out->failed = EINTR; /* the rest may never be taken */
        }
        left = str_slice(left, n < 0 ? 0 : (size_t)n, left.len);
    }
}

static enum err_code redact_interrupted(struct err *err) {
    return err_set(err, ERR_INTERRUPTED, "redaction was interrupted");
}

/* A reader that has had enough, such as head, is no failure, as it is none for other verbs. */
static enum err_code redact_ends(const struct redact_out *out, struct err *err) {
    return out->failed == EPIPE   ? ERR_NONE
           : out->failed == EINTR ? redact_interrupted(err)
                                  : cli_output_fails(out->failed, err);
}

/* Errors: ERR_IO, ERR_DISK_FULL, ERR_INTERRUPTED. */
static enum err_code redact_copy(struct redact_stream *stream, const struct redact_out *out,
                                 size_t *bytes, struct err *err) {
    char chunk[REDACT_CHUNK];
    ssize_t n;

    while (!cli_is_interrupted() && (n = read(STDIN_FILENO, chunk, sizeof(chunk))) != 0) {
        if (n < 0 && !redact_again(STDIN_FILENO, POLLIN)) {
            if (cli_is_interrupted()) {
                break;
            }
            err_errno(err, errno, "standard input");
            return err_remedy(err, "give it a text: aws-copilot redact < FILE");
        }
        if (n > 0) {
            redact_stream_write(stream, (struct str){chunk, (size_t)n});
            *bytes += (size_t)n;
        }
        if (out->failed != 0) {
            return redact_ends(out, err);
        }
    }
    return cli_is_interrupted() ? redact_interrupted(err) : ERR_NONE;
}

/* Whether something stands there, and none of it is NAME=value. */
static bool redact_is_no_env(struct str text) {
    struct str line = {0};
    bool is_any = false;

    while (str_next(&text, '\n', &line)) {
        line = str_trim(line);
        if (str_find(line, STR("=")) > 0) {
            return false;
        }
        is_any = is_any || (line.len > 0 && line.ptr[0] != '#');
    }
    return is_any;
}

/* Errors: those of fs_read_input(), ERR_INVALID (no text of lines NAME=value: whoever names it
 * counts on its values being masked). */
static enum err_code redact_learn(struct redactor *redactor, const char *path, struct err *err) {
    CLEANUP(buf_done) struct buf text = BUF_INIT((size_t)limit(LIMIT_FILE_BYTES));
    enum err_code code = strcmp(path, "-") != 0
                             ? fs_read_input(path, text.max, &interrupted, &text, err)
                             : err_set(err, ERR_USAGE, "standard input is what is masked");

    if (code == ERR_NONE && str_find(buf_str(&text), (struct str){"\0", 1}) >= 0) {
        code = err_set(err, ERR_INVALID, "%s is not text in UTF-8", path);
    } else if (code == ERR_NONE && redact_is_no_env(buf_str(&text))) {
        code = err_set(err, ERR_INVALID, "%s has no line NAME=value", path);
    }
    if (code == ERR_NONE) {
        redactor_add_env(redactor, buf_str(&text), true);
    }
    mem_wipe(text.ptr, text.len);
    /* Of a file that is there and may not be read the system says what to do. */
    return code == ERR_NONE || code == ERR_INTERRUPTED || code == ERR_IO
               ? code
               : err_remedy(err, "--known takes an .env file: UTF-8, lines NAME=value");
}

static enum err_code redact_run(struct cli *cli, struct err *err) {
    const char *persons = args_text(&cli->args, OPT_PERSONS);
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    struct redact_out out = {.is_wanted = !cli->is_json};
    size_t bytes = 0;

    for (size_t i = 0; i < cli->args.pair_n; i++) {
        if (redact_learn(redactor, cli->args.pairs[i], err) != ERR_NONE) {
            return err->code;
        }
    }
    if (persons == NULL || strcmp(persons, "keep") != 0) {
        redactor_mask_persons(redactor, persons != NULL && strcmp(persons, "addresses") == 0);
    }
    cli_say_typed(cli);
    struct redact_stream *stream = redact_stream_new(redactor, redact_put, &out);
    enum err_code code = redact_copy(stream, &out, &bytes, err);
    (code == ERR_NONE ? redact_stream_end : redact_stream_drop)(stream);
    if (code == ERR_NONE && out.failed != 0) {
        code = redact_ends(&out, err);
    }
    if (code == ERR_NONE && cli->is_json) {
        CLEANUP(json_decrefp) json_t *object = json_object();

        json_put_int(object, "bytes", (int64_t)bytes);
        json_put(object, "masked", redactor_counts_json(redactor));
        cli_print_object(cli, object);
    }
    return code;
}

const struct verb verb_redact = {
    .name = "redact",
    .words = "< FILE",
    .summary = "mask secrets and personal data of standard input",
    .more =
        "Copies standard input to standard output, with *** for every secret: what has the "
        "shape of one, what stands under the name of one, the values of --known, and personal "
        "data. Lines come out when they are complete. With --json only {\"bytes\", \"masked\"}, "
        "how often each kind would be masked; docs/tables has the kinds.",
    .section = VERBS_HERE,
    .options = OPTIONS_REDACT,
    .is_one_object = true,
    .run = redact_run,
};
