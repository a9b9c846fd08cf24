/* SPDX-License-Identifier: ISC */
#include "harden/harden.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "harden/apply.h"
#include "harden/face.h"
#include "harden/ownflow.h"
#include "harden/watcher.h"
#include "net/nftcounter.h"
#include "net/way.h"

#include <assert.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- the switch ---- */

/* What the watcher goes by; its process has a copy of all of it. */
struct watch {
	const struct harden_place *place;
	uint64_t applied_ns; /* of what it waits for */
	uint64_t deadline_ns;
};

/* Whether what it was started for still waits to be confirmed. */
static bool still_waits(const void *context)
{
	const struct watch *watch = context;
	struct record *record = memory_new(1, sizeof *record);

	int result = record_read(watch->place->state, RECORD_PENDING, record);
	/* What cannot be read has not been confirmed. */
	bool waits = result == 0 ? record->applied_ns == watch->applied_ns : result != -ENOENT;
	free(record);
	return waits;
}

/* Back to what was confirmed before, or to what was before the first time. */
static int take_back(const struct harden_place *place, char ret_error[static HARDEN_ERROR_SIZE])
{
	struct record *record = memory_new(1, sizeof *record);
	struct apply apply;

	int result = record_read(place->state, RECORD_CONFIRMED, record);
	if (result == 0) {
		result = apply_prepare(place, record, NEIGHBOUR_LOOK, &apply);
		if (result == 0) {
			result = apply_commit(&apply, ret_error);
			apply_done(&apply);
		}
	} else {
		/* Damaged or absent: who cannot confirm must not stay locked out. */
		result = apply_withdraw(place, ret_error);
	}
	free(record);
	return result < 0 ? result : record_remove(place->state, RECORD_PENDING);
}

/* The watcher's last act. Nobody is there to be told of errors; the kernel's switch is behind it.
 */
static void act(const void *context)
{
	const struct watch *watch = context;
	char error[HARDEN_ERROR_SIZE] = "";

	int lock = record_lock(watch->place->state);
	if (lock < 0 || still_waits(context))
		(void)take_back(watch->place, error);
	if (lock >= 0)
		(void)close(lock); /* nothing was written */
}

static int start_watch(const struct harden_place *place, const struct record *record)
{
	struct watch watch = {place, record->applied_ns, record->deadline_ns};
	const struct watcher watcher = {
		.deadline_ns = record->deadline_ns,
		.is_wanted = still_waits,
		.act = act,
		.context = &watch,
	};
	return watcher_start(&watcher);
}

/* ---- applying ---- */

/* Who applies what, and until when it holds. */
static int fill_record(const struct harden_request *request, struct record *record)
{
	struct login login;
	struct moment now = clock_now();

	assert(request->keep_count <= KEEPS_MAX);
	int result = record_boot(record->boot);
	if (result == 0)
		result = login_read(&login);
	if (result < 0)
		return result;
	record->level = request->level;
	record->engine = request->engine;
	record->peers = request->peers;
	record->neighbours = request->neighbours;
	memcpy(record->keeps, request->keeps, request->keep_count * sizeof *request->keeps);
	record->keep_count = request->keep_count;
	record->session = login.ssh;
	record->applied_s = now.realtime_ns / NS_PER_S;
	record->applied_ns = now.monotonic_ns;
	record->deadline_ns = now.monotonic_ns + (uint64_t)request->seconds * NS_PER_S;
	return 0;
}

/*
 * Whom a sealed host did not speak to before could not be asked for either. Now the rules let the
 * question out: those who answer are known by their link addresses from here on.
 */
static int ask_again(const struct harden_place *place, struct record *record,
	char ret_error[static HARDEN_ERROR_SIZE])
{
	struct apply apply;

	if (neighbours_count(&record->neighbours, ADDRESS_NONE) == record->neighbours.count)
		return 0;
	int result = apply_prepare(place, record, NEIGHBOUR_ASK, &apply);
	if (result < 0)
		return result;
	result =
		record_write(place->state, RECORD_PENDING, record, apply.texts[0], &apply.settings);
	if (result == 0)
		result = apply_commit(&apply, ret_error);
	apply_done(&apply);
	return result;
}

/* The order is that of being safe: the way back is laid before the first step. */
static int apply_record(const struct harden_place *place, struct record *record,
	char ret_error[static HARDEN_ERROR_SIZE])
{
	struct apply apply;

	int result = apply_prepare(place, record, NEIGHBOUR_ASK, &apply);
	if (result < 0)
		return result;
	if (record->level == RULES_SEALED &&
		neighbours_count(&record->neighbours, ADDRESS_NONE) == 0)
		result = -EHOSTUNREACH;
	if (result == 0)
		result = apply_remember(&apply);
	if (result == 0)
		result = record_write(
			place->state, RECORD_PENDING, record, apply.texts[0], &apply.settings);
	if (result == 0)
		result = start_watch(place, record);
	if (result == 0) {
		/* Connections that are lost by this begin anew: no reason not to harden. */
		(void)ownflow_remember(place->tunnel);
		result = apply_commit(&apply, ret_error);
	}
	apply_done(&apply);
	return result == 0 ? ask_again(place, record, ret_error) : result;
}

