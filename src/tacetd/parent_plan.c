/* SPDX-License-Identifier: ISC */
/*
 * From a plan to what is in force: firewall or routes first, then the engine's peers, then the
 * answer. One at a time; one more may wait.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "client/hosts.h"
#include "net/netif.h"
#include "tacetd/parent_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- the answer ---- */

/* Says that the plan is in force, or why not. */
static void answer(struct parent *parent)
{
	parent->is_applying = false;
	if (parent->control.channel && !parent->is_orphan)
		channel_send(parent->control.channel, MESSAGE_PLAN_DONE, &parent->done, 1);
	parent->is_orphan = false;
	parent_look_ready(parent);
}

/* Refuses a plan as a whole. */
static void refuse(struct parent *parent, uint64_t version, int err, const char *why)
{
	log_err(0, "plan %llu is refused: %s", (unsigned long long)version, why);
	parent->done = (struct message_done){.version = version, .error = err};
	(void)snprintf(parent->done.text, sizeof parent->done.text, "%s", why); /* may be cut */
}

/* ---- what it does ---- */

static int apply_firewall(struct parent *parent, const struct plan_received *plan)
{
	struct model model = plan_model(plan, &parent->model);
	struct enforce_result result = {0};
	int err = enforce_apply(parent->enforce, &model, &result);

	if (err == -EAGAIN)
		log_warn(err, "plan %llu is in force, but: %s",
			(unsigned long long)plan->head.version, enforce_error(parent->enforce));
	else if (err < 0)
		return err;
	parent->done.added = (uint32_t)result.added;
	parent->done.deleted = (uint32_t)result.deleted;
	parent->done.flows_cut = (uint32_t)result.flows_cut;
	return 0;
}

static void write_names(const struct parent *parent, const struct plan_received *plan)
{
	const struct config *config = parent->config;

	if (!*config->hosts)
		return;
	int err = hosts_write(config->hosts, config->interface, plan->names, plan->head.names);
	if (err < 0)
		log_err(err,
			"%s: cannot write the names of services; they can be reached by "
			"address",
			config->hosts);
}

static int set_routes(
	const struct parent *parent, const struct plan_received *plan, size_t *ret_changed)
{
	struct prefix *prefixes = memory_new((size_t)plan->head.prefixes + 1, sizeof *prefixes);

	for (uint32_t i = 0; i < plan->head.prefixes; i++)
		prefixes[i] = plan->prefixes[i].prefix;
	int err = netif_set_routes(
		parent->config->interface, prefixes, plan->head.prefixes, ret_changed);
	free(prefixes);
	return err;
}

int parent_plan_routes(struct parent *parent, const struct plan_received *plan)
{
	size_t changed = 0;
	int err = set_routes(parent, plan, &changed);

	if (err < 0)
		return err;
	parent->done.added = (uint32_t)changed;
	write_names(parent, plan);
	return 0;
}

/* On a device; routes that could not be made all are made as they were. */
static int apply_routes(struct parent *parent, const struct plan_received *plan)
{
	size_t changed;
	int err = parent_plan_routes(parent, plan);

	if (err < 0 && parent->plan && set_routes(parent, parent->plan, &changed) < 0)
		log_err(err, "%s: some routes are as planned, some as before",
			parent->config->interface);
	return err;
}

/* What failed, for people. */
static const char *explain(const struct parent *parent, int err)
{
	if (parent->enforce)
		return enforce_error(parent->enforce);
	if (err == -EEXIST)
		return "another interface has a route that the plan needs: see ip route";
	return err_str(err);
}

/* Consumes the plan. It is answered at once, unless the engine is to have its say. */
static void apply(struct parent *parent, struct plan_received *plan)
{
	const uint64_t version = plan->head.version;

	parent->done = (struct message_done){.version = version};
	int err = parent_is_gateway(parent) ? apply_firewall(parent, plan)
					    : apply_routes(parent, plan);
	if (err < 0) {
		refuse(parent, version, err, explain(parent, err));
		plan_free(plan);
		answer(parent);
		return;
	}
	plan_free(parent->plan);
	parent->plan = plan;
	parent->planned_ns = clock_now().realtime_ns;
	log_debug(0, "plan %llu: %u peers, %u services, %u grants", (unsigned long long)version,
		plan->head.peers, plan->head.services, plan->head.grants);
	if (!parent->is_engine_ready) {
		answer(parent);
		return;
	}
	parent->is_applying = true;
	parent->applying_checks = 0;
	parent_engine_tell(parent);
}

