/* SPDX-License-Identifier: ISC */
/* The handshake against vectors made independently (tests/vectors/handshake.py), byte for byte. */
#include "../../vectors/handshake.h"
#include "tap.h"

#include "base/error.h"
#include "crypto/aead.h"
#include "wireguard/cookie.h"
#include "wireguard/handshake_fixture.h"

#define NOW_NS 1000000000000ULL

static const struct handshake_vector *v;

static void set_up(struct ends *ends)
{
	ends_init(ends, v->initiator_private, v->responder_private, v->preshared_key);
}

/* The initiation's bytes, with macs by the maker. */
static void create_initiation(struct ends *ends, struct cookie_maker *maker,
	uint8_t ret_datagram[static MESSAGE_INITIATION_SIZE])
{
	struct script script = {v->initiator_ephemeral, NOISE_KEY_SIZE};
	struct message_initiation message;

	int err = noise_initiation_create(&ends->initiator.handshake, &ends->initiator.identity,
		script_entropy(&script), v->timestamp, &message);
	tap_is_int(err, 0, "an initiation is created");
	message.sender_index = v->initiator_index;
	message_initiation_encode(&message, ret_datagram);
	cookie_macs_write(maker, NOW_NS, ret_datagram, MESSAGE_INITIATION_SIZE);
}

static void test_initiator(void)
{
	struct ends ends;
	struct cookie_maker maker = {0};
	uint8_t datagram[MESSAGE_INITIATION_SIZE];
	struct message_response response;
	struct noise_keys keys;

	set_up(&ends);
	cookie_maker_set_key(&maker, ends.responder.identity.public_key);
	create_initiation(&ends, &maker, datagram);
	tap_is_bytes(datagram, v->initiation, sizeof datagram, "the initiation");
	tap_is_int(ends.initiator.handshake.state, NOISE_INITIATION_CREATED, "its state");

	message_response_decode(v->response, &response);
	tap_is_int(noise_response_consume(
			   &ends.initiator.handshake, &ends.initiator.identity, &response),
		DROP_NONE, "the response is consumed");
	tap_is_int(ends.initiator.handshake.remote_index, v->responder_index, "remote index");
	tap_ok(!ends.initiator.handshake.ephemeral, "the ephemeral is gone");
	noise_keys_derive(&ends.initiator.handshake, &keys);
	tap_is_bytes(keys.sending, v->initiator_sends, NOISE_KEY_SIZE, "initiator's sending key");
	tap_is_bytes(keys.receiving, v->responder_sends, NOISE_KEY_SIZE, "and receiving key");
	tap_ok(keys.is_initiator, "the initiator knows that it is");
	ends_done(&ends);
}

static void test_responder(void)
{
	struct ends ends;
	struct cookie_maker maker = {0};
	struct message_initiation initiation;
	struct message_response response;
	struct script script = {v->responder_ephemeral, NOISE_KEY_SIZE};
	uint8_t datagram[MESSAGE_RESPONSE_SIZE];
	struct noise_keys keys;

	set_up(&ends);
	struct noise_handshake *handshake = &ends.responder.handshake;
	cookie_maker_set_key(&maker, ends.initiator.identity.public_key);
	message_initiation_decode(v->initiation, &initiation);
	tap_is_int(initiation_take(&ends.responder, &initiation, NOW_NS), DROP_NONE, "initiation");
	tap_is_int(handshake->remote_index, v->initiator_index, "whose index is kept");
	tap_is_bytes(handshake->latest_timestamp, v->timestamp, NOISE_TIMESTAMP_SIZE, "timestamp");

	int err = noise_response_create(handshake, script_entropy(&script), &response);
	tap_is_int(err, 0, "a response is created");
	response.sender_index = v->responder_index;
	response.receiver_index = handshake->remote_index;
	message_response_encode(&response, datagram);
	cookie_macs_write(&maker, NOW_NS, datagram, sizeof datagram);
	tap_is_bytes(datagram, v->response, sizeof datagram, "the response");
	noise_keys_derive(handshake, &keys);
	tap_is_bytes(keys.sending, v->responder_sends, NOISE_KEY_SIZE, "responder's sending key");
	tap_is_bytes(keys.receiving, v->initiator_sends, NOISE_KEY_SIZE, "and receiving key");
	tap_ok(!keys.is_initiator, "the responder knows that it is");
	ends_done(&ends);
}

/* The initiator gets the vector's cookie and signs its next initiation with it. */
static void test_cookie(void)
{
	struct ends ends;
	struct cookie_maker maker = {0};
	struct message_cookie_reply reply;
	uint8_t datagram[MESSAGE_INITIATION_SIZE];

	set_up(&ends);
	cookie_maker_set_key(&maker, ends.responder.identity.public_key);
	create_initiation(&ends, &maker, datagram);
	message_cookie_reply_decode(v->cookie_reply, &reply);
	tap_is_int(cookie_reply_consume(&maker, NOW_NS, &reply), DROP_NONE, "cookie consumed");
	create_initiation(&ends, &maker, datagram);
	tap_is_bytes(datagram, v->initiation_mac2, sizeof datagram, "the initiation with mac2");
	ends_done(&ends);
}

