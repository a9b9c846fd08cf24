/* SPDX-License-Identifier: ISC */
/*
 * What a stimulus is, as data: the recipe of one packet, and what it is for. The catalogue
 * (prover/catalogue.h) is a list of these; prover/craft.h makes frames of them.
 */
#pragma once

#include "base/address.h"
#include "prover/lesson.h"

/* Bytes of a literal. */
struct stimulus_data {
	const char *at;
	uint16_t size;
};
#define STIMULUS_DATA(literal)                                                                     \
	{                                                                                          \
		.at = (literal), .size = sizeof(literal) - 1                                       \
	}

enum stimulus_layer {
	STIMULUS_UDP,  /* kind: unused */
	STIMULUS_TCP,  /* kind: the flags */
	STIMULUS_ICMP, /* kind: type * 256 + code; of the family */
	STIMULUS_RAW,  /* kind: the protocol; the payload is all of it */
	STIMULUS_LINK, /* kind: the ethertype; the payload is all of it */
};

/* Where it goes; what is not the target itself goes to the target's link address alone. */
enum stimulus_to {
	STIMULUS_TO_TARGET,
	STIMULUS_TO_OVERLAY,
	STIMULUS_TO_ELSEWHERE, /* an address of documentation, to be forwarded */
	STIMULUS_TO_ALL,       /* 255.255.255.255; ff02::1 */
	STIMULUS_TO_GROUP,     /* the group in `group` */
	STIMULUS_TO_SOLICITED, /* ff02::1:ff of the target, by its multicast link address */
	STIMULUS_TO_ANYBODY,   /* the link's broadcast, for what is no IP */
};

enum stimulus_from {
	STIMULUS_FROM_US,
	STIMULUS_FROM_TARGET,
	STIMULUS_FROM_LOOPBACK,
	STIMULUS_FROM_BROADCAST,  /* 255.255.255.255; ff02::1 */
	STIMULUS_FROM_NOBODY,	  /* 0.0.0.0; :: */
	STIMULUS_FROM_NEIGHBOUR,  /* an address of our network that nobody asked about has */
	STIMULUS_FROM_LINK_LOCAL, /* fe80:: of our link address */
	STIMULUS_FROM_OVERLAY,
};

/* Destination ports that are no numbers. */
enum {
	STIMULUS_PORT = 0x10000, /* the tunnel's, or the control's: told apart by the run */
};

enum stimulus_fault {
	STIMULUS_SOUND,
	STIMULUS_BAD_HEADER_SUM,     /* of IPv4 */
	STIMULUS_BAD_SUM,	     /* of the transport */
	STIMULUS_NO_SUM,	     /* zero; of UDP */
	STIMULUS_LENGTH_LONG,	     /* the IP length says 64 more than there is */
	STIMULUS_LENGTH_SHORT,	     /* the IP length says 4 less */
	STIMULUS_UDP_LONG,	     /* the UDP length */
	STIMULUS_UDP_SHORT,	     /* 4 */
	STIMULUS_VERSION,	     /* 5 */
	STIMULUS_HEADER_SHORT,	     /* four words */
	STIMULUS_TCP_OFFSET,	     /* the TCP header of three words */
	STIMULUS_SEQUENCE_IS_TARGET, /* TCP: as the Mirai family */
};

/* What is written into the payload once it is there. */
enum stimulus_fill {
	STIMULUS_FILL_NONE,
	STIMULUS_FILL_TAG,    /* two bytes by which the answer is known */
	STIMULUS_FILL_TARGET, /* an address of the family, and so on */
	STIMULUS_FILL_SOURCE,
	STIMULUS_FILL_OVERLAY,
	STIMULUS_FILL_NEIGHBOUR,
	STIMULUS_FILL_LOOPBACK,
	STIMULUS_FILL_OWN, /* our link address */
};

/* Where the payload comes from. */
enum stimulus_make {
	STIMULUS_LITERAL,
	STIMULUS_PADDED,   /* the literal, and zeros up to `size` */
	STIMULUS_SHAPE,	   /* pseudo-random, `size` bytes; the literal lies over its beginning */
	STIMULUS_MAC1,	   /* that, with a mac1 that is right and a mac2 of zeros at its end */
	STIMULUS_RECORDED, /* what was recorded: message type `size` */
};

/* Of `flags`. */
enum {
	STIMULUS_PATIENT = 1, /* its answer may take a minute: sent first, waited for at the end */
	STIMULUS_ON_LINK = 2, /* only where no router is between */
	STIMULUS_BURST = 4,   /* many at once, each different */
	STIMULUS_REPEAT = 8,  /* many at once, all the same */
	STIMULUS_ATOMIC = 16, /* IPv6: a fragment header, of a whole packet unless `fragment` */
	STIMULUS_AFTER = 32,  /* half a second after what stands before it */
};

struct stimulus {
	const char *name;	      /* group.thing.detail */
	const char *what;	      /* one line */
	const char *group;	      /* an address, for STIMULUS_TO_GROUP */
	struct stimulus_data before;  /* IPv4 options; IPv6 extension headers, see first */
	struct stimulus_data options; /* of TCP */
	struct stimulus_data payload;
	enum lesson lesson;
	uint32_t port;	   /* destination */
	uint16_t kind;	   /* see enum stimulus_layer */
	uint16_t fragment; /* IPv4: bits of that field; IPv6: offset << 3 | more */
	uint16_t size;	   /* see enum stimulus_make */
	uint16_t window;   /* of TCP; 0: 1024 */
	uint8_t family;	   /* ADDRESS_IPV4, ADDRESS_IPV6 */
	uint8_t layer;	   /* enum stimulus_layer */
	uint8_t to, from, fault, make;
	uint8_t flags;
	uint8_t hops; /* TTL, hop limit; 0: 64, and 255 for neighbour discovery (see craft.c) */
	bool has_no_hops;
	uint8_t first; /* the protocol of what is in `before` (IPv6) */
	uint8_t last;  /* where in `before` the last extension header begins */
	struct {
		uint8_t what; /* enum stimulus_fill */
		uint8_t at;
	} fills[4];
};

/* Whether it is aimed at the tunnel's port, so that the control port is asked the same. */
static inline bool stimulus_is_aimed(const struct stimulus *stimulus)
{
	return stimulus->port == STIMULUS_PORT;
}
