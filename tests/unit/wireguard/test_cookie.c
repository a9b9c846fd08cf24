/* SPDX-License-Identifier: ISC */
/* What macs and cookies do not prove. That they are the right bytes, test_noise.c knows. */
#include "tap.h"

#include "crypto/blake2s.h"
#include "wireguard/cookie.h"
#include "wireguard/handshake_fixture.h"

#define NOW_NS 1000000000000ULL
#define MAKER_AGE_NS (COOKIE_SECRET_MAX_AGE_NS - COOKIE_SECRET_LATENCY_NS)

enum { SIZE = MESSAGE_INITIATION_SIZE };

static const uint8_t checker_key[NOISE_KEY_SIZE] = {9, 1};
static const uint8_t other_key[NOISE_KEY_SIZE] = {9, 2};
static const struct endpoint from_ipv4 = {
	.remote = {.family = ADDRESS_IPV4, .bytes = {192, 0, 2, 1}}, .port = 0x1234};
static const struct endpoint from_ipv6 = {
	.remote = {.family = ADDRESS_IPV6, .bytes = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}},
	.port = 0x1234};

static uint64_t seed = 0xc00c1e;

/* A responder's checker, and the maker of somebody who calls it. */
static struct cookie_checker checker;
static struct cookie_maker maker;

static void set_up(void)
{
	checker = (struct cookie_checker){0};
	maker = (struct cookie_maker){0};
	cookie_checker_set_key(&checker, checker_key);
	cookie_maker_set_key(&maker, checker_key);
}

/* An initiation with macs by the maker; all but those has no meaning here. */
static void make_datagram(uint64_t now_ns, uint8_t ret_datagram[static SIZE])
{
	seeded_fill(&seed, ret_datagram, SIZE);
	store_le32(ret_datagram, MESSAGE_INITIATION);
	cookie_macs_write(&maker, now_ns, ret_datagram, SIZE);
}

static struct message_cookie_reply make_reply(
	uint64_t now_ns, const uint8_t *datagram, const struct endpoint *from)
{
	struct message_cookie_reply reply;

	if (cookie_reply_create(&checker, now_ns, seeded_entropy(&seed),
		    (struct bytes){datagram, SIZE}, from, &reply))
		abort();
	return reply;
}

/* The maker gets a cookie for an endpoint, at a time. */
static void give_cookie(uint64_t now_ns, const struct endpoint *from)
{
	uint8_t datagram[SIZE];

	make_datagram(now_ns, datagram);
	struct message_cookie_reply reply = make_reply(now_ns, datagram, from);
	if (cookie_reply_consume(&maker, now_ns, &reply) != DROP_NONE)
		abort();
}

/* Whether an initiation of the maker at one time is valid for the checker at another. */
static bool is_proof(uint64_t made_ns, uint64_t checked_ns, const struct endpoint *from)
{
	uint8_t datagram[SIZE];

	make_datagram(made_ns, datagram);
	return cookie_mac2_is_valid(&checker, checked_ns, datagram, SIZE, from);
}

static bool mac2_is_zero(uint64_t now_ns)
{
	uint8_t datagram[SIZE];

	make_datagram(now_ns, datagram);
	return bytes_are_zero(datagram + SIZE - MAC_SIZE, MAC_SIZE);
}

