/* SPDX-License-Identifier: ISC */
#include "net/nftcounter.h"

#include "net/netfilter.h"

#include <endian.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <stdbool.h>
#include <unistd.h>

enum {
	REQUEST_BYTES = 1024, /* two names of at most 255 bytes, and headers */
};

/* What is looked for in the answer. */
struct found {
	bool is_there;
	uint64_t packets;
	const char *name; /* "": none was said */
};

/* Within the counter's data. */
static int keep_packets(const struct nlattr *attribute, void *context)
{
	struct found *found = context;

	if (mnl_attr_get_type(attribute) == NFTA_COUNTER_PACKETS &&
		mnl_attr_validate(attribute, MNL_TYPE_U64) == 0) {
		found->packets = be64toh(mnl_attr_get_u64(attribute));
		found->is_there = true;
	}
	return MNL_CB_OK;
}

/* Within the object. */
static int keep_data(const struct nlattr *attribute, void *context)
{
	struct found *found = context;

	if (mnl_attr_get_type(attribute) == NFTA_OBJ_NAME &&
		mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0)
		found->name = mnl_attr_get_str(attribute);
	if (mnl_attr_get_type(attribute) == NFTA_OBJ_DATA)
		return mnl_attr_parse_nested(attribute, keep_packets, context);
	return MNL_CB_OK;
}

static int visit_object(void *context, const struct nlmsghdr *message)
{
	return mnl_attr_parse(message, sizeof(struct nfgenmsg), keep_data, context) < 0 ? -EBADMSG
											: 0;
}

int nftcounter_read(uint8_t family, const char *table, const char *name, uint64_t *ret_packets)
{
	_Alignas(struct nlmsghdr) uint8_t request[REQUEST_BYTES];
	struct found found = {0};
	int fd = netfilter_open();

	if (fd < 0)
		return fd;
	struct nlmsghdr *header =
		netfilter_begin(request, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETOBJ, 0, family);
	bool fits = mnl_attr_put_strz_check(header, sizeof request, NFTA_OBJ_TABLE, table) &&
		    mnl_attr_put_strz_check(header, sizeof request, NFTA_OBJ_NAME, name) &&
		    mnl_attr_put_u32_check(
			    header, sizeof request, NFTA_OBJ_TYPE, htobe32(NFT_OBJECT_COUNTER));
	int result = fits ? netfilter_ask(fd, header, visit_object, &found) : -ENAMETOOLONG;
	(void)close(fd); /* nothing was written */
	if (result == 0 && !found.is_there)
		result = -EBADMSG;
	if (result == 0)
		*ret_packets = found.packets;
	return result;
}

struct list {
	nftcounter_visit *visit;
	void *context;
};

static int visit_each(void *context, const struct nlmsghdr *message)
{
	const struct list *list = context;
	struct found found = {.name = ""};
	int result = visit_object(&found, message);

	if (result == 0 && found.is_there)
		list->visit(list->context, found.name, found.packets);
	return result;
}

int nftcounter_list(uint8_t family, const char *table, nftcounter_visit *visit, void *context)
{
	_Alignas(struct nlmsghdr) uint8_t request[REQUEST_BYTES];
	struct list list = {visit, context};
	int fd = netfilter_open();

	if (fd < 0)
		return fd;
	struct nlmsghdr *header =
		netfilter_begin(request, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETOBJ, NLM_F_DUMP, family);
	bool fits = mnl_attr_put_strz_check(header, sizeof request, NFTA_OBJ_TABLE, table) &&
		    mnl_attr_put_u32_check(
			    header, sizeof request, NFTA_OBJ_TYPE, htobe32(NFT_OBJECT_COUNTER));
	int result = fits ? netfilter_ask(fd, header, visit_each, &list) : -ENAMETOOLONG;
	(void)close(fd); /* nothing was written */
	return result;
}
