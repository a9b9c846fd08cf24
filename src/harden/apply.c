/* SPDX-License-Identifier: ISC */
#include "harden/apply.h"

#include "base/clock.h"
#include "harden/face.h"
#include "net/nftables.h"
#include "net/nftcounter.h"
#include "net/nftset.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	/* The kernel's own switch goes off behind the watcher, which also restores settings. */
	ARMED_GRACE_S = 3,
	/* That set's keys are families, in the bytes of the kernel. */
	ARMED_KEY_BYTES = 1,
};

static const char *const counters[] = {
#define X(name, meaning) #name,
	RULES_COUNTERS(X)
#undef X
};

_Static_assert(ARRAY_LENGTH(counters) == HARDEN_COUNTERS, "HARDEN_COUNTERS is how many there are");

/* Seconds that the rules shall hold by themselves; 0: for good. */
static unsigned armed_s(const struct record *record)
{
	if (record->deadline_ns == 0)
		return 0;
	uint64_t now_ns = clock_now().monotonic_ns;
	uint64_t left_ns = record->deadline_ns > now_ns ? record->deadline_ns - now_ns : 0;
	return (unsigned)(left_ns / NS_PER_S) + ARMED_GRACE_S;
}

/* Brings what the record knows of the host up to date. */
static int look_around(const struct harden_place *place, struct record *record,
	enum neighbour_search search, struct rules_faces *ret_present)
{
	struct rules_faces inside, outer;

	int result = face_read(place->tunnel, &record->inside, &inside, &outer);
	if (result == 0)
		result = neighbours_update(&record->neighbours, &outer, search);
	if (result < 0)
		return result;
	*ret_present = outer;
	for (size_t i = 0; i < record->outer.count && outer.count < RULES_FACES_MAX; i++)
		if (!face_has(&outer, record->outer.names[i]) &&
			if_nametoindex(record->outer.names[i]) == 0)
			memcpy(outer.names[outer.count++], record->outer.names[i], IF_NAMESIZE);
	record->inside = inside;
	record->outer = outer;
	return 0;
}

/* Whoever hardens from the link is spoken to until he has confirmed. */
static int add_administrator(const struct harden_place *place, const struct record *record,
	struct neighbours *ret_neighbours)
{
	const struct address *there = &record->session.there;
	struct neighbours neighbours = record->neighbours;
	int result = 0;

	if (record->deadline_ns && there->family != ADDRESS_NONE &&
		neighbour_is_on_link(there, place->tunnel)) {
		result = neighbours_name(&neighbours, there);
		if (result == 0)
			result = neighbours_update(&neighbours, &record->outer, NEIGHBOUR_LOOK);
	}
	if (result == 0)
		*ret_neighbours = neighbours;
	return result;
}

static void write_texts(struct apply *apply, struct rules *rules, const struct rules_faces *present)
{
	static const struct rules_faces none;

	apply->texts[0] = rules_text(rules);
	rules->outer = present;
	apply->texts[1] = rules_text(rules);
	rules->is_mute = true;
	apply->texts[2] = rules_text(rules);
	rules->outer = &none;
	apply->texts[3] = rules_text(rules);
}

int apply_prepare(const struct harden_place *place, struct record *record,
	enum neighbour_search search, struct apply *ret_apply)
{
	static const struct rules_session nobody;
	struct neighbours neighbours;
	struct rules_faces present;

	int result = look_around(place, record, search, &present);
	if (result < 0)
		return result;
	result = add_administrator(place, record, &neighbours);
	if (result < 0)
		return result;
	struct rules rules = {
		.level = record->level,
		.tunnel = place->tunnel,
		.port = place->port,
		/* The kernel's engine is no process that could set ours. */
		.mark = record->engine == RULES_ENGINE_OURS ? place->mark : 0,
		.engine = record->engine,
		.peers = &record->peers,
		.neighbours = &neighbours,
		.inside = &record->inside,
		.outer = &record->outer,
		.keeps = record->keeps,
		.keep_count = record->keep_count,
		.session = record->deadline_ns ? &record->session : &nobody,
		.armed_s = armed_s(record),
	};
	struct apply apply = {.place = place, .record = record};
	write_texts(&apply, &rules, &present);
	apply.settings = settings_wanted(record->level, &present);
	*ret_apply = apply;
	return 0;
}

