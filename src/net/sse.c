/* Server-sent events: bytes to lines, lines to events. */
#include "net/sse.h"

#include <string.h>

struct sse sse_new(size_t event_max, sse_event *event, void *ctx) {
    return (struct sse){.event = event,
                        .ctx = ctx,
                        .line = BUF_INIT(event_max),
                        .type = BUF_INIT(event_max),
                        .data = BUF_INIT(event_max)};
}

void sse_done(struct sse *sse) {
    buf_done(&sse->line);
    buf_done(&sse->type);
    buf_done(&sse->data);
}

static enum err_code sse_dispatch(struct sse *sse, struct err *err) {
    struct str type = sse->type.len > 0 ? buf_str(&sse->type) : STR("message");
    enum err_code code = ERR_NONE;

    if (sse->has_data) {
        sse->events++;
        code = sse->event(sse->ctx, type, buf_str(&sse->data), err);
    }
    buf_clear(&sse->type);
    buf_clear(&sse->data);
    sse->has_data = false;
    return code;
}

static void sse_field(struct sse *sse, struct str name, struct str value) {
    if (str_eq(name, STR("data"))) {
        if (sse->has_data) {
            buf_add_c(&sse->data, '\n');
        }
        buf_add(&sse->data, value);
        sse->has_data = true;
    } else if (str_eq(name, STR("event"))) {
        buf_clear(&sse->type);
        buf_add(&sse->type, value);
    }
}

static enum err_code sse_line(struct sse *sse, struct err *err) {
    struct str line = buf_str(&sse->line);
    ptrdiff_t colon = str_find(line, STR(":"));
    struct str value = STR("");

    if (line.len == 0) {
        return sse_dispatch(sse, err);
    }
    if (colon >= 0) {
        value = str_slice(line, (size_t)colon + 1, line.len);
        value = str_starts(value, STR(" ")) ? str_slice(value, 1, value.len) : value;
        line = str_slice(line, 0, (size_t)colon);
    }
    if (line.len > 0) { /* without a name it is a comment */
        sse_field(sse, line, value);
    }
    buf_clear(&sse->line);
    return ERR_NONE;
}

/* The place of the next end of a line in `piece`, or its length. */
static size_t line_span(struct str piece) {
    for (size_t i = 0; i < piece.len; i++) {
        if (piece.ptr[i] == '\n' || piece.ptr[i] == '\r') {
            return i;
        }
    }
    return piece.len;
}

static enum err_code sse_check_size(const struct sse *sse, struct err *err) {
    return sse->line.failed || sse->data.failed || sse->type.failed
               ? err_set(err, ERR_TOO_LARGE, "the stream has an event of more than %zu bytes",
                         sse->line.max)
               : ERR_NONE;
}

static void sse_skip_mark(struct sse *sse) {
    if (!sse->is_begun && sse->line.len >= 3) {
        sse->is_begun = true;
        if (memcmp(sse->line.ptr, "\xef\xbb\xbf", 3) == 0) {
            memmove(sse->line.ptr, sse->line.ptr + 3, sse->line.len - 3);
            sse->line.len -= 3;
        }
    }
}

static enum err_code sse_read(struct sse *sse, struct str piece, struct err *err) {
    while (piece.len > 0) {
        size_t n = line_span(piece);

        if (sse->after_cr && piece.ptr[0] == '\n') {
            sse->after_cr = false;
            piece = str_slice(piece, 1, piece.len);
            continue;
        }
        sse->after_cr = n < piece.len && piece.ptr[n] == '\r';
        buf_add(&sse->line, str_slice(piece, 0, n));
        sse_skip_mark(sse);
        if (sse_check_size(sse, err) != ERR_NONE) {
            return err->code;
        }
        if (n == piece.len) {
            return ERR_NONE;
        }
        sse->is_begun = true;
        if (sse_line(sse, err) != ERR_NONE || sse_check_size(sse, err) != ERR_NONE) {
            return err->code;
        }
        piece = str_slice(piece, n + 1, piece.len);
    }
    return ERR_NONE;
}

enum err_code sse_feed(struct sse *sse, struct str piece, struct err *err) {
    if (sse->stop != ERR_NONE) {
        return err_set(err, sse->stop, "the stream has ended");
    }
    sse->stop = sse_read(sse, piece, err);
    return sse->stop;
}
