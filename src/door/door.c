/* SPDX-License-Identifier: ISC */
#include "door/door.h"

#include "base/error.h"
#include "door/layout.h"
#include "door/program.h"
#include "net/outerlink.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TC_PRIORITY = 1, /* before other filters of this host: most of this traffic ends here */
	TC_HANDLE = 0x7ace0000, /* and the tunnel's name in the lower half: a door for each */
	LINKS_MAX = OUTERLINKS_MAX,
};

/* A program in a driver; its link is ours, and goes with us. */
struct xdp_link {
	unsigned ifindex;
	struct bpf_link *link;
};

_Static_assert((int)OUTERLINKS_MAX == (int)DOOR_PLACES_MAX, "as many as can be listed");

struct door {
	struct door_config config;
	char interface[32]; /* config.interface */
	struct bpf_object *object;
	struct bpf_program *program; /* at interfaces */
	uint32_t program_id;
	int tap_fd;
	struct keeper_maps maps;
	struct xdp_link xdp_links[LINKS_MAX];
	size_t xdp_count;
};

/* The program's name in the object; what is not loaded costs nothing. */
static const char *const programs[] = {
	[DOOR_TC] = "door_tc",
	[DOOR_XDP] = "door_xdp",
	[DOOR_HIDDEN] = "door_wall",
};

/* ---- what libbpf says ---- */

/* Its last complaint in one line; it has one channel for all that it does. */
static _Thread_local char complaint[DOOR_ERROR_SIZE];

static __attribute__((format(printf, 2, 0))) int keep_complaint(
	enum libbpf_print_level level, const char *format, va_list arguments)
{
	if (level != LIBBPF_WARN)
		return 0;
	char line[DOOR_ERROR_SIZE];
	(void)vsnprintf(line, sizeof line, format, arguments); /* may be cut */
	line[strcspn(line, "\n")] = '\0';
	if (!complaint[0])
		memcpy(complaint, line, sizeof complaint);
	return 0;
}

static void listen_to_libbpf(void)
{
	complaint[0] = '\0';
	(void)libbpf_set_print(keep_complaint); /* the former one is its own, to stderr */
}

/* ---- loading ---- */

static struct bpf_map *map_of(struct door *door, const char *name)
{
	return bpf_object__find_map_by_name(door->object, name);
}

/* Sizes, which must be said before it is loaded. -errno. */
static int set_sizes(struct door *door)
{
	int processors = libbpf_num_possible_cpus();

	if (processors < 0)
		return processors;
	door->maps.processors = (uint32_t)processors;
	door->maps.live_bits = door->config.live_bits ? door->config.live_bits : DOOR_LIVE_BITS;
	if (door->maps.live_bits < DOOR_LIVE_BITS_MIN || door->maps.live_bits > DOOR_LIVE_BITS_MAX)
		return -EINVAL;
	int err = bpf_map__set_max_entries(
		map_of(door, "door_live"), (1U << door->maps.live_bits) / DOOR_LIVE_GROUP);
	return err < 0 ? err
		       : bpf_map__set_max_entries(
				 map_of(door, "door_counts"), door->maps.processors);
}

/* Only the programs that this kind needs: an old kernel may refuse one that it does not. */
static int choose_programs(struct door *door)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, door->object)
	{
		const char *name = bpf_program__name(program);
		bool is_ours = strcmp(name, programs[door->config.kind]) == 0;
		bool is_tap = door->config.kind == DOOR_HIDDEN && strcmp(name, "door_tap") == 0;
		int err = bpf_program__set_autoload(program, is_ours || is_tap);
		if (err < 0)
			return err;
		if (is_ours)
			door->program = program;
	}
	return door->program ? 0 : -ENOENT;
}

static int program_id(int fd, uint32_t *ret_id)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof info;
	int err = bpf_obj_get_info_by_fd(fd, &info, &size);

	if (err < 0)
		return err;
	*ret_id = info.id;
	return 0;
}

static int load(struct door *door)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "tacet_door");

	door->object = bpf_object__open_mem(door_program, door_program_size, &options);
	if (!door->object)
		return -errno;
	int err = set_sizes(door);
	if (err == 0)
		err = choose_programs(door);
	if (err == 0)
		err = bpf_object__load(door->object);
	if (err < 0)
		return err;
	door->maps.shared_fd = bpf_map__fd(map_of(door, "door_shared"));
	door->maps.live_fd = bpf_map__fd(map_of(door, "door_live"));
	door->maps.counts_fd = bpf_map__fd(map_of(door, "door_counts"));
	if (door->config.kind == DOOR_HIDDEN)
		door->tap_fd =
			bpf_program__fd(bpf_object__find_program_by_name(door->object, "door_tap"));
	return program_id(bpf_program__fd(door->program), &door->program_id);
}

int door_open(const struct door_config *config, struct door **ret_door,
	char ret_error[static DOOR_ERROR_SIZE])
{
	struct door *door = calloc(1, sizeof *door);

	if (!door)
		return -ENOMEM;
	listen_to_libbpf();
	door->config = *config;
	door->tap_fd = -1;
	(void)snprintf(door->interface, sizeof door->interface, "%s", config->interface); /* fits */
	int err = load(door);
	memcpy(ret_error, complaint, DOOR_ERROR_SIZE);
	if (err < 0) {
		bpf_object__close(door->object);
		free(door);
		return err;
	}
	*ret_door = door;
	return 0;
}

