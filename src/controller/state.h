/* SPDX-License-Identifier: ISC */
/*
 * The control process of a server, as its files share it. One thread; one loop. Each file has a
 * part of it, and functions on the whole: rollout (what is in force), netmaps (devices that wait
 * for a change), gateways (those on other hosts), live (what the engine knows), expiry (invites
 * that end), knocks (their keys), alarms.
 */
#pragma once

#include "base/clock.h"
#include "control/server.h"
#include "controller/plan.h"
#include "controller/polls.h"
#include "controller/world.h"
#include "lookout/lookout.h"
#include "policy/compiled.h"
#include "priv/channel.h"
#include "priv/config.h"
#include "store/store.h"

#include <uv.h>

enum {
	ALARMS_KEPT = 20,
	ALARM_TEXT_SIZE = MESSAGE_TEXT_SIZE + 64,
};

/* What was noticed, the latest last; a ring. */
struct alarms {
	struct alarm {
		uint64_t at_ns; /* realtime */
		char text[ALARM_TEXT_SIZE];
	} kept[ALARMS_KEPT];
	size_t count; /* ever */
};

/* What a plan says of devices: the policy that it was made from, and their states then. */
struct ruling {
	struct policy_compiled *compiled;
	struct standing {
		uint32_t id;
		uint8_t state; /* enum store_device_state */
	} * standings;	       /* by id */
	size_t count;
	uint64_t knock; /* number of the members' newest knock key; 0: none */
};

/* From what is stored to what is in force: at most one plan under way. */
struct rollout {
	struct ruling *in_force;  /* NULL: nothing was said to be in force yet */
	struct ruling *sent;	  /* of the plan that was sent last; may be the same */
	struct message_plan head; /* of that plan */
	uint64_t in_force_ns;	  /* realtime; of the plan in force */
	struct message_plan in_force_head;
	bool is_ready;			       /* the parent takes plans */
	bool is_under_way;		       /* a plan was sent and not answered yet */
	bool is_due;			       /* something has changed since it was made */
	struct waiter *waiters, **waiters_end; /* in the order in which they came */
	struct message_done settling;	       /* in force here, and waited for elsewhere */
	bool is_settling;
	uv_timer_t patience;		 /* with that */
	uv_timer_t retry;		 /* after a failure */
	char failure[MESSAGE_TEXT_SIZE]; /* why what is stored is not in force; "" */
	char faults[ALARM_TEXT_SIZE];	 /* what of the policy means nothing now; "" */
	size_t fault_count;
};

/* Gateways on hosts of their own: what each is told, and what it says is in force there. */
struct gateways {
	struct polls polls;
	struct gateway_link *links; /* one each, in no order */
	size_t count;
};

/* Knock keys: when the next is made, and what those say who were told. */
struct knocks {
	uv_timer_t timer;
	uint64_t newest;  /* number of the members' newest, when that was looked at last */
	uint64_t seen_ns; /* monotonic, since when it is that */
	uint64_t older;	  /* number that all devices were told for gateways that are behind */
	struct store_knock_news *heard; /* said, and not written down yet */
	size_t heard_count, heard_capacity;
	uv_timer_t writing; /* of that */
};

/* What the parent and the engine say of themselves. */
struct live {
	struct asker *askers; /* who waits for the answer that is under way */
	uint64_t nonce;	      /* of the question under way */
	bool is_under_way;
	bool is_fresh;			   /* what follows was answered to the last question */
	struct message_peer_status *peers; /* by public key, once they are fresh */
	size_t peer_count, peer_capacity;
	struct message_status status;
	uv_timer_t patience;
};

struct controller {
	const struct config *config;
	struct store *store;
	uv_loop_t *loop;
	struct channel *channel;
	struct server *server;
	int listeners[MESSAGE_LISTENERS_ALL]; /* -1: none */
	int result;			      /* exit code, once the loop has stopped */
	uint64_t since_ns;		      /* realtime */
	struct world world;
	struct rollout rollout;
	struct polls netmaps; /* devices that wait for theirs to become another */
	struct gateways gateways;
	struct live live;
	struct knocks knocks;
	struct lookout lookout;
	struct alarms alarms;
	uv_timer_t expiry;
	bool owes_expiry; /* the store could not write down that invites have expired */
	/* Who asks at the control and enrolment ports; a test has others than the tunnel has. */
	struct address (*asker)(const struct server_peer *peer);
};

/* Opens the store and reads the world; then alarms and timers work. -errno, ERR_*. */
int controller_open(
	struct controller *controller, const struct config *config, uv_loop_t *loop) must_check;

/* Says who this host is, on a channel whose other end is the parent. -errno. */
int controller_greet(struct controller *controller, int channel_fd) must_check;

/* What is in memory may not be what is stored: ends this process, so that it is started anew. */
void controller_fail(struct controller *controller, int err, const char *what);

/* Ends all requests and closes everything but the loop, which has to run until it is empty. */
void controller_close(struct controller *controller);
