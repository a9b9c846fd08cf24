/* SPDX-License-Identifier: ISC */
/* In a namespace of its own, against what ip(8) says. */
#include "net/netif.h"

#include "namespace.h"
#include "net/tun.h"

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix = {0};

	must(prefix_parse(text, strlen(text), &prefix) == 0, "read a prefix");
	return prefix;
}

/* An address with its length; unlike a prefix it keeps its bits. */
static struct netif_address address_of(const char *text, uint8_t length)
{
	struct netif_address entry = {.prefix_length = length};

	must(address_parse(text, strlen(text), &entry.address) == 0, "read an address");
	return entry;
}

static void test_device(void)
{
	struct tun *tun, *other;

	tap_is_int(netif_remove("tun0"), 0, "nothing to remove");
	tap_is_int(netif_set_up("tun0", 1420), -ENODEV, "nothing to set up");
	tap_is_int(tun_attach("tun0", 1, &tun), -ENODEV, "nothing to attach to");
	tap_ok(!run("ip link show tun0 2>/dev/null"), "attaching leaves nothing");
	tap_is_int(netif_make_tun("tun0", 1), 0, "made");
	tap_ok(run("ip -d link show tun0 | grep -q 'tun type tun pi off vnet_hdr on persist on'"),
		"persistent, and nobody holds it");
	tap_ok(run("ip -d link show tun0 | grep -q 'addrgenmode none'"), "silent by IPv6");
	tap_is_int(netif_make_tun("tun0", 1), 0, "taken again");
	tap_is_int(netif_make_tun("tun0", 4), -EEXIST, "not of several queues");
	tap_is_int(tun_attach("tun0", 4, &tun), -EINVAL, "nor attached so");
	must(tun_attach("tun0", 1, &tun) == 0, "attach");
	tap_is_int(tun_attach("tun0", 1, &other), -EBUSY, "one holder");
	tap_is_int(netif_make_tun("tun0", 1), 0, "taken while it is held");
	tap_is_int(netif_is_up("tun0"), 0, "down");
	tap_is_int(netif_set_up("tun0", 1300), 0, "set up");
	tap_is_int(netif_is_up("tun0"), 1, "up");
	tap_ok(run("ip link show tun0 | grep -q '[<,]UP[,>].* mtu 1300'"), "is up");
	tun_close(tun);
	tap_ok(run("ip link show tun0 >/dev/null"), "stays without holder");
	tap_is_int(netif_remove("tun0"), 0, "removed");
	tap_ok(!run("ip link show tun0 2>/dev/null"), "is gone");
}

static void test_other_kinds(void)
{
	struct tun *tun;

	must(netif_make_tun("many", 4) == 0, "make a device of several queues");
	tap_is_int(netif_make_tun("many", 2), 0, "how many does not matter");
	tap_is_int(netif_make_tun("many", 1), -EEXIST, "but several or one does");
	must(tun_attach("many", 4, &tun) == 0, "attach all");
	tun_close(tun);
	must(netif_remove("many") == 0, "remove");
	must(tun_open("brief", 1, &tun) == 0, "make one that does not stay");
	tap_is_int(netif_make_tun("brief", 1), -EEXIST, "is not taken");
	tun_close(tun);
	tap_is_int(netif_make_tun("lo", 1), -EEXIST, "no TUN device");
	must(run("ip tuntap add dev tap0 mode tap"), "make a TAP device");
	tap_is_int(netif_make_tun("tap0", 1), -EEXIST, "a TAP device");
	must(run("ip link del tap0 && ip tuntap add dev pi0 mode tun pi"), "make one with heads");
	tap_is_int(netif_make_tun("pi0", 1), -EEXIST, "a device with packet information");
	must(run("ip link del pi0"), "remove");
	tap_is_int(netif_make_tun("a/b", 1), -EINVAL, "no name");
	tap_is_int(netif_make_tun("none", 0), -EINVAL, "no queues");
	tap_is_int(netif_make_tun("none", TUN_QUEUES_MAX + 1), -EINVAL, "too many queues");
	tap_is_int(netif_remove("a/b"), -EINVAL, "no name to remove");
	tap_is_int(netif_set_up("a/b", 1420), -EINVAL, "no name to set up");
	tap_is_int(netif_is_up("a/b"), -EINVAL, "no name to ask for");
	tap_is_int(netif_is_up("none"), -ENODEV, "nothing to ask for");
	tap_is_int(netif_admit_ipv6("a/b"), -EINVAL, "no name to admit IPv6 to");
	tap_is_int(netif_admit_ipv6("none"), -ENODEV, "nothing to admit IPv6 to");
}