static void test_bits(void)
{
	uint8_t datagram[SIZE];
	size_t mac1_survived = 0, mac2_survived = 0, mac1_lost = 0;

	set_up();
	give_cookie(NOW_NS, &from_ipv4);
	make_datagram(NOW_NS, datagram);
	for (size_t bit = 0; bit < 8 * SIZE; bit++) {
		datagram[bit / 8] ^= (uint8_t)(1u << bit % 8);
		bool mac1 = cookie_mac1_is_valid(&checker, datagram, SIZE);
		bool in_mac2 = bit / 8 >= SIZE - MAC_SIZE;
		mac1_survived += mac1 && !in_mac2;
		mac1_lost += !mac1 && in_mac2;
		mac2_survived += cookie_mac2_is_valid(&checker, NOW_NS, datagram, SIZE, &from_ipv4);
		datagram[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	tap_is_int(mac1_survived, 0, "mac1 is over each bit before it");
	tap_is_int(mac1_lost, 0, "and over none of mac2");
	tap_is_int(mac2_survived, 0, "mac2 is over each bit before it, mac1 too");
	tap_ok(cookie_mac2_is_valid(&checker, NOW_NS, datagram, SIZE, &from_ipv4), "unflipped");
	cookie_checker_set_key(&checker, other_key);
	tap_ok(!cookie_mac1_is_valid(&checker, datagram, SIZE), "mac1 for another public key");
}

/* Too short to have macs: never valid, never read beyond the end. */
static void test_short(void)
{
	uint8_t datagram[SIZE];
	struct message_cookie_reply reply;
	size_t accepted = 0;

	set_up();
	give_cookie(NOW_NS, &from_ipv4);
	make_datagram(NOW_NS, datagram);
	for (size_t size = 0; size < SIZE; size++) {
		uint8_t *copy = malloc(size + 1); /* exact, so that ASan sees a byte too many */
		if (!copy)
			abort();
		memcpy(copy + 1, datagram, size);
		accepted += cookie_mac1_is_valid(&checker, copy + 1, size);
		accepted += cookie_mac2_is_valid(&checker, NOW_NS, copy + 1, size, &from_ipv4);
		if (size < 8 + MESSAGE_MACS_SIZE)
			accepted +=
				cookie_reply_create(&checker, NOW_NS, seeded_entropy(&seed),
					(struct bytes){copy + 1, size}, &from_ipv4, &reply) == 0;
		free(copy);
	}
	tap_is_int(accepted, 0, "datagrams cut short");
}

static void test_sources(void)
{
	static const struct {
		const char *name;
		struct endpoint from;
		bool is_valid;
	} rows[] = {
		{"the same", {.remote = {ADDRESS_IPV4, {192, 0, 2, 1}}, .port = 0x1234}, true},
		{"another port", {.remote = {ADDRESS_IPV4, {192, 0, 2, 1}}, .port = 0x1235}, false},
		{"its bytes swapped", {.remote = {ADDRESS_IPV4, {192, 0, 2, 1}}, .port = 0x3412},
			false},
		{"another address", {.remote = {ADDRESS_IPV4, {192, 0, 2, 2}}, .port = 0x1234},
			false},
		{"an IPv6 address with the same bytes",
			{.remote = {ADDRESS_IPV6, {192, 0, 2, 1}}, .port = 0x1234}, false},
		{"to another address of ours",
			{.remote = {ADDRESS_IPV4, {192, 0, 2, 1}},
				.port = 0x1234,
				.source = {ADDRESS_IPV4, {192, 0, 2, 9}},
				.source_ifindex = 3},
			true},
	};

	set_up();
	give_cookie(NOW_NS, &from_ipv4);
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		tap_is_int(is_proof(NOW_NS, NOW_NS, &rows[i].from), rows[i].is_valid, rows[i].name);
}

static void test_sources_ipv6(void)
{
	size_t survived = 0;

	set_up();
	give_cookie(NOW_NS, &from_ipv6);
	tap_ok(is_proof(NOW_NS, NOW_NS, &from_ipv6), "IPv6, the same");
	for (size_t i = 0; i < sizeof from_ipv6.remote.bytes; i++) {
		struct endpoint other = from_ipv6;
		other.remote.bytes[i] ^= 1;
		survived += is_proof(NOW_NS, NOW_NS, &other);
	}
	struct endpoint other = from_ipv6;
	other.port++;
	survived += is_proof(NOW_NS, NOW_NS, &other);
	tap_is_int(survived, 0, "IPv6, any byte of address and port changed");
}

static void test_no_secret(void)
{
	uint8_t datagram[SIZE];
	static const uint8_t zero[NOISE_HASH_SIZE];
	static const uint8_t source[] = {192, 0, 2, 1, 0x12, 0x34};
	uint8_t cookie[COOKIE_SIZE];

	set_up();
	make_datagram(NOW_NS, datagram);
	tap_ok(!cookie_mac2_is_valid(&checker, NOW_NS, datagram, SIZE, &from_ipv4), "mac2 of zero");
	/* What a checker would ask for that took its zero bytes for a secret. */
	blake2s_mac(zero, sizeof zero, (struct bytes){source, sizeof source}, cookie);
	blake2s_mac(cookie, sizeof cookie, (struct bytes){datagram, SIZE - MAC_SIZE},
		datagram + SIZE - MAC_SIZE);
	for (uint64_t now_ns = 0; now_ns <= 4 * NOW_NS; now_ns += NOW_NS)
		tap_ok(!cookie_mac2_is_valid(&checker, now_ns, datagram, SIZE, &from_ipv4),
			"mac2 under a secret of zeros");
}

static void test_ages(void)
{
	set_up();
	give_cookie(NOW_NS, &from_ipv4);
	tap_ok(mac2_is_zero(NOW_NS + MAKER_AGE_NS), "the maker's cookie is too old at 115 s");
	tap_ok(!mac2_is_zero(NOW_NS + MAKER_AGE_NS - 1), "but not 1 ns before");
	tap_ok(is_proof(NOW_NS, NOW_NS + COOKIE_SECRET_MAX_AGE_NS - 1, &from_ipv4),
		"the checker's secret lives for 120 s");
	tap_ok(!is_proof(NOW_NS, NOW_NS + COOKIE_SECRET_MAX_AGE_NS, &from_ipv4), "and not longer");
}

static void test_rotation(void)
{
	uint8_t datagram[SIZE], first[NOISE_HASH_SIZE];

	set_up();
	give_cookie(NOW_NS, &from_ipv4);
	memcpy(first, checker.secret, sizeof first);
	make_datagram(NOW_NS, datagram);
	(void)make_reply(NOW_NS + COOKIE_SECRET_MAX_AGE_NS - 1, datagram, &from_ipv4);
	tap_is_bytes(checker.secret, first, sizeof first, "a reply within 120 s keeps the secret");
	tap_is_int(checker.secret_born_ns, NOW_NS, "and its age");
	(void)make_reply(NOW_NS + COOKIE_SECRET_MAX_AGE_NS, datagram, &from_ipv4);
	tap_ok(memcmp(checker.secret, first, sizeof first) != 0, "one after makes a new secret");
	tap_is_int(checker.secret_born_ns, NOW_NS + COOKIE_SECRET_MAX_AGE_NS, "which is fresh");
	tap_ok(!is_proof(NOW_NS, NOW_NS + COOKIE_SECRET_MAX_AGE_NS, &from_ipv4),
		"and which old cookies do not prove");
	give_cookie(NOW_NS + COOKIE_SECRET_MAX_AGE_NS, &from_ipv4);
	tap_ok(is_proof(NOW_NS + COOKIE_SECRET_MAX_AGE_NS, NOW_NS + COOKIE_SECRET_MAX_AGE_NS,
		       &from_ipv4),
		"but new ones do");
}

/* The maker drops the reply so, and nothing in it has changed. */
static bool reply_dies(const struct message_cookie_reply *reply, enum drop drop)
{
	struct cookie_maker before;

	memcpy(&before, &maker, sizeof before);
	return cookie_reply_consume(&maker, NOW_NS, reply) == drop &&
	       memcmp(&before, &maker, sizeof before) == 0;
}

/* How many of the bits of a field can be flipped without the reply's death. */
static size_t bits_that_survive(struct message_cookie_reply *reply, uint8_t *field, size_t size)
{
	size_t survived = 0;

	for (size_t bit = 0; bit < 8 * size; bit++) {
		field[bit / 8] ^= (uint8_t)(1u << bit % 8);
		survived += !reply_dies(reply, DROP_COOKIE_FORGED);
		field[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	return survived;
}

static void test_replies(void)
{
	uint8_t earlier[SIZE], datagram[SIZE];

	set_up();
	memset(earlier, 0, sizeof earlier);
	struct message_cookie_reply reply = make_reply(NOW_NS, earlier, &from_ipv4);
	tap_ok(reply_dies(&reply, DROP_COOKIE_UNEXPECTED), "a reply, and we never sent anything");
	make_datagram(NOW_NS, earlier);
	make_datagram(NOW_NS, datagram);
	reply = make_reply(NOW_NS, earlier, &from_ipv4);
	tap_ok(reply_dies(&reply, DROP_COOKIE_FORGED), "a reply to the message before the last");
	reply = make_reply(NOW_NS, datagram, &from_ipv4);
	tap_is_int(reply.receiver_index, load_le32(datagram + 4), "a reply is for the sender");
	tap_is_int(bits_that_survive(&reply, reply.nonce, sizeof reply.nonce), 0,
		"each bit of a reply's nonce");
	tap_is_int(bits_that_survive(&reply, reply.encrypted_cookie, sizeof reply.encrypted_cookie),
		0, "each bit of its cookie");
	cookie_checker_set_key(&checker, other_key);
	struct message_cookie_reply other = make_reply(NOW_NS, datagram, &from_ipv4);
	tap_ok(reply_dies(&other, DROP_COOKIE_FORGED), "a reply by somebody with another key");
	tap_is_int(cookie_reply_consume(&maker, NOW_NS, &reply), DROP_NONE, "the true reply");
	tap_ok(reply_dies(&reply, DROP_COOKIE_UNEXPECTED), "the same once more");
	make_datagram(NOW_NS, datagram);
	tap_ok(reply_dies(&reply, DROP_COOKIE_FORGED), "and once more, after the next message");
}

/* With the cookie of a first reply, a later one replaces it. */
static void test_replacement(void)
{
	uint64_t later_ns = NOW_NS + 100 * SECONDS_NS;

	set_up();
	give_cookie(NOW_NS, &from_ipv4);
	give_cookie(later_ns, &from_ipv6); /* we have moved; the secret is the same */
	tap_ok(is_proof(later_ns, later_ns, &from_ipv6), "the later cookie is used");
	tap_ok(!is_proof(later_ns, later_ns, &from_ipv4), "the first is not");
	tap_ok(!mac2_is_zero(NOW_NS + MAKER_AGE_NS), "and counts from when it came");
}

int main(void)
{
	test_bits();
	test_short();
	test_sources();
	test_sources_ipv6();
	test_no_secret();
	test_ages();
	test_rotation();
	test_replies();
	test_replacement();
	return tap_done();
}
