/* A person's lines. */
#include "front/person/lines.h"

#include <errno.h>
#include <histedit.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/buf.h"
#include "base/clock.h"
#include "front/render/screen.h"
#include "guard/limits.h"
#include "sys/tty.h"

enum { POLL_MS = 300, HISTORY_LINES = 500, PASTE_MARK_BYTES = 6, MARK_WAIT_MS = 50, UNDO_N = 64 };

/* What stands around a paste, see tty_hold(). */
static const char paste_begin[] = "\x1b[200~";
static const char paste_end[] = "\x1b[201~";

enum { KEY_REDRAW = 0x1e, KEY_BELL = '\a' };

/* Keys beside the editor's own, as people know them from a shell. */
/* clang-format off */
static const struct { const char *key; const char *function; } keys[] = {
    { "^R",        "em-inc-search-prev" },  { "^^",         "ed-redisplay" },
    { "^W",        "ed-delete-prev-word" }, { "^_",         "undo" },
    { "^X^U",      "undo" },
    { "\\e[3~",    "ed-delete-next-char" },
    { "\\e[1~",    "ed-move-to-beg" },      { "\\e[4~",     "ed-move-to-end" },
    { "\\e[H",     "ed-move-to-beg" },      { "\\e[F",      "ed-move-to-end" },
    { "\\eOH",     "ed-move-to-beg" },      { "\\eOF",      "ed-move-to-end" },
    { "\\e[1;5D",  "ed-prev-word" },        { "\\e[1;5C",   "em-next-word" },
    { "\\e[1;3D",  "ed-prev-word" },        { "\\e[1;3C",   "em-next-word" },
};
/* clang-format on */

/* The window changed its size; the editor draws the line anew. */
static volatile sig_atomic_t is_resized;

static void on_resize(int number) {
    (void)number;
    is_resized = 1;
}

/* The line as it was before a change; what was typed as one word is one change. */
struct edit_before {
    wchar_t *text; /* owned */
    size_t n;
    bool is_typed;
};

struct lines {
    int fd;
    EditLine *edit;   /* NULL: a pipe */
    History *history; /* of the terminal */
    char *history_path;
    const char *prompt;
    const struct line_wait *wait;
    enum line_end end;           /* why waiting for a key was given up */
    char keys[PASTE_MARK_BYTES]; /* read ahead, not yet given to the editor */
    size_t key_n;
    int width, height;                  /* of the terminal, as the editor knows it */
    bool has_moves;                     /* the cursor can be sent somewhere */
    bool is_pasting;                    /* between the marks of a bracketed paste: Enter is text */
    struct edit_before befores[UNDO_N]; /* of the line that is edited; the last is as it stands */
    size_t before_n;
    struct buf pending; /* of a pipe: read, not yet given out */
    bool is_at_end;
};

/* ---- Waiting ---- */

/* The window changed its size, and most terminals have broken the line anew: goes to where its
 * prompt begins now, so that the editor draws it there. */
static void lines_resize(struct lines *lines) {
    const LineInfoW *line = el_wline(lines->edit);
    int width = tty_width(STDERR_FILENO);
    int height = tty_height(STDERR_FILENO);
    int columns = screen_columns(lines->prompt);

    if (width == lines->width && height == lines->height) {
        return;
    }
    lines->width = width;
    lines->height = height;
    for (const wchar_t *p = line->buffer; p < line->cursor; p++) {
        int more = wcwidth(*p);

        columns += more > 0 ? more : 0;
    }
    if (lines->has_moves) {
        (void)fputc('\r', stderr);
        if (columns / width > 0) {
            (void)fprintf(stderr, "\033[%dA", columns / width);
        }
        (void)fputs("\033[J", stderr);
        (void)fflush(stderr);
    }
    el_resize(lines->edit);
    (void)el_set(lines->edit, EL_REFRESH);
}

/* What happened to the terminal meanwhile is shown, or a key for the editor. */
static void lines_mend(struct lines *lines) {
    if (lines->edit == NULL) {
        return;
    }
    if (tty_is_back()) {
        lines->keys[0] = KEY_REDRAW;
        lines->key_n = 1;
    }
    if (is_resized) {
        is_resized = 0;
        lines_resize(lines);
    }
}

/* Waits until there is something to read. LINE_READ: there is. */
static enum line_end lines_await(struct lines *lines) {
    const struct line_wait *wait = lines->wait;
    struct pollfd row = {.fd = lines->fd, .events = POLLIN};

