/* SPDX-License-Identifier: ISC */
#include "tacetd/peerlist.h"

#include "base/base64.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	REPORTED_EACH = 16, /* differences that are told one by one; the others are counted */
	CHANGES_FIRST = 16,
};

/* One peer, and where its prefixes are. */
struct entry {
	struct message_peer peer;
	const struct message_prefix *prefixes; /* sorted */
};

struct peerlist {
	struct message_plan head;
	struct entry *entries;		 /* sorted by key at the end */
	struct message_prefix *prefixes; /* the peers', in the order in which they came */
	struct message_knock *knocks;	 /* by epoch at the end */
	uint32_t entry_count, prefix_count, knock_count;
};

struct peerlist *peerlist_new(const struct message_plan *head)
{
	struct peerlist *list = memory_new(1, sizeof *list);

	list->head = *head;
	list->entries = memory_new((size_t)head->peers + 1, sizeof *list->entries);
	list->prefixes = memory_new((size_t)head->prefixes + 1, sizeof *list->prefixes);
	list->knocks = memory_new((size_t)head->knocks + 1, sizeof *list->knocks);
	return list;
}

void peerlist_free(struct peerlist *list)
{
	if (!list)
		return;
	bytes_wipe(list->entries, list->entry_count * sizeof *list->entries);
	bytes_wipe(list->knocks, list->knock_count * sizeof *list->knocks);
	free(list->entries);
	free(list->prefixes);
	free(list->knocks);
	free(list);
}

int peerlist_add_peers(struct peerlist *list, const struct message_peer *peers, size_t count)
{
	if (count > list->head.peers - list->entry_count)
		return ERR_TRAILING;
	for (size_t i = 0; i < count; i++)
		list->entries[list->entry_count++].peer = peers[i];
	return 0;
}

int peerlist_add_prefixes(
	struct peerlist *list, const struct message_prefix *prefixes, size_t count)
{
	if (count > list->head.prefixes - list->prefix_count)
		return ERR_TRAILING;
	if (count > 0)
		memcpy(list->prefixes + list->prefix_count, prefixes, count * sizeof *prefixes);
	list->prefix_count += (uint32_t)count;
	return 0;
}

int peerlist_add_knocks(struct peerlist *list, const struct message_knock *knocks, size_t count)
{
	if (count > list->head.knocks - list->knock_count)
		return ERR_TRAILING;
	for (size_t i = 0; i < count; i++)
		list->knocks[list->knock_count++] = knocks[i];
	return 0;
}

static int compare_knocks(const void *a, const void *b)
{
	const struct message_knock *x = a, *y = b;

	return (x->epoch > y->epoch) - (x->epoch < y->epoch);
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return memcmp(x->peer.public_key, y->peer.public_key, MESSAGE_KEY_SIZE);
}

static int compare_prefixes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct message_prefix));
}

int peerlist_end(struct peerlist *list)
{
	uint32_t used = 0;

	if (list->entry_count != list->head.peers || list->prefix_count != list->head.prefixes ||
		list->knock_count != list->head.knocks)
		return ERR_TRUNCATED;
	qsort(list->knocks, list->knock_count, sizeof *list->knocks, compare_knocks);
	for (uint32_t i = 0; i < list->entry_count; i++) {
		struct entry *entry = &list->entries[i];
		if (entry->peer.prefix_count > list->prefix_count - used)
			return ERR_TRUNCATED;
		qsort(list->prefixes + used, entry->peer.prefix_count, sizeof *list->prefixes,
			compare_prefixes);
		entry->prefixes = list->prefixes + used;
		used += entry->peer.prefix_count;
	}
	qsort(list->entries, list->entry_count, sizeof *list->entries, compare_entries);
	return used == list->prefix_count ? 0 : ERR_TRAILING;
}

/* The index of a key; -1: it is not in the list. */
static int64_t find(const struct peerlist *list, const uint8_t key[static MESSAGE_KEY_SIZE])
{
	struct entry wanted = {0};

	memcpy(wanted.peer.public_key, key, MESSAGE_KEY_SIZE);
	const struct entry *found =
		bsearch(&wanted, list->entries, list->entry_count, sizeof wanted, compare_entries);
	return found ? found - list->entries : -1;
}

/* ---- the comparison ---- */

struct comparison {
	struct peerlist_question question;
	bool *is_there; /* for each entry: the engine has it */
	size_t told, capacity;
	struct peerlist_difference difference;
};

/* Says what is wrong with a peer. */
static void say(struct comparison *comparison, const uint8_t *key, const char *what)
{
	char text[MESSAGE_TEXT_SIZE], key_text[BASE64_KEY_TEXT_SIZE];

	if (!comparison->question.report || comparison->told++ >= REPORTED_EACH)
		return;
	(void)snprintf(text, sizeof text, "peer %s %s", base64_key_format(key, key_text), what);
	comparison->question.report(comparison->question.context, text);
}

