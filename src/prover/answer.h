/* SPDX-License-Identifier: ISC */
/*
 * Reads a frame that came in: who sent it, what it is in one line, and by which tag it belongs to a
 * stimulus. Outside bytes. Pure; any thread.
 */
#pragma once

#include "base/address.h"

enum {
	ANSWER_TEXT_SIZE = 160,
};

enum answer_kind {
	ANSWER_ARP,	  /* a reply */
	ANSWER_NEIGHBOUR, /* an advertisement */
	ANSWER_SEEKS,	  /* ARP request or neighbour solicitation: it looks for somebody */
	ANSWER_CLAIMS,	  /* it tries whether an address is free: duplicate address detection */
	ANSWER_GROUPS,	  /* a report of IGMP or MLD */
	ANSWER_ROUTER,	  /* router solicitation, advertisement, redirect */
	ANSWER_ERROR,	  /* an ICMP error */
	ANSWER_ICMP,	  /* other ICMP */
	ANSWER_TCP,
	ANSWER_UDP,
	ANSWER_OTHER,
	ANSWER_KIND_COUNT,
};

struct answer {
	enum answer_kind kind;
	struct address source; /* ADDRESS_NONE: it is no IP, nor ARP */
	uint16_t tag;	       /* 0: it bears none */
	uint8_t type, code;    /* of ICMP; of TCP: the flags */
	char text[ANSWER_TEXT_SIZE];
};

/* The name of a kind, in one word; static. */
const char *answer_kind_text(enum answer_kind kind);

/* Reads an Ethernet frame, of which `size` bytes are there; never fails: it may be "other". */
void answer_read(const uint8_t *frame, size_t size, struct answer *ret_answer);
