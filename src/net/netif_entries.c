/* SPDX-License-Identifier: ISC */
/* Addresses and routes: what is there, what is wanted, the difference. */
#include "base/memory.h"
#include "net/netif.h"
#include "net/netlink.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>

/* libc's <net/if.h> and <linux/if_link.h> do not go together. */
#include <linux/if_addr.h>

enum {
	LIST_TRIES = 8,	     /* while others change what is listed */
	ROUTE_PROTOCOL = 84, /* 'T': routes that were made here */
	LIST_FIRST = 16,     /* entries that a list begins with room for */
};

/* Addresses of an interface, or destinations of routes by it. */
struct entries {
	uint32_t index; /* of the interface */
	struct netif_address *at;
	size_t count, capacity;
};

static void append(struct entries *entries, const struct netif_address *entry)
{
	if (entries->count == entries->capacity) {
		entries->capacity = entries->capacity ? entries->capacity * 2 : LIST_FIRST;
		entries->at = memory_grow(entries->at, entries->capacity, sizeof *entries->at);
	}
	entries->at[entries->count++] = *entry;
}

static int compare(const void *a, const void *b)
{
	const struct netif_address *x = a, *y = b;

	if (x->address.family != y->address.family)
		return x->address.family < y->address.family ? -1 : 1;
	if (x->prefix_length != y->prefix_length)
		return x->prefix_length < y->prefix_length ? -1 : 1;
	return memcmp(x->address.bytes, y->address.bytes, sizeof x->address.bytes);
}

static void sort(struct entries *entries)
{
	if (entries->count > 0)
		qsort(entries->at, entries->count, sizeof *entries->at, compare);
}

static bool has(const struct entries *entries, const struct netif_address *entry)
{
	return entries->count > 0 &&
	       bsearch(entry, entries->at, entries->count, sizeof *entry, compare) != NULL;
}

static enum address_family family_of(unsigned family)
{
	if (family == AF_INET)
		return ADDRESS_IPV4;
	return family == AF_INET6 ? ADDRESS_IPV6 : ADDRESS_NONE;
}

static uint8_t kernel_family(const struct address *address)
{
	return address->family == ADDRESS_IPV4 ? AF_INET : AF_INET6;
}

static size_t size_of(const struct address *address)
{
	return address_bits(address->family) / 8U;
}

/* Attributes of an address or a route that we look at. */
struct found {
	const struct nlattr *address; /* IFA_ADDRESS or RTA_DST */
	const struct nlattr *local;   /* IFA_LOCAL */
	uint32_t index;		      /* RTA_OIF */
};

/* Copies an address of the family out of an attribute; false where it is no such. */
static bool read_address(
	const struct nlattr *attribute, enum address_family family, struct address *ret_address)
{
	struct address address = {.family = (uint8_t)family};

	if (family == ADDRESS_NONE)
		return false;
	if (attribute && mnl_attr_get_payload_len(attribute) != size_of(&address))
		return false;
	if (attribute)
		memcpy(address.bytes, mnl_attr_get_payload(attribute), size_of(&address));
	*ret_address = address;
	return true;
}

/* Lists what one kind of question answers, several times where it changes meanwhile. -errno. */
static int list(uint16_t type, size_t header_size, netlink_visit *visit, struct entries *entries)
{
	union netlink_buffer buffer;
	int result = -EINTR;

	for (unsigned i = 0; i < LIST_TRIES && result == -EINTR; i++) {
		entries->count = 0;
		(void)netlink_begin(&buffer, type, NLM_F_DUMP, header_size);
		result = netlink_list(&buffer, visit, entries);
	}
	sort(entries);
	return result;
}

/* ---- addresses ---- */

static int find_in_address(const struct nlattr *attribute, void *context)
{
	struct found *found = context;

	if (mnl_attr_get_type(attribute) == IFA_ADDRESS)
		found->address = attribute;
	if (mnl_attr_get_type(attribute) == IFA_LOCAL)
		found->local = attribute;
	return MNL_CB_OK;
}

