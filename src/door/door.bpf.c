/* SPDX-License-Identifier: ISC */
/*
 * The door: in the kernel, before there is a socket, it drops each datagram to the tunnel's port
 * that the engine would let die by its shape, its index, mac1 or the knock (docs/door.md). It may
 * err only by letting in: the engine checks all of it again.
 *
 *   door_tc      judges at tc ingress        door_xdp     judges in the driver
 *   door_wall    drops all at tc ingress     door_tap     judges for a packet socket
 */
#include "door/compress.h"
#include "door/layout.h"
#include "door/reasons.h"

#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/pkt_cls.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL"; /* helpers of ours are for GPL programs too */

enum {
	IPV4_SIZE = 20,
	IPV6_SIZE = 40,
	UDP_SIZE = 8,
	IPV4_SOURCE_AT = 12, /* and the destination right behind it */
	IPV4_TARGET_AT = 16,
	IPV6_SOURCE_AT = 8,
	IPV6_TARGET_AT = 24,
	IPV4_MORE = 0x2000,   /* fragments */
	IPV4_OFFSET = 0x1fff, /* of this one */
	IPV6_HEADERS_MAX = 8, /* extension headers on the way to UDP; more belong to nobody */

	AF_IPV4 = 2, /* as in sys/socket.h */
	AF_IPV6 = 10,

	INITIATION_SIZE = 148, /* as in wireguard/messages.h */
	RESPONSE_SIZE = 92,
	COOKIE_REPLY_SIZE = 64,
	DATA_MIN_SIZE = 32,

	MAC_WORDS = 4,
};

#define NS_PER_S 1000000000ULL

/* ---- maps: layout.h says what is in them ---- */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct door_shared);
} door_shared SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, (1U << DOOR_LIVE_BITS) / DOOR_LIVE_GROUP); /* or as the loader says */
	__type(key, uint32_t);
	__type(value, struct door_live_group);
} door_live SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* the loader says how many processors there are */
	__type(key, uint32_t);
	__type(value, struct door_counts);
} door_counts SEC(".maps");

/* The interfaces that have a door, by index, and how long their link header is. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, DOOR_PLACES_MAX);
	__type(key, uint32_t);
	__type(value, uint32_t);
} door_places SEC(".maps");

/* What would not fit on the stack; words are in the machine's order. */
struct scratch {
	uint32_t message[INITIATION_SIZE / 4];
	uint32_t state[DOOR_STATE_WORDS];
	uint32_t block[COMPRESS_BLOCK_WORDS];
	struct bpf_fib_lookup way;
	struct bpf_sock_tuple tuple;
};

/* One for each processor, which judges one datagram at a time. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct scratch);
} door_scratch SEC(".maps");

static __always_inline struct scratch *get_scratch(void)
{
	uint32_t zero = 0;

	return bpf_map_lookup_elem(&door_scratch, &zero);
}

/* ---- packets, from wherever we look at them ---- */

enum place { AT_TC, AT_XDP, AT_TAP };

/* A packet; `place` is known when the program is compiled. */
struct packet {
	void *context;
	uint32_t network_at; /* XDP: where the IP header begins */
	enum place place;
};

/* A datagram to the tunnel's port. */
struct datagram {
	uint32_t at;	 /* of its payload, from the IP header */
	uint32_t size;	 /* of its payload; of the first one's, where several came as one */
	uint32_t count;	 /* of datagrams */
	uint16_t udp_at; /* of its UDP header */
	uint8_t family;
	uint8_t has_lies; /* its headers are not those of a plain datagram */
};

/*
 * The same where they do not lie in the packet's first piece, as those of super-packets: by their
 * place from the link header on, for there is no helper that counts from the IP header then.
 */
static __attribute__((noinline)) long load_apart(
	struct __sk_buff *skb, uint32_t at, void *to, uint32_t size)
{
	uint32_t ifindex = skb->ifindex;
	const uint32_t *header_size = bpf_map_lookup_elem(&door_places, &ifindex);

	if (!header_size || *header_size > DOOR_HEADER_MAX)
		return -1;
	return bpf_skb_load_bytes(skb, *header_size + at, to, size);
}

