/* SPDX-License-Identifier: ISC */
/*
 * The login that a command was given in: since when it is there, and by which SSH connection it
 * came. So that whoever confirms has shown that one can still get in.
 */
#pragma once

#include "harden/rules.h"

struct login {
	uint64_t began_ns;	  /* since the machine started: of the session's leader */
	struct rules_session ssh; /* there: ADDRESS_NONE, it did not come by SSH */
};

/*
 * Of the calling process. What sudo(8) and its like begin belongs to the login that called them.
 * -errno: /proc does not say.
 */
int login_read(struct login *ret_login) must_check;

/*
 * Whether a login is another than that which something was applied by: it began after that, and not
 * over the very same SSH connection (a new window of a multiplexer). Pure.
 */
bool login_is_new(
	const struct login *login, const struct rules_session *applied_by, uint64_t applied_ns);

/* Reads the value of SSH_CONNECTION, "192.0.2.7 50022 192.0.2.1 22". ERR_SYNTAX, ERR_RANGE. */
int login_parse_ssh(const char *text, size_t size, struct rules_session *ret_session) must_check;