void apply_done(struct apply *apply)
{
	for (size_t i = 0; i < APPLY_TEXTS; i++)
		free(apply->texts[i]);
	settings_done(&apply->settings);
}

int apply_remember(const struct apply *apply)
{
	struct settings before;

	int result = record_read_before(apply->place->state, &before);
	if (result < 0)
		return result;
	result = settings_remember(&apply->settings, &before);
	if (result == 0)
		result = record_write_before(apply->place->state, &before);
	settings_done(&before);
	return result;
}

/* Runs the first of several texts that is not refused. */
static int run(const char *const texts[], size_t count, char ret_error[static HARDEN_ERROR_SIZE])
{
	struct nftables *nftables;

	int result = nftables_open(&nftables);
	if (result < 0)
		return result;
	result = nftables_run(nftables, texts[0]);
	if (result < 0)
		(void)snprintf(ret_error, HARDEN_ERROR_SIZE, "%s",
			nftables_error(nftables)); /* cut: the beginning says most */
	for (size_t i = 1; i < count && result == -EINVAL; i++)
		result = nftables_run(nftables, texts[i]);
	if (result == 0)
		ret_error[0] = '\0';
	nftables_close(nftables);
	return result;
}

/* Puts back what another level had changed and this one does not want. */
static int restore_others(const struct apply *apply)
{
	struct settings before, others = {0};

	int result = record_read_before(apply->place->state, &before);
	if (result < 0)
		return result;
	for (size_t i = 0; i < before.count && result == 0; i++)
		if (!settings_has(&apply->settings, before.list[i].path))
			result = settings_add(&others, before.list[i].path, before.list[i].value);
	if (result == 0)
		result = settings_write(&others);
	settings_done(&others);
	settings_done(&before);
	return result;
}

/*
 * An interface that went meanwhile, or one that takes no such hook, must not keep the host open:
 * the tables that need none stand for themselves.
 */
int apply_commit(const struct apply *apply, char ret_error[static HARDEN_ERROR_SIZE])
{
	int result = run((const char *const *)apply->texts, APPLY_TEXTS, ret_error);
	if (result == 0)
		result = restore_others(apply);
	return result < 0 ? result : settings_write(&apply->settings);
}

int apply_withdraw(const struct harden_place *place, char ret_error[static HARDEN_ERROR_SIZE])
{
	struct settings before;

	static const char *const removal[] = {RULES_REMOVE};
	int result = run(removal, ARRAY_LENGTH(removal), ret_error);
	if (result < 0)
		return result;
	result = record_read_before(place->state, &before);
	if (result < 0)
		return result;
	result = settings_write(&before);
	settings_done(&before);
	return result < 0 ? result : record_remove_before(place->state);
}

static int see_element(void *context, const struct nftset_element *element)
{
	(void)element;
	*(bool *)context = true;
	return 0;
}

/* Whether a set that holds until it is confirmed has run out. */
static int look_at_switch(enum apply_presence *ret_presence)
{
	static const struct nftset set = {
		.table = RULES_TABLE_NAME, .name = RULES_ARMED, .key_bytes = ARMED_KEY_BYTES};
	bool is_armed = false;

	int result = nftset_dump(&set, see_element, &is_armed);
	if (result == -ENOENT) {
		*ret_presence = APPLY_PRESENT; /* confirmed */
		return 0;
	}
	if (result < 0)
		return result;
	*ret_presence = is_armed ? APPLY_PRESENT : APPLY_LAPSED;
	return 0;
}

int apply_look(enum apply_presence *ret_presence, uint64_t ret_dropped[static HARDEN_COUNTERS])
{
	uint64_t at_link;

	for (size_t i = 0; i < HARDEN_COUNTERS; i++) {
		int result = nftcounter_read(
			NFPROTO_INET, RULES_TABLE_NAME, counters[i], &ret_dropped[i]);
		if (result == -ENOENT) {
			*ret_presence = APPLY_ABSENT;
			return 0;
		}
		if (result < 0)
			return result;
		if (nftcounter_read(NFPROTO_NETDEV, RULES_TABLE_NAME, counters[i], &at_link) == 0)
			ret_dropped[i] += at_link; /* it need not be there */
	}
	return look_at_switch(ret_presence);
}
