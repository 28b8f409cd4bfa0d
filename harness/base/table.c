#include "harness/base/text.h"
#include "harness/stats/enough.h"

#include <stdlib.h>
#include <string.h>

enum {
	GAP = 2,        /* between columns */
	FOLDED = 2,     /* more indent of lines behind the first of a row */
	LEAST_TEXT = 24 /* a text is wrapped in what is left of a line, if it is that much */
};

struct pf_table {
	size_t columns, rows, capacity;
	bool *right_aligned;
	char **cells; /* rows * columns; NULL from the end of a short row on */
};

/* How it is printed: widths of the columns, and where each stands. */
struct layout {
	int limit;      /* of a line; 0: none */
	size_t indent;  /* of all */
	size_t *widths; /* of a column; of one that is wrapped, what it has room for */
	size_t *starts; /* first place of a column in its line */
	size_t *lines;  /* of a row, that the column is on */
	bool *wrapped;
};

pf_table *pf_table_create(size_t columns, const bool *right_aligned)
{
	pf_table *table = pf_enough(calloc(1, sizeof *table));
	table->columns = columns;
	table->right_aligned = pf_enough(calloc(columns, sizeof *right_aligned));
	memcpy(table->right_aligned, right_aligned, columns * sizeof *right_aligned);
	return table;
}

void pf_table_row(pf_table *table, const char *const *cells, size_t count)
{
	if (table->rows == table->capacity) {
		table->capacity = table->capacity ? 2 * table->capacity : 16;
		table->cells = pf_enough(
			reallocarray(table->cells, table->capacity * table->columns, sizeof *table->cells));
	}
	for (size_t i = 0; i < table->columns; i++) {
		table->cells[table->rows * table->columns + i] = i < count ? pf_enough(strdup(cells[i]))
									   : NULL;
	}
	table->rows++;
}

/* The last cell of a short row may run on over the columns behind it. */
static bool runs_on(const pf_table *table, size_t row, size_t column)
{
	char *const *cells = table->cells + row * table->columns;
	return column + 1 < table->columns && !cells[column + 1];
}

static void find_widths(const pf_table *table, size_t *widths)
{
	for (size_t row = 0; row < table->rows; row++) {
		for (size_t i = 0; i < table->columns && table->cells[row * table->columns + i]; i++) {
			size_t width = pf_text_width(table->cells[row * table->columns + i]);
			if (!runs_on(table, row, i) && width > widths[i]) {
				widths[i] = width;
			}
		}
	}
}

/* Puts the columns on lines. A text that does not fit is wrapped where enough is left for it, else it begins
 * a line, and ends it. */
static void place(const pf_table *table, struct layout *layout)
{
	size_t at = layout->indent, line = 0, limit = layout->limit ? (size_t)layout->limit : SIZE_MAX;
	for (size_t i = 0; i < table->columns; i++) {
		size_t start = i ? at + GAP : at;
		bool last = i + 1 == table->columns, fits = start + layout->widths[i] <= limit;
		bool may_wrap = last && !table->right_aligned[i] && start + LEAST_TEXT <= limit;
		if (!fits && !may_wrap && i) {
			line++;
			start = layout->indent + FOLDED;
			fits = start + layout->widths[i] <= limit;
		}
		layout->wrapped[i] = !fits && !table->right_aligned[i];
		if (layout->wrapped[i] && start < limit) {
			layout->widths[i] = limit - start;
		}
		layout->starts[i] = start;
		layout->lines[i] = line;
		at = start + layout->widths[i];
	}
}

/* Prints a cell; `at` is where its line has got to. Returns where it is then; it never ends the line. */
static size_t print_cell(const pf_table *table, const struct layout *layout, size_t row, size_t column,
			 size_t at, FILE *stream)
{
	const char *cell = table->cells[row * table->columns + column];
	size_t width = pf_text_width(cell), start = layout->starts[column], room = layout->widths[column];
	bool on = runs_on(table, row, column);
	if (table->right_aligned[column] && !on && width < room) {
		start += room - width;
	}
	if (!cell[0]) {
		return at;
	}
	fprintf(stream, "%*s", (int)(start - at), "");
	if (!layout->wrapped[column] && !(on && layout->limit && start + width > (size_t)layout->limit)) {
		fputs(cell, stream);
		return start + width;
	}
	/* The rest of its line is its own. */
	size_t indent = on && start + LEAST_TEXT > (size_t)layout->limit ? layout->indent + 2 * FOLDED
									 : start;
	pf_text_wrap_on(stream, cell, layout->limit, (int)indent, (int)start);
	return (size_t)layout->limit;
}

static void print_row(const pf_table *table, const struct layout *layout, size_t row, const char *indent,
		      FILE *stream)
{
	char *const *cells = table->cells + row * table->columns;
	size_t at = layout->indent;
	bool any = false; /* a line was printed that is not empty */
	fputs(indent, stream);
	for (size_t i = 0; i < table->columns && cells[i]; i++) {
		bool empty = true; /* all of its line */
		for (size_t k = i; k < table->columns && cells[k] && layout->lines[k] == layout->lines[i];
		     k++) {
			empty = empty && !cells[k][0];
		}
		if (any && layout->lines[i] != layout->lines[i - 1] && !empty) {
			fprintf(stream, "\n%s", indent);
			at = layout->indent;
		}
		any = any || !empty;
		at = print_cell(table, layout, row, i, at, stream);
	}
	fputc('\n', stream);
}

void pf_table_print(const pf_table *table, FILE *stream, const char *indent)
{
	struct layout layout = {
		.limit = pf_text_columns(fileno(stream)),
		.indent = pf_text_width(indent),
		.widths = pf_enough(calloc(3 * table->columns + 1, sizeof *layout.widths)),
		.wrapped = pf_enough(calloc(table->columns + 1, sizeof *layout.wrapped)),
	};
	layout.starts = layout.widths + table->columns;
	layout.lines = layout.starts + table->columns;
	find_widths(table, layout.widths);
	place(table, &layout);
	for (size_t row = 0; row < table->rows; row++) {
		print_row(table, &layout, row, indent, stream);
	}
	free(layout.widths);
	free(layout.wrapped);
}

void pf_table_free(pf_table *table)
{
	if (!table) {
		return;
	}
	for (size_t i = 0; i < table->rows * table->columns; i++) {
		free(table->cells[i]);
	}
	free(table->cells);
	free(table->right_aligned);
	free(table);
}
