/* SPDX-License-Identifier: ISC */
/* Leads an engine that moves nothing to lists of peers, and finds what others changed. */
#include "tacetd/peerlist.h"

#include "../engine/fake_engine.h"
#include "base/error.h"
#include "tap.h"

#include <stdlib.h>

static const uint8_t own_key[MESSAGE_KEY_SIZE];

static struct message_prefix prefix_of(const char *text)
{
	struct message_prefix prefix = {0};

	if (prefix_parse(text, strlen(text), &prefix.prefix) < 0)
		abort();
	return prefix;
}

/* Peer `number`, whose key and pre-shared key are that byte, with 10.0.<number>.0/24 and more. */
static struct message_peer peer_of(uint8_t number, uint32_t prefix_count)
{
	struct message_peer peer = {.prefix_count = prefix_count, .keepalive_s = 25};

	memset(peer.public_key, number, sizeof peer.public_key);
	memset(peer.preshared_key, number, sizeof peer.preshared_key);
	peer.endpoint.remote = prefix_of("192.0.2.1").prefix.address;
	peer.endpoint.port = number;
	return peer;
}

/* Three peers; the second has two prefixes. */
static const uint8_t numbers[] = {7, 3, 5};

static struct peerlist *three(void)
{
	const struct message_plan head = {.version = 9, .peers = 3, .prefixes = 4};
	const struct message_peer peers[] = {
		peer_of(numbers[0], 1), peer_of(numbers[1], 2), peer_of(numbers[2], 1)};
	const struct message_prefix prefixes[] = {prefix_of("10.0.7.0/24"),
		prefix_of("fd00::3/128"), prefix_of("10.0.3.0/24"), prefix_of("10.0.5.0/24")};
	struct peerlist *list = peerlist_new(&head);

	if (peerlist_add_peers(list, peers, 2) < 0 || peerlist_add_peers(list, peers + 2, 1) < 0 ||
		peerlist_add_prefixes(list, prefixes, 4) < 0 || peerlist_end(list) < 0)
		abort();
	return list;
}

static struct peerlist *none(void)
{
	struct peerlist *list = peerlist_new(&(const struct message_plan){0});

	if (peerlist_end(list) < 0)
		abort();
	return list;
}

static void count_report(void *context, const char *what)
{
	(*(unsigned *)context)++;
	printf("# %s\n", what);
}

/* Compares and applies; how many differences were told. */
static unsigned put_right(struct engine *engine, const struct peerlist *list,
	const struct peerlist *former, struct peerlist_difference *ret_difference)
{
	struct peerlist_difference difference;
	unsigned told = 0;

	const struct peerlist_question question = {list, former, own_key, count_report, &told};

	peerlist_compare(&question, engine, &difference);
	if (difference.has_any && engine_configure(engine, &difference.change) < 0)
		abort();
	engine_change_done(&difference.change);
	*ret_difference = difference;
	return told;
}

static struct fake_peer *find(struct engine *engine, uint8_t number)
{
	uint8_t key[MESSAGE_KEY_SIZE];

	memset(key, number, sizeof key);
	return fake_engine_find(engine, key);
}

/* Whether the engine has the three peers as they should be. */
static bool is_right(struct engine *engine)
{
	for (size_t i = 0; i < sizeof numbers; i++) {
		const struct fake_peer *peer = find(engine, numbers[i]);
		if (!peer || peer->persistent_keepalive_s != 25 ||
			peer->preshared_key[31] != numbers[i] ||
			peer->allowedips.count != (numbers[i] == 3 ? 2 : 1))
			return false;
	}
	return engine->peer_count == sizeof numbers;
}

static void test_whole(void)
{
	struct engine engine = {0};
	struct peerlist *list = three(), *empty = none();
	struct peerlist_difference difference;

	tap_is_int(put_right(&engine, list, NULL, &difference), 3, "three are missing");
	tap_is_int(difference.added, 3, "added");
	tap_ok(is_right(&engine), "all as they should be");
	tap_is_int(find(&engine, 5)->endpoint.port, 5, "with their endpoints");
	tap_is_int(put_right(&engine, list, list, &difference), 0, "nothing more to do");
	tap_is_int(engine.configured, 1, "the engine is left alone");
	tap_is_int(put_right(&engine, empty, list, &difference), 3, "none are planned");
	tap_is_int(difference.deleted, 3, "deleted");
	tap_is_int((intmax_t)engine.peer_count, 0, "none are there");
	peerlist_free(list);
	peerlist_free(empty);
	fake_engine_done(&engine);
}

