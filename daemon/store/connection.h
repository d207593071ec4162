/* What the files of store/ share: the connection, its statements, and how failures are told. */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>

#include "store/record.h"
#include "store/store.h"

/* Every statement, by what it is for; the table in statements.c has the SQL. */
enum statement {
        BEGIN,
        COMMIT,
        ROLLBACK,
        LOAD_SCHEDULE,
        PUT_SCHEDULE,
        ADD_RUN,
        PUT_RUN,
        LOAD_RUN,
        LOAD_RUNS,
        LOAD_OPEN_RUNS,
        LOAD_SCHEDULE_RUNS,
        ADD_TASK,
        PUT_TASK,
        LOAD_TASKS,
        LOAD_RETURNED,
        LOAD_LISTED,
        PUT_IMAGE,
        LOAD_IMAGE,
        LOAD_IMAGES,
        LOAD_SCHEDULE_IMAGES,
        LOAD_NEWER_IMAGES,
        COUNT_LEFT_IMAGES,
        FORGET_RUNS,
        FORGET_IMAGES,
        STATEMENTS,
};

struct store {
        int lock; /* the directory, locked as long as we are open */
        sqlite3 *db;
        sqlite3_stmt *statements[STATEMENTS]; /* prepared when first used */
        bool in_transaction;
        int failed; /* of the transaction: its first failure */
        char *error;
};

extern const struct record schedule_record, run_record, task_record, image_record, left_record;

/* The negative errno for the last failure of the connection. */
int failure_errno(sqlite3 *db);

/* A parameter of a query: text, or a number where `text` is NULL and `is_number` set. */
struct parameter {
        const char *text;
        bool is_number;
        int64_t number;
};
#define TEXT(value)                                                                                \
        (struct parameter)                                                                         \
        {                                                                                          \
                .text = (value)                                                                    \
        }
#define NUMBER(value)                                                                              \
        (struct parameter)                                                                         \
        {                                                                                          \
                .is_number = true, .number = (value)                                               \
        }

/* Runs a statement that writes. The number it RETURNs (the id of a task) goes to *ret_id, which may
 * be NULL; so may `record` for a statement with `parameters` instead. Returns how many rows changed
 * or a negative errno, which the transaction remembers. */
int statement_write_row(struct store *store, enum statement id, const struct record *record,
                        const void *row, int64_t *ret_id);
int statement_write(struct store *store, enum statement id, const struct parameter *parameters,
                    size_t n);

/* All rows of a query, as an array of the record's struct. */
int statement_load(struct store *store, enum statement id, const struct record *record,
                   const struct parameter *parameters, size_t n, void **ret, size_t *ret_n);
/* One row into `ret`: 1, 0 when there is none, or a negative errno. */
int statement_load_one(struct store *store, enum statement id, const struct record *record,
                       const struct parameter *parameters, size_t n, void *ret);
