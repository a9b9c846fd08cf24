/* SPDX-License-Identifier: ISC */
/* The list of message.h as a table, for message.c and channel.c; nobody else includes it. */
#pragma once

#include "priv/message.h"

struct message_row {
	const char *name;
	enum message_sender sender; /* one or two */
	uint16_t least, most;	    /* records of one message */
	size_t record_size;	    /* bytes */
	bool takes_fds;
};

/* The row of a type below MESSAGE_TYPES; static. */
const struct message_row *message_row(enum message_kind type);

/* Zeroes what lies between the fields of records, where a sender's memory would leak. */
void message_clear_holes(enum message_kind type, void *records, size_t count);
