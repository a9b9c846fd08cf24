/* SPDX-License-Identifier: ISC */
#include "controller/rollout.h"

#include "base/error.h"
#include "base/memory.h"
#include "control/problem.h"
#include "controller/alarms.h"
#include "controller/gateways.h"
#include "controller/netmaps.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	RETRY_MS = 1000,
	SETTLE_MS = 1000, /* so long gateways on other hosts have to put in force what is new */
};

/* A request that is answered once what it did is in force. */
struct waiter {
	struct waiter *next;
	struct controller *controller;
	struct server_request *request; /* NULL: the asker has left */
	struct rollout_answer answer;
	uint64_t version; /* of the first plan that covers it */
};

static void run(struct controller *controller);
static void settle(struct controller *controller);

static void try_again(uv_timer_t *timer)
{
	rollout_due(timer->data);
}

void rollout_init(struct controller *controller)
{
	struct rollout *rollout = &controller->rollout;

	rollout->waiters_end = &rollout->waiters;
	if (uv_timer_init(controller->loop, &rollout->retry) < 0)
		abort(); /* cannot fail */
	rollout->retry.data = controller;
	if (uv_timer_init(controller->loop, &rollout->patience) < 0)
		abort(); /* cannot fail */
	rollout->patience.data = controller;
}

static void free_ruling(struct ruling *ruling)
{
	if (!ruling)
		return;
	policy_compiled_free(ruling->compiled);
	free(ruling->standings);
	free(ruling);
}

/* Leaves no ruling behind but that in force. */
static void forget_sent(struct rollout *rollout)
{
	if (rollout->sent != rollout->in_force)
		free_ruling(rollout->sent);
	rollout->sent = NULL;
}

const struct policy_compiled *rollout_in_force(const struct controller *controller)
{
	const struct ruling *ruling = controller->rollout.in_force;

	return ruling ? ruling->compiled : NULL;
}

const struct policy_compiled *rollout_latest(const struct controller *controller)
{
	const struct ruling *ruling = controller->rollout.sent;

	return ruling ? ruling->compiled : NULL;
}

uint64_t rollout_knock(const struct controller *controller)
{
	const struct ruling *ruling = controller->rollout.in_force;

	return ruling ? ruling->knock : 0;
}

static int compare_standing(const void *a, const void *b)
{
	const struct standing *left = a, *right = b;

	return (left->id > right->id) - (left->id < right->id);
}

bool rollout_state(
	const struct controller *controller, uint64_t device, enum store_device_state *ret_state)
{
	const struct ruling *ruling = controller->rollout.in_force;
	const struct standing wanted = {.id = (uint32_t)device};

	if (!ruling || ruling->count == 0)
		return false;
	const struct standing *found =
		bsearch(&wanted, ruling->standings, ruling->count, sizeof wanted, compare_standing);
	if (found)
		*ret_state = found->state;
	return found != NULL;
}

static void free_waiter(struct waiter *waiter)
{
	json_decref(waiter->answer.json);
	free(waiter);
}

void rollout_done(struct controller *controller)
{
	struct rollout *rollout = &controller->rollout;

	while (rollout->waiters) {
		struct waiter *waiter = rollout->waiters;

		rollout->waiters = waiter->next;
		free_waiter(waiter);
	}
	forget_sent(rollout);
	free_ruling(rollout->in_force);
	rollout->in_force = NULL;
	uv_close((uv_handle_t *)&rollout->retry, NULL);
	uv_close((uv_handle_t *)&rollout->patience, NULL);
}

/* For the status: the first of what means nothing. */
static void keep_faults(struct rollout *rollout, const struct policy_faults *faults)
{
	rollout->fault_count = faults->count + faults->more;
	rollout->faults[0] = '\0';
	if (faults->count > 0)
		(void)snprintf(rollout->faults, sizeof rollout->faults, "line %u: %s: %s",
			faults->list[0].at.line, policy_fault_word(faults->list[0].class),
			faults->list[0].text); /* may be cut */
}

