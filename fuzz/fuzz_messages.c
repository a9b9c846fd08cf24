/* SPDX-License-Identifier: ISC */
/* The four messages: what is decoded and encoded again is what it was, but for the macs. */
#include "stage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Decodes and encodes; returns how many bytes the fields take. */
static size_t round_trip(enum message_type type, const uint8_t *data, uint8_t *ret_again)
{
	struct message_initiation initiation;
	struct message_response response;
	struct message_cookie_reply reply;
	struct message_data_header header;

	switch (type) {
	case MESSAGE_INITIATION:
		message_initiation_decode(data, &initiation);
		message_initiation_encode(&initiation, ret_again);
		return MESSAGE_INITIATION_SIZE - MESSAGE_MACS_SIZE;
	case MESSAGE_RESPONSE:
		message_response_decode(data, &response);
		message_response_encode(&response, ret_again);
		return MESSAGE_RESPONSE_SIZE - MESSAGE_MACS_SIZE;
	case MESSAGE_COOKIE_REPLY:
		message_cookie_reply_decode(data, &reply);
		message_cookie_reply_encode(&reply, ret_again);
		return MESSAGE_COOKIE_REPLY_SIZE;
	case MESSAGE_DATA:
		message_data_header_decode(data, &header);
		message_data_header_encode(&header, ret_again);
		return MESSAGE_DATA_HEADER_SIZE;
	case MESSAGE_INVALID:
		break;
	}
	return 0;
}

/* The shapes once more, written as plainly as can be. */
static enum message_type expected_type(const uint8_t *data, size_t size)
{
	if (size < 4 || data[1] || data[2] || data[3])
		return MESSAGE_INVALID;
	if (data[0] == 1 && size == 148)
		return MESSAGE_INITIATION;
	if (data[0] == 2 && size == 92)
		return MESSAGE_RESPONSE;
	if (data[0] == 3 && size == 64)
		return MESSAGE_COOKIE_REPLY;
	return data[0] == 4 && size >= 32 ? MESSAGE_DATA : MESSAGE_INVALID;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t again[MESSAGE_INITIATION_SIZE];
	enum message_type type = message_classify(data, size);

	demand(type == expected_type(data, size));
	size_t fields = round_trip(type, data, again);
	demand(fields == 0 || memcmp(data, again, fields) == 0);
	return 0;
}
