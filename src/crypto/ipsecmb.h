/* SPDX-License-Identifier: ISC */
/*
 * Packets by Intel's library of multi-buffer cryptography (libipsec-mb), where the build has it:
 * less to set up for each than libcrypto. Not for other folders.
 */
#pragma once

#include "crypto/aead.h"

#include <stdbool.h>

struct IMB_MGR;

/* Whether it is there, and its test of itself has passed. The first call of a thread makes what
 * that thread needs (some milliseconds). */
bool ipsecmb_is_usable(void);

/* As aead_seal_batch() and aead_open_batch(). */
void ipsecmb_seal(struct aead_job *jobs, size_t count);
void ipsecmb_open(struct aead_job *jobs, size_t count);

/* What a thread has made; NULL where it cannot. For library.c, which keeps it and frees it. */
struct IMB_MGR *ipsecmb_new(void);
void ipsecmb_free(struct IMB_MGR *manager);