/* ---- knocks ---- */

/* A list of one peer, which calls us or is called, and of what is asked of initiations. */
static struct peerlist *knocking(const struct message_peer *peer, uint32_t mode,
	const struct message_knock *knocks, uint32_t count)
{
	const struct message_plan head = {
		.peers = 1, .prefixes = 1, .knocks = count, .knock_mode = mode};
	const struct message_prefix prefix = prefix_of("10.0.7.0/24");
	struct peerlist *list = peerlist_new(&head);

	if (peerlist_add_peers(list, peer, 1) < 0 || peerlist_add_prefixes(list, &prefix, 1) < 0 ||
		peerlist_add_knocks(list, knocks, count) < 0 || peerlist_end(list) < 0)
		abort();
	return list;
}

static void test_gate(void)
{
	const struct message_knock knocks[] = {
		{9, KNOCK_FULL, 0, {9}}, {4, KNOCK_BUDGETED, 0, {4}}};
	const struct message_peer peer = peer_of(7, 1);
	struct peerlist *list = knocking(&peer, KNOCK_REQUIRED, knocks, 2);
	struct peerlist *other = knocking(&peer, KNOCK_PREFERRED, knocks, 1);
	struct peerlist_difference difference;
	struct engine engine = {0};

	(void)put_right(&engine, list, NULL, &difference);
	tap_ok(engine.gate.mode == KNOCK_REQUIRED && engine.gate.key_count == 2 &&
			engine.gate.keys[0].epoch == 4 && engine.gate.keys[1].key[0] == 9,
		"what is asked of initiations");
	tap_is_int(put_right(&engine, list, list, &difference), 0, "nothing more to do");
	engine.gate.keys[1].class = KNOCK_BUDGETED;
	tap_is_int(put_right(&engine, list, list, &difference), 1, "another class is found");
	tap_is_int(engine.gate.keys[1].class, KNOCK_FULL, "and put right");
	engine.gate.mode = KNOCK_OFF;
	tap_is_int(put_right(&engine, list, list, &difference), 1, "another mode is found");
	engine.gate.keys[0].key[31] = 1;
	tap_is_int(put_right(&engine, list, list, &difference), 1, "another key is found");
	(void)put_right(&engine, other, list, &difference);
	tap_ok(engine.gate.mode == KNOCK_PREFERRED && engine.gate.key_count == 1, "and a new plan");
	peerlist_free(list);
	peerlist_free(other);
	fake_engine_done(&engine);
}

static void test_knock(void)
{
	struct message_peer called = peer_of(7, 1), calls = peer_of(7, 1);
	struct peerlist_difference difference;
	struct engine engine = {0};

	called.knock = (struct message_knock){5, KNOCK_FULL, 0, {5}};
	calls.endpoint = (struct endpoint){0};
	calls.keepalive_s = 0;
	struct peerlist *list = knocking(&called, KNOCK_REQUIRED, NULL, 0);
	struct peerlist *other = knocking(&calls, KNOCK_REQUIRED, NULL, 0);
	(void)put_right(&engine, list, NULL, &difference);
	struct fake_peer *peer = find(&engine, 7);
	tap_ok(peer && peer->knock.epoch == 5 && peer->knock.class == KNOCK_FULL && !peer->waits,
		"a peer that is called has a knock");
	if (!peer)
		abort();
	peer->knock.key[0] = 6;
	tap_is_int(put_right(&engine, list, list, &difference), 1, "another is found");
	tap_is_int(peer->knock.key[0], 5, "and put right");
	(void)put_right(&engine, other, list, &difference);
	tap_ok(peer->knock.class == KNOCK_NONE && peer->waits, "one that calls us is waited for");
	peer->waits = false;
	tap_is_int(put_right(&engine, other, other, &difference), 1, "or else that is found");
	peerlist_free(list);
	peerlist_free(other);
	fake_engine_done(&engine);
}

