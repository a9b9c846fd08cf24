/* SPDX-License-Identifier: ISC */
#include "net/link.h"

#include "base/memory.h"
#include "net/netlink.h"

#include <errno.h>
#include <linux/if_tun.h>
#include <linux/net_namespace.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* libc's <net/if.h> and <linux/if_link.h> do not go together. */
#include <linux/if_link.h>

enum {
	FOLLOW_TRIES = 16, /* moves and renames of the device while we look at it */
};

/* Where the device is, and what it is called there. */
struct place {
	int32_t namespace_id; /* as our namespace calls it; NETNSA_NSID_NOT_ASSIGNED: ours */
	char name[IF_NAMESIZE];
};

/*
 * One socket, in the namespace that we were opened in, hears of the links of all namespaces that
 * have an id there. So no thread ever enters another namespace, and none is kept alive by us: when
 * the last process leaves the device's one, the device goes with it.
 */
struct link {
	int tun_fd;	/* borrowed; says where the device is */
	int notices;	/* netlink socket */
	dev_t home_dev; /* with home_ino: our namespace */
	ino_t home_ino;
	int32_t namespace_id; /* of the device, as in struct place */
	int32_t ifindex;      /* of the device there; 0: it is gone */
	bool is_stale;	      /* the state must be asked for again */
	struct link_state state;
	union netlink_buffer buffer; /* for notices */
};

/* A request for the id of the namespace behind a descriptor, or (RTM_NEWNSID) to give it one. */
static int ask_namespace(uint16_t type, int namespace_fd, union netlink_buffer *buffer)
{
	uint16_t flags = type == RTM_NEWNSID ? NLM_F_ACK : 0;

	(void)netlink_begin(buffer, type, flags, sizeof(struct rtgenmsg));
	mnl_attr_put_u32(&buffer->header, NETNSA_FD, (uint32_t)namespace_fd);
	if (type == RTM_NEWNSID)
		mnl_attr_put_u32(&buffer->header, NETNSA_NSID, (uint32_t)NETNSA_NSID_NOT_ASSIGNED);
	return netlink_ask(buffer);
}

/* A 32-bit attribute that is looked for. */
struct wanted {
	uint16_t type;
	uint32_t value; /* before it is found: what to say when it is not there */
};

/* Called for each attribute of a message. */
static int keep_wanted(const struct nlattr *attribute, void *context)
{
	struct wanted *wanted = context;

	if (mnl_attr_get_type(attribute) == wanted->type &&
		mnl_attr_validate(attribute, MNL_TYPE_U32) == 0)
		wanted->value = mnl_attr_get_u32(attribute);
	return MNL_CB_OK;
}

/* The number in an attribute behind a family header of `size` bytes; or `otherwise`. */
static uint32_t number_in(
	const struct nlmsghdr *message, size_t size, uint16_t type, uint32_t otherwise)
{
	struct wanted wanted = {.type = type, .value = otherwise};

	(void)mnl_attr_parse(message, (unsigned)size, keep_wanted, &wanted); /* never fails */
	return wanted.value;
}

/* The namespace's id here; NETNSA_NSID_NOT_ASSIGNED: it has none yet. -errno. */
static int read_namespace_id(int namespace_fd, int32_t *ret_id)
{
	union netlink_buffer buffer;
	int result = ask_namespace(RTM_GETNSID, namespace_fd, &buffer);

	if (result < 0)
		return result;
	*ret_id = (int32_t)number_in(&buffer.header, sizeof(struct rtgenmsg), NETNSA_NSID,
		(uint32_t)NETNSA_NSID_NOT_ASSIGNED);
	return 0;
}

/* Finds the id of the namespace behind a descriptor; gives it one where it has none. -errno. */
static int identify(const struct link *link, int namespace_fd, int32_t *ret_id)
{
	union netlink_buffer buffer;
	struct stat status;
	int32_t id = NETNSA_NSID_NOT_ASSIGNED;

	if (fstat(namespace_fd, &status) < 0)
		return -errno;
	bool is_home = status.st_dev == link->home_dev && status.st_ino == link->home_ino;
	int result = read_namespace_id(namespace_fd, &id);
	if (result == 0 && id == NETNSA_NSID_NOT_ASSIGNED && !is_home) {
		result = ask_namespace(RTM_NEWNSID, namespace_fd, &buffer);
		if (result == 0 || result == -EEXIST) /* somebody else was faster */
			result = read_namespace_id(namespace_fd, &id);
	}
	if (result == 0)
		*ret_id = id;
	return result;
}

