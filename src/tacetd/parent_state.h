/* SPDX-License-Identifier: ISC */
/* What the files parent*.c share; nobody else includes it. */
#pragma once

#include "gateway/enforce.h"
#include "gateway/plan.h"
#include "harden/harden.h"
#include "priv/channel.h"
#include "priv/process.h"
#include "tacetd/listeners.h"
#include "tacetd/logpipe.h"
#include "tacetd/parent.h"

enum {
	PARENT_ASKS_MAX = 16, /* questions for the status that the engine has not answered yet */
};

/* A child, and our end of the channel to it. */
struct child {
	struct parent *parent;
	struct process *process; /* NULL: not started yet, or ended for good */
	struct channel *channel; /* NULL: it does not run */
	unsigned mute_checks;	 /* since it has closed its end; it should have ended by now */
};

struct parent {
	const struct config *config;
	uv_loop_t loop;
	uv_signal_t signals[3];
	uv_timer_t timer;
	unsigned checks;	   /* since the start */
	struct harden_seen seen;   /* by hardening */
	bool has_hardening_failed; /* the last time; said once */
	struct logpipe *logpipe;   /* NULL: in the foreground */
	int pid_fd;
	int ready_fd; /* who started us waits; -1: nobody */
	bool is_ready, is_stopping;
	int exit_code;

	struct child control, engine;

	/* parent_tunnel.c */
	bool has_tunnel;	      /* control has said who we are */
	bool has_device;	      /* and the device is ours, so that we remove it in the end */
	struct message_tunnel tunnel; /* as control said it */
	struct model_tunnel model;    /* the same, for plans */
	unsigned interface_index;     /* that the listeners are bound to */
	struct listeners listeners;

	/* parent_plan.c */
	struct enforce *enforce; /* NULL: a device */
	struct plan_intake intake;
	struct plan_received *plan;    /* in force; NULL: none yet */
	struct plan_received *waiting; /* the next one; NULL: none */
	uint64_t planned_ns;	       /* realtime, since when */
	bool is_applying;	       /* the engine has not said yet that it is done */
	unsigned applying_checks;      /* for how long already */
	bool is_orphan;		  /* who said this plan has died: nobody waits for the answer */
	struct message_done done; /* what will be answered */
	bool is_checking;	  /* what enforce says now is a difference */
	int check_error;	  /* of the last check; said once */
	uint64_t repaired;

	/* parent_engine.c */
	bool is_engine_ready;
	uint16_t listen_port;
	uint64_t serial; /* of the peers that were sent last */

	/* parent_status.c */
	uint64_t asks[PARENT_ASKS_MAX]; /* nonces, oldest first */
	unsigned ask_count;
};

static inline bool parent_is_gateway(const struct parent *parent)
{
	return parent->config->role != CONFIG_CLIENT;
}

/* Whether the controller is here, and with it the sockets in the tunnel. */
static inline bool parent_is_server(const struct parent *parent)
{
	return parent->config->role == CONFIG_SERVER;
}

/* ---- parent.c ---- */

/* Says it is ready, if all that this takes has happened. */
void parent_look_ready(struct parent *parent);

/* Ends all; the exit code counts where it is not 0. */
void parent_stop(struct parent *parent, int exit_code);

/* Starts a child anew that says what it may not, or cannot go on: it is ended at once. */
void parent_end_child(struct child *child);

/* It has closed its end of the channel: it is about to end, or is ended before long. */
void parent_child_is_mute(struct child *child);

/* Tells people and control of a difference that was found and repaired. */
void parent_report(struct parent *parent, const char *what);

/* ---- parent_tunnel.c ---- */

/* Sees to it that device, addresses and listeners are as control said. False: it is logged why. */
bool parent_make_tunnel(struct parent *parent) must_check;

/* MESSAGE_TUNNEL. */
void parent_hear_tunnel(struct parent *parent, const struct channel_message *message);

/* Compares the device, and a device's routes, with what they should be; repairs and reports. */
void parent_check_tunnel(struct parent *parent);

/* What goes when the daemon ends for good. */
void parent_remove_tunnel(struct parent *parent);

/* ---- parent_plan.c ---- */

/* Zeroes it, opens what it needs. -errno. */
int parent_plan_open(struct parent *parent) must_check;
void parent_plan_close(struct parent *parent);

/* MESSAGE_PLAN_BEGIN to MESSAGE_PLAN_END. */
void parent_hear_plan(struct parent *parent, const struct channel_message *message);

/* MESSAGE_PEERS_DONE. */
void parent_hear_peers_done(struct parent *parent, const struct channel_message *message);

/* The engine died: what it had to say is not waited for. */
void parent_plan_without_engine(struct parent *parent);

/* Control died: what it had begun to say is forgotten. */
void parent_plan_without_control(struct parent *parent);

/* Compares what is in force with the plan. */
void parent_plan_check(struct parent *parent);

/* The same of a device's routes. */
void parent_plan_check_routes(struct parent *parent);

/* Routes and names of a plan on a device; again, where the device was made anew. -errno. */
int parent_plan_routes(struct parent *parent, const struct plan_received *plan) must_check;

/* ---- parent_engine.c ---- */

/* Starts it, unless it was started already. -errno. */
int parent_engine_start(struct parent *parent) must_check;

/* The peers of the plan in force, whole. */
void parent_engine_tell(struct parent *parent);

/* ---- parent_status.c ---- */

/* MESSAGE_STATUS_ASK from control; MESSAGE_STATUS_PEERS, MESSAGE_STATUS_END from the engine. */
void parent_hear_ask(struct parent *parent, const struct channel_message *message);
void parent_hear_status_peers(struct parent *parent, const struct channel_message *message);
void parent_hear_status_end(struct parent *parent, const struct channel_message *message);

/* The engine died: answers what was asked of it. */
void parent_status_without_engine(struct parent *parent);
