/* Lays out tables in the width of the terminal. */
#include "ctl/table.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clean.h"
#include "base/text.h"

const char table_same[] = "";

static const size_t gap = 2;

void table_done(struct table *table)
{
        for (size_t i = 0; i < table->n_rows; i++) {
                for (size_t j = 0; j < table->rows[i].n; j++)
                        free(table->rows[i].cells[j].text);
                free(table->rows[i].note);
        }
        free(table->rows);
        *table = (struct table){};
}

void table_row(struct table *table)
{
        (void)append(table->rows, table->n_rows);
}

void table_take(struct table *table, enum style style, char *text)
{
        struct table_row *row = &table->rows[table->n_rows - 1];

        assert(row->n < table->n_columns && row->n < TABLE_COLUMNS_MAX);
        row->cells[row->n++] = (struct table_cell){ text ? text : xstrdup("-"), style };
        text_clean_replace(&row->cells[row->n - 1].text, CLEAN_LINE_MAX);
}

void table_cell(struct table *table, enum style style, const char *text)
{
        table_take(table, style, xstrdup(text));
}

void table_note(struct table *table, const char *text)
{
        xreplace(&table->rows[table->n_rows - 1].note, text);
        text_clean_replace(&table->rows[table->n_rows - 1].note, CLEAN_LINE_MAX);
}

/* Widths of the columns; 0: the column is left out. */
struct layout {
        size_t widths[TABLE_COLUMNS_MAX];
};

static size_t total_of(const struct table *table, const struct layout *layout)
{
        size_t total = table->indent, shown = 0;

        for (size_t i = 0; i < table->n_columns; i++)
                if (layout->widths[i]) {
                        total += layout->widths[i];
                        shown++;
                }
        return total + (shown ? shown - 1 : 0) * gap;
}

static void measure(const struct table *table, struct layout *ret)
{
        for (size_t i = 0; i < table->n_columns; i++) {
                ret->widths[i] = text_columns(table->columns[i].heading);
                for (size_t j = 0; j < table->n_rows; j++) {
                        size_t width = i < table->rows[j].n
                                               ? text_columns(table->rows[j].cells[i].text)
                                               : 0;

                        if (width > ret->widths[i])
                                ret->widths[i] = width;
                }
        }
}

/* The number of characters by which the column can be cut. */
static size_t spare_of(const struct table *table, const struct layout *layout, size_t column)
{
        size_t least = table->columns[column].shrinks_to;

        return least && layout->widths[column] > least ? layout->widths[column] - least : 0;
}

/* Cuts the widest columns by `excess` in all: columns with shrinks_to, or with `forced` all columns
 * but ids. */
static void shrink(const struct table *table, struct layout *layout, size_t excess, bool forced)
{
        for (; excess; excess--) {
                size_t widest = table->n_columns;

                for (size_t i = 0; i < table->n_columns; i++)
                        if ((forced ? layout->widths[i] > 1 && !table->columns[i].whole
                                    : spare_of(table, layout, i) > 0) &&
                            (widest == table->n_columns ||
                             layout->widths[i] > layout->widths[widest]))
                                widest = i;
                if (widest == table->n_columns)
                        return;
                layout->widths[widest]--;
        }
}

/* The text of all cells of a column; NULL: they differ. */
static const char *same_of(const struct table *table, size_t column)
{
        const char *same = NULL;

        for (size_t i = 0; i < table->n_rows; i++) {
                const struct table_row *row = &table->rows[i];

                if (column >= row->n || (same && !streq(row->cells[column].text, same)))
                        return NULL;
                same = row->cells[column].text;
        }
        return same;
}

/* The priority for leaving out a column: `usual_drop` when all its cells have the usual text. */
static unsigned int drop_of(const struct table *table, size_t column)
{
        const char *usual = table->columns[column].usual;

        if (usual == table_same)
                usual = same_of(table, column);
        for (size_t i = 0; usual && i < table->n_rows; i++) {
                const struct table_row *row = &table->rows[i];

                if (column < row->n && !streq(row->cells[column].text, usual) &&
                    !streq(row->cells[column].text, "-"))
                        usual = NULL;
        }
        return usual ? table->columns[column].usual_drop : table->columns[column].drop;
}

/* Leaves out the column with the highest priority for that; false: no column can be left out. */
static bool drop(const struct table *table, struct layout *layout)
{
        size_t least = table->n_columns;

        for (size_t i = 0; i < table->n_columns; i++)
                if (layout->widths[i] && drop_of(table, i) &&
                    (least == table->n_columns || drop_of(table, i) > drop_of(table, least)))
                        least = i;
        if (least == table->n_columns)
                return false;
        layout->widths[least] = 0;
        return true;
}

static void fit(const struct table *table, size_t width, struct layout *layout)
{
        for (;;) {
                size_t total = total_of(table, layout), spare = 0;

                if (total <= width)
                        return;
                for (size_t i = 0; i < table->n_columns; i++)
                        spare += spare_of(table, layout, i);
                if (total - width <= spare) {
                        shrink(table, layout, total - width, false);
                        return;
                }
                if (!drop(table, layout)) {
                        shrink(table, layout, spare, false);
                        shrink(table, layout, total - width - spare, true);
                        return;
                }
        }
}

static const char *text_of(const struct table *table, const struct table_row *row, size_t column)
{
        if (!row)
                return table->columns[column].heading;
        return column < row->n ? row->cells[column].text : "";
}

/* Prints a row; NULL: the headings. */
static void print_cells(const struct table *table, const struct terminal *terminal,
                        const struct layout *layout, const struct table_row *row)
{
        size_t last = 0;
        bool first = true;

        for (size_t i = 0; i < table->n_columns; i++)
                if (layout->widths[i] && *text_of(table, row, i))
                        last = i;
        fprintf(terminal->stream, "%*s", (int)table->indent, "");
        for (size_t i = 0; i <= last; i++) {
                enum style style = !row ? STYLE_DIM : i < row->n ? row->cells[i].style : 0;

                if (!layout->widths[i])
                        continue;
                if (!first)
                        fprintf(terminal->stream, "%*s", (int)gap, "");
                terminal_print(terminal, style, text_of(table, row, i), layout->widths[i],
                               i != last);
                first = false;
        }
        fputc('\n', terminal->stream);
}

/* "The same in every row: CONSISTENCY crash, PLACE default/us-east-1", about columns left out. */
static void print_same(const struct table *table, const struct terminal *terminal,
                       const struct layout *layout)
{
        _cleanup_(text_done) struct text text = {};

        for (size_t i = 0; i < table->n_columns; i++) {
                const char *same = same_of(table, i);

                if (!layout->widths[i] && table->columns[i].usual == table_same && same &&
                    !streq(same, "-"))
                        text_printf(&text, "%s%s %s",
                                    text_size(&text) ? ", " : "The same in every row: ",
                                    table->columns[i].heading, same);
        }
        if (text_size(&text))
                terminal_wrap_styled(terminal, STYLE_DIM, text_get(&text), table->indent);
}

void table_print(const struct table *table, const struct terminal *terminal)
{
        struct layout layout = {};

        if (!table->n_rows)
                return;
        measure(table, &layout);
        fit(table, terminal->width, &layout);
        print_cells(table, terminal, &layout, NULL);
        for (size_t i = 0; i < table->n_rows; i++) {
                print_cells(table, terminal, &layout, &table->rows[i]);
                if (table->rows[i].note)
                        terminal_wrap(terminal, table->rows[i].note, table->indent + 2 * gap);
        }
        print_same(table, terminal, &layout);
}