    for (;;) {
        int n;

        if (wait->interrupted != NULL && atomic_load(wait->interrupted)) {
            return LINE_INTERRUPTED;
        }
        if (wait->poll != NULL && wait->poll(wait->ctx)) {
            return LINE_POLLED;
        }
        if (wait->deadline_mono_ms != 0 && clock_mono_ms() > wait->deadline_mono_ms) {
            return LINE_LATE;
        }
        lines_mend(lines);
        if (lines->key_n > 0) {
            return LINE_READ;
        }
        n = poll(&row, 1, POLL_MS);
        if (n > 0) {
            return LINE_READ;
        }
        if (n < 0 && errno != EINTR) {
            return LINE_NONE;
        }
    }
}

/* ---- The terminal ---- */

static char *edit_prompt(EditLine *edit) {
    static char none[] = "";
    struct lines *lines = NULL;

    (void)el_get(edit, EL_CLIENTDATA, &lines);
    return lines->prompt == NULL ? none : (char *)(uintptr_t)lines->prompt;
}

/* One byte of the terminal; false: there is none, and lines->end says why. */
static bool key_read(struct lines *lines, char *out) {
    lines->end = lines->key_n > 0 ? LINE_READ : lines_await(lines);
    if (lines->end != LINE_READ) {
        return false;
    }
    if (lines->key_n > 0) {
        *out = lines->keys[0];
        memmove(lines->keys, lines->keys + 1, --lines->key_n);
        return true;
    }
    if (read(lines->fd, out, 1) != 1) {
        lines->end = LINE_NONE;
        return false;
    }
    return true;
}

/* Whether the bytes after an ESC make one of the marks of a paste; takes them if they do, keeps
 * them for the editor if not. A mark comes in one piece; somebody's ESC is followed by nothing. */
static bool paste_mark(struct lines *lines) {
    struct pollfd row = {.fd = lines->fd, .events = POLLIN};
    const char *wanted = lines->is_pasting ? paste_end : paste_begin;

    while (lines->key_n < PASTE_MARK_BYTES - 1) {
        if (memcmp(lines->keys, wanted + 1, lines->key_n) != 0 ||
            poll(&row, 1, MARK_WAIT_MS) <= 0 ||
            read(lines->fd, lines->keys + lines->key_n, 1) != 1) {
            return false;
        }
        lines->key_n++;
    }
    if (memcmp(lines->keys, wanted + 1, PASTE_MARK_BYTES - 1) != 0) {
        return false;
    }
    lines->key_n = 0;
    lines->is_pasting = !lines->is_pasting;
    return true;
}

/* A paste is one line, whatever it holds: a line end or a tab in it is a blank, and its other
 * control characters are no keys. '\0': nothing of it is left. */
static char pasted(char byte) {
    return byte == '\n' || byte == '\r' || byte == '\t' ? ' '
           : (unsigned char)byte < 0x20 || byte == 0x7f ? '\0'
                                                        : byte;
}

/* ---- Undo ---- */

static void undo_clear(struct lines *lines) {
    for (size_t i = 0; i < lines->before_n; i++) {
        free(lines->befores[i].text);
    }
    lines->before_n = 0;
}

static void undo_push(struct lines *lines, const wchar_t *text, size_t n, bool is_typed) {
    struct edit_before *row;

    if (lines->before_n == UNDO_N) {
        free(lines->befores[0].text);
        memmove(&lines->befores[0], &lines->befores[1], sizeof *lines->befores * (UNDO_N - 1));
        lines->before_n--;
    }
    row = &lines->befores[lines->before_n++];
    *row = (struct edit_before){.text = mem_alloc((n + 1) * sizeof *text), .n = n};
    row->is_typed = is_typed;
    wmemcpy(row->text, text, n);
}

/* Keeps the line as it stands, if it is another one than at the last look. */
static void undo_look(struct lines *lines) {
    const LineInfoW *line = el_wline(lines->edit);
    size_t n = (size_t)(line->lastchar - line->buffer);
    struct edit_before *last = lines->before_n == 0 ? NULL : &lines->befores[lines->before_n - 1];
    bool is_typed;

    if (last != NULL && last->n == n && wmemcmp(last->text, line->buffer, n) == 0) {
        return;
    }
    is_typed = last != NULL && n == last->n + 1 && line->buffer[n - 1] != L' ' &&
               wmemcmp(last->text, line->buffer, n - 1) == 0;
    if (is_typed && last->is_typed) {
        free(last->text);
        lines->before_n--;
    }
    undo_push(lines, line->buffer, n, is_typed);
}

