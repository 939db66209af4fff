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
#include "guard/limits.h"

enum { POLL_MS = 300, HISTORY_LINES = 500, PASTE_MARK_BYTES = 6, MARK_WAIT_MS = 50 };

/* What a terminal puts around a paste, once asked to (xterm's mode 2004). */
static const char paste_on[] = "\x1b[?2004h";
static const char paste_off[] = "\x1b[?2004l";
static const char paste_begin[] = "\x1b[200~";
static const char paste_end[] = "\x1b[201~";

/* The window changed its size; the editor draws the line anew. */
static volatile sig_atomic_t is_resized;

static void on_resize(int number) {
    (void)number;
    is_resized = 1;
}

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
    bool is_pasting;    /* between the marks of a bracketed paste: Enter is text */
    struct buf pending; /* of a pipe: read, not yet given out */
    bool is_at_end;
};

/* ---- Waiting ---- */

/* Waits until there is something to read. LINE_READ: there is. */
static enum line_end lines_await(int fd, const struct line_wait *wait, EditLine *edit) {
    struct pollfd row = {.fd = fd, .events = POLLIN};

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
        if (edit != NULL && is_resized) {
            is_resized = 0;
            el_resize(edit);
            (void)el_set(edit, EL_REFRESH);
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
    lines->end = lines->key_n > 0 ? LINE_READ : lines_await(lines->fd, lines->wait, lines->edit);
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

/* One character for the editor: 1 when there is one, 0 at the end, -1 to give the line up. */
static int edit_char(EditLine *edit, wchar_t *out) {
    struct lines *lines = NULL;
    mbstate_t state = {0};

    (void)el_get(edit, EL_CLIENTDATA, &lines);
    for (;;) {
        char byte;
        size_t length;

        if (!key_read(lines, &byte)) {
            return lines->end == LINE_NONE ? 0 : -1;
        }
        if (byte == '\x1b' && lines->key_n == 0 && paste_mark(lines)) {
            continue;
        }
        if (lines->is_pasting && (byte = pasted(byte)) == '\0') {
            continue;
        }
        length = mbrtowc(out, &byte, 1, &state);
        if (length == (size_t)-1) { /* no UTF-8: such a byte is dropped */
            state = (mbstate_t){0};
        } else if (length != (size_t)-2) {
            return 1;
        }
    }
}

enum err_code lines_open_terminal(struct lines **out, struct err *err) {
    struct lines *lines = mem_alloc(sizeof *lines);
    const struct sigaction resize = {.sa_handler = on_resize};
    HistEvent event;

    lines->fd = STDIN_FILENO;
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
    (void)fputs(paste_on, stderr);
    text = el_gets(lines->edit, &n);
    (void)fputs(paste_off, stderr);
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
    lines->pending = BUF_INIT((size_t)limit(LIMIT_INPUT_LINE_BYTES) * 2);
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
        end = lines_await(lines->fd, lines->wait, NULL);
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

void lines_forget(struct lines *lines) {
    if (lines->edit != NULL) {
        (void)tcflush(lines->fd, TCIFLUSH);
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

void lines_keep(struct lines *lines, const char *masked) {
    HistEvent event;

    if (lines->history != NULL && masked[0] != '\0') {
        (void)history(lines->history, &event, H_ENTER, masked);
    }
}

/* A history that cannot be written is lost and no error. */
static void history_save(struct lines *lines) {
    mode_t before = umask(077);
    HistEvent event;

    (void)history(lines->history, &event, H_SAVE, lines->history_path);
    (void)umask(before);
}

void lines_close(struct lines *lines) {
    if (lines == NULL) {
        return;
    }
    if (lines->history != NULL) {
        if (lines->history_path != NULL) {
            history_save(lines);
        }
        history_end(lines->history);
    }
    if (lines->edit != NULL) {
        el_end(lines->edit);
    }
    buf_done(&lines->pending);
    free(lines->history_path);
    free(lines);
}
