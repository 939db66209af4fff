/* backup, restore: the state file, kept and put back. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "front/verb/run.h"
#include "sys/fs.h"

enum { SHOWN_MAX = 10 };

/* ---- backup ---- */

static enum err_code file_word(struct cli *cli, const char **out, struct err *err) {
    *out = cli_word(cli, 0);
    if (*out == NULL) {
        err_set(err, ERR_USAGE, "%s which file?", cli->verb->name);
        return err_remedy(err, "aws-copilot %s FILE", cli->verb->name);
    }
    return ERR_NONE;
}

static enum err_code backup_run(struct cli *cli, struct err *err) {
    struct journal_report report = {0};
    const char *path = NULL;
    json_t *row;

    if (file_word(cli, &path, err) != ERR_NONE || cli_flow(cli, err) != ERR_NONE ||
        store_backup(flow_store(cli->flow), path, err) != ERR_NONE ||
        journal_verify(flow_store(cli->flow), STR(""), &report, err) != ERR_NONE) {
        return err->code;
    }
    row = agent_args("file", path, NULL);
    json_put_int(row, "sessions", (int64_t)report.sessions);
    json_put_bool(row, "ok", report.is_ok);
    cli_event(cli, "backup", row);
    cli_say(cli,
            "%zu sessions are in %s; the key beside the state file (install.key) is not, so "
            "keep that too if seals are to be checked on another machine",
            report.sessions, path);
    if (report.is_ok) {
        return ERR_NONE;
    }
    err_set(err, ERR_CORRUPT,
            "the copy is made, and its record is damaged: session %s, record %lld", report.session,
            (long long)report.seq);
    return err_remedy(err, "aws-copilot audit verify says more");
}

const struct verb verb_backup = {
    .name = "backup",
    .words = "FILE",
    .word_max = 1,
    .summary = "copy the state file, while runs go on",
    .more =
        "FILE is new, of mode 0600, and one moment of the record: sessions, approvals, releases.\n"
        "aws-copilot restore FILE puts it back.",
    .section = VERBS_RECORD,
    .run = backup_run,
};

/* ---- restore: the file is checked before anything is touched ---- */

struct restore {
    char *dir;   /* where the copy is looked at; removed at the end */
    char *copy;  /* dir/store.db */
    char *aside; /* where what is replaced stays */
    struct store *store;
};

static void restore_done(struct restore *restore) {
    CLEANUP(freep) char *key = restore->dir == NULL ? NULL : fs_join(restore->dir, "install.key");

    store_close(restore->store);
    if (restore->dir != NULL) {
        (void)unlink(restore->copy);
        (void)unlink(key);
        (void)rmdir(restore->dir);
    }
    free(restore->dir);
    free(restore->copy);
    free(restore->aside);
}

static enum err_code restore_copy(const char *from, const char *to, struct err *err) {
    CLEANUP(buf_done) struct buf bytes = BUF_INIT((size_t)1 << 31);

    return fs_read_file(from, bytes.max, &bytes, err) != ERR_NONE
               ? err->code
               : fs_write_file(to, buf_str(&bytes), 0600, err);
}

/* Opening brings an older file to this version, and refuses a newer one or another program's. */
static enum err_code restore_open(struct restore *restore, const char *state, const char *file,
                                  struct err *err) {
    CLEANUP(freep) char *own = fs_join(state, "install.key");
    CLEANUP(freep) char *key = NULL;

    restore->dir = mem_format("%s/restore.%d", state, (int)getpid());
    restore->copy = fs_join(restore->dir, "store.db");
    restore->aside =
        mem_format("%s/store.db.before-restore-%lld", state, (long long)clock_now_ms());
    key = fs_join(restore->dir, "install.key");
    if (fs_mkdirs(restore->dir, 0700, err) != ERR_NONE ||
        restore_copy(file, restore->copy, err) != ERR_NONE ||
        (access(own, F_OK) == 0 && restore_copy(own, key, err) != ERR_NONE)) {
        return err->code;
    }
    if (store_open(&store_sqlite, restore->dir, &restore->store, err) == ERR_NONE &&
        store_check(restore->store, err) == ERR_NONE) {
        return ERR_NONE;
    }
    if (err->code == ERR_CORRUPT) {
        err_set(err, ERR_CORRUPT, "%s is no whole backup; nothing was changed", file);
        err_remedy(err, "name another one");
    }
    return err->code;
}

/* What was masked when it was written stays so; a file that somebody wrote into may hold more. */
static enum err_code restore_visit(const struct journal_record *record, void *context,
                                   struct err *err) {
    const struct redactor *redactor = context;

    if (redact_is_clean(redactor, record->body)) {
        return ERR_NONE;
    }
    return err_set(err, ERR_POLICY, "record %lld holds a secret", (long long)record->seq);
}

