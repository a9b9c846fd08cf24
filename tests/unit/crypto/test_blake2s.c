/* SPDX-License-Identifier: ISC */
#include "../../vectors/primitives.h"
#include "base/attributes.h"
#include "crypto/blake2s.h"
#include "hex.h"
#include "tap.h"

static const struct bytes nothing = {NULL, 0};
static uint8_t run[1024];  /* byte i is i modulo 256, for inputs and keys */
static char name[60];	   /* of the row at hand */
static uint8_t got[3][32]; /* the row's outputs */

static struct bytes run_of(size_t size)
{
	return (struct bytes){run, size};
}

static void check(const char *hex, size_t which)
{
	uint8_t want[32];

	size_t size = from_hex(hex, want);
	tap_is_bytes(got[which], want, size, name);
}

/* RFC 7693, appendix B. */
static void test_rfc(void)
{
	(void)snprintf(name, sizeof name, "RFC 7693: abc");
	blake2s_hash((struct bytes){(const uint8_t *)"abc", 3}, nothing, got[0]);
	check("508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982", 0);
}

/* Each also split in two at every place where a block might go wrong. */
static void test_hash(void)
{
	static const size_t splits[] = {0, 1, 31, 32, 63, 64, 65, 128};

	for (size_t i = 0; i < ARRAY_LENGTH(vectors_hash); i++) {
		size_t size = vectors_hash[i].input;
		for (size_t k = 0; k < ARRAY_LENGTH(splits) && splits[k] <= size; k++) {
			(void)snprintf(
				name, sizeof name, "hash of %zu, %zu first", size, splits[k]);
			blake2s_hash(run_of(splits[k]),
				(struct bytes){run + splits[k], size - splits[k]}, got[0]);
			check(vectors_hash[i].output, 0);
		}
	}
}

static void test_mac(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(vectors_mac); i++) {
		size_t key = vectors_mac[i].key, input = vectors_mac[i].input;
		(void)snprintf(name, sizeof name, "mac of %zu by a key of %zu", input, key);
		blake2s_mac(run, key, run_of(input), got[0]);
		check(vectors_mac[i].output, 0);
	}
}

/* 16 bytes and not one more. */
static void test_mac_size(void)
{
	uint8_t mac[17];

	mac[16] = 9;
	blake2s_mac(run, 32, run_of(64), mac);
	tap_is_int(mac[16], 9, "a mac is 16 bytes");
}

static void test_hmac(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(vectors_hmac); i++) {
		size_t key = vectors_hmac[i].key, input = vectors_hmac[i].input;
		(void)snprintf(name, sizeof name, "hmac of %zu by a key of %zu", input, key);
		blake2s_hmac(run_of(key), run_of(input), nothing, got[0]);
		check(vectors_hmac[i].output, 0);
		(void)snprintf(name, sizeof name, "hmac of %zu in two by a key of %zu", input, key);
		blake2s_hmac(run_of(key), run_of(input / 2),
			(struct bytes){run + input / 2, input - input / 2}, got[0]);
		check(vectors_hmac[i].output, 0);
	}
}

static void test_kdf(void)
{
	uint8_t *const outputs[] = {got[0], got[1], got[2]};

	for (size_t i = 0; i < ARRAY_LENGTH(vectors_kdf); i++) {
		for (size_t n = 1; n <= 3; n++) {
			memset(got, 9, sizeof got);
			blake2s_kdf(run, run_of(vectors_kdf[i].input), n, outputs);
			(void)snprintf(name, sizeof name, "kdf%zu of %zu", n, vectors_kdf[i].input);
			for (size_t k = 0; k < n; k++)
				check(vectors_kdf[i].output[k], k);
			tap_ok(n == 3 || got[n][0] == 9, name);
		}
	}
}

/* An output where an input lies: how a handshake mixes its chaining key and its hash. */
static void test_in_place(void)
{
	uint8_t *const outputs[] = {got[0], got[1]};

	(void)snprintf(name, sizeof name, "kdf2 over its own key and input");
	memcpy(got[0], run, sizeof got[0]);
	memcpy(got[1], run, sizeof got[1]);
	blake2s_kdf(got[0], (struct bytes){got[1], 32}, 2, outputs);
	check(vectors_kdf[2].output[0], 0);
	check(vectors_kdf[2].output[1], 1);
	(void)snprintf(name, sizeof name, "hash over its own input");
	memcpy(got[0], run, sizeof got[0]);
	blake2s_hash((struct bytes){got[0], 32}, nothing, got[0]);
	check("05825607d7fdf2d82ef4c3c8c2aea961ad98d60edff7d018983e21204c0d93d1", 0);
}

int main(void)
{
	fill_run(run, sizeof run);
	test_rfc();
	test_hash();
	test_mac();
	test_mac_size();
	test_hmac();
	test_kdf();
	test_in_place();
	return tap_done();
}
