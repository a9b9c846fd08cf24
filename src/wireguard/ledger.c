/* SPDX-License-Identifier: ISC */
#include "wireguard/ledger.h"

#include <errno.h>
#include <stdlib.h>

/* Who makes us store so often gets more room each time, and may wait after a restart of ours. */
#define HURRY_NS (2 * SECONDS_NS)
enum {
	HURRIES_BORNE = 2,
	HURRIES_MAX = 24, /* the margin doubles that often: ten days */
};

static struct ledger_entry *entry_of(struct peertable_entry *by_key)
{
	return container_of(by_key, struct ledger_entry, by_key);
}

int ledger_init(struct ledger *ledger, struct siphash_key key)
{
	*ledger = (struct ledger){0};
	return peertable_init(&ledger->entries, key);
}

static void free_list(struct ledger_entry *entry)
{
	while (entry) {
		struct ledger_entry *next = entry->newer;

		free(entry);
		entry = next;
	}
}

void ledger_done(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->entries.bucket_count; i++) {
		while (ledger->entries.buckets[i]) {
			struct ledger_entry *entry = entry_of(ledger->entries.buckets[i]);

			peertable_remove(&ledger->entries, &entry->by_key);
			free(entry);
		}
	}
	free_list(ledger->free);
	peertable_done(&ledger->entries);
	bytes_wipe(ledger, sizeof *ledger);
}

static const struct horizon nothing_stored = {.lead_ns = HORIZON_NO_LEAD};

/* An entry with a slot of its own, of nobody yet; NULL: out of memory. */
static struct ledger_entry *entry_take(struct ledger *ledger)
{
	struct ledger_entry *entry = ledger->free;
	if (entry) {
		ledger->free = entry->newer;
		*entry = (struct ledger_entry){.slot = entry->slot};
		return entry;
	}
	entry = calloc(1, sizeof *entry);
	if (entry)
		entry->slot = ledger->slot_count++;
	return entry;
}

/* Keeps an entry that is in no list, for its slot. */
static void entry_recycle(struct ledger *ledger, struct ledger_entry *entry)
{
	peertable_remove(&ledger->entries, &entry->by_key);
	entry->newer = ledger->free;
	ledger->free = entry;
}

/* A new entry, in the table, in no list. -ENOMEM. */
static int entry_new(
	struct ledger *ledger, const uint8_t *public_key, struct ledger_entry **ret_entry)
{
	struct ledger_entry *entry = entry_take(ledger);
	if (!entry)
		return -ENOMEM;
	memcpy(entry->by_key.public_key, public_key, NOISE_KEY_SIZE);
	memcpy(entry->latest, ledger->floor, sizeof entry->latest);
	entry->stored = nothing_stored;
	int err = peertable_add(&ledger->entries, &entry->by_key);
	if (err < 0) {
		entry->newer = ledger->free;
		ledger->free = entry;
		return err;
	}
	*ret_entry = entry;
	return 0;
}

static struct ledger_entry *entry_find(const struct ledger *ledger, const uint8_t *public_key)
{
	struct peertable_entry *by_key = peertable_find(&ledger->entries, public_key);

	return by_key ? entry_of(by_key) : NULL;
}

/* ---- who has gone, the oldest first ---- */

static void gone_push(struct ledger *ledger, struct ledger_entry *entry)
{
	entry->newer = NULL;
	entry->older = ledger->newest_gone;
	if (ledger->newest_gone)
		ledger->newest_gone->newer = entry;
	else
		ledger->oldest_gone = entry;
	ledger->newest_gone = entry;
	ledger->gone_count++;
}

static void gone_remove(struct ledger *ledger, struct ledger_entry *entry)
{
	if (entry->older)
		entry->older->newer = entry->newer;
	else
		ledger->oldest_gone = entry->newer;
	if (entry->newer)
		entry->newer->older = entry->older;
	else
		ledger->newest_gone = entry->older;
	entry->older = NULL;
	entry->newer = NULL;
	ledger->gone_count--;
}

static void gone_limit(struct ledger *ledger)
{
	while (ledger->gone_count > LEDGER_GONE_MAX) {
		struct ledger_entry *oldest = ledger->oldest_gone;

		gone_remove(ledger, oldest);
		entry_recycle(ledger, oldest);
	}
}

int ledger_open(struct ledger *ledger, const uint8_t public_key[static NOISE_KEY_SIZE],
	struct ledger_entry **ret_entry)
{
	struct ledger_entry *entry = entry_find(ledger, public_key);

	if (entry) {
		gone_remove(ledger, entry);
	} else {
		int err = entry_new(ledger, public_key, &entry);
		if (err < 0)
			return err;
	}
	entry->has_peer = true;
	*ret_entry = entry;
	return 0;
}

