/* SPDX-License-Identifier: ISC */
#include "wireguard/messages.h"

#include "operations.h"
#include "tap.h"

/* A datagram: type word as on the wire, and its length. */
static const struct shape_case {
	const char *name;
	uint8_t word[4];
	size_t size;
	enum message_type want;
} shapes[] = {
	{"initiation", {1}, 148, MESSAGE_INITIATION},
	{"initiation one short", {1}, 147, MESSAGE_INVALID},
	{"initiation one long", {1}, 149, MESSAGE_INVALID},
	{"initiation as long as a response", {1}, 92, MESSAGE_INVALID},
	{"initiation, first reserved byte", {1, 1}, 148, MESSAGE_INVALID},
	{"initiation, second reserved byte", {1, 0, 1}, 148, MESSAGE_INVALID},
	{"initiation, third reserved byte", {1, 0, 0, 1}, 148, MESSAGE_INVALID},
	{"initiation, greatest bit", {1, 0, 0, 0x80}, 148, MESSAGE_INVALID},
	{"initiation, other byte order", {0, 0, 0, 1}, 148, MESSAGE_INVALID},
	{"response", {2}, 92, MESSAGE_RESPONSE},
	{"response one short", {2}, 91, MESSAGE_INVALID},
	{"response one long", {2}, 93, MESSAGE_INVALID},
	{"response as long as an initiation", {2}, 148, MESSAGE_INVALID},
	{"response, third reserved byte", {2, 0, 0, 1}, 92, MESSAGE_INVALID},
	{"cookie reply", {3}, 64, MESSAGE_COOKIE_REPLY},
	{"cookie reply one short", {3}, 63, MESSAGE_INVALID},
	{"cookie reply one long", {3}, 65, MESSAGE_INVALID},
	{"cookie reply, first reserved byte", {3, 0xff}, 64, MESSAGE_INVALID},
	{"keepalive", {4}, 32, MESSAGE_DATA},
	{"data one short", {4}, 31, MESSAGE_INVALID},
	{"data without padding", {4}, 33, MESSAGE_DATA},
	{"data as long as an initiation", {4}, 148, MESSAGE_DATA},
	{"data, greatest", {4}, MESSAGE_MAX_SIZE, MESSAGE_DATA},
	{"data, one above the greatest", {4}, MESSAGE_MAX_SIZE + 1, MESSAGE_INVALID},
	{"data, second reserved byte", {4, 0, 2}, 64, MESSAGE_INVALID},
	{"type 0", {0}, 148, MESSAGE_INVALID},
	{"type 0, empty shape", {0}, 0, MESSAGE_INVALID},
	{"type 5", {5}, 148, MESSAGE_INVALID},
	{"type 5, data length", {5}, 64, MESSAGE_INVALID},
	{"type 255", {0xff, 0xff, 0xff, 0xff}, 148, MESSAGE_INVALID},
	{"empty", {1}, 0, MESSAGE_INVALID},
	{"one byte", {1}, 1, MESSAGE_INVALID},
	{"three bytes", {4}, 3, MESSAGE_INVALID},
	{"type word alone", {4}, 4, MESSAGE_INVALID},
	{"bare data header", {4}, 16, MESSAGE_INVALID},
};

static void test_shapes(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(shapes); i++) {
		const struct shape_case *row = &shapes[i];
		/* Exactly as large as it says, so that a sanitizer sees a byte too many. */
		uint8_t *datagram = malloc(row->size ? row->size : 1);

		if (!datagram)
			abort();
		memset(datagram, 0xa5, row->size);
		memcpy(datagram, row->word, row->size < 4 ? row->size : 4);
		tap_is_int(message_classify(datagram, row->size), row->want, row->name);
		free(datagram);
	}
}

/* Every length that a datagram can have, by the rule itself. */
static void test_every_length(void)
{
	static uint8_t datagram[MESSAGE_MAX_SIZE + 1];
	unsigned wrong = 0;

	for (uint8_t type = 0; type < 8; type++) {
		datagram[0] = type;
		for (size_t size = 4; size <= sizeof datagram; size++) {
			bool exact = (type == 1 && size == 148) || (type == 2 && size == 92) ||
				     (type == 3 && size == 64) ||
				     (type == 4 && size >= 32 && size <= 65507);
			wrong += message_classify(datagram, size) != (exact ? type : 0);
		}
	}
	tap_is_int(wrong, 0, "every length of every type");
}

