/* SPDX-License-Identifier: ISC */
#include "cli/qr.h"

#include "base/error.h"
#include "tap.h"

#include <stdlib.h>

enum {
	TOO_LONG = 4297,
	VERSION_2 = 25, /* modules: what 40 characters of that mode take at level L */
	MARGINS = 8,
	BLOCK_BYTES = 3, /* of a block in UTF-8 */
};

/* Characters in a line of blocks and spaces. */
static size_t width_of(const char *line)
{
	size_t width = 0;

	for (; *line != '\n'; width++)
		line += *line == ' ' ? 1 : BLOCK_BYTES;
	return width;
}

static char *draw(const char *text)
{
	char *drawn = NULL;
	size_t size;
	FILE *out = open_memstream(&drawn, &size);
	int err = qr_print(text, out);

	(void)fclose(out);
	tap_is_int(err, 0, "it is drawn");
	return drawn;
}

int main(void)
{
	char *upper = draw("TACET1-0123456789-ABCDEFGHIJKLMNOPQRSTUV");
	char *lower = draw("tacet1-0123456789-abcdefghijklmnopqrstuv");
	char *longest = calloc(1, TOO_LONG + 1);
	size_t lines = 0;
	bool are_equal = true;

	tap_ok(strcmp(upper, lower) == 0, "letters are made capital");
	for (const char *at = upper; *at; at = strchr(at, '\n') + 1) {
		lines++;
		are_equal &= width_of(at) == VERSION_2 + MARGINS;
	}
	tap_ok(are_equal, "lines are as wide as it is, with its margins");
	tap_is_int((intmax_t)lines, (VERSION_2 + MARGINS + 1) / 2, "two rows are in each line");
	memset(longest, 'A', TOO_LONG);
	tap_is_int(qr_print(longest, stderr), ERR_RANGE, "too long for any code");
	free(upper);
	free(lower);
	free(longest);
	return tap_done();
}
