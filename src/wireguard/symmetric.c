/* SPDX-License-Identifier: ISC */
#include "wireguard/symmetric.h"

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/aead.h"

/* HASH("Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"): the first chaining key of every handshake. */
static const uint8_t INITIAL_CHAINING_KEY[NOISE_HASH_SIZE] = {0x60, 0xe2, 0x6d, 0xae, 0xf3, 0x27,
	0xef, 0xc0, 0x2e, 0xc3, 0x35, 0xe2, 0xa0, 0x25, 0xd2, 0xd0, 0x16, 0xeb, 0x42, 0x06, 0xf8,
	0x72, 0x77, 0xf5, 0x2d, 0x38, 0xd1, 0x98, 0x8b, 0x78, 0xcd, 0x36};

/* HASH(the above || "WireGuard v1 zx2c4 Jason@zx2c4.com"): its first hash. */
static const uint8_t INITIAL_HASH[NOISE_HASH_SIZE] = {0x22, 0x11, 0xb3, 0x61, 0x08, 0x1a, 0xc5,
	0x66, 0x69, 0x12, 0x43, 0xdb, 0x45, 0x8a, 0xd5, 0x32, 0x2d, 0x9c, 0x6c, 0x66, 0x22, 0x93,
	0xe8, 0xb7, 0x0e, 0xe1, 0x9c, 0x65, 0xba, 0x07, 0x9e, 0xf3};

void symmetric_wipe(struct symmetric *symmetric)
{
	bytes_wipe(symmetric, sizeof *symmetric);
}

void symmetric_initial_hash(
	const uint8_t responder[static NOISE_KEY_SIZE], uint8_t ret_hash[static NOISE_HASH_SIZE])
{
	blake2s_hash((struct bytes){INITIAL_HASH, sizeof INITIAL_HASH},
		(struct bytes){responder, NOISE_KEY_SIZE}, ret_hash);
}

struct symmetric symmetric_start(const uint8_t initial_hash[static NOISE_HASH_SIZE])
{
	return symmetric_resume(initial_hash, INITIAL_CHAINING_KEY);
}

struct symmetric symmetric_resume(const uint8_t hash[static NOISE_HASH_SIZE],
	const uint8_t chaining_key[static NOISE_HASH_SIZE])
{
	struct symmetric symmetric = {0};

	memcpy(symmetric.hash, hash, sizeof symmetric.hash);
	memcpy(symmetric.chaining_key, chaining_key, sizeof symmetric.chaining_key);
	return symmetric;
}

static struct bytes hash_of(const struct symmetric *symmetric)
{
	return (struct bytes){symmetric->hash, sizeof symmetric->hash};
}

static void mix_hash(struct symmetric *symmetric, struct bytes input)
{
	blake2s_hash(hash_of(symmetric), input, symmetric->hash);
}

static void mix_key(struct symmetric *symmetric, const uint8_t shared[static NOISE_KEY_SIZE])
{
	blake2s_kdf(symmetric->chaining_key, (struct bytes){shared, NOISE_KEY_SIZE}, 2,
		(uint8_t *const[]){symmetric->chaining_key, symmetric->key});
}

void symmetric_mix_ephemeral(
	struct symmetric *symmetric, const uint8_t public_key[static NOISE_KEY_SIZE])
{
	struct bytes input = {public_key, NOISE_KEY_SIZE};

	mix_hash(symmetric, input);
	blake2s_kdf(symmetric->chaining_key, input, 1, (uint8_t *const[]){symmetric->chaining_key});
}

int symmetric_mix_dh(struct symmetric *symmetric, struct x25519_private *private,
	const uint8_t public_key[static NOISE_KEY_SIZE])
{
	uint8_t shared[NOISE_KEY_SIZE];

	int err = x25519_shared(private, public_key, shared);
	if (err)
		return err;
	mix_key(symmetric, shared);
	bytes_wipe(shared, sizeof shared);
	return 0;
}

int symmetric_mix_shared(struct symmetric *symmetric, const uint8_t shared[static NOISE_KEY_SIZE])
{
	if (bytes_are_zero(shared, NOISE_KEY_SIZE))
		return ERR_WEAK_KEY;
	mix_key(symmetric, shared);
	return 0;
}

void symmetric_mix_psk(
	struct symmetric *symmetric, const uint8_t preshared_key[static NOISE_KEY_SIZE])
{
	uint8_t tau[NOISE_HASH_SIZE];

	blake2s_kdf(symmetric->chaining_key, (struct bytes){preshared_key, NOISE_KEY_SIZE}, 3,
		(uint8_t *const[]){symmetric->chaining_key, tau, symmetric->key});
	mix_hash(symmetric, (struct bytes){tau, sizeof tau});
	bytes_wipe(tau, sizeof tau);
}

int symmetric_encrypt(struct symmetric *symmetric, struct bytes plain, uint8_t *ret_sealed)
{
	int err = aead_seal_once(symmetric->key, plain, hash_of(symmetric), ret_sealed);
	if (err)
		return err;
	mix_hash(symmetric, (struct bytes){ret_sealed, plain.size + NOISE_TAG_SIZE});
	return 0;
}

int symmetric_decrypt(struct symmetric *symmetric, struct bytes sealed, uint8_t *ret_plain)
{
	int err = aead_open_once(symmetric->key, sealed, hash_of(symmetric), ret_plain);
	if (err)
		return err;
	mix_hash(symmetric, sealed);
	return 0;
}

void symmetric_split(const uint8_t chaining_key[static NOISE_HASH_SIZE],
	uint8_t ret_first[static NOISE_KEY_SIZE], uint8_t ret_second[static NOISE_KEY_SIZE])
{
	blake2s_kdf(chaining_key, (struct bytes){NULL, 0}, 2,
		(uint8_t *const[]){ret_first, ret_second});
}
