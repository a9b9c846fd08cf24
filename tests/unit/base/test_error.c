/* SPDX-License-Identifier: ISC */
#include "base/error.h"
#include "tap.h"

#include <errno.h>
#include <limits.h>

static const struct {
	const char *name;
	int code;
	const char *text;
} rows[] = {
	{"one of ours", ERR_WEAK_KEY,
		"the public key is of low order, no secret can be agreed with it"},
	{"the system's", -ENOENT, "No such file or directory"},
	{"between the system's and ours", -1000, "unknown error"},
	{"behind ours", -1999, "unknown error"},
	{"the least int", INT_MIN, "unknown error"},
	{"positive", 1, "unknown error"},
};

int main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		tap_ok(strcmp(err_str(rows[i].code), rows[i].text) == 0, rows[i].name);
	return tap_done();
}
