/* SPDX-License-Identifier: ISC */
#include "net/loopback.h"

#include "net/netlink.h"
#include "net/sysctl.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

enum {
	ROUTE_METRIC = 4096, /* behind the kernel's own, which has 0 */
	PATH_SIZE = 64,	     /* of the sysctl */
};

static int set_ipv4(const char *interface, uint32_t number)
{
	char path[PATH_SIZE];
	int size = snprintf(path, sizeof path, "ipv4/conf/%s/route_localnet", interface);

	if (size < 0 || (size_t)size >= sizeof path)
		return -ENAMETOOLONG;
	int result = sysctl_write(path, number);
	return result == -ENOENT ? -ENODEV : result;
}

int loopback_admit_ipv4(const char *interface)
{
	return set_ipv4(interface, 1);
}

int loopback_refuse_ipv4(const char *interface)
{
	return set_ipv4(interface, 0);
}

/* Adds or deletes the route of ::1 by the interface. -errno. */
static int change_route(uint16_t type, uint16_t flags, const char *interface)
{
	union netlink_buffer buffer;
	unsigned index = if_nametoindex(interface);

	if (index == 0)
		return -ENODEV;
	struct rtmsg *route = netlink_begin(&buffer, type, flags | NLM_F_ACK, sizeof *route);
	route->rtm_family = AF_INET6;
	route->rtm_dst_len = 128;
	route->rtm_table = RT_TABLE_LOCAL;
	route->rtm_protocol = RTPROT_STATIC;
	route->rtm_scope = RT_SCOPE_UNIVERSE;
	route->rtm_type = RTN_LOCAL;
	mnl_attr_put(&buffer.header, RTA_DST, sizeof in6addr_loopback, &in6addr_loopback);
	mnl_attr_put_u32(&buffer.header, RTA_OIF, index);
	mnl_attr_put_u32(&buffer.header, RTA_PRIORITY, ROUTE_METRIC);
	return netlink_ask(&buffer);
}

int loopback_admit_ipv6(const char *interface)
{
	int result = change_route(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, interface);
	if (result == -EEXIST)
		return 0;
	return result < 0 ? result : 1;
}

int loopback_refuse_ipv6(const char *interface)
{
	int result = change_route(RTM_DELROUTE, 0, interface);
	if (result == -ESRCH || result == -ENOENT)
		return 0;
	return result < 0 ? result : 1;
}
