/* SPDX-License-Identifier: ISC */
/* The knock keys of a world: which are accepted, and in which class. */
#include "controller/world.h"

#include "base/error.h"
#include "controller/world_list.h"

#include <string.h>

static int take_knock(void *context, const struct store_knock *knock)
{
	struct world *world = context;

	if (world->knock_count == KNOCK_KEYS_MAX)
		return ERR_CORRUPT; /* the store keeps fewer */
	world->knocks = list_room(
		world->knocks, world->knock_count, &world->knock_capacity, sizeof *world->knocks);
	world->knocks[world->knock_count++] = *knock;
	return 0;
}

int world_load_knocks(struct world *world, struct store *store)
{
	world_wipe(world->knocks, 0, world->knock_count, sizeof *world->knocks);
	world->knock_count = 0;
	int err = store_knock_get_rules(store, &world->knock_rules);
	return err < 0 ? err : store_knock_each(store, take_knock, world);
}

const struct store_knock *world_knock(const struct world *world, uint64_t number)
{
	for (size_t i = world->knock_count; i > 0; i--) {
		if (world->knocks[i - 1].number == number)
			return &world->knocks[i - 1];
	}
	return NULL;
}

const struct store_knock *world_newest_knock(const struct world *world)
{
	for (size_t i = world->knock_count; i > 0; i--) {
		if (!world->knocks[i - 1].is_joining)
			return &world->knocks[i - 1];
	}
	return NULL;
}

uint64_t world_knock_of_epoch(const struct world *world, uint16_t epoch)
{
	for (size_t i = world->knock_count; i > 0; i--) {
		const struct store_knock *knock = &world->knocks[i - 1];

		if (!knock->is_joining && store_knock_epoch(knock->number) == epoch)
			return knock->number;
	}
	return 0;
}

/* Whether a token with it can be used, or was a moment ago. */
static bool is_invited_by(const struct world *world, uint64_t number)
{
	for (size_t i = 0; i < world->invite_count; i++) {
		if (world->invites[i].store.knock == number)
			return true;
	}
	return false;
}

size_t world_knock_keys(const struct world *world, enum world_knocks which,
	struct knock_key ret_keys[static KNOCK_KEYS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < world->knock_count; i++) {
		const struct store_knock *knock = &world->knocks[i];
		bool is_budgeted = knock->is_joining || knock->is_spoiled;

		if (knock->is_joining &&
			(which == WORLD_KNOCKS_MEMBERS || !is_invited_by(world, knock->number)))
			continue;
		struct knock_key *key = &ret_keys[count++];
		key->epoch = store_knock_epoch(knock->number);
		key->class = is_budgeted ? KNOCK_BUDGETED : KNOCK_FULL;
		memcpy(key->key, knock->key, sizeof key->key);
	}
	return count;
}

/* The greater of the two. */
static void raise(uint64_t *number, uint64_t to)
{
	if (*number < to)
		*number = to;
}

void world_note_knock(struct world *world, const struct store_knock_news *news)
{
	for (size_t i = 0; i < world->gateway_count && news->is_gateway; i++) {
		if (world->gateways[i].id != news->holder)
			continue;
		raise(&world->gateways[i].knock_told, news->told);
		raise(&world->gateways[i].knock_has, news->has);
	}
	const struct store_device *found =
		news->is_gateway ? NULL : world_device_of_id(world, news->holder);
	if (!found)
		return;
	struct store_device *device = &world->devices[found - world->devices];
	raise(&device->knock_told, news->told);
	raise(&device->knock_has, news->has);
}