/* ---- what others may do to an engine ---- */

static void configure(struct engine *engine, const struct engine_peer_change *peer)
{
	struct engine_peer_change copy = *peer;
	const struct engine_change change = {.peers = &copy, .peer_count = 1};

	if (engine_configure(engine, &change) < 0)
		abort();
}

static void add_rogue(struct engine *engine)
{
	struct engine_prefix_change prefix = {prefix_of("10.0.99.0/24").prefix, false};
	struct engine_peer_change peer = {.prefixes = &prefix, .prefix_count = 1};

	memset(peer.public_key, 99, sizeof peer.public_key);
	configure(engine, &peer);
}

static void remove_peer(struct engine *engine)
{
	struct engine_peer_change peer = {.is_removed = true};

	memset(peer.public_key, 5, sizeof peer.public_key);
	configure(engine, &peer);
}

static void change_psk(struct engine *engine)
{
	find(engine, 3)->preshared_key[0] ^= 1;
}

static void change_keepalive(struct engine *engine)
{
	find(engine, 3)->persistent_keepalive_s = 1;
}

static void add_prefix(struct engine *engine)
{
	struct engine_prefix_change prefix = {prefix_of("10.0.99.0/24").prefix, false};
	struct engine_peer_change peer = {.prefixes = &prefix, .prefix_count = 1};

	memset(peer.public_key, 3, sizeof peer.public_key);
	configure(engine, &peer);
}

static void exchange_prefix(struct engine *engine)
{
	struct engine_prefix_change prefix = {prefix_of("10.0.99.0/24").prefix, false};
	struct engine_peer_change peer = {
		.replaces_allowedips = true, .prefixes = &prefix, .prefix_count = 1};

	memset(peer.public_key, 7, sizeof peer.public_key);
	configure(engine, &peer);
}

/* Takes one prefix from another peer: two peers are wrong. */
static void steal_prefix(struct engine *engine)
{
	struct engine_prefix_change prefix = {prefix_of("10.0.7.0/24").prefix, false};
	struct engine_peer_change peer = {.prefixes = &prefix, .prefix_count = 1};

	memset(peer.public_key, 3, sizeof peer.public_key);
	configure(engine, &peer);
}

static const struct {
	const char *name;
	void (*spoil)(struct engine *engine);
	unsigned told;
} drifts[] = {
	{"a rogue peer", add_rogue, 1},
	{"a peer removed", remove_peer, 1},
	{"another pre-shared key", change_psk, 1},
	{"another keepalive", change_keepalive, 1},
	{"a prefix more", add_prefix, 1},
	{"another prefix", exchange_prefix, 1},
	{"a prefix stolen", steal_prefix, 2},
};

static void test_drift(void)
{
	struct engine engine = {0};
	struct peerlist *list = three();
	struct peerlist_difference difference;

	(void)put_right(&engine, list, NULL, &difference); /* tested above */
	for (size_t i = 0; i < ARRAY_LENGTH(drifts); i++) {
		find(&engine, 7)->endpoint.port = 4000; /* it has roamed */
		drifts[i].spoil(&engine);
		tap_is_int(put_right(&engine, list, list, &difference), drifts[i].told,
			drifts[i].name);
		tap_ok(is_right(&engine), "is put right");
		tap_is_int(find(&engine, 7)->endpoint.port, 4000, "who has roamed is left there");
	}
	peerlist_free(list);
	fake_engine_done(&engine);
}

/* An endpoint is set where the plan has moved it. */
static void test_moved(void)
{
	const struct message_plan head = {.peers = 1};
	struct message_peer peer = peer_of(7, 0);
	struct engine engine = {0};
	struct peerlist *lists[2];
	struct peerlist_difference difference;

	for (unsigned i = 0; i < 2; i++) {
		peer.endpoint.port = (uint16_t)(100 + i);
		lists[i] = peerlist_new(&head);
		if (peerlist_add_peers(lists[i], &peer, 1) < 0 || peerlist_end(lists[i]) < 0)
			abort();
	}
	(void)put_right(&engine, lists[0], NULL, &difference); /* tested above */
	find(&engine, 7)->endpoint.port = 4000;
	tap_is_int(put_right(&engine, lists[1], lists[0], &difference), 0, "no difference to tell");
	tap_is_int(difference.changed, 1, "but a change");
	tap_is_int(find(&engine, 7)->endpoint.port, 101, "where the plan has it");
	peerlist_free(lists[0]);
	peerlist_free(lists[1]);
	fake_engine_done(&engine);
}

