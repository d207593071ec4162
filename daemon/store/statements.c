/* The statements as a table, and their execution. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "store/connection.h"

/* The last finished run of each kind and schedule stays, because `status` shows it. A step of the
 * clock during a run can make its end older than its start, so the latest of its times counts. */
#define FORGET_AT_ONCE "500"
#define FORGET_RUNS_SQL                                                                            \
        "DELETE FROM runs WHERE rowid IN (SELECT old.rowid FROM runs AS old"                       \
        " WHERE old.outcome <> 'open'"                                                             \
        " AND max(old.finished, old.started, coalesce(old.firing, old.started)) < ?1 AND EXISTS"   \
        " (SELECT 1 FROM runs AS newer WHERE newer.schedule IS old.schedule"                       \
        "  AND newer.kind = old.kind AND newer.outcome <> 'open' AND newer.rowid > old.rowid)"     \
        " ORDER BY old.rowid LIMIT " FORGET_AT_ONCE ")"
#define FORGET_IMAGES_SQL                                                                          \
        "DELETE FROM images WHERE rowid IN (SELECT rowid FROM images WHERE removed < ?1"           \
        " ORDER BY removed LIMIT " FORGET_AT_ONCE ")"

#define NEWEST_FIRST " ORDER BY firing DESC, rowid DESC"
/* Runs are ordered by rowid: firings by a wrong clock give no order. A new row gets the largest
 * rowid. https://www.sqlite.org/lang_createtable.html#rowid */
#define LAST_ADDED_FIRST " ORDER BY rowid DESC"
#define IMAGES_OF                                                                                  \
        "(?1 IS NULL OR account = ?1) AND (?2 IS NULL OR region = ?2) AND (?3 OR removed IS NULL)"

/* Images that EC2 listed as available when they were last read. */
#define NEWER                                                                                      \
        " WHERE schedule = ?1 AND account = ?2 AND region = ?3 AND instance = ?4"                  \
        " AND state = 'available' AND removed IS NULL AND missed IS NULL AND created >= ?5"        \
        " ORDER BY created DESC, id DESC"

/* ?1 is " NAME NAME "; names of schedules have no spaces. */
#define COUNT_LEFT                                                                                 \
        "SELECT schedule, count(*) FROM images WHERE removed IS NULL AND schedule IS NOT NULL"     \
        " AND instr(?1, ' ' || schedule || ' ') = 0 GROUP BY schedule ORDER BY schedule"

#define RETURNED                                                                                   \
        " WHERE (returned IS NOT NULL OR (outcome = 'failed' AND downed IS NOT NULL)) AND run IN"  \
        " (SELECT id FROM runs WHERE schedule = ?1" LAST_ADDED_FIRST " LIMIT ?2) ORDER BY id DESC"

#define LISTED                                                                                     \
        " WHERE kind = 'retention' AND outcome = 'done' AND subject = ?1 AND run IN"               \
        " (SELECT id FROM (SELECT id FROM runs WHERE schedule = ?1" LAST_ADDED_FIRST " LIMIT ?2)"  \
        " UNION ALL SELECT id FROM (SELECT id FROM runs WHERE schedule IS NULL" LAST_ADDED_FIRST   \
        " LIMIT ?2)) ORDER BY id DESC"

typedef void sql_fn(const struct record *record, struct text *sql);

static const struct {
        const struct record *record;
        sql_fn *head;
        const char *tail;
} sources[STATEMENTS] = {
        [BEGIN] = { .tail = "BEGIN IMMEDIATE" },
        [COMMIT] = { .tail = "COMMIT" },
        [ROLLBACK] = { .tail = "ROLLBACK" },
        [LOAD_SCHEDULE] = { &schedule_record, record_sql_load, " WHERE name = ?1" },
        [PUT_SCHEDULE] = { &schedule_record, record_sql_put, "" },
        [ADD_RUN] = { &run_record, record_sql_add, "" },
        [PUT_RUN] = { &run_record, record_sql_put, "" },
        [LOAD_RUN] = { &run_record, record_sql_load, " WHERE id = ?1" },
        [LOAD_RUNS] = { &run_record, record_sql_load, LAST_ADDED_FIRST " LIMIT ?1" },
        [LOAD_OPEN_RUNS] = { &run_record, record_sql_load,
                             " WHERE outcome = 'open' AND (?2 IS NULL OR schedule = "
                             "?2)" LAST_ADDED_FIRST " LIMIT ?1" },
        [LOAD_SCHEDULE_RUNS] = { &run_record, record_sql_load,
                                 " WHERE schedule = ?2" LAST_ADDED_FIRST " LIMIT ?1" },
        [ADD_TASK] = { &task_record, record_sql_add, " RETURNING id" },
        [PUT_TASK] = { &task_record, record_sql_put, " RETURNING id" },
        [LOAD_TASKS] = { &task_record, record_sql_load, " WHERE run = ?1 ORDER BY id" },
        [LOAD_RETURNED] = { &task_record, record_sql_load, RETURNED },
        [LOAD_LISTED] = { &task_record, record_sql_load, LISTED },
        [PUT_IMAGE] = { &image_record, record_sql_put, "" },
        [LOAD_IMAGE] = { &image_record, record_sql_load,
                         " WHERE account = ?1 AND region = ?2 AND id = ?3" },
        [LOAD_IMAGES] = { &image_record, record_sql_load, " WHERE " IMAGES_OF NEWEST_FIRST },
        [LOAD_SCHEDULE_IMAGES] = { &image_record, record_sql_load,
                                   " WHERE schedule = ?4 AND " IMAGES_OF NEWEST_FIRST },
        [LOAD_NEWER_IMAGES] = { &image_record, record_sql_load, NEWER },
        [COUNT_LEFT_IMAGES] = { .tail = COUNT_LEFT },
        [FORGET_RUNS] = { .tail = FORGET_RUNS_SQL },
        [FORGET_IMAGES] = { .tail = FORGET_IMAGES_SQL },
};