void ledger_close(struct ledger *ledger, struct ledger_entry *entry)
{
	entry->has_peer = false;
	gone_push(ledger, entry);
	gone_limit(ledger);
}

/* ---- what was stored ---- */

int ledger_remember(struct ledger *ledger, const uint8_t public_key[static NOISE_KEY_SIZE],
	const uint8_t bound[static NOISE_TIMESTAMP_SIZE], int64_t lead_ns)
{
	struct ledger_entry *entry = entry_find(ledger, public_key);

	if (!entry) {
		int err = entry_new(ledger, public_key, &entry);
		if (err < 0)
			return err;
		memset(entry->latest, 0, sizeof entry->latest); /* it is known */
		gone_push(ledger, entry);
		gone_limit(ledger);
	}
	if (memcmp(bound, entry->latest, sizeof entry->latest) > 0)
		memcpy(entry->latest, bound, sizeof entry->latest);
	memcpy(entry->stored.greatest, entry->latest, sizeof entry->latest);
	if (lead_ns > entry->stored.lead_ns)
		entry->stored.lead_ns = lead_ns;
	return 0;
}

static void reset(void *context, struct ledger_entry *entry)
{
	(void)context;
	entry->stored = nothing_stored;
	entry->latest_ns = entry->stored_ns = 0;
	entry->hurries = 0;
}

void ledger_forget(struct ledger *ledger)
{
	while (ledger->oldest_gone) {
		struct ledger_entry *oldest = ledger->oldest_gone;

		gone_remove(ledger, oldest);
		entry_recycle(ledger, oldest);
	}
	ledger_walk(ledger, reset, NULL);
	memset(ledger->floor, 0, sizeof ledger->floor);
}

static void raise(void *context, struct ledger_entry *entry)
{
	const struct ledger *ledger = context;
	bool is_known = !bytes_are_zero(entry->stored.greatest, sizeof entry->stored.greatest);

	if (!is_known && memcmp(ledger->floor, entry->latest, sizeof entry->latest) > 0)
		memcpy(entry->latest, ledger->floor, sizeof entry->latest);
}

void ledger_raise_floor(struct ledger *ledger, const uint8_t floor[static NOISE_TIMESTAMP_SIZE])
{
	if (memcmp(floor, ledger->floor, NOISE_TIMESTAMP_SIZE) > 0)
		memcpy(ledger->floor, floor, NOISE_TIMESTAMP_SIZE);
	ledger_walk(ledger, raise, ledger);
}

/* ---- what is accepted ---- */

/*
 * A line is drawn for clocks that have been seen to run evenly; for others each timestamp is
 * stored. A device that was killed goes on ahead of its clock, and waits there for it: with a line
 * that moves on meanwhile, our own restart would refuse it for minutes.
 */
static void store_next(
	struct ledger_entry *entry, const uint8_t *timestamp, uint64_t now_ns, bool runs_evenly)
{
	bool is_hurry = entry->stored_ns && now_ns - entry->stored_ns < HURRY_NS;

	if (!is_hurry)
		entry->hurries = 0;
	else if (entry->hurries < HURRIES_MAX)
		entry->hurries++;
	entry->stored_ns = now_ns;
	horizon_extend(&entry->stored, timestamp, now_ns, HORIZON_MARGIN_NS << entry->hurries);
	if (!runs_evenly && entry->hurries < HURRIES_BORNE)
		entry->stored.lead_ns = HORIZON_NO_LEAD;
}

bool ledger_accept(struct ledger_entry *entry, const uint8_t timestamp[static NOISE_TIMESTAMP_SIZE],
	uint64_t now_ns)
{
	bool runs_evenly = entry->latest_ns &&
			   horizon_is_even(entry->latest, entry->latest_ns, timestamp, now_ns);

	memcpy(entry->latest, timestamp, NOISE_TIMESTAMP_SIZE);
	entry->latest_ns = now_ns;
	if (!entry->is_unstored && horizon_covers(&entry->stored, timestamp, now_ns) &&
		horizon_slack_ns(&entry->stored, timestamp, now_ns) <=
			HORIZON_UNEVEN_NS + (HORIZON_MARGIN_NS << entry->hurries))
		return false;
	store_next(entry, timestamp, now_ns, runs_evenly);
	return true;
}

void ledger_walk(const struct ledger *ledger,
	void (*visit)(void *context, struct ledger_entry *entry), void *context)
{
	for (size_t i = 0; i < ledger->entries.bucket_count; i++) {
		struct peertable_entry *by_key = ledger->entries.buckets[i];

		for (; by_key; by_key = by_key->next)
			visit(context, entry_of(by_key));
	}
}
