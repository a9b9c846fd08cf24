/* SPDX-License-Identifier: ISC */
/* In a namespace of its own: what ip(8) does is heard, but for the interface that is ignored. */
#include "net/netwatch.h"

#include "namespace.h"

/* In order, on what those before have left. */
static const struct {
	const char *name;
	const char *command;
	int heard;
} steps[] = {
	{"nothing happened", "true", 0},
	{"the ignored one is made", "ip tuntap add tacet0 mode tun && ip link set tacet0 up", 0},
	{"it gets an address", "ip address add 100.80.0.1/24 dev tacet0", 0},
	{"it gets a route", "ip route add 100.81.0.0/24 dev tacet0", 0},
	{"another is made", "ip tuntap add eth0 mode tun", 1},
	{"it goes up", "ip link set eth0 up", 1},
	{"it gets an address", "ip address add 192.0.2.1/24 dev eth0", 1},
	{"it gets a route", "ip route add default via 192.0.2.2", 1},
	{"it loses it", "ip route del default", 1},
	{"the ignored one goes", "ip link del tacet0", 0},
	{"it comes back as another", "ip tuntap add tacet0 mode tun && ip link set tacet0 up", 0},
	{"its IPv6 address", "ip address add fd00::1/64 dev tacet0 nodad", 0},
	{"its new name", "ip link set tacet0 down && ip link set tacet0 name other", 0},
	{"it is ignored no more", "ip link set other up", 1},
	{"one that was there takes the name",
		"ip link set eth0 down && ip link set eth0 name tacet0", 1},
	{"and is ignored from then on", "ip link set tacet0 up", 0},
	{"another goes", "ip link del other", 1},
};

static void test_steps(void)
{
	struct netwatch *watch;

	must(netwatch_open("tacet0", &watch) == 0, "open");
	tap_ok(netwatch_fd(watch) >= 0, "there is a descriptor");
	for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
		must(run(steps[i].command), steps[i].command);
		tap_is_int(netwatch_read(watch), steps[i].heard, steps[i].name);
	}
	netwatch_close(watch);
	netwatch_close(NULL);
}

/* One that is there before the watch begins. */
static void test_there_before(void)
{
	struct netwatch *watch;

	must(netwatch_open("tacet0", &watch) == 0, "open");
	must(run("ip address add 100.80.0.9/24 dev tacet0"), "add an address");
	tap_is_int(netwatch_read(watch), 0, "there before: ignored");
	netwatch_close(watch);
}

int main(void)
{
	if (!namespace_enter()) {
		tap_skip("netwatch", "no network namespace can be made here");
		return tap_done();
	}
	if (access("/dev/net/tun", R_OK | W_OK) < 0) {
		tap_skip("netwatch", "there is no /dev/net/tun for us here");
		return tap_done();
	}
	test_steps();
	test_there_before();
	return tap_done();
}
