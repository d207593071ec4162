/* Values of PRAGMAs. Private to store/. */
#pragma once

#include <sqlite3.h>

/* Returns an SQLite result code; with SQLITE_OK *ret is the number of the first row, or 0. */
int pragma_number(sqlite3 *db, const char *name, sqlite3_int64 *ret);
/* The same for a text: *ret is the text of the first row (caller frees), or NULL. */
int pragma_text(sqlite3 *db, const char *name, char **ret);