static unsigned char undo_key(EditLine *edit, int key) {
    struct lines *lines = NULL;
    const LineInfoW *line = el_wline(edit);
    const struct edit_before *before;

    (void)key;
    (void)el_get(edit, EL_CLIENTDATA, &lines);
    if (lines->before_n < 2) {
        return CC_ERROR;
    }
    free(lines->befores[--lines->before_n].text);
    before = &lines->befores[lines->before_n - 1];
    (void)el_cursor(edit, (int)(line->lastchar - line->cursor));
    el_deletestr(edit, (int)(line->lastchar - line->buffer));
    if (before->n > 0) {
        (void)el_winsertstr(edit, before->text);
    }
    return CC_REFRESH;
}

/* ---- Characters ---- */

/* The line has all that it may have; what is more is not taken. */
static bool line_is_full(struct lines *lines) {
    const LineInfoW *line = el_wline(lines->edit);

    return line->lastchar - line->buffer >= (ptrdiff_t)limit(LIMIT_INPUT_LINE_BYTES);
}

/* The next byte that the editor shall see; false: there is none, and lines->end says why. */
static bool edit_byte(struct lines *lines, char *out) {
    for (;;) {
        if (!key_read(lines, out)) {
            return false;
        }
        if (*out == '\x1b' && lines->key_n == 0 && paste_mark(lines)) {
            continue;
        }
        if (lines->is_pasting && (*out = pasted(*out)) == '\0') {
            continue;
        }
        if ((unsigned char)*out >= ' ' && *out != 0x7f && line_is_full(lines)) {
            if (!lines->is_pasting) {
                (void)fputc(KEY_BELL, stderr);
            }
            continue;
        }
        return true;
    }
}

/* One character for the editor: 1 when there is one, 0 at the end, -1 to give the line up. */
static int edit_char(EditLine *edit, wchar_t *out) {
    struct lines *lines = NULL;
    mbstate_t state = {0};

    (void)el_get(edit, EL_CLIENTDATA, &lines);
    if (!lines->is_pasting) {
        undo_look(lines);
    }
    for (;;) {
        char byte;
        size_t length;

        if (!edit_byte(lines, &byte)) {
            return lines->end == LINE_NONE ? 0 : -1;
        }
        length = mbrtowc(out, &byte, 1, &state);
        if (length == (size_t)-1) { /* no UTF-8: such a byte is dropped */
            state = (mbstate_t){0};
        } else if (length != (size_t)-2) {
            return 1;
        }
    }
}

static void edit_bind(EditLine *edit) {
    (void)el_set(edit, EL_ADDFN, "undo", "Takes the last change back", undo_key);
    for (size_t i = 0; i < ARRAY_N(keys); i++) {
        (void)el_set(edit, EL_BIND, keys[i].key, keys[i].function, NULL);
    }
}

enum err_code lines_open_terminal(struct lines **out, struct err *err) {
    struct lines *lines = mem_alloc(sizeof *lines);
    const struct sigaction resize = {.sa_handler = on_resize};
    HistEvent event;

    lines->fd = STDIN_FILENO;
    lines->width = tty_width(STDERR_FILENO);
    lines->height = tty_height(STDERR_FILENO);
    lines->has_moves = getenv("TERM") != NULL && strcmp(getenv("TERM"), "dumb") != 0;
    if (setlocale(LC_CTYPE, "") == NULL || MB_CUR_MAX == 1) {
        (void)setlocale(LC_CTYPE, "C.UTF-8");
    }
    lines->edit = el_init("aws-copilot", stdin, stderr, stderr);
    lines->history = history_init();
    if (lines->edit == NULL || lines->history == NULL) {
        lines_close(lines);
        return err_set(err, ERR_IO, "the line editor cannot be set up");
    }
    (void)sigaction(SIGWINCH, &resize, NULL);
    (void)history(lines->history, &event, H_SETSIZE, HISTORY_LINES);
    (void)history(lines->history, &event, H_SETUNIQUE, 1);
    (void)el_set(lines->edit, EL_CLIENTDATA, lines);
    (void)el_set(lines->edit, EL_EDITOR, "emacs");
    (void)el_set(lines->edit, EL_PROMPT, edit_prompt);
    (void)el_set(lines->edit, EL_HIST, history, lines->history);
    (void)el_set(lines->edit, EL_SIGNAL, 0);
    (void)el_set(lines->edit, EL_GETCFN, edit_char);
    /* Between two lines as tty_hold() has it, so that there is no moment with an echo. */
    (void)el_set(lines->edit, EL_SETTY, "-x", "-echo", "-icanon", "-iexten", NULL);
    edit_bind(lines->edit);
    tty_hold(lines->fd, STDERR_FILENO);
    *out = lines;
    return ERR_NONE;
}

static char *line_of(const char *text, size_t length) {
    size_t most = (size_t)limit(LIMIT_INPUT_LINE_BYTES);

    return str_dup(str_trim((struct str){text, length < most ? length : most}));
}

