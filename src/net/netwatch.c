/* SPDX-License-Identifier: ISC */
#include "net/netwatch.h"

#include "base/memory.h"
#include "net/netlink.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct netwatch {
	struct mnl_socket *socket;
	char ignored[IF_NAMESIZE]; /* by name: it may come and go */
	uint32_t ignored_ifindex;  /* 0: it is not there; as its notices say */
	union netlink_buffer buffer;
};

enum {
	GROUPS = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
		 RTMGRP_IPV6_ROUTE,
};

/* What is found in one message. */
struct notice {
	struct netwatch *watch;
	bool matters;
};

static int keep_interface(const struct nlattr *attribute, void *context)
{
	uint32_t *ifindex = context;

	if (mnl_attr_get_type(attribute) == RTA_OIF &&
		mnl_attr_validate(attribute, MNL_TYPE_U32) == 0)
		*ifindex = mnl_attr_get_u32(attribute);
	return MNL_CB_OK;
}

/* The interface that a notice is of; 0: none, or several. */
static uint32_t interface_of(const struct nlmsghdr *message)
{
	uint32_t ifindex = 0;

	if (message->nlmsg_type == RTM_NEWADDR || message->nlmsg_type == RTM_DELADDR) {
		struct ifaddrmsg address;
		if (mnl_nlmsg_get_payload_len(message) < sizeof address)
			return 0;
		memcpy(&address, mnl_nlmsg_get_payload(message), sizeof address);
		return address.ifa_index;
	}
	if (mnl_attr_parse(message, sizeof(struct rtmsg), keep_interface, &ifindex) < 0)
		return 0; /* the kernel's are well-formed */
	return ifindex;
}

static bool is_cached(const struct nlmsghdr *message)
{
	struct rtmsg route;

	if (message->nlmsg_type != RTM_NEWROUTE && message->nlmsg_type != RTM_DELROUTE)
		return false;
	if (mnl_nlmsg_get_payload_len(message) < sizeof route)
		return true;
	memcpy(&route, mnl_nlmsg_get_payload(message), sizeof route);
	return (route.rtm_flags & RTM_F_CLONED) != 0;
}

static int keep_name(const struct nlattr *attribute, void *context)
{
	const char **name = context;

	if (mnl_attr_get_type(attribute) == IFLA_IFNAME &&
		mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0)
		*name = mnl_attr_get_str(attribute);
	return MNL_CB_OK;
}

static bool is_link(const struct nlmsghdr *message)
{
	return message->nlmsg_type == RTM_NEWLINK || message->nlmsg_type == RTM_DELLINK;
}

/*
 * Whether an interface's notice is of the one that is ignored, whose index is kept: the kernel
 * says it before it says anything else of it, and a process in a sandbox cannot ask.
 */
static bool is_ignored_link(struct netwatch *watch, const struct nlmsghdr *message)
{
	struct ifinfomsg link;
	const char *name = "";

	if (mnl_nlmsg_get_payload_len(message) < sizeof link)
		return false;
	memcpy(&link, mnl_nlmsg_get_payload(message), sizeof link);
	if (mnl_attr_parse(message, sizeof link, keep_name, (void *)&name) < 0)
		return false; /* the kernel's are well-formed */
	bool is_of_index = (uint32_t)link.ifi_index == watch->ignored_ifindex;
	bool is_of_name = strcmp(name, watch->ignored) == 0;
	if (is_of_name)
		watch->ignored_ifindex = (uint32_t)link.ifi_index;
	if (is_of_index && (message->nlmsg_type == RTM_DELLINK || !is_of_name))
		watch->ignored_ifindex = 0; /* gone, or renamed */
	return is_of_name || is_of_index;
}

static int look_at(const struct nlmsghdr *message, void *context)
{
	struct notice *notice = context;

	if (is_link(message)) {
		if (!is_ignored_link(notice->watch, message))
			notice->matters = true;
		return MNL_CB_OK;
	}
	uint32_t ifindex = interface_of(message);
	if (is_cached(message) || (ifindex && ifindex == notice->watch->ignored_ifindex))
		return MNL_CB_OK;
	notice->matters = true;
	return MNL_CB_OK;
}

int netwatch_open(const char *ignored_interface, struct netwatch **ret_watch)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (!socket)
		return -errno;
	if (mnl_socket_bind(socket, GROUPS, MNL_SOCKET_AUTOPID) < 0) {
		int err = -errno;
		(void)mnl_socket_close(socket); /* the error is that of before */
		return err;
	}
	struct netwatch *watch = memory_new(1, sizeof *watch);
	watch->socket = socket;
	(void)snprintf(watch->ignored, sizeof watch->ignored, "%s", ignored_interface);
	watch->ignored_ifindex = if_nametoindex(ignored_interface);
	*ret_watch = watch;
	return 0;
}

void netwatch_close(struct netwatch *watch)
{
	if (!watch)
		return;
	(void)mnl_socket_close(watch->socket); /* nothing was written */
	free(watch);
}

int netwatch_fd(const struct netwatch *watch)
{
	return mnl_socket_get_fd(watch->socket);
}

int netwatch_read(struct netwatch *watch)
{
	struct notice notice = {.watch = watch};

	for (;;) {
		ssize_t size = mnl_socket_recvfrom(
			watch->socket, watch->buffer.bytes, sizeof watch->buffer.bytes);
		if (size < 0 && errno == EAGAIN)
			return notice.matters;
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0 && errno != ENOBUFS && errno != ENOSPC)
			return -errno;
		/* More happened than we could hear, or something says an error: look. */
		if (size < 0 ||
			mnl_cb_run(watch->buffer.bytes, (size_t)size, 0, 0, look_at, &notice) < 0)
			notice.matters = true;
	}
}