/* Room for one change more; what is moved away is wiped, as it has keys. */
static void make_room(struct comparison *comparison)
{
	struct engine_change *change = &comparison->difference.change;
	struct engine_peer_change *former = change->peers;

	if (change->peer_count < comparison->capacity)
		return;
	comparison->capacity = comparison->capacity ? comparison->capacity * 2 : CHANGES_FIRST;
	change->peers = memory_new(comparison->capacity, sizeof *change->peers);
	if (!former)
		return;
	memcpy(change->peers, former, change->peer_count * sizeof *former);
	bytes_wipe(former, change->peer_count * sizeof *former);
	free(former);
}

/* One change more, of this peer. */
static struct engine_peer_change *next_change(struct comparison *comparison, const uint8_t *key)
{
	struct engine_change *change = &comparison->difference.change;

	make_room(comparison);
	struct engine_peer_change *peer = &change->peers[change->peer_count++];
	*peer = (struct engine_peer_change){0};
	memcpy(peer->public_key, key, MESSAGE_KEY_SIZE);
	return peer;
}

/* All of its prefixes, instead of those that it has. */
static void set_prefixes(struct engine_peer_change *change, const struct entry *entry)
{
	change->replaces_allowedips = true;
	change->prefix_count = entry->peer.prefix_count;
	change->prefixes = memory_new(change->prefix_count + 1, sizeof *change->prefixes);
	for (size_t i = 0; i < change->prefix_count; i++)
		change->prefixes[i].prefix = entry->prefixes[i].prefix;
}

static void set_preshared_key(struct engine_peer_change *change, const struct entry *entry)
{
	change->sets_preshared_key = true;
	memcpy(change->preshared_key, entry->peer.preshared_key, MESSAGE_KEY_SIZE);
}

static void set_keepalive(struct engine_peer_change *change, const struct entry *entry)
{
	change->sets_persistent_keepalive = true;
	change->persistent_keepalive_s = entry->peer.keepalive_s;
}

static struct knock_key knock_of(const struct message_knock *knock)
{
	struct knock_key key = {.epoch = knock->epoch, .class = (enum knock_class)knock->class};

	memcpy(key.key, knock->key, sizeof key.key);
	return key;
}

static bool knock_equal(const struct knock_key *key, const struct message_knock *knock)
{
	return key->epoch == knock->epoch && key->class == (enum knock_class)knock->class &&
	       bytes_equal(key->key, knock->key, sizeof key->key);
}

static void set_knock(struct engine_peer_change *change, const struct entry *entry)
{
	change->sets_knock = true;
	change->knock = knock_of(&entry->peer.knock);
}

/* Who is called has an endpoint, or a keepalive where that is not known yet. */
static bool waits_for(const struct message_peer *peer)
{
	return peer->endpoint.remote.family == ADDRESS_NONE && peer->keepalive_s == 0;
}

static void set_waits(struct engine_peer_change *change, const struct entry *entry)
{
	change->sets_waits = true;
	change->waits = waits_for(&entry->peer);
	change->is_steady = !change->waits; /* who is called waits for us */
}

static void set_endpoint(struct engine_peer_change *change, const struct entry *entry)
{
	change->sets_endpoint = entry->peer.endpoint.remote.family != ADDRESS_NONE;
	change->endpoint = entry->peer.endpoint;
}

static bool has_prefixes(const struct entry *entry, const struct allowedips_owner *owner)
{
	const struct allowedips_node *node = NULL;

	if (owner->count != entry->peer.prefix_count)
		return false;
	while ((node = allowedips_next(owner, node))) {
		struct message_prefix key = {.prefix = allowedips_prefix(node)};
		if (!bsearch(&key, entry->prefixes, entry->peer.prefix_count, sizeof key,
			    compare_prefixes))
			return false;
	}
	return true;
}

/* Whether the plan has moved the peer. */
static bool has_new_endpoint(const struct comparison *comparison, const struct entry *entry)
{
	const struct endpoint *endpoint = &entry->peer.endpoint;

	if (endpoint->remote.family == ADDRESS_NONE)
		return false;
	int64_t at = comparison->question.former
			     ? find(comparison->question.former, entry->peer.public_key)
			     : -1;
	return at < 0 || !endpoint_equal_remote(
				 &comparison->question.former->entries[at].peer.endpoint, endpoint);
}

static bool is_any(const struct engine_peer_change *change)
{
	return change->sets_preshared_key || change->sets_persistent_keepalive ||
	       change->replaces_allowedips || change->sets_endpoint || change->sets_knock ||
	       change->sets_waits;
}

