/* SPDX-License-Identifier: ISC */
#include "client/join.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "client/lookup.h"
#include "control/caller.h"
#include "engine/userspace/userspace.h"
#include "net/netif.h"
#include "net/tun.h"

#include <errno.h>
#include <stdlib.h>

enum {
	KEEPALIVE_S = 25,	/* not for its own sake: a peer that has one begins the handshake */
	CONNECT_FIRST_MS = 300, /* for a connection; then doubled, up to: */
	CONNECT_LONGEST_MS = 2400,
	RENEWALS_MAX = 3,	/* so often another question begins with another handshake */
	RENEW_MS = 10,		/* for the engine to be told */
	NEXT_ADDRESS_MS = 4000, /* without a handshake: the next address of the name */
	PAUSE_MS = 200,		/* between two questions */
	FAMILIES = 2,
	STATUS_STARTING = 503, /* of HTTP: the controller will be there soon */
};

/* One enrolment under way. The thread of the pool has `work` and below; libuv's queue orders. */
struct enroller {
	const struct join *join;
	struct join_report *report;
	uv_loop_t loop;
	struct engine *engine;
	uv_timer_t timer;		/* looks whether there is a handshake */
	uv_async_t renewal;		/* the thread asks for another */
	struct engine_peer_status seen; /* of the peer as it is now; its pointers are not */
	struct endpoint addresses[LOOKUP_ADDRESSES_MAX];
	unsigned address_count, address;
	uint64_t end_ns; /* monotonic: when patience ends */
	bool has_loop, has_handles;

	uv_work_t work;
	struct caller *caller;
	json_t *body; /* holds the pre-shared key */
	json_t *answer;
	int err;
};

/* ---- the tunnel ---- */

static struct prefix host_prefix(const struct address *address)
{
	return (struct prefix){
		.address = *address, .length = address_bits((enum address_family)address->family)};
}

/* The server's addresses that the token has: how many. */
static size_t server_prefixes(
	const struct token *token, struct prefix ret_prefixes[static FAMILIES])
{
	size_t count = 0;

	if (token->server_ipv4.family != ADDRESS_NONE)
		ret_prefixes[count++] = host_prefix(&token->server_ipv4);
	if (token->server_ipv6.family != ADDRESS_NONE)
		ret_prefixes[count++] = host_prefix(&token->server_ipv6);
	return count;
}

/* What the token has; nothing where the network had none. */
static void set_knock(const struct token *token, struct engine_peer_change *peer)
{
	if (bytes_are_zero(token->knock_key, sizeof token->knock_key))
		return;
	peer->sets_knock = true;
	peer->knock.epoch = token->knock_epoch;
	peer->knock.class = KNOCK_FULL; /* who sends does not care */
	memcpy(peer->knock.key, token->knock_key, sizeof peer->knock.key);
}

/* The gateway as the engine's only peer, by the address that is its turn; sessions begin anew. */
static int set_peer(struct enroller *enroller)
{
	const struct token *token = enroller->join->token;
	struct prefix prefixes[FAMILIES];
	struct engine_prefix_change allowed[FAMILIES] = {0};
	struct engine_peer_change peer = {
		.sets_preshared_key = true,
		.sets_endpoint = true,
		.sets_persistent_keepalive = true,
		.endpoint = enroller->addresses[enroller->address],
		.persistent_keepalive_s = KEEPALIVE_S,
		.prefixes = allowed,
		.prefix_count = server_prefixes(token, prefixes),
	};
	struct engine_change change = {.sets_private_key = true,
		.sets_mark = true,
		.mark = enroller->join->mark,
		.sets_knock_gate = true, /* nobody calls us: what has no key, nobody can prove */
		.knock_mode = KNOCK_REQUIRED,
		.replaces_peers = true,
		.peers = &peer,
		.peer_count = 1};

	for (size_t i = 0; i < peer.prefix_count; i++)
		allowed[i].prefix = prefixes[i];
	memcpy(change.private_key, token->one_time_key, sizeof change.private_key);
	memcpy(peer.public_key, token->server_key, sizeof peer.public_key);
	memcpy(peer.preshared_key, token->preshared_key, sizeof peer.preshared_key);
	set_knock(token, &peer);
	enroller->report->address = peer.endpoint;
	int err = engine_configure(enroller->engine, &change);
	bytes_wipe(&change, sizeof change);
	bytes_wipe(&peer, sizeof peer);
	return err;
}

static void engine_has_ended(void *context, int err)
{
	(void)context, (void)err; /* questions go unanswered then, and that is said */
}

static int open_engine(struct enroller *enroller)
{
	const struct engine_config config = {
		.interface_name = enroller->join->interface,
		.loop = &enroller->loop,
		.worker_count = 1,
		.cookies = COOKIES_NEVER,
		.state_directory = enroller->join->folder,
		.ended = engine_has_ended,
		.context = enroller,
	};

	return engine_open_userspace(&config, &enroller->engine);
}