/* Copies bytes from the IP header on. Not 0: they are not there. */
static __always_inline long load(const struct packet *packet, uint32_t at, void *to, uint32_t size)
{
	if (packet->place == AT_XDP)
		return bpf_xdp_load_bytes(packet->context, packet->network_at + at, to, size);
	if (bpf_skb_load_bytes_relative(packet->context, at, to, size, BPF_HDR_START_NET) == 0)
		return 0;
	return load_apart(packet->context, at, to, size);
}

struct udp_header {
	__be16 source, destination, length, sum;
};

/* Completes the datagram whose UDP header is at udp_at. False: it is not to this port. */
static __always_inline int take_udp(
	const struct packet *packet, uint32_t port, uint32_t ip_payload, struct datagram *datagram)
{
	struct udp_header udp;

	if (load(packet, datagram->udp_at, &udp, sizeof udp) != 0 ||
		bpf_ntohs(udp.destination) != port)
		return 0;
	uint32_t length = bpf_ntohs(udp.length);
	datagram->at = (uint32_t)datagram->udp_at + UDP_SIZE;
	datagram->size = length - UDP_SIZE;
	datagram->count = 1;
	if (length < UDP_SIZE || length != ip_payload)
		datagram->has_lies = 1;
	if (packet->place == AT_XDP)
		return 1;
	const struct __sk_buff *skb = packet->context;
	uint32_t segment = skb->gso_size;
	if (segment) {
		datagram->count = skb->gso_segs;
		datagram->size = segment < datagram->size ? segment : datagram->size;
	}
	return 1;
}

/* Whether an IPv4 packet is the beginning of a datagram to this port. */
static __always_inline int find_ipv4(
	const struct packet *packet, uint32_t port, struct datagram *datagram)
{
	uint32_t words[IPV4_SIZE / 4];

	if (load(packet, 0, words, sizeof words) != 0)
		return 0;
	uint32_t first = bpf_ntohl(words[0]), second = bpf_ntohl(words[1]);
	uint32_t header_size = (first >> 24 & 0xf) * 4, size = first & 0xffff;
	if (first >> 28 != 4 || (bpf_ntohl(words[2]) >> 16 & 0xff) != IPPROTO_UDP ||
		second & IPV4_OFFSET)
		return 0;
	datagram->family = AF_IPV4;
	datagram->udp_at = (uint16_t)header_size;
	datagram->has_lies = header_size != IPV4_SIZE || (second & IPV4_MORE) != 0;
	return take_udp(packet, port, size - header_size, datagram);
}

/* The size of an extension header; 0: it is none that is followed. */
static __always_inline uint32_t extension_size(uint8_t type, const uint8_t head[8])
{
	switch (type) {
	case 0:	  /* hop by hop */
	case 43:  /* routing */
	case 60:  /* destination */
	case 135: /* mobility */
	case 139: /* host identity */
	case 140: /* shim6 */
		return ((uint32_t)head[1] + 1) * 8;
	case 51: /* authentication */
		return ((uint32_t)head[1] + 2) * 4;
	case 44: /* the first fragment; others have no UDP header */
		return head[2] == 0 && (head[3] & 0xf8) == 0 ? 8 : 0;
	}
	return 0;
}

/* Whether an IPv6 packet is the beginning of a datagram to this port. */
static __always_inline int find_ipv6(
	const struct packet *packet, uint32_t port, struct datagram *datagram)
{
	uint8_t head[8];
	uint32_t at = IPV6_SIZE;

	if (load(packet, 0, head, sizeof head) != 0 || head[0] >> 4 != 6)
		return 0;
	uint32_t payload = (uint32_t)head[4] << 8 | head[5];
	uint8_t type = head[6];
	datagram->family = AF_IPV6;
	datagram->has_lies = type != IPPROTO_UDP;
	for (int i = 0; i < IPV6_HEADERS_MAX && type != IPPROTO_UDP; i++) {
		if (load(packet, at, head, sizeof head) != 0)
			return 0;
		uint32_t size = extension_size(type, head);
		if (size == 0)
			return 0;
		type = head[0];
		at += size;
	}
	if (type != IPPROTO_UDP)
		return 0;
	datagram->udp_at = (uint16_t)at;
	return take_udp(packet, port, payload, datagram);
}

