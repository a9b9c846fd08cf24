/* SPDX-License-Identifier: ISC */
#include "harden/neighbour.h"

#include "base/clock.h"
#include "base/error.h"
#include "harden/face.h"
#include "net/way.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

enum {
	WAIT_MS = 2000, /* for neighbours that are asked */
	LOOK_MS = 20,
};

_Static_assert((int)NEIGHBOUR_MAC_SIZE == (int)WAY_MAC_SIZE, "they are the same");

/* What is found in one round. */
struct round {
	struct neighbours *neighbours;
	const struct rules_faces *outer;
	uint32_t ifindex[NEIGHBOURS_MAX]; /* by which each is reached; 0: not known */
	bool is_current[NEIGHBOURS_MAX];  /* a route names it now */
};

static size_t find(const struct neighbours *neighbours, const struct address *address)
{
	size_t at = 0;

	while (at < neighbours->count && !address_equal(&neighbours->list[at].address, address))
		at++;
	return at;
}

/* Its place in the list. -E2BIG. */
static int add(struct neighbours *neighbours, const struct address *address)
{
	size_t at = find(neighbours, address);

	if (at == NEIGHBOURS_MAX)
		return -E2BIG;
	if (at == neighbours->count) {
		neighbours->list[at] = (struct neighbour){.address = *address};
		neighbours->count++;
	}
	return (int)at;
}

int neighbours_name(struct neighbours *neighbours, const struct address *address)
{
	int at = add(neighbours, address);

	if (at < 0)
		return at;
	neighbours->list[at].is_named = true;
	return 0;
}

bool neighbours_has(const struct neighbours *neighbours, const struct address *address)
{
	return find(neighbours, address) < neighbours->count;
}

bool neighbour_is_on_link(const struct address *address, const char *tunnel)
{
	struct way way;

	return way_find(address, 0, &way) == 0 && way.router.family == ADDRESS_NONE &&
	       strcmp(way.interface, tunnel) != 0;
}

size_t neighbours_count(const struct neighbours *neighbours, enum address_family family)
{
	size_t count = 0;

	for (size_t i = 0; i < neighbours->count; i++)
		if (neighbours->list[i].has_mac &&
			(family == ADDRESS_NONE || neighbours->list[i].address.family == family))
			count++;
	return count;
}

static int see_router(void *context, uint32_t ifindex, const struct address *router)
{
	struct round *round = context;
	char name[IF_NAMESIZE];

	if (!if_indextoname(ifindex, name) || !face_has(round->outer, name))
		return 0;
	int at = add(round->neighbours, router);
	if (at < 0)
		return at;
	round->ifindex[at] = ifindex;
	round->is_current[at] = true;
	return 0;
}

/* By which interface those are reached that no route leads through. */
static void place_named(struct round *round)
{
	struct way way;

	for (size_t i = 0; i < round->neighbours->count; i++)
		if (round->ifindex[i] == 0 &&
			way_find(&round->neighbours->list[i].address, 0, &way) == 0 &&
			way.router.family == ADDRESS_NONE)
			round->ifindex[i] = way.ifindex;
}

/* Former routers make room for those of now, where there are any. */
static void drop_former(struct round *round)
{
	struct neighbours *neighbours = round->neighbours;
	size_t left = 0;
	bool has_any[ADDRESS_IPV6 + 1] = {false};

	for (size_t i = 0; i < neighbours->count; i++)
		has_any[neighbours->list[i].address.family] |= round->is_current[i];
	for (size_t i = 0; i < neighbours->count; i++) {
		const struct neighbour *one = &neighbours->list[i];
		if (!one->is_named && !round->is_current[i] && has_any[one->address.family])
			continue;
		round->ifindex[left] = round->ifindex[i];
		neighbours->list[left++] = *one;
	}
	neighbours->count = left;
}

/* Takes over link addresses that the kernel knows; how many it does not. */
static size_t look(struct round *round)
{
	size_t missing = 0;

	for (size_t i = 0; i < round->neighbours->count; i++) {
		struct neighbour *one = &round->neighbours->list[i];
		if (round->ifindex[i] == 0)
			continue;
		if (way_neighbour(round->ifindex[i], &one->address, one->mac) == 0)
			one->has_mac = true;
		else
			missing++;
	}
	return missing;
}

/* Has the kernel ask on the link, and waits. Who is silent stays unknown: no error. */
static void ask(struct round *round)
{
	static const struct timespec pause = {.tv_nsec = LOOK_MS * (long)NS_PER_MS};

	for (size_t i = 0; i < round->neighbours->count; i++)
		if (round->ifindex[i] != 0 &&
			way_seek(round->ifindex[i], &round->neighbours->list[i].address) < 0)
			round->ifindex[i] = 0; /* it cannot be asked for: not waited for */
	for (unsigned waited = 0; look(round) > 0 && waited < WAIT_MS; waited += LOOK_MS)
		(void)nanosleep(&pause, NULL); /* woken early, it looks once more */
}

int neighbours_update(struct neighbours *neighbours, const struct rules_faces *outer,
	enum neighbour_search search)
{
	struct round round = {.neighbours = neighbours, .outer = outer};

	int result = way_list_routers(see_router, &round);
	if (result < 0)
		return result;
	drop_former(&round);
	place_named(&round);
	if (look(&round) > 0 && search == NEIGHBOUR_ASK)
		ask(&round);
	return 0;
}

char *neighbour_format_mac(
	const uint8_t mac[static NEIGHBOUR_MAC_SIZE], char ret_text[static NEIGHBOUR_MAC_TEXT_SIZE])
{
	(void)snprintf(ret_text, NEIGHBOUR_MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0],
		mac[1], mac[2], mac[3], mac[4], mac[5]); /* it fits */
	return ret_text;
}

static int hex_value(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = digit ? strchr(digits, digit) : NULL;

	return at ? (int)(at - digits) : -1;
}

int neighbour_parse_mac(const char *text, uint8_t ret_mac[static NEIGHBOUR_MAC_SIZE])
{
	uint8_t mac[NEIGHBOUR_MAC_SIZE];

	if (strlen(text) != NEIGHBOUR_MAC_TEXT_SIZE - 1)
		return ERR_SYNTAX;
	for (size_t i = 0; i < sizeof mac; i++) {
		int high = hex_value(text[3 * i]), low = hex_value(text[3 * i + 1]);
		char end = text[3 * i + 2];
		if (high < 0 || low < 0 || end != (i + 1 < sizeof mac ? ':' : '\0'))
			return ERR_SYNTAX;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(ret_mac, mac, sizeof mac);
	return 0;
}
