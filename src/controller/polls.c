/* SPDX-License-Identifier: ISC */
#include "controller/polls.h"

#include "base/memory.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

static void look_at_deadlines(uv_timer_t *timer);

void polls_init(struct polls *polls)
{
	if (uv_timer_init(polls->loop, &polls->deadline) < 0)
		abort(); /* cannot fail */
	polls->deadline.data = polls;
}

void polls_done(struct polls *polls)
{
	while (polls->first) {
		struct poll *poll = polls->first;

		polls->first = poll->next;
		free(poll);
	}
	uv_close((uv_handle_t *)&polls->deadline, NULL);
}

/* Has the timer wait for the one that has waited longest. */
static void set_timer(struct polls *polls)
{
	uint64_t now_ms = uv_now(polls->loop), first_ms = UINT64_MAX;

	for (struct poll *poll = polls->first; poll; poll = poll->next) {
		if (poll->deadline_ms < first_ms)
			first_ms = poll->deadline_ms;
	}
	(void)uv_timer_stop(&polls->deadline); /* cannot fail */
	if (first_ms == UINT64_MAX)
		return;
	if (uv_timer_start(&polls->deadline, look_at_deadlines,
		    first_ms > now_ms ? first_ms - now_ms : 0, 0) < 0)
		abort(); /* cannot fail */
}

/* Takes out of the list those that `is_over` has answered. */
static void sweep(struct polls *polls, bool (*is_over)(struct poll *poll))
{
	struct poll **at = &polls->first;

	while (*at) {
		struct poll *poll = *at;

		if (!is_over(poll)) {
			at = &poll->next;
			continue;
		}
		*at = poll->next;
		free(poll);
	}
	set_timer(polls);
}

static bool has_waited(struct poll *poll)
{
	if (poll->deadline_ms > uv_now(poll->polls->loop))
		return false;
	if (poll->version == 0)
		server_refuse(poll->request, -EAGAIN,
			"what the device may reach is not in force yet: ask again");
	else
		server_answer(poll->request, 204, NULL);
	if (poll->polls->has_waited)
		poll->polls->has_waited(poll->polls->controller, poll->id);
	return true;
}

static bool has_news(struct poll *poll)
{
	return poll->polls->answer(poll->polls->controller, poll->request, poll->id, poll->version);
}

static void look_at_deadlines(uv_timer_t *timer)
{
	sweep(timer->data, has_waited);
}

void polls_changed(struct polls *polls)
{
	sweep(polls, has_news);
}

static void asker_gone(void *context, struct server_request *request)
{
	struct poll *poll = context;
	struct poll **at = &poll->polls->first;

	assert(poll->request == request);
	while (*at != poll)
		at = &(*at)->next;
	*at = poll->next;
	free(poll);
}

void polls_wait(struct polls *polls, struct server_request *request, uint64_t id, uint64_t version,
	uint64_t wait_s)
{
	struct poll *poll = memory_new(1, sizeof *poll);

	*poll = (struct poll){.next = polls->first,
		.polls = polls,
		.request = request,
		.id = id,
		.version = version,
		.deadline_ms = uv_now(polls->loop) + wait_s * 1000};
	polls->first = poll;
	server_keep(request, asker_gone, poll);
	set_timer(polls);
}

bool polls_has(const struct polls *polls, uint64_t id)
{
	for (const struct poll *poll = polls->first; poll; poll = poll->next) {
		if (poll->id == id)
			return true;
	}
	return false;
}