struct keeper_maps door_maps(const struct door *door)
{
	return door->maps;
}

int door_tap_fd(const struct door *door)
{
	return door->tap_fd;
}

int door_places_fd(const struct door *door)
{
	return bpf_map__fd(bpf_object__find_map_by_name(door->object, "door_places"));
}

int door_program_fd(const struct door *door)
{
	return bpf_program__fd(door->program);
}

/* ---- tc ---- */

/* Of the tunnel's name: doors of several tunnels on one host are several filters. FNV-1a, folded.
 */
static uint32_t handle_of(const char *interface)
{
	uint32_t hash = 2166136261U;

	for (; *interface; interface++)
		hash = (hash ^ (uint8_t)*interface) * 16777619U;
	return TC_HANDLE | ((hash >> 16 ^ hash) & 0xffff);
}

static int attach_tc(const struct door *door, unsigned ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(
		bpf_tc_opts, found, .handle = handle_of(door->interface), .priority = TC_PRIORITY);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = handle_of(door->interface),
		.priority = TC_PRIORITY, .prog_fd = bpf_program__fd(door->program),
		.flags = BPF_TC_F_REPLACE);

	if (bpf_tc_query(&hook, &found) == 0 && found.prog_id == door->program_id)
		return 0;
	int err = bpf_tc_hook_create(&hook);
	if (err < 0 && err != -EEXIST)
		return err;
	return bpf_tc_attach(&hook, &options);
}

static void detach_tc(const char *interface, unsigned ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = handle_of(interface), .priority = TC_PRIORITY);

	(void)bpf_tc_detach(&hook, &options); /* it may never have been there */
}

/* ---- XDP ---- */

/* Forgets the links of interfaces that are gone: their programs went with them. */
static void forget_gone(struct door *door, const struct outerlink *links, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < door->xdp_count; i++) {
		struct xdp_link *link = &door->xdp_links[i];
		size_t at = 0;
		while (at < count && links[at].index != link->ifindex)
			at++;
		if (at < count)
			door->xdp_links[kept++] = *link;
		else
			(void)bpf_link__destroy(link->link); /* nothing is left to detach */
	}
	door->xdp_count = kept;
}

static int attach_xdp(struct door *door, unsigned ifindex)
{
	for (size_t i = 0; i < door->xdp_count; i++) {
		if (door->xdp_links[i].ifindex == ifindex)
			return 0;
	}
	if (door->xdp_count == LINKS_MAX)
		return -ENOSPC;
	struct bpf_link *link = bpf_program__attach_xdp(door->program, (int)ifindex);
	if (!link)
		return -errno;
	door->xdp_links[door->xdp_count++] = (struct xdp_link){ifindex, link};
	return 0;
}

/* ---- all interfaces ---- */

/* How long the link header is that stands before what comes by such a link. */
static uint32_t header_size(uint16_t type)
{
	switch (type) {
	case ARPHRD_ETHER:
		return ETH_HLEN;
	case ARPHRD_NONE:
	case ARPHRD_RAWIP:
	case ARPHRD_PPP:
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
	case ARPHRD_IPGRE:
	case ARPHRD_IP6GRE:
		return 0;
	}
	return DOOR_HEADER_UNKNOWN;
}

/*
 * At tc the program needs to know the link before it judges; but hidden reception is not to see
 * what the wall does not keep from the kernel yet.
 */
static int attach_with_place(struct door *door, const struct outerlink *link)
{
	uint32_t key = link->index, value = header_size(link->type);

	if (door->config.kind == DOOR_HIDDEN) {
		int err = attach_tc(door, link->index);
		if (err < 0)
			return err;
	}
	if (bpf_map_update_elem(door_places_fd(door), &key, &value, BPF_ANY) < 0)
		return -errno;
	return door->config.kind == DOOR_HIDDEN ? 0 : attach_tc(door, link->index);
}

static int attach(struct door *door, const struct outerlink *link)
{
	return door->config.kind == DOOR_XDP ? attach_xdp(door, link->index)
					     : attach_with_place(door, link);
}

int door_attach(struct door *door, unsigned *ret_count)
{
	static struct outerlink links[OUTERLINKS_MAX];
	int first_error = 0;
	unsigned attached = 0;
	int count = outerlink_list(door->interface, links);

	if (count < 0)
		return count;
	listen_to_libbpf();
	if (door->config.kind == DOOR_XDP)
		forget_gone(door, links, (size_t)count);
	for (int i = 0; i < count; i++) {
		int err = attach(door, &links[i]);
		if (err == 0)
			attached++;
		else if (err != -ENODEV && first_error == 0) /* it may have gone meanwhile */
			first_error = err;
	}
	*ret_count = attached;
	return first_error;
}

void door_sweep(const char *interface)
{
	static struct outerlink links[OUTERLINKS_MAX];
	int count = outerlink_list(interface, links);

	listen_to_libbpf();
	for (int i = 0; i < count; i++)
		detach_tc(interface, links[i].index);
}

void door_close(struct door *door)
{
	if (!door)
		return;
	if (door->config.kind == DOOR_XDP)
		forget_gone(door, NULL, 0);
	else
		door_sweep(door->interface);
	bpf_object__close(door->object);
	free(door);
}