static void test_keys(void)
{
	const struct message_plan head = {.peers = 1};
	struct message_peer peer = peer_of(0, 0);
	struct engine engine = {0};
	struct peerlist *list = peerlist_new(&head);
	struct peerlist_difference difference;

	if (peerlist_add_peers(list, &peer, 1) < 0 || peerlist_end(list) < 0)
		abort();
	tap_is_int(put_right(&engine, list, NULL, &difference), 0, "our own key is no peer");
	tap_ok(!difference.has_other_key, "the engine has our key");
	engine.status.public_key[0] = 1;
	(void)put_right(&engine, list, NULL, &difference); /* is not missing now: it is added */
	tap_ok(difference.has_other_key, "the engine has another key");
	peerlist_free(list);
	fake_engine_done(&engine);
}

/* Many differences are not told one by one. */
static void test_many(void)
{
	enum {
		MANY = 40,
	};
	const struct message_plan head = {.peers = MANY};
	struct engine engine = {0};
	struct peerlist *list = peerlist_new(&head);
	struct peerlist_difference difference;

	for (uint8_t i = 1; i <= MANY; i++) {
		struct message_peer peer = peer_of(i, 0);
		if (peerlist_add_peers(list, &peer, 1) < 0)
			abort();
	}
	if (peerlist_end(list) < 0)
		abort();
	tap_is_int(put_right(&engine, list, NULL, &difference), 17, "sixteen, and how many more");
	tap_is_int((intmax_t)engine.peer_count, MANY, "all are added");
	peerlist_free(list);
	fake_engine_done(&engine);
}

static void test_refused(void)
{
	const struct message_plan head = {.peers = 1, .prefixes = 1};
	struct message_peer peers[] = {peer_of(1, 1), peer_of(2, 0)};
	const struct message_prefix prefixes[] = {
		prefix_of("10.0.0.0/24"), prefix_of("10.0.1.0/24")};
	struct peerlist *list = peerlist_new(&head);

	tap_is_int(peerlist_add_peers(list, peers, 2), ERR_TRAILING, "a peer too many");
	tap_is_int(peerlist_add_prefixes(list, prefixes, 2), ERR_TRAILING, "a prefix too many");
	tap_is_int(peerlist_end(list), ERR_TRUNCATED, "a peer is missing");
	tap_is_int(peerlist_add_peers(list, peers, 1), 0, "the peer");
	tap_is_int(peerlist_end(list), ERR_TRUNCATED, "a prefix is missing");
	tap_is_int(peerlist_add_prefixes(list, prefixes, 1), 0, "the prefix");
	tap_is_int(peerlist_end(list), 0, "whole");
	peerlist_free(list);
	peers[0].prefix_count = 2;
	list = peerlist_new(&head);
	if (peerlist_add_peers(list, peers, 1) < 0 || peerlist_add_prefixes(list, prefixes, 1) < 0)
		abort();
	tap_is_int(peerlist_end(list), ERR_TRUNCATED, "the peer has more prefixes than there are");
	peerlist_free(list);
	peers[0].prefix_count = 0;
	list = peerlist_new(&head);
	if (peerlist_add_peers(list, peers, 1) < 0 || peerlist_add_prefixes(list, prefixes, 1) < 0)
		abort();
	tap_is_int(peerlist_end(list), ERR_TRAILING, "a prefix of nobody");
	peerlist_free(list);
	peerlist_free(NULL);
}

int main(void)
{
	test_whole();
	test_gate();
	test_knock();
	test_drift();
	test_moved();
	test_keys();
	test_many();
	test_refused();
	return tap_done();
}
