/* SPDX-License-Identifier: ISC */
/* What libcrypto is not to do: allocate where a stranger or a packet could make it, and leak. */
#include "base/attributes.h"
#include "base/error.h"
#include "crypto/aead.h"
#include "crypto/library.h"
#include "crypto/x25519.h"
#include "hex.h"
#include "tap.h"

#include <openssl/crypto.h>

#include <pthread.h>
#include <stdatomic.h>

static atomic_long allocations; /* asked for by libcrypto */
static atomic_long in_use;	/* of those, not yet freed */

static void *count_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	atomic_fetch_add(&allocations, 1);
	atomic_fetch_add(&in_use, 1);
	return malloc(size);
}

static void *count_realloc(void *pointer, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	atomic_fetch_add(&allocations, 1);
	if (!pointer)
		atomic_fetch_add(&in_use, 1);
	return realloc(pointer, size);
}

static void count_free(void *pointer, const char *file, int line)
{
	(void)file;
	(void)line;
	if (pointer)
		atomic_fetch_sub(&in_use, 1);
	free(pointer);
}

/* All that works on packets: sealing, opening, refusing a forgery, mac1. Returns allocations. */
static int packets(void)
{
	uint8_t text[5000 + AEAD_TAG_SIZE] = {0};
	static const uint8_t key[AEAD_KEY_SIZE] = {1};
	struct aead *aead;
	int wrong = 0;

	if (aead_new(key, &aead) < 0)
		return -1;
	blake2s_mac(key, sizeof key, (struct bytes){text, 116}, text);
	long before = atomic_load(&allocations);
	for (uint64_t counter = 0; counter < 100; counter++) {
		size_t size = counter * 50;
		wrong += aead_seal(aead, counter, text, size) != 0;
		wrong += aead_open(aead, counter, text, size + AEAD_TAG_SIZE) != 0;
		text[size] ^= 1;
		wrong += aead_open(aead, counter, text, size + AEAD_TAG_SIZE) != ERR_AUTHENTICATION;
		blake2s_mac(key, sizeof key, (struct bytes){text, 116}, text);
	}
	long made = atomic_load(&allocations) - before;
	aead_free(aead);
	return wrong ? -1 : (int)made;
}

/* Whatever this folder does, once. */
static void everything(void)
{
	uint8_t key[32] = {9}, shared[32], sealed[48];
	uint8_t *const outputs[] = {shared};
	struct x25519_private *private;
	struct bytes input = {key, 32}, none = {NULL, 0};

	blake2s_kdf(key, input, 1, outputs);
	if (packets() < 0)
		abort();
	bool done = x25519_private_new(key, &private, shared) == 0;
	done = done && x25519_shared(private, key, shared) == 0;
	x25519_private_free(private);
	done = done && aead_seal_once(key, input, none, sealed) == 0;
	done = done && xaead_seal(key, key, input, none, sealed) == 0;
	if (!done)
		abort();
}

static void *everything_in_thread(void *unused)
{
	everything();
	return unused;
}

static void test_threads(void)
{
	pthread_t threads[8];
	long before = 0;

	everything();
	for (int round = 0; round < 3; round++) {
		if (round == 1)
			before = atomic_load(
				&in_use); /* what a first thread makes for good is made */
		for (size_t i = 0; i < ARRAY_LENGTH(threads); i++) {
			if (pthread_create(&threads[i], NULL, everything_in_thread, NULL) != 0)
				abort();
		}
		for (size_t i = 0; i < ARRAY_LENGTH(threads); i++)
			pthread_join(threads[i], NULL);
	}
	tap_is_int(atomic_load(&in_use), before, "a thread that ends leaves nothing behind");
}

/* A handshake with a weak key, again and again: libcrypto's queue of errors must not grow. */
static void test_weak_keys(void)
{
	uint8_t key[32] = {1}, shared[32];
	static const uint8_t weak[32];
	struct x25519_private *private;
	int wrong = x25519_private_new(key, &private, shared) != 0;

	wrong += x25519_shared(private, weak, shared) != ERR_WEAK_KEY;
	long before = atomic_load(&in_use);
	for (int i = 0; i < 100; i++)
		wrong += x25519_shared(private, weak, shared) != ERR_WEAK_KEY;
	tap_is_int(wrong, 0, "weak keys are refused");
	tap_is_int(atomic_load(&in_use), before, "and nothing is kept of them");
	x25519_private_free(private);
}

int main(void)
{
	if (CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free) != 1)
		abort();
	tap_is_int(packets(), 0, "packets, forged ones too, and mac1 allocate nothing");
	tap_ok(library() == library(), "a thread has one set of contexts");
	test_threads();
	test_weak_keys();
	return tap_done();
}
