/* SPDX-License-Identifier: ISC */
/*
 * Whether the gateway answers, and what to do about it. A device holds one question open at the
 * gateway's control port, which is answered when something changes. This says when to ask, how, and
 * when to try something else: a new handshake, another address, another look at the name. Pure:
 * events and the time come in, acts come out. The times are `struct moment`s.
 */
#pragma once

#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	CONTACT_WAIT_S = 25,	      /* how long the gateway may keep an open question */
	CONTACT_WAIT_MS = 28000,      /* until then an open question has to be answered */
	CONTACT_NOW_MS = 2500,	      /* and one that is answered at once: three round trips */
	CONTACT_DOUBT_MS = 1500,      /* the same over a session that is there: two of them */
	CONTACT_LOOK_MS = 2000,	      /* between two looks at the counters */
	CONTACT_LOOK_QUIET_MS = 1000, /* the same while something was sent and nothing came */
	CONTACT_LOOKUP_S = 30,	      /* between two look-ups of the name while it is silent */
	CONTACT_PAUSE_LONGEST_MS = 10000,
};

/* What an event asks for; several at once. */
enum contact_act {
	CONTACT_CANCEL = 1,	   /* end the question that is open: a new one is due */
	CONTACT_NEW_HANDSHAKE = 2, /* forget the sessions */
	CONTACT_NEXT_ADDRESS = 4,  /* of those that the name has */
	CONTACT_LOOKUP = 8,	   /* of the name */
};

/* A question that is due. */
struct contact_question {
	uint32_t wait_s;   /* how long the gateway may keep it; 0: to be answered at once */
	uint32_t total_ms; /* how long we wait */
};

struct contact {
	bool is_connected;	/* the gateway answered last */
	bool is_silent;		/* it did not, more than once in a row */
	struct moment since;	/* when the one or the other began; the start where neither is */
	struct moment heard;	/* when it last answered; 0: never */
	struct moment received; /* when something came in by the tunnel last, as far as was seen; 0:
				   never */
	bool has_tunnel;	/* something came in while the last question was open */
	uint32_t tried;		/* questions without an answer since it fell silent, or the start */

	uint64_t due_ns;       /* when to ask next; UINT64_MAX: a question is open */
	uint64_t asked_ns;     /* when the last was asked */
	bool wants_now;	       /* the next is to be answered at once */
	bool is_in_doubt;      /* and out of turn */
	bool is_waiting;       /* the open one may be kept by the gateway */
	uint32_t failures;     /* in a row, as far as pauses depend on it */
	uint64_t looked_up_ns; /* when the name was looked up last */

	uint64_t handshake_ns, rx_bytes, tx_bytes; /* as last seen */
	uint64_t quiet_ns; /* since when something was sent and nothing came; 0: not so */
};

/* The first question is due at once. */
void contact_init(struct contact *contact, struct moment now);

/* Takes the question that is due. False: none is yet. */
bool contact_take(
	struct contact *contact, struct moment now, struct contact_question *ret_question);

/* What became of the open question; each returns acts. `reached`: the tunnel works, but the
 * controller refused or closed. `canceled`: by us. */
unsigned contact_answered(struct contact *contact, struct moment now);
unsigned contact_reached(struct contact *contact, struct moment now);
unsigned contact_unanswered(struct contact *contact, struct moment now);
unsigned contact_canceled(struct contact *contact, struct moment now);

/* The counters of the gateway's peer; returns acts. */
struct contact_counters {
	uint64_t handshake_ns; /* realtime, of the last; 0: none */
	uint64_t rx_bytes, tx_bytes;
};

unsigned contact_counted(
	struct contact *contact, const struct contact_counters *counters, struct moment now);

/* This host has other addresses or routes, or slept; returns acts. */
unsigned contact_moved(struct contact *contact, struct moment now);

/* When to look at the counters next, from now. */
uint32_t contact_look_ms(const struct contact *contact);
