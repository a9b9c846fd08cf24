/* SPDX-License-Identifier: ISC */
#include "crypto/aead.h"

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/method.h"

#include <errno.h>
#include <stdlib.h>

int aead_new(const uint8_t key[static AEAD_KEY_SIZE], struct aead **ret_aead)
{
	struct aead *aead = malloc(sizeof *aead);

	if (!aead)
		return -ENOMEM;
	memcpy(aead->key, key, sizeof aead->key);
	(void)method_for(1); /* what the thread needs is made now, not when a packet waits */
	*ret_aead = aead;
	return 0;
}

void aead_free(struct aead *aead)
{
	if (!aead)
		return;
	bytes_wipe(aead, sizeof *aead);
	free(aead);
}

void aead_seal_batch(struct aead_job *jobs, size_t count)
{
	method_for(count)->seal(jobs, count);
}

void aead_open_batch(struct aead_job *jobs, size_t count)
{
	method_for(count)->open(jobs, count);
}

int aead_seal(struct aead *aead, uint64_t counter, uint8_t *text, size_t size)
{
	struct aead_job job = {aead, counter, text, size, ERR_CRYPTO};

	aead_seal_batch(&job, 1);
	return job.result;
}

int aead_open(struct aead *aead, uint64_t counter, uint8_t *text, size_t size)
{
	struct aead_job job = {aead, counter, text, size, ERR_CRYPTO};

	aead_open_batch(&job, 1);
	return job.result;
}
