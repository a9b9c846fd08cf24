/* SPDX-License-Identifier: ISC */
/*
 * Who is spoken to on the link whatever happens: the routers of this host, and whom the
 * administrator names. Each is known by its link address, so that nobody answers in its place.
 */
#pragma once

#include "base/address.h"

#include <net/if.h>

struct rules_faces;

enum {
	NEIGHBOURS_MAX = 32,
	NEIGHBOUR_MAC_SIZE = 6,
	NEIGHBOUR_MAC_TEXT_SIZE = 18, /* "02:00:00:00:00:01", with its zero */
};

struct neighbour {
	struct address address;
	uint8_t mac[NEIGHBOUR_MAC_SIZE];
	bool has_mac;  /* it has been heard of on the link */
	bool is_named; /* by the administrator; else a router that was found */
};

struct neighbours {
	struct neighbour list[NEIGHBOURS_MAX];
	size_t count;
};

/* Whether to ask on the link for those whose link address is not known, and wait for it. */
enum neighbour_search {
	NEIGHBOUR_LOOK, /* what the kernel knows, and what we knew before */
	NEIGHBOUR_ASK,
};

/*
 * Brings a list up to date: those that are named stay, routers by outer interfaces are added, link
 * addresses become those of now; where none is known the one before stays, and routers that were
 * found before stay where no route names one (before the network is there). May wait for two
 * seconds. -E2BIG; -errno.
 */
int neighbours_update(struct neighbours *neighbours, const struct rules_faces *outer,
	enum neighbour_search search) must_check;

/* Adds one by name, once. -E2BIG. */
int neighbours_name(struct neighbours *neighbours, const struct address *address) must_check;

bool neighbours_has(const struct neighbours *neighbours, const struct address *address);

/* Whether an address is reached without a router, and not by the interface of that name. */
bool neighbour_is_on_link(const struct address *address, const char *tunnel);

/* How many of a family (ADDRESS_NONE: any) are known by their link addresses. */
size_t neighbours_count(const struct neighbours *neighbours, enum address_family family);

/* Writes "02:00:00:00:00:01"; returns ret_text. */
char *neighbour_format_mac(const uint8_t mac[static NEIGHBOUR_MAC_SIZE],
	char ret_text[static NEIGHBOUR_MAC_TEXT_SIZE]);

/* Reads that. ERR_SYNTAX. */
int neighbour_parse_mac(const char *text, uint8_t ret_mac[static NEIGHBOUR_MAC_SIZE]) must_check;
