/* SPDX-License-Identifier: ISC */
/*
 * Nanoseconds an operation of src/crypto/, on one core: the best of some rounds, as a host has
 * other things to do. "EVP:" is libcrypto called as its manual says, for comparison. Then, for
 * each method of sealing, nanoseconds a packet, by how many are given at a time.
 */
#include "base/attributes.h"
#include "base/clock.h"
#include "crypto/method.h"
#include "crypto/x25519.h"

#include <openssl/evp.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ROUNDS = 7,
	ROUND_NS = 20 * NS_PER_MS,
	SMALL = 64,   /* bytes in a small packet */
	LARGE = 1420, /* bytes in one of the tunnel's usual MTU */
	BATCH_MAX = 32,
	LARGEST = 9000, /* of jumbo frames */
};

/* What the operations work on; nothing here is secret. */
static struct {
	struct aead *aead;
	EVP_CIPHER_CTX *evp;
	struct x25519_private *private;
	uint8_t key[32], public[32], hash[3][32];
	uint8_t sealed_small[SMALL + AEAD_TAG_SIZE], sealed_large[LARGE + AEAD_TAG_SIZE];
	uint8_t text[LARGE + AEAD_TAG_SIZE];

	/* a batch of packets, and what seals it */
	const struct method *method;
	struct aead_job jobs[BATCH_MAX];
	size_t count;
	uint8_t texts[BATCH_MAX][LARGEST + AEAD_TAG_SIZE];
	uint8_t sealed[LARGEST + AEAD_TAG_SIZE];
} bench;

static const struct bytes nothing = {NULL, 0};

static void need(bool done)
{
	if (!done)
		abort();
}

static struct bytes text_of(size_t size)
{
	return (struct bytes){bench.text, size};
}

static void seal_small(void)
{
	need(aead_seal(bench.aead, 7, bench.text, SMALL) == 0);
}

static void seal_large(void)
{
	need(aead_seal(bench.aead, 7, bench.text, LARGE) == 0);
}

/* A fresh copy each time, as opening works in place; the copy takes some ten nanoseconds. */
static void open_small(void)
{
	memcpy(bench.text, bench.sealed_small, sizeof bench.sealed_small);
	need(aead_open(bench.aead, 7, bench.text, sizeof bench.sealed_small) == 0);
}

static void open_large(void)
{
	memcpy(bench.text, bench.sealed_large, sizeof bench.sealed_large);
	need(aead_open(bench.aead, 7, bench.text, sizeof bench.sealed_large) == 0);
}

static void open_forged(void)
{
	need(aead_open(bench.aead, 8, bench.sealed_large, sizeof bench.sealed_large) < 0);
}

static void evp_seal(int size)
{
	static const uint8_t nonce[12];
	uint8_t *tag = bench.text + size;
	int done;

	need(EVP_EncryptInit_ex2(bench.evp, NULL, NULL, nonce, NULL) == 1);
	need(EVP_EncryptUpdate(bench.evp, bench.text, &done, bench.text, size) == 1);
	need(EVP_EncryptFinal_ex(bench.evp, tag, &done) == 1);
	need(EVP_CIPHER_CTX_ctrl(bench.evp, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_SIZE, tag) == 1);
}

static void evp_seal_small(void)
{
	evp_seal(SMALL);
}

static void evp_seal_large(void)
{
	evp_seal(LARGE);
}

static void aead_make(void)
{
	struct aead *aead;

	need(aead_new(bench.key, &aead) == 0);
	aead_free(aead);
}

static void seal_once(void)
{
	need(aead_seal_once(bench.key, text_of(32), text_of(32), bench.text) == 0);
}

static void xseal(void)
{
	need(xaead_seal(bench.key, bench.key, text_of(16), text_of(16), bench.text) == 0);
}

static void hash(void)
{
	blake2s_hash(text_of(32), nothing, bench.hash[0]);
}

static void mac(void)
{
	blake2s_mac(bench.key, sizeof bench.key, text_of(116), bench.hash[0]);
}

static void hmac(void)
{
	blake2s_hmac((struct bytes){bench.key, 32}, text_of(32), nothing, bench.hash[0]);
}

static void kdf3(void)
{
	uint8_t *const outputs[] = {bench.hash[0], bench.hash[1], bench.hash[2]};

	blake2s_kdf(bench.key, text_of(32), 3, outputs);
}

static void private_make(void)
{
	struct x25519_private *private;

	need(x25519_private_new(bench.key, &private, bench.hash[0]) == 0);
	x25519_private_free(private);
}

static void shared(void)
{
	need(x25519_shared(bench.private, bench.public, bench.hash[0]) == 0);
}