static enum err_code restore_verify(struct cli *cli, struct restore *restore, const char *file,
                                    struct err *err) {
    struct journal_report report = {0};
    char after[STORE_ID_MAX + 1] = "";
    size_t n = 1;

    if (journal_verify(restore->store, STR(""), &report, err) != ERR_NONE) {
        return err->code;
    }
    if (!report.is_ok) {
        err_set(err, ERR_CORRUPT, "%s is damaged: session %s, record %lld: %s; nothing was changed",
                file, report.session, (long long)report.seq, report.reason);
        return err_remedy(err, strstr(report.reason, "install key") != NULL
                                   ? "put the install.key of then beside the state file first"
                                   : "name another backup");
    }
    while (n > 0) {
        CLEANUP(arena_freep) struct arena *arena = arena_new();
        const struct store_sessions find = {.after = str_from(after)};
        const struct store_session *rows = NULL;

        if (store_list_sessions(restore->store, &find, arena, &rows, &n, err) != ERR_NONE) {
            return err->code;
        }
        for (size_t i = 0; i < n; i++) {
            (void)snprintf(after, sizeof after, STR_FMT, STR_ARG(rows[i].id));
            if (journal_replay(restore->store, rows[i].id, 1, restore_visit,
                               (void *)(uintptr_t)cli_redactor(cli), err) != ERR_NONE) {
                (void)err_prefix(err, "%s, session %s", file, after);
                return err_remedy(err, "name another backup; nothing was changed");
            }
        }
    }
    return ERR_NONE;
}

/* ---- What it would lose, and what is open in it ---- */

/* A session of the copy that is not over: what happened at AWS since is not in it, so each effect
 * is asked about before it is run (flow/session.c). */
static enum err_code restore_mark(struct cli *cli, struct restore *restore,
                                  const struct store_session *row, struct err *err) {
    CLEANUP(json_decrefp) json_t *body = json_object();
    CLEANUP(masked_done) struct masked masked = {0};
    struct store_put put = {.collection = "restored", .id = row->id, .body = &masked};

    if (!str_eq(row->status, STR("waiting")) && !str_eq(row->status, STR("running"))) {
        return ERR_NONE;
    }
    json_put_int(body, "at_ms", clock_now_ms());
    redact_json(flow_redactor(cli->flow), body, &masked);
    return store_put_doc(restore->store, &put, err);
}

