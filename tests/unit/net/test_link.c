/* SPDX-License-Identifier: ISC */
#include "net/link.h"

#include "namespace.h"

#include <poll.h>
#include <sys/socket.h>

enum {
	WAIT_MS = 5000,	   /* for a notice that must come */
	DISTURBANCES = 30, /* rounds of moves while the state is read */
};

/* A device, what is known of it, and the command that is run to change it. */
struct watch {
	struct tun *tun;
	struct link *link;
	struct link_state state;
};

/* Takes in what is there now. */
static void look(struct watch *watch)
{
	must(link_read(watch->link, &watch->state) == 0, "read the link");
}

/* Waits for notices until the state is as wanted. */
static bool becomes(struct watch *watch, bool is_there, bool is_up, uint32_t mtu_bytes)
{
	for (;;) {
		struct pollfd ready = {.fd = link_fd(watch->link), .events = POLLIN};
		look(watch);
		const struct link_state *s = &watch->state;
		if (s->is_there == is_there && s->is_up == is_up && s->mtu_bytes == mtu_bytes)
			return true;
		if (poll(&ready, 1, WAIT_MS) == 1)
			continue;
		printf("# there %d, up %d, MTU %u\n", s->is_there, s->is_up, s->mtu_bytes);
		return false;
	}
}

/* Runs a command in a namespace. */
static void run_in(int namespace_fd, const char *command)
{
	int home = namespace_here();

	namespace_go(namespace_fd);
	must(run(command), command);
	namespace_go(home);
	must(close(home) == 0, "close");
}

/* Runs `ip link set NAME netns` with a namespace of ours, in another of ours. */
static void move(int from, int to, const char *name)
{
	char command[128];

	(void)snprintf(command, sizeof command, "ip link set %s netns /proc/%d/fd/%d", name,
		(int)getpid(), to);
	run_in(from, command);
}

static void watch_open(struct watch *watch, const char *name)
{
	must(tun_open(name, 1, &watch->tun) == 0, "open a device");
	must(link_open(watch->tun, &watch->link) == 0, "watch it");
}

static void watch_close(struct watch *watch)
{
	link_close(watch->link);
	tun_close(watch->tun);
}

static void test_changes(void)
{
	struct watch watch;

	watch_open(&watch, "seen");
	look(&watch);
	tap_ok(watch.state.is_there && !watch.state.is_up, "at the start: there, down");
	tap_is_int(watch.state.mtu_bytes, TUN_DEFAULT_MTU, "at the start: the MTU");
	must(run("ip link set seen up"), "up");
	tap_ok(becomes(&watch, true, true, TUN_DEFAULT_MTU), "up");
	must(run("ip link set seen mtu 1280"), "mtu");
	tap_ok(becomes(&watch, true, true, 1280), "another MTU");
	must(run("ip link set seen down && ip link set seen up && ip link set seen down"), "down");
	tap_ok(becomes(&watch, true, false, 1280), "down, up, down: down");
	must(run("ip link set seen name renamed && ip link set renamed up"), "rename");
	tap_ok(becomes(&watch, true, true, 1280), "renamed, then up");
	must(run("ip tuntap add dev seen mode tun && ip link set seen mtu 9000"), "add another");
	look(&watch);
	tap_is_int(watch.state.mtu_bytes, 1280, "another device with its old name is not ours");
	must(run("ip link del seen && ip link del renamed"), "delete");
	tap_ok(becomes(&watch, false, false, 0), "deleted");
	look(&watch);
	tap_ok(!watch.state.is_there, "for good");
	watch_close(&watch);
}

/* Opened for a device that is up, or gone, already. */
static void test_late(void)
{
	struct watch watch;

	must(tun_open("late", 1, &watch.tun) == 0, "open a device");
	must(run("ip link set late mtu 1300 up"), "set it up");
	must(link_open(watch.tun, &watch.link) == 0, "watch it");
	tap_ok(becomes(&watch, true, true, 1300), "up before it was watched");
	link_close(watch.link);
	must(run("ip link del late"), "delete it");
	must(link_open(watch.tun, &watch.link) == 0, "watch it");
	tap_ok(becomes(&watch, false, false, 0), "gone before it was watched");
	watch_close(&watch);
}

/* Through two other namespaces and back. */
static void test_moves(void)
{
	struct watch watch;
	int home = namespace_here(), second = namespace_new(), third = namespace_new();

	watch_open(&watch, "mover");
	must(run("ip link set mover up"), "up");
	move(home, second, "mover");
	tap_ok(becomes(&watch, true, false, TUN_DEFAULT_MTU), "moved: down");
	run_in(second, "ip link set mover mtu 1380 up");
	tap_ok(becomes(&watch, true, true, 1380), "changes in the second namespace");
	must(run("ip tuntap add dev mover mode tun && ip link set mover mtu 9000"), "add another");
	tap_ok(becomes(&watch, true, true, 1380), "one of its name where it was is not ours");
	move(second, third, "mover");
	run_in(third, "ip link set mover name moved && ip link set moved mtu 1400 up");
	tap_ok(becomes(&watch, true, true, 1400), "changes in the third, under another name");
	run_in(third, "ip link set moved mtu 1401");
	tap_ok(becomes(&watch, true, true, 1401), "and again");
	move(third, home, "moved");
	tap_ok(becomes(&watch, true, false, 1401), "moved home: down");
	must(run("ip link set moved mtu 1402 up"), "up");
	tap_ok(becomes(&watch, true, true, 1402), "changes at home");
	move(home, second, "moved");
	run_in(second, "ip link set moved up");
	tap_ok(becomes(&watch, true, true, 1402), "in the second again");
	run_in(second, "ip link del moved");
	tap_ok(becomes(&watch, false, false, 0), "deleted there");
	must(run("ip link del mover"), "tidy up");
	watch_close(&watch);
	must(close(home) == 0 && close(second) == 0 && close(third) == 0, "close");
}

