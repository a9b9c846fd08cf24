/* SPDX-License-Identifier: ISC */
/*
 * What a frame is, in the few numbers by which a probe's answer is known, without words: see
 * prover/answer.h for these. Outside bytes. Pure; any thread.
 */
#pragma once

#include "base/address.h"

struct sighting {
	uint8_t family; /* ADDRESS_NONE: it is no IP (ARP and the like), or broken */
	uint8_t protocol;
	struct address source, destination;
	uint16_t identification; /* of IPv4 */
	uint16_t from, to;	 /* ports of UDP and TCP */
	uint8_t type, code;	 /* of ICMP; of TCP: type are the flags */
	uint16_t id, sequence;	 /* of an echo and its reply */
	uint16_t size;		 /* of UDP's payload */
	uint16_t word;		 /* its first two bytes */
	bool is_error;		 /* of ICMP; then: */
	uint8_t quoted_protocol;
	uint16_t quoted_from, quoted_to; /* ports of what it is about */
};

/* Reads an Ethernet frame, of which `size` bytes are there; never fails: what is not there is 0. */
void sighting_read(const uint8_t *frame, size_t size, struct sighting *ret_sighting);
