/* SPDX-License-Identifier: ISC */
/* Packets one after the other by sealing.h, on any processor. Not for other folders. */
#pragma once

#include "crypto/aead.h"

#include <stdbool.h>

bool serial_is_usable(void);

/* As aead_seal_batch() and aead_open_batch(). */
void serial_seal(struct aead_job *jobs, size_t count);
void serial_open(struct aead_job *jobs, size_t count);
