/*
 * Tables that fit into the terminal: columns are as wide as their cells, long columns are cut, and
 * less important columns are left out when there is no room.
 */
#pragma once

#include <stddef.h>

#include "ctl/terminal.h"

struct table_column {
        const char *heading;
        size_t shrinks_to; /* least width; 0: cut only as a last resort */
        unsigned int drop; /* priority for leaving out the column, the highest first; 0: never */
        const char *usual; /* or NULL; when all cells have this text or none, `usual_drop` counts
                              instead of `drop`. table_same: any text that is the same in every row,
                              and that a line below the table then names */
        unsigned int usual_drop;
        bool whole; /* an id, which is never cut because users copy it */
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
                size_t n;   /* number of cells */
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
/* Adds a cell to the last row; takes over `text`. NULL is printed as "-". */
void table_take(struct table *table, enum style style, char *text);
void table_cell(struct table *table, enum style style, const char *text);
void table_note(struct table *table, const char *text);
/* Prints the headings and all rows. A table without rows prints nothing. */
void table_print(const struct table *table, const struct terminal *terminal);
