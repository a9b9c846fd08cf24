/* SPDX-License-Identifier: ISC */
#include "net/nflog.h"

#include "net/netfilter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	REQUEST_BYTES = 256,
	GATHER_BYTES = 16384, /* of one datagram */
	GATHER_PACKETS = 64,
	NETDEV_EGRESS = 1, /* hook of NFPROTO_NETDEV (kernel: nf_dev_hooks) */
};

/* ---- opening ---- */

static struct nlmsghdr *begin(void *at, uint16_t group)
{
	struct nlmsghdr *header =
		netfilter_begin(at, NFNL_SUBSYS_ULOG, NFULNL_MSG_CONFIG, NLM_F_ACK, AF_UNSPEC);
	struct nfgenmsg *netfilter = mnl_nlmsg_get_payload(header);

	netfilter->res_id = htons(group);
	return header;
}

/* The group is ours; how much of each packet, and how they are gathered. */
static size_t write_requests(uint8_t *at, uint16_t group)
{
	const struct nfulnl_msg_config_cmd bind = {NFULNL_CFG_CMD_BIND};
	const struct nfulnl_msg_config_mode mode = {
		.copy_range = htonl(NFLOG_COPY_BYTES), .copy_mode = NFULNL_COPY_PACKET};
	struct nlmsghdr *first = begin(at, group);

	mnl_attr_put(first, NFULA_CFG_CMD, sizeof bind, &bind);
	struct nlmsghdr *second = begin(at + MNL_ALIGN(first->nlmsg_len), group);
	mnl_attr_put(second, NFULA_CFG_MODE, sizeof mode, &mode);
	mnl_attr_put_u32(second, NFULA_CFG_NLBUFSIZ, htonl(GATHER_BYTES));
	mnl_attr_put_u32(second, NFULA_CFG_TIMEOUT, htonl(NFLOG_GATHER_CENTISECONDS));
	mnl_attr_put_u32(second, NFULA_CFG_QTHRESH, htonl(GATHER_PACKETS));
	mnl_attr_put_u16(second, NFULA_CFG_FLAGS, htons(NFULNL_CFG_F_SEQ));
	return MNL_ALIGN(first->nlmsg_len) + second->nlmsg_len;
}

int nflog_open(uint16_t group)
{
	_Alignas(struct nlmsghdr) uint8_t requests[REQUEST_BYTES];
	const int room = NFLOG_BUFFER_BYTES / 2; /* the kernel doubles it (socket(7)) */
	int fd = netfilter_open();

	if (fd < 0)
		return fd;
	/* Refused where we are root of less than the machine; then the usual room has to do. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
	int result = netfilter_send(fd, requests, write_requests(requests, group));
	if (result < 0) {
		(void)close(fd); /* nothing was written */
		return result;
	}
	return fd;
}

/* ---- reading ---- */

/* The attributes of one message that are looked at; NULL: not there. */
struct attributes {
	const struct nlattr *of[NFULA_MAX + 1];
};

static int keep(const struct nlattr *attribute, void *context)
{
	struct attributes *attributes = context;
	unsigned type = mnl_attr_get_type(attribute);

	if (type <= NFULA_MAX)
		attributes->of[type] = attribute;
	return MNL_CB_OK;
}

/* How many were not handed over before this one. */
static void count_gap(struct nflog_count *count, const struct nlattr *sequence)
{
	if (!sequence || mnl_attr_validate(sequence, MNL_TYPE_U32) < 0)
		return;
	uint32_t number = ntohl(mnl_attr_get_u32(sequence));
	if (count->is_counting)
		count->lost += number - count->next;
	count->is_counting = true;
	count->next = number + 1;
}

/* On the way out of a device the copy begins with the link's header; at every other hook it does
 * not. */
static size_t link_header(const struct attributes *attributes, uint8_t family,
	const struct nfulnl_msg_packet_hdr *head)
{
	const struct nlattr *header = attributes->of[NFULA_L2HDR];

	if (family != NFPROTO_NETDEV || head->hook != NETDEV_EGRESS || !header)
		return 0;
	return mnl_attr_get_payload_len(header);
}

static void visit_message(const struct nlmsghdr *message, struct nflog_count *count,
	nflog_visit *visit, void *context)
{
	struct attributes found = {{0}};

	if (message->nlmsg_type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET) ||
		mnl_nlmsg_get_payload_len(message) < sizeof(struct nfgenmsg) ||
		mnl_attr_parse(message, sizeof(struct nfgenmsg), keep, &found) < 0)
		return;
	const struct nfgenmsg *netfilter = mnl_nlmsg_get_payload(message);
	const struct nlattr *head = found.of[NFULA_PACKET_HDR], *bytes = found.of[NFULA_PAYLOAD];
	const struct nlattr *prefix = found.of[NFULA_PREFIX];
	count_gap(count, found.of[NFULA_SEQ]);
	if (!head || !bytes ||
		mnl_attr_get_payload_len(head) < sizeof(struct nfulnl_msg_packet_hdr))
		return;
	const struct nfulnl_msg_packet_hdr *packet = mnl_attr_get_payload(head);
	size_t skipped = link_header(&found, netfilter->nfgen_family, packet);
	if (mnl_attr_get_payload_len(bytes) < skipped)
		return;
	bool has_prefix = prefix && mnl_attr_validate(prefix, MNL_TYPE_NUL_STRING) == 0;
	const struct nflog_packet told = {
		.ethertype = ntohs(packet->hw_protocol),
		.bytes = (const uint8_t *)mnl_attr_get_payload(bytes) + skipped,
		.size = mnl_attr_get_payload_len(bytes) - skipped,
		.is_outgoing = !found.of[NFULA_IFINDEX_INDEV],
		.prefix = has_prefix ? mnl_attr_get_str(prefix) : "",
	};
	visit(context, &told);
}

int nflog_read(int fd, struct nflog_count *count, nflog_visit *visit, void *context)
{
	_Alignas(struct nlmsghdr) uint8_t datagram[NFLOG_DATAGRAM_BYTES];
	ssize_t got = recv(fd, datagram, sizeof datagram, 0);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	int left = (int)got;
	for (const struct nlmsghdr *message = (const void *)datagram; mnl_nlmsg_ok(message, left);
		message = mnl_nlmsg_next(message, &left))
		visit_message(message, count, visit, context);
	return 1;
}