/* Keeps those of the interface that are not link-local. */
static int visit_address(void *context, const struct nlmsghdr *message)
{
	struct entries *entries = context;
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
	struct found found = {0};
	struct netif_address entry = {0};

	if (message->nlmsg_type != RTM_NEWADDR ||
		mnl_nlmsg_get_payload_len(message) < sizeof *header ||
		header->ifa_index != entries->index || header->ifa_scope == RT_SCOPE_LINK)
		return 0;
	(void)mnl_attr_parse(message, sizeof *header, find_in_address, &found); /* never fails */
	if (!read_address(found.local ? found.local : found.address, family_of(header->ifa_family),
		    &entry.address))
		return 0;
	entry.prefix_length = header->ifa_prefixlen;
	append(entries, &entry);
	return 0;
}

/* Adds or deletes one. -errno. */
static int change_address(
	uint16_t type, uint16_t flags, uint32_t index, const struct netif_address *entry)
{
	union netlink_buffer buffer;
	const struct address *address = &entry->address;
	struct ifaddrmsg *header =
		netlink_begin(&buffer, type, flags | NLM_F_ACK, sizeof(struct ifaddrmsg));

	header->ifa_family = kernel_family(address);
	header->ifa_prefixlen = entry->prefix_length;
	header->ifa_scope = RT_SCOPE_UNIVERSE;
	header->ifa_index = index;
	mnl_attr_put(&buffer.header, IFA_LOCAL, size_of(address), address->bytes);
	mnl_attr_put(&buffer.header, IFA_ADDRESS, size_of(address), address->bytes);
	mnl_attr_put_u32(&buffer.header, IFA_FLAGS, IFA_F_NODAD);
	return netlink_ask(&buffer);
}

/* How many; -errno. */
static int delete_addresses(struct entries *there, const struct entries *wanted)
{
	int result = list(RTM_GETADDR, sizeof(struct ifaddrmsg), visit_address, there);
	int count = 0;

	for (size_t i = 0; i < there->count && result == 0; i++) {
		if (has(wanted, &there->at[i]))
			continue;
		result = change_address(RTM_DELADDR, 0, there->index, &there->at[i]);
		if (result == -EADDRNOTAVAIL) /* it went with another one of its network */
			result = 0;
		count++;
	}
	return result < 0 ? result : count;
}

/*
 * How many; -errno. What is there is asked for anew: with one address of a network the kernel may
 * delete others.
 */
static int add_addresses(struct entries *there, const struct entries *wanted)
{
	int result = list(RTM_GETADDR, sizeof(struct ifaddrmsg), visit_address, there);
	int count = 0;

	for (size_t i = 0; i < wanted->count && result == 0; i++) {
		if (has(there, &wanted->at[i]))
			continue;
		result = change_address(
			RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, there->index, &wanted->at[i]);
		count++;
	}
	return result < 0 ? result : count;
}

/* Both of a name's and of an array's; -EINVAL. */
static int check(const struct netif_address *entry)
{
	uint8_t bits = address_bits(entry->address.family);

	return bits == 0 || entry->prefix_length > bits ? -EINVAL : 0;
}

int netif_repair_addresses(const char *name, const struct netif_address *addresses, size_t count)
{
	struct entries there = {.index = if_nametoindex(name)};
	struct entries wanted = {0};
	int result = there.index == 0 ? -ENODEV : 0;
	int deleted = 0;

	for (size_t i = 0; i < count && result == 0; i++) {
		result = check(&addresses[i]);
		append(&wanted, &addresses[i]);
	}
	sort(&wanted);
	if (result == 0)
		result = deleted = delete_addresses(&there, &wanted);
	if (result >= 0)
		result = add_addresses(&there, &wanted);
	free(there.at);
	free(wanted.at);
	return result < 0 ? result : result + deleted;
}

