/* SPDX-License-Identifier: ISC */
/* Our handshake in the place of the one that wireguard-go shook hands with. */
#include "../../vectors/wireguard_go.h"
#include "tap.h"

#include "crypto/aead.h"
#include "wireguard/cookie.h"
#include "wireguard/handshake_fixture.h"

#define NOW_NS 1000000000000ULL

static const struct recorded_handshake *r;

static void set_up(struct end *end)
{
	*end = (struct end){0};
	if (noise_identity_set(&end->identity, r->our_private))
		abort();
	noise_handshake_init(&end->handshake, &end->identity, r->their_public);
	memcpy(end->handshake.preshared_key, r->preshared_key, NOISE_KEY_SIZE);
}

/* The keys are those under which wireguard-go sent its first packet. */
static void check_session(struct end *end)
{
	uint8_t data[sizeof r->data];
	uint8_t *packet = data + MESSAGE_DATA_HEADER_SIZE;
	struct message_data_header header;
	struct noise_keys keys;
	struct aead *receiving;

	noise_keys_derive(&end->handshake, &keys);
	tap_is_bytes(keys.sending, r->sending, NOISE_KEY_SIZE, "the key to send with");
	memcpy(data, r->data, sizeof data);
	message_data_header_decode(data, &header);
	tap_is_int(header.receiver_index, r->our_index, "its packet is for our index");
	if (aead_new(keys.receiving, &receiving))
		abort();
	int err = aead_open(receiving, header.counter, packet, sizeof data - 16);
	tap_is_int(err, 0, "its packet opens");
	tap_is_bytes(packet, r->packet, sizeof r->packet, "and says what was said");
	aead_free(receiving);
}

static void test_they_call(void)
{
	struct end end;
	struct cookie_checker checker = {0};
	struct cookie_maker maker = {0};
	struct message_initiation initiation;
	struct message_response response;
	struct noise_caller caller;
	struct script script = {r->our_ephemeral, NOISE_KEY_SIZE};
	uint8_t datagram[MESSAGE_RESPONSE_SIZE];

	set_up(&end);
	cookie_checker_set_key(&checker, end.identity.public_key);
	cookie_maker_set_key(&maker, r->their_public);
	tap_ok(cookie_mac1_is_valid(&checker, r->initiation, sizeof r->initiation), "its mac1");
	message_initiation_decode(r->initiation, &initiation);
	tap_is_int(noise_initiation_open(&end.identity, &initiation, &caller), DROP_NONE, "opened");
	tap_is_bytes(caller.static_key, r->their_public, NOISE_KEY_SIZE, "its static key");
	tap_is_int(noise_initiation_consume(&end.handshake, &initiation, &caller, NOW_NS),
		DROP_NONE, "consumed");
	tap_is_bytes(end.handshake.latest_timestamp, r->timestamp, sizeof r->timestamp, "its time");
	if (noise_response_create(&end.handshake, script_entropy(&script), &response))
		abort();
	response.sender_index = r->our_index;
	response.receiver_index = end.handshake.remote_index;
	message_response_encode(&response, datagram);
	cookie_macs_write(&maker, NOW_NS, datagram, sizeof datagram);
	tap_is_bytes(datagram, r->response, sizeof datagram, "the response that it accepted");
	check_session(&end);
	noise_handshake_done(&end.handshake);
	noise_identity_done(&end.identity);
}

static void test_we_call(void)
{
	struct end end;
	struct cookie_checker checker = {0};
	struct cookie_maker maker = {0};
	struct message_initiation initiation;
	struct message_response response;
	struct script script = {r->our_ephemeral, NOISE_KEY_SIZE};
	uint8_t datagram[MESSAGE_INITIATION_SIZE];

	set_up(&end);
	cookie_checker_set_key(&checker, end.identity.public_key);
	cookie_maker_set_key(&maker, r->their_public);
	if (noise_initiation_create(&end.handshake, &end.identity, script_entropy(&script),
		    r->timestamp, &initiation))
		abort();
	initiation.sender_index = r->our_index;
	message_initiation_encode(&initiation, datagram);
	cookie_macs_write(&maker, NOW_NS, datagram, sizeof datagram);
	tap_is_bytes(datagram, r->initiation, sizeof datagram, "the initiation that it accepted");
	tap_ok(cookie_mac1_is_valid(&checker, r->response, sizeof r->response), "its mac1");
	message_response_decode(r->response, &response);
	tap_is_int(response.receiver_index, r->our_index, "its response is for our index");
	tap_is_int(noise_response_consume(&end.handshake, &end.identity, &response), DROP_NONE,
		"its response is consumed");
	check_session(&end);
	noise_handshake_done(&end.handshake);
	noise_identity_done(&end.identity);
}

int main(void)
{
	tap_is_int(ARRAY_LENGTH(recorded_handshakes), 4, "all of them");
	for (size_t i = 0; i < ARRAY_LENGTH(recorded_handshakes); i++) {
		r = &recorded_handshakes[i];
		printf("# %s\n", r->name);
		if (r->we_initiate)
			test_we_call();
		else
			test_they_call();
	}
	return tap_done();
}
