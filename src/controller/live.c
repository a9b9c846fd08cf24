/* SPDX-License-Identifier: ISC */
#include "controller/live.h"

#include "base/memory.h"
#include "controller/alarms.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	PATIENCE_MS = 2000, /* the engine answers in some milliseconds */
};

/* A request that waits for it. */
struct asker {
	struct asker *next;
	struct controller *controller;
	struct server_request *request;
	void (*ready)(struct controller *controller, struct server_request *request);
};

void live_init(struct controller *controller)
{
	if (uv_timer_init(controller->loop, &controller->live.patience) < 0)
		abort(); /* cannot fail */
	controller->live.patience.data = controller;
}

void live_done(struct controller *controller)
{
	struct live *live = &controller->live;

	while (live->askers) {
		struct asker *asker = live->askers;

		live->askers = asker->next;
		free(asker);
	}
	free(live->peers);
	uv_close((uv_handle_t *)&live->patience, NULL);
}

static int compare_peers(const void *a, const void *b)
{
	const struct message_peer_status *left = a, *right = b;

	return memcmp(left->public_key, right->public_key, sizeof left->public_key);
}

/* Answers all, also those that ask while it does. */
static void answer(struct controller *controller)
{
	struct live *live = &controller->live;

	live->is_under_way = false;
	(void)uv_timer_stop(&live->patience); /* cannot fail */
	while (live->askers) {
		struct asker *asker = live->askers;

		live->askers = asker->next;
		asker->ready(controller, asker->request);
		free(asker);
	}
}

static void lose_patience(uv_timer_t *timer)
{
	struct controller *controller = timer->data;

	controller->live.is_fresh = false;
	controller->live.peer_count = 0;
	alarms_raise(controller, "the engine does not say who is connected");
	answer(controller);
}

static void ask(struct controller *controller)
{
	struct live *live = &controller->live;
	const struct message_ask question = {.nonce = ++live->nonce};

	live->is_under_way = true;
	live->peer_count = 0;
	if (uv_timer_start(&live->patience, lose_patience, PATIENCE_MS, 0) < 0)
		abort(); /* cannot fail */
	channel_send(controller->channel, MESSAGE_STATUS_ASK, &question, 1);
}

static void asker_gone(void *context, struct server_request *request)
{
	struct asker *asker = context;
	struct asker **at = &asker->controller->live.askers;

	assert(asker->request == request);
	while (*at != asker)
		at = &(*at)->next;
	*at = asker->next;
	free(asker);
}

void live_ask(struct controller *controller, struct server_request *request,
	void (*ready)(struct controller *controller, struct server_request *request))
{
	struct live *live = &controller->live;
	struct asker *asker = memory_new(1, sizeof *asker);

	*asker = (struct asker){live->askers, controller, request, ready};
	live->askers = asker;
	server_keep(request, asker_gone, asker);
	if (!live->is_under_way)
		ask(controller);
}

void live_received_peers(
	struct controller *controller, const struct message_peer_status *peers, size_t count)
{
	struct live *live = &controller->live;

	if (!live->is_under_way || live->peer_count + count > MESSAGE_PEERS_MAX)
		return;
	if (live->peer_count + count > live->peer_capacity) {
		live->peer_capacity = 2 * live->peer_capacity + count;
		live->peers = memory_grow(live->peers, live->peer_capacity, sizeof *live->peers);
	}
	memcpy(live->peers + live->peer_count, peers, count * sizeof *peers);
	live->peer_count += count;
}

void live_received_end(struct controller *controller, const struct message_status *status)
{
	struct live *live = &controller->live;

	/* one that comes after patience was lost tells of a question that is over */
	if (!live->is_under_way || status->nonce != live->nonce) {
		live->peer_count = 0;
		return;
	}
	live->status = *status;
	live->is_fresh = true;
	if (live->peer_count > 0)
		qsort(live->peers, live->peer_count, sizeof *live->peers, compare_peers);
	answer(controller);
}

const struct message_peer_status *live_peer(
	const struct controller *controller, const uint8_t public_key[static STORE_KEY_SIZE])
{
	const struct live *live = &controller->live;
	struct message_peer_status wanted = {0};

	if (!live->is_fresh || live->peer_count == 0)
		return NULL;
	memcpy(wanted.public_key, public_key, sizeof wanted.public_key);
	return bsearch(&wanted, live->peers, live->peer_count, sizeof wanted, compare_peers);
}