/* Addresses of one host each, and routes to the server's alone. */
static int set_up_interface(const struct join *join)
{
	const struct token *token = join->token;
	struct netif_address addresses[FAMILIES];
	struct prefix routes[FAMILIES];
	size_t address_count = 0, changed;

	if (token->ipv4.family != ADDRESS_NONE)
		addresses[address_count++] = (struct netif_address){token->ipv4, 32};
	if (token->ipv6.family != ADDRESS_NONE)
		addresses[address_count++] = (struct netif_address){token->ipv6, 128};
	int err = netif_set_up(join->interface, TUN_DEFAULT_MTU);
	if (err == 0)
		err = netif_set_addresses(join->interface, addresses, address_count);
	if (err == 0)
		err = netif_set_routes(
			join->interface, routes, server_prefixes(token, routes), &changed);
	return err;
}

static int bring_up(struct enroller *enroller)
{
	enroller->report->step = "make the interface";
	int err = open_engine(enroller);
	if (err < 0)
		return err;
	enroller->report->step = "give the tunnel its keys";
	err = set_peer(enroller);
	if (err < 0)
		return err;
	enroller->report->step = "set up addresses and routes";
	return set_up_interface(enroller->join);
}

/* ---- the question ---- */

/* Whether it came from the other end, so that asking again would not change it. */
static bool is_final(int err, const struct problem *problem)
{
	if (err == ERR_REFUSED)
		return problem->status != STATUS_STARTING;
	return err == 0 || err == ERR_SYNTAX || err == -ENOMEM || err == -ECANCELED;
}

/* How long a question may take: a little more each time, and not in step with a rival. */
static void set_patience(struct caller_request *request, uint32_t tried)
{
	uint32_t base_ms = tried < RENEWALS_MAX ? (uint32_t)CONNECT_FIRST_MS << tried
						: (uint32_t)CONNECT_LONGEST_MS;

	request->connect_ms = base_ms + entropy_u32(entropy_kernel()) % (base_ms / 2);
	request->total_ms = 2 * request->connect_ms;
}

/*
 * Somebody else may use the same invite at this moment: then the gateway ignores a handshake that
 * is older than the other's, and its answers go to whoever called last. So the next question begins
 * with a handshake, and both are told who was first; the engine alone would wait for seconds.
 */
static void renew(struct enroller *enroller)
{
	if (enroller->report->tried > RENEWALS_MAX)
		return;
	(void)uv_async_send(&enroller->renewal); /* always 0 */
	uv_sleep(RENEW_MS);
}

/* On a thread of the pool: asks until it is answered, or patience ends. */
static void ask(uv_work_t *work)
{
	struct enroller *enroller = work->data;
	struct join_report *report = enroller->report;
	struct caller_request request = {
		.method = "POST", .path = "/v1/enrol", .json = enroller->body};

	for (;;) {
		uint64_t begun_ns = clock_now().monotonic_ns;
		set_patience(&request, report->tried);
		enroller->err =
			caller_ask(enroller->caller, &request, &enroller->answer, &report->problem);
		if (is_final(enroller->err, &report->problem))
			return;
		report->tried++;
		if (clock_now().monotonic_ns >= enroller->end_ns)
			return;
		if (clock_now().monotonic_ns - begun_ns < (uint64_t)PAUSE_MS * NS_PER_MS)
			uv_sleep(PAUSE_MS);
		renew(enroller);
	}
}

/* ---- what happens meanwhile ---- */

static void note_status(void *context, const struct engine_status *status)
{
	(void)context, (void)status; /* the peer says more */
}

static void note_peer(void *context, const struct engine_peer_status *peer)
{
	struct enroller *enroller = context;

	enroller->seen = *peer;
}

static void look_at_peer(struct enroller *enroller)
{
	const struct engine_visitor visitor = {
		.visit_status = note_status, .visit_peer = note_peer, .context = enroller};

	engine_inspect(enroller->engine, &visitor);
}

/* Adds what the peer has moved that goes now to the report. */
static void add_up(struct enroller *enroller)
{
	struct join_report *report = enroller->report;

	if (enroller->seen.last_handshake_ns)
		report->handshake_s = enroller->seen.last_handshake_ns / NS_PER_S;
	report->tx_bytes += enroller->seen.tx_bytes;
	report->rx_bytes += enroller->seen.rx_bytes;
	enroller->seen = (struct engine_peer_status){0};
}

/* Begins anew with the address that is in use. */
static void begin_anew(struct enroller *enroller)
{
	add_up(enroller);
	if (set_peer(enroller) < 0)
		enroller->address = 0; /* what worked before works again, or it stays silent */
}

static void is_renewed(uv_async_t *renewal)
{
	struct enroller *enroller = renewal->data;

	look_at_peer(enroller);
	begin_anew(enroller);
}

