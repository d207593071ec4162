/* Reads the values of PRAGMAs. */
#include "store/pragma.h"

#include "base/alloc.h"
#include "base/cleanup.h"

int pragma_text(sqlite3 *db, const char *name, char **ret)
{
        _cleanup_free_ char *sql = xasprintf("PRAGMA %s", name);
        _cleanup_free_ char *text = NULL;
        sqlite3_stmt *statement = NULL;
        int r;

        r = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
        if (r != SQLITE_OK)
                return r;
        if (sqlite3_step(statement) == SQLITE_ROW)
                text = xstrdup((const char *)sqlite3_column_text(statement, 0));
        r = sqlite3_finalize(statement); /* returns the error of sqlite3_step() */
        if (r == SQLITE_OK)
                *ret = steal(text);
        return r;
}

int pragma_number(sqlite3 *db, const char *name, sqlite3_int64 *ret)
{
        _cleanup_free_ char *text = NULL;
        int r = pragma_text(db, name, &text);

        *ret = r == SQLITE_OK && text ? strtoll(text, NULL, 10) : 0;
        return r;
}
