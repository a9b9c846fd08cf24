/* SPDX-License-Identifier: ISC */
/*
 * Cookie replies to the initiation that we have sent to Carol. By the first byte: 0: the input is
 * the reply, index and all; 1: the index is right; else it is sealed as Carol would, with the
 * input's nonce and cookie. No endpoint moves, nothing is emitted; a cookie is taken if sealed.
 */
#include "stage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	INPUT_SIZE = 1 + MESSAGE_COOKIE_REPLY_SIZE - 4,
};

/* With the key that anybody can know, for the mac1 that anybody could see. */
static void seal(const struct stage *stage, struct message_cookie_reply *reply)
{
	const struct cookie_maker *maker = &stage->carol->cookie;
	const struct bytes cookie = {reply->encrypted_cookie, COOKIE_SIZE};
	const struct bytes mac1 = {maker->last_mac1, MAC_SIZE};
	uint8_t sealed[COOKIE_SIZE + NOISE_TAG_SIZE];

	demand(xaead_seal(maker->cookie_key, reply->nonce, cookie, mac1, sealed) == 0);
	memcpy(reply->encrypted_cookie, sealed, sizeof sealed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stage *stage = stage_fresh();
	struct stage_view before = stage_view(stage);
	uint8_t datagram[MESSAGE_COOKIE_REPLY_SIZE];
	struct message_cookie_reply reply;
	struct outbox out;

	if (size != INPUT_SIZE)
		return 0;
	store_le32(datagram, MESSAGE_COOKIE_REPLY);
	memcpy(datagram + 4, data + 1, INPUT_SIZE - 1);
	message_cookie_reply_decode(datagram, &reply);
	if (data[0] > 0)
		reply.receiver_index = stage->carol->handshake_index.index;
	if (data[0] > 1)
		seal(stage, &reply);
	message_cookie_reply_encode(&reply, datagram);
	stage_receive(stage, datagram, sizeof datagram, &out);
	stage_demand_silence(stage, &before, &out);
	if (data[0] > 1) {
		demand(stage->carol->cookie.has_cookie);
		demand(memcmp(stage->carol->cookie.cookie, data + 1 + 4 + COOKIE_NONCE_SIZE,
			       COOKIE_SIZE) == 0);
	} else if (stage_genuine(stage, datagram, sizeof datagram) == GENUINES) {
		demand(!stage->carol->cookie.has_cookie);
	}
	stage->is_spent = stage->carol->cookie.has_cookie;
	stage_clear(stage, &out);
	return 0;
}
