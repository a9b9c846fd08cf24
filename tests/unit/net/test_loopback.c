/* SPDX-License-Identifier: ISC */
/* The settings of a host that mediation needs: sysctls, forwarding, loopback targets. */
#include "net/loopback.h"

#include "namespace.h"

#include "base/error.h"
#include "net/forwarding.h"
#include "net/sysctl.h"

static intmax_t number_at(const char *path)
{
	uint32_t number = UINT32_MAX;

	must(sysctl_read(path, &number) == 0, path);
	return number;
}

static void test_sysctl(void)
{
	uint32_t number = 7;

	tap_is_int(sysctl_read("ipv4/conf/absent/forwarding", &number), -ENOENT, "no such file");
	tap_is_int(number, 7, "nothing was read");
	tap_is_int(sysctl_write("ipv4/conf/absent/forwarding", 1), -ENOENT, "nor written");
	tap_is_int(sysctl_read("ipv4/tcp_congestion_control", &number), ERR_SYNTAX, "no number");
	tap_is_int(sysctl_write("ipv4/conf/lo/log_martians", 1), 1, "a number is changed");
	tap_is_int(sysctl_write("ipv4/conf/lo/log_martians", 1), 0, "once");
	tap_is_int(number_at("ipv4/conf/lo/log_martians"), 1, "and is there");
}

static void test_forwarding(void)
{
	tap_is_int(sysctl_write("ipv4/ip_forward", 0) < 0, 0, "be no router");
	tap_is_int(forwarding_enable_ipv4(), 1, "become one");
	tap_is_int(forwarding_enable_ipv4(), 0, "be one");
	tap_is_int(number_at("ipv4/ip_forward"), 1, "for IPv4");
	must(sysctl_write("ipv6/conf/all/forwarding", 0) >= 0, "be no router");
	must(sysctl_write("ipv6/conf/hears/accept_ra", 1) >= 0, "hear routers");
	must(sysctl_write("ipv6/conf/deaf/accept_ra", 0) >= 0, "hear none");
	tap_is_int(forwarding_enable_ipv6(), 1, "become one for IPv6");
	tap_is_int(forwarding_enable_ipv6(), 0, "be one for IPv6");
	tap_is_int(number_at("ipv6/conf/all/forwarding"), 1, "that forwards");
	tap_is_int(number_at("ipv6/conf/hears/accept_ra"), 2, "who heard routers still does");
	tap_is_int(number_at("ipv6/conf/deaf/accept_ra"), 0, "who did not still does not");
}

static void test_loopback(void)
{
	tap_is_int(loopback_admit_ipv4("absent"), -ENODEV, "no such interface");
	tap_is_int(loopback_admit_ipv6("absent"), -ENODEV, "no such interface for IPv6");
	tap_is_int(loopback_refuse_ipv4("absent"), -ENODEV, "nothing to refuse");
	tap_is_int(loopback_admit_ipv4("hears"), 1, "admit");
	tap_is_int(loopback_admit_ipv4("hears"), 0, "it is");
	tap_is_int(number_at("ipv4/conf/hears/route_localnet"), 1, "by a sysctl");
	tap_is_int(loopback_refuse_ipv4("hears"), 1, "refuse");
	tap_is_int(number_at("ipv4/conf/hears/route_localnet"), 0, "by the same");
	tap_is_int(loopback_admit_ipv6("hears"), 1, "admit IPv6");
	tap_is_int(loopback_admit_ipv6("hears"), 0, "it is, too");
	tap_ok(run("ip -6 route show table local | grep -q '::1 dev hears'"), "by a route");
	tap_ok(run("ip -6 route get ::1 | grep -q 'dev lo'"), "the host itself goes by lo");
	tap_is_int(loopback_refuse_ipv6("hears"), 1, "refuse IPv6");
	tap_is_int(loopback_refuse_ipv6("hears"), 0, "it is refused");
	tap_ok(!run("ip -6 route show table local | grep -q '::1 dev hears'"), "the route is gone");
	tap_ok(run("ip -6 route get ::1 | grep -q 'dev lo'"), "that of lo is not");
}

int main(void)
{
	if (!namespace_enter() || !run("ip link add hears type veth peer name deaf && "
				       "ip link set hears up && ip link set deaf up")) {
		tap_skip("loopback", "no network namespace with devices can be made here");
		return tap_done();
	}
	test_sysctl();
	test_forwarding();
	test_loopback();
	return tap_done();
}