static __always_inline int find(
	const struct packet *packet, __be16 protocol, uint32_t port, struct datagram *datagram)
{
	if (protocol == bpf_htons(ETH_P_IP))
		return find_ipv4(packet, port, datagram);
	if (protocol == bpf_htons(ETH_P_IPV6))
		return find_ipv6(packet, port, datagram);
	return 0;
}

/* ---- keyed BLAKE2s over a handshake message ---- */

static __always_inline uint32_t word_of(uint32_t little_endian)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	return __builtin_bswap32(little_endian);
#else
	return little_endian;
#endif
}

/* Not inlined: the verifier walks it for each call, but the program stays small. */
static __attribute__((noinline)) void take_block(
	uint32_t *state, const uint32_t *block, uint32_t hashed, uint32_t last)
{
	compress_block(state, block, hashed, last);
}

/*
 * Whether the MAC over the first `word_count` words of the message is this, as far as last_mask
 * says of its last word. The block with the key is in `keyed` already. Not in constant time: what
 * could be told from it is how far a tag agrees that is another one for each message.
 */
static __always_inline int mac_is(struct scratch *scratch, const uint32_t *keyed,
	uint32_t word_count, const uint32_t mac[MAC_WORDS], uint32_t last_mask)
{
	const uint32_t whole = (word_count - 1) / COMPRESS_BLOCK_WORDS; /* blocks before the last */
	uint32_t *state = scratch->state, *block = scratch->block;

	__builtin_memcpy(state, keyed, sizeof scratch->state);
#pragma unroll
	for (uint32_t i = 0; i < whole; i++)
		take_block(state, scratch->message + i * COMPRESS_BLOCK_WORDS,
			(i + 2) * COMPRESS_BLOCK_SIZE, 0);
#pragma unroll
	for (uint32_t i = 0; i < COMPRESS_BLOCK_WORDS; i++) {
		uint32_t at = whole * COMPRESS_BLOCK_WORDS + i;
		block[i] = at < word_count ? scratch->message[at] : 0;
	}
	take_block(state, block, COMPRESS_BLOCK_SIZE + word_count * 4, ~0U);
	return ((state[0] ^ mac[0]) | (state[1] ^ mac[1]) | (state[2] ^ mac[2]) |
		       ((state[3] ^ mac[3]) & last_mask)) == 0;
}

/* mac1 stands behind what it is over. */
static __always_inline int mac1_is_valid(
	struct scratch *scratch, const struct door_rules *rules, uint32_t word_count)
{
	return mac_is(scratch, rules->mac1, word_count, scratch->message + word_count, ~0U);
}

/* The place of an epoch among the accepted ones; DOOR_KEYS_MAX: it is not. */
static __always_inline uint32_t find_epoch(const struct door_rules *rules, uint32_t epoch)
{
	uint32_t low = 0, high = rules->key_count;

	for (int i = 0; i < DOOR_KEYS_STEPS && low < high; i++) {
		uint32_t middle = (low + high) / 2;
		if (rules->epochs[middle % DOOR_KEYS_MAX] < epoch)
			low = middle + 1;
		else
			high = middle;
	}
	if (low >= rules->key_count || rules->epochs[low % DOOR_KEYS_MAX] != epoch)
		return DOOR_KEYS_MAX;
	return low;
}

/* docs/knock.md, on the wire: two bytes of epoch, then the first 14 of the tag. */
static __always_inline int knock_is_valid(struct scratch *scratch, const struct door_rules *rules)
{
	enum { MAC1 = INITIATION_SIZE / 4 - 2 * MAC_WORDS, MAC2 = MAC1 + MAC_WORDS };
	const uint32_t *mac2 = scratch->message + MAC2;
	const uint32_t tag[MAC_WORDS] = {mac2[0] >> 16 | mac2[1] << 16,
		mac2[1] >> 16 | mac2[2] << 16, mac2[2] >> 16 | mac2[3] << 16, mac2[3] >> 16};

	uint32_t at = find_epoch(rules, (mac2[0] ^ scratch->message[MAC1]) & 0xffff);
	if (at >= DOOR_KEYS_MAX)
		return 0;
	return mac_is(scratch, rules->knocks[at], MAC2, tag, 0xffff);
}

