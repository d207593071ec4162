/*
 * Tables that fit: columns are as wide as what is in them, long ones are cut, and columns that are
 * nice to have are left out where there is no room.
 */
#pragma once

#include <stddef.h>

#include "ctl/terminal.h"

struct table_column {
        const char *heading;
        size_t shrinks_to; /* columns it may be cut to; 0: only where nothing else helps */
        unsigned int drop; /* left out where there is no room, the highest first; 0: never */
        const char *usual; /* or NULL; where all cells say this, or nothing, `usual_drop` counts in
                              the place of `drop`. table_same: whatever they say, if it is the same
                              in every row; then a line below the table tells it */
        unsigned int usual_drop;
        bool whole; /* an id, which people copy: the line is too long rather than it is cut */
};

extern const char table_same[];

enum { TABLE_COLUMNS_MAX = 10 };

struct table {
        const struct table_column *columns;
        size_t n_columns;
        size_t indent;
        struct table_row {
                struct table_cell {
                        char *text;
                        enum style style;
                } cells[TABLE_COLUMNS_MAX];
                size_t n;   /* cells filled so far */
                char *note; /* a paragraph below the row, or NULL */
        } * rows;
        size_t n_rows;
};

#define TABLE(rows)                                                                                \
        {                                                                                          \
                .columns = (rows), .n_columns = ELEMENTS(rows)                                     \
        }

void table_done(struct table *table);
void table_row(struct table *table);
/* The next cell of the last row; takes `text`, NULL is shown as "-". */
void table_take(struct table *table, enum style style, char *text);
void table_cell(struct table *table, enum style style, const char *text);
void table_note(struct table *table, const char *text);
/* Prints the headings and all rows; nothing for a table without rows. */
void table_print(const struct table *table, const struct terminal *terminal);