int netif_set_addresses(const char *name, const struct netif_address *addresses, size_t count)
{
	int result = netif_repair_addresses(name, addresses, count);

	return result < 0 ? result : 0;
}

/* ---- routes ---- */

static int find_in_route(const struct nlattr *attribute, void *context)
{
	struct found *found = context;

	if (mnl_attr_get_type(attribute) == RTA_DST)
		found->address = attribute;
	if (mnl_attr_get_type(attribute) == RTA_OIF &&
		mnl_attr_validate(attribute, MNL_TYPE_U32) == 0)
		found->index = mnl_attr_get_u32(attribute);
	return MNL_CB_OK;
}

/* Keeps those that were made here. */
static int visit_route(void *context, const struct nlmsghdr *message)
{
	struct entries *entries = context;
	const struct rtmsg *header = mnl_nlmsg_get_payload(message);
	struct found found = {0};
	struct netif_address entry = {0};

	if (message->nlmsg_type != RTM_NEWROUTE ||
		mnl_nlmsg_get_payload_len(message) < sizeof *header ||
		header->rtm_protocol != ROUTE_PROTOCOL || header->rtm_table != RT_TABLE_MAIN)
		return 0;
	(void)mnl_attr_parse(message, sizeof *header, find_in_route, &found); /* never fails */
	if (found.index != entries->index ||
		!read_address(found.address, family_of(header->rtm_family), &entry.address))
		return 0;
	entry.prefix_length = header->rtm_dst_len;
	append(entries, &entry);
	return 0;
}

/* Adds or deletes one. -errno. */
static int change_route(
	uint16_t type, uint16_t flags, uint32_t index, const struct netif_address *entry)
{
	union netlink_buffer buffer;
	const struct address *address = &entry->address;
	struct rtmsg *header =
		netlink_begin(&buffer, type, flags | NLM_F_ACK, sizeof(struct rtmsg));

	header->rtm_family = kernel_family(address);
	header->rtm_dst_len = entry->prefix_length;
	header->rtm_table = RT_TABLE_MAIN;
	header->rtm_protocol = ROUTE_PROTOCOL;
	header->rtm_scope = address->family == ADDRESS_IPV4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	header->rtm_type = RTN_UNICAST;
	mnl_attr_put(&buffer.header, RTA_DST, size_of(address), address->bytes);
	mnl_attr_put_u32(&buffer.header, RTA_OIF, index);
	return netlink_ask(&buffer);
}

/* Makes what is there what is wanted. -errno. */
static int change_routes(
	const struct entries *there, const struct entries *wanted, size_t *ret_changed)
{
	size_t changed = 0;
	int result = 0;

	for (size_t i = 0; i < there->count && result == 0; i++) {
		if (has(wanted, &there->at[i]))
			continue;
		result = change_route(RTM_DELROUTE, 0, there->index, &there->at[i]);
		changed++;
	}
	for (size_t i = 0; i < wanted->count && result == 0; i++) {
		bool is_double = i > 0 && compare(&wanted->at[i - 1], &wanted->at[i]) == 0;
		if (is_double || has(there, &wanted->at[i]))
			continue;
		result = change_route(
			RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, there->index, &wanted->at[i]);
		changed++;
	}
	if (result == 0)
		*ret_changed = changed;
	return result;
}

int netif_set_routes(
	const char *name, const struct prefix *prefixes, size_t count, size_t *ret_changed)
{
	struct entries there = {.index = if_nametoindex(name)};
	struct entries wanted = {0};
	int result = there.index == 0 ? -ENODEV : 0;

	for (size_t i = 0; i < count && result == 0; i++) {
		struct netif_address entry = {prefixes[i].address, prefixes[i].length};
		result = check(&entry);
		append(&wanted, &entry);
	}
	sort(&wanted);
	if (result == 0)
		result = list(RTM_GETROUTE, sizeof(struct rtmsg), visit_route, &there);
	if (result == 0)
		result = change_routes(&there, &wanted, ret_changed);
	free(there.at);
	free(wanted.at);
	return result;
}