/* ---- what the engine would say ---- */

/* Whether something of ours that may get such a message has the index. */
static __always_inline int is_live(
	const struct door_shared *shared, uint32_t index, uint32_t handshakes, uint32_t keypairs)
{
	uint32_t slot = door_slot(index, shared->place_bits & 31, shared->shard_bits & 7);
	uint32_t key = slot / DOOR_LIVE_GROUP;
	const struct door_live_group *group = bpf_map_lookup_elem(&door_live, &key);

	if (shared->is_overfull || !group)
		return 1;
	uint32_t word = group->slots[slot % DOOR_LIVE_GROUP];
	return (handshakes && word == index_mirror_word(index, INDEX_MARK_HANDSHAKE)) ||
	       (keypairs && word == index_mirror_word(index, INDEX_MARK_KEYPAIR));
}

/* Loads a handshake message of `size` bytes. NULL: it is not all there. */
static __always_inline struct scratch *load_message(
	const struct packet *packet, const struct datagram *datagram, uint32_t size)
{
	struct scratch *scratch = get_scratch();

	if (!scratch || load(packet, datagram->at, scratch->message, size) != 0)
		return 0;
#pragma unroll
	for (uint32_t i = 0; i < size / 4; i++)
		scratch->message[i] = word_of(scratch->message[i]);
	return scratch;
}

static __always_inline enum door_reason judge_initiation(const struct packet *packet,
	const struct door_rules *rules, const struct datagram *datagram)
{
	struct scratch *scratch = load_message(packet, datagram, INITIATION_SIZE);

	if (!scratch)
		return DOOR_LET_IN; /* we cannot see it: the engine will */
	if (!(rules->flags & DOOR_HAS_KEY))
		return DOOR_NO_PRIVATE_KEY;
	if (!mac1_is_valid(scratch, rules, INITIATION_SIZE / 4 - 2 * MAC_WORDS))
		return DOOR_MAC1_INVALID;
	if ((rules->flags & DOOR_ASKS_KNOCK) && !knock_is_valid(scratch, rules))
		return DOOR_KNOCK_MISSING;
	return DOOR_LET_IN;
}

static __always_inline enum door_reason judge_response(const struct packet *packet,
	const struct door_shared *shared, const struct door_rules *rules,
	const struct datagram *datagram)
{
	struct scratch *scratch = load_message(packet, datagram, RESPONSE_SIZE);

	if (!scratch)
		return DOOR_LET_IN; /* we cannot see it: the engine will */
	if (!is_live(shared, scratch->message[2], 1, 0))
		return DOOR_RESPONSE_UNEXPECTED;
	if (!(rules->flags & DOOR_HAS_KEY))
		return DOOR_NO_PRIVATE_KEY;
	if (!mac1_is_valid(scratch, rules, RESPONSE_SIZE / 4 - 2 * MAC_WORDS))
		return DOOR_MAC1_INVALID;
	return DOOR_LET_IN;
}

static __always_inline enum door_reason judge(const struct packet *packet,
	const struct door_shared *shared, const struct door_rules *rules,
	const struct datagram *datagram)
{
	uint32_t head[2]; /* type, and an index */

	if (datagram->has_lies)
		return DOOR_HEADER;
	if (!(rules->flags & DOOR_IS_UP))
		return DOOR_DOWN;
	if (datagram->size < DATA_MIN_SIZE)
		return DOOR_MALFORMED;
	if (load(packet, datagram->at, head, sizeof head) != 0)
		return DOOR_LET_IN; /* we cannot see it: the engine will */
	uint32_t type = word_of(head[0]), size = datagram->size;
	if (type == 4)
		return is_live(shared, word_of(head[1]), 0, 1) ? DOOR_LET_IN : DOOR_INDEX_UNKNOWN;
	if (type == 1 && size == INITIATION_SIZE)
		return judge_initiation(packet, rules, datagram);
	if (type == 2 && size == RESPONSE_SIZE)
		return judge_response(packet, shared, rules, datagram);
	if (type == 3 && size == COOKIE_REPLY_SIZE)
		return is_live(shared, word_of(head[1]), 1, 1) ? DOOR_LET_IN
							       : DOOR_COOKIE_UNEXPECTED;
	return DOOR_MALFORMED;
}

