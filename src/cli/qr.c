/* SPDX-License-Identifier: ISC */
#include "cli/qr.h"

#include "base/bytes.h"
#include "base/error.h"

#include <errno.h>
#include <qrencode.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	MARGIN = 4,	/* modules of silence around it (ISO/IEC 18004, 5.3.8) */
	TEXT_MAX = 4296 /* characters of the largest code */
};

#define BLACK_ON_WHITE "\x1b[38;5;16;48;5;231m"
#define AS_BEFORE "\x1b[0m"

/* Whether a module is black; those around the code are not. */
static bool is_black(const QRcode *code, int x, int y)
{
	if (x < 0 || y < 0 || x >= code->width || y >= code->width)
		return false;
	return code->data[y * code->width + x] & 1;
}

/* Two rows of modules in one line. */
static void print_line(const QRcode *code, int y, bool has_colours, FILE *out)
{
	static const char *const blocks[] = {" ", "\u2580", "\u2584", "\u2588"};

	(void)fputs(has_colours ? BLACK_ON_WHITE : "", out);
	for (int x = -MARGIN; x < code->width + MARGIN; x++) {
		int block = is_black(code, x, y) + 2 * is_black(code, x, y + 1);
		/* without colours a terminal writes light on dark: what is printed is white */
		(void)fputs(blocks[has_colours ? block : 3 - block], out);
	}
	(void)fprintf(out, "%s\n", has_colours ? AS_BEFORE : "");
}

static char *capitals(const char *text)
{
	char *copy = strdup(text);

	for (char *at = copy; at && *at; at++) {
		if (*at >= 'a' && *at <= 'z')
			*at = (char)(*at - 'a' + 'A');
	}
	return copy;
}

int qr_print(const char *text, FILE *out)
{
	if (strlen(text) > TEXT_MAX)
		return ERR_RANGE;
	char *copy = capitals(text); /* a token is a secret: it is wiped */
	if (!copy)
		return -ENOMEM;
	QRcode *code = QRcode_encodeString(copy, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
	int err = code ? 0 : (errno == ERANGE ? ERR_RANGE : -errno);
	bytes_wipe(copy, strlen(copy));
	free(copy);
	if (!code)
		return err;
	for (int y = -MARGIN; y < code->width + MARGIN; y += 2)
		print_line(code, y, isatty(fileno(out)), out);
	QRcode_free(code);
	return 0;
}
