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

    if (file_word(cli, &path, err) != ERR_NONE || cli_flow(cli, err) != ERR_NONE) {
        return err->code;
    }
    if (store_backup(flow_store(cli->flow), path, err) != ERR_NONE) {
        return err->remedy[0] == '\0'
                   ? err_remedy(err, "name a file in a folder that can be written")
                   : err->code;
    }
    if (journal_verify(flow_store(cli->flow), STR(""), &report, err) != ERR_NONE) {
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
    if (fs_mkdirs(restore->dir, 0700, err) != ERR_NONE) {
        return err->code;
    }
    if (restore_copy(file, restore->copy, err) != ERR_NONE) {
        return err->remedy[0] == '\0'
                   ? err_remedy(err, "give the path of a file that aws-copilot backup made")
                   : err->code;
    }
    if (access(own, F_OK) == 0 && restore_copy(own, key, err) != ERR_NONE) {
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

/* What the steps of a restore look through sessions with. */
struct restore_look {
    struct cli *cli;
    struct restore *restore;
    const char *file;
    int64_t sessions; /* that would go back or be lost */
};

static enum err_code restore_verify_session(const struct store_session *row, void *context,
                                            struct err *err) {
    const struct restore_look *look = context;

    if (journal_replay(look->restore->store, row->id, 1, restore_visit,
                       (void *)(uintptr_t)cli_redactor(look->cli), err) != ERR_NONE) {
        (void)err_prefix(err, "%s, session " STR_FMT, look->file, STR_ARG(row->id));
        return err_remedy(err, "name another backup; nothing was changed");
    }
    return ERR_NONE;
}

static enum err_code restore_each(struct store *store, store_session_visit visit,
                                  struct restore_look *look, struct err *err) {
    return store_visit_sessions(store, &(struct store_sessions){0}, visit, look, err);
}

static enum err_code restore_verify(struct restore_look *look, struct err *err) {
    struct journal_report report = {0};

    if (journal_verify(look->restore->store, STR(""), &report, err) != ERR_NONE) {
        return err->code;
    }
    if (!report.is_ok) {
        err_set(err, ERR_CORRUPT, "%s is damaged: session %s, record %lld: %s; nothing was changed",
                look->file, report.session, (long long)report.seq, report.reason);
        return err_remedy(err, strstr(report.reason, "install key") != NULL
                                   ? "put the install.key of then beside the state file first"
                                   : "name another backup");
    }
    return restore_each(look->restore->store, restore_verify_session, look, err);
}

/* ---- What it would lose, and what is open in it ---- */

/* A session of the copy that is not over: what happened at AWS since is not in it, so each effect
 * is asked about before it is run (flow/session.c). */
static enum err_code restore_mark(const struct store_session *row, void *context, struct err *err) {
    const struct restore_look *look = context;
    CLEANUP(json_decrefp) json_t *body = json_object();
    CLEANUP(masked_done) struct masked masked = {0};
    struct store_put put = {.collection = "restored", .id = row->id, .body = &masked};

    if (!str_eq(row->status, STR("waiting")) && !str_eq(row->status, STR("running"))) {
        return ERR_NONE;
    }
    json_put_int(body, "at_ms", clock_now_ms());
    redact_json(flow_redactor(look->cli->flow), body, &masked);
    return store_put_doc(look->restore->store, &put, err);
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

static enum err_code restore_tell(const struct store_session *session, void *context,
                                  struct err *err) {
    struct restore_look *look = context;
    int64_t lost = 0;
    json_t *row;

    if (restore_compare(look->cli, look->restore, session, &lost, err) != ERR_NONE) {
        return err->code;
    }
    if (lost <= 0 || str_eq(session->kind, STR("query"))) {
        return ERR_NONE;
    }
    row = json_object();
    json_put_strn(row, "session", session->id);
    json_put_strn(row, "kind", session->kind);
    json_put_strn(row, "status", session->status);
    json_put_int(row, "records", lost);
    cli_event(look->cli, "lost", row);
    if (++look->sessions <= SHOWN_MAX) {
        cli_say(look->cli, "  " STR_FMT "  " STR_FMT " (" STR_FMT "): %lld records since then",
                STR_ARG(session->id), STR_ARG(session->kind), STR_ARG(session->status),
                (long long)lost);
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

static enum err_code restore_put(struct restore_look *look, struct err *err) {
    struct cli *cli = look->cli;
    struct restore *restore = look->restore;

    if (restore_each(restore->store, restore_mark, look, err) != ERR_NONE) {
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
    struct restore_look look = {.cli = cli, .restore = &restore};
    struct err why = {0};
    bool is_damaged;

    if (file_word(cli, &file, err) != ERR_NONE || flow_state_dir(&state, err) != ERR_NONE) {
        return err->code;
    }
    is_damaged = cli_flow(cli, &why) == ERR_CORRUPT;
    if (!is_damaged && why.code != ERR_NONE) {
        *err = why;
        return err->code;
    }
    look.file = file;
    if (restore_open(&restore, state, file, err) != ERR_NONE ||
        restore_verify(&look, err) != ERR_NONE) {
        return err->code;
    }
    if (is_damaged) {
        return restore_move_damaged(cli, state, err) != ERR_NONE || cli_flow(cli, err) != ERR_NONE
                   ? err->code
                   : restore_put(&look, err);
    }
    if (restore_each(flow_store(cli->flow), restore_tell, &look, err) != ERR_NONE ||
        restore_ask(cli, look.sessions, err) != ERR_NONE) {
        return err->code;
    }
    return restore_put(&look, err);
}

const struct verb verb_restore = {
    .name = "restore",
    .words = "FILE",
    .word_max = 1,
    .summary = "put a backup in the place of the state file",
    .more =
        "FILE is checked first (pages, version, hash chains, nothing secret), and what would be "
        "lost is listed. The file before stays beside it. No process that was at work goes on "
        "with its session; one that is open in FILE asks AWS about each effect before it does "
        "it, and takes up what the artifact bucket has of it.",
    .section = VERBS_RECORD,
    .options = OPTIONS_ASK,
    .run = restore_run,
};
