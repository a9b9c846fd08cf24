/* SPDX-License-Identifier: ISC */
/*
 * What a TUN device and we do for each other. The kernel refuses flags that it does not know, so
 * it is offered less and less.
 */
#include "net/tun_state.h"

#include <errno.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>

/* Since Linux 6.2, and so not in all headers; both or neither (kernel set_offload()). */
enum {
	OFFLOAD_USO4 = 0x20,
	OFFLOAD_USO6 = 0x40,
};

static const struct {
	unsigned takes; /* what the kernel may leave to us */
	unsigned joins; /* what a kernel that knows these takes from us */
} offers[] = {
	{TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN | OFFLOAD_USO4 | OFFLOAD_USO6,
		COALESCE_TCP | COALESCE_UDP},
	{TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN, COALESCE_TCP},
	{TUN_F_CSUM, 0},
	{0, 0},
};

int tun_offload_prepare(struct tun *tun)
{
	int fd = tun->queues[0].fd, size = VNET_HEADER_SIZE, is_little_endian = 1;
	unsigned features;

	if (ioctl(fd, TUNGETFEATURES, &features) < 0)
		return -errno;
	if (!(features & IFF_VNET_HDR))
		return -EOPNOTSUPP;
	if (ioctl(fd, TUNSETVNETHDRSZ, &size) < 0)
		return -errno;
	return ioctl(fd, TUNSETVNETLE, &is_little_endian) < 0 ? -errno : 0;
}

void tun_offload_agree(struct tun *tun)
{
	size_t last = ARRAY_LENGTH(offers) - 1;
	size_t i = tun->has_headers ? 0 : last;

	while (i < last &&
		ioctl(tun->queues[0].fd, TUNSETOFFLOAD, (unsigned long)offers[i].takes) < 0)
		i++;
	if (i == last)
		(void)ioctl(tun->queues[0].fd, TUNSETOFFLOAD, 0UL); /* as a new device has it */
	tun->joins = offers[i].joins;
}
