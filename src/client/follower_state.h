/* SPDX-License-Identifier: ISC */
/* What the follower's files share: one object for the process. Internal to client/follower*.c. */
#pragma once

#include "client/asker.h"
#include "client/callee.h"
#include "client/contact.h"
#include "client/device.h"
#include "client/planner.h"
#include "control/server.h"
#include "lookout/lookout.h"
#include "net/netwatch.h"
#include "priv/channel.h"
#include "priv/config.h"

enum {
	FOLLOWER_ASKS_MAX = 8, /* that wait; others are answered at once */
};

struct follower {
	const struct config *config;
	char device_path[CONFIG_PATH_SIZE];
	struct device device;
	bool is_gateway;
	char told_path[CONFIG_PATH_SIZE]; /* this and the next three: a gateway's */
	struct gatewayplan told;	  /* last; its netmap is the device's */
	uint64_t planned;		  /* version of what the last plan was made from */
	uint64_t in_force;
	bool has_knock; /* there is one on disk, of this epoch, for the first gateway */
	uint16_t knock;
	uint64_t written_s; /* Unix time, when the device file was written last */

	uv_loop_t loop;
	struct channel *channel;
	struct server *server; /* NULL until the parent has given the listeners */
	struct server_request
		*asks[FOLLOWER_ASKS_MAX]; /* for the status, until a plan is in force */
	unsigned ask_count;
	int listener; /* the local socket; -1: not yet */
	struct lookout lookout;
	struct planner planner;
	struct callee *callees; /* one for each gateway of the netmap, in its order; owned */
	size_t callee_count;

	struct asker *asker; /* NULL until there is a tunnel */
	struct contact contact;
	uv_timer_t ask_timer;		  /* when the next question is due */
	uv_timer_t look_timer;		  /* when to look at the counters */
	struct moment looked;		  /* when that was done last */
	uint64_t nonce;			  /* of the last look */
	struct contact_counters counters; /* of the first gateway, as they come in */

	struct netwatch *netwatch; /* NULL: the kernel does not tell */
	uv_poll_t netwatch_poll;
	struct address
		source; /* of ours, by which the gateway was called when that was last seen */
	uv_timer_t settle_timer; /* the network has changed: until it has come to rest */

	int exit_code;
};

/* ---- follower_contact.c ---- */

/* Begins to ask, to look and to watch. -errno. */
int follower_contact_begin(struct follower *follower) must_check;

/* A plan was answered: a gateway says at once what is in force. */
void follower_contact_planned(struct follower *follower);

/* Ends all that; handles are being closed. */
void follower_contact_end(struct follower *follower);

/* Counters of a peer; and that all have been said. */
void follower_peer_counted(struct follower *follower, const struct message_peer_status *peer);
void follower_all_counted(struct follower *follower, const struct message_status *status);

/* ---- follower_netmap.c ---- */

/* Calls the netmap's gateways from now on. */
void follower_call_gateways(struct follower *follower);
void follower_forget_gateways(struct follower *follower);

/* Of the first gateway, in use; remote ADDRESS_NONE: not known yet. */
struct endpoint follower_address(const struct follower *follower);

/* Counters of a gateway that is not the controller's: tries another address where none answers. */
void follower_other_counted(
	struct follower *follower, size_t gateway, const struct message_peer_status *peer);

/* The netmap is as it is on disk: the controller is told which knock survives a restart. */
void follower_note_knock(struct follower *follower);

/* For struct planner. */
void follower_make_plan(void *context, struct deviceplan *ret_plan);

/* A netmap came, or a gateway's plan: checked, stored, planned. */
void follower_take_answer(struct follower *follower, const json_t *json);

/* The gateway answered: remembers by which address. */
void follower_keep_address(struct follower *follower);

/* ---- follower.c ---- */

/* Ends the loop; the parent starts us anew where we end of our own accord. */
void follower_stop(struct follower *follower, int exit_code);
