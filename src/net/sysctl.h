/* SPDX-License-Identifier: ISC */
/* Numbers below /proc/sys/net, of the network namespace of the calling thread. */
#pragma once

#include "base/attributes.h"

#include <stdint.h>

/*
 * Reads the number at a path such as "ipv4/conf/tacet0/route_localnet". -ENOENT: no such, or no
 * such interface; ERR_SYNTAX, ERR_RANGE: not a number; other -errno.
 */
int sysctl_read(const char *path, uint32_t *ret_number) must_check;

/* Sets it, where it is not so already: 1 it was not, 0 it was. Errors as above. */
int sysctl_write(const char *path, uint32_t number) must_check;
