/* SPDX-License-Identifier: ISC */
/* A build without libipsec-mb: another architecture, or it was not wanted. */
#include "crypto/ipsecmb.h"

#include <stdlib.h>

struct IMB_MGR *ipsecmb_new(void)
{
	return NULL;
}

void ipsecmb_free(struct IMB_MGR *manager)
{
	(void)manager;
}

bool ipsecmb_is_usable(void)
{
	return false;
}

/* Nobody calls what is not usable. */
void ipsecmb_seal(struct aead_job *jobs, size_t count)
{
	(void)jobs;
	(void)count;
	abort();
}

void ipsecmb_open(struct aead_job *jobs, size_t count)
{
	(void)jobs;
	(void)count;
	abort();
}
