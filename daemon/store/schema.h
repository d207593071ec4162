/*
 * Whether a database holds the tables and indexes of amid and nothing else. A trigger or a view of
 * somebody would run with every statement of amid. Private to store/.
 */
#pragma once

#include <sqlite3.h>
#include <stddef.h>

/* Makes the connection refuse what amid never does: writing the schema by hand, triggers, views,
 * functions called from the schema, and text in double quotes. To be called first. */
void schema_harden(sqlite3 *db);

/* Compares sqlite_schema with what the first `version` steps of migrate.h make. Gives an SQLite
 * result code; *ret (caller frees) is NULL when both are the same, else names the first difference:
 * "trigger \"x\" is not of amid". Statistics of ANALYZE do not count. */
int schema_difference(sqlite3 *db, size_t version, char **ret);