/* Where each field lies, as the paper has it (5.4): the byte at offset n of the wire is n. */
static void test_layout(void)
{
	uint8_t wire[MESSAGE_INITIATION_SIZE];

	for (size_t i = 0; i < sizeof wire; i++)
		wire[i] = (uint8_t)i;

	struct message_initiation initiation;
	message_initiation_decode(wire, &initiation);
	tap_is_int(initiation.sender_index, 0x07060504, "initiation: sender");
	tap_is_bytes(initiation.ephemeral, wire + 8, 32, "initiation: ephemeral");
	tap_is_bytes(initiation.encrypted_static, wire + 40, 48, "initiation: static");
	tap_is_bytes(initiation.encrypted_timestamp, wire + 88, 28, "initiation: timestamp");

	struct message_response response;
	message_response_decode(wire, &response);
	tap_is_int(response.sender_index, 0x07060504, "response: sender");
	tap_is_int(response.receiver_index, 0x0b0a0908, "response: receiver");
	tap_is_bytes(response.ephemeral, wire + 12, 32, "response: ephemeral");
	tap_is_bytes(response.encrypted_nothing, wire + 44, 16, "response: nothing");

	struct message_cookie_reply reply;
	message_cookie_reply_decode(wire, &reply);
	tap_is_int(reply.receiver_index, 0x07060504, "cookie reply: receiver");
	tap_is_bytes(reply.nonce, wire + 8, 24, "cookie reply: nonce");
	tap_is_bytes(reply.encrypted_cookie, wire + 32, 32, "cookie reply: cookie");

	struct message_data_header header;
	message_data_header_decode(wire, &header);
	tap_is_int(header.receiver_index, 0x07060504, "data: receiver");
	tap_ok(header.counter == 0x0f0e0d0c0b0a0908, "data: counter");
}

/* What is decoded and encoded again is what it was, and nothing behind the fields is touched. */
static void test_round_trip(void)
{
	uint8_t wire[MESSAGE_INITIATION_SIZE], again[MESSAGE_INITIATION_SIZE];
	struct prng prng = prng_start();

	prng_fill(&prng, wire, sizeof wire);
	wire[1] = wire[2] = wire[3] = 0;
	memcpy(again, wire, sizeof again);

	struct message_initiation initiation;
	wire[0] = MESSAGE_INITIATION;
	message_initiation_decode(wire, &initiation);
	memset(again, 0, MESSAGE_INITIATION_SIZE - MESSAGE_MACS_SIZE);
	message_initiation_encode(&initiation, again);
	tap_is_bytes(again, wire, sizeof wire, "initiation: there and back");

	struct message_response response;
	wire[0] = MESSAGE_RESPONSE;
	message_response_decode(wire, &response);
	memset(again, 0, MESSAGE_RESPONSE_SIZE - MESSAGE_MACS_SIZE);
	message_response_encode(&response, again);
	tap_is_bytes(again, wire, sizeof wire, "response: there and back");

	struct message_cookie_reply reply;
	wire[0] = MESSAGE_COOKIE_REPLY;
	message_cookie_reply_decode(wire, &reply);
	memset(again, 0, MESSAGE_COOKIE_REPLY_SIZE);
	message_cookie_reply_encode(&reply, again);
	tap_is_bytes(again, wire, sizeof wire, "cookie reply: there and back");

	struct message_data_header header;
	wire[0] = MESSAGE_DATA;
	message_data_header_decode(wire, &header);
	memset(again, 0, MESSAGE_DATA_HEADER_SIZE);
	message_data_header_encode(&header, again);
	tap_is_bytes(again, wire, sizeof wire, "data header: there and back");
}

int main(void)
{
	test_shapes();
	test_every_length();
	test_layout();
	test_round_trip();
	return tap_done();
}