static int prepared(struct store *store, enum statement id, sqlite3_stmt **ret)
{
        _cleanup_(text_done) struct text sql = {};
        int r;

        if (!store->statements[id]) {
                if (sources[id].head)
                        sources[id].head(sources[id].record, &sql);
                text_append(&sql, sources[id].tail);
                r = sqlite3_prepare_v3(store->db, text_get(&sql), -1, SQLITE_PREPARE_PERSISTENT,
                                       &store->statements[id], NULL);
                if (r != SQLITE_OK)
                        return r;
        }
        *ret = store->statements[id];
        return SQLITE_OK;
}

/* Result codes of SQLite as errno: https://www.sqlite.org/rescode.html */
static const struct {
        int code, error;
} failures[] = {
        { SQLITE_CONSTRAINT_PRIMARYKEY, -EEXIST },
        { SQLITE_CONSTRAINT_UNIQUE, -EEXIST },
        { SQLITE_CONSTRAINT, -EINVAL },
        { SQLITE_FULL, -ENOSPC },
        { SQLITE_READONLY, -EROFS },
        { SQLITE_CORRUPT, -EUCLEAN },
        { SQLITE_NOTADB, -EUCLEAN },
        { SQLITE_BUSY, -EBUSY },
        { SQLITE_LOCKED, -EBUSY },
        { SQLITE_PERM, -EACCES },
};

int connection_errno(sqlite3 *db)
{
        int code = sqlite3_extended_errcode(db);
        int system = sqlite3_system_errno(db);

        if ((code & 0xff) == SQLITE_NOMEM)
                out_of_memory();
        for (size_t i = 0; i < ELEMENTS(failures); i++)
                if (code == failures[i].code || (code & 0xff) == failures[i].code)
                        return failures[i].error;
        return ((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN) && system > 0
                       ? -system
                       : -EIO;
}

/* Stores the last failure of the connection; call before another statement succeeds. */
static int failed(struct store *store)
{
        int r = connection_errno(store->db);

        free(store->error);
        store->error = xasprintf("%s (SQLite code %d)", sqlite3_errmsg(store->db),
                                 sqlite3_extended_errcode(store->db));
        if (store->in_transaction && !store->failed)
                store->failed = r;
        return r;
}

static int bind_parameters(sqlite3_stmt *statement, const struct parameter *parameters, size_t n)
{
        int r = SQLITE_OK;

        for (size_t i = 0; i < n && r == SQLITE_OK; i++)
                r = parameters[i].is_number
                            ? sqlite3_bind_int64(statement, (int)i + 1, parameters[i].number)
                            : sqlite3_bind_text(statement, (int)i + 1, parameters[i].text, -1,
                                                SQLITE_STATIC);
        return r;
}

static void statement_rest(sqlite3_stmt *statement)
{
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
}

/* Steps to the end. A statement with RETURNING has done all its work when it returns its first row.
 */
static int finish_write(struct store *store, sqlite3_stmt *statement, int r, int64_t *ret_id)
{
        int64_t returned = 0;

        if (r == SQLITE_OK)
                while ((r = sqlite3_step(statement)) == SQLITE_ROW)
                        returned = sqlite3_column_int64(statement, 0);
        r = r == SQLITE_DONE ? sqlite3_changes(store->db) : failed(store);
        statement_rest(statement);
        if (r >= 0 && ret_id)
                *ret_id = returned;
        return r;
}

int statement_write_row(struct store *store, enum statement id, const struct record *record,
                        const void *row, int64_t *ret_id)
{
        sqlite3_stmt *statement;

        if (store->failed)
                return store->failed;
        if (prepared(store, id, &statement) != SQLITE_OK)
                return failed(store);
        return finish_write(store, statement, record_bind(record, row, statement), ret_id);
}

int statement_write(struct store *store, enum statement id, const struct parameter *parameters,
                    size_t n)
{
        sqlite3_stmt *statement;

        if (store->failed)
                return store->failed;
        if (prepared(store, id, &statement) != SQLITE_OK)
                return failed(store);
        return finish_write(store, statement, bind_parameters(statement, parameters, n), NULL);
}

int statement_load(struct store *store, enum statement id, const struct record *record,
                   const struct parameter *parameters, size_t n, void **ret, size_t *ret_n)
{
        sqlite3_stmt *statement;
        char *rows = NULL;
        size_t n_rows = 0;
        int r, bad = 0;

        if (prepared(store, id, &statement) != SQLITE_OK)
                return failed(store);
        r = bind_parameters(statement, parameters, n);
        if (r == SQLITE_OK)
                while (!bad && (r = sqlite3_step(statement)) == SQLITE_ROW) {
                        rows = xgrow(rows, n_rows, record->size);
                        bad = record_read(record, statement, rows + n_rows++ * record->size);
                }
        if (!bad && r != SQLITE_DONE)
                bad = failed(store);
        statement_rest(statement);
        if (bad) {
                record_rows_free(record, rows, n_rows);
                return bad;
        }
        *ret = rows;
        *ret_n = n_rows;
        return 0;
}

int statement_load_one(struct store *store, enum statement id, const struct record *record,
                       const struct parameter *parameters, size_t n, void *ret)
{
        void *rows = NULL;
        size_t n_rows = 0;
        int r = statement_load(store, id, record, parameters, n, &rows, &n_rows);

        if (r < 0)
                return r;
        assert(n_rows <= 1); /* the query has the whole key */
        if (n_rows == 1)
                memcpy(ret, rows, record->size);
        free(rows);
        return (int)n_rows;
}
