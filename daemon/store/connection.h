/* The connection, its statements and errors, only for the files of store/. */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>

#include "store/record.h"
#include "store/store.h"

/* All statements; the table in statements.c has their SQL. */
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
        int lock; /* descriptor of the directory, locked while the store is open */
        sqlite3 *db;
        sqlite3_stmt *statements[STATEMENTS]; /* prepared by their first use */
        bool in_transaction;
        int failed; /* negative errno of the first failure in the transaction, or 0 */
        char *error;
};

extern const struct record schedule_record, run_record, task_record, image_record, left_record;

/* The negative errno for the last failure of the connection. */
int connection_errno(sqlite3 *db);

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

/* Runs a statement that writes `row` by `record`, or one with `parameters` (`record` is NULL).
 * *ret_id
 * (`ret_id` may be NULL) is the RETURNed number, the id of a task. Returns the number of changed
 * rows, or a negative errno, which is also the result of store_commit(). */
int statement_write_row(struct store *store, enum statement id, const struct record *record,
                        const void *row, int64_t *ret_id);
int statement_write(struct store *store, enum statement id, const struct parameter *parameters,
                    size_t n);

/* Loads all rows of a query into an array of the record's struct. */
int statement_load(struct store *store, enum statement id, const struct record *record,
                   const struct parameter *parameters, size_t n, void **ret, size_t *ret_n);
/* Loads a row into `ret`: 1; 0: there is no row; or a negative errno. */
int statement_load_one(struct store *store, enum statement id, const struct record *record,
                       const struct parameter *parameters, size_t n, void *ret);
