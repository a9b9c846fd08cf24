/* SPDX-License-Identifier: ISC */
#include "net/nftset.h"

#include "base/memory.h"
#include "net/netfilter.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	MESSAGE_BYTES = 32768, /* where a message is full; an attribute cannot exceed 64 KiB */
	ELEMENT_BYTES = 128,   /* the longest element with its headers */
	HEADER_BYTES = 1024,   /* before the elements: message, names of table and set */
	FIRST_BYTES = 2 * MESSAGE_BYTES,
};

/* Messages one behind the other; the last may be open for elements of one set. */
struct nftset_batch {
	uint8_t *bytes;
	size_t size;		  /* of closed messages */
	size_t capacity;	  /* of bytes */
	struct nlmsghdr *open;	  /* at bytes + size; NULL: none */
	struct nlattr *elements;  /* the open message's list */
	const struct nftset *set; /* that it is about */
	unsigned type;		  /* NFT_MSG_NEWSETELEM or NFT_MSG_DELSETELEM */
	uint32_t sequence;	  /* of the last message */
};

/* Makes room for `size` more bytes. Not while a message is open: it would move away. */
static void reserve(struct nftset_batch *batch, size_t size)
{
	if (batch->capacity - batch->size >= size)
		return;
	batch->capacity = batch->capacity ? batch->capacity * 2 : FIRST_BYTES;
	batch->bytes = memory_grow(batch->bytes, batch->capacity, 1);
}

/* Begins or ends the transaction. */
static void mark(struct nftset_batch *batch, unsigned type)
{
	reserve(batch, HEADER_BYTES);
	struct nlmsghdr *header = netfilter_begin(
		batch->bytes + batch->size, NFNL_SUBSYS_NONE, type, 0, NFPROTO_UNSPEC);
	struct nfgenmsg *netfilter = mnl_nlmsg_get_payload(header);
	netfilter->res_id = htobe16(NFNL_SUBSYS_NFTABLES);
	header->nlmsg_seq = ++batch->sequence;
	batch->size += header->nlmsg_len;
}

struct nftset_batch *nftset_batch_new(void)
{
	struct nftset_batch *batch = memory_new(1, sizeof *batch);

	mark(batch, NFNL_MSG_BATCH_BEGIN);
	return batch;
}

void nftset_batch_free(struct nftset_batch *batch)
{
	if (!batch)
		return;
	free(batch->bytes);
	free(batch);
}

/* Closes the open message, if there is one. */
static void close_message(struct nftset_batch *batch)
{
	if (!batch->open)
		return;
	mnl_attr_nest_end(batch->open, batch->elements);
	batch->size += batch->open->nlmsg_len;
	batch->open = NULL;
}

/* Names a set in a message. */
static void put_names(struct nlmsghdr *message, const struct nftset *set)
{
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, set->table);
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, set->name);
}

/* Opens a message of the type about the set, if the open one is not, or is full. */
static void open_message(struct nftset_batch *batch, const struct nftset *set, unsigned type)
{
	if (batch->open && batch->set == set && batch->type == type &&
		batch->open->nlmsg_len + ELEMENT_BYTES <= MESSAGE_BYTES)
		return;
	close_message(batch);
	reserve(batch, MESSAGE_BYTES);
	batch->open = netfilter_begin(batch->bytes + batch->size, NFNL_SUBSYS_NFTABLES, type,
		type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0, NFPROTO_INET);
	batch->open->nlmsg_seq = ++batch->sequence;
	put_names(batch->open, set);
	batch->elements = mnl_attr_nest_start(batch->open, NFTA_SET_ELEM_LIST_ELEMENTS);
	batch->set = set;
	batch->type = type;
}

/* Puts a value where the kernel expects a key or data. */
static void put_value(
	struct nlmsghdr *message, uint16_t attribute, const uint8_t *bytes, size_t size)
{
	struct nlattr *nest = mnl_attr_nest_start(message, attribute);

	mnl_attr_put(message, NFTA_DATA_VALUE, size, bytes);
	mnl_attr_nest_end(message, nest);
}

static void put_element(struct nftset_batch *batch, const struct nftset_element *element)
{
	struct nlattr *nest = mnl_attr_nest_start(batch->open, NFTA_LIST_ELEM);

	put_value(batch->open, NFTA_SET_ELEM_KEY, element->key, batch->set->key_bytes);
	if (batch->set->data_bytes > 0)
		put_value(batch->open, NFTA_SET_ELEM_DATA, element->data, batch->set->data_bytes);
	mnl_attr_nest_end(batch->open, nest);
}

void nftset_batch_add(
	struct nftset_batch *batch, const struct nftset *set, const struct nftset_element *element)
{
	open_message(batch, set, NFT_MSG_NEWSETELEM);
	put_element(batch, element);
}

void nftset_batch_delete(
	struct nftset_batch *batch, const struct nftset *set, const struct nftset_element *element)
{
	open_message(batch, set, NFT_MSG_DELSETELEM);
	put_element(batch, element);
}

