/* SPDX-License-Identifier: ISC */
/*
 * NO CRYPTOGRAPHY: for benchmarks alone, to measure what all else costs. In a program that links
 * this, the data packets of a tunnel are neither encrypted nor authenticated; handshakes are real.
 * It takes the place of src/crypto/aead.c as a whole, and is never installed.
 */
#include "base/error.h"
#include "crypto/aead.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The same size as the real one. */
struct aead {
	uint8_t unused[AEAD_KEY_SIZE];
};

int aead_new(const uint8_t key[static AEAD_KEY_SIZE], struct aead **ret_aead)
{
	(void)key;
	*ret_aead = calloc(1, sizeof **ret_aead);
	return *ret_aead ? 0 : -ENOMEM;
}

void aead_free(struct aead *aead)
{
	free(aead);
}

int aead_seal(struct aead *aead, uint64_t counter, uint8_t *text, size_t size)
{
	(void)aead;
	(void)counter;
	memset(text + size, 0, AEAD_TAG_SIZE);
	return 0;
}

int aead_open(struct aead *aead, uint64_t counter, uint8_t *text, size_t size)
{
	(void)aead;
	(void)counter;
	(void)text;
	return size < AEAD_TAG_SIZE ? ERR_AUTHENTICATION : 0;
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
