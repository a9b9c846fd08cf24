/* SPDX-License-Identifier: ISC */
#include "net/conntrack.h"

#include "base/memory.h"
#include "net/netfilter.h"

#include <errno.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	REQUEST_BYTES = 1024, /* a request that names one flow */
	DUMP_TRIES = 8,	      /* while the table changes */
	ADDED_TIMEOUT_S = 3600,
};

/* A search through all flows, and those that it found. */
struct search {
	conntrack_predicate *predicate;
	void *context;
	struct nf_conntrack **found;
	size_t count;
	size_t capacity;
};

/* Reads an address of the flow's family from one of two attributes. */
static struct address address_of(
	const struct nf_conntrack *flow, enum nf_conntrack_attr ipv4, enum nf_conntrack_attr ipv6)
{
	bool is_ipv4 = nfct_get_attr_u8(flow, ATTR_ORIG_L3PROTO) == AF_INET;
	struct address address = {.family = is_ipv4 ? ADDRESS_IPV4 : ADDRESS_IPV6};
	const void *bytes = nfct_get_attr(flow, is_ipv4 ? ipv4 : ipv6);

	if (bytes)
		memcpy(address.bytes, bytes, is_ipv4 ? 4 : 16);
	return address;
}

static uint16_t port_of(const struct nf_conntrack *flow, enum nf_conntrack_attr attribute)
{
	return be16toh(nfct_get_attr_u16(flow, attribute));
}

static struct conntrack_flow flow_of(const struct nf_conntrack *flow)
{
	return (struct conntrack_flow){
		.source = address_of(flow, ATTR_ORIG_IPV4_SRC, ATTR_ORIG_IPV6_SRC),
		.destination = address_of(flow, ATTR_ORIG_IPV4_DST, ATTR_ORIG_IPV6_DST),
		.answerer = address_of(flow, ATTR_REPL_IPV4_SRC, ATTR_REPL_IPV6_SRC),
		.source_port = port_of(flow, ATTR_ORIG_PORT_SRC),
		.destination_port = port_of(flow, ATTR_ORIG_PORT_DST),
		.answerer_port = port_of(flow, ATTR_REPL_PORT_SRC),
		.protocol = nfct_get_attr_u8(flow, ATTR_ORIG_L4PROTO),
	};
}

/* Keeps a flow that was found. Takes it over. */
static void keep(struct search *search, struct nf_conntrack *flow)
{
	if (search->count == search->capacity) {
		search->capacity = search->capacity ? search->capacity * 2 : 64;
		search->found =
			memory_grow(search->found, search->capacity, sizeof(struct nf_conntrack *));
	}
	search->found[search->count++] = flow;
}

static void search_done(struct search *search)
{
	for (size_t i = 0; i < search->count; i++)
		nfct_destroy(search->found[i]);
	free(search->found);
	search->found = NULL;
	search->count = 0;
	search->capacity = 0;
}

static int visit_flow(void *context, const struct nlmsghdr *message)
{
	struct search *search = context;
	struct nf_conntrack *flow = nfct_new();

	if (!flow)
		return -ENOMEM;
	if (nfct_nlmsg_parse(message, flow) < 0) {
		nfct_destroy(flow);
		return 0; /* of a protocol that the library does not know; we mediate none of those
			   */
	}
	struct conntrack_flow seen = flow_of(flow);
	if (search->predicate(search->context, &seen))
		keep(search, flow);
	else
		nfct_destroy(flow);
	return 0;
}

/* Finds the flows that are meant, of all families. -errno. */
static int find(int fd, struct search *search)
{
	_Alignas(struct nlmsghdr) uint8_t request[REQUEST_BYTES];
	int result = -EINTR;

	for (unsigned i = 0; i < DUMP_TRIES && result == -EINTR; i++) {
		search_done(search);
		const struct nlmsghdr *header = netfilter_begin(
			request, NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC);
		result = netfilter_ask(fd, header, visit_flow, search);
	}
	return result;
}