/* Several moves before anybody looks; the first namespaces are gone by then. */
static void test_moves_unseen(void)
{
	struct watch watch;
	int home = namespace_here();
	int at = home;

	watch_open(&watch, "hasty");
	for (int i = 0; i < 5; i++) {
		int next = namespace_new();
		move(at, next, "hasty");
		if (at != home)
			must(close(at) == 0, "close");
		at = next;
	}
	run_in(at, "ip link set hasty mtu 1290 up");
	tap_ok(becomes(&watch, true, true, 1290), "five moves unseen");
	run_in(at, "ip link set hasty mtu 1291");
	tap_ok(becomes(&watch, true, true, 1291), "then seen");
	watch_close(&watch);
	must(close(at) == 0 && close(home) == 0, "close");
}

/* The namespace that the device was moved to ends, and the device with it. */
static void test_namespace_ends(void)
{
	struct watch watch;
	int home = namespace_here(), other = namespace_new();

	watch_open(&watch, "mortal");
	move(home, other, "mortal");
	run_in(other, "ip link set mortal up");
	tap_ok(becomes(&watch, true, true, TUN_DEFAULT_MTU), "up in a namespace");
	must(close(other) == 0, "close");
	tap_ok(becomes(&watch, false, false, 0), "that ends: gone");
	watch_close(&watch);
	must(close(home) == 0, "close");
}

/* More notices than the socket holds. */
static void test_flood(void)
{
	struct watch watch;
	const int small = 1;

	watch_open(&watch, "flooded");
	must(setsockopt(link_fd(watch.link), SOL_SOCKET, SO_RCVBUF, &small, sizeof small) == 0,
		"make the buffer small");
	must(run("for i in 1 2 3 4 5 6 7 8 9 10; do ip link set flooded up;"
		 "ip link set flooded down; done; ip link set flooded mtu 1333 up"),
		"flood");
	tap_ok(becomes(&watch, true, true, 1333), "notices were lost: asked for");
	watch_close(&watch);
}

/* Sets the MTU up and down, and moves the device to and fro. */
static void disturb(int home, int other)
{
	for (int i = 0; i < DISTURBANCES; i++) {
		must(run("ip link set restless mtu 1300 up"), "up");
		must(run("ip link set restless mtu 1301 down"), "down");
		move(home, other, "restless");
		move(other, home, "restless");
	}
}

/* Starts a child that disturbs; a descriptor that can be read when it has ended. */
static int start_disturbing(int home, int other)
{
	int ends[2];

	must(pipe2(ends, O_CLOEXEC) == 0, "make a pipe");
	(void)fflush(stdout); /* or the child says it again */
	pid_t child = fork();
	must(child >= 0, "fork");
	if (child == 0) {
		disturb(home, other);
		_exit(0);
	}
	must(close(ends[1]) == 0, "close");
	return ends[0];
}

/* The state can be read at any moment of moves that go on, and is right in the end. */
static void test_moves_while_reading(void)
{
	struct watch watch;
	int reads = 0, wrong = 0, lost = 0;
	int home = namespace_here(), other = namespace_new();

	watch_open(&watch, "restless");
	int ended = start_disturbing(home, other);
	struct pollfd ready[] = {{.fd = link_fd(watch.link), .events = POLLIN}, {.fd = ended}};
	while (poll(ready, 2, WAIT_MS) > 0 && ready[1].revents == 0) {
		wrong += link_read(watch.link, &watch.state) < 0;
		lost += !watch.state.is_there;
		reads++;
	}
	must(wait(NULL) > 0 && close(ended) == 0, "wait for the child");
	printf("# %d reads\n", reads);
	tap_ok(reads > DISTURBANCES, "the device was seen to move");
	tap_is_int(wrong, 0, "no read failed");
	tap_is_int(lost, 0, "it was always somewhere");
	must(run("ip link set restless mtu 1302 up"), "set it up");
	tap_ok(becomes(&watch, true, true, 1302), "and all is right in the end");
	watch_close(&watch);
	must(close(home) == 0 && close(other) == 0, "close");
}

int main(void)
{
	link_close(NULL);
	if (!namespace_enter()) {
		tap_skip("link", "no network namespace can be made here");
		return tap_done();
	}
	if (access("/dev/net/tun", R_OK | W_OK) < 0) {
		tap_skip("link", "there is no /dev/net/tun for us here");
		return tap_done();
	}
	test_changes();
	test_late();
	test_moves();
	test_moves_unseen();
	test_namespace_ends();
	test_flood();
	test_moves_while_reading();
	return tap_done();
}
