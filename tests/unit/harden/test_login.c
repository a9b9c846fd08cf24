/* SPDX-License-Identifier: ISC */
/* Which login may confirm. */
#include "tap.h"

#include "base/error.h"
#include "harden/login.h"

static const struct {
	const char *text;
	int result;
} connections[] = {
	{"192.0.2.7 50022 192.0.2.1 22", 0},
	{"2001:db8::7 50022 2001:db8::1 22", 0},
	{"fe80::7%eth0 50022 fe80::1%eth0 22", 0},
	{"::ffff:192.0.2.7 50022 192.0.2.1 22", 0},
	{"", ERR_SYNTAX},
	{"192.0.2.7", ERR_SYNTAX},
	{"192.0.2.7 50022", ERR_SYNTAX},
	{"192.0.2.7 50022 192.0.2.1", ERR_SYNTAX},
	{"example.net 50022 192.0.2.1 22", ERR_SYNTAX},
	{"192.0.2.7 x 192.0.2.1 22", ERR_SYNTAX},
	{"192.0.2.7 65536 192.0.2.1 22", ERR_RANGE},
	{"192.0.2.7 50022 192.0.2.1 65536", ERR_RANGE},
	{"192.0.2.7 50022 2001:db8::1 22", ERR_SYNTAX},
};

static struct rules_session session_of(const char *text)
{
	struct rules_session session = {0};

	if (*text && login_parse_ssh(text, strlen(text), &session) < 0)
		tap_ok(false, text);
	return session;
}

static const struct {
	const char *name, *applied_by, *ssh;
	uint64_t began_ns;
	bool is_new;
} logins[] = {
	{"console, before", "", "", 99, false},
	{"console, after", "", "", 100, true},
	{"the same connection", "192.0.2.7 1 192.0.2.1 22", "192.0.2.7 1 192.0.2.1 22", 200, false},
	{"another port", "192.0.2.7 1 192.0.2.1 22", "192.0.2.7 2 192.0.2.1 22", 200, true},
	{"another port, before", "192.0.2.7 1 192.0.2.1 22", "192.0.2.7 2 192.0.2.1 22", 50, false},
	{"another address", "192.0.2.7 1 192.0.2.1 22", "10.9.0.7 1 10.9.0.1 22", 200, true},
	{"console after SSH", "192.0.2.7 1 192.0.2.1 22", "", 200, true},
};

int main(void)
{
	struct login self;

	for (size_t i = 0; i < ARRAY_LENGTH(connections); i++) {
		struct rules_session session;
		tap_is_int(
			login_parse_ssh(connections[i].text, strlen(connections[i].text), &session),
			connections[i].result, connections[i].text);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(logins); i++) {
		struct rules_session applied_by = session_of(logins[i].applied_by);
		struct login login = {logins[i].began_ns, session_of(logins[i].ssh)};
		tap_is_int(
			login_is_new(&login, &applied_by, 100), logins[i].is_new, logins[i].name);
	}
	tap_is_int(login_read(&self), 0, "our own login");
	tap_ok(self.began_ns > 0, "it began at some time");
	return tap_done();
}