static const struct {
	const char *name;
	void (*work)(void);
} rows[] = {
	{"aead_seal, 64 bytes", seal_small},
	{"aead_seal, 1420 bytes", seal_large},
	{"aead_open, 64 bytes", open_small},
	{"aead_open, 1420 bytes", open_large},
	{"aead_open, 1420 bytes, forged", open_forged},
	{"EVP: seal, 64 bytes", evp_seal_small},
	{"EVP: seal, 1420 bytes", evp_seal_large},
	{"aead_new and aead_free", aead_make},
	{"aead_seal_once, 32 bytes", seal_once},
	{"xaead_seal, 16 bytes", xseal},
	{"blake2s_hash, 32 bytes", hash},
	{"blake2s_mac, 116 bytes", mac},
	{"blake2s_hmac, 32 bytes", hmac},
	{"blake2s_kdf, three outputs", kdf3},
	{"x25519_private_new and _free", private_make},
	{"x25519_shared", shared},
};

static void seal_batch(void)
{
	bench.method->seal(bench.jobs, bench.count);
}

/* Fresh copies, in the two sizes that take some ten and some hundred nanoseconds of it. */
static void open_batch(void)
{
	for (size_t i = 0; i < bench.count; i++)
		memcpy(bench.jobs[i].text, bench.sealed, bench.jobs[i].size);
	bench.method->open(bench.jobs, bench.count);
	need(bench.jobs[0].result == 0);
}

/* Nanoseconds a call, in tenths: one round of some time, looking at the clock now and then. */
static uint64_t round_tenths(void (*work)(void), uint64_t round_ns, int at_once)
{
	uint64_t start = clock_now().monotonic_ns, now, calls = 0;

	do {
		for (int i = 0; i < at_once; i++)
			work();
		calls += at_once;
		now = clock_now().monotonic_ns;
	} while (now - start < round_ns);
	return (now - start) * 10 / calls;
}

static uint64_t best_tenths(void (*work)(void), uint64_t round_ns, int at_once)
{
	uint64_t best = UINT64_MAX;

	for (int round = 0; round < ROUNDS; round++) {
		uint64_t tenths = round_tenths(work, round_ns, at_once);
		best = tenths < best ? tenths : best;
	}
	return best;
}

static void print_operations(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		uint64_t best = best_tenths(rows[i].work, ROUND_NS, 100);
		printf("%-30s %8" PRIu64 ".%" PRIu64 " ns\n", rows[i].name, best / 10, best % 10);
	}
}

static const size_t sizes[] = {SMALL, 512, LARGE, LARGEST};
static const size_t counts[] = {1, 4, 8, BATCH_MAX};

/* A packet's share of a batch; `extra` is the tag where there is one to open. */
static uint64_t packet_tenths(void (*work)(void), size_t size, size_t count, size_t extra)
{
	bench.count = count;
	for (size_t i = 0; i < count; i++)
		bench.jobs[i] = (struct aead_job){bench.aead, 7, bench.texts[i], size + extra, 0};
	return best_tenths(work, ROUND_NS / 8, 10) / count;
}

static void print_method_size(size_t size)
{
	need(aead_seal(bench.aead, 7, bench.sealed, size) == 0);
	printf("%-10s %5zu bytes: seal", bench.method->name, size);
	for (size_t i = 0; i < ARRAY_LENGTH(counts); i++)
		printf(" %6" PRIu64, packet_tenths(seal_batch, size, counts[i], 0) / 10);
	printf("   open");
	for (size_t i = 0; i < ARRAY_LENGTH(counts); i++)
		printf(" %6" PRIu64,
			packet_tenths(open_batch, size, counts[i], AEAD_TAG_SIZE) / 10);
	printf("\n");
}

static void print_methods(void)
{
	printf("nanoseconds a packet, in batches of 1, 4, 8, 32:\n");
	for (size_t i = 0; (bench.method = method_at(i)); i++) {
		if (!bench.method->is_usable()) {
			printf("%-10s is not usable here\n", bench.method->name);
			continue;
		}
		for (size_t j = 0; j < ARRAY_LENGTH(sizes); j++)
			print_method_size(sizes[j]);
	}
}

static void set_up(void)
{
	memset(bench.key, 0x42, sizeof bench.key);
	need(aead_new(bench.key, &bench.aead) == 0);
	need(x25519_private_new(bench.key, &bench.private, bench.public) == 0);
	need(aead_seal(bench.aead, 7, bench.sealed_small, SMALL) == 0);
	need(aead_seal(bench.aead, 7, bench.sealed_large, LARGE) == 0);
	bench.evp = EVP_CIPHER_CTX_new();
	need(bench.evp);
	need(EVP_EncryptInit_ex2(bench.evp, EVP_chacha20_poly1305(), bench.key, NULL, NULL) == 1);
}

int main(void)
{
	set_up();
	print_operations();
	print_methods();
	EVP_CIPHER_CTX_free(bench.evp);
	x25519_private_free(bench.private);
	aead_free(bench.aead);
	return 0;
}
