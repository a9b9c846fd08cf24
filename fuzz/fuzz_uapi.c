/* SPDX-License-Identifier: ISC */
/*
 * The userspace interface: any bytes as requests, whole and in pieces. The first byte of the input
 * is the size of the pieces; both ways must give the same answers and changes that are in order.
 */
#include "engine/uapi_dialog.h"

#include "base/error.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An engine that looks closely at what it is given. */
struct engine {
	size_t configured; /* changes that it was given */
	size_t refused;	   /* of those: to see errors of the engine pass, too */
	struct engine_status status;
};

/* Ends the run where something is not as it must be, with or without assertions. */
static void demand(bool holds)
{
	if (!holds)
		abort();
}

static void check_prefix(const struct engine_prefix_change *change)
{
	struct prefix normal = change->prefix;

	prefix_normalize(&normal);
	demand(address_bits(normal.address.family) != 0);
	demand(normal.length <= address_bits(normal.address.family));
	demand(address_equal(&normal.address, &change->prefix.address));
}

static size_t check_peer(const struct engine_peer_change *peer)
{
	demand(!peer->sets_endpoint ||
		(peer->endpoint.remote.family != ADDRESS_NONE && peer->endpoint.port != 0));
	demand(peer->sets_preshared_key || bytes_are_zero(peer->preshared_key, NOISE_KEY_SIZE));
	for (size_t i = 0; i < peer->prefix_count; i++)
		check_prefix(&peer->prefixes[i]);
	return peer->prefix_count;
}

int engine_configure(struct engine *engine, const struct engine_change *change)
{
	size_t prefixes = 0;

	engine->configured++;
	demand(change->peer_count <= UAPI_PEERS_MAX);
	demand(change->sets_private_key || bytes_are_zero(change->private_key, NOISE_KEY_SIZE));
	for (size_t i = 0; i < change->peer_count; i++)
		prefixes += check_peer(&change->peers[i]);
	demand(prefixes <= UAPI_PREFIXES_MAX);
	if (change->mark == 1)
		return ERR_CRYPTO; /* so that the engine's errors are answered, too */
	if (change->sets_private_key)
		memcpy(engine->status.private_key, change->private_key, NOISE_KEY_SIZE);
	engine->status.has_private_key = change->sets_private_key;
	engine->status.listen_port = change->listen_port;
	engine->status.mark = change->mark;
	return 0;
}

void engine_inspect(struct engine *engine, const struct engine_visitor *visitor)
{
	static const struct endpoint endpoint = {.remote.family = ADDRESS_IPV6, .port = 1};
	static const struct allowedips_owner owner;
	struct engine_peer_status peer = {
		.public_key = engine->status.public_key,
		.preshared_key = engine->status.private_key,
		.endpoint = &endpoint,
		.allowedips = &owner,
		.last_handshake_ns = UINT64_MAX,
		.rx_bytes = UINT64_MAX,
		.tx_bytes = engine->configured,
	};

	visitor->visit_status(visitor->context, &engine->status);
	visitor->visit_peer(visitor->context, &peer);
}

/* Whether a complaint is one line of printable characters. */
static void check_complaint(const char *complaint)
{
	demand(memchr(complaint, '\0', UAPI_COMPLAINT_SIZE) != NULL);
	for (; *complaint; complaint++)
		demand(*complaint >= ' ' && *complaint <= '~');
}

/* Answers whatever can be answered now; false at the end of the connection. */
static bool answer(struct uapi_dialog *dialog, struct uapi_text *answers)
{
	for (;;) {
		size_t before = answers->size;
		enum uapi_step step = uapi_dialog_step(dialog, answers);
		check_complaint(uapi_dialog_complaint(dialog));
		if (step == UAPI_STEP_MORE) {
			demand(answers->size == before);
			return true;
		}
		demand(answers->size >= before + strlen("errno=0\n\n"));
		demand(memcmp(answers->at + answers->size - 2, "\n\n", 2) == 0);
		if (step == UAPI_STEP_LAST_ANSWER)
			return false;
	}
}

/* All of the bytes as one connection, at most `piece` of them at a time. */
static void converse(const uint8_t *data, size_t size, size_t piece, struct uapi_text *answers)
{
	struct engine engine = {0};
	struct uapi_dialog dialog;
	size_t room = 0;

	uapi_dialog_init(&dialog, &engine);
	while (size > 0) {
		char *to = uapi_dialog_room(&dialog, &room);
		size_t taken = size < piece ? size : piece;
		demand(room > UAPI_LINE_MAX);
		if (taken > room)
			taken = room;
		memcpy(to, data, taken);
		uapi_dialog_received(&dialog, taken);
		data += taken;
		size -= taken;
		if (!answer(&dialog, answers))
			break;
	}
	uapi_dialog_done(&dialog);
	demand(bytes_are_zero((const uint8_t *)&dialog, sizeof dialog));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct uapi_text whole = {0}, pieces = {0};

	if (size == 0)
		return 0;
	converse(data + 1, size - 1, SIZE_MAX, &whole);
	converse(data + 1, size - 1, (size_t)data[0] + 1, &pieces);
	demand(whole.size == pieces.size);
	demand(whole.size == 0 || memcmp(whole.at, pieces.at, whole.size) == 0);
	uapi_text_done(&whole);
	uapi_text_done(&pieces);
	return 0;
}
