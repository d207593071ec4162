/* Opens, creates and examines the database. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/trust.h"
#include "store/connection.h"
#include "store/migrate.h"
#include "store/pragma.h"
#include "store/schema.h"

enum {
        BUSY_TIMEOUT_MSEC = 1000, /* for another reader, such as sqlite3(1) */
};

/* Paths of the database's files. */
struct paths {
        char *directory, *database, *unfinished, *log, *shared;
};

static void paths_done(struct paths *paths)
{
        free(paths->directory);
        free(paths->database);
        free(paths->unfinished);
        free(paths->log);
        free(paths->shared);
}

#define START_AFRESH                                                                               \
        "It was left as it is. To go on without it: move %s* away, start amid, and run "           \
        "`amictl adopt`, which finds the images again by their tags."

static int damaged(const struct paths *paths, const char *why, char **ret_error)
{
        *ret_error = xasprintf("The state in %s is damaged: %s. " START_AFRESH, paths->database,
                               why, paths->database);
        return -EUCLEAN;
}

/* A foreign schema is an error, because its author may have changed rows as well. */
static int changed(const struct paths *paths, const char *what, char **ret_error)
{
        *ret_error = xasprintf("The state in %s was changed by something else than amid: %s. "
                               "Its rows cannot be relied on. " START_AFRESH,
                               paths->database, what, paths->database);
        return -EUCLEAN;
}

static int newer(const struct paths *paths, sqlite3_int64 version, char **ret_error)
{
        *ret_error =
                xasprintf("The state in %s was written by a newer amid: its schema has version "
                          "%lld, this amid knows %zu. Install the newer amid again. " START_AFRESH,
                          paths->database, (long long)version, n_store_migrations, paths->database);
        return -EPROTO;
}

static const char *remedy(int error)
{
        static const struct {
                int error;
                const char *text;
        } remedies[] = {
                { EACCES, "Files and directory must belong to the user amid runs as; systemd does "
                          "that with StateDirectory=." },
                { EPERM, "Files and directory must belong to the user amid runs as; systemd does "
                         "that with StateDirectory=." },
                { EROFS, "amid must be able to write there: mount it read-write, or set "
                         "$STATE_DIRECTORY to another directory." },
                { ENOENT, "Create it, or set $STATE_DIRECTORY to another directory." },
                { ENOTDIR, "Set $STATE_DIRECTORY to a directory." },
                { ENOSPC, "Free some space on that file system and start amid again." },
                { EDQUOT, "Raise the quota, or free some space, and start amid again." },
                { EIO, "Look for a used up quota, a file size limit, or a failing disk (journalctl "
                       "-k)." },
                { EFBIG, "Look for a used up quota or a file size limit (LimitFSIZE=)." },
                { EBUSY, "Another program holds it locked; close it." },
        };

        for (size_t i = 0; i < ELEMENTS(remedies); i++)
                if (remedies[i].error == error)
                        return remedies[i].text;
        return "Nothing was changed.";
}

static int unusable(const char *path, int r, const char *why, char **ret_error)
{
        *ret_error = xasprintf("Cannot keep state in %s: %s. %s", path, why ? why : strerror(-r),
                               remedy(-r));
        return r;
}

/* The message for the last failure of the connection, by its kind. */
static int explain(const struct paths *paths, sqlite3 *db, char **ret_error)
{
        int r = connection_errno(db);

        if (r == -EUCLEAN)
                return damaged(paths, sqlite3_errmsg(db), ret_error);
        return unusable(paths->database, r, r == -EIO ? sqlite3_errmsg(db) : NULL, ret_error);
}

/* Locks the directory until the process ends, so that it has one daemon. Readers need no lock. */
static int lock_directory(struct store *store, const char *directory, char **ret_error)
{
        store->lock = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (store->lock < 0 || access(directory, R_OK | W_OK | X_OK) < 0)
                return unusable(directory, -errno, NULL, ret_error);
        if (flock(store->lock, LOCK_EX | LOCK_NB) == 0)
                return 0;
        if (errno != EWOULDBLOCK)
                return unusable(directory, -errno, NULL, ret_error);
        *ret_error =
                xasprintf("The state in %s is in use by another amid. Stop that one (systemctl "
                          "stop amid), or set $STATE_DIRECTORY to a directory of its own.",
                          directory);
        return -EBUSY;
}

/* Refuses files that other users may change, because rows decide about removals. */
static int check_trust(const struct paths *paths, char **ret_error)
{
        const char *const files[] = { paths->database, paths->log, paths->shared };

        for (size_t i = 0; i < ELEMENTS(files); i++) {
                _cleanup_free_ char *why = trust_path(files[i]);

                if (why) {
                        *ret_error =
                                xasprintf("The state in %s is not used: %s", paths->database, why);
                        return -EPERM;
                }
        }
        return 0;
}

static void close_database(sqlite3 **db)
{
        sqlite3_close(*db);
}

static int sync_directory(const char *directory)
{
        _cleanup_close_ int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd >= 0 && fsync(fd) == 0 ? 0 : -errno;
}

/* Makes the database under another name and renames it, so that it is complete or absent. An empty
 * file is therefore damage, and not a new database. */
