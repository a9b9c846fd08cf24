/* SPDX-License-Identifier: ISC */
#include "prover/place.h"

#include "base/clock.h"
#include "net/way.h"

#include <errno.h>
#include <net/if.h>
#include <time.h>

enum {
	PAUSE_MS = 20,
};

bool place_is_host(const struct address *target)
{
	static const struct address loopback6 = {.family = ADDRESS_IPV6, .bytes = {[15] = 1}};
	static const struct address nobody6 = {.family = ADDRESS_IPV6};

	if (target->family == ADDRESS_IPV4)
		return target->bytes[0] != 0 && target->bytes[0] != 127 && target->bytes[0] < 224;
	return target->family == ADDRESS_IPV6 && target->bytes[0] != 0xff &&
	       !address_equal(target, &loopback6) && !address_equal(target, &nobody6);
}

/* Waits until the kernel knows the link address of the next hop. */
static int find_hop(
	const struct way *way, const struct address *hop, uint8_t ret_mac[static SCENE_MAC_SIZE])
{
	const struct timespec pause = {.tv_nsec = (long)PAUSE_MS * NS_PER_MS};
	int err = way_neighbour(way->ifindex, hop, ret_mac);

	if (err != -ENOENT)
		return err;
	err = way_seek(way->ifindex, hop);
	for (int ms = 0; err == 0 && ms < PLACE_PATIENCE_MS; ms += PAUSE_MS) {
		if (way_neighbour(way->ifindex, hop, ret_mac) == 0)
			return 0;
		(void)nanosleep(&pause, NULL); /* woken early: looks earlier */
	}
	return err < 0 ? err : -EHOSTUNREACH;
}

int place_find(
	const struct address *target, const struct place_wish *wish, struct scene_path *ret_path)
{
	struct scene_path path = {.is_there = true, .target = *target};
	struct way way;
	unsigned ifindex = 0;

	if (!place_is_host(target))
		return -EDESTADDRREQ;
	if (wish->interface)
		ifindex = if_nametoindex(wish->interface);
	if (wish->interface && ifindex == 0)
		return -ENODEV;
	int err = way_find(target, ifindex, &way);
	if (err < 0)
		return err;
	if (way.source.family == ADDRESS_NONE)
		return -EADDRNOTAVAIL;
	path.source = way.source;
	path.router = way.router;
	path.is_on_link = way.router.family == ADDRESS_NONE;
	path.ifindex = way.ifindex;
	memcpy(path.interface, way.interface, sizeof path.interface);
	memcpy(path.own, way.own, sizeof path.own);
	if (wish->mac)
		memcpy(path.hop, wish->mac, sizeof path.hop);
	else
		err = find_hop(&way, path.is_on_link ? target : &way.router, path.hop);
	if (err == 0)
		*ret_path = path;
	return err;
}