int nftset_batch_commit(struct nftset_batch *batch)
{
	int fd = netfilter_open();

	if (fd < 0)
		return fd;
	close_message(batch);
	mark(batch, NFNL_MSG_BATCH_END);
	int result = netfilter_send(fd, batch->bytes, batch->size);
	(void)close(fd); /* nothing is lost with it */
	return result;
}

/* A dump that goes on. */
struct dump {
	const struct nftset *set;
	nftset_visit *visit;
	void *context;
};

/* The attribute behind `at` (NULL: the first) of those that lie in a block; NULL: no more. */
static const struct nlattr *next_in(const void *block, size_t size, const struct nlattr *at)
{
	const char *end = (const char *)block + size;
	const struct nlattr *next = at ? mnl_attr_next(at) : block;

	return mnl_attr_ok(next, (int)(end - (const char *)next)) ? next : NULL;
}

/* The same, in an attribute. */
static const struct nlattr *next_nested(const struct nlattr *nest, const struct nlattr *at)
{
	return next_in(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), at);
}

/* The same, in a message. */
static const struct nlattr *next_top(const struct nlmsghdr *message, const struct nlattr *at)
{
	size_t header = MNL_ALIGN(sizeof(struct nfgenmsg));
	size_t size = mnl_nlmsg_get_payload_len(message);

	if (size < header)
		return NULL;
	return next_in((const char *)mnl_nlmsg_get_payload(message) + header, size - header, at);
}

/* Copies a value of exactly `size` bytes. -EBADMSG. */
static int take_value(const struct nlattr *nest, uint8_t *ret_bytes, size_t size)
{
	const struct nlattr *value = NULL;

	while ((value = next_nested(nest, value))) {
		if (mnl_attr_get_type(value) != NFTA_DATA_VALUE)
			continue;
		if (mnl_attr_get_payload_len(value) != size)
			return -EBADMSG;
		memcpy(ret_bytes, mnl_attr_get_payload(value), size);
		return 0;
	}
	return -EBADMSG;
}

/* Reads one element. -EBADMSG: it is not of this kind of set. */
static int take_element(
	const struct nftset *set, const struct nlattr *nest, struct nftset_element *ret_element)
{
	struct nftset_element element = {0};
	const struct nlattr *part = NULL;
	int result = 0;

	while ((part = next_nested(nest, part))) {
		if (mnl_attr_get_type(part) == NFTA_SET_ELEM_KEY)
			result = take_value(part, element.key, set->key_bytes);
		else if (mnl_attr_get_type(part) == NFTA_SET_ELEM_DATA)
			result = take_value(part, element.data, set->data_bytes);
		if (result < 0)
			return result;
	}
	*ret_element = element;
	return 0;
}

/* Visits the elements of a list. */
static int visit_list(const struct dump *dump, const struct nlattr *list)
{
	const struct nlattr *nest = NULL;

	while ((nest = next_nested(list, nest))) {
		struct nftset_element element;
		int result = take_element(dump->set, nest, &element);
		if (result == 0)
			result = dump->visit(dump->context, &element);
		if (result != 0)
			return result;
	}
	return 0;
}

static int visit_message(void *context, const struct nlmsghdr *message)
{
	const struct nlattr *attribute = NULL;

	while ((attribute = next_top(message, attribute))) {
		if (mnl_attr_get_type(attribute) != NFTA_SET_ELEM_LIST_ELEMENTS)
			continue;
		int result = visit_list(context, attribute);
		if (result != 0)
			return result;
	}
	return 0;
}

int nftset_dump(const struct nftset *set, nftset_visit *visit, void *context)
{
	_Alignas(struct nlmsghdr) uint8_t request[HEADER_BYTES];
	struct dump dump = {.set = set, .visit = visit, .context = context};
	int fd = netfilter_open();

	if (fd < 0)
		return fd;
	struct nlmsghdr *header = netfilter_begin(
		request, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETSETELEM, NLM_F_DUMP, NFPROTO_INET);
	put_names(header, set);
	int result = netfilter_ask(fd, header, visit_message, &dump);
	(void)close(fd); /* nothing was written */
	return result;
}

/* Keeps the number that a generation message has. */
static int keep_generation(void *context, const struct nlmsghdr *message)
{
	const struct nlattr *attribute = NULL;

	while ((attribute = next_top(message, attribute))) {
		if (mnl_attr_get_type(attribute) == NFTA_GEN_ID &&
			mnl_attr_validate(attribute, MNL_TYPE_U32) == 0)
			*(uint32_t *)context = be32toh(mnl_attr_get_u32(attribute));
	}
	return 0;
}

int nftset_generation(uint32_t *ret_generation)
{
	_Alignas(struct nlmsghdr) uint8_t request[HEADER_BYTES];
	uint32_t generation = 0; /* none: the kernel begins with 1 */
	int fd = netfilter_open();

	if (fd < 0)
		return fd;
	const struct nlmsghdr *header =
		netfilter_begin(request, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETGEN, 0, NFPROTO_UNSPEC);
	int result = netfilter_ask(fd, header, keep_generation, &generation);
	(void)close(fd); /* nothing was written */
	if (result == 0 && generation == 0)
		result = -EBADMSG;
	if (result == 0)
		*ret_generation = generation;
	return result;
}
