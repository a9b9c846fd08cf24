/* SPDX-License-Identifier: ISC */
#include "net/tun.h"

#include "base/memory.h"
#include "net/netlink.h"
#include "net/tun_state.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* libc's <net/if.h> and <linux/if_link.h> do not go together. */
#include <linux/if_link.h>

_Static_assert(TUN_NAME_SIZE == IF_NAMESIZE, "the kernel's names");

enum {
	/*
	 * Packets that wait in the device for us, as in an Ethernet card's. A TUN device has no
	 * backpressure, and its own 500 overflow before TCP slows down.
	 */
	QUEUE_PACKETS = 1000,
};

int tun_name_check(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_=+.-";
	size_t length = strnlen(name, TUN_NAME_SIZE);

	if (length == 0 || length == TUN_NAME_SIZE)
		return -EINVAL;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return -EINVAL;
	return strspn(name, allowed) == length ? 0 : -EINVAL;
}

/* Opens one queue of the device; creates the device where it is not there. -errno. */
static int open_queue(const char *name, int flags, int *ret_fd)
{
	struct ifreq request = {.ifr_flags = (short)flags};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return errno == EACCES ? -EPERM : -errno;
	memcpy(request.ifr_name, name, TUN_NAME_SIZE);
	if (ioctl(fd, TUNSETIFF, &request) < 0) {
		int result = -errno;
		(void)close(fd); /* nothing was written */
		return result;
	}
	*ret_fd = fd;
	return 0;
}

static void close_queues(struct tun *tun)
{
	while (tun->queue_count > 0)
		(void)close(tun->queues[--tun->queue_count].fd); /* a device: all is written */
}

/*
 * Opens all queues; `exclusive` is IFF_TUN_EXCL where the first one must find the name free.
 * -errno; what is open stays so.
 */
static int open_queues(struct tun *tun, unsigned queue_count, int exclusive)
{
	int flags = IFF_TUN | IFF_NO_PI | (queue_count > 1 ? IFF_MULTI_QUEUE : 0) |
		    (tun->has_headers ? IFF_VNET_HDR : 0);
	int result = open_queue(tun->name, flags | exclusive, &tun->queues[0].fd);

	if (result == -EBUSY && exclusive)
		return -EEXIST;
	while (result == 0 && ++tun->queue_count < queue_count)
		result = open_queue(tun->name, flags, &tun->queues[tun->queue_count].fd);
	return result;
}

/*
 * The same, with the headers of super-packets where the kernel has them and without them where it
 * has not, and agrees on offloads.
 */
static int open_device(struct tun *tun, unsigned queue_count, int exclusive)
{
	tun->has_headers = true;
	int result = open_queues(tun, queue_count, exclusive);

	if (result == 0 && tun_offload_prepare(tun) < 0) {
		close_queues(tun);
		tun->has_headers = false;
		result = open_queues(tun, queue_count, exclusive);
	}
	if (result == 0)
		tun_offload_agree(tun);
	return result;
}

/* Starts a request that changes the device. */
static void begin_change(union netlink_buffer *buffer, const struct tun *tun)
{
	(void)netlink_begin(buffer, RTM_NEWLINK, NLM_F_ACK, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(&buffer->header, IFLA_IFNAME, tun->name);
}

/* The default MTU and the length of the queue. -errno. */
static int set_sizes(const struct tun *tun)
{
	union netlink_buffer buffer;

	begin_change(&buffer, tun);
	mnl_attr_put_u32(&buffer.header, IFLA_MTU, TUN_DEFAULT_MTU);
	mnl_attr_put_u32(&buffer.header, IFLA_TXQLEN, QUEUE_PACKETS);
	return netlink_ask(&buffer);
}

/*
 * Keeps the kernel from giving the device a link-local address when it comes up, and from asking
 * for routers and groups by it: a peer that is allowed ::/0 would get these, and a handshake that
 * nobody asked for. As kernel WireGuard (wg_open). -errno.
 */
static int silence_ipv6(const struct tun *tun)
{
	union netlink_buffer buffer;
	struct nlattr *spec, *ipv6;

	begin_change(&buffer, tun);
	spec = mnl_attr_nest_start(&buffer.header, IFLA_AF_SPEC);
	ipv6 = mnl_attr_nest_start(&buffer.header, AF_INET6);
	mnl_attr_put_u8(&buffer.header, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(&buffer.header, ipv6);
	mnl_attr_nest_end(&buffer.header, spec);
	return netlink_ask(&buffer);
}

/* Checks the arguments; nothing is open yet. -EINVAL. */
static int begin(const char *name, unsigned queue_count, struct tun **ret_tun)
{
	struct tun *tun;
	int result = tun_name_check(name);

	if (result < 0)
		return result;
	if (queue_count == 0 || queue_count > TUN_QUEUES_MAX)
		return -EINVAL;
	tun = memory_new(1, sizeof *tun + queue_count * sizeof tun->queues[0]);
	memcpy(tun->name, name, strlen(name));
	*ret_tun = tun;
	return 0;
}

/* Whether the device was there before: one that opening has just made would not stay. */
static bool is_kept(const struct tun *tun)
{
	struct ifreq request = {0};

	return ioctl(tun->queues[0].fd, TUNGETIFF, &request) == 0 &&
	       request.ifr_flags & IFF_PERSIST;
}

int tun_attach(const char *name, unsigned queue_count, struct tun **ret_tun)
{
	struct tun *tun;
	int result = begin(name, queue_count, &tun);

	if (result < 0)
		return result;
	result = open_device(tun, queue_count, 0);
	if (result == 0 && !is_kept(tun))
		result = -ENODEV;
	if (result < 0) {
		tun_close(tun);
		return result;
	}
	*ret_tun = tun;
	return 0;
}

int tun_keep(struct tun *tun)
{
	return ioctl(tun->queues[0].fd, TUNSETPERSIST, 1) < 0 ? -errno : 0;
}

int tun_open(const char *name, unsigned queue_count, struct tun **ret_tun)
{
	struct tun *tun;
	int result = begin(name, queue_count, &tun);

	if (result < 0)
		return result;
	result = open_device(tun, queue_count, IFF_TUN_EXCL);
	if (result == 0)
		result = set_sizes(tun);
	if (result < 0) {
		tun_close(tun);
		return result;
	}
	(void)silence_ipv6(tun); /* fails where there is no IPv6 to be silenced */
	*ret_tun = tun;
	return 0;
}

void tun_close(struct tun *tun)
{
	if (!tun)
		return;
	close_queues(tun);
	free(tun);
}

const char *tun_name(const struct tun *tun)
{
	return tun->name;
}

int tun_fd(const struct tun *tun, unsigned queue)
{
	assert(queue < tun->queue_count);
	return tun->queues[queue].fd;
}