static void test_checker(void)
{
	struct ends ends;
	struct cookie_checker checker = {0};
	struct endpoint from = {
		.remote = {.family = ADDRESS_IPV4, .bytes = {192, 0, 2, 7}}, .port = 51820};
	struct endpoint from_ipv6 = {
		.remote = {.family = ADDRESS_IPV6, .bytes = {0x20, 0x01, 0x0d, 0xb8, [15] = 7}},
		.port = 51821};
	struct message_cookie_reply reply;
	uint8_t seed[sizeof v->secret + sizeof v->cookie_nonce];
	uint8_t datagram[MESSAGE_COOKIE_REPLY_SIZE];
	struct script script = {seed, sizeof seed};
	const size_t size = MESSAGE_INITIATION_SIZE;

	set_up(&ends);
	memcpy(seed, v->secret, sizeof v->secret);
	memcpy(seed + sizeof v->secret, v->cookie_nonce, sizeof v->cookie_nonce);
	cookie_checker_set_key(&checker, ends.responder.identity.public_key);
	tap_ok(cookie_mac1_is_valid(&checker, v->initiation, size), "mac1 of the initiation");
	tap_ok(!cookie_mac2_is_valid(&checker, NOW_NS, v->initiation_mac2, size, &from),
		"mac2 is not valid while there is no secret");
	int err = cookie_reply_create(&checker, NOW_NS, script_entropy(&script),
		(struct bytes){v->initiation, size}, &from, &reply);
	tap_is_int(err, 0, "a cookie reply is created");
	message_cookie_reply_encode(&reply, datagram);
	tap_is_bytes(datagram, v->cookie_reply, sizeof datagram, "the cookie reply");
	tap_ok(cookie_mac2_is_valid(&checker, NOW_NS, v->initiation_mac2, size, &from), "mac2");
	tap_ok(cookie_mac2_is_valid(&checker, NOW_NS, v->initiation_mac2_ipv6, size, &from_ipv6),
		"mac2 of an IPv6 source");
	cookie_checker_set_key(&checker, ends.initiator.identity.public_key);
	tap_ok(cookie_mac1_is_valid(&checker, v->response, sizeof v->response), "mac1, response");
	ends_done(&ends);
}

static void test_data(void)
{
	struct message_data_header header = {.receiver_index = v->responder_index, .counter = 7};
	uint8_t datagram[sizeof v->data];
	uint8_t *packet = datagram + MESSAGE_DATA_HEADER_SIZE;
	struct aead *sending, *receiving;

	if (aead_new(v->initiator_sends, &sending) || aead_new(v->initiator_sends, &receiving))
		abort();
	message_data_header_encode(&header, datagram);
	memcpy(packet, v->packet, sizeof v->packet);
	tap_is_int(aead_seal(sending, 7, packet, sizeof v->packet), 0, "a packet is sealed");
	tap_is_bytes(datagram, v->data, sizeof datagram, "the data message");
	int err = aead_open(receiving, 7, packet, sizeof v->packet + NOISE_TAG_SIZE);
	tap_is_int(err, 0, "it is opened");
	tap_is_bytes(packet, v->packet, sizeof v->packet, "and says the same");
	aead_free(sending);
	aead_free(receiving);
}

static void test_identity(void)
{
	struct noise_identity identity = {0};
	struct noise_caller caller;
	struct message_initiation initiation;
	uint8_t zero[NOISE_KEY_SIZE] = {0}, clamped[NOISE_KEY_SIZE];

	memcpy(clamped, v->initiator_private, sizeof clamped);
	x25519_clamp(clamped);
	message_initiation_decode(v->initiation, &initiation);
	tap_ok(!noise_identity_is_set(&identity), "zero is no identity");
	tap_is_int(noise_initiation_open(&identity, &initiation, &caller), DROP_NO_PRIVATE_KEY,
		"which opens nothing");
	tap_is_int(noise_identity_set(&identity, v->initiator_private), 0, "set");
	tap_is_bytes(identity.private_key, clamped, sizeof clamped, "the private key is clamped");
	tap_is_int(noise_identity_set(&identity, identity.private_key), 0, "set to itself");
	tap_is_bytes(identity.private_key, clamped, sizeof clamped, "it stays");
	tap_is_int(noise_identity_set(&identity, v->responder_private), 0, "set to another");
	tap_is_int(noise_initiation_open(&identity, &initiation, &caller), DROP_NONE, "opens");
	tap_is_int(noise_identity_set(&identity, zero), 0, "set to zero");
	tap_ok(!noise_identity_is_set(&identity), "unset");
	tap_is_bytes(identity.private_key, zero, sizeof zero, "and wiped");
	tap_is_int(noise_identity_set(&identity, v->responder_private), 0, "set again");
	tap_is_int(noise_identity_set(&identity, NULL), 0, "set to NULL");
	tap_ok(!noise_identity_is_set(&identity), "unset again");
	noise_identity_done(&identity);
}

int main(void)
{
	tap_is_int(ARRAY_LENGTH(handshake_vectors), 2, "all of them");
	for (size_t i = 0; i < ARRAY_LENGTH(handshake_vectors); i++) {
		v = &handshake_vectors[i];
		printf("# %s\n", v->name);
		test_initiator();
		test_responder();
		test_cookie();
		test_checker();
		test_data();
		test_identity();
	}
	return tap_done();
}
