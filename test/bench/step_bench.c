/* What a durable step costs, beside the physical floor, and what a parked session costs.
 *
 *   step_bench DIR RUNS         RUNS runs of 8 steps: a step is a result and the next phase with
 * its 2 KB state, on the disk before the next begins. Each step is followed by one of the floor: a
 * 2 KB row committed to a bare SQLite file, WAL and synchronous=FULL, so that both meet the same
 * disk. step_bench DIR park N       N sessions of 8 steps, in groups of 16 that advance in turn,
 * closed; then 100 of them, at random, are replayed and go on.
 *   step_bench DIR verify N     N records in sessions of 640; then `audit verify` of all of them.
 *
 * DIR must exist and be on the disk in question. The state is JSON of words and digests, new for
 * each step; deflate leaves 29 % of it (the peers' is one letter repeated). cpu is user + system of
 * the process; syncs are counted at fsync() and fdatasync(). Prints rows for people, then one JSON
 * object a line. */
#include "base/rand.h"
#include "support/store_fixture.h"
#include "sys/fs.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { STEPS = 8, STATE_BYTES = 2048, WARM_RUNS = 20, GROUP = 16, RESUMED = 100 };

/* ---- Counting ---- */

static size_t syncs;

/* SQLite finds these before libc's. */
int fdatasync(int fd) {
    syncs++;
    return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd) {
    syncs++;
    return (int)syscall(SYS_fsync, fd);
}

struct tally {
    double *wall_ms; /* of each step */
    size_t n;
    double cpu_ms;
    size_t syncs;
};