/* Deletes one flow by its original tuple. -errno. */
static int delete_flow(int fd, const struct nf_conntrack *flow)
{
	_Alignas(struct nlmsghdr) uint8_t request[REQUEST_BYTES];
	struct nf_conntrack *name = nfct_new();

	if (!name)
		return -ENOMEM;
	nfct_copy(name, flow, NFCT_CP_ORIG);
	struct nlmsghdr *header = netfilter_begin(request, NFNL_SUBSYS_CTNETLINK,
		IPCTNL_MSG_CT_DELETE, NLM_F_ACK, nfct_get_attr_u8(flow, ATTR_ORIG_L3PROTO));
	int result = nfct_nlmsg_build(header, name) < 0 ? -EINVAL : 0;
	nfct_destroy(name);
	if (result == 0)
		result = netfilter_send(fd, header, header->nlmsg_len);
	return result == -ENOENT ? 0 : result;
}

int conntrack_count(conntrack_predicate *predicate, void *context, size_t *ret_count)
{
	struct search search = {.predicate = predicate, .context = context};
	int fd = netfilter_open();

	if (fd < 0)
		return fd;
	int result = find(fd, &search);
	if (result == 0)
		*ret_count = search.count;
	search_done(&search);
	(void)close(fd); /* nothing was written */
	return result;
}

int conntrack_delete(conntrack_predicate *predicate, void *context, size_t *ret_count)
{
	struct search search = {.predicate = predicate, .context = context};
	int fd = netfilter_open();

	if (fd < 0)
		return fd;
	int result = find(fd, &search);
	for (size_t i = 0; i < search.count && result == 0; i++)
		result = delete_flow(fd, search.found[i]);
	if (result == 0)
		*ret_count = search.count;
	search_done(&search);
	(void)close(fd); /* nothing is lost with it */
	return result;
}

/* Writes an address into one of two attributes. */
static void put_address(struct nf_conntrack *flow, const struct address *address,
	enum nf_conntrack_attr ipv4, enum nf_conntrack_attr ipv6)
{
	nfct_set_attr(flow, address->family == ADDRESS_IPV4 ? ipv4 : ipv6, address->bytes);
}

/* What such a flow is: seen both ways, and its windows are not known to us. */
static void describe(struct nf_conntrack *flow, const struct conntrack_flow *as)
{
	static const enum nf_conntrack_attr flags[] = {
		ATTR_TCP_FLAGS_ORIG, ATTR_TCP_MASK_ORIG, ATTR_TCP_FLAGS_REPL, ATTR_TCP_MASK_REPL};

	nfct_set_attr_u8(
		flow, ATTR_L3PROTO, as->source.family == ADDRESS_IPV4 ? AF_INET : AF_INET6);
	put_address(flow, &as->source, ATTR_IPV4_SRC, ATTR_IPV6_SRC);
	put_address(flow, &as->destination, ATTR_IPV4_DST, ATTR_IPV6_DST);
	nfct_set_attr_u8(flow, ATTR_L4PROTO, IPPROTO_TCP);
	nfct_set_attr_u16(flow, ATTR_PORT_SRC, htobe16(as->source_port));
	nfct_set_attr_u16(flow, ATTR_PORT_DST, htobe16(as->destination_port));
	nfct_setobjopt(flow, NFCT_SOPT_SETUP_REPLY);
	nfct_set_attr_u8(flow, ATTR_TCP_STATE, TCP_CONNTRACK_ESTABLISHED);
	for (size_t i = 0; i < ARRAY_LENGTH(flags); i++)
		nfct_set_attr_u8(flow, flags[i], IP_CT_TCP_FLAG_BE_LIBERAL);
	nfct_set_attr_u32(flow, ATTR_STATUS, IPS_SEEN_REPLY | IPS_ASSURED);
	nfct_set_attr_u32(flow, ATTR_TIMEOUT, ADDED_TIMEOUT_S);
}

int conntrack_add_tcp(const struct conntrack_flow *flow)
{
	_Alignas(struct nlmsghdr) uint8_t request[REQUEST_BYTES];
	struct nf_conntrack *object = nfct_new();

	if (!object)
		return -ENOMEM;
	describe(object, flow);
	struct nlmsghdr *header = netfilter_begin(request, NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_NEW,
		NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK,
		flow->source.family == ADDRESS_IPV4 ? AF_INET : AF_INET6);
	int result = nfct_nlmsg_build(header, object) < 0 ? -EINVAL : 0;
	nfct_destroy(object);
	int fd = result == 0 ? netfilter_open() : result;
	if (fd < 0)
		return fd;
	result = netfilter_send(fd, header, header->nlmsg_len);
	(void)close(fd); /* nothing is lost with it */
	return result == -EEXIST ? 0 : result;
}
