/* SPDX-License-Identifier: ISC */
#include "crypto/serial.h"

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/library.h"
#include "crypto/method.h"
#include "crypto/sealing.h"

bool serial_is_usable(void)
{
	return true;
}

/* The key, or NULL where the thread's context has it from the job before: to set one costs as much
 * as a block. */
static const uint8_t *key_for(const struct aead_job *job, const struct aead **keyed)
{
	if (*keyed == job->aead)
		return NULL;
	*keyed = job->aead;
	return job->aead->key;
}

static int seal(const struct aead_job *job, const struct aead **keyed)
{
	uint8_t nonce[SEALING_NONCE_SIZE];
	const struct sealing sealing = {
		.key = key_for(job, keyed),
		.nonce = nonce,
		.input = {job->text, job->size},
		.output = job->text,
	};

	method_nonce(job->counter, nonce);
	return sealing_seal(&sealing, job->text + job->size);
}

static int open(const struct aead_job *job, const struct aead **keyed)
{
	uint8_t nonce[SEALING_NONCE_SIZE];

	if (job->size < AEAD_TAG_SIZE)
		return ERR_AUTHENTICATION;
	const struct sealing sealing = {
		.key = key_for(job, keyed),
		.nonce = nonce,
		.input = {job->text, job->size - AEAD_TAG_SIZE},
		.output = job->text,
	};
	method_nonce(job->counter, nonce);
	return sealing_open(&sealing, job->text + sealing.input.size);
}

void serial_seal(struct aead_job *jobs, size_t count)
{
	const struct aead *keyed = NULL;

	for (size_t i = 0; i < count; i++)
		jobs[i].result = seal(&jobs[i], &keyed);
	library_wipe_key();
}

void serial_open(struct aead_job *jobs, size_t count)
{
	const struct aead *keyed = NULL;

	for (size_t i = 0; i < count; i++)
		jobs[i].result = open(&jobs[i], &keyed);
	library_wipe_key();
}
