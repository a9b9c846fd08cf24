/* SPDX-License-Identifier: ISC */
/*
 * A table for people: columns aligned, in printable ASCII whatever the cells hold. Filled cell by
 * cell, row by row. For one thread.
 */
#pragma once

#include "base/attributes.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
	GRID_COLUMNS_MAX = 12,
};

enum grid_side {
	GRID_LEFT,
	GRID_RIGHT, /* numbers */
};

struct grid_column {
	const char *head; /* NULL in the first column: no heads at all */
	enum grid_side side;
};

struct grid {
	const struct grid_column *columns; /* borrowed */
	size_t column_count;
	char **cells; /* escaped */
	size_t cell_count, capacity;
};

#define AUTO_GRID __attribute__((cleanup(grid_done)))

/* Over a table of columns, which is borrowed. Release by grid_done(). */
#define GRID(table)                                                                                \
	{                                                                                          \
		.columns = (table), .column_count = ARRAY_LENGTH(table)                            \
	}

/* The next cell; "" and NULL show as "-". */
void grid_text(struct grid *grid, const char *text);
void grid_format(struct grid *grid, const char *format, ...) printf_like(2, 3);

/* Writes heads and rows; the last row is whole. What cannot be written shows when it is flushed. */
void grid_print(const struct grid *grid, FILE *out);

void grid_done(struct grid *grid);
