/* SPDX-License-Identifier: ISC */
/* How long inner packets are on the wire, and that they come out as they went in. */
#include "wireguard/interface_world.h"

enum {
	LONGEST =
		MESSAGE_MAX_SIZE - MESSAGE_DATA_OVERHEAD, /* inner packet that a datagram carries */
};

static struct datagram datagram;

static const struct {
	const char *name;
	uint16_t mtu;
	size_t size;	/* of the inner packet */
	size_t on_wire; /* padded, without the overhead */
} rows[] = {
	{"the shortest", 1420, 20, 32},
	{"one below a multiple", 1420, 31, 32},
	{"a multiple of 16", 1420, 32, 32},
	{"one above a multiple", 1420, 33, 48},
	{"the last multiple within the MTU", 1420, 1408, 1408},
	{"padding to the MTU, not beyond", 1420, 1409, 1420},
	{"one below the MTU", 1420, 1419, 1420},
	{"the MTU, which is no multiple", 1420, 1420, 1420},
	{"one above the MTU: its last part is padded", 1420, 1421, 1436},
	{"twice the MTU", 1420, 2840, 2840},
	{"an MTU of 1280", 1280, 1279, 1280},
	{"an MTU that is odd", 1281, 1280, 1280},
	{"an MTU that is odd, all of it", 1281, 1281, 1281},
	{"the least MTU of IPv4", 68, 67, 68},
	{"the least MTU of IPv4, all of it", 68, 68, 68},
	{"a jumbo frame", 9000, 8999, 9000},
	{"no MTU known", 0, 1420, 1424},
	{"the greatest MTU", 65535, 1001, 1008},
	{"nearly the longest", 65535, LONGEST - 2, LONGEST},
	{"the longest", 65535, LONGEST, LONGEST},
	{"the longest, no MTU known", 0, LONGEST - 1, LONGEST},
};

static void test_row(size_t row)
{
	char name[96];

	two_open_in_session();
	interface_set_mtu(alice.interface, rows[row].mtu);
	send_marked(&alice, 2, rows[row].size, (uint32_t)row);
	(void)snprintf(name, sizeof name, "%s: %zu bytes, MTU %u", rows[row].name, rows[row].size,
		rows[row].mtu);
	if (!tap_ok(take(&alice, &datagram), name))
		return;
	tap_is_int((intmax_t)datagram.size, (intmax_t)(rows[row].on_wire + MESSAGE_DATA_OVERHEAD),
		"its length on the wire");
	give(&bob, &datagram, &alice);
	tap_ok(got_inner(&bob, 1, rows[row].size, (uint32_t)row), "it comes out as it went in");
	two_close();
}

/* Every size and every MTU: between the size and the next multiple of 16, within the MTU. */
static void test_all_sizes(void)
{
	uint64_t wrong = 0;

	two_open_in_session();
	for (uint16_t mtu = 1270; mtu <= 1300; mtu++) {
		interface_set_mtu(alice.interface, mtu);
		for (size_t size = INNER_HEADER; size <= mtu; size++) {
			size_t multiple = (size + 15) / 16 * 16;
			send_marked(&alice, 2, size, 0);
			wrong += !take(&alice, &datagram) ||
				 datagram.size - MESSAGE_DATA_OVERHEAD !=
					 (multiple < mtu ? multiple : mtu);
		}
	}
	tap_is_int((intmax_t)wrong, 0, "all sizes up to MTUs of 1270 to 1300");
	two_close();
}

/* The padding is zero: nothing of an earlier packet in the buffer gets out. */
static void test_padding_is_zero(void)
{
	struct packet_list list = {0};

	two_open_in_session();
	for (int i = 0; i < POOL_SIZE; i++)
		packet_list_push(&list, packet_get(&alice.pool));
	for (struct packet *packet = list.first; packet; packet = packet->next)
		memset(packet->data, 0xaa, 2000);
	packet_put_all(&alice.pool, &list);
	send_marked(&alice, 2, 33, 0);
	tap_ok(take(&alice, &datagram), "a packet in a buffer that was used");
	struct keypair *keypair = peer_of(&bob, &alice)->keypairs.current;
	uint8_t *inner = datagram.bytes + MESSAGE_DATA_HEADER_SIZE;
	int err = aead_open(keypair->receiving, 1, inner, 48 + NOISE_TAG_SIZE);
	tap_is_int(err, 0, "is opened");
	tap_ok(bytes_are_zero(inner + 33, 15), "its padding is zero");
	two_close();
}

static void test_too_long(void)
{
	two_open_in_session();
	send_marked(&alice, 2, LONGEST + 1, 0);
	tap_is_int(drops_of(&alice, DROP_OUT_TOO_LONG), 1, "longer than a datagram carries");
	send_marked(&alice, 2, UINT16_MAX, 0);
	tap_is_int(drops_of(&alice, DROP_OUT_TOO_LONG), 2, "as long as IPv4 can be");
	tap_ok(is_silent(&alice), "is not sent");
	two_close();
}

int main(void)
{
	for (size_t row = 0; row < ARRAY_LENGTH(rows); row++)
		test_row(row);
	test_all_sizes();
	test_padding_is_zero();
	test_too_long();
	return tap_done();
}
