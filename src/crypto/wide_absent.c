/* SPDX-License-Identifier: ISC */
/* A build for a processor that never has AVX-512. */
#include "crypto/wide.h"

#include <stdlib.h>

bool wide_is_usable(void)
{
	return false;
}

/* Nobody calls what is not usable. */
void wide_seal(struct aead_job *jobs, size_t count)
{
	(void)jobs;
	(void)count;
	abort();
}

void wide_open(struct aead_job *jobs, size_t count)
{
	(void)jobs;
	(void)count;
	abort();
}