static void test_addresses(void)
{
	const struct netif_address first[] = {
		address_of("10.9.0.1", 16), address_of("fd09::1", 64)};
	const struct netif_address second[] = {
		address_of("10.9.0.2", 16), address_of("fd09::1", 64)};
	struct netif_address wrong = address_of("10.9.0.1", 33);

	must(netif_make_tun("tun1", 1) == 0 && netif_set_up("tun1", 1420) == 0, "make a device");
	tap_is_int(netif_set_addresses("none", first, 2), -ENODEV, "no interface");
	tap_is_int(netif_set_addresses("tun1", &wrong, 1), -EINVAL, "no length");
	tap_is_int(netif_set_addresses("tun1", first, 2), 0, "set");
	tap_ok(run("ip -4 -o addr show dev tun1 | grep -q 'inet 10.9.0.1/16'"), "IPv4");
	tap_ok(run("ip -6 -o addr show dev tun1 | grep -q 'inet6 fd09::1/64.*nodad'"), "IPv6");
	tap_ok(!run("ip -6 -o addr show dev tun1 | grep -q tentative"), "which is there at once");
	must(run("ip addr add 10.9.0.9/16 dev tun1 && ip addr add 10.8.0.1/32 dev tun1 &&"
		 " ip addr add fe80::7/64 dev tun1"),
		"add others");
	tap_is_int(netif_repair_addresses("tun1", second, 2), 4, "set others");
	tap_ok(run("test \"$(ip -4 -o addr show dev tun1 | wc -l)\" = 1"), "one of IPv4");
	tap_ok(run("ip -4 -o addr show dev tun1 | grep -q 'inet 10.9.0.2/16'"), "the new one");
	tap_ok(run("test \"$(ip -6 -o addr show dev tun1 scope global | wc -l)\" = 1"),
		"one of IPv6");
	tap_ok(run("ip -6 -o addr show dev tun1 | grep -q 'inet6 fe80::7/64'"), "link-local stays");
	tap_is_int(netif_repair_addresses("tun1", second, 2), 0, "set again");
	tap_is_int(netif_repair_addresses("tun1", NULL, 0), 2, "set none");
	tap_ok(run("test -z \"$(ip -4 -o addr show dev tun1)\""), "none");
}

/* Where IPv6 is switched off for interfaces that are made. */
static void test_ipv6(void)
{
	const struct netif_address address = address_of("fd09::1", 64);

	must(write_line("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1\n"), "disable IPv6");
	must(netif_make_tun("tun6", 1) == 0, "make a device");
	tap_is_int(netif_set_addresses("tun6", &address, 1), -EACCES, "IPv6 is refused");
	tap_is_int(netif_admit_ipv6("tun6"), 1, "until it is admitted");
	tap_is_int(netif_set_addresses("tun6", &address, 1), 0, "set");
	tap_is_int(netif_admit_ipv6("tun6"), 0, "once");
	must(write_line("/proc/sys/net/ipv6/conf/default/disable_ipv6", "0\n") &&
			netif_remove("tun6") == 0,
		"enable it again");
}

