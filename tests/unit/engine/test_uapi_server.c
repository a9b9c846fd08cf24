/* SPDX-License-Identifier: ISC */
#include "tap.h"

#include "uapi_lab.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEY_A "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"
#define NAME "tacet0"
#define OK "errno=0\n\n"
#define GET "get=1\n\n"

static void test_split(void)
{
	static const char request[] = "set=1\nlisten_port=7\npublic_key=" KEY_A "\nremove=true\n\n";
	struct uapi_lab lab;
	bool held = true;

	uapi_lab_start(&lab, NAME);
	int fd = uapi_lab_client(NAME);
	for (size_t at = 0; at < sizeof request; at++) {
		held &= uapi_lab_send(&lab, fd, request, at);
		uapi_lab_turn(&lab);
		held &= lab.engine.configured == at + (at == sizeof request - 1);
		held &= uapi_lab_ask(&lab, fd, request + at, OK);
	}
	tap_ok(held, "one connection, a request cut in two at every byte");
	tap_is_int(lab.engine.configured, sizeof request, "each was applied");
	(void)close(fd);
	uapi_lab_done(&lab);
}

static void test_two_clients(void)
{
	static const char first[] = "set=1\nlisten_port=7\n", second[] = "set=1\nfwmark=9\n";
	struct uapi_lab lab;

	uapi_lab_start(&lab, NAME);
	int a = uapi_lab_client(NAME), b = uapi_lab_client(NAME);
	tap_ok(uapi_lab_send(&lab, a, first, strlen(first)) &&
			uapi_lab_send(&lab, b, second, strlen(second)),
		"two clients in the middle of a request");
	tap_ok(uapi_lab_ask(&lab, b, "\n", OK), "the second ends its own");
	tap_ok(lab.engine.status.mark == 9 && lab.engine.status.listen_port == 0,
		"which alone is applied");
	tap_ok(uapi_lab_ask(&lab, a, "\n", OK) && lab.engine.status.listen_port == 7,
		"then the first");
	(void)close(a);
	tap_ok(uapi_lab_ask(&lab, b, GET, "listen_port=7\nfwmark=9\n" OK), "which leaves");
	(void)close(b);
	uapi_lab_done(&lab);
}

static void test_leaves_midway(void)
{
	static const char half[] = "set=1\nprivate_key=" KEY_A "\nlisten_port=7\n";
	struct uapi_lab lab;

	uapi_lab_start(&lab, NAME);
	int fd = uapi_lab_client(NAME);
	tap_ok(uapi_lab_send(&lab, fd, half, strlen(half)), "half a request");
	(void)close(fd);
	uapi_lab_turn(&lab);
	tap_is_int(lab.engine.configured, 0, "of a client that leaves is void");
	fd = uapi_lab_client(NAME);
	tap_ok(uapi_lab_ask(&lab, fd, GET, OK), "the next one is served");
	(void)close(fd);
	uapi_lab_done(&lab);
}

static void test_half_close(void)
{
	struct uapi_lab lab;

	uapi_lab_start(&lab, NAME);
	int fd = uapi_lab_client(NAME);
	(void)send(fd, GET, strlen(GET), MSG_NOSIGNAL);
	(void)shutdown(fd, SHUT_WR);
	tap_ok(uapi_lab_ask(&lab, fd, "", OK), "who has said all is still answered");
	tap_ok(uapi_lab_is_closed(&lab, fd), "and then the connection ends");
	(void)close(fd);
	uapi_lab_done(&lab);
}

static void test_client_limit(void)
{
	struct uapi_lab lab;
	int fds[UAPI_CLIENTS_MAX];
	bool held = true;

	uapi_lab_start(&lab, NAME);
	for (size_t i = 0; i < UAPI_CLIENTS_MAX; i++) {
		fds[i] = uapi_lab_client(NAME);
		held &= uapi_lab_ask(&lab, fds[i], GET, OK);
	}
	tap_ok(held, "as many clients as may be");
	int fd = uapi_lab_client(NAME);
	tap_ok(uapi_lab_is_closed(&lab, fd), "one more is turned away");
	(void)close(fd);
	(void)close(fds[0]);
	uapi_lab_turn(&lab);
	fds[0] = uapi_lab_client(NAME);
	tap_ok(uapi_lab_ask(&lab, fds[0], GET, OK), "until one has left");
	tap_ok(uapi_lab_ask(&lab, fds[1], GET, OK), "the others did not notice");
	uapi_server_close(lab.server);
	lab.server = NULL;
	for (size_t i = 0; i < UAPI_CLIENTS_MAX; i++) {
		held &= uapi_lab_is_closed(&lab, fds[i]);
		(void)close(fds[i]);
	}
	tap_ok(held, "when the server closes, all connections end");
	uapi_lab_done(&lab);
}

