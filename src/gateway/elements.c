/* SPDX-License-Identifier: ISC */
#include "gateway/elements.h"

#include "base/bytes.h"
#include "base/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

/* Lengths of the parts of keys and data, each padded to four bytes. */
enum {
	ROLE_BYTES = 4,
	IPV4_BYTES = 4,
	IPV6_BYTES = 16,
	PROTOCOL_BYTES = 4,
	PORT_BYTES = 4,
	FIRST_ELEMENTS = 64, /* that there is room for at first */
};

const struct nftset elements_sets[ELEMENTS_SETS] = {
	[ELEMENTS_ROLES4] = {"tacet", "roles4", IPV4_BYTES, ROLE_BYTES},
	[ELEMENTS_ROLES6] = {"tacet", "roles6", IPV6_BYTES, ROLE_BYTES},
	[ELEMENTS_GRANTS4] = {"tacet", "grants4",
		ROLE_BYTES + IPV4_BYTES + PROTOCOL_BYTES + PORT_BYTES, 0},
	[ELEMENTS_GRANTS6] = {"tacet", "grants6",
		ROLE_BYTES + IPV6_BYTES + PROTOCOL_BYTES + PORT_BYTES, 0},
	[ELEMENTS_TARGETS4] = {"tacet", "targets4", IPV4_BYTES + PROTOCOL_BYTES + PORT_BYTES,
		IPV4_BYTES + PORT_BYTES},
	[ELEMENTS_TARGETS6] = {"tacet", "targets6", IPV6_BYTES + PROTOCOL_BYTES + PORT_BYTES,
		IPV6_BYTES + PORT_BYTES},
};

_Static_assert(ROLE_BYTES + IPV6_BYTES + PROTOCOL_BYTES + PORT_BYTES == NFTSET_KEY_SIZE,
	"the longest key fits");
_Static_assert(IPV6_BYTES + PORT_BYTES == NFTSET_DATA_SIZE, "the longest data fits");

/* Writes an address; returns what is behind it. */
static uint8_t *put_address(uint8_t *at, const struct address *address)
{
	size_t size = address->family == ADDRESS_IPV4 ? IPV4_BYTES : IPV6_BYTES;

	memcpy(at, address->bytes, size);
	return at + size;
}

/* Writes address, protocol and port. */
static void put_endpoint(
	uint8_t *at, const struct address *address, uint8_t protocol, uint16_t port)
{
	at = put_address(at, address);
	*at = protocol;
	store_be16(at + PROTOCOL_BYTES, port);
}

struct nftset_element elements_device(const struct address *address)
{
	struct nftset_element element = {0};

	(void)put_address(element.key, address); /* nothing behind it */
	return element;
}

struct nftset_element elements_endpoint(const struct address *vip, uint8_t protocol, uint16_t port)
{
	struct nftset_element element = {0};

	put_endpoint(element.key, vip, protocol, port);
	return element;
}

/* The kernel has a role as a number in its own byte order. */
struct nftset_element elements_grant(
	uint32_t role, const struct address *vip, uint8_t protocol, uint16_t port)
{
	struct nftset_element element = {0};

	memcpy(element.key, &role, sizeof role);
	put_endpoint(element.key + ROLE_BYTES, vip, protocol, port);
	return element;
}

uint32_t elements_role(const struct nftset_element *element)
{
	uint32_t role;

	memcpy(&role, element->data, sizeof role);
	return role;
}

void elements_lead(struct nftset_element *element, const struct address *target, uint16_t port)
{
	store_be16(put_address(element->data, target), port);
}

void elements_append(
	struct elements *elements, enum elements_set set, const struct nftset_element *element)
{
	struct elements_list *list = &elements->lists[set];

	if (list->count == list->capacity) {
		list->capacity = list->capacity ? list->capacity * 2 : FIRST_ELEMENTS;
		list->at = memory_grow(list->at, list->capacity, sizeof *list->at);
	}
	list->at[list->count++] = *element;
}

