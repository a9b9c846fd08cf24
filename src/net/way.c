/* SPDX-License-Identifier: ISC */
#include "net/way.h"

#include "net/netlink.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/socket.h>

enum {
	LIST_TRIES = 8, /* while others change what is listed */
};

/* What is taken out of a message, by attribute; NULL: it is not there. */
struct found {
	const struct nlattr **attributes;
	uint16_t last; /* the greatest attribute that is wanted */
};

static int keep(const struct nlattr *attribute, void *context)
{
	const struct found *found = context;
	uint16_t type = mnl_attr_get_type(attribute);

	if (type <= found->last)
		found->attributes[type] = attribute;
	return MNL_CB_OK;
}

static uint8_t kernel_family(const struct address *address)
{
	return address->family == ADDRESS_IPV6 ? AF_INET6 : AF_INET;
}

static size_t size_of(const struct address *address)
{
	return address_bits(address->family) / 8U;
}

/* Takes an address of the same family as `like`; ADDRESS_NONE where there is none. */
static struct address read_address(const struct nlattr *attribute, const struct address *like)
{
	struct address address = {.family = ADDRESS_NONE};

	if (!attribute || mnl_attr_get_payload_len(attribute) != size_of(like))
		return address;
	address.family = like->family;
	memcpy(address.bytes, mnl_attr_get_payload(attribute), size_of(like));
	return address;
}

/* The name and link address of an interface. */
static int read_interface(struct way *way)
{
	union netlink_buffer buffer;
	const struct nlattr *attributes[IFLA_IFNAME + 1] = {0};
	struct found found = {attributes, IFLA_IFNAME};

	struct ifinfomsg *head = netlink_begin(&buffer, RTM_GETLINK, 0, sizeof *head);
	head->ifi_index = (int)way->ifindex;
	int err = netlink_ask(&buffer);
	if (err < 0)
		return err;
	if (buffer.header.nlmsg_type != RTM_NEWLINK)
		return -EBADMSG;
	head = mnl_nlmsg_get_payload(&buffer.header);
	if (head->ifi_type != ARPHRD_ETHER)
		return -EPROTOTYPE;
	if (mnl_attr_parse(&buffer.header, sizeof *head, keep, &found) < 0)
		return -EBADMSG;
	const struct nlattr *own = attributes[IFLA_ADDRESS], *name = attributes[IFLA_IFNAME];
	if (!own || mnl_attr_get_payload_len(own) != sizeof way->own || !name ||
		mnl_attr_get_payload_len(name) > sizeof way->interface)
		return -EBADMSG;
	memcpy(way->own, mnl_attr_get_payload(own), sizeof way->own);
	memcpy(way->interface, mnl_attr_get_payload(name), mnl_attr_get_payload_len(name));
	way->interface[sizeof way->interface - 1] = '\0';
	return 0;
}

static int judge_route(uint8_t type)
{
	switch (type) {
	case RTN_UNICAST:
		return 0;
	case RTN_LOCAL:
		return -EADDRINUSE;
	case RTN_BROADCAST:
	case RTN_ANYCAST:
	case RTN_MULTICAST:
		return -EDESTADDRREQ;
	default:
		return -ENETUNREACH;
	}
}

int way_find(const struct address *to, uint32_t ifindex, struct way *ret_way)
{
	union netlink_buffer buffer;
	const struct nlattr *attributes[RTA_PREFSRC + 1] = {0};
	struct found found = {attributes, RTA_PREFSRC};
	struct way way = {0};

	struct rtmsg *head = netlink_begin(&buffer, RTM_GETROUTE, 0, sizeof *head);
	head->rtm_family = kernel_family(to);
	head->rtm_dst_len = address_bits(to->family);
	mnl_attr_put(&buffer.header, RTA_DST, size_of(to), to->bytes);
	if (ifindex != 0)
		mnl_attr_put_u32(&buffer.header, RTA_OIF, ifindex);
	int err = netlink_ask(&buffer);
	if (err < 0)
		return err;
	if (buffer.header.nlmsg_type != RTM_NEWROUTE)
		return -EBADMSG;
	head = mnl_nlmsg_get_payload(&buffer.header);
	err = judge_route(head->rtm_type);
	if (err < 0)
		return err;
	if (mnl_attr_parse(&buffer.header, sizeof *head, keep, &found) < 0 || !attributes[RTA_OIF])
		return -EBADMSG;
	way.ifindex = mnl_attr_get_u32(attributes[RTA_OIF]);
	way.router = read_address(attributes[RTA_GATEWAY], to);
	way.source = read_address(attributes[RTA_PREFSRC], to);
	err = read_interface(&way);
	if (err == 0)
		*ret_way = way;
	return err;
}

