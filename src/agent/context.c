/* What a model is told: parts by priority, cut to a budget of tokens. */
#include "agent/context.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

enum {
    PART_LEAST = 48,    /* tokens; a smaller rest of a part says nothing */
    PART_OVERHEAD = 12, /* heading, line ends, and the seams of pieces */
    MESSAGES_OVERHEAD = 32,
    CONTEXT_BYTES_MAX = 1024 * 1024, /* of a part; what is behind is not looked at */
};

static const char cut_mark[] = "\n[... cut ...]\n";

struct cut {
    char *text;    /* owned; NULL: dropped */
    size_t tokens; /* with its overhead */
};

/* Keeps the first two thirds and the last third of what fits: causes stand at the end of outputs.
 */
static char *cut_middle(const char *text, size_t length, size_t bytes) {
    size_t head = bytes * 2 / 3;
    size_t tail = bytes - head;

    while (head > 0 && ((unsigned char)text[head] & 0xC0) == 0x80) {
        head--;
    }
    while (tail > 0 && ((unsigned char)text[length - tail] & 0xC0) == 0x80) {
        tail--;
    }
    return mem_format("%.*s%s%s", (int)head, text, cut_mark, text + length - tail);
}

/* Cuts the part to `most` tokens. */
static struct cut part_cut(const struct context_part *part, enum encoding encoding, size_t most) {
    size_t length = strnlen(part->text, CONTEXT_BYTES_MAX);
    struct str whole = {part->text, length};
    size_t tokens = tokens_count(encoding, whole) + PART_OVERHEAD;
    size_t bytes = length;
    struct cut cut = {0};

    if (tokens <= most) {
        return (struct cut){str_dup(whole), tokens};
    }
    if (part->kind == CONTEXT_RULES || most < PART_LEAST) {
        return cut;
    }
    while (tokens > most && bytes > 0) {
        /* In proportion, and a little less, so that it ends. */
        bytes = bytes * (most > PART_OVERHEAD ? most - PART_OVERHEAD : 1) / tokens;
        bytes -= bytes / 32;
        free(cut.text);
        cut.text = cut_middle(part->text, length, bytes);
        tokens = tokens_count(encoding, str_from(cut.text)) + PART_OVERHEAD;
    }
    cut.tokens = tokens;
    if (bytes == 0) {
        free(cut.text);
        cut = (struct cut){0};
    }
    return cut;
}

/* Gives the parts of one kind what is left, the newest first. */
static void kind_cut(const struct context_part *parts, size_t n, enum context_kind kind,
                     enum encoding encoding, struct cut *cuts, size_t *left) {
    for (size_t back = n; back > 0; back--) {
        size_t i = back - 1;

        if (parts[i].kind == kind) {
            /* One output must not push out all others. */
            size_t most = kind == CONTEXT_OUTPUT && *left > 4 * PART_LEAST ? *left / 2 : *left;

            cuts[i] = part_cut(&parts[i], encoding, most);
            *left -= cuts[i].tokens;
        }
    }
}

static json_t *message_of(const char *role, const struct buf *text) {
    json_t *message = json_object();

    json_put_str(message, "role", role);
    json_put_strn(message, "content", buf_str(text));
    return message;
}

json_t *context_messages(const struct context_part *parts, size_t n, enum encoding encoding,
                         size_t most, size_t *out_dropped) {
    CLEANUP(buf_done) struct buf rules = BUF_INIT(CONTEXT_BYTES_MAX);
    CLEANUP(buf_done) struct buf rest = BUF_INIT(CONTEXT_BYTES_MAX);
    CLEANUP(freep) struct cut *cuts = mem_array(n + 1, sizeof *cuts);
    size_t left = most > MESSAGES_OVERHEAD ? most - MESSAGES_OVERHEAD : 0;
    size_t dropped = 0;
    json_t *messages = json_array();

    for (enum context_kind kind = CONTEXT_RULES; kind < CONTEXT_N; kind++) {
        kind_cut(parts, n, kind, encoding, cuts, &left);
    }
    for (size_t i = 0; i < n; i++) {
        dropped += cuts[i].text == NULL ? 1 : 0;
        if (cuts[i].text != NULL && parts[i].kind == CONTEXT_RULES) {
            buf_addf(&rules, "%s\n", cuts[i].text);
        } else if (cuts[i].text != NULL) {
            buf_addf(&rest, "## %s\n%s\n", parts[i].name, cuts[i].text);
        }
        free(cuts[i].text);
    }
    if (rules.len > 0) {
        (void)json_array_append_new(messages, message_of("system", &rules));
    }
    if (rest.len > 0) {
        (void)json_array_append_new(messages, message_of("user", &rest));
    }
    if (out_dropped != NULL) {
        *out_dropped = dropped;
    }
    return messages;
}
