/* SPDX-License-Identifier: ISC */
/* The device itself; its addresses and routes are in netif_entries.c. */
#include "net/netif.h"

#include "net/netlink.h"
#include "net/sysctl.h"
#include "net/tun.h"

#include <errno.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>

/* libc's <net/if.h> and <linux/if_link.h> do not go together. */
#include <linux/if_link.h>

enum {
	PATH_SIZE = 64, /* of a sysctl */
};

/* What the kernel says of a link; zero where it says nothing. */
struct kind {
	bool is_up;
	bool is_tun;
	uint8_t type, persists, has_information, is_multi_queue;
};

static int take_tun(const struct nlattr *attribute, void *context)
{
	struct kind *kind = context;
	uint8_t *places[IFLA_TUN_MAX + 1] = {
		[IFLA_TUN_TYPE] = &kind->type,
		[IFLA_TUN_PI] = &kind->has_information,
		[IFLA_TUN_PERSIST] = &kind->persists,
		[IFLA_TUN_MULTI_QUEUE] = &kind->is_multi_queue,
	};
	uint16_t type = mnl_attr_get_type(attribute);

	if (type <= IFLA_TUN_MAX && places[type] && mnl_attr_validate(attribute, MNL_TYPE_U8) == 0)
		*places[type] = mnl_attr_get_u8(attribute);
	return MNL_CB_OK;
}

static int take_information(const struct nlattr *attribute, void *context)
{
	struct kind *kind = context;

	if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND &&
		mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0)
		kind->is_tun = strcmp(mnl_attr_get_str(attribute), "tun") == 0;
	if (mnl_attr_get_type(attribute) == IFLA_INFO_DATA && kind->is_tun)
		(void)mnl_attr_parse_nested(attribute, take_tun, kind); /* never fails */
	return MNL_CB_OK;
}

static int take_link(const struct nlattr *attribute, void *context)
{
	if (mnl_attr_get_type(attribute) == IFLA_LINKINFO)
		(void)mnl_attr_parse_nested(attribute, take_information, context);
	return MNL_CB_OK;
}

/* What kind of a link it is. -ENODEV; -errno. */
static int read_kind(const char *name, struct kind *ret_kind)
{
	union netlink_buffer buffer;

	(void)netlink_begin(&buffer, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(&buffer.header, IFLA_IFNAME, name);
	mnl_attr_put_u32(&buffer.header, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	int result = netlink_ask(&buffer);
	if (result < 0)
		return result;
	if (mnl_nlmsg_get_payload_len(&buffer.header) < sizeof(struct ifinfomsg))
		return -EBADMSG;
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(&buffer.header);
	*ret_kind = (struct kind){.is_up = link->ifi_flags & IFF_UP};
	(void)mnl_attr_parse(&buffer.header, sizeof(struct ifinfomsg), take_link, ret_kind);
	return 0;
}

static int make(const char *name, unsigned queue_count)
{
	struct tun *tun;
	int result = tun_open(name, queue_count > 1 ? 2 : 1, &tun);

	if (result < 0)
		return result;
	result = tun_keep(tun);
	tun_close(tun);
	return result;
}

int netif_make_tun(const char *name, unsigned queue_count)
{
	struct kind kind;

	if (tun_name_check(name) < 0 || queue_count == 0 || queue_count > TUN_QUEUES_MAX)
		return -EINVAL;
	int result = read_kind(name, &kind);
	if (result == -ENODEV)
		return make(name, queue_count);
	if (result < 0)
		return result;
	bool is_ours = kind.is_tun && kind.type == IFF_TUN && kind.persists &&
		       !kind.has_information && kind.is_multi_queue == (queue_count > 1);
	return is_ours ? 0 : -EEXIST;
}

int netif_remove(const char *name)
{
	union netlink_buffer buffer;

	if (tun_name_check(name) < 0)
		return -EINVAL;
	(void)netlink_begin(&buffer, RTM_DELLINK, NLM_F_ACK, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(&buffer.header, IFLA_IFNAME, name);
	int result = netlink_ask(&buffer);
	return result == -ENODEV ? 0 : result;
}

int netif_set_up(const char *name, uint32_t mtu_bytes)
{
	union netlink_buffer buffer;

	if (tun_name_check(name) < 0)
		return -EINVAL;
	struct ifinfomsg *link =
		netlink_begin(&buffer, RTM_NEWLINK, NLM_F_ACK, sizeof(struct ifinfomsg));
	link->ifi_flags = link->ifi_change = IFF_UP;
	mnl_attr_put_strz(&buffer.header, IFLA_IFNAME, name);
	mnl_attr_put_u32(&buffer.header, IFLA_MTU, mtu_bytes);
	return netlink_ask(&buffer);
}

int netif_is_up(const char *name)
{
	struct kind kind;

	if (tun_name_check(name) < 0)
		return -EINVAL;
	int result = read_kind(name, &kind);
	return result < 0 ? result : kind.is_up;
}

int netif_admit_ipv6(const char *name)
{
	char path[PATH_SIZE];

	if (tun_name_check(name) < 0)
		return -EINVAL;
	(void)snprintf(path, sizeof path, "ipv6/conf/%s/disable_ipv6", name); /* fits */
	int result = sysctl_write(path, 0);
	return result == -ENOENT ? -ENODEV : result;
}
