/* SPDX-License-Identifier: ISC */
/*
 * Names of services in a hosts file: a block of ours per network, between two lines that say so.
 * Every other line stays as it is, byte by byte. Files are read and written: may block.
 */
#pragma once

#include "base/attributes.h"
#include "priv/message.h"

#include <stddef.h>

enum {
	HOSTS_FILE_MAX = 16 << 20, /* bytes of a hosts file; a longer one is left alone */
};

/*
 * Sees to it that the block "# tacet <network>: begin" to "# tacet <network>: end" of the file says
 * these names, in this order, and nothing else; count 0 removes it. Writes only where something
 * changes; replaces the file as a whole, with its mode and owner, or writes in place where it
 * cannot be renamed over (a bind mount). What others wrote between the two lines is moved behind
 * them. Where there is no file, one is made. -EINVAL: a name or network that would not be one word,
 * or an address that is none; -EFBIG; -errno: then the former file is in force.
 */
int hosts_write(const char *path, const char *network, const struct message_name *names,
	size_t count) must_check;
