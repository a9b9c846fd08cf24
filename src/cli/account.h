/* SPDX-License-Identifier: ISC */
/* The system's users that tacetd's children become. */
#pragma once

#include "base/attributes.h"

#include <sys/types.h>

/*
 * Sees to it that the system has this user, by useradd(8) where it has not: without a home, a shell
 * or a password, with a group of its own name. 0, or an error that has been said on stderr.
 */
int account_ensure(const char *user) must_check;

/* Its numbers. ERR_NOT_FOUND. */
int account_find(const char *user, uid_t *ret_uid, gid_t *ret_gid) must_check;