static void look(uv_timer_t *timer)
{
	struct enroller *enroller = timer->data;

	look_at_peer(enroller);
	if (enroller->seen.last_handshake_ns)
		return;
	enroller->address = (enroller->address + 1) % enroller->address_count;
	begin_anew(enroller);
}

static void is_asked(uv_work_t *work, int status)
{
	struct enroller *enroller = work->data;

	if (status < 0)
		enroller->err = status;
	uv_stop(&enroller->loop);
}

static int run(struct enroller *enroller)
{
	const struct token *token = enroller->join->token;
	const struct address *address = token->server_ipv4.family != ADDRESS_NONE
						? &token->server_ipv4
						: &token->server_ipv6;

	enroller->report->step = "ask the controller";
	int err = caller_new_tunnel(
		address, token->enrol_port, enroller->join->interface, &enroller->caller);
	if (err < 0)
		return err;
	err = uv_async_init(&enroller->loop, &enroller->renewal, is_renewed);
	if (err < 0)
		return err;
	(void)uv_timer_init(&enroller->loop, &enroller->timer); /* always 0 */
	enroller->timer.data = enroller->renewal.data = enroller;
	enroller->has_handles = true;
	(void)uv_timer_start(
		&enroller->timer, look, NEXT_ADDRESS_MS, NEXT_ADDRESS_MS); /* always 0 */
	uv_run(&enroller->loop, UV_RUN_NOWAIT); /* the engine hears that its interface is up... */
	uv_run(&enroller->loop, UV_RUN_NOWAIT); /* ...or it would drop the first packet */
	enroller->work.data = enroller;
	enroller->end_ns =
		clock_now().monotonic_ns + (uint64_t)enroller->join->patience_ms * NS_PER_MS;
	enroller->body = enrolment_encode(enroller->join->enrolment);
	err = uv_queue_work(&enroller->loop, &enroller->work, ask, is_asked);
	if (err < 0)
		return err;
	uv_run(&enroller->loop, UV_RUN_DEFAULT);
	look_at_peer(enroller);
	add_up(enroller);
	return enroller->err;
}

/* ---- the answer ---- */

/* Whether it is of the network and server that the token names. */
static bool is_of_token(const struct netmap *netmap, const struct token *token)
{
	return netmap->gateway_count && strcmp(netmap->network, token->network) == 0 &&
	       memcmp(netmap->gateways[0].public_key, token->server_key, TOKEN_KEY_SIZE) == 0;
}

static int read_answer(struct enroller *enroller, struct device *ret_device)
{
	struct device device = {.last_known = enroller->report->address};

	enroller->report->step = "read the answer";
	int err = netmap_decode(enroller->answer, &device.netmap, enroller->report->where);
	if (err < 0)
		return err;
	if (!is_of_token(&device.netmap, enroller->join->token)) {
		device_done(&device);
		return ERR_AUTHENTICATION;
	}
	*ret_device = device;
	return 0;
}

static int conclude(struct enroller *enroller, int err, struct device *ret_device)
{
	if (err == 0)
		return read_answer(enroller, ret_device);
	if (err == -ETIMEDOUT || err == -EHOSTUNREACH || err == -ENETUNREACH || err == -EIO ||
		err == -ECONNREFUSED || err == -ECONNRESET)
		return ERR_SILENT;
	return err;
}

/* ---- all of it ---- */

/* Nothing of it stays, the interface least. */
static void take_down(struct enroller *enroller)
{
	if (enroller->has_handles) {
		uv_close((uv_handle_t *)&enroller->timer, NULL);
		uv_close((uv_handle_t *)&enroller->renewal, NULL);
	}
	if (enroller->engine)
		engine_stop(enroller->engine);
	if (enroller->has_loop) {
		uv_run(&enroller->loop, UV_RUN_DEFAULT); /* lets the handles close */
		(void)uv_loop_close(&enroller->loop);	 /* they have */
	}
	engine_free(enroller->engine);
	caller_free(enroller->caller);
	json_decref(enroller->body);
	json_decref(enroller->answer);
	bytes_wipe(enroller, sizeof *enroller);
	free(enroller);
}

int join_enrol(const struct join *join, struct device *ret_device, struct join_report *ret_report)
{
	struct enroller *enroller = memory_new(1, sizeof *enroller);

	*ret_report = (struct join_report){.step = "look the gateway's name up"};
	enroller->join = join;
	enroller->report = ret_report;
	int err = lookup_wait(join->token->endpoint, enroller->addresses);
	if (err > 0) {
		enroller->address_count = (unsigned)err;
		ret_report->step = "make an event loop";
		err = uv_loop_init(&enroller->loop);
		enroller->has_loop = err == 0;
	}
	if (err == 0)
		err = bring_up(enroller);
	if (err == 0)
		err = conclude(enroller, run(enroller), ret_device);
	take_down(enroller);
	return err;
}