/* Goes on with the plan that waits, if there is one and none is under way. */
static void apply_waiting(struct parent *parent)
{
	struct plan_received *next = parent->waiting;

	if (parent->is_applying || !next)
		return;
	parent->waiting = NULL;
	apply(parent, next);
}

/* ---- what is heard ---- */

void parent_hear_plan(struct parent *parent, const struct channel_message *message)
{
	const struct plan_part part = {
		.type = message->head.type,
		.records = message->records,
		.count = message->head.count,
	};
	struct plan_received *plan = NULL;
	uint64_t version = 0;

	if (!parent->has_tunnel) {
		log_err(0, "the control process sends a plan before it has said who we are");
		parent_end_child(&parent->control);
		return;
	}
	int result = plan_intake_take(&parent->intake, &part, &plan, &version);
	if (result < 0) {
		struct message_done kept = parent->done; /* of one that is under way */
		refuse(parent, version, result, parent->intake.why);
		channel_send(parent->control.channel, MESSAGE_PLAN_DONE, &parent->done, 1);
		parent->done = kept;
		return;
	}
	if (result == 0)
		return;
	plan_free(parent->waiting);
	parent->waiting = plan;
	apply_waiting(parent);
}

void parent_hear_peers_done(struct parent *parent, const struct channel_message *message)
{
	const struct message_done *done = message->records;

	if (done->version != parent->serial)
		return; /* what it was told before, which does not count any more */
	const char *why = message_text_is_fine(done->text, sizeof done->text) && *done->text
				  ? done->text
				  : "the engine did not take its peers";
	if (done->error)
		log_err(done->error, "%s", why);
	if (!parent->is_applying)
		return; /* it was started anew, and told again */
	if (done->error)
		refuse(parent, parent->done.version, done->error, why);
	answer(parent);
	apply_waiting(parent);
}

void parent_plan_without_engine(struct parent *parent)
{
	if (!parent->is_applying)
		return;
	answer(parent);
	apply_waiting(parent);
}

void parent_plan_without_control(struct parent *parent)
{
	plan_intake_done(&parent->intake);
	plan_free(parent->waiting);
	parent->waiting = NULL;
	parent->is_orphan = parent->is_applying;
}

/* ---- what stays in force ---- */

static void is_different(void *context, const char *what)
{
	struct parent *parent = context;

	if (parent->is_checking)
		parent_report(parent, what);
	else
		log_info(0, "%s", what);
}

/* An engine that does not answer is as good as dead. */
static void check_engine(struct parent *parent)
{
	if (!parent->is_applying || ++parent->applying_checks < PARENT_CHECKS_ENGINE)
		return;
	log_err(-ETIMEDOUT, "the engine's process does not take its peers over, and is ended");
	parent_end_child(&parent->engine);
}

void parent_plan_check(struct parent *parent)
{
	check_engine(parent);
	if (!parent->enforce)
		return;
	parent->is_checking = true;
	int result = enforce_check(parent->enforce);
	parent->is_checking = false;
	if (result < 0 && result != parent->check_error)
		log_err(0, "the firewall cannot be compared with the plan, or not be repaired: %s",
			enforce_error(parent->enforce));
	if (result >= 0 && parent->check_error < 0)
		log_info(0, "the firewall can be compared with the plan again");
	parent->check_error = result < 0 ? result : 0;
}

void parent_plan_check_routes(struct parent *parent)
{
	char text[MESSAGE_TEXT_SIZE];
	size_t changed = 0;

	if (!parent->plan || set_routes(parent, parent->plan, &changed) < 0 || changed == 0)
		return; /* what fails now fails with the next plan, too, and is told then */
	(void)snprintf(text, sizeof text, "%zu routes of %s were missing or foreign", changed,
		parent->config->interface); /* fits */
	parent_report(parent, text);
}

int parent_plan_open(struct parent *parent)
{
	return parent_is_gateway(parent) ? enforce_open(is_different, parent, &parent->enforce) : 0;
}

/* A gateway's rules stay in force. A device's names would lead nowhere. */
void parent_plan_close(struct parent *parent)
{
	const struct plan_received none = {0};

	if (!parent_is_gateway(parent) && parent->plan)
		write_names(parent, &none);
	enforce_close(parent->enforce);
	plan_intake_done(&parent->intake);
	plan_free(parent->waiting);
	plan_free(parent->plan);
}