enum {
	BIG_SIZE = 16 << 20, /* room for the answer of test_slow_reader */
	BIG_PEERS = 30000,
};

static void test_slow_reader(void)
{
	struct uapi_lab lab;
	char *text = malloc(BIG_SIZE);

	uapi_lab_start(&lab, NAME);
	int slow = uapi_lab_client(NAME), fast = uapi_lab_client(NAME);
	tap_ok(uapi_lab_ask(&lab, fast, "set=1\npublic_key=" KEY_A "\n\n", OK), "a peer");
	lab.engine.repeat = BIG_PEERS;
	tap_ok(uapi_lab_send(&lab, slow, GET GET, 2 * strlen(GET)), "a client asks for much");
	uapi_lab_turn(&lab);
	lab.engine.repeat = 0;
	tap_ok(uapi_lab_ask(&lab, fast, "set=1\nreplace_peers=true\n\n", OK),
		"while it does not read, another is served");
	bool held = uapi_lab_receive(&lab, slow, text, BIG_SIZE);
	tap_ok(held && strlen(text) > BIG_PEERS * 200, "it gets all of it when it reads");
	tap_ok(held && strcmp(text + strlen(text) - strlen(OK OK), "=0\n" OK OK) != 0 &&
			strstr(text, "public_key=" KEY_A) == text,
		"of the time when it asked");
	(void)close(slow);
	(void)close(fast);
	free(text);
	uapi_lab_done(&lab);
}

static void test_never_reads(void)
{
	struct uapi_lab lab;

	uapi_lab_start(&lab, NAME);
	int fd = uapi_lab_client(NAME), other = uapi_lab_client(NAME);
	tap_ok(uapi_lab_ask(&lab, fd, "set=1\npublic_key=" KEY_A "\n\n", OK), "a peer");
	lab.engine.repeat = BIG_PEERS;
	tap_ok(uapi_lab_send(&lab, fd, GET, strlen(GET)), "a client asks for much");
	uapi_lab_turn(&lab);
	(void)close(fd);
	uapi_lab_turn(&lab);
	lab.engine.repeat = 0;
	tap_ok(uapi_lab_ask(&lab, other, "set=1\nreplace_peers=true\n\n", OK),
		"and leaves; the server lives on");
	(void)close(other);
	fd = uapi_lab_client(NAME);
	lab.engine.repeat = BIG_PEERS;
	(void)uapi_lab_send(&lab, fd, GET, strlen(GET)); /* closed by the server midway */
	uapi_lab_done(&lab);
	tap_ok(true, "it can be closed while it writes");
	(void)close(fd);
}

static void test_out_of_step(void)
{
	char line[6 + 1026] = "set=1\n";
	struct uapi_lab lab;

	memset(line + 6, 'x', sizeof line - 6);
	line[sizeof line - 1] = '\0';
	uapi_lab_start(&lab, NAME);
	int fd = uapi_lab_client(NAME);
	tap_ok(uapi_lab_ask(&lab, fd, line, "errno=-90\n\n"), "a line that is too long");
	tap_ok(uapi_lab_is_closed(&lab, fd), "ends the connection");
	(void)close(fd);
	fd = uapi_lab_client(NAME);
	tap_ok(uapi_lab_ask(&lab, fd, "hello\n", "errno=-71\n\n"), "a request that is none");
	tap_ok(uapi_lab_is_closed(&lab, fd), "ends the connection, too");
	(void)close(fd);
	uapi_lab_done(&lab);
}

/* A client that asks and asks and does not read is not listened to any more at some time. */
static void test_many_requests(void)
{
	static const char set[] = "set=1\n\n";
	struct uapi_lab lab;
	unsigned asked = 0;

	uapi_lab_start(&lab, NAME);
	int fd = uapi_lab_client(NAME);
	while (asked < 100000 && send(fd, set, strlen(set), MSG_NOSIGNAL) == (ssize_t)strlen(set)) {
		asked++;
		uapi_lab_turn(&lab);
	}
	tap_ok(asked > 100 && asked < 100000, "requests ahead of their answers come to a limit");
	bool held = true;
	for (unsigned i = 0; i < asked; i++)
		held &= uapi_lab_ask(&lab, fd, "", OK);
	tap_ok(held, "all of them are answered once the client reads");
	tap_is_int(lab.engine.configured, asked, "and each was applied once");
	(void)close(fd);
	uapi_lab_done(&lab);
}

int main(void)
{
	const char *why = uapi_lab_isolate();

	if (why) {
		tap_skip("the server of the userspace interface", why);
		return tap_done();
	}
	test_split();
	test_two_clients();
	test_leaves_midway();
	test_half_close();
	test_client_limit();
	test_slow_reader();
	test_never_reads();
	test_out_of_step();
	test_many_requests();
	return tap_done();
}
