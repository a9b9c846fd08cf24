/* SPDX-License-Identifier: ISC */
/* A peer is where it last authenticated from (paper, 2.1), whatever anybody else sends. */
#include "wireguard/interface_world.h"

static const struct endpoint elsewhere = {
	.remote = {.family = ADDRESS_IPV4, .bytes = {198, 51, 100, 9}},
	.port = 9,
	.source = {.family = ADDRESS_IPV4, .bytes = {192, 0, 2, 77}},
	.source_ifindex = 3,
};

static struct datagram initiation, response, data, other;

/* Whether the node thinks that its peer is elsewhere. */
static bool has_moved(const struct node *node, const struct node *peer)
{
	return endpoint_equal_remote(&peer_of(node, peer)->endpoint, &elsewhere);
}

static void test_initiation(void)
{
	two_open();
	send_one(&alice, &bob);
	tap_ok(take(&alice, &initiation), "an initiation");
	give_from(&bob, &initiation, &elsewhere);
	tap_ok(!has_moved(&bob, &alice), "moves nobody");
	tap_ok(take(&bob, &response) && endpoint_equal_remote(&response.to, &elsewhere),
		"and is answered where it came from");
	tap_ok(response.to.source_ifindex == 3 &&
			address_equal(&response.to.source, &elsewhere.source),
		"from the address that was called");
	give(&alice, &response, &bob);
	tap_ok(take(&alice, &data), "the first packet under the new keys");
	data.bytes[data.size - 1] ^= 1;
	give_from(&bob, &data, &elsewhere);
	tap_ok(!has_moved(&bob, &alice), "forged moves nobody");
	data.bytes[data.size - 1] ^= 1;
	give_from(&bob, &data, &elsewhere);
	tap_ok(has_moved(&bob, &alice), "moves its sender");
	forget_inner(&bob);
	two_close();
}

/* Of whom nothing is known gets what waits for it with its first packet under the new keys. */
static void test_first_call(void)
{
	const struct endpoint none = {0};

	two_open();
	interface_peer_set_endpoint(peer_of(&bob, &alice), &none);
	send_one(&bob, &alice);
	tap_is_int(drops_of(&bob, DROP_OUT_NO_ENDPOINT), 1, "nobody knows where to send to");
	send_one(&alice, &bob);
	tap_ok(take(&alice, &initiation), "an initiation");
	give_from(&bob, &initiation, &elsewhere);
	send_one(&bob, &alice);
	tap_ok(peer_of(&bob, &alice)->endpoint.remote.family == ADDRESS_NONE,
		"does not tell where its sender is");
	tap_ok(take(&bob, &response) && is_silent(&bob), "is answered, and a packet waits");
	give(&alice, &response, &bob);
	tap_ok(take(&alice, &data), "the first packet under the new keys");
	give_from(&bob, &data, &elsewhere);
	forget_inner(&bob);
	tap_ok(take(&bob, &data) && type_of(&data) == MESSAGE_DATA &&
			endpoint_equal_remote(&data.to, &elsewhere),
		"brings it to where that came from");
	two_close();
}

static void test_response(void)
{
	two_open();
	send_one(&alice, &bob);
	tap_ok(take(&alice, &initiation), "an initiation");
	give(&bob, &initiation, &alice);
	tap_ok(take(&bob, &response), "a response");
	give_from(&alice, &response, &elsewhere);
	tap_ok(has_moved(&alice, &bob), "moves its sender");
	tap_ok(take(&alice, &data) && endpoint_equal_remote(&data.to, &elsewhere),
		"and data goes there");
	two_close();
}

static void test_data(void)
{
	two_open_in_session();
	send_one(&bob, &alice);
	tap_ok(take(&bob, &data), "data");
	give_from(&alice, &data, &elsewhere);
	tap_ok(has_moved(&alice, &bob), "moves its sender");
	send_one(&alice, &bob);
	tap_ok(take(&alice, &data) && endpoint_equal_remote(&data.to, &elsewhere),
		"and is answered there");
	give(&bob, &data, &alice);
	tap_ok(!has_moved(&bob, &alice), "who has not moved stays where it is");
	two_close();
}

