/* SPDX-License-Identifier: ISC */
#include "controller/expiry.h"

#include "base/error.h"
#include "base/log.h"
#include "controller/rollout.h"

#include <stdlib.h>

enum {
	LOOK_MS = 500, /* at the longest while there are invites: realtime may be set meanwhile */
};

static void look(uv_timer_t *timer);

void expiry_init(struct controller *controller)
{
	if (uv_timer_init(controller->loop, &controller->expiry) < 0)
		abort(); /* cannot fail */
	controller->expiry.data = controller;
}

void expiry_done(struct controller *controller)
{
	uv_close((uv_handle_t *)&controller->expiry, NULL);
}

/* When the invite's key goes, in ms from now; 0: it is over. */
static uint64_t rest_ms(const struct world_invite *invite, struct moment now)
{
	uint64_t end_ns = invite->store.expires_ns, now_ns = now.realtime_ns;

	if (invite->redeemed_ns > 0) {
		unsigned linger_ms = invite->is_answered ? EXPIRY_LINGER_MS : EXPIRY_LONGEST_MS;

		end_ns = invite->redeemed_ns + (uint64_t)linger_ms * NS_PER_MS;
		now_ns = now.monotonic_ns;
	}
	return end_ns > now_ns ? (end_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS : 0;
}

void expiry_set(struct controller *controller)
{
	struct world *world = &controller->world;
	struct moment now = clock_now();
	uint64_t next_ms = LOOK_MS;

	(void)uv_timer_stop(&controller->expiry); /* cannot fail */
	for (size_t i = 0; i < world->invite_count; i++) {
		uint64_t ms = rest_ms(&world->invites[i], now);

		next_ms = ms < next_ms ? ms : next_ms;
	}
	if ((world->invite_count > 0 || controller->owes_expiry) &&
		uv_timer_start(&controller->expiry, look, next_ms, 0) < 0)
		abort(); /* cannot fail */
}

/* Has the store end what has expired. What fails is tried again, the keys go all the same. */
static void expire(struct controller *controller)
{
	const struct store_actor by = {"tacetd", STORE_WAY_SYSTEM, clock_now().realtime_ns};
	uint64_t count = 0;
	int err = store_invite_expire(controller->store, &by, &count);

	if (err < 0 && !controller->owes_expiry)
		log_err(err, "cannot write down that invites have expired, it is tried again");
	controller->owes_expiry = err < 0;
}

static void look(uv_timer_t *timer)
{
	struct controller *controller = timer->data;
	struct world *world = &controller->world;
	struct moment now = clock_now();
	size_t expired = 0, gone = 0;

	for (size_t i = world->invite_count; i > 0; i--) {
		const struct world_invite *invite = &world->invites[i - 1];

		if (rest_ms(invite, now) > 0)
			continue;
		expired += invite->redeemed_ns == 0;
		gone++;
		world_remove_invite(world, invite->store.id);
	}
	if (expired > 0 || controller->owes_expiry)
		expire(controller);
	if (gone > 0)
		rollout_due(controller);
	expiry_set(controller);
}
