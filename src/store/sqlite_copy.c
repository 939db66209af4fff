/* Copies of the SQLite file: one that is taken while others write, and one that is put back. */
#include "store/sqlite_db.h"

#include "sys/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Leases of a file that is put back move on by this much, past what a process took after the look
 * at the file that is replaced. */
#define LEASE_STEP "1000"

/* One transaction: what the copy holds is what the source held at one moment. */
static int copy_pages(sqlite3 *to, sqlite3 *from) {
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    int rc;

    if (backup == NULL) {
        return sqlite3_extended_errcode(to);
    }
    rc = sqlite3_backup_step(backup, -1);
    for (int waited = 0; (rc == SQLITE_BUSY || rc == SQLITE_LOCKED) && waited < STORE_BUSY_MS;
         waited += 20) {
        (void)sqlite3_sleep(20);
        rc = sqlite3_backup_step(backup, -1);
    }
    (void)sqlite3_backup_finish(backup);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static enum err_code copy_open(const char *path, sqlite3 **out, struct err *err) {
    if (sqlite3_open_v2(path, out, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ==
        SQLITE_OK) {
        (void)sqlite3_busy_timeout(*out, STORE_BUSY_MS);
        return ERR_NONE;
    }
    return err_set(err, ERR_IO, "%s cannot be opened", path);
}

static enum err_code copy_new_file(const char *path, struct err *err) {
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0 && errno == EEXIST) {
        err_set(err, ERR_CONFLICT, "%s is there already", path);
        return err_remedy(err, "name a file that is not");
    }
    if (fd < 0) {
        return err_errno(err, errno, "%s", path);
    }
    (void)close(fd);
    return ERR_NONE;
}

static enum err_code copy_into(struct sqlite *s, const char *path, struct err *err) {
    sqlite3 *to = NULL;
    enum err_code code = copy_open(path, &to, err);
    int rc = SQLITE_OK;

    errno = 0;
    if (code == ERR_NONE) {
        rc = copy_pages(to, s->db);
        /* One file, without the log beside it that this mode would need. */
        rc = rc == SQLITE_OK ? sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL)
                             : rc;
    }
    if (rc != SQLITE_OK) {
        code = sqlite_fail_as(rc, errno, path, sqlite3_errstr(rc), err);
    }
    (void)sqlite3_close(to);
    return code;
}

enum err_code sqlite_backup(void *back, const char *path, struct err *err) {
    struct sqlite *s = back;

    if (copy_new_file(path, err) != ERR_NONE) {
        return err->code;
    }
    if (copy_into(s, path, err) != ERR_NONE) {
        (void)unlink(path);
        return err->code;
    }
    fs_keep_name(path);
    return ERR_NONE;
}

/* Leases of either file stand above both, so that no owner of before can append; messages were
 * answers to what was asked then. */
static enum err_code restore_prepare(sqlite3 *from, const struct sqlite *s, struct err *err) {
    char *attach = sqlite3_mprintf("ATTACH %Q AS live", s->path);
    int rc = sqlite3_exec(from, attach, NULL, NULL, NULL);

    sqlite3_free(attach);
    rc = rc != SQLITE_OK
             ? rc
             : sqlite3_exec(
                   from,
                   "BEGIN IMMEDIATE;"
                   "UPDATE leases SET epoch = epoch + " LEASE_STEP ", expires_ms = 0, host = '',"
                   " pid = 0, start = 0;"
                   "INSERT INTO leases (name, epoch, expires_ms, host, pid, start)"
                   " SELECT name, epoch + " LEASE_STEP ", 0, '', 0, 0 FROM live.leases WHERE true"
                   " ON CONFLICT (name) DO UPDATE SET epoch = max(epoch, excluded.epoch);"
                   "DELETE FROM inbox;"
                   "COMMIT; DETACH live",
                   NULL, NULL, NULL);
    return rc == SQLITE_OK
               ? ERR_NONE
               : err_set(err, ERR_IO, "the leases cannot be moved on (%s)", sqlite3_errmsg(from));
}

enum err_code sqlite_restore(void *back, const char *path, struct err *err) {
    struct sqlite *s = back;
    sqlite3 *from = NULL;
    enum err_code code = copy_open(path, &from, err);
    int rc;

    code = code == ERR_NONE ? restore_prepare(from, s, err) : code;
    if (code == ERR_NONE) {
        sqlite_forget(s); /* no statement may be under way */
        errno = 0;
        rc = copy_pages(s->db, from);
        code = rc == SQLITE_OK ? ERR_NONE
                               : sqlite_fail_as(rc, errno, s->path, sqlite3_errstr(rc), err);
    }
    (void)sqlite3_close(from);
    return code;
}
