/* SPDX-License-Identifier: ISC */
#include "radar/roster.h"

#include <stdlib.h>

enum {
	BUCKETS = ROSTER_SIZE * 2,
	FEW_ROOM = ROSTER_SIZE / 4, /* that campaigns of few packets have for certain */
	NONE = -1,
	NS_PER_SECOND = 1000000000,
};

/* Indices into the table; NONE: none. */
struct entry {
	struct campaign campaign;
	int32_t next; /* of its bucket, or of the free ones */
	int32_t newer, older;
};

/* In the order in which they were heard of. */
struct queue {
	int32_t newest, oldest;
	uint32_t count;
};

struct roster {
	struct siphash_key key;
	struct entry entries[ROSTER_SIZE];
	int32_t buckets[BUCKETS];
	int32_t free;
	struct queue few, many;
	uint64_t forgotten;
};

/* ---- queues ---- */

static struct queue *queue_of(struct roster *roster, const struct entry *entry)
{
	return entry->campaign.packets < ROSTER_FEW ? &roster->few : &roster->many;
}

static void unlink_entry(struct roster *roster, struct queue *queue, int32_t index)
{
	struct entry *entry = &roster->entries[index];

	if (entry->newer == NONE)
		queue->newest = entry->older;
	else
		roster->entries[entry->newer].older = entry->older;
	if (entry->older == NONE)
		queue->oldest = entry->newer;
	else
		roster->entries[entry->older].newer = entry->newer;
	queue->count--;
}

static void link_newest(struct roster *roster, struct queue *queue, int32_t index)
{
	struct entry *entry = &roster->entries[index];

	entry->newer = NONE;
	entry->older = queue->newest;
	if (queue->newest == NONE)
		queue->oldest = index;
	else
		roster->entries[queue->newest].newer = index;
	queue->newest = index;
	queue->count++;
}

/* ---- buckets ---- */

static uint32_t bucket_of(
	const struct roster *roster, const struct address *source, enum recognise_tool tool)
{
	uint8_t name[sizeof source->bytes + 2];

	memcpy(name, source->bytes, sizeof source->bytes);
	name[sizeof source->bytes] = source->family;
	name[sizeof source->bytes + 1] = (uint8_t)tool;
	return (uint32_t)(siphash(&roster->key, name, sizeof name) % BUCKETS);
}

static void leave_bucket(struct roster *roster, int32_t index)
{
	const struct campaign *campaign = &roster->entries[index].campaign;
	int32_t *at = &roster->buckets[bucket_of(roster, &campaign->source, campaign->tool)];

	while (*at != index)
		at = &roster->entries[*at].next;
	*at = roster->entries[index].next;
}

/* The campaign that goes on; NONE: there is none, or its pause was too long. */
static int32_t find(const struct roster *roster, const struct address *source,
	enum recognise_tool tool, uint64_t now_ns)
{
	int32_t at = roster->buckets[bucket_of(roster, source, tool)];

	for (; at != NONE; at = roster->entries[at].next) {
		const struct campaign *campaign = &roster->entries[at].campaign;
		if (campaign->tool == tool && address_equal(&campaign->source, source) &&
			now_ns < campaign->last_ns + (uint64_t)ROSTER_PAUSE_S * NS_PER_SECOND)
			return at;
	}
	return NONE;
}

/* ---- the table ---- */

void roster_clear(struct roster *roster)
{
	for (int32_t i = 0; i < ROSTER_SIZE; i++)
		roster->entries[i].next = i + 1 < ROSTER_SIZE ? i + 1 : NONE;
	for (int32_t i = 0; i < BUCKETS; i++)
		roster->buckets[i] = NONE;
	roster->free = 0;
	roster->few = roster->many = (struct queue){NONE, NONE, 0};
}

struct roster *roster_new(const struct siphash_key *key)
{
	struct roster *roster = calloc(1, sizeof *roster);

	if (!roster)
		return NULL;
	roster->key = *key;
	roster_clear(roster);
	return roster;
}

void roster_free(struct roster *roster)
{
	free(roster);
}

uint64_t roster_forgotten(const struct roster *roster)
{
	return roster->forgotten;
}

/* An entry that is in no list; where all are taken, the one that is missed least. */
static int32_t take_entry(struct roster *roster)
{
	int32_t index = roster->free;

	if (index != NONE) {
		roster->free = roster->entries[index].next;
		return index;
	}
	bool is_few = roster->few.count > FEW_ROOM || roster->many.count == 0;
	struct queue *queue = is_few ? &roster->few : &roster->many;
	index = queue->oldest;
	unlink_entry(roster, queue, index);
	leave_bucket(roster, index);
	roster->forgotten++;
	return index;
}

