/* SPDX-License-Identifier: ISC */
#include "tap.h"

#include "wireguard/handshake_fixture.h"
#include "wireguard/keypair.h"

#define NOW_NS 1000000000000ULL

/* Which pairs are where; NULL: the slot is empty. */
#define SLOTS(c, p, n) ((struct keypairs){.current = (c), .previous = (p), .next = (n)})

static uint64_t seed = 0x5e551015;
static struct indextable table;

/* A pair without an index. */
static struct keypair *make(bool is_initiator)
{
	struct noise_keys keys = {.is_initiator = is_initiator};
	struct keypair *keypair;

	seeded_fill(&seed, keys.sending, sizeof keys.sending);
	seeded_fill(&seed, keys.receiving, sizeof keys.receiving);
	if (keypair_new(NULL, &keys, 42, NOW_NS, &keypair))
		abort();
	return keypair;
}

/* Takes the pair in under a fresh index. */
static void add(struct keypairs *keypairs, struct keypair *fresh)
{
	indextable_add(&table, seeded_entropy(&seed), &fresh->index);
	keypairs_add(keypairs, &table, fresh);
}

static size_t count(const struct keypairs *keypairs)
{
	return (size_t)(keypairs->current != NULL) + (keypairs->previous != NULL) +
	       (keypairs->next != NULL);
}

static void check(const struct keypairs *got, struct keypairs want, const char *name)
{
	bool held = got->current == want.current && got->previous == want.previous &&
		    got->next == want.next;

	if (!tap_ok(held && table.count == count(got), name))
		printf("# current %p previous %p next %p, %zu in the table\n", (void *)got->current,
			(void *)got->previous, (void *)got->next, table.count);
}

static void test_new(void)
{
	struct noise_keys keys = {.sending = {1}, .receiving = {2}, .is_initiator = true};
	struct keypair *keypair;
	uint8_t text[16 + AEAD_TAG_SIZE] = "said in a tunnel";
	struct aead *theirs;

	tap_is_int(keypair_new((struct peer *)&keys, &keys, 42, NOW_NS, &keypair), 0, "a pair");
	tap_ok(keypair->peer == (struct peer *)&keys && keypair->remote_index == 42 &&
			keypair->is_initiator && keypair->created_ns == NOW_NS &&
			keypair->sending_counter == 0 && !keypair->index.in_table,
		"is as it was ordered");
	tap_ok(replay_accept(&keypair->replay, 0), "its window is fresh");
	if (aead_new(keys.sending, &theirs))
		abort();
	tap_ok(!aead_seal(keypair->sending, 0, text, 16) && !aead_open(theirs, 0, text, 32),
		"it sends under the sending key");
	aead_free(theirs);
	if (aead_new(keys.receiving, &theirs))
		abort();
	tap_ok(!aead_seal(theirs, 0, text, 16) && !aead_open(keypair->receiving, 0, text, 32),
		"and receives under the receiving key");
	tap_is_bytes(text, "said in a tunnel", 16, "what was said");
	aead_free(theirs);
	keypair_free(&table, keypair);
	keypair_free(&table, NULL);
}

static void test_limits(void)
{
	static const struct {
		const char *name;
		uint64_t age_ns, counter;
		bool may_send, may_receive;
	} rows[] = {
		{"fresh", 0, 0, true, true},
		{"1 ns before 180 s", REJECT_AFTER_TIME_NS - 1, 0, true, true},
		{"at 180 s", REJECT_AFTER_TIME_NS, 0, false, false},
		{"long after", 100 * REJECT_AFTER_TIME_NS, 0, false, false},
		{"after 2^60 messages", 0, REKEY_AFTER_MESSAGES, true, true},
		{"the last message", 0, REJECT_AFTER_MESSAGES - 1, true, true},
		{"one more", 0, REJECT_AFTER_MESSAGES, false, true},
		{"the greatest number", 0, UINT64_MAX, false, true},
	};
	struct keypair *keypair = make(true);

	indextable_add(&table, seeded_entropy(&seed), &keypair->index);
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		keypair->sending_counter = rows[i].counter;
		uint64_t now_ns = NOW_NS + rows[i].age_ns;
		tap_is_int(keypair_may_send(keypair, now_ns), rows[i].may_send, rows[i].name);
		tap_is_int(keypair_may_receive(keypair, now_ns), rows[i].may_receive, rows[i].name);
	}
	keypair_free(&table, keypair);
	tap_is_int(table.count, 0, "a freed pair is out of the table");
}

