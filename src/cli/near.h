/* SPDX-License-Identifier: ISC */
/* Where another program of ours is. */
#pragma once

#include <limits.h>

enum {
	NEAR_PATH_SIZE = PATH_MAX,
};

/*
 * What the variable says, else the program next to this one, in ../sbin, or in the folder of its
 * name next to ours (as it is built), else its name, for PATH.
 */
void near_program(const char *variable, const char *name, char ret_path[static NEAR_PATH_SIZE]);
