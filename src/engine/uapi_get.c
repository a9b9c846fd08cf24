/* SPDX-License-Identifier: ISC */
#include "base/clock.h"
#include "base/number.h"
#include "engine/uapi.h"

#include <inttypes.h>

enum {
	KEY_DIGITS = 2 * NOISE_KEY_SIZE,
};

/* Appends "name=key in hexadecimal"; the key not by printf, whose buffers would keep a copy. */
static void add_key(struct uapi_text *text, const char *name, const uint8_t *key)
{
	uapi_text_add(text, "%s=", name);
	char *to = uapi_text_reserve(text, KEY_DIGITS + 1);
	hex_format(key, NOISE_KEY_SIZE, to);
	to[KEY_DIGITS] = '\n'; /* in place of the zero */
	text->size += KEY_DIGITS + 1;
}

/* Keys of ours, which wg(8) skips: how many datagrams died, where and of what. */
static void add_deaths(struct uapi_text *text, const struct engine_status *status)
{
	if (!status->door)
		return;
	for (enum door_reason reason = 0; reason < DOOR_REASONS; reason++)
		uapi_text_add(text, "door.%s=%" PRIu64 "\n", door_word(reason),
			status->door->count[reason]);
	for (enum drop drop = 1; drop < DROP_COUNT; drop++)
		uapi_text_add(
			text, "drop.%s=%" PRIu64 "\n", drop_word(drop), status->drops->count[drop]);
}

static void add_status(void *context, const struct engine_status *status)
{
	struct uapi_text *text = context;

	if (status->has_private_key)
		add_key(text, "private_key", status->private_key);
	if (status->listen_port != 0)
		uapi_text_add(text, "listen_port=%u\n", status->listen_port);
	if (status->mark != 0)
		uapi_text_add(text, "fwmark=%" PRIu32 "\n", status->mark);
	add_deaths(text, status);
}

static void add_allowedips(struct uapi_text *text, const struct allowedips_owner *owner)
{
	const struct allowedips_node *node = NULL;
	char address[ADDRESS_TEXT_SIZE];

	while ((node = allowedips_next(owner, node))) {
		struct prefix prefix = allowedips_prefix(node);
		uapi_text_add(text, "allowed_ip=%s/%u\n", address_format(&prefix.address, address),
			prefix.length);
	}
}

static void add_peer(void *context, const struct engine_peer_status *peer)
{
	struct uapi_text *text = context;
	char endpoint[ENDPOINT_TEXT_SIZE];

	add_key(text, "public_key", peer->public_key);
	add_key(text, "preshared_key", peer->preshared_key);
	uapi_text_add(text, "protocol_version=1\n");
	if (peer->endpoint->remote.family != ADDRESS_NONE)
		uapi_text_add(text, "endpoint=%s\n", endpoint_format(peer->endpoint, endpoint));
	uapi_text_add(text,
		"last_handshake_time_sec=%" PRIu64 "\n"
		"last_handshake_time_nsec=%" PRIu64 "\n"
		"tx_bytes=%" PRIu64 "\n"
		"rx_bytes=%" PRIu64 "\n"
		"persistent_keepalive_interval=%u\n",
		peer->last_handshake_ns / NS_PER_S, peer->last_handshake_ns % NS_PER_S,
		peer->tx_bytes, peer->rx_bytes, peer->persistent_keepalive_s);
	add_allowedips(text, peer->allowedips);
}

void uapi_get(struct engine *engine, struct uapi_text *text)
{
	struct engine_visitor visitor = {
		.visit_status = add_status, .visit_peer = add_peer, .context = text};

	engine_inspect(engine, &visitor);
}