static void test_keepalive(void)
{
	two_open_in_session();
	skip(10 * SECONDS_NS);
	tick(&bob);
	tap_ok(take(&bob, &data) && is_keepalive(&data), "a keepalive");
	give_from(&alice, &data, &elsewhere);
	tap_ok(has_moved(&alice, &bob), "moves its sender");
	two_close();
}

/* Padding and source are checked last: the peer has authenticated by then. */
static void test_disallowed_data(void)
{
	struct packet_list list = {0};
	uint8_t inner[40];

	two_open_in_session();
	inner_write(77, 2, sizeof inner, 0, inner);
	packet_list_push(&list, packet_with(&alice, inner, sizeof inner));
	interface_send(alice.interface, now, &list, &alice.out);
	tap_ok(take(&alice, &data), "data from an inner source of nobody's");
	give_from(&bob, &data, &elsewhere);
	tap_is_int(drops_of(&bob, DROP_SOURCE_NOT_ALLOWED), 1, "is dropped");
	tap_ok(has_moved(&bob, &alice), "but its sender is known by it, as in the kernel");
	two_close();
}

/* A cookie reply proves only that somebody saw our initiation. */
static void test_cookie_reply(void)
{
	struct cookie_checker checker = {0};
	struct message_cookie_reply reply;

	two_open();
	cookie_checker_set_key(&checker, bob.public_key);
	send_one(&alice, &bob);
	tap_ok(take(&alice, &initiation), "an initiation");
	int err = cookie_reply_create(&checker, now.monotonic_ns, seeded_entropy(&world_seed),
		(struct bytes){initiation.bytes, initiation.size}, &alice.at, &reply);
	tap_is_int(err, 0, "a cookie reply to it");
	message_cookie_reply_encode(&reply, other.bytes);
	other.size = MESSAGE_COOKIE_REPLY_SIZE;
	give_from(&alice, &other, &elsewhere);
	tap_is_int(drops_in_all(&alice), 0, "is accepted");
	tap_ok(peer_of(&alice, &bob)->cookie.has_cookie, "and its cookie kept");
	tap_ok(!has_moved(&alice, &bob), "but moves nobody");
	tap_ok(is_silent(&alice), "and is not answered");
	skip(6 * SECONDS_NS);
	tick(&alice);
	tap_ok(take(&alice, &other), "the next initiation");
	tap_ok(!bytes_are_zero(other.bytes + MESSAGE_INITIATION_SIZE - MAC_SIZE, MAC_SIZE),
		"has the cookie's mac");
	two_close();
}

/* Each byte of a datagram altered in turn, from elsewhere: dropped, without a trace or a word. */
static bool alterations_die(struct node *node, const struct node *peer, const struct datagram *good)
{
	struct datagram *bad = &other;
	uint64_t before = drops_in_all(node), rx_bytes = peer_of(node, peer)->rx_bytes;

	for (size_t i = 0; i < good->size; i++) {
		*bad = *good;
		bad->bytes[i] ^= (uint8_t)(1 << i % 8);
		give_from(node, bad, &elsewhere);
		if (has_moved(node, peer) || !is_silent(node)) {
			printf("# byte %zu\n", i);
			return false;
		}
	}
	return drops_in_all(node) == before + good->size &&
	       peer_of(node, peer)->rx_bytes == rx_bytes;
}

