/*
 * Records: tables of columns that map C structs to rows of SQLite. A new member is one row of a
 * table and one migration. Private to store/.
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

enum column_type {
        COLUMN_TEXT,    /* char *; NULL is NULL */
        COLUMN_NUMBER,  /* int64_t */
        COLUMN_COUNT,   /* unsigned int */
        COLUMN_FLAG,    /* bool */
        COLUMN_TIME,    /* sec_t; SEC_NONE is NULL */
        COLUMN_OUTCOME, /* enum outcome, by its name */
};

struct column {
        const char *name;
        size_t offset;
        enum column_type type;
        bool key;    /* part of the key of the row for record_sql_put() */
        bool chosen; /* SQLite sets the value: loaded, never written */
};

struct record {
        const char *table;
        size_t size;
        const struct column *columns;
        size_t n_columns;
};

#define COLUMN(of, member, kind, ...)                                                              \
        {                                                                                          \
                .name = #member, .type = (kind), .offset = offsetof(struct of, member),            \
                __VA_ARGS__                                                                        \
        }
#define RECORD(of, in_table, rows)                                                                 \
        {                                                                                          \
                .table = (in_table), .size = sizeof(struct of), .columns = (rows),                 \
                .n_columns = ELEMENTS(rows)                                                        \
        }

/* Append INSERT; INSERT or UPDATE by the key columns; SELECT of all columns. Parameter N is the Nth
 * column that is written. */
void record_sql_add(const struct record *record, struct text *sql);
void record_sql_put(const struct record *record, struct text *sql);
void record_sql_load(const struct record *record, struct text *sql);

/* Binds all columns of `row`; the strings are borrowed until the statement is reset. */
int record_bind(const struct record *record, const void *row, sqlite3_stmt *statement);
/* Fills the zeroed `row` from the current result; -EUCLEAN for an impossible value. */
int record_read(const struct record *record, sqlite3_stmt *statement, void *row);
/* Frees the members of the row and zeroes it. */
void record_done(const struct record *record, void *row);
void record_rows_free(const struct record *record, void *rows, size_t n);