static enum line_end terminal_read(struct lines *lines, char **out) {
    int n = 0;
    const char *text;

    lines->end = LINE_READ;
    lines->is_pasting = false;
    tty_hold(lines->fd, STDERR_FILENO);
    if (tty_width(STDERR_FILENO) != lines->width || tty_height(STDERR_FILENO) != lines->height) {
        lines->width = tty_width(STDERR_FILENO);
        lines->height = tty_height(STDERR_FILENO);
        el_resize(lines->edit);
    }
    is_resized = 0;
    text = el_gets(lines->edit, &n);
    undo_clear(lines);
    if (text == NULL || n <= 0) {
        (void)fputc('\n', stderr);
        return lines->end == LINE_READ ? LINE_NONE : lines->end;
    }
    *out = line_of(text, (size_t)n);
    return LINE_READ;
}

/* ---- The pipe ---- */

struct lines *lines_open_pipe(int fd) {
    struct lines *lines = mem_alloc(sizeof *lines);

    lines->fd = fd;
    lines->pending = BUF_INIT((size_t)limit(LIMIT_INPUT_LINE_BYTES) * 3); /* with one put back */
    return lines;
}

/* Takes the first line out of what was read; false when there is none yet. */
static bool pending_take(struct lines *lines, char **out) {
    struct str all = buf_str(&lines->pending);
    ptrdiff_t at = str_find(all, STR("\n"));
    size_t end = at < 0 ? all.len : (size_t)at;
    bool is_full = all.len >= (size_t)limit(LIMIT_INPUT_LINE_BYTES);
    CLEANUP(freep) char *rest = NULL;

    if (at < 0 && !(is_full || (lines->is_at_end && all.len > 0))) {
        return false;
    }
    *out = line_of(all.ptr, end);
    rest = str_dup(str_slice(all, at < 0 ? all.len : end + 1, all.len));
    buf_clear(&lines->pending);
    buf_add_s(&lines->pending, rest);
    return true;
}

static enum line_end pipe_read(struct lines *lines, char **out) {
    while (!pending_take(lines, out)) {
        char piece[4096];
        enum line_end end;
        ssize_t n;

        if (lines->is_at_end) {
            return LINE_NONE;
        }
        end = lines_await(lines);
        if (end != LINE_READ) {
            return end;
        }
        n = read(lines->fd, piece, sizeof piece);
        if (n > 0) {
            buf_add(&lines->pending, (struct str){piece, (size_t)n});
        }
        lines->is_at_end = n == 0 || (n < 0 && errno != EINTR);
    }
    return LINE_READ;
}

enum line_end lines_read(struct lines *lines, const char *prompt, const struct line_wait *wait,
                         char **out) {
    lines->prompt = prompt;
    lines->wait = wait;
    return lines->edit == NULL ? pipe_read(lines, out) : terminal_read(lines, out);
}

void lines_return(struct lines *lines, const char *line) {
    CLEANUP(freep) char *rest = str_dup(buf_str(&lines->pending));

    buf_clear(&lines->pending);
    buf_addf(&lines->pending, "%s\n%s", line, rest);
}

void lines_forget(struct lines *lines) {
    if (lines->edit != NULL) {
        (void)tcflush(lines->fd, TCIFLUSH);
        lines->key_n = 0;
    }
}

bool lines_is_terminal(const struct lines *lines) { return lines->edit != NULL; }

/* ---- History ---- */

void lines_name_history(struct lines *lines, const char *path) {
    HistEvent event;

    free(lines->history_path);
    lines->history_path = mem_strdup(path);
    if (lines->history != NULL) {
        (void)history(lines->history, &event, H_LOAD, path); /* none yet: an empty history */
    }
}

/* A history that cannot be written is lost and no error. */
static void history_save(struct lines *lines) {
    mode_t before = umask(077);
    HistEvent event;

    (void)history(lines->history, &event, H_SAVE, lines->history_path);
    (void)umask(before);
}

void lines_keep(struct lines *lines, const char *masked) {
    HistEvent event;

    if (lines->history != NULL && masked[0] != '\0') {
        (void)history(lines->history, &event, H_ENTER, masked);
    }
    if (lines->history != NULL && lines->history_path != NULL) {
        history_save(lines);
    }
}

void lines_close(struct lines *lines) {
    if (lines == NULL) {
        return;
    }
    if (lines->history != NULL) {
        history_end(lines->history);
    }
    if (lines->edit != NULL) {
        el_end(lines->edit);
        tty_release();
    }
    undo_clear(lines);
    buf_done(&lines->pending);
    free(lines->history_path);
    free(lines);
}
