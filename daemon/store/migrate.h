/*
 * The schema as a list of steps: step N brings a database from version N - 1 to N. A step that was
 * released is never changed. Private to store/.
 */
#pragma once

#include <sqlite3.h>
#include <stddef.h>

enum {
        STORE_APPLICATION_ID = 0x616d6964, /* "amid": PRAGMA application_id of our files */
};

extern const char *const store_migrations[];
extern const size_t n_store_migrations;

/* Takes the steps the database does not have yet, each in a transaction with its version number.
 * Gives an SQLite result code. A step that fails leaves its transaction open, so that the
 * connection still tells why; closing it takes the step back. */
int migrate(sqlite3 *db, const char *const *steps, size_t n);