/* Where the device is now, by its own word. -ENODEV: nowhere any more; other -errno. */
static int locate(const struct link *link, struct place *ret_place)
{
	struct place place = {0};
	struct ifreq request = {0};
	int namespace_fd = ioctl(link->tun_fd, TUNGETDEVNETNS, 0);

	if (namespace_fd < 0) /* EBADFD: it is gone; EINVAL: it is going, with its namespace */
		return errno == EBADFD || errno == EINVAL ? -ENODEV : -errno;
	int result = identify(link, namespace_fd, &place.namespace_id);
	(void)close(namespace_fd); /* nothing was written */
	if (result < 0)
		return result;
	if (ioctl(link->tun_fd, TUNGETIFF, &request) < 0)
		return errno == EBADFD ? -ENODEV : -errno;
	memcpy(place.name, request.ifr_name, sizeof place.name);
	place.name[sizeof place.name - 1] = '\0';
	*ret_place = place;
	return 0;
}

/* Takes the state from a description of the device. */
static void take_state(struct link *link, const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);

	link->state.is_there = true;
	link->state.is_up = info->ifi_flags & IFF_UP;
	link->state.mtu_bytes = number_in(message, sizeof *info, IFLA_MTU, link->state.mtu_bytes);
}

/* Whether a message is long enough to describe a link, and is not of a bridge's port. */
static bool is_about_link(const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);

	return mnl_nlmsg_get_payload_len(message) >= sizeof *info && info->ifi_family == AF_UNSPEC;
}

/* Asks for the state of the device of that name there. -ENODEV, -EINVAL: not there (any more). */
static int ask_state(struct link *link, const struct place *place)
{
	union netlink_buffer buffer;

	(void)netlink_begin(&buffer, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(&buffer.header, IFLA_IFNAME, place->name);
	mnl_attr_put_u32(&buffer.header, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	if (place->namespace_id >= 0)
		mnl_attr_put_u32(
			&buffer.header, IFLA_TARGET_NETNSID, (uint32_t)place->namespace_id);
	int result = netlink_ask(&buffer);
	if (result < 0)
		return result;
	if (buffer.header.nlmsg_type != RTM_NEWLINK || !is_about_link(&buffer.header))
		return -EBADMSG;
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(&buffer.header);
	link->namespace_id = place->namespace_id;
	link->ifindex = info->ifi_index;
	take_state(link, &buffer.header);
	return 0;
}

/* The device is gone, for good: a new one of its name would not be ours. */
static void forget_device(struct link *link)
{
	link->ifindex = 0;
	link->state = (struct link_state){0};
}

/* Asks the device where it is, and the kernel how it is there, until both agree. -errno. */
static int follow(struct link *link)
{
	for (int tries = 0; tries < FOLLOW_TRIES; tries++) {
		struct place before = {0}, after = {0};
		int result = locate(link, &before);
		if (result == 0)
			result = ask_state(link, &before);
		bool was_there = result == 0;
		if (result == 0 || result == -ENODEV || result == -EINVAL)
			result = locate(link, &after);
		if (result == -ENODEV) {
			forget_device(link);
			return 0;
		}
		if (result < 0)
			return result;
		if (was_there && before.namespace_id == after.namespace_id &&
			strcmp(before.name, after.name) == 0)
			return 0;
	}
	return -ELOOP;
}

/* Joins one group of notices. -errno. */
static int join(int fd, unsigned group)
{
	int result = setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group);

	return result < 0 ? -errno : 0;
}

/* Remembers which namespace is ours: that of the socket. -errno. */
static int note_home(struct link *link)
{
	struct stat status;
	int result = 0;
	int fd = ioctl(link->notices, SIOCGSKNS, 0);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0)
		result = -errno;
	(void)close(fd); /* nothing was written */
	if (result == 0) {
		link->home_dev = status.st_dev;
		link->home_ino = status.st_ino;
	}
	return result;
}

