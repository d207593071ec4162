/*
 * The schema as a list of migrations: step N changes a database from version N - 1 to N. A released
 * step is never changed. Private to store/.
 */
#pragma once

#include <sqlite3.h>
#include <stddef.h>

enum {
        STORE_APPLICATION_ID = 0x616d6964, /* "amid": PRAGMA application_id of our files */
};

extern const char *const store_migrations[];
extern const size_t n_store_migrations;

/* Runs the steps that the database lacks, each in a transaction with its version number. Returns an
 * SQLite result code. A step that fails leaves its transaction open, so that the error stays on the
 * connection; closing the connection rolls the step back. */
int migrate(sqlite3 *db, const char *const *steps, size_t n);
