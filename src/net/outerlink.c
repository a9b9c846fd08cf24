/* SPDX-License-Identifier: ISC */
#include "net/outerlink.h"

#include "net/netlink.h"

#include <errno.h>
#include <linux/if.h>
#include <stdbool.h>
#include <string.h>

struct list {
	const char *ignored;
	struct outerlink *links;
	size_t count;
};

/* What one interface says of itself. */
struct link_words {
	const char *name;
	const char *master_kind; /* "": it has no master */
};

static const char *text_of(const struct nlattr *attribute)
{
	return mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0 ? mnl_attr_get_str(attribute)
								      : "";
}

static int keep_kind(const struct nlattr *attribute, void *context)
{
	struct link_words *words = context;

	if (mnl_attr_get_type(attribute) == IFLA_INFO_SLAVE_KIND)
		words->master_kind = text_of(attribute);
	return MNL_CB_OK;
}

static int keep_words(const struct nlattr *attribute, void *context)
{
	struct link_words *words = context;

	if (mnl_attr_get_type(attribute) == IFLA_IFNAME)
		words->name = text_of(attribute);
	if (mnl_attr_get_type(attribute) == IFLA_LINKINFO)
		return mnl_attr_parse_nested(attribute, keep_kind, context);
	return MNL_CB_OK;
}

/* A port's packets come again from its master; one of a VRF is as any other. */
static bool is_port(const struct link_words *words)
{
	return words->master_kind[0] && strcmp(words->master_kind, "vrf") != 0;
}

static int visit(void *context, const struct nlmsghdr *message)
{
	struct list *list = context;
	struct link_words words = {"", ""};
	struct ifinfomsg link;

	if (message->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(message) < sizeof link)
		return 0;
	memcpy(&link, mnl_nlmsg_get_payload(message), sizeof link);
	if (mnl_attr_parse(message, sizeof link, keep_words, &words) < 0)
		return 0; /* the kernel's are well-formed */
	if ((link.ifi_flags & IFF_LOOPBACK) || is_port(&words) ||
		strcmp(words.name, list->ignored) == 0)
		return 0;
	if (list->count == OUTERLINKS_MAX)
		return -ENOSPC;
	list->links[list->count++] = (struct outerlink){(unsigned)link.ifi_index, link.ifi_type};
	return 0;
}

int outerlink_list(const char *ignored_interface, struct outerlink ret_links[static OUTERLINKS_MAX])
{
	union netlink_buffer buffer;
	struct list list;
	int err;

	do {
		list = (struct list){.ignored = ignored_interface, .links = ret_links};
		(void)netlink_begin(&buffer, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
		err = netlink_list(&buffer, visit, &list);
	} while (err == -EINTR);
	return err < 0 ? err : (int)list.count;
}