/* ---- whose it is ---- */

/*
 * Whether the host would send the datagram on to another: then it is none of our business. Asked
 * only of what would be dropped, as what is let in goes its way in any case.
 */
static __always_inline int is_for_another(
	const struct packet *packet, const struct datagram *datagram)
{
	struct scratch *scratch = get_scratch();
	long said;

	if (!scratch)
		return 0;
	struct bpf_fib_lookup *way = &scratch->way;
	__builtin_memset(way, 0, sizeof *way);
	way->family = datagram->family;
	way->l4_protocol = IPPROTO_UDP;
	if (packet->place == AT_XDP)
		way->ifindex = ((struct xdp_md *)packet->context)->ingress_ifindex;
	else
		way->ifindex = ((struct __sk_buff *)packet->context)->ingress_ifindex;
	if (datagram->family == AF_IPV4)
		said = load(packet, IPV4_SOURCE_AT, &way->ipv4_src, sizeof way->ipv4_src) |
		       load(packet, IPV4_TARGET_AT, &way->ipv4_dst, sizeof way->ipv4_dst);
	else
		said = load(packet, IPV6_SOURCE_AT, way->ipv6_src, sizeof way->ipv6_src) |
		       load(packet, IPV6_TARGET_AT, way->ipv6_dst, sizeof way->ipv6_dst);
	if (said != 0)
		return 0;
	said = bpf_fib_lookup(packet->context, way, sizeof *way, 0);
	return said == BPF_FIB_LKUP_RET_SUCCESS || said == BPF_FIB_LKUP_RET_NO_NEIGH ||
	       said == BPF_FIB_LKUP_RET_FRAG_NEEDED;
}

/* Whether a socket takes the datagram; else the kernel would tell its sender that none does. */
static __always_inline int has_socket(const struct packet *packet, const struct datagram *datagram)
{
	struct scratch *scratch = get_scratch();
	uint32_t ports_at = datagram->udp_at;
	uint32_t size;
	long said;

	if (!scratch)
		return 1;
	struct bpf_sock_tuple *tuple = &scratch->tuple;
	if (datagram->family == AF_IPV4) {
		said = load(packet, IPV4_SOURCE_AT, &tuple->ipv4, 2 * sizeof tuple->ipv4.saddr) |
		       load(packet, ports_at, &tuple->ipv4.sport, 2 * sizeof tuple->ipv4.sport);
		size = sizeof tuple->ipv4;
	} else {
		said = load(packet, IPV6_SOURCE_AT, &tuple->ipv6, 2 * sizeof tuple->ipv6.saddr) |
		       load(packet, ports_at, &tuple->ipv6.sport, 2 * sizeof tuple->ipv6.sport);
		size = sizeof tuple->ipv6;
	}
	if (said != 0)
		return 1;
	struct bpf_sock *socket =
		bpf_sk_lookup_udp(packet->context, tuple, size, (uint64_t)BPF_F_CURRENT_NETNS, 0);
	if (!socket)
		return 0;
	bpf_sk_release(socket);
	return 1;
}

/* ---- verdicts ---- */

static __always_inline void count(enum door_reason reason, uint32_t datagrams)
{
	uint32_t processor = bpf_get_smp_processor_id();
	struct door_counts *counts = bpf_map_lookup_elem(&door_counts, &processor);

	if (counts) /* one processor's; the lock is for kernels whose interrupts are threads */
		__sync_fetch_and_add(&counts->count[reason], datagrams);
}

static __always_inline const struct door_shared *get_shared(void)
{
	uint32_t zero = 0;

	return bpf_map_lookup_elem(&door_shared, &zero);
}

