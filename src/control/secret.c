/* SPDX-License-Identifier: ISC */
#include "control/secret.h"

#include "base/bytes.h"
#include "base/memory.h"

#include <stdlib.h>

enum {
	ROOM = 4096, /* bytes, at first */
};

void secret_wipe(struct secret *secret)
{
	if (secret->at)
		bytes_wipe(secret->at, secret->room);
	free(secret->at);
	*secret = (struct secret){0};
}

/* By copying: what reallocarray() leaves behind is not wiped. */
static void grow(struct secret *secret, size_t room)
{
	struct secret grown = {.at = memory_new(room, 1), .size = secret->size, .room = room};

	if (secret->size)
		memcpy(grown.at, secret->at, secret->size);
	secret_wipe(secret);
	*secret = grown;
}

void secret_append(struct secret *secret, const char *bytes, size_t size)
{
	size_t room = secret->room ? secret->room : ROOM;

	while (room - secret->size < size)
		room *= 2;
	if (room != secret->room)
		grow(secret, room);
	memcpy(secret->at + secret->size, bytes, size);
	secret->size += size;
}
