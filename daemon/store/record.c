/* SQL from tables of columns; binds and reads rows. */
#include "store/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "store/store.h"

/* The columns of a list. */
enum list { ALL, WRITTEN, KEYS, VALUES };

static bool is_listed(const struct column *column, enum list list)
{
        switch (list) {
        case ALL:
                return true;
        case WRITTEN:
                return !column->chosen;
        case KEYS:
                return column->key;
        case VALUES:
                return !column->key && !column->chosen;
        }
        abort();
}

/* Names are quoted: "group" is a word of SQL. */
static void list_columns(const struct record *record, enum list list, bool assign, struct text *sql)
{
        const char *separator = "";

        for (size_t i = 0; i < record->n_columns; i++) {
                const char *name = record->columns[i].name;

                if (!is_listed(&record->columns[i], list))
                        continue;
                text_printf(sql, "%s\"%s\"", separator, name);
                if (assign)
                        text_printf(sql, " = excluded.\"%s\"", name);
                separator = ", ";
        }
}

void record_sql_add(const struct record *record, struct text *sql)
{
        size_t n = 0;

        text_printf(sql, "INSERT INTO %s (", record->table);
        list_columns(record, WRITTEN, false, sql);
        text_append(sql, ") VALUES (");
        for (size_t i = 0; i < record->n_columns; i++)
                if (is_listed(&record->columns[i], WRITTEN)) {
                        text_append(sql, n ? ", ?" : "?");
                        n++;
                }
        text_append(sql, ")");
}

void record_sql_put(const struct record *record, struct text *sql)
{
        record_sql_add(record, sql);
        text_append(sql, " ON CONFLICT (");
        list_columns(record, KEYS, false, sql);
        text_append(sql, ") DO UPDATE SET ");
        list_columns(record, VALUES, true, sql);
}

void record_sql_load(const struct record *record, struct text *sql)
{
        text_append(sql, "SELECT ");
        list_columns(record, ALL, false, sql);
        text_printf(sql, " FROM %s", record->table);
}

static int bind_time(sqlite3_stmt *statement, int index, sec_t value)
{
        if (value == SEC_NONE)
                return sqlite3_bind_null(statement, index);
        return sqlite3_bind_int64(statement, index, value);
}

static int bind_column(const struct column *column, const void *member, sqlite3_stmt *statement,
                       int index)
{
        switch (column->type) {
        case COLUMN_TEXT:
                return sqlite3_bind_text(statement, index, *(char *const *)member, -1,
                                         SQLITE_STATIC);
        case COLUMN_NUMBER:
                return sqlite3_bind_int64(statement, index, *(const int64_t *)member);
        case COLUMN_COUNT:
                return sqlite3_bind_int64(statement, index, *(const unsigned int *)member);
        case COLUMN_FLAG:
                return sqlite3_bind_int(statement, index, *(const bool *)member);
        case COLUMN_TIME:
                return bind_time(statement, index, *(const sec_t *)member);
        case COLUMN_OUTCOME:
                return sqlite3_bind_text(statement, index,
                                         outcome_names[*(const enum outcome *)member], -1,
                                         SQLITE_STATIC);
        }
        abort();
}

int record_bind(const struct record *record, const void *row, sqlite3_stmt *statement)
{
        int r = SQLITE_OK, index = 0;

        for (size_t i = 0; i < record->n_columns && r == SQLITE_OK; i++) {
                const struct column *column = &record->columns[i];

                if (is_listed(column, WRITTEN))
                        r = bind_column(column, (const char *)row + column->offset, statement,
                                        ++index);
        }
        return r;
}

static int read_outcome(const char *name, enum outcome *ret)
{
        for (int i = 0; i < OUTCOMES; i++)
                if (streq(name, outcome_names[i])) {
                        *ret = (enum outcome)i;
                        return 0;
                }
        return -EUCLEAN;
}

static int read_column(const struct column *column, sqlite3_stmt *statement, int index,
                       void *member)
{
        switch (column->type) {
        case COLUMN_TEXT:
                *(char **)member = xstrdup((const char *)sqlite3_column_text(statement, index));
                return 0;
        case COLUMN_NUMBER:
                *(int64_t *)member = sqlite3_column_int64(statement, index);
                return 0;
        case COLUMN_COUNT:
                *(unsigned int *)member = (unsigned int)sqlite3_column_int64(statement, index);
                return 0;
        case COLUMN_FLAG:
                *(bool *)member = sqlite3_column_int(statement, index) != 0;
                return 0;
        case COLUMN_TIME:
                *(sec_t *)member = sqlite3_column_type(statement, index) == SQLITE_NULL
                                           ? SEC_NONE
                                           : sqlite3_column_int64(statement, index);
                return 0;
        case COLUMN_OUTCOME:
                return read_outcome((const char *)sqlite3_column_text(statement, index), member);
        }
        abort();
}

int record_read(const struct record *record, sqlite3_stmt *statement, void *row)
{
        for (size_t i = 0; i < record->n_columns; i++) {
                const struct column *column = &record->columns[i];
                int r = read_column(column, statement, (int)i, (char *)row + column->offset);

                if (r < 0)
                        return r;
        }
        return 0;
}

void record_done(const struct record *record, void *row)
{
        for (size_t i = 0; i < record->n_columns; i++)
                if (record->columns[i].type == COLUMN_TEXT)
                        free(*(char **)((char *)row + record->columns[i].offset));
        memset(row, 0, record->size);
}

void record_rows_free(const struct record *record, void *rows, size_t n)
{
        for (size_t i = 0; i < n; i++)
                record_done(record, (char *)rows + i * record->size);
        free(rows);
}