/* By an address that depends on what was read: so no processor reads the rules before. */
static __always_inline const struct door_rules *get_rules(const struct door_shared *shared)
{
	uint32_t active = *(volatile const uint32_t *)&shared->active;

	return &shared->rules[active % DOOR_RULES];
}

/* The engine has not looked in for long: whoever has the port now is somebody else. */
static __always_inline int is_stale(const struct door_shared *shared)
{
	uint64_t seen_ns = *(volatile const uint64_t *)&shared->heartbeat_ns;

	return bpf_ktime_get_boot_ns() > seen_ns + DOOR_STALE_S * NS_PER_S;
}

/* Whether the packet is dropped. */
static __always_inline int is_refused(const struct packet *packet, __be16 protocol)
{
	const struct door_shared *shared = get_shared();
	struct datagram datagram = {0};

	if (!shared)
		return 0;
	const struct door_rules *rules = get_rules(shared);
	if (rules->port == 0 || !find(packet, protocol, rules->port, &datagram))
		return 0;
	enum door_reason reason = judge(packet, shared, rules, &datagram);
	if (reason != DOOR_HEADER && is_stale(shared))
		reason = DOOR_LET_IN;
	if (reason == DOOR_LET_IN && !has_socket(packet, &datagram))
		reason = DOOR_NOBODY;
	if (reason != DOOR_LET_IN && is_for_another(packet, &datagram))
		return 0;
	count(reason, datagram.count);
	return reason != DOOR_LET_IN;
}

/* Whether the packet is this host's own by its link address, and is not seen again as a VLAN's. */
static __always_inline int concerns_us(const struct __sk_buff *skb)
{
	enum { TO_ANOTHER = 3 /* PACKET_OTHERHOST */, VLAN_ID = 0xfff };

	return skb->pkt_type != TO_ANOTHER &&
	       !(skb->vlan_present && (skb->vlan_tci & VLAN_ID) != 0);
}

SEC("tc")
int door_tc(struct __sk_buff *skb)
{
	const struct packet packet = {.context = skb, .place = AT_TC};

	if (!concerns_us(skb))
		return TC_ACT_UNSPEC;
	return is_refused(&packet, (__be16)skb->protocol) ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

SEC("xdp")
int door_xdp(struct xdp_md *context)
{
	const struct packet packet = {.context = context, .network_at = ETH_HLEN, .place = AT_XDP};
	__be16 protocol;

	if (bpf_xdp_load_bytes(
		    context, offsetof(struct ethhdr, h_proto), &protocol, sizeof protocol) != 0)
		return XDP_PASS;
	return is_refused(&packet, protocol) ? XDP_DROP : XDP_PASS;
}

/* Hidden reception: nothing to the port goes on to the kernel; door_tap has seen it before. */
SEC("tc")
int door_wall(struct __sk_buff *skb)
{
	const struct packet packet = {.context = skb, .place = AT_TC};
	const struct door_shared *shared = get_shared();
	struct datagram datagram = {0};

	if (!shared || !concerns_us(skb))
		return TC_ACT_UNSPEC;
	const struct door_rules *rules = get_rules(shared);
	if (rules->port == 0 || !find(&packet, (__be16)skb->protocol, rules->port, &datagram) ||
		is_for_another(&packet, &datagram))
		return TC_ACT_UNSPEC;
	return TC_ACT_SHOT;
}

/* Hidden reception: what the engine's packet socket gets to see; how many bytes of it. */
SEC("socket")
int door_tap(struct __sk_buff *skb)
{
	const struct packet packet = {.context = skb, .place = AT_TAP};
	const struct door_shared *shared = get_shared();
	struct datagram datagram = {0};
	uint32_t place = skb->ifindex;

	if (!shared || !concerns_us(skb))
		return 0;
	const struct door_rules *rules = get_rules(shared);
	if (rules->port == 0 || !find(&packet, (__be16)skb->protocol, rules->port, &datagram) ||
		!bpf_map_lookup_elem(&door_places, &place))
		return 0;
	enum door_reason reason = judge(&packet, shared, rules, &datagram);
	count(reason, datagram.count);
	return reason == DOOR_LET_IN ? (int)skb->len : 0;
}
