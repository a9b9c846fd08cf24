/* SPDX-License-Identifier: ISC */
/* The seals under keys that are used once, and those with a nonce of 24 bytes. */
#include "base/bytes.h"
#include "base/error.h"
#include "crypto/aead.h"
#include "crypto/library.h"
#include "crypto/sealing.h"
#include "crypto/xchacha20.h"

/* A seal under a key that only this call uses. */
static int seal_once(const uint8_t key[static AEAD_KEY_SIZE],
	const uint8_t nonce[static SEALING_NONCE_SIZE], struct bytes plain, struct bytes associated,
	uint8_t *ret_sealed)
{
	const struct sealing job = {key, nonce, plain, associated, ret_sealed};
	int result = sealing_seal(&job, ret_sealed + plain.size);

	library_wipe_key();
	return result;
}

static int open_once(const uint8_t key[static AEAD_KEY_SIZE],
	const uint8_t nonce[static SEALING_NONCE_SIZE], struct bytes sealed,
	struct bytes associated, uint8_t *ret_plain)
{
	if (sealed.size < AEAD_TAG_SIZE)
		return ERR_AUTHENTICATION;
	sealed.size -= AEAD_TAG_SIZE;
	const struct sealing job = {key, nonce, sealed, associated, ret_plain};

	int result = sealing_open(&job, sealed.at + sealed.size);
	library_wipe_key();
	return result;
}

static const uint8_t nonce_zero[SEALING_NONCE_SIZE];

int aead_seal_once(const uint8_t key[static AEAD_KEY_SIZE], struct bytes plain,
	struct bytes associated, uint8_t *ret_sealed)
{
	return seal_once(key, nonce_zero, plain, associated, ret_sealed);
}

int aead_open_once(const uint8_t key[static AEAD_KEY_SIZE], struct bytes sealed,
	struct bytes associated, uint8_t *ret_plain)
{
	return open_once(key, nonce_zero, sealed, associated, ret_plain);
}

int xaead_seal(const uint8_t key[static AEAD_KEY_SIZE],
	const uint8_t nonce[static XAEAD_NONCE_SIZE], struct bytes plain, struct bytes associated,
	uint8_t *ret_sealed)
{
	uint8_t subkey[AEAD_KEY_SIZE], subnonce[SEALING_NONCE_SIZE];

	int result = xchacha20_derive(key, nonce, subkey, subnonce);
	if (result == 0)
		result = seal_once(subkey, subnonce, plain, associated, ret_sealed);
	bytes_wipe(subkey, sizeof subkey);
	return result;
}

int xaead_open(const uint8_t key[static AEAD_KEY_SIZE],
	const uint8_t nonce[static XAEAD_NONCE_SIZE], struct bytes sealed, struct bytes associated,
	uint8_t *ret_plain)
{
	uint8_t subkey[AEAD_KEY_SIZE], subnonce[SEALING_NONCE_SIZE];

	int result = xchacha20_derive(key, nonce, subkey, subnonce);
	if (result == 0)
		result = open_once(subkey, subnonce, sealed, associated, ret_plain);
	bytes_wipe(subkey, sizeof subkey);
	return result;
}
