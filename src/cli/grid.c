/* SPDX-License-Identifier: ISC */
#include "cli/grid.h"

#include "base/memory.h"
#include "cli/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	CAPACITY_FIRST = 64,
};

#define GAP "  " /* between columns */

/* Consumes text. */
static void add(struct grid *grid, char *text)
{
	if (grid->cell_count == grid->capacity) {
		grid->capacity = grid->capacity ? 2 * grid->capacity : CAPACITY_FIRST;
		grid->cells = memory_grow(grid->cells, grid->capacity, sizeof *grid->cells);
	}
	grid->cells[grid->cell_count++] = text;
}

void grid_text(struct grid *grid, const char *text)
{
	add(grid, text_escape(text && *text ? text : "-"));
}

void grid_format(struct grid *grid, const char *format, ...)
{
	AUTO_TEXT char *text = NULL;
	va_list values;

	va_start(values, format);
	if (vasprintf(&text, format, values) < 0)
		abort();
	va_end(values);
	grid_text(grid, text);
}

static size_t width_of(const struct grid *grid, size_t column)
{
	const char *head = grid->columns[column].head;
	size_t width = head ? strlen(head) : 0;

	for (size_t i = column; i < grid->cell_count; i += grid->column_count) {
		size_t length = strlen(grid->cells[i]);
		if (length > width)
			width = length;
	}
	return width;
}

/* One line; nothing is written behind its last cell, so that it has no spaces at its end. */
static void print_line(
	const struct grid *grid, const size_t *widths, const char *const *cells, FILE *out)
{
	for (size_t i = 0; i < grid->column_count; i++) {
		bool is_last = i + 1 == grid->column_count;

		if (grid->columns[i].side == GRID_RIGHT)
			(void)fprintf(out, "%*s", (int)widths[i], cells[i]);
		else
			(void)fprintf(out, "%-*s", is_last ? 0 : (int)widths[i], cells[i]);
		(void)fputs(is_last ? "\n" : GAP, out);
	}
}

void grid_print(const struct grid *grid, FILE *out)
{
	size_t widths[GRID_COLUMNS_MAX];
	const char *heads[GRID_COLUMNS_MAX];

	assert(grid->column_count <= GRID_COLUMNS_MAX);
	assert(grid->cell_count % grid->column_count == 0);
	for (size_t i = 0; i < grid->column_count; i++) {
		widths[i] = width_of(grid, i);
		heads[i] = grid->columns[i].head;
	}
	if (heads[0])
		print_line(grid, widths, heads, out);
	for (size_t i = 0; i < grid->cell_count; i += grid->column_count)
		print_line(grid, widths, (const char *const *)&grid->cells[i], out);
}

void grid_done(struct grid *grid)
{
	for (size_t i = 0; i < grid->cell_count; i++)
		free(grid->cells[i]);
	free(grid->cells);
	grid->cells = NULL;
	grid->cell_count = grid->capacity = 0;
}