static int create(const struct paths *paths, char **ret_error)
{
        _cleanup_(close_database) sqlite3 *db = NULL;

        if (access(paths->log, F_OK) == 0)
                return damaged(paths, "it is gone, but its log amid.db-wal is still there",
                               ret_error);
        if (unlink(paths->unfinished) < 0 && errno != ENOENT)
                return unusable(paths->unfinished, -errno, NULL, ret_error);
        if (sqlite3_open_v2(paths->unfinished, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                            NULL) != SQLITE_OK ||
            migrate(db, store_migrations, n_store_migrations) != SQLITE_OK) {
                int r = explain(paths, db, ret_error);

                unlink(paths->unfinished);
                return r;
        }
        sqlite3_close(steal(db));
        if (rename(paths->unfinished, paths->database) < 0 || sync_directory(paths->directory) < 0)
                return unusable(paths->database, -errno, NULL, ret_error);
        return 0;
}

/* Checks the database without a change to its files before all checks have passed; the log is not
 * even merged when the connection is closed. */
static int examine(const struct paths *paths, sqlite3 *db, char **ret_error)
{
        sqlite3_int64 application = 0, version = 0;
        _cleanup_free_ char *verdict = NULL, *orphan = NULL, *foreign = NULL;

        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        if (pragma_number(db, "application_id", &application) != SQLITE_OK ||
            pragma_number(db, "user_version", &version) != SQLITE_OK)
                return explain(paths, db, ret_error);
        if (application != STORE_APPLICATION_ID || version < 1)
                return damaged(paths, "it is not a database of amid", ret_error);
        if (version > (sqlite3_int64)n_store_migrations)
                return newer(paths, version, ret_error);
        if (pragma_text(db, "integrity_check(1)", &verdict) != SQLITE_OK ||
            pragma_text(db, "foreign_key_check", &orphan) != SQLITE_OK)
                return explain(paths, db, ret_error);
        if (!streq(verdict, "ok"))
                return damaged(paths, verdict, ret_error);
        if (schema_difference(db, (size_t)version, &foreign) != SQLITE_OK)
                return explain(paths, db, ret_error);
        if (foreign)
                return changed(paths, foreign, ret_error);
        if (orphan)
                return damaged(paths, "a row refers to another one that is not there", ret_error);
        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
        return 0;
}

static int set_up(const struct paths *paths, sqlite3 *db, char **ret_error)
{
        _cleanup_free_ char *mode = NULL;

        /* A long read transaction of another program, such as sqlite3(1) or a replication, prevents
         * a reset of the log, which then grows by about 100 kB per image. The limit truncates it
         * after the transaction.
         * https://www.sqlite.org/wal.html#avoiding_excessively_large_wal_files */
        if (sqlite3_exec(db,
                         "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                         "PRAGMA journal_size_limit = 8388608;",
                         NULL, NULL, NULL) != SQLITE_OK ||
            (MUTANT(never_syncs) &&
             sqlite3_exec(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL) != SQLITE_OK) ||
            pragma_text(db, "journal_mode = WAL", &mode) != SQLITE_OK ||
            migrate(db, store_migrations, n_store_migrations) != SQLITE_OK)
                return explain(paths, db, ret_error);
        if (!streq(mode, "wal"))
                return unusable(paths->database, -EIO,
                                "its file system does not carry SQLite's WAL", ret_error);
        return 0;
}

static int open_database(const struct paths *paths, sqlite3 **ret, char **ret_error)
{
        _cleanup_(close_database) sqlite3 *db = NULL;
        int r;

        if (access(paths->database, F_OK) < 0 && errno == ENOENT) {
                r = create(paths, ret_error);
                if (r < 0)
                        return r;
        }
        if (access(paths->database, R_OK | W_OK) < 0)
                return unusable(paths->database, -errno, NULL, ret_error);
        if (sqlite3_open_v2(paths->database, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
                return explain(paths, db, ret_error);
        schema_harden(db);
        sqlite3_extended_result_codes(db, 1);
        sqlite3_busy_timeout(db, BUSY_TIMEOUT_MSEC);
        r = examine(paths, db, ret_error);
        if (r == 0)
                r = set_up(paths, db, ret_error);
        if (r == 0)
                *ret = steal(db);
        return r;
}

int store_open(const char *directory, struct store **ret, char **ret_error)
{
        _cleanup_(paths_done) struct paths paths = {
                .directory = xstrdup(directory),
                .database = xasprintf("%s/amid.db", directory),
                .unfinished = xasprintf(MUTANT(makes_the_state_in_place) ? "%s/amid.db"
                                                                         : "%s/amid.db.new",
                                        directory),
                .log = xasprintf("%s/amid.db-wal", directory),
                .shared = xasprintf("%s/amid.db-shm", directory),
        };
        _cleanup_(store_closep) struct store *store = xnew(struct store);
        int r;

        r = lock_directory(store, directory, ret_error);
        if (r == 0)
                r = check_trust(&paths, ret_error);
        if (r == 0)
                r = open_database(&paths, &store->db, ret_error);
        if (r == 0)
                *ret = steal(store);
        return r;
}

struct store *store_close(struct store *store)
{
        if (!store)
                return NULL;
        for (int i = 0; i < STATEMENTS; i++)
                sqlite3_finalize(store->statements[i]);
        sqlite3_close(store->db);
        if (store->lock >= 0)
                close(store->lock);
        free(store->error);
        free(store);
        return NULL;
}