static void begin(struct roster *roster, const struct sample *sample, const struct mark *mark,
	uint64_t now_ns)
{
	int32_t index = take_entry(roster);
	struct entry *entry = &roster->entries[index];

	campaign_begin(&entry->campaign, sample, mark, now_ns);
	int32_t *bucket =
		&roster->buckets[bucket_of(roster, &entry->campaign.source, entry->campaign.tool)];
	entry->next = *bucket;
	*bucket = index;
	link_newest(roster, queue_of(roster, entry), index);
}

void roster_add(struct roster *roster, const struct sample *sample, uint64_t realtime_ns)
{
	const struct mark mark = recognise_packet(sample);
	const struct address source = campaign_source(&sample->source);
	int32_t index = find(roster, &source, campaign_of(&mark), realtime_ns);

	if (index == NONE) {
		begin(roster, sample, &mark, realtime_ns);
		return;
	}
	struct entry *entry = &roster->entries[index];
	unlink_entry(roster, queue_of(roster, entry), index);
	campaign_add(&entry->campaign, sample, &mark, realtime_ns);
	link_newest(roster, queue_of(roster, entry), index);
}

/* ---- the list ---- */

/* A campaign as it is told. */
struct told {
	struct campaign campaign;
	struct verdict verdict;
};

/* By source and name, then by time: those that are one lie side by side. */
static int compare_names(const void *a, const void *b)
{
	const struct told *x = a, *y = b;
	int order = memcmp(&x->campaign.source, &y->campaign.source, sizeof x->campaign.source);

	if (order == 0)
		order = (int)x->verdict.tool - (int)y->verdict.tool;
	if (order == 0)
		order = (x->campaign.first_ns > y->campaign.first_ns) -
			(x->campaign.first_ns < y->campaign.first_ns);
	return order;
}

static int compare_times(const void *a, const void *b)
{
	const struct told *x = a, *y = b;

	return (x->campaign.last_ns < y->campaign.last_ns) -
	       (x->campaign.last_ns > y->campaign.last_ns);
}

static bool is_one(const struct told *former, const struct told *next)
{
	return former->verdict.tool == next->verdict.tool &&
	       address_equal(&former->campaign.source, &next->campaign.source) &&
	       next->campaign.first_ns <
		       former->campaign.last_ns + (uint64_t)ROSTER_PAUSE_S * NS_PER_SECOND;
}

static void merge(struct told *former, const struct told *next)
{
	uint8_t confidence = former->verdict.confidence > next->verdict.confidence
				     ? former->verdict.confidence
				     : next->verdict.confidence;

	if (next->campaign.packets > former->campaign.packets)
		former->verdict.scan = next->verdict.scan;
	campaign_merge(&former->campaign, &next->campaign);
	former->verdict.confidence = confidence;
}

/*
 * Weak marks count where the same source bears sure ones: the pings of nmap -sn. Those without a
 * name come first of a source's.
 */
static void bear_out(struct told *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct told *weak = &list[i];
		if (weak->verdict.tool != RECOGNISE_UNKNOWN)
			continue;
		for (const struct told *sure = weak + 1; sure < list + count; sure++) {
			if (!address_equal(&sure->campaign.source, &weak->campaign.source))
				break;
			if (sure->verdict.tool == RECOGNISE_UNKNOWN ||
				!campaign_is_hinted(&weak->campaign, sure->verdict.tool))
				continue;
			weak->verdict.tool = sure->verdict.tool;
			weak->verdict.confidence = sure->verdict.confidence;
			break;
		}
	}
}

/* Makes one of those that are. How many are left. */
static size_t merge_all(struct told *list, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (kept > 0 && is_one(&list[kept - 1], &list[i]))
			merge(&list[kept - 1], &list[i]);
		else
			list[kept++] = list[i];
	}
	return kept;
}

static size_t collect(const struct roster *roster, const struct queue *queue, struct told *list)
{
	size_t count = 0;

	for (int32_t at = queue->newest; at != NONE; at = roster->entries[at].older) {
		list[count].campaign = roster->entries[at].campaign;
		list[count].verdict = campaign_judge(&list[count].campaign);
		count++;
	}
	return count;
}

void roster_list(const struct roster *roster, roster_visit *visit, void *context)
{
	struct told *list =
		calloc((size_t)roster->few.count + roster->many.count + 1, sizeof *list);

	if (!list)
		return; /* nothing is told this time */
	size_t count = collect(roster, &roster->few, list);
	count += collect(roster, &roster->many, list + count);
	qsort(list, count, sizeof *list, compare_names);
	bear_out(list, count);
	qsort(list, count, sizeof *list, compare_names);
	count = merge_all(list, count);
	qsort(list, count, sizeof *list, compare_times);
	for (size_t i = 0; i < count; i++)
		visit(context, &list[i].campaign, &list[i].verdict);
	free(list);
}