static void test_initiator(void)
{
	struct keypairs pairs = {0};
	struct keypair *a = make(true), *b = make(true), *c = make(true);

	add(&pairs, a);
	check(&pairs, SLOTS(a, NULL, NULL), "the first session that we began is current");
	tap_ok(!keypairs_confirm(&pairs, a), "a packet under it confirms nothing");
	add(&pairs, b);
	check(&pairs, SLOTS(b, a, NULL), "the second makes it previous");
	tap_ok(!keypairs_confirm(&pairs, a), "a packet under the previous one");
	check(&pairs, SLOTS(b, a, NULL), "changes nothing");
	add(&pairs, c);
	check(&pairs, SLOTS(c, b, NULL), "the third frees the first");
	keypairs_clear(&pairs, &table);
	check(&pairs, SLOTS(NULL, NULL, NULL), "cleared");
}

static void test_responder(void)
{
	struct keypairs pairs = {0};
	struct keypair *a = make(false), *b = make(false), *c = make(false), *d = make(false);

	add(&pairs, a);
	check(&pairs, SLOTS(NULL, NULL, a), "a session that we answered waits");
	tap_ok(!keypairs_confirm(&pairs, NULL), "nothing confirms nothing");
	tap_ok(keypairs_confirm(&pairs, a), "a packet under it");
	check(&pairs, SLOTS(a, NULL, NULL), "makes it current");
	tap_ok(!keypairs_confirm(&pairs, a), "once");
	add(&pairs, b);
	check(&pairs, SLOTS(a, NULL, b), "the second waits");
	add(&pairs, c);
	check(&pairs, SLOTS(a, NULL, c), "the third takes its place");
	tap_ok(keypairs_confirm(&pairs, c), "a packet under it");
	check(&pairs, SLOTS(c, a, NULL), "makes it current, and the first previous");
	add(&pairs, d);
	check(&pairs, SLOTS(c, NULL, d), "the fourth waits, and the previous one is gone");
	keypairs_clear(&pairs, &table);
	check(&pairs, SLOTS(NULL, NULL, NULL), "cleared");
}

/* Both began a session at once. */
static void test_crossing(void)
{
	struct keypairs pairs = {0};
	struct keypair *a = make(true), *b = make(false), *c = make(true), *d = make(true);

	add(&pairs, a);
	add(&pairs, b);
	check(&pairs, SLOTS(a, NULL, b), "we answered while we had one");
	add(&pairs, c);
	check(&pairs, SLOTS(c, b, NULL), "ours is used, theirs becomes previous, the old one goes");
	add(&pairs, d);
	check(&pairs, SLOTS(d, c, NULL), "and the next of ours as always");
	keypairs_clear(&pairs, &table);

	a = make(false);
	b = make(true);
	add(&pairs, a);
	add(&pairs, b);
	check(&pairs, SLOTS(b, a, NULL), "the same without a current one");
	keypairs_clear(&pairs, &table);
	check(&pairs, SLOTS(NULL, NULL, NULL), "cleared");
}

/* The slots after each step of any sequence, against the kernel's rules in three lines each. */
static void test_random(void)
{
	struct keypairs got = {0}, want = {0};
	size_t wrong = 0;

	for (int i = 0; i < 20000; i++) {
		uint64_t dice = seeded_u64(&seed) >> 61;
		if (dice < 4) {
			struct keypair *fresh = make(dice < 2);
			if (fresh->is_initiator)
				want = SLOTS(fresh, want.next ? want.next : want.current, NULL);
			else
				want = SLOTS(want.current, NULL, fresh);
			add(&got, fresh);
		} else {
			const struct keypair *used = dice < 6 ? got.next : got.current;
			bool confirms = used && used == want.next;
			if (confirms)
				want = SLOTS(want.next, want.current, NULL);
			wrong += keypairs_confirm(&got, used) != confirms;
		}
		wrong += memcmp(&got, &want, sizeof got) != 0;
		wrong += table.count != count(&got);
	}
	tap_is_int(wrong, 0, "20000 random steps");
	keypairs_clear(&got, &table);
	tap_is_int(table.count, 0, "all freed");
}

int main(void)
{
	if (indextable_init(&table) || indextable_reserve(&table, 16))
		abort();
	test_new();
	test_limits();
	test_initiator();
	test_responder();
	test_crossing();
	test_random();
	indextable_done(&table);
	return tap_done();
}
