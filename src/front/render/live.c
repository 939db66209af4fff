/* The lines at the bottom of a terminal that are drawn over. */
#include "front/render/live.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

enum {
    ROWS_MAX = 200,
    REGION_BYTES_MAX = 256 * 1024,
    KEY_COLUMNS = 30,
    KEY_COLUMNS_MIN = 16,
    STATUS_COLUMNS = 22,
    TIME_COLUMNS = 13
};

struct live_row {
    char *key;
    char *status;
    char *detail;
    int64_t since_ms; /* by our clock, for the screen */
    int64_t at_ms;    /* by the reporter's */
};

struct live {
    struct screen screen;
    pthread_mutex_t lock; /* over all below */
    pthread_cond_t wake;
    pthread_t ticker;
    bool has_ticker;
    bool is_ending;
    bool is_hidden;
    struct live_row rows[ROWS_MAX];
    size_t row_n;
    char *note;
    int64_t note_since_ms;
    char *tail; /* a line that is still written, above the rows; owned, or NULL */
    int tail_columns;
    int drawn; /* lines of the region on the screen, each of so many columns: */
    int drawn_columns[ROWS_MAX + 3];
};

/* ---- Drawing; the lock is held ---- */

/* A screen that has become narrower has broken our lines. */
static void draw_erase(struct live *live, struct buf *out) {
    int width = screen_width(&live->screen);
    int lines = 0;

    for (int i = 0; i < live->drawn; i++) {
        lines += 1 + (live->drawn_columns[i] > 0 ? (live->drawn_columns[i] - 1) / width : 0);
    }
    if (lines > 0) {
        buf_addf(out, "\033[%dA\r\033[J", lines);
    }
    live->drawn = 0;
}

static void draw_line_end(struct live *live, struct buf *out, int columns) {
    buf_add_c(out, '\n');
    live->drawn_columns[live->drawn++] = columns;
}

static void draw_row(struct live *live, struct buf *out, const struct live_row *row,
                     int64_t now_ms) {
    int width = screen_width(&live->screen) - 1; /* the last column may move the cursor on */
    int key = width - 3 - STATUS_COLUMNS - TIME_COLUMNS;
    int status = STATUS_COLUMNS;
    int rest;

    if (key < KEY_COLUMNS_MIN) {
        key = KEY_COLUMNS_MIN;
        status = width - 3 - key;
    }
    key = key > KEY_COLUMNS ? KEY_COLUMNS : key;
    status = status > STATUS_COLUMNS ? STATUS_COLUMNS : status < 1 ? 1 : status;
    rest = width - 3 - key - status - TIME_COLUMNS;
    buf_add_s(out, "  ");
    screen_cell(out, row->key, key);
    buf_add_c(out, ' ');
    screen_cell(out, row->status, status);
    if (rest >= 0) {
        buf_addf(out, " %-12s", screen_elapsed(now_ms - row->since_ms).text);
    }
    if (rest > 12) {
        screen_cell(out, screen_type(row->detail, rest), rest);
    }
    draw_line_end(live, out, width);
}

static void draw_note(struct live *live, struct buf *out, int64_t now_ms) {
    CLEANUP(buf_done) struct buf line = BUF_INIT(REGION_BYTES_MAX);
    struct elapsed elapsed = screen_elapsed((now_ms - live->note_since_ms) / 1000 * 1000);
    int room = screen_width(&live->screen) - 18;
    int columns;

    columns = screen_columns(live->note);
    buf_add_s(&line, "  … ");
    screen_cell(&line, live->note, columns < room ? columns : room);
    if (now_ms - live->note_since_ms >= 1000) {
        buf_addf(&line, "  %s", elapsed.text);
    }
    screen_styled(&live->screen, out, STYLE_DIM, buf_cstr(&line));
    draw_line_end(live, out, screen_columns(buf_cstr(&line)));
}

static size_t draw_rows_max(const struct live *live) {
    int height = screen_height(&live->screen);

    return height > 8 ? (size_t)height - 4 : 20;
}

static void draw_region(struct live *live, struct buf *out) {
    int64_t now_ms = clock_mono_ms();
    size_t most = draw_rows_max(live);
    size_t from = live->row_n > most ? live->row_n - most : 0;

    if (live->tail != NULL) {
        buf_add_s(out, live->tail);
        draw_line_end(live, out, live->tail_columns);
    }
    if (live->is_hidden) {
        return;
    }
    if (from > 0) {
        buf_addf(out, "  … and %zu more", from);
        draw_line_end(live, out, 20);
    }
    for (size_t i = from; i < live->row_n; i++) {
        draw_row(live, out, &live->rows[i], now_ms);
    }
    if (live->note != NULL) {
        draw_note(live, out, now_ms);
    }
}

static void draw(struct live *live) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(REGION_BYTES_MAX);

    draw_erase(live, &out);
    draw_region(live, &out);
    screen_write(&live->screen, &out);
}

/* ---- The clock ---- */

static void *tick(void *arg) {
    struct live *live = arg;

    (void)pthread_mutex_lock(&live->lock);
    while (!live->is_ending) {
        struct timespec until;

        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec++;
        (void)pthread_cond_timedwait(&live->wake, &live->lock, &until);
        if (!live->is_ending && !live->is_hidden && (live->row_n > 0 || live->note != NULL)) {
            draw(live);
        }
    }
    (void)pthread_mutex_unlock(&live->lock);
    return NULL;
}

