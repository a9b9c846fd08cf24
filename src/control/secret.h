/* SPDX-License-Identifier: ISC */
/* Bytes that come one by one and may hold keys or tokens: they grow, and leave nothing behind. */
#pragma once

#include <stddef.h>

/* Begins as {0}. */
struct secret {
	char *at; /* NULL while it is empty; not zero-terminated */
	size_t size, room;
};

/* Aborts where there is no memory. */
void secret_append(struct secret *secret, const char *bytes, size_t size);

/* Empty again, and wiped. */
void secret_wipe(struct secret *secret);