/* Order of keys in a set: roles as the numbers that they are, all else as bytes. */
static int compare_keys(
	enum elements_set set, const struct nftset_element *x, const struct nftset_element *y)
{
	if (set == ELEMENTS_GRANTS4 || set == ELEMENTS_GRANTS6) {
		uint32_t a, b;
		memcpy(&a, x->key, sizeof a);
		memcpy(&b, y->key, sizeof b);
		if (a != b)
			return a < b ? -1 : 1;
	}
	return memcmp(x->key, y->key, sizeof x->key);
}

/* The end of the ascending run that begins at `from`. */
static size_t run_end(const struct elements_list *list, enum elements_set set, size_t from)
{
	size_t end = from + 1;

	while (end < list->count && compare_keys(set, &list->at[end - 1], &list->at[end]) <= 0)
		end++;
	return end;
}

/* Merges the runs [from, middle) and [middle, end) of a list into `to`. */
static void merge_runs(const struct elements_list *list, enum elements_set set,
	const size_t bounds[static 3], struct nftset_element *to)
{
	size_t a = bounds[0], b = bounds[1];

	for (size_t i = bounds[0]; i < bounds[2]; i++) {
		bool takes_a = b == bounds[2] || (a < bounds[1] && compare_keys(set, &list->at[a],
									   &list->at[b]) <= 0);
		to[i] = takes_a ? list->at[a++] : list->at[b++];
	}
}

/*
 * Merge sort of what runs there are: models are mostly sorted already, and then this is one pass
 * where qsort() would take 70 ms for 200,000 elements.
 */
static void sort_list(struct elements_list *list, enum elements_set set)
{
	struct nftset_element *other = NULL;

	while (list->count > 0 && run_end(list, set, 0) < list->count) {
		if (!other)
			other = memory_new(list->capacity, sizeof *other);
		for (size_t from = 0; from < list->count;) {
			size_t middle = run_end(list, set, from);
			size_t end = middle < list->count ? run_end(list, set, middle) : middle;
			merge_runs(list, set, (size_t[]){from, middle, end}, other);
			from = end;
		}
		struct nftset_element *sorted = other;
		other = list->at;
		list->at = sorted;
	}
	free(other);
}

int elements_sort(struct elements *elements)
{
	for (unsigned set = 0; set < ELEMENTS_SETS; set++) {
		struct elements_list *list = &elements->lists[set];
		sort_list(list, set);
		for (size_t i = 1; i < list->count; i++) {
			if (compare_keys(set, &list->at[i - 1], &list->at[i]) == 0)
				return -EEXIST;
		}
	}
	return 0;
}

void elements_done(struct elements *elements)
{
	for (unsigned set = 0; set < ELEMENTS_SETS; set++)
		free(elements->lists[set].at);
	*elements = (struct elements){0};
}

size_t elements_count(const struct elements *elements)
{
	size_t count = 0;

	for (unsigned set = 0; set < ELEMENTS_SETS; set++)
		count += elements->lists[set].count;
	return count;
}