/* Without a thread the clocks move with the events only: no reason to stop. */
static void tick_start(struct live *live) {
    if (!live->has_ticker) {
        live->has_ticker = pthread_create(&live->ticker, NULL, tick, live) == 0;
    }
}

/* ---- Life ---- */

struct live *live_new(const struct screen *screen) {
    struct live *live = mem_alloc(sizeof *live);
    pthread_condattr_t monotonic;

    live->screen = *screen;
    (void)pthread_mutex_init(&live->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&live->wake, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    return live;
}

static void row_done(struct live_row *row) {
    free(row->key);
    free(row->status);
    free(row->detail);
}

static void forget(struct live *live) {
    for (size_t i = 0; i < live->row_n; i++) {
        row_done(&live->rows[i]);
    }
    live->row_n = 0;
    freep(&live->note);
    live->note = NULL;
    freep(&live->tail);
    live->tail = NULL;
}

void live_free(struct live *live) {
    if (live == NULL) {
        return;
    }
    live_hide(live);
    (void)pthread_mutex_lock(&live->lock);
    live->is_ending = true;
    (void)pthread_cond_signal(&live->wake);
    (void)pthread_mutex_unlock(&live->lock);
    if (live->has_ticker) {
        (void)pthread_join(live->ticker, NULL);
    }
    forget(live);
    (void)pthread_cond_destroy(&live->wake);
    (void)pthread_mutex_destroy(&live->lock);
    free(live);
}

/* ---- What is shown ---- */

void live_print(struct live *live, struct buf *text) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(text->len + REGION_BYTES_MAX);

    (void)pthread_mutex_lock(&live->lock);
    draw_erase(live, &out);
    buf_add(&out, buf_str(text));
    buf_clear(text);
    draw_region(live, &out);
    screen_write(&live->screen, &out); /* at once: nothing flickers */
    (void)pthread_mutex_unlock(&live->lock);
}

static struct live_row *row_find(struct live *live, const char *key) {
    for (size_t i = 0; i < live->row_n; i++) {
        if (strcmp(live->rows[i].key, key) == 0) {
            return &live->rows[i];
        }
    }
    return NULL;
}

void live_row(struct live *live, const char *key, const char *status, const char *detail,
              int64_t at_ms) {
    struct live_row *row;

    if (!live->screen.is_live) {
        return;
    }
    (void)pthread_mutex_lock(&live->lock);
    tick_start(live);
    row = row_find(live, key);
    if (row == NULL && live->row_n < ROWS_MAX) {
        row = &live->rows[live->row_n++];
        *row =
            (struct live_row){.key = mem_strdup(key), .since_ms = clock_mono_ms(), .at_ms = at_ms};
    }
    if (row != NULL) {
        free(row->status);
        free(row->detail);
        row->status = mem_strdup(status);
        row->detail = mem_strdup(detail);
    }
    live->is_hidden = false;
    draw(live);
    (void)pthread_mutex_unlock(&live->lock);
}

int64_t live_settle(struct live *live, const char *key, int64_t at_ms) {
    struct live_row *row;
    int64_t elapsed_ms = -1;

    (void)pthread_mutex_lock(&live->lock);
    row = row_find(live, key);
    if (row != NULL) {
        elapsed_ms = at_ms > row->at_ms ? at_ms - row->at_ms : 0;
        row_done(row);
        live->row_n--;
        memmove(row, row + 1, (size_t)(&live->rows[live->row_n] - row) * sizeof *row);
    }
    (void)pthread_mutex_unlock(&live->lock);
    return elapsed_ms;
}

void live_note(struct live *live, const char *text, bool is_new) {
    CLEANUP(buf_done) struct buf safe = BUF_INIT(4096);

    if (!live->screen.is_live) {
        return;
    }
    screen_word(&safe, text);
    (void)pthread_mutex_lock(&live->lock);
    tick_start(live);
    free(live->note);
    live->note = text == NULL ? NULL : mem_strdup(buf_cstr(&safe));
    if (is_new) {
        live->note_since_ms = clock_mono_ms();
    }
    live->is_hidden = false;
    draw(live);
    (void)pthread_mutex_unlock(&live->lock);
}

void live_tail(struct live *live, const char *line, int columns) {
    if (!live->screen.is_live) {
        return;
    }
    (void)pthread_mutex_lock(&live->lock);
    free(live->tail);
    live->tail = columns == 0 ? NULL : mem_strdup(line);
    live->tail_columns = columns;
    (void)pthread_mutex_unlock(&live->lock);
}

void live_hide(struct live *live) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(256);

    (void)pthread_mutex_lock(&live->lock);
    draw_erase(live, &out);
    live->is_hidden = true;
    screen_write(&live->screen, &out);
    (void)pthread_mutex_unlock(&live->lock);
}

void live_clear(struct live *live) {
    live_hide(live);
    (void)pthread_mutex_lock(&live->lock);
    forget(live);
    (void)pthread_mutex_unlock(&live->lock);
}