/* A peer that is in both. */
static void compare_peer(struct comparison *comparison, const struct entry *entry,
	const struct engine_peer_status *status)
{
	const uint8_t *key = status->public_key;
	struct engine_peer_change change = {0};

	if (!bytes_equal(status->preshared_key, entry->peer.preshared_key, MESSAGE_KEY_SIZE)) {
		say(comparison, key, "has another pre-shared key");
		set_preshared_key(&change, entry);
	}
	if (status->persistent_keepalive_s != entry->peer.keepalive_s) {
		say(comparison, key, "has another keepalive");
		set_keepalive(&change, entry);
	}
	if (!has_prefixes(entry, status->allowedips)) {
		say(comparison, key, "has other addresses");
		set_prefixes(&change, entry);
	}
	if (!knock_equal(status->knock, &entry->peer.knock)) {
		say(comparison, key, "has another knock");
		set_knock(&change, entry);
	}
	if (status->waits != waits_for(&entry->peer)) {
		say(comparison, key, "is called, or not, other than planned");
		set_waits(&change, entry);
	}
	if (has_new_endpoint(comparison, entry))
		set_endpoint(&change, entry);
	if (!is_any(&change))
		return;
	memcpy(change.public_key, key, MESSAGE_KEY_SIZE);
	*next_change(comparison, key) = change;
	bytes_wipe(&change, sizeof change);
	comparison->difference.changed++;
}

static bool has_gate(const struct peerlist *list, const struct knock_gate *gate)
{
	if (gate->mode != (enum knock_mode)list->head.knock_mode ||
		gate->key_count != list->knock_count)
		return false;
	for (size_t i = 0; i < gate->key_count; i++) {
		if (!knock_equal(&gate->keys[i], &list->knocks[i]))
			return false;
	}
	return true;
}

/* All that is asked of initiations, whole. */
static void set_gate(struct comparison *comparison)
{
	const struct peerlist *wanted = comparison->question.wanted;
	struct engine_change *change = &comparison->difference.change;

	if (comparison->question.report)
		comparison->question.report(
			comparison->question.context, "the knocks that are asked for were others");
	change->sets_knock_gate = true;
	change->knock_mode = (enum knock_mode)wanted->head.knock_mode;
	change->knock_key_count = wanted->knock_count;
	change->knock_keys =
		memory_new((size_t)wanted->knock_count + 1, sizeof *change->knock_keys);
	for (uint32_t i = 0; i < wanted->knock_count; i++)
		change->knock_keys[i] = knock_of(&wanted->knocks[i]);
}

static void visit_status(void *context, const struct engine_status *status)
{
	struct comparison *comparison = context;

	if (!has_gate(comparison->question.wanted, status->gate))
		set_gate(comparison);

	comparison->difference.has_other_key =
		!bytes_equal(status->public_key, comparison->question.public_key, MESSAGE_KEY_SIZE);
}

static void visit_peer(void *context, const struct engine_peer_status *status)
{
	struct comparison *comparison = context;
	int64_t at = find(comparison->question.wanted, status->public_key);

	if (at >= 0) {
		comparison->is_there[at] = true;
		compare_peer(comparison, &comparison->question.wanted->entries[at], status);
		return;
	}
	say(comparison, status->public_key, "is not planned");
	next_change(comparison, status->public_key)->is_removed = true;
	comparison->difference.deleted++;
}

/* Those that the engine has not. It takes no peer with its own key. */
static void add_missing(struct comparison *comparison)
{
	for (uint32_t i = 0; i < comparison->question.wanted->entry_count; i++) {
		const struct entry *entry = &comparison->question.wanted->entries[i];
		const uint8_t *key = entry->peer.public_key;
		if (comparison->is_there[i] ||
			bytes_equal(key, comparison->question.public_key, MESSAGE_KEY_SIZE))
			continue;
		say(comparison, key, "was missing");
		struct engine_peer_change *change = next_change(comparison, key);
		set_prefixes(change, entry);
		set_preshared_key(change, entry);
		set_keepalive(change, entry);
		set_endpoint(change, entry);
		set_knock(change, entry);
		set_waits(change, entry);
		comparison->difference.added++;
	}
}

void peerlist_compare(const struct peerlist_question *question, struct engine *engine,
	struct peerlist_difference *ret_difference)
{
	struct comparison comparison = {
		.question = *question,
		.is_there = memory_new((size_t)question->wanted->entry_count + 1, sizeof(bool)),
	};
	const struct engine_visitor visitor = {visit_status, visit_peer, &comparison};

	engine_inspect(engine, &visitor);
	add_missing(&comparison);
	free(comparison.is_there);
	if (comparison.told > REPORTED_EACH) {
		char text[MESSAGE_TEXT_SIZE];
		(void)snprintf(text, sizeof text, "and %zu differences more of peers",
			comparison.told - REPORTED_EACH); /* fits */
		question->report(question->context, text);
	}
	*ret_difference = comparison.difference;
	ret_difference->has_any = comparison.difference.change.peer_count > 0 ||
				  comparison.difference.change.sets_knock_gate;
}
