/* SPDX-License-Identifier: ISC */
#include "cli/grid.h"

#include "tap.h"

#include <stdlib.h>

static const struct grid_column columns[] = {
	{"NAME", GRID_LEFT}, {"BYTES", GRID_RIGHT}, {"WHERE", GRID_LEFT}};
static const struct grid_column headless[] = {{NULL, GRID_LEFT}, {NULL, GRID_LEFT}};

static void prints(const struct grid *grid, const char *want, const char *name)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	grid_print(grid, out);
	(void)fclose(out);
	if (!tap_ok(strcmp(text, want) == 0, name))
		printf("# got\n%s", text);
	free(text);
}

int main(void)
{
	struct grid grid = GRID(columns), pairs = GRID(headless);

	prints(&grid, "NAME  BYTES  WHERE\n", "heads alone");
	grid_text(&grid, "alice-the-first");
	grid_format(&grid, "%d", 7);
	grid_text(&grid, "");
	grid_text(&grid, "\x1b[2J\xc3\xa4");
	grid_format(&grid, "%d", 123456789);
	grid_text(&grid, NULL);
	prints(&grid,
		"NAME                 BYTES  WHERE\n"
		"alice-the-first          7  -\n"
		"\\x1b[2J\\xc3\\xa4  123456789  -\n",
		"cells are aligned, escaped, and lines end where their text does");
	grid_done(&grid);
	grid_text(&pairs, "network");
	grid_text(&pairs, "tacet");
	grid_text(&pairs, "in force");
	grid_text(&pairs, "yes");
	prints(&pairs, "network   tacet\nin force  yes\n", "without heads");
	grid_done(&pairs);
	for (int i = 0; i < 1000; i++)
		grid_format(&pairs, "%d", i);
	tap_is_int((intmax_t)pairs.cell_count, 1000, "many cells");
	grid_done(&pairs);
	return tap_done();
}