int harden_apply(const struct harden_place *place, const struct harden_request *request,
	char ret_error[static HARDEN_ERROR_SIZE])
{
	char ignored[HARDEN_ERROR_SIZE];

	ret_error[0] = '\0';
	int lock = record_lock(place->state);
	if (lock < 0)
		return lock;
	struct record *record = memory_new(1, sizeof *record);
	int result = fill_record(request, record);
	if (result == 0) {
		result = apply_record(place, record, ret_error);
		if (result < 0)
			(void)take_back(place, ignored); /* the first error is the one to tell */
	}
	free(record);
	(void)close(lock); /* nothing was written */
	return result;
}

/* ---- confirming ---- */

static bool is_of_this_boot(const struct record *record)
{
	char boot[RECORD_BOOT_SIZE];

	return record_boot(boot) == 0 && strcmp(boot, record->boot) == 0;
}

static bool is_over(const struct record *record)
{
	return !is_of_this_boot(record) || clock_now().monotonic_ns >= record->deadline_ns;
}

static int check_login(const struct record *record)
{
	struct login login;

	int result = login_read(&login);
	if (result < 0)
		return result;
	return login_is_new(&login, &record->session, record->applied_ns) ? 0 : ERR_WRONG_STATE;
}

/*
 * Rules without an end, then the record that outlives a reboot, then the end of the switch: where
 * it stops in between, the watcher takes it back.
 */
static int make_last(const struct harden_place *place, struct record *record,
	char ret_error[static HARDEN_ERROR_SIZE])
{
	struct apply apply;
	size_t count;

	record->deadline_ns = 0;
	int result = apply_prepare(place, record, NEIGHBOUR_LOOK, &apply);
	if (result < 0)
		return result;
	result = apply_commit(&apply, ret_error);
	if (result == 0)
		result = record_write(
			place->state, RECORD_CONFIRMED, record, apply.texts[0], &apply.settings);
	if (result == 0)
		result = record_remove(place->state, RECORD_PENDING);
	if (result == 0) /* The rules alone hold them; to forget them as well is tidier. */
		(void)ownflow_forget_others(
			place->tunnel, &record->inside, record->keeps, record->keep_count, &count);
	apply_done(&apply);
	return result;
}

int harden_confirm(const struct harden_place *place, enum harden_proof proof,
	char ret_error[static HARDEN_ERROR_SIZE])
{
	ret_error[0] = '\0';
	int lock = record_lock(place->state);
	if (lock < 0)
		return lock;
	struct record *record = memory_new(1, sizeof *record);
	int result = record_read(place->state, RECORD_PENDING, record);
	if (result == 0 && is_over(record)) {
		result = take_back(place, ret_error);
		if (result == 0)
			result = ERR_NOT_CONFIRMED;
	}
	if (result == 0 && proof == HARDEN_NEW_LOGIN)
		result = check_login(record);
	if (result == 0)
		result = make_last(place, record, ret_error);
	free(record);
	(void)close(lock); /* nothing was written */
	return result;
}

/* ---- the rest ---- */

int harden_undo(const struct harden_place *place, char ret_error[static HARDEN_ERROR_SIZE])
{
	struct harden_state *state = memory_new(1, sizeof *state);

	ret_error[0] = '\0';
	int lock = record_lock(place->state);
	if (lock < 0) {
		free(state);
		return lock;
	}
	/* What cannot be read is undone all the same. */
	int result = harden_read(place, state);
	if (result == 0 && state->stage == HARDEN_OFF && !state->is_saved)
		result = -ENOENT;
	else
		result = apply_withdraw(place, ret_error);
	if (result == 0)
		result = record_remove(place->state, RECORD_PENDING);
	if (result == 0)
		result = record_remove(place->state, RECORD_CONFIRMED);
	(void)close(lock); /* nothing was written */
	free(state);
	return result;
}

/* Deals with what waits to be confirmed: -EAGAIN, it is left alone; 0: there is none (any more). */
static int settle_pending(
	const struct harden_place *place, char ret_error[static HARDEN_ERROR_SIZE])
{
	struct record *record = memory_new(1, sizeof *record);

	int result = record_read(place->state, RECORD_PENDING, record);
	bool is_waiting = result == 0 && !is_over(record);
	free(record);
	if (result == -ENOENT)
		return 0;
	return is_waiting ? -EAGAIN : take_back(place, ret_error);
}