static void send_plan(struct channel *channel, const struct plan *plan)
{
	const struct message_plan *head = &plan->head;

	channel_send(channel, MESSAGE_PLAN_BEGIN, head, 1);
	channel_send(channel, MESSAGE_PLAN_PEERS, plan->peers, head->peers);
	channel_send(channel, MESSAGE_PLAN_PREFIXES, plan->prefixes, head->prefixes);
	channel_send(channel, MESSAGE_PLAN_ROLES, plan->roles, head->roles);
	channel_send(channel, MESSAGE_PLAN_DEVICES, plan->devices, head->devices);
	channel_send(channel, MESSAGE_PLAN_SERVICES, plan->services, head->services);
	channel_send(channel, MESSAGE_PLAN_GRANTS, plan->grants, head->grants);
	channel_send(channel, MESSAGE_PLAN_KNOCKS, plan->knocks, head->knocks);
	channel_send(channel, MESSAGE_PLAN_END, head, 1);
}

/* Says which gateways have not got as far; there may be none. */
static json_t *add_behind(const struct controller *controller, json_t *json)
{
	json_t *names = gateways_behind(controller);

	if (json_array_size(names) == 0)
		json_decref(names);
	else if (json_object_set_new(json, "behind", names) < 0)
		abort(); /* for want of memory */
	return json;
}

static void answer_waiter(struct waiter *waiter, const struct message_done *done)
{
	struct controller *controller = waiter->controller;
	struct rollout_answer *answer = &waiter->answer;
	json_t *json = NULL;

	if (!waiter->request)
		return;
	if (done->error != 0) {
		char text[PROBLEM_TEXT_SIZE];

		(void)snprintf(text, sizeof text,
			"it is stored but not in force yet, and is tried again: %.400s",
			controller->rollout.failure); /* may be cut */
		server_answer(waiter->request, 500, problem_encode(done->error, text));
		return;
	}
	json = answer->make ? answer->make(controller, answer->id, done)
			    : json_incref(answer->json);
	if (json)
		server_answer(waiter->request, 200, add_behind(controller, json));
	else
		server_refuse(waiter->request, ERR_NOT_FOUND,
			"it was done, but what it was done to has been removed meanwhile");
}

/* Answers those that the plan covers. */
static void answer_waiters(struct controller *controller, const struct message_done *done)
{
	struct rollout *rollout = &controller->rollout;

	while (rollout->waiters && rollout->waiters->version <= done->version) {
		struct waiter *waiter = rollout->waiters;

		rollout->waiters = waiter->next;
		if (!rollout->waiters)
			rollout->waiters_end = &rollout->waiters;
		answer_waiter(waiter, done);
		free_waiter(waiter);
	}
}

/* What is stored is not in force: says so, to whoever waits too, and tries again. */
static void fail(struct controller *controller, const struct message_done *done)
{
	struct rollout *rollout = &controller->rollout;
	bool is_news = rollout->failure[0] == '\0';

	if (rollout->is_settling) /* it is another plan that has failed */
		settle(controller);

	(void)snprintf(rollout->failure, sizeof rollout->failure, "%.*s",
		(int)sizeof done->text - 1,
		done->text[0] ? done->text : err_str(done->error)); /* may be cut */
	alarms_printable(rollout->failure);
	if (is_news)
		alarms_raise(controller, "plan %llu is not in force, the former is: %s",
			(unsigned long long)done->version, rollout->failure);
	if (uv_timer_start(&rollout->retry, try_again, RETRY_MS, 0) < 0)
		abort(); /* cannot fail */
	answer_waiters(controller, done);
}

/* All hosts that can be reached have what is in force here, or have had the time. */
static void settle(struct controller *controller)
{
	struct rollout *rollout = &controller->rollout;

	rollout->is_settling = false;
	(void)uv_timer_stop(&rollout->patience); /* cannot fail */
	answer_waiters(controller, &rollout->settling);
	netmaps_changed(controller);
}

static void lose_patience(uv_timer_t *timer)
{
	settle(timer->data);
}

void rollout_look_settled(struct controller *controller)
{
	json_t *behind = controller->rollout.is_settling ? gateways_behind(controller) : NULL;

	if (behind && json_array_size(behind) == 0)
		settle(controller);
	json_decref(behind);
}