/* The last 16 bytes of an initiation or response are mac2, which counts under load alone. */
static void test_altered(void)
{
	two_open();
	send_one(&alice, &bob);
	tap_ok(take(&alice, &initiation), "an initiation");
	initiation.size -= MAC_SIZE;
	tap_ok(alterations_die(&bob, &alice, &initiation), "cut, and each of its bytes altered");
	initiation.size += MAC_SIZE;
	tap_is_int(
		drops_of(&bob, DROP_MALFORMED), MESSAGE_INITIATION_SIZE - MAC_SIZE, "is malformed");
	give(&bob, &initiation, &alice);
	tap_ok(take(&bob, &response), "as it was, it is answered");
	give(&alice, &response, &bob);
	tap_ok(take(&alice, &data), "and the answer accepted");
	tap_ok(alterations_die(&bob, &alice, &data), "each byte of a data packet altered");
	give(&bob, &data, &alice);
	tap_is_int(forget_inner(&bob), 1, "as it was, it arrives");
	two_close();
}

/* Flips each byte up to mac2, with the right length. */
static bool handshake_alterations_die(
	struct node *node, const struct node *peer, const struct datagram *good)
{
	struct datagram *bad = &other;

	for (size_t i = 0; i < good->size - MAC_SIZE; i++) {
		*bad = *good;
		bad->bytes[i] ^= (uint8_t)(1 << i % 8);
		give_from(node, bad, &elsewhere);
		if (has_moved(node, peer) || !is_silent(node)) {
			printf("# byte %zu\n", i);
			return false;
		}
	}
	return drops_in_all(node) == good->size - MAC_SIZE;
}

static void test_altered_handshakes(void)
{
	two_open();
	send_one(&alice, &bob);
	tap_ok(take(&alice, &initiation), "an initiation");
	tap_ok(handshake_alterations_die(&bob, &alice, &initiation), "each of its bytes altered");
	give(&bob, &initiation, &alice);
	tap_ok(take(&bob, &response), "as it was, it is answered");
	tap_ok(handshake_alterations_die(&alice, &bob, &response), "each byte of the response");
	give(&alice, &response, &bob);
	tap_ok(take(&alice, &data), "as it was, it is accepted");
	two_close();
}

static void test_replayed(void)
{
	two_open();
	send_one(&alice, &bob);
	tap_ok(take(&alice, &initiation), "an initiation");
	give(&bob, &initiation, &alice);
	tap_ok(take(&bob, &response), "a response");
	give(&alice, &response, &bob);
	tap_ok(take(&alice, &data), "data");
	give(&bob, &data, &alice);
	forget_inner(&bob);
	skip(SECONDS_NS);
	give_from(&bob, &initiation, &elsewhere);
	give_from(&alice, &response, &elsewhere);
	give_from(&bob, &data, &elsewhere);
	tap_is_int(drops_of(&bob, DROP_INITIATION_REPLAYED), 1, "the initiation is known");
	tap_is_int(drops_of(&alice, DROP_RESPONSE_UNEXPECTED), 1, "the response is not waited for");
	tap_is_int(drops_of(&bob, DROP_COUNTER_REPLAYED), 1, "the data's counter is known");
	tap_ok(!has_moved(&bob, &alice) && !has_moved(&alice, &bob), "nobody moves");
	tap_ok(is_silent(&alice) && is_silent(&bob), "nobody answers");
	send_one(&alice, &bob);
	carry();
	tap_is_int(forget_inner(&bob), 1, "and the session goes on");
	two_close();
}

/* Whoever knows only our public key can reach the first public-key operation, and no further. */
static void test_stranger(void)
{
	struct node mallory;

	two_open();
	node_open(&mallory, 9);
	know(&mallory, &bob);
	send_one(&mallory, &bob);
	carry();
	tap_is_int(drops_of(&bob, DROP_PEER_UNKNOWN), 1, "a stranger's initiation is dropped");
	tap_is_int(mallory.emitted[MESSAGE_INITIATION], 1, "it was sent");
	tap_ok(is_silent(&bob), "and not answered");
	node_close(&mallory);
	two_close();
}

int main(void)
{
	test_initiation();
	test_first_call();
	test_response();
	test_data();
	test_keepalive();
	test_disallowed_data();
	test_cookie_reply();
	test_altered();
	test_altered_handshakes();
	test_replayed();
	test_stranger();
	return tap_done();
}