static int load_confirmed(
	const struct harden_place *place, char ret_error[static HARDEN_ERROR_SIZE])
{
	struct record *record = memory_new(1, sizeof *record);
	struct apply apply;

	int result = record_read(place->state, RECORD_CONFIRMED, record);
	if (result == 0)
		result = apply_prepare(place, record, NEIGHBOUR_LOOK, &apply);
	if (result == 0) {
		result = apply_remember(&apply);
		if (result == 0)
			result = apply_commit(&apply, ret_error);
		apply_done(&apply);
	}
	free(record);
	if (result == -ENOENT)
		return 0;
	return result < 0 ? result : 1;
}

int harden_load(const struct harden_place *place, char ret_error[static HARDEN_ERROR_SIZE])
{
	ret_error[0] = '\0';
	int lock = record_lock(place->state);
	if (lock < 0)
		return lock;
	int result = settle_pending(place, ret_error);
	if (result == -EAGAIN)
		result = 0;
	else if (result == 0)
		result = load_confirmed(place, ret_error);
	(void)close(lock); /* nothing was written */
	return result;
}

/* FNV-1a: what changes by accident is to be seen, not what is made to collide. */
static void digest(uint64_t *hash, const void *bytes, size_t size)
{
	static const uint64_t prime = UINT64_C(0x100000001b3);

	for (size_t i = 0; i < size; i++)
		*hash = (*hash ^ ((const uint8_t *)bytes)[i]) * prime;
}

static int digest_router(void *context, uint32_t ifindex, const struct address *router)
{
	digest(context, &ifindex, sizeof ifindex);
	digest(context, router, sizeof *router);
	return 0;
}

static int look_around(const struct harden_place *place, uint64_t *ret_hash)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	struct rules_faces inside, outer;

	int result = face_read(place->tunnel, NULL, &inside, &outer);
	if (result < 0)
		return result;
	digest(&hash, inside.names, inside.count * sizeof *inside.names);
	digest(&hash, outer.names, outer.count * sizeof *outer.names);
	result = way_list_routers(digest_router, &hash);
	if (result == 0)
		*ret_hash = hash;
	return result;
}

int harden_follow(const struct harden_place *place, struct harden_seen *seen,
	char ret_error[static HARDEN_ERROR_SIZE])
{
	uint64_t now;

	ret_error[0] = '\0';
	int result = look_around(place, &now);
	if (result < 0)
		return result;
	bool has_changed = seen->digest != 0 && seen->digest != now;
	seen->digest = now;
	struct harden_force force = harden_in_force();
	if (!has_changed && force.is_in_force && (force.has_link || seen->takes_no_link))
		return 0;
	/* Where nothing is confirmed nobody may be waited for: tacet harden is at work perhaps. */
	if (!record_is_there(place->state, RECORD_CONFIRMED))
		return 0;
	result = harden_load(place, ret_error);
	seen->takes_no_link = !harden_in_force().has_link; /* it was tried: not again and again */
	return result;
}

/* The stage that the kernel and what is written down make together. */
static enum harden_stage stage_of(
	enum apply_presence presence, bool is_pending, const struct record *record, bool is_saved)
{
	if (presence == APPLY_ABSENT)
		return HARDEN_OFF;
	if (presence == APPLY_LAPSED)
		return HARDEN_LAPSED;
	if (is_pending)
		return is_over(record) ? HARDEN_LAPSED : HARDEN_PENDING;
	return is_saved ? HARDEN_CONFIRMED : HARDEN_UNKNOWN;
}

int harden_read(const struct harden_place *place, struct harden_state *ret_state)
{
	struct harden_state *state = memory_new(1, sizeof *state);
	enum apply_presence presence;

	int result = record_read(place->state, RECORD_CONFIRMED, &state->record);
	state->is_saved = result == 0;
	if (result == 0 || result == -ENOENT)
		result = record_read(place->state, RECORD_PENDING, &state->record);
	bool is_pending = result == 0;
	if (result == 0 || result == -ENOENT)
		result = apply_look(&presence, state->dropped);
	if (result == 0) {
		state->stage = stage_of(presence, is_pending, &state->record, state->is_saved);
		if (state->stage == HARDEN_PENDING)
			state->left_s =
				(unsigned)((state->record.deadline_ns - clock_now().monotonic_ns) /
					   NS_PER_S);
		*ret_state = *state;
	}
	free(state);
	return result;
}

struct harden_force harden_in_force(void)
{
	uint64_t dropped[HARDEN_COUNTERS], packets;
	enum apply_presence presence;

	if (apply_look(&presence, dropped) < 0 || presence != APPLY_PRESENT)
		return (struct harden_force){0};
	return (struct harden_force){
		.is_in_force = true,
		.level = nftcounter_read(NFPROTO_INET, RULES_TABLE_NAME, RULES_SEAL, &packets) == 0
				 ? RULES_SEALED
				 : RULES_STANDARD,
		.has_link =
			nftcounter_read(NFPROTO_NETDEV, RULES_TABLE_NAME, "unasked", &packets) == 0,
	};
}