static void begin_to_settle(struct controller *controller, const struct message_done *done)
{
	struct rollout *rollout = &controller->rollout;
	uint32_t flows_cut = rollout->is_settling ? rollout->settling.flows_cut : 0;

	rollout->settling = *done;
	rollout->settling.flows_cut += flows_cut; /* of one that was overtaken */
	if (!rollout->is_settling &&
		uv_timer_start(&rollout->patience, lose_patience, SETTLE_MS, 0) < 0)
		abort(); /* cannot fail */
	rollout->is_settling = true;
	rollout_look_settled(controller);
}

/* Compiles the world as it is now, and keeps what of the policy means nothing. */
static struct ruling *rule(struct controller *controller)
{
	const struct world *world = &controller->world;
	struct ruling *ruling = memory_new(1, sizeof *ruling);
	struct policy_faults faults = {0};

	ruling->compiled = world_compile(world, rollout_latest(controller), &faults);
	keep_faults(&controller->rollout, &faults);
	policy_faults_done(&faults);
	ruling->standings = memory_new(world->device_count, sizeof *ruling->standings);
	ruling->count = world->device_count;
	const struct store_knock *newest = world_newest_knock(world);
	ruling->knock = newest ? newest->number : 0;
	for (size_t i = 0; i < world->device_count; i++)
		ruling->standings[i] = (struct standing){
			(uint32_t)world->devices[i].id, (uint8_t)world->devices[i].state};
	return ruling;
}

/* Sends the next plan, if there is any reason to, and none under way. */
static void run(struct controller *controller)
{
	struct rollout *rollout = &controller->rollout;
	struct plan plan;

	if (!rollout->is_ready || rollout->is_under_way || !rollout->is_due)
		return;
	rollout->is_due = false;
	struct ruling *ruling = rule(controller);
	forget_sent(rollout);
	rollout->sent = ruling;
	uint64_t version = rollout->head.version + 1;
	int err = plan_init(
		&plan, &controller->world, ruling->compiled, version, clock_now().realtime_ns);
	rollout->head = plan.head;
	rollout->head.version = version;
	if (err < 0) {
		const struct message_done done = {.version = version,
			.error = err,
			.text = "there are more devices, roles or grants than can be enforced"};
		fail(controller, &done);
		return;
	}
	rollout->is_under_way = true;
	send_plan(controller->channel, &plan);
	plan_done(&plan);
	gateways_tell(controller, ruling->compiled);
}

void rollout_begin(struct controller *controller)
{
	controller->rollout.is_ready = true;
	rollout_due(controller);
}

void rollout_due(struct controller *controller)
{
	controller->rollout.is_due = true;
	run(controller);
}

static void waiter_gone(void *context, struct server_request *request)
{
	struct waiter *waiter = context;

	assert(waiter->request == request);
	waiter->request = NULL; /* what it asked for happens all the same */
}

void rollout_answer(struct controller *controller, struct server_request *request,
	const struct rollout_answer *answer)
{
	struct rollout *rollout = &controller->rollout;
	struct waiter *waiter = memory_new(1, sizeof *waiter);

	*waiter = (struct waiter){.controller = controller,
		.request = request,
		.answer = *answer,
		.version = rollout->head.version + 1};
	*rollout->waiters_end = waiter;
	rollout->waiters_end = &waiter->next;
	server_keep(request, waiter_gone, waiter);
	rollout_due(controller);
}

void rollout_received(struct controller *controller, const struct message_done *done)
{
	struct rollout *rollout = &controller->rollout;

	if (!rollout->is_under_way || done->version != rollout->head.version) {
		log_err(0, "plan %llu is said to be done, which nobody sent",
			(unsigned long long)done->version);
		return;
	}
	rollout->is_under_way = false;
	if (done->error != 0) {
		fail(controller, done);
	} else {
		if (rollout->in_force != rollout->sent)
			free_ruling(rollout->in_force);
		rollout->in_force = rollout->sent;
		rollout->in_force_head = rollout->head;
		rollout->in_force_ns = clock_now().realtime_ns;
		rollout->failure[0] = '\0';
		(void)uv_timer_stop(&rollout->retry); /* cannot fail */
		begin_to_settle(controller, done);
	}
	run(controller);
}
