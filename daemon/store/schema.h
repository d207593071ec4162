/*
 * Checks that a database has exactly the tables and indexes of amid. A foreign trigger or view
 * would run within amid's statements. Private to store/.
 */
#pragma once

#include <sqlite3.h>
#include <stddef.h>

/* Makes the connection refuse features that amid does not use: a writable schema, triggers, views,
 * functions in the schema, and texts in double quotes. Call before any other statement. */
void schema_harden(sqlite3 *db);

/* Compares sqlite_schema with the result of the first `version` migrations. Returns an SQLite
 * result code. *ret (caller frees) is NULL for equal schemas, else the first difference: "trigger
 * \"x\" is not of amid". Statistics of ANALYZE are ignored. */
int schema_difference(sqlite3 *db, size_t version, char **ret);
