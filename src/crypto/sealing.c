/* SPDX-License-Identifier: ISC */
#include "crypto/sealing.h"

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/library.h"

enum {
	BLOCK_SIZE = 64, /* of ChaCha20; the first makes Poly1305's key */
	KEY_SIZE = 32,	 /* of Poly1305 */
	PAD_SIZE = 16,	 /* what Poly1305's input is padded to */
};

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * The next `size` bytes of key stream. Whole blocks, as libcrypto's ChaCha20 handles a part of one
 * by another call of its own, which costs as much as eight blocks.
 */
static int stream(struct library *library, size_t size)
{
	static const uint8_t zero[LIBRARY_STREAM_SIZE];
	int rounded = (int)((size + BLOCK_SIZE - 1) / BLOCK_SIZE * BLOCK_SIZE);
	int done;

	return EVP_EncryptUpdate(library->chacha20, library->stream, &done, zero, rounded) == 1;
}

/* output = input ^ key; output and input may be the same. */
static void mix(uint8_t *output, const uint8_t *input, const uint8_t *key, size_t size)
{
	uint64_t a[2], b[2];
	size_t i;

	for (i = 0; i + sizeof a <= size; i += sizeof a) {
		memcpy(a, input + i, sizeof a);
		memcpy(b, key + i, sizeof b);
		a[0] ^= b[0];
		a[1] ^= b[1];
		memcpy(output + i, a, sizeof a);
	}
	for (; i < size; i++)
		output[i] = input[i] ^ key[i];
}

/* How much of the text the first piece of key stream covers: all of a usual packet. */
static size_t first_size(const struct sealing *job)
{
	return least(job->input.size, LIBRARY_STREAM_SIZE - BLOCK_SIZE);
}

/* Adds bytes to the tag, filled up with zeros to 16. */
static int authenticate(EVP_MAC_CTX *poly1305, struct bytes bytes)
{
	static const uint8_t zero[PAD_SIZE];
	size_t over = bytes.size % PAD_SIZE;

	if (bytes.size > 0 && EVP_MAC_update(poly1305, bytes.at, bytes.size) != 1)
		return 0;
	return over == 0 || EVP_MAC_update(poly1305, zero, PAD_SIZE - over) == 1;
}

/* Makes the first piece of key stream, and Poly1305's key out of its first block. */
static int begin(const struct sealing *job, struct library *library)
{
	uint8_t start[4 + SEALING_NONCE_SIZE] = {0}; /* block counter, nonce */

	memcpy(start + 4, job->nonce, SEALING_NONCE_SIZE);
	return EVP_EncryptInit_ex2(library->chacha20, NULL, job->key, start, NULL) == 1 &&
	       stream(library, BLOCK_SIZE + first_size(job)) &&
	       EVP_MAC_init(library->poly1305, library->stream, KEY_SIZE, NULL) == 1;
}

/* Mixes the text with what begin() has made, and with more where that is too short. */
static int apply(const struct sealing *job, struct library *library)
{
	size_t at = first_size(job);

	mix(job->output, job->input.at, library->stream + BLOCK_SIZE, at);
	while (at < job->input.size) {
		size_t size = least(job->input.size - at, LIBRARY_STREAM_SIZE);
		if (!stream(library, size))
			return 0;
		mix(job->output + at, job->input.at + at, library->stream, size);
		at += size;
	}
	return 1;
}

/* Of the associated data, the sealed text and both their lengths. */
static int tag_of(
	const struct sealing *job, struct bytes sealed, struct library *library, uint8_t *ret_tag)
{
	uint8_t lengths[PAD_SIZE];
	size_t size;

	store_le64(lengths, job->associated.size);
	store_le64(lengths + 8, sealed.size);
	return authenticate(library->poly1305, job->associated) &&
	       authenticate(library->poly1305, sealed) &&
	       EVP_MAC_update(library->poly1305, lengths, sizeof lengths) == 1 &&
	       EVP_MAC_final(library->poly1305, ret_tag, &size, AEAD_TAG_SIZE) == 1;
}

/* Key stream and sealed text give the text away: leave none behind. */
static int finish(const struct sealing *job, struct library *library, int result)
{
	bytes_wipe(library->stream, least(BLOCK_SIZE + job->input.size, LIBRARY_STREAM_SIZE));
	return result == ERR_CRYPTO ? library_failed(result) : result;
}

int sealing_seal(const struct sealing *job, uint8_t ret_tag[static AEAD_TAG_SIZE])
{
	struct library *mine = library();
	struct bytes sealed = {job->output, job->input.size};

	bool done = begin(job, mine) && apply(job, mine) && tag_of(job, sealed, mine, ret_tag);
	return finish(job, mine, done ? 0 : ERR_CRYPTO);
}

int sealing_open(const struct sealing *job, const uint8_t tag[static AEAD_TAG_SIZE])
{
	struct library *mine = library();
	uint8_t expected[AEAD_TAG_SIZE];

	if (!begin(job, mine) || !tag_of(job, job->input, mine, expected))
		return finish(job, mine, ERR_CRYPTO);
	if (!bytes_equal(expected, tag, AEAD_TAG_SIZE))
		return finish(job, mine, ERR_AUTHENTICATION);
	return finish(job, mine, apply(job, mine) ? 0 : ERR_CRYPTO);
}
