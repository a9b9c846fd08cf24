/* SPDX-License-Identifier: ISC */
/*
 * Milliseconds for one set and one get of so many peers by the userspace interface, without socket
 * and engine: every peer has all keys and two prefixes. What it costs a peer must not grow.
 */
#include "engine/uapi_dialog.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

#define KEY "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"

static const size_t sizes[] = {1000, 10000, 100000, 1000000};

/* An engine that counts. */
struct engine {
	size_t peer_count; /* of the last change, and to be told */
	struct engine_peer_status peer;
};

int engine_configure(struct engine *engine, const struct engine_change *change)
{
	engine->peer_count = change->peer_count;
	return 0;
}

void engine_inspect(struct engine *engine, const struct engine_visitor *visitor)
{
	struct engine_status status = {.listen_port = 51820};

	visitor->visit_status(visitor->context, &status);
	for (size_t i = 0; i < engine->peer_count; i++)
		visitor->visit_peer(visitor->context, &engine->peer);
}

/* A request that sets so many peers. */
static struct uapi_text request_of(size_t peers)
{
	struct uapi_text text = {0};

	uapi_text_add(&text, "set=1\nreplace_peers=true\n");
	for (size_t i = 0; i < peers; i++)
		uapi_text_add(&text,
			"public_key=%064zx\npreshared_key=" KEY "\nendpoint=192.0.2.1:51820\n"
			"persistent_keepalive_interval=25\nreplace_allowed_ips=true\n"
			"allowed_ip=10.0.0.1/32\nallowed_ip=fd00::1/128\n",
			i);
	uapi_text_add(&text, "\n");
	return text;
}

/* Says all of the request; its answers are appended. */
static void say(struct uapi_dialog *dialog, const char *at, size_t size, struct uapi_text *answer)
{
	while (size > 0) {
		size_t room;
		char *to = uapi_dialog_room(dialog, &room);
		size_t piece = size < room ? size : room;
		memcpy(to, at, piece);
		uapi_dialog_received(dialog, piece);
		at += piece;
		size -= piece;
		(void)uapi_dialog_step(dialog, answer); /* one request, so one answer */
	}
}

static double ms_since(struct moment then)
{
	return (double)(clock_now().monotonic_ns - then.monotonic_ns) / NS_PER_MS;
}

static void measure(struct engine *engine, size_t peers)
{
	struct uapi_text request = request_of(peers), answer = {0};
	struct uapi_dialog *dialog = malloc(sizeof *dialog);

	if (!dialog)
		abort();
	uapi_dialog_init(dialog, engine);
	struct moment start = clock_now();
	say(dialog, request.at, request.size, &answer);
	double set_ms = ms_since(start);
	if (engine->peer_count != peers)
		abort();
	start = clock_now();
	say(dialog, "get=1\n\n", 7, &answer);
	double get_ms = ms_since(start);
	printf("%9zu  %9.1f  %9.0f  %9.1f  %9.0f\n", peers, set_ms,
		set_ms * NS_PER_MS / (double)peers, get_ms, get_ms * NS_PER_MS / (double)peers);
	uapi_dialog_done(dialog);
	free(dialog);
	uapi_text_done(&request);
	uapi_text_done(&answer);
}

int main(void)
{
	static const uint8_t key[NOISE_KEY_SIZE] = {0x0a};
	static const struct endpoint endpoint = {
		.remote = {ADDRESS_IPV4, {192, 0, 2, 1}}, .port = 51820};
	static const struct prefix prefixes[] = {
		{{ADDRESS_IPV4, {10, 0, 0, 1}}, 32}, {{ADDRESS_IPV6, {0xfd}}, 128}};
	struct allowedips trie = {0};
	struct allowedips_owner owner = {0};
	struct engine engine = {.peer = {.public_key = key,
					.preshared_key = key,
					.endpoint = &endpoint,
					.allowedips = &owner,
					.last_handshake_ns = 1700000000123456789,
					.rx_bytes = 123456789,
					.tx_bytes = 123456789,
					.persistent_keepalive_s = 25}};

	for (size_t i = 0; i < ARRAY_LENGTH(prefixes); i++) {
		if (allowedips_insert(&trie, &prefixes[i], &owner) < 0)
			abort();
	}
	printf("%9s  %9s  %9s  %9s  %9s\n", "peers", "set ms", "ns a peer", "get ms", "ns a peer");
	for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++)
		measure(&engine, sizes[i]);
	allowedips_clear(&trie);
	return 0;
}
