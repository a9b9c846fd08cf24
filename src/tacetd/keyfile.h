/* SPDX-License-Identifier: ISC */
/* Files of keys, one a line, in base64 as wg(8) writes them: of root, and closed to others. */
#pragma once

#include "base/attributes.h"
#include "priv/message.h"

#include <stddef.h>

enum {
	KEYFILE_KEYS_MAX = 2,
};

/*
 * Reads exactly `count` keys, at most KEYFILE_KEYS_MAX. The caller wipes them. -EPERM: the file is
 * another's or open to others; -EINVAL: it is no file; ERR_KEY: it does not say what it should;
 * other -errno. May block.
 */
int keyfile_read(const char *path, size_t count, uint8_t (*ret_keys)[MESSAGE_KEY_SIZE]) must_check;
