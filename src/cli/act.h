/* SPDX-License-Identifier: ISC */
/* Commands that are one request and have no options of their own, as data. */
#pragma once

#include "cli/command.h"

#include <jansson.h>

struct act {
	const char *method;
	const char *path; /* {} stands for an operand, in order */
	const char *body; /* NULL; else the last operand is the body's member of this name */
	int operands;
	bool takes_all; /* --all asks for ?all=1 */
	bool is_joined; /* two operands, which may also come as one: USER/DEVICE */
	/* Prints the answer for people. */
	void (*print)(const json_t *answer, char *const *operands);
};

/* Reads the arguments, asks, prints. */
enum cli_exit act_run(const struct cli *cli, int argc, char **argv, const struct act *act);