static double now_ms(clockid_t clock) {
    struct timespec t;

    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

struct mark {
    double wall_ms;
    double cpu_ms;
    size_t syncs;
};

static struct mark mark(void) {
    return (struct mark){now_ms(CLOCK_MONOTONIC), now_ms(CLOCK_PROCESS_CPUTIME_ID), syncs};
}

static void tally_add(struct tally *t, struct mark from) {
    struct mark to = mark();

    t->wall_ms[t->n++] = to.wall_ms - from.wall_ms;
    t->cpu_ms += to.cpu_ms - from.cpu_ms;
    t->syncs += to.syncs - from.syncs;
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double tally_p(const struct tally *t, double share) {
    return t->wall_ms[(size_t)((double)(t->n - 1) * share)];
}

static double tally_mean(const struct tally *t) {
    double sum = 0;

    for (size_t i = 0; i < t->n; i++) {
        sum += t->wall_ms[i];
    }
    return sum / (double)t->n;
}

static void tally_print(const char *name, struct tally *t) {
    qsort(t->wall_ms, t->n, sizeof *t->wall_ms, by_size);
    (void)printf("%-24s %8zu steps  mean %.4f  p50 %.4f  p99 %.4f ms  cpu %.4f ms  syncs %.3f\n",
                 name, t->n, tally_mean(t), tally_p(t, 0.5), tally_p(t, 0.99),
                 t->cpu_ms / (double)t->n, (double)t->syncs / (double)t->n);
}

static void json_row(const char *name, double value, const char *unit, const char *peer,
                     double peer_value, size_t runs) {
    (void)printf("{\"name\":\"%s\",\"value\":%.4f,\"unit\":\"%s\"", name, value, unit);
    if (peer != NULL) {
        (void)printf(",\"peer\":\"%s\",\"peer_value\":%.4f,\"ratio\":%.3f", peer, peer_value,
                     value / peer_value);
    }
    (void)printf(",\"runs\":%zu}\n", runs);
}

/* ---- The two sides ---- */

/* JSON of about STATE_BYTES: names and words as a state has them, and digests that nothing packs.
 */
static struct masked make_state(const struct fixture *f, int step) {
    struct buf text = BUF_INIT(STATE_BYTES * 2);
    unsigned char bytes[16];
    struct masked out;

    buf_addf(&text, "{\"phase\":\"step-%d\",\"artefacts\":[", step);
    for (int i = 0; text.len < STATE_BYTES - 120; i++) {
        rand_bytes(bytes, sizeof bytes);
        buf_addf(&text, "%s{\"name\":\"backend/part-%d.zip\",\"id\":\"", i == 0 ? "" : ",", i);
        for (size_t b = 0; b < sizeof bytes; b++) {
            buf_addf(&text, "%02x", bytes[b]);
        }
        buf_add_s(&text, "\",\"status\":\"uploaded\"}");
    }
    buf_addf(&text, "],\"round\":%d}", step);
    out = fixture_mask(f, buf_cstr(&text));
    buf_done(&text);
    return out;
}

static void our_step(struct journal *j, int step, const struct masked *state) {
    const struct journal_entry entries[] = {
        {.kind = RECORD_RESULT,
         .call = step + 1,
         .fields = {[FIELD_AGENT] = STR("planner"),
                    [FIELD_TOOL] = STR("uv_client"),
                    [FIELD_OP] = STR("check"),
                    [FIELD_OUTCOME] = STR("ok"),
                    [FIELD_DIGEST] = STR("0123456789abcdef0123456789abcdef"
                                         "0123456789abcdef0123456789abcdef")}},
        {.kind = RECORD_PHASE,
         .fields = {[FIELD_PHASE] = STR("plan"), [FIELD_STATUS] = STR("running")},
         .body = state},
    };

    MUST(journal_append(j, entries, ARRAY_N(entries), 0, NULL, &err));
}

static struct journal *our_start(struct fixture *f, size_t number, struct store_lease *lease) {
    char id[32];
    struct journal *j;
    const struct journal_entry first = fixture_first();

    (void)snprintf(id, sizeof id, "session-%06zu", number);
    j = fixture_journal(f, id, lease);
    MUST(journal_append(j, &first, 1, 0, NULL, &err));
    return j;
}

struct floor {
    sqlite3 *db;
    sqlite3_stmt *insert;
};

static void floor_check(struct floor *fl, int rc, int wanted) {
    if (rc != wanted) {
        (void)fprintf(stderr, "floor: %s\n", sqlite3_errmsg(fl->db));
        exit(1);
    }
}

static void floor_open(struct floor *fl, const char *path) {
    floor_check(fl, sqlite3_open(path, &fl->db), SQLITE_OK);
    floor_check(fl,
                sqlite3_exec(fl->db,
                             "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                             "CREATE TABLE step (session TEXT, n INT, body BLOB,"
                             " PRIMARY KEY (session, n)) WITHOUT ROWID",
                             NULL, NULL, NULL),
                SQLITE_OK);
    floor_check(
        fl, sqlite3_prepare_v2(fl->db, "INSERT INTO step VALUES (?, ?, ?)", -1, &fl->insert, NULL),
        SQLITE_OK);
}

static void floor_step(struct floor *fl, size_t session, int step, const char *body) {
    char id[32];

    (void)snprintf(id, sizeof id, "session-%06zu", session);
    (void)sqlite3_bind_text(fl->insert, 1, id, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int(fl->insert, 2, step);
    (void)sqlite3_bind_blob(fl->insert, 3, body, STATE_BYTES, SQLITE_STATIC);
    floor_check(fl, sqlite3_step(fl->insert), SQLITE_DONE);
    (void)sqlite3_reset(fl->insert);
}

static void run_steps(struct fixture *f, struct floor *fl, size_t number, struct tally *ours,
                      struct tally *floors) {
    struct store_lease lease;
    struct journal *j = our_start(f, number, &lease);
    char body[STATE_BYTES];

    memset(body, 'x', sizeof body);
    for (int step = 0; step < STEPS; step++) {
        struct masked state = make_state(f, step);
        struct mark at = mark();

        our_step(j, step, &state);
        tally_add(ours, at);
        at = mark();
        floor_step(fl, number, step, body);
        tally_add(floors, at);
        masked_done(&state);
    }
    MUST(store_release_lease(f->store, &lease, &err));
    journal_close(j);
}

static void bench_steps(struct fixture *f, size_t runs) {
    struct floor fl;
    struct tally ours = {.wall_ms = mem_array(runs * STEPS, sizeof(double))};
    struct tally floors = {.wall_ms = mem_array(runs * STEPS, sizeof(double))};
    double warm[2][STEPS];
    char *path = mem_format("%s/floor.db", f->dir);

    floor_open(&fl, path);
    for (size_t i = 0; i < WARM_RUNS; i++) {
        struct tally a = {.wall_ms = warm[0]};
        struct tally b = {.wall_ms = warm[1]};

        run_steps(f, &fl, i, &a, &b);
    }
    for (size_t i = 0; i < runs; i++) {
        run_steps(f, &fl, WARM_RUNS + i, &ours, &floors);
    }
    tally_print("aws-copilot journal", &ours);
    tally_print("SQLite WAL FULL, bare", &floors);
    json_row("durable_step_p50", tally_p(&ours, 0.5), "ms", "sqlite-wal-full",
             tally_p(&floors, 0.5), runs);
    json_row("durable_step_p99", tally_p(&ours, 0.99), "ms", "sqlite-wal-full",
             tally_p(&floors, 0.99), runs);
    json_row("durable_step_vs_floor", tally_p(&ours, 0.5) / tally_p(&floors, 0.5), "ratio", NULL, 0,
             runs);
    json_row("durable_step_cpu", ours.cpu_ms / (double)ours.n, "ms", "sqlite-wal-full",
             floors.cpu_ms / (double)floors.n, runs);
    json_row("durable_step_syncs", (double)ours.syncs / (double)ours.n, "syncs", "sqlite-wal-full",
             (double)floors.syncs / (double)floors.n, runs);
    (void)sqlite3_finalize(fl.insert);
    (void)sqlite3_close(fl.db);
    free(ours.wall_ms);
    free(floors.wall_ms);
    free(path);
}

/* ---- Parked sessions ---- */

static double rss_kb(void) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(64 << 10);
    struct str rest;
    struct str line;
    char unit[8];
    double kb = 0;

    MUST(fs_read_file("/proc/self/status", 64 << 10, &text, &err));
    rest = buf_str(&text);
    while (str_next(&rest, '\n', &line)) {
        if (str_starts(line, STR("VmRSS:"))) {
            (void)sscanf(line.ptr, "VmRSS: %lf %7s", &kb, unit);
        }
    }
    return kb;
}

static double file_kb(const struct fixture *f, const char *name) {
    char *path = mem_format("%s/%s", f->dir, name);
    struct stat st = {0};

    (void)stat(path, &st);
    free(path);
    return (double)st.st_size / 1024;
}

static void park_group(struct fixture *f, size_t first, size_t n) {
    struct store_lease leases[GROUP];
    struct journal *journals[GROUP];

    for (size_t i = 0; i < n; i++) {
        journals[i] = our_start(f, first + i, &leases[i]);
    }
    for (int step = 0; step < STEPS; step++) {
        for (size_t i = 0; i < n; i++) {
            struct masked state = make_state(f, step);

            our_step(journals[i], step, &state);
            masked_done(&state);
        }
    }
    for (size_t i = 0; i < n; i++) {
        MUST(store_release_lease(f->store, &leases[i], &err));
        journal_close(journals[i]);
    }
}

static enum err_code find_state(const struct journal_record *r, void *context, struct err *err) {
    size_t *state_bytes = context;

    (void)err;
    *state_bytes = r->kind == RECORD_PHASE && r->has_body ? r->body.len : *state_bytes;
    return ERR_NONE;
}

/* Replays one session and takes one more step. */
static void resume(struct fixture *f, size_t number) {
    char id[32];
    struct store_lease lease;
    struct journal *j;
    size_t state_bytes = 0;
    struct masked state = make_state(f, STEPS);

    (void)snprintf(id, sizeof id, "session-%06zu", number);
    MUST(journal_replay(f->store, str_from(id), 1, find_state, &state_bytes, &err));
    if (state_bytes < STATE_BYTES / 2) {
        (void)fprintf(stderr, "%s has lost its state\n", id);
        exit(1);
    }
    j = fixture_journal(f, id, &lease);
    our_step(j, STEPS, &state);
    MUST(store_release_lease(f->store, &lease, &err));
    journal_close(j);
    masked_done(&state);
}

static void bench_park(struct fixture *f, size_t n) {
    double before_kb;
    double after_kb;
    double disk_kb;
    double started_ms;
    struct journal_report report = {0};

    park_group(f, n, GROUP < n ? GROUP : n); /* buffers and page cache of the process are filled */
    before_kb = rss_kb();
    for (size_t i = 0; i < n; i += GROUP) {
        park_group(f, i, n - i < GROUP ? n - i : GROUP);
    }
    after_kb = rss_kb();
    disk_kb = file_kb(f, "store.db") + file_kb(f, "store.db-wal");
    started_ms = now_ms(CLOCK_MONOTONIC);
    for (int i = 0; i < RESUMED; i++) {
        resume(f, (size_t)(rand_unit() * (double)n));
    }
    started_ms = now_ms(CLOCK_MONOTONIC) - started_ms;
    MUST(journal_verify(f->store, STR(""), &report, &err));
    if (!report.is_ok) {
        (void)fprintf(stderr, "%s: %s\n", report.session, report.reason);
        exit(1);
    }
    (void)printf("%zu parked sessions: %.2f KB disk each, %.3f KB memory each (process %.1f MB); "
                 "one resumes and steps in %.2f ms\n",
                 n, disk_kb / (double)n, (after_kb - before_kb) / (double)n, after_kb / 1024,
                 started_ms / RESUMED);
    json_row("parked_session", disk_kb / (double)n, "KB", NULL, 0, n);
    json_row("parked_session_rss", (after_kb - before_kb) / (double)n, "KB", NULL, 0, n);
    json_row("parked_session_resume", started_ms / RESUMED, "ms", NULL, 0, RESUMED);
}

/* ---- Verifying ---- */

static void bench_verify(struct fixture *f, size_t n) {
    struct journal_entry notes[JOURNAL_APPEND_MAX];
    struct masked body =
        fixture_mask(f, "{\"event\":\"CREATE_IN_PROGRESS\",\"resource\":\"Backend\"}");
    struct journal_report report = {0};
    struct store_lease lease;
    struct journal *j = NULL;
    double started_ms;

    for (size_t i = 0; i < ARRAY_N(notes); i++) {
        notes[i] = (struct journal_entry){
            .kind = RECORD_NOTE, .fields = {[FIELD_SUBJECT] = STR("stack/todo")}, .body = &body};
    }
    for (size_t i = 0; i * JOURNAL_APPEND_MAX < n; i++) {
        if (i % 10 == 0) {
            journal_close(j);
            j = our_start(f, i, &lease);
        }
        MUST(journal_append(j, notes, ARRAY_N(notes), 0, NULL, &err));
    }
    journal_close(j);
    started_ms = now_ms(CLOCK_MONOTONIC);
    MUST(journal_verify(f->store, STR(""), &report, &err));
    started_ms = now_ms(CLOCK_MONOTONIC) - started_ms;
    (void)printf("%zu records verified in %.2f s: %s\n", report.records, started_ms / 1e3,
                 report.is_ok ? "ok" : report.reason);
    json_row("audit_verify_1m", started_ms / 1e3 * 1e6 / (double)report.records, "s", NULL, 0,
             report.records);
    masked_done(&body);
}

/* ---- The three modes ---- */

static const struct {
    const char *word; /* NULL: none */
    void (*run)(struct fixture *f, size_t n);
} modes[] = {{NULL, bench_steps}, {"park", bench_park}, {"verify", bench_verify}};

/* The mode that the arguments name; ARRAY_N(modes) when none. */
static size_t find_mode(int argc, char **argv) {
    size_t i = 0;

    while (i < ARRAY_N(modes) &&
           (modes[i].word == NULL ? argc != 3 : argc != 4 || strcmp(argv[2], modes[i].word) != 0)) {
        i++;
    }
    return i;
}

int main(int argc, char **argv) {
    const size_t mode = find_mode(argc, argv);
    struct fixture f;
    struct err err;
    int64_t n = 0;

    if (mode == ARRAY_N(modes) ||
        str_to_i64(str_from(argv[argc - 1]), 1, 1000000, &n, &err) != ERR_NONE ||
        setenv("TMPDIR", argv[1], 1) != 0) {
        (void)fprintf(stderr, "usage: step_bench DIR [park | verify] N\n");
        return 2;
    }
    fixture_open(&f, &store_sqlite);
    modes[mode].run(&f, (size_t)n);
    fixture_done(&f);
    return 0;
}
