/* SPDX-License-Identifier: ISC */
#include "crypto/blake2s.h"

#include "base/bytes.h"
#include "crypto/library.h"

#include <assert.h>
#include <stdlib.h>

enum {
	BLOCK_SIZE = 64,  /* of BLAKE2s: RFC 7693, section 2.1 */
	INNER_PAD = 0x36, /* RFC 2104, section 2 */
	OUTER_PAD = 0x5c,
	KDF_OUTPUTS_MAX = 3, /* the paper's greatest KDFn */
};

/* There is no way to go on without hashes: libcrypto fails here only if it is broken. */
static void need(int done)
{
	if (done != 1)
		abort();
}

static void update(EVP_MD_CTX *context, struct bytes input)
{
	if (input.size > 0)
		need(EVP_DigestUpdate(context, input.at, input.size));
}

/* The hash of three runs; the context is left as if unused. */
static void hash(struct bytes first, struct bytes second, struct bytes third,
	uint8_t ret_hash[static BLAKE2S_HASH_SIZE])
{
	EVP_MD_CTX *context = library()->blake2s;

	need(EVP_DigestInit_ex2(context, NULL, NULL));
	update(context, first);
	update(context, second);
	update(context, third);
	need(EVP_DigestFinal_ex(context, ret_hash, NULL)); /* wipes its state */
}

void blake2s_hash(
	struct bytes first, struct bytes second, uint8_t ret_hash[static BLAKE2S_HASH_SIZE])
{
	hash(first, second, (struct bytes){NULL, 0}, ret_hash);
}

void blake2s_mac(const uint8_t *key, size_t key_size, struct bytes input,
	uint8_t ret_mac[static BLAKE2S_MAC_SIZE])
{
	static const uint8_t no_key[BLAKE2S_KEY_MAX];
	EVP_MAC_CTX *context = library()->blake2s_mac;
	size_t size;

	assert(key_size >= 1 && key_size <= BLAKE2S_KEY_MAX);
	need(EVP_MAC_init(context, key, key_size, NULL));
	if (input.size > 0)
		need(EVP_MAC_update(context, input.at, input.size));
	need(EVP_MAC_final(context, ret_mac, &size, BLAKE2S_MAC_SIZE));
	need(EVP_MAC_init(context, no_key, sizeof no_key, NULL)); /* wipes the key */
}

/* HMAC over two runs with a key of up to a block: RFC 2104. */
void blake2s_hmac(struct bytes key, struct bytes first, struct bytes second,
	uint8_t ret_hmac[static BLAKE2S_HASH_SIZE])
{
	uint8_t block[BLOCK_SIZE] = {0};
	uint8_t inner[BLAKE2S_HASH_SIZE];
	struct bytes padded = {block, sizeof block};

	assert(key.size <= sizeof block);
	if (key.size > 0)
		memcpy(block, key.at, key.size);
	for (size_t i = 0; i < sizeof block; i++)
		block[i] ^= INNER_PAD;
	hash(padded, first, second, inner);
	for (size_t i = 0; i < sizeof block; i++)
		block[i] ^= INNER_PAD ^ OUTER_PAD;
	hash(padded, (struct bytes){inner, sizeof inner}, (struct bytes){NULL, 0}, ret_hmac);
	bytes_wipe(block, sizeof block);
	bytes_wipe(inner, sizeof inner);
}

/* T0 = HMAC(key, input), Ti = HMAC(T0, Ti-1 || i), with T0 left out of the first: the paper, 5.4.
 */
void blake2s_kdf(const uint8_t key[static BLAKE2S_HASH_SIZE], struct bytes input, size_t n,
	uint8_t *const ret_outputs[])
{
	const struct bytes nothing = {NULL, 0};
	uint8_t extracted[BLAKE2S_HASH_SIZE];
	struct bytes last = nothing;

	assert(n >= 1 && n <= KDF_OUTPUTS_MAX);
	blake2s_hmac((struct bytes){key, BLAKE2S_HASH_SIZE}, input, nothing, extracted);
	for (size_t i = 0; i < n; i++) {
		const uint8_t number = (uint8_t)(i + 1);
		blake2s_hmac((struct bytes){extracted, sizeof extracted}, last,
			(struct bytes){&number, 1}, ret_outputs[i]);
		last = (struct bytes){ret_outputs[i], BLAKE2S_HASH_SIZE};
	}
	bytes_wipe(extracted, sizeof extracted);
}