const struct nftset_element *elements_find(
	const struct elements *elements, enum elements_set set, const struct nftset_element *key)
{
	const struct elements_list *list = &elements->lists[set];
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_keys(set, key, &list->at[middle]);
		if (order == 0)
			return &list->at[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* A place in two sorted lists that are walked together. */
struct walk {
	enum elements_set set;
	const struct elements_list *from, *to;
	size_t old, new; /* next in each */
};

/*
 * The next element that must go and the one that must come; either may be NULL, and both are of one
 * key otherwise. False: there is no more.
 */
static bool next_difference(struct walk *walk, const struct nftset_element **ret_old,
	const struct nftset_element **ret_new)
{
	while (walk->old < walk->from->count || walk->new < walk->to->count) {
		const struct nftset_element *old = NULL, *new = NULL;
		if (walk->old < walk->from->count)
			old = &walk->from->at[walk->old];
		if (walk->new < walk->to->count)
			new = &walk->to->at[walk->new];
		int order = old && new ? compare_keys(walk->set, old, new) : (old ? -1 : 1);
		walk->old += order <= 0;
		walk->new += order >= 0;
		if (order == 0 && memcmp(old->data, new->data, sizeof old->data) == 0)
			continue;
		*ret_old = order <= 0 ? old : NULL;
		*ret_new = order >= 0 ? new : NULL;
		return true;
	}
	return false;
}

/* Visits one kind of change in one set. */
static size_t compare_set(const struct elements *from, const struct elements *to,
	enum elements_set set, enum elements_change change, elements_visit *visit, void *context)
{
	struct walk walk = {.set = set, .from = &from->lists[set], .to = &to->lists[set]};
	const struct nftset_element *old, *new;
	size_t count = 0;

	while (next_difference(&walk, &old, &new)) {
		const struct nftset_element *element = change == ELEMENTS_DELETE ? old : new;
		if (!element)
			continue;
		visit(context, set, change, element);
		count++;
	}
	return count;
}

size_t elements_compare(const struct elements *from, const struct elements *to,
	elements_visit *visit, void *context)
{
	size_t count = 0;

	for (unsigned set = 0; set < ELEMENTS_SETS; set++)
		count += compare_set(from, to, set, ELEMENTS_DELETE, visit, context);
	for (unsigned set = 0; set < ELEMENTS_SETS; set++)
		count += compare_set(from, to, set, ELEMENTS_ADD, visit, context);
	return count;
}

/* Reads an address of the set's family; moves behind it. */
static struct address take_address(const uint8_t **at, bool is_ipv4)
{
	struct address address = {.family = is_ipv4 ? ADDRESS_IPV4 : ADDRESS_IPV6};
	size_t size = is_ipv4 ? IPV4_BYTES : IPV6_BYTES;

	memcpy(address.bytes, *at, size);
	*at += size;
	return address;
}

/* Writes a role as the halves that the kernel's class ids are written in. */
static size_t write_role(const uint8_t *at, char *ret_text, size_t size)
{
	uint32_t role;

	memcpy(&role, at, sizeof role);
	return (size_t)snprintf(ret_text, size, "%" PRIx32 ":%" PRIx32, role >> 16, role & 0xffff);
}

/* Writes address, protocol and port. */
static size_t write_endpoint(const uint8_t *at, bool is_ipv4, char *ret_text, size_t size)
{
	struct address address = take_address(&at, is_ipv4);
	char text[ADDRESS_TEXT_SIZE];
	const char *protocol = *at == IPPROTO_TCP ? "tcp" : "udp";

	return (size_t)snprintf(ret_text, size, "%s . %s . %u", address_format(&address, text),
		protocol, load_be16(at + PROTOCOL_BYTES));
}

char *element_format(enum elements_set set, const struct nftset_element *element,
	char ret_text[static ELEMENT_TEXT_SIZE])
{
	bool is_ipv4 =
		set == ELEMENTS_ROLES4 || set == ELEMENTS_GRANTS4 || set == ELEMENTS_TARGETS4;
	const uint8_t *key = element->key, *data = element->data;
	size_t left = ELEMENT_TEXT_SIZE, size = 0;
	char text[ADDRESS_TEXT_SIZE];
	struct address address;

	switch (set) {
	case ELEMENTS_ROLES4:
	case ELEMENTS_ROLES6:
		address = take_address(&key, is_ipv4);
		size = (size_t)snprintf(ret_text, left, "%s : ", address_format(&address, text));
		(void)write_role(data, ret_text + size, left - size); /* fits */
		break;
	case ELEMENTS_GRANTS4:
	case ELEMENTS_GRANTS6:
		size = write_role(key, ret_text, left);
		size += (size_t)snprintf(ret_text + size, left - size, " . ");
		(void)write_endpoint(key + ROLE_BYTES, is_ipv4, ret_text + size, left - size);
		break;
	case ELEMENTS_TARGETS4:
	case ELEMENTS_TARGETS6:
		size = write_endpoint(key, is_ipv4, ret_text, left);
		address = take_address(&data, is_ipv4);
		(void)snprintf(ret_text + size, left - size, " : %s . %u",
			address_format(&address, text), load_be16(data)); /* fits */
		break;
	case ELEMENTS_SETS:
		*ret_text = '\0';
	}
	return ret_text;
}