static void test_routes(void)
{
	const struct prefix first[] = {prefix_of("10.9.0.0/16"), prefix_of("10.8.0.1/32"),
		prefix_of("fd09::/64"), prefix_of("fd08::1/128"), prefix_of("10.8.0.1/32")};
	const struct prefix second[] = {prefix_of("10.8.0.1/32"), prefix_of("fd07::1/128")};
	const struct prefix taken[] = {prefix_of("10.6.0.0/24")};
	struct prefix wrong = prefix_of("10.8.0.1/32");
	size_t changed = 0;

	wrong.length = 33;
	tap_is_int(netif_set_routes("none", first, 1, &changed), -ENODEV, "no interface");
	tap_is_int(netif_set_routes("tun1", &wrong, 1, &changed), -EINVAL, "no prefix");
	tap_is_int(netif_set_routes("tun1", first, 5, &changed), 0, "set");
	tap_is_int(changed, 4, "four; the double is one");
	tap_ok(run("ip route show dev tun1 proto 84 | grep -q '^10.8.0.1 '"), "IPv4");
	tap_ok(run("ip -6 route show dev tun1 proto 84 | grep -q '^fd09::/64 '"), "IPv6");
	must(run("ip route add 10.7.0.0/24 dev tun1"), "add one of the administrator's");
	tap_is_int(netif_set_routes("tun1", second, 2, &changed), 0, "set others");
	tap_is_int(changed, 4, "three deleted, one added");
	tap_ok(run("test \"$(ip route show dev tun1 proto 84 | cut -d' ' -f1)\" = 10.8.0.1"),
		"IPv4: what is wanted");
	tap_ok(run("ip -6 route show dev tun1 proto 84 | grep -q '^fd07::1 '"), "IPv6 too");
	tap_ok(run("ip route show dev tun1 | grep -q '^10.7.0.0/24'"), "another's stays");
	tap_is_int(netif_set_routes("tun1", second, 2, &changed), 0, "set again");
	tap_is_int(changed, 0, "nothing to do");
	must(netif_make_tun("tun2", 1) == 0 &&
			run("ip link set tun2 up && ip route add 10.6.0.0/24 dev tun2"),
		"route by another interface");
	tap_is_int(netif_set_routes("tun1", taken, 1, &changed), -EEXIST, "another has it");
	must(netif_set_routes("tun1", NULL, 0, &changed) == 0, "set none");
	tap_ok(run("test -z \"$(ip route show dev tun1 proto 84)\""), "none");
}

/* More than fits into one answer of the kernel. */
static void test_many(void)
{
	enum {
		MANY = 3000,
	};
	static struct prefix prefixes[MANY];
	size_t changed = 0;

	for (unsigned i = 0; i < MANY; i++) {
		prefixes[i] = prefix_of("10.5.0.0/32");
		prefixes[i].address.bytes[2] = (uint8_t)(i >> 8);
		prefixes[i].address.bytes[3] = (uint8_t)i;
	}
	tap_is_int(netif_set_routes("tun1", prefixes, MANY, &changed), 0, "many");
	tap_is_int(changed, MANY, "all added");
	tap_is_int(netif_set_routes("tun1", prefixes, MANY / 2, &changed), 0, "half of them");
	tap_is_int(changed, MANY / 2, "the others are deleted");
	tap_is_int(netif_set_routes("tun1", prefixes, MANY / 2, &changed), 0, "again");
	tap_is_int(changed, 0, "nothing to do");
}

int main(void)
{
	if (!namespace_enter()) {
		tap_skip("netif", "no network namespace can be made here");
		return tap_done();
	}
	if (access("/dev/net/tun", R_OK | W_OK) < 0) {
		tap_skip("netif", "there is no /dev/net/tun for us here");
		return tap_done();
	}
	test_device();
	test_other_kinds();
	test_addresses();
	test_ipv6();
	test_routes();
	test_many();
	return tap_done();
}
