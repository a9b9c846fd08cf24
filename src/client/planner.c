/* SPDX-License-Identifier: ISC */
#include "client/planner.h"

#include "base/log.h"

static void send_plan(struct planner *planner, struct deviceplan *plan)
{
	struct channel *channel = planner->channel;

	plan->head.version = ++planner->version;
	channel_send(channel, MESSAGE_PLAN_BEGIN, &plan->head, 1);
	channel_send(channel, MESSAGE_PLAN_PEERS, plan->peers, plan->head.peers);
	channel_send(channel, MESSAGE_PLAN_PREFIXES, plan->prefixes, plan->head.prefixes);
	channel_send(channel, MESSAGE_PLAN_ROLES, plan->roles, plan->head.roles);
	channel_send(channel, MESSAGE_PLAN_DEVICES, plan->devices, plan->head.devices);
	channel_send(channel, MESSAGE_PLAN_SERVICES, plan->services, plan->head.services);
	channel_send(channel, MESSAGE_PLAN_GRANTS, plan->grants, plan->head.grants);
	channel_send(channel, MESSAGE_PLAN_NAMES, plan->names, plan->head.names);
	channel_send(channel, MESSAGE_PLAN_KNOCKS, plan->knocks, plan->head.knocks);
	channel_send(channel, MESSAGE_PLAN_END, &plan->head, 1);
	planner->is_under_way = true;
}

/* A plan without the peers' keys first where sessions are to end; the real one is then due. */
static void send_next(struct planner *planner)
{
	struct deviceplan plan;

	if (planner->is_under_way || !planner->is_wanted)
		return;
	planner->make(planner->context, &plan);
	if (planner->wants_shelved)
		deviceplan_shelve_controller(&plan, entropy_kernel());
	planner->is_wanted = planner->wants_shelved;
	planner->wants_shelved = false;
	send_plan(planner, &plan);
	deviceplan_done(&plan);
}

void planner_want(struct planner *planner)
{
	planner->is_wanted = true;
	send_next(planner);
}

void planner_want_handshakes(struct planner *planner)
{
	planner->wants_shelved = true;
	planner_want(planner);
}

void planner_done(struct planner *planner, const struct message_done *done)
{
	if (!planner->is_under_way || done->version != planner->version)
		return; /* of a plan before our time */
	planner->is_under_way = false;
	if (done->error < 0) {
		log_err(done->error, "the plan is not in force: %s", done->text);
		planner->is_wanted = true; /* by planner_retry() */
		return;
	}
	send_next(planner);
}

void planner_retry(struct planner *planner)
{
	send_next(planner);
}
