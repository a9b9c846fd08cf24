/* SPDX-License-Identifier: ISC */
#include "crypto/aead.h"

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/library.h"
#include "crypto/sealing.h"
#include "crypto/xchacha20.h"

#include <errno.h>

/* A struct aead is libcrypto's context and nothing else: one object a key. */
static EVP_CIPHER_CTX *context_of(struct aead *aead)
{
	return (EVP_CIPHER_CTX *)(void *)aead;
}

/* Four zero bytes and the counter: the paper, 5.4.6. */
static void nonce_of(uint64_t counter, uint8_t ret_nonce[static SEALING_NONCE_SIZE])
{
	memset(ret_nonce, 0, 4);
	store_le64(ret_nonce + 4, counter);
}

int aead_new(const uint8_t key[static AEAD_KEY_SIZE], struct aead **ret_aead)
{
	EVP_CIPHER_CTX *context = library_new_chacha20();

	if (!context)
		return library_failed(-ENOMEM);
	int result = library_set_key(context, key);
	if (result < 0) {
		EVP_CIPHER_CTX_free(context);
		return result;
	}
	*ret_aead = (struct aead *)(void *)context;
	return 0;
}

void aead_free(struct aead *aead)
{
	EVP_CIPHER_CTX_free(context_of(aead)); /* wipes the key; accepts NULL */
}

int aead_seal(struct aead *aead, uint64_t counter, uint8_t *text, size_t size)
{
	uint8_t nonce[SEALING_NONCE_SIZE];
	const struct sealing job = {
		.chacha20 = context_of(aead),
		.nonce = nonce,
		.input = {text, size},
		.output = text,
	};

	nonce_of(counter, nonce);
	return sealing_seal(&job, text + size);
}

int aead_open(struct aead *aead, uint64_t counter, uint8_t *text, size_t size)
{
	uint8_t nonce[SEALING_NONCE_SIZE];

	if (size < AEAD_TAG_SIZE)
		return ERR_AUTHENTICATION;
	const struct sealing job = {
		.chacha20 = context_of(aead),
		.nonce = nonce,
		.input = {text, size - AEAD_TAG_SIZE},
		.output = text,
	};
	nonce_of(counter, nonce);
	return sealing_open(&job, text + job.input.size);
}

void aead_seal_batch(struct aead_job *jobs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		jobs[i].result =
			aead_seal(jobs[i].aead, jobs[i].counter, jobs[i].text, jobs[i].size);
}

void aead_open_batch(struct aead_job *jobs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		jobs[i].result =
			aead_open(jobs[i].aead, jobs[i].counter, jobs[i].text, jobs[i].size);
}

/* A seal under a key that only this call uses. */
static int seal_once(const uint8_t key[static AEAD_KEY_SIZE],
	const uint8_t nonce[static SEALING_NONCE_SIZE], struct bytes plain, struct bytes associated,
	uint8_t *ret_sealed)
{
	const struct sealing job = {library()->chacha20, nonce, plain, associated, ret_sealed};

	int result = library_set_key(job.chacha20, key);
	if (result < 0)
		return result;
	result = sealing_seal(&job, ret_sealed + plain.size);
	library_wipe_key(job.chacha20);
	return result;
}

static int open_once(const uint8_t key[static AEAD_KEY_SIZE],
	const uint8_t nonce[static SEALING_NONCE_SIZE], struct bytes sealed,
	struct bytes associated, uint8_t *ret_plain)
{
	if (sealed.size < AEAD_TAG_SIZE)
		return ERR_AUTHENTICATION;
	sealed.size -= AEAD_TAG_SIZE;
	const struct sealing job = {library()->chacha20, nonce, sealed, associated, ret_plain};

	int result = library_set_key(job.chacha20, key);
	if (result < 0)
		return result;
	result = sealing_open(&job, sealed.at + sealed.size);
	library_wipe_key(job.chacha20);
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