static void begin_neighbour(union netlink_buffer *buffer, uint16_t type, uint16_t flags,
	uint32_t ifindex, const struct address *neighbour)
{
	struct ndmsg *head = netlink_begin(buffer, type, flags, sizeof *head);

	head->ndm_family = kernel_family(neighbour);
	head->ndm_ifindex = (int)ifindex;
	if (type == RTM_NEWNEIGH)
		head->ndm_flags = NTF_USE; /* look for it, as if there were a packet for it */
	mnl_attr_put(&buffer->header, NDA_DST, size_of(neighbour), neighbour->bytes);
}

int way_seek(uint32_t ifindex, const struct address *neighbour)
{
	union netlink_buffer buffer;

	begin_neighbour(&buffer, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK, ifindex,
		neighbour);
	return netlink_ask(&buffer);
}

int way_neighbour(uint32_t ifindex, const struct address *neighbour, uint8_t ret_mac[static 6])
{
	enum {
		KNOWN = NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE |
			NUD_DELAY
	};
	union netlink_buffer buffer;
	const struct nlattr *attributes[NDA_LLADDR + 1] = {0};
	struct found found = {attributes, NDA_LLADDR};

	begin_neighbour(&buffer, RTM_GETNEIGH, 0, ifindex, neighbour);
	int err = netlink_ask(&buffer);
	if (err < 0)
		return err;
	if (buffer.header.nlmsg_type != RTM_NEWNEIGH)
		return -EBADMSG;
	const struct ndmsg *head = mnl_nlmsg_get_payload(&buffer.header);
	if (mnl_attr_parse(&buffer.header, sizeof *head, keep, &found) < 0)
		return -EBADMSG;
	const struct nlattr *mac = attributes[NDA_LLADDR];
	if (!(head->ndm_state & KNOWN) || !mac || mnl_attr_get_payload_len(mac) != WAY_MAC_SIZE)
		return -ENOENT;
	memcpy(ret_mac, mnl_attr_get_payload(mac), WAY_MAC_SIZE);
	return 0;
}

/* ---- routers ---- */

struct tour {
	way_visit *visit;
	void *context;
};

/* One next hop: of a route, or of several by which a route goes in turns. */
static int visit_hop(
	const struct tour *tour, uint8_t family, uint32_t ifindex, const struct nlattr *gateway)
{
	const struct address like = {.family = family == AF_INET6 ? ADDRESS_IPV6 : ADDRESS_IPV4};
	struct address router = read_address(gateway, &like);

	return router.family == ADDRESS_NONE ? 0 : tour->visit(tour->context, ifindex, &router);
}

static int visit_hops(const struct tour *tour, uint8_t family, const struct nlattr *several)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(several);
	int left = mnl_attr_get_payload_len(several), result = 0;

	for (; RTNH_OK(hop, left) && result == 0;
		left -= (int)RTNH_ALIGN(hop->rtnh_len), hop = RTNH_NEXT(hop)) {
		const struct nlattr *attributes[RTA_GATEWAY + 1] = {0};
		struct found found = {attributes, RTA_GATEWAY};
		if (mnl_attr_parse_payload(
			    RTNH_DATA(hop), hop->rtnh_len - sizeof *hop, keep, &found) < 0)
			return -EBADMSG;
		result = visit_hop(
			tour, family, (uint32_t)hop->rtnh_ifindex, attributes[RTA_GATEWAY]);
	}
	return result;
}

static int visit_route(void *context, const struct nlmsghdr *message)
{
	const struct nlattr *attributes[RTA_MULTIPATH + 1] = {0};
	struct found found = {attributes, RTA_MULTIPATH};

	if (message->nlmsg_type != RTM_NEWROUTE)
		return 0;
	const struct rtmsg *head = mnl_nlmsg_get_payload(message);
	if (mnl_attr_parse(message, sizeof *head, keep, &found) < 0)
		return -EBADMSG;
	if (head->rtm_type != RTN_UNICAST || (head->rtm_flags & RTM_F_CLONED))
		return 0;
	if (attributes[RTA_MULTIPATH])
		return visit_hops(context, head->rtm_family, attributes[RTA_MULTIPATH]);
	return attributes[RTA_OIF]
		       ? visit_hop(context, head->rtm_family, mnl_attr_get_u32(attributes[RTA_OIF]),
				 attributes[RTA_GATEWAY])
		       : 0;
}

int way_list_routers(way_visit *visit, void *context)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	struct tour tour = {visit, context};
	union netlink_buffer buffer;
	int result = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(families) && result == 0; i++)
		for (unsigned tries = 0; tries < LIST_TRIES; tries++) {
			struct rtmsg *head =
				netlink_begin(&buffer, RTM_GETROUTE, NLM_F_DUMP, sizeof *head);
			head->rtm_family = families[i];
			result = netlink_list(&buffer, visit_route, &tour);
			if (result != -EINTR)
				break;
		}
	return result;
}
