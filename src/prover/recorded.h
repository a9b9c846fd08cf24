/* SPDX-License-Identifier: ISC */
/*
 * WireGuard's messages out of a capture (pcap of microseconds or nanoseconds, pcapng, of either
 * byte order; Ethernet, Linux "cooked" or raw IP), to be replayed. Outside bytes. Pure but for
 * memory.
 */
#pragma once

#include "base/attributes.h"
#include "base/bytes.h"

enum {
	RECORDED_MAX = 64,	  /* messages of one type; later ones are left out */
	RECORDED_TYPES = 4,	  /* types 1 to 4 */
	RECORDED_SIZE_MAX = 1400, /* of one message; longer ones are left out */
	RECORDED_FILE_MAX = 64 << 20,
	RECORDED_INTERFACES_MAX = 64, /* of a section of pcapng; what later ones saw is left out */
};

struct recorded_message {
	const uint8_t *at; /* in the capture, which is borrowed */
	size_t size;
};

struct recorded {
	struct recorded_message messages[RECORDED_TYPES][RECORDED_MAX];
	size_t counts[RECORDED_TYPES];
};

/*
 * Finds all datagrams to that UDP port that have the shape of a message. Borrows the bytes for as
 * long as *ret_recorded is used. ERR_SYNTAX: it is no capture; ERR_UNKNOWN_WORD: its link type is
 * not known. A capture that was cut gives what is whole in it.
 */
int recorded_read(
	const uint8_t *bytes, size_t size, uint16_t port, struct recorded *ret_recorded) must_check;

/* The n-th message of a type, over and over; NULL: there is none. */
static inline const struct recorded_message *recorded_at(
	const struct recorded *recorded, unsigned type, size_t n)
{
	if (!recorded || type < 1 || type > RECORDED_TYPES || recorded->counts[type - 1] == 0)
		return NULL;
	return &recorded->messages[type - 1][n % recorded->counts[type - 1]];
}
