/* SPDX-License-Identifier: ISC */
/*
 * What a control process says shall be in force, received and checked by the parent, which believes
 * none of it: order, counts, and each address, port, name and key. Whatever is wrong voids the
 * whole plan. On a gateway the rest (doubles, what is granted to whom) is checked by
 * enforce_apply().
 */
#pragma once

#include "gateway/model.h"
#include "priv/message.h"

enum plan_kind {
	PLAN_OF_GATEWAY, /* peers and a model; calls nobody; no names */
	PLAN_OF_REMOTE, /* the same on a host of its own: the first peer is the controller, which it
			   calls */
	PLAN_OF_DEVICE, /* peers to call, and names; no model */
};

/* A whole plan; all of it is owned. */
struct plan_received {
	struct message_plan head; /* counts */
	struct message_peer *peers;
	struct message_prefix *prefixes; /* the peers', in their order */
	struct model_role *roles;
	struct model_device *devices;
	struct model_service *services;
	struct model_grant *grants;
	struct message_name *names;
	struct message_knock *knocks; /* what is accepted */
};

/* Wipes and frees. Accepts NULL. */
void plan_free(struct plan_received *plan);

/* The model of a plan, which it borrows. */
struct model plan_model(const struct plan_received *plan, const struct model_tunnel *tunnel);

/* Where the messages of one plan after the other come together. */
struct plan_intake {
	enum plan_kind kind;
	struct model_tunnel tunnel;  /* what is inside, and our own */
	struct plan_received *plan;  /* under way; NULL: none */
	struct message_plan so_far;  /* counts of what has come */
	enum message_kind last;	     /* type of the last message */
	int fault;		     /* what is wrong with it; 0: nothing yet */
	char why[MESSAGE_TEXT_SIZE]; /* the same for people */
};

/* Zeroes it; the tunnel was checked by model_check_tunnel(). */
void plan_intake_init(
	struct plan_intake *intake, enum plan_kind kind, const struct model_tunnel *tunnel);

/* Forgets what is under way. */
void plan_intake_done(struct plan_intake *intake);

/* One message of the types MESSAGE_PLAN_BEGIN to MESSAGE_PLAN_END, as message_check() passed it. */
struct plan_part {
	enum message_kind type;
	const void *records;
	size_t count;
};

/*
 * Takes one message in. 0: the plan goes on. 1: that was its end, and it is whole and right:
 * *ret_plan is the caller's. Negative: that was its end, and it is refused: intake->why says why,
 * intake->plan is gone, *ret_version is the version that was refused.
 */
int plan_intake_take(struct plan_intake *intake, const struct plan_part *part,
	struct plan_received **ret_plan, uint64_t *ret_version) must_check;