/* Opens the socket that notices come by, before the first question: so none is missed. -errno. */
static int listen_for_notices(struct link *link)
{
	const struct sockaddr_nl any = {.nl_family = AF_NETLINK};
	const int on = 1;
	int result;

	link->notices = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (link->notices < 0)
		return -errno;
	/* Takes CAP_NET_BROADCAST, which a service may be without. */
	if (setsockopt(link->notices, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &on, sizeof on) < 0 &&
		errno != EPERM)
		return -errno;
	if (bind(link->notices, (const void *)&any, sizeof any) < 0) /* unbound hears nothing */
		return -errno;
	result = join(link->notices, RTNLGRP_LINK);
	if (result == 0)
		result = join(link->notices, RTNLGRP_NSID);
	return result < 0 ? result : note_home(link);
}

int link_open(const struct tun *tun, struct link **ret_link)
{
	struct link *link = memory_new(1, sizeof *link);
	int result;

	link->tun_fd = tun_fd(tun, 0);
	result = listen_for_notices(link);
	if (result == 0)
		result = follow(link);
	if (result < 0) {
		link_close(link);
		return result;
	}
	*ret_link = link;
	return 0;
}

void link_close(struct link *link)
{
	if (!link)
		return;
	if (link->notices >= 0)
		(void)close(link->notices); /* nothing was written */
	free(link);
}

int link_fd(const struct link *link)
{
	return link->notices;
}

/* The id of the namespace that a notice came from; not assigned: ours. */
static int32_t origin_of(struct msghdr *header)
{
	int32_t id = NETNSA_NSID_NOT_ASSIGNED;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		if (c->cmsg_level == SOL_NETLINK && c->cmsg_type == NETLINK_LISTEN_ALL_NSID &&
			c->cmsg_len >= CMSG_LEN(sizeof id))
			memcpy(&id, CMSG_DATA(c), sizeof id);
	}
	return id;
}

/* Takes in one notice. */
static void take_notice(struct link *link, const struct nlmsghdr *message, int32_t origin)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	uint32_t id;

	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		if (!is_about_link(message) || info->ifi_index != link->ifindex ||
			origin != link->namespace_id)
			return;
		if (message->nlmsg_type == RTM_DELLINK)
			link->is_stale = true; /* deleted, or moved */
		else
			take_state(link, message);
		return;
	case RTM_DELNSID: /* the last that is heard of a namespace; devices die in silence */
		id = number_in(message, sizeof(struct rtgenmsg), NETNSA_NSID, UINT32_MAX);
		if (link->namespace_id >= 0 && id == (uint32_t)link->namespace_id)
			link->is_stale = true;
		return;
	}
}

/* Receives one datagram of notices. Its size; -EAGAIN: there is none; other -errno. */
static ssize_t receive(struct link *link, int32_t *ret_origin)
{
	union {
		struct cmsghdr align;
		uint8_t bytes[CMSG_SPACE(sizeof(int32_t))];
	} control;
	struct iovec data = {.iov_base = &link->buffer, .iov_len = sizeof link->buffer};
	struct msghdr header = {.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control};
	ssize_t size = recvmsg(link->notices, &header, MSG_DONTWAIT);

	if (size < 0)
		return -errno;
	if (header.msg_flags & MSG_TRUNC)
		return -ENOBUFS; /* lost, as if there had been no room in the socket */
	*ret_origin = origin_of(&header);
	return size;
}

/* Takes in all notices that are there. -errno. */
static int drain(struct link *link)
{
	for (;;) {
		int32_t origin = NETNSA_NSID_NOT_ASSIGNED;
		ssize_t size = receive(link, &origin);
		if (size == -EAGAIN)
			return 0;
		if (size == -ENOBUFS)
			link->is_stale = true; /* some were lost */
		else if (size < 0 && size != -EINTR)
			return (int)size;
		int left = size > 0 ? (int)size : 0;
		const struct nlmsghdr *message = &link->buffer.header;
		while (mnl_nlmsg_ok(message, left)) {
			take_notice(link, message, origin);
			message = mnl_nlmsg_next(message, &left);
		}
	}
}

int link_read(struct link *link, struct link_state *ret_state)
{
	int result = drain(link);

	if (result == 0 && link->is_stale)
		result = follow(link);
	if (result < 0)
		return result;
	link->is_stale = false;
	*ret_state = link->state;
	return 0;
}
