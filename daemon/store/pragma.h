/* Reading what a PRAGMA answers. Private to store/. */
#pragma once

#include <sqlite3.h>

/* Gives an SQLite result code and, when that is SQLITE_OK, the number (0 for no answer). */
int pragma_number(sqlite3 *db, const char *name, sqlite3_int64 *ret);
/* The same with the first row's text (caller frees), NULL when there is no row. */
int pragma_text(sqlite3 *db, const char *name, char **ret);
