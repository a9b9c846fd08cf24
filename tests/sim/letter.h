/* SPDX-License-Identifier: ISC */
/*
 * A datagram and where it really comes from: what the simulator knows and a receiver must find out.
 * All letters of a world are kept until its end, for the adversary to choose from.
 */
#pragma once

#include "wireguard/messages.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NOBODY = -1, /* in place of a node's number: the adversary, or no one */
};

struct letter {
	struct letter *original; /* itself; or what it equals in all that is authenticated */
	uint64_t number;	 /* in the order of writing */
	int author;		 /* the node that made it; NOBODY: the adversary */
	int addressee;		 /* the node that it was made for */
	enum message_type type;
	bool accepted; /* of originals: the addressee has acted upon it */
	size_t size;   /* of bytes */
	uint8_t bytes[];
};

/* The letters of one world. */
struct letters {
	size_t block_count;   /* blocks there are */
	size_t block;	      /* that is being filled */
	size_t used;	      /* bytes of it */
	uint8_t **blocks;     /* the letters lie in them one behind the other; kept */
	struct letter **list; /* all, in order */
	size_t count;	      /* letters in the list */
	size_t capacity;      /* of the list */
};

/* Forgets all letters, keeps the memory for the next world. */
void letters_clear(struct letters *letters);
void letters_done(struct letters *letters);

/* A letter with a copy of the bytes; author and addressee NOBODY. Belongs to `letters`. */
struct letter *letters_write(struct letters *letters, const uint8_t *bytes, size_t size);
