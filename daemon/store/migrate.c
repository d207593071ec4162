/* The list of migrations. */
#include "store/migrate.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "store/pragma.h"

/* Times are seconds since 1970, or NULL. */
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

        /* The method of images, the consistency they achieve, and the outages of instances. */
        "ALTER TABLE tasks ADD COLUMN method TEXT; ALTER TABLE tasks ADD COLUMN asked TEXT;"
        "ALTER TABLE tasks ADD COLUMN evidence TEXT; ALTER TABLE tasks ADD COLUMN command TEXT;"
        "ALTER TABLE tasks ADD COLUMN boot TEXT; ALTER TABLE tasks ADD COLUMN putback TEXT;"
        "ALTER TABLE tasks ADD COLUMN volumes INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE tasks ADD COLUMN ending TEXT NOT NULL DEFAULT 'open';"
        "ALTER TABLE tasks ADD COLUMN downed INTEGER; ALTER TABLE tasks ADD COLUMN returned "
        "INTEGER;"
        "ALTER TABLE images ADD COLUMN evidence TEXT;"
        /* The old word did not distinguish a clean reboot from a forced one. */
        "UPDATE images SET consistency = 'reboot-forced' WHERE consistency = 'reboot';"
        "UPDATE tasks SET consistency = 'reboot-forced' WHERE consistency = 'reboot';"
        "UPDATE tasks SET method = CASE WHEN \"group\" IS NOT NULL THEN 'reboot'"
        " WHEN consistency = 'stopped' THEN 'stopped' ELSE 'crash' END WHERE kind = 'image';"
        "UPDATE tasks SET step = 'await-image', ending = 'failed' WHERE step = 'await-image-only'",

        /* Evidence for an image that is found by its name, and the state of its instance. */
        "ALTER TABLE tasks ADD COLUMN askers TEXT; ALTER TABLE tasks ADD COLUMN requested INTEGER;"
        "ALTER TABLE tasks ADD COLUMN launched INTEGER",

        /* The outcome of an image's task. It is unknown when the task has been forgotten. */
        "ALTER TABLE images ADD COLUMN outcome TEXT NOT NULL DEFAULT 'open';"
        "UPDATE images SET outcome = coalesce((SELECT CASE tasks.outcome WHEN 'done' THEN 'done'"
        " ELSE 'failed' END FROM tasks WHERE tasks.run = images.run AND tasks.kind = 'image'"
        " AND tasks.account = images.account AND tasks.region = images.region"
        " AND tasks.subject = images.instance AND tasks.outcome <> 'open'), 'open')",

        /* Images that EC2 does not list, and snapshots that EC2 refuses to delete. The old state
         * "deregistered" was written before the call and stayed after a refusal, so it is unknown
         * whether the image was deregistered. */
        "ALTER TABLE images ADD COLUMN missed INTEGER; ALTER TABLE images ADD COLUMN retry INTEGER;"
        "UPDATE images SET state = 'deregistering' WHERE state = 'deregistered'",

        /* Runs whose images are no longer polled, and images that EC2 has listed. */
        "ALTER TABLE runs ADD COLUMN abandoned INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE tasks ADD COLUMN listed INTEGER",

        /* Runs are read in the order in which they were added. The rowid is the last column of
         * every index. */
        "DROP INDEX runs_by_schedule; DROP INDEX runs_by_firing;"
        "CREATE INDEX runs_by_schedule ON runs (schedule)",

        /* A removal is carried out only while its decision is recent. */
        "ALTER TABLE tasks ADD COLUMN decided INTEGER",
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
