/* Compares the schema of a database with the schema that amid makes. */
#include "store/schema.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clean.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "store/migrate.h"

void schema_harden(sqlite3 *db)
{
        static const struct {
                int option, value;
        } options[] = {
                { SQLITE_DBCONFIG_DEFENSIVE, 1 },      { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
                { SQLITE_DBCONFIG_DQS_DML, 0 },        { SQLITE_DBCONFIG_DQS_DDL, 0 },
                { SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 }, { SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
        };

        for (size_t i = 0; i < ELEMENTS(options); i++)
                sqlite3_db_config(db, options[i].option, options[i].value, NULL);
}

/* ---- comparison, object by object ---- */

enum { TYPE, NAME, SQL };
enum { NAME_SHOWN = 100 }; /* bytes of a name in a message */

static const char *column(sqlite3_stmt *statement, int i)
{
        const unsigned char *text = sqlite3_column_text(statement, i);

        return text ? (const char *)text : "";
}

static int prepare(sqlite3 *db, sqlite3_stmt **ret)
{
        return sqlite3_prepare_v2(db,
                                  "SELECT type, name, sql FROM sqlite_schema"
                                  " WHERE name NOT GLOB 'sqlite_stat*' ORDER BY type, name",
                                  -1, ret, NULL);
}

/* Whether a character of SQL matters in a comparison. SQLite keeps the text of CREATE, and its
 * releases differ in the white space and quotes that ALTER adds. */
static bool counts(char c)
{
        return c != ' ' && c != '\n' && c != '\t' && c != '"';
}

static bool same_sql(const char *a, const char *b)
{
        for (;;) {
                while (*a && !counts(*a))
                        a++;
                while (*b && !counts(*b))
                        b++;
                if (*a != *b)
                        return false;
                if (!*a)
                        return true;
                a++;
                b++;
        }
}

static char *describe(sqlite3_stmt *statement, const char *what)
{
        _cleanup_free_ char *name = text_clean(column(statement, NAME), NAME_SHOWN);

        return xasprintf("%s \"%s\" %s", column(statement, TYPE), name, what);
}

/* Steps both statements, which return objects in the same order. */
static int compare(sqlite3_stmt *found, sqlite3_stmt *wanted, char **ret)
{
        for (;;) {
                int f = sqlite3_step(found), w = sqlite3_step(wanted), order;

                if ((f != SQLITE_ROW && f != SQLITE_DONE) || (w != SQLITE_ROW && w != SQLITE_DONE))
                        return f != SQLITE_ROW && f != SQLITE_DONE ? f : w;
                if (f == SQLITE_DONE && w == SQLITE_DONE)
                        return SQLITE_OK;
                order = f == SQLITE_DONE   ? 1
                        : w == SQLITE_DONE ? -1
                                           : strcmp(column(found, TYPE), column(wanted, TYPE));
                if (order == 0)
                        order = strcmp(column(found, NAME), column(wanted, NAME));
                if (order == 0 && same_sql(column(found, SQL), column(wanted, SQL)))
                        continue;
                *ret = order > 0   ? describe(wanted, "is missing")
                       : order < 0 ? describe(found, "is not of amid")
                                   : describe(found, "is not as amid makes it");
                return SQLITE_OK;
        }
}

static void close_database(sqlite3 **db)
{
        sqlite3_close(*db);
}

int schema_difference(sqlite3 *db, size_t version, char **ret)
{
        _cleanup_(close_database) sqlite3 *model = NULL;
        sqlite3_stmt *found = NULL, *wanted = NULL;
        int r;

        *ret = NULL;
        if ((r = sqlite3_open(":memory:", &model)) == SQLITE_OK &&
            (r = migrate(model, store_migrations, version)) == SQLITE_OK &&
            (r = prepare(model, &wanted)) == SQLITE_OK && (r = prepare(db, &found)) == SQLITE_OK)
                r = compare(found, wanted, ret);
        sqlite3_finalize(found);
        sqlite3_finalize(wanted);
        return r;
}
