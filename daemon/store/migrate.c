#include "store/migrate.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "store/pragma.h"

/* Times are seconds since 1970, NULL where there is none yet. */
#define OUTCOME_COLUMN                                                                             \
        "outcome TEXT NOT NULL CHECK (outcome IN "                                                 \
        "('open', 'done', 'partial', 'failed', 'cancelled', 'skipped')), "

const char *const store_migrations[] = {
        "CREATE TABLE schedules ("
        "  name TEXT NOT NULL PRIMARY KEY, anchor INTEGER, definition TEXT, handled INTEGER,"
        "  paused INTEGER NOT NULL, matched INTEGER NOT NULL) STRICT;"

        "CREATE TABLE runs ("
        "  id TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, schedule TEXT, firing INTEGER,"
        "  trigger TEXT, phase TEXT, " OUTCOME_COLUMN
        "  detail TEXT, only TEXT, started INTEGER, finished INTEGER) STRICT;"
        "CREATE INDEX runs_by_schedule ON runs (schedule, firing);"
        "CREATE INDEX runs_by_firing ON runs (firing);"
        "CREATE INDEX runs_open ON runs (outcome) WHERE outcome = 'open';"

        "CREATE TABLE tasks ("
        "  id INTEGER PRIMARY KEY, run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,"
        "  kind TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL,"
        "  subject TEXT NOT NULL, step TEXT NOT NULL, entered INTEGER, " OUTCOME_COLUMN
        "  detail TEXT, name TEXT, image TEXT, \"group\" TEXT, consistency TEXT,"
        "  finished INTEGER, UNIQUE (run, kind, account, region, subject)) STRICT;"

        "CREATE TABLE images ("
        "  account TEXT NOT NULL, region TEXT NOT NULL, id TEXT NOT NULL, name TEXT,"
        "  schedule TEXT, run TEXT, instance TEXT, firing INTEGER, consistency TEXT, state TEXT,"
        "  snapshots TEXT, created INTEGER, removed INTEGER, detail TEXT,"
        "  PRIMARY KEY (account, region, id)) STRICT;"
        "CREATE INDEX images_by_schedule ON images (schedule, firing);",
};
const size_t n_store_migrations = ELEMENTS(store_migrations);

int migrate(sqlite3 *db, const char *const *steps, size_t n)
{
        sqlite3_int64 version;
        int r = pragma_number(db, "user_version", &version);

        for (size_t i = (size_t)version; r == SQLITE_OK && i < n; i++) {
                _cleanup_(text_done) struct text sql = {};

                text_printf(&sql,
                            "BEGIN IMMEDIATE; %s; PRAGMA application_id = %d;"
                            "PRAGMA user_version = %zu; COMMIT",
                            steps[i], STORE_APPLICATION_ID, i + 1);
                r = sqlite3_exec(db, text_get(&sql), NULL, NULL, NULL);
        }
        return r;
}
