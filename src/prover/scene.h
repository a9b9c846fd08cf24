/* SPDX-License-Identifier: ISC */
/* Where a proof plays: who asks, who is asked, by which way. Filled once, then only read. */
#pragma once

#include "base/address.h"
#include "crypto/blake2s.h"

enum {
	SCENE_MAC_SIZE = 6,
	SCENE_OVERLAYS_MAX = 8,
	SCENE_INTERFACE_SIZE = 16,
};

/* One way to the target: by IPv4 or by IPv6. */
struct scene_path {
	bool is_there;
	bool is_on_link;	     /* no router between */
	struct address target;	     /* whom we ask */
	struct address source;	     /* who we are */
	uint8_t hop[SCENE_MAC_SIZE]; /* of the target, or of the router towards it */
	struct address router;	     /* ADDRESS_NONE where it is on the link */
	char interface[SCENE_INTERFACE_SIZE];
	uint32_t ifindex;
	uint8_t own[SCENE_MAC_SIZE]; /* our link address */
};

struct scene {
	struct scene_path ipv4, ipv6;
	uint16_t port;	       /* the tunnel's */
	uint16_t control_port; /* one that the firewall drops */
	bool has_key;
	uint8_t mac1_key[BLAKE2S_HASH_SIZE]; /* HASH("mac1----" || the server's public key) */
	struct address overlays[SCENE_OVERLAYS_MAX];
	size_t overlay_count;
};

/* The path of a family; never NULL. */
static inline const struct scene_path *scene_path(const struct scene *scene, uint8_t family)
{
	return family == ADDRESS_IPV6 ? &scene->ipv6 : &scene->ipv4;
}

/* The first overlay address of a family; NULL: none was given. */
static inline const struct address *scene_overlay(const struct scene *scene, uint8_t family)
{
	for (size_t i = 0; i < scene->overlay_count; i++) {
		if (scene->overlays[i].family == family)
			return &scene->overlays[i];
	}
	return NULL;
}