static enum err_code restore_mark_all(struct cli *cli, struct restore *restore, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const struct store_sessions find = {0};
    const struct store_session *rows = NULL;
    size_t n = 0;

    if (store_list_sessions(restore->store, &find, arena, &rows, &n, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < n; i++) {
        if (restore_mark(cli, restore, &rows[i], err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

/* Records of this session that are here and not in the copy; refuses while it is run. */
static enum err_code restore_compare(struct cli *cli, struct restore *restore,
                                     const struct store_session *row, int64_t *lost,
                                     struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const struct store_session *kept = NULL;
    struct store_lease lease = {0};

    if (store_read_lease(flow_store(cli->flow), row->id, &lease, err) != ERR_NONE ||
        store_get_session(restore->store, row->id, arena, &kept, err) != ERR_NONE) {
        return err->code;
    }
    if (store_lease_is_held(&lease, clock_now_ms())) {
        err_set(err, ERR_LOCKED, "session " STR_FMT " is under way (process %lld)",
                STR_ARG(row->id), (long long)lease.owner.pid);
        return err_remedy(err, "wait for it, or aws-copilot cancel " STR_FMT, STR_ARG(row->id));
    }
    *lost = row->last_seq - (kept == NULL ? 0 : kept->last_seq);
    return ERR_NONE;
}

static enum err_code restore_tell(struct cli *cli, struct restore *restore, int64_t *sessions,
                                  struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const struct store_sessions find = {0};
    const struct store_session *rows = NULL;
    size_t n = 0;

    *sessions = 0;
    if (store_list_sessions(flow_store(cli->flow), &find, arena, &rows, &n, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < n; i++) {
        int64_t lost = 0;
        json_t *row;

        if (restore_compare(cli, restore, &rows[i], &lost, err) != ERR_NONE) {
            return err->code;
        }
        if (lost <= 0 || str_eq(rows[i].kind, STR("query"))) {
            continue;
        }
        row = json_object();
        json_put_strn(row, "session", rows[i].id);
        json_put_strn(row, "kind", rows[i].kind);
        json_put_strn(row, "status", rows[i].status);
        json_put_int(row, "records", lost);
        cli_event(cli, "lost", row);
        if (++*sessions <= SHOWN_MAX) {
            cli_say(cli, "  %.*s  %.*s (%.*s): %lld records since then", (int)rows[i].id.len,
                    rows[i].id.ptr, (int)rows[i].kind.len, rows[i].kind.ptr,
                    (int)rows[i].status.len, rows[i].status.ptr, (long long)lost);
        }
    }
    return ERR_NONE;
}

static enum err_code restore_ask(struct cli *cli, int64_t sessions, struct err *err) {
    CLEANUP(freep)
    char *question = mem_format(
        "Put this file in the place of the state file? %lld sessions go back or are lost "
        "here. What is at AWS stays as it is.",
        (long long)sessions);
    bool is_yes = args_is(&cli->args, OPT_YES);

    if (!is_yes && asker_confirm(&cli->asker, question, false, &is_yes, err) != ERR_NONE) {
        if (err->code == ERR_WAITING) {
            err_set(err, ERR_MISSING, "a restore replaces the state file");
            return err_remedy(err, "-y replaces it; nothing was changed");
        }
        return err->code;
    }
    return is_yes ? ERR_NONE : err_set(err, ERR_CANCELLED, "you said no; nothing was changed");
}

static enum err_code restore_put(struct cli *cli, struct restore *restore, struct err *err) {
    if (restore_mark_all(cli, restore, err) != ERR_NONE) {
        return err->code;
    }
    store_close(TAKE(restore->store));
    if (store_backup(flow_store(cli->flow), restore->aside, err) != ERR_NONE ||
        store_restore(flow_store(cli->flow), restore->copy, err) != ERR_NONE) {
        return err->code;
    }
    cli_event(cli, "restored", agent_args("before", restore->aside, NULL));
    cli_say(cli, "it is put back; what was there before is in %s", restore->aside);
    return ERR_NONE;
}

/* A state file that cannot be opened is moved aside, with what lies beside it. */
static enum err_code restore_move_damaged(struct cli *cli, const char *state, struct err *err) {
    static const char *const ends[] = {"", "-wal", "-shm"};
    int64_t now_ms = clock_now_ms();

    if (restore_ask(cli, 0, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < ARRAY_N(ends); i++) {
        CLEANUP(freep) char *from = mem_format("%s/store.db%s", state, ends[i]);
        CLEANUP(freep)
        char *to = mem_format("%s/store.db.damaged-%lld%s", state, (long long)now_ms, ends[i]);

        if (rename(from, to) != 0 && errno != ENOENT) {
            return err_errno(err, errno, "%s", from);
        }
    }
    cli_say(cli, "the damaged file is kept as %s/store.db.damaged-%lld", state, (long long)now_ms);
    return ERR_NONE;
}

static enum err_code restore_run(struct cli *cli, struct err *err) {
    CLEANUP(restore_done) struct restore restore = {0};
    CLEANUP(freep) char *state = NULL;
    const char *file = NULL;
    struct err why = {0};
    int64_t sessions = 0;
    bool is_damaged;

    if (file_word(cli, &file, err) != ERR_NONE || flow_state_dir(&state, err) != ERR_NONE) {
        return err->code;
    }
    is_damaged = cli_flow(cli, &why) == ERR_CORRUPT;
    if (!is_damaged && why.code != ERR_NONE) {
        *err = why;
        return err->code;
    }
    if (restore_open(&restore, state, file, err) != ERR_NONE ||
        restore_verify(cli, &restore, file, err) != ERR_NONE) {
        return err->code;
    }
    if (is_damaged) {
        return restore_move_damaged(cli, state, err) != ERR_NONE || cli_flow(cli, err) != ERR_NONE
                   ? err->code
                   : restore_put(cli, &restore, err);
    }
    if (restore_tell(cli, &restore, &sessions, err) != ERR_NONE ||
        restore_ask(cli, sessions, err) != ERR_NONE) {
        return err->code;
    }
    return restore_put(cli, &restore, err);
}

const struct verb verb_restore = {
    .name = "restore",
    .words = "FILE",
    .word_max = 1,
    .summary = "put a backup in the place of the state file",
    .more =
        "FILE is checked first (pages, version, hash chains, nothing secret), and what would be "
        "lost\n"
        "is listed. The file before stays beside it. No process that was at work goes on with its\n"
        "session; one that is open in FILE asks AWS about each effect before it does it, and takes "
        "up\n"
        "what the artifact bucket has of it.",
    .section = VERBS_RECORD,
    .options = OPTIONS_ASK,
    .run = restore_run,
};
