/* SPDX-License-Identifier: ISC */
/* The seam of engine.h for the userspace engine. Workers stand still while it works. */
#include "engine/userspace/state.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

#include <errno.h>
#include <unistd.h>

/* How far ahead timestamps are reserved: a disk write in about ten minutes of calling. */
#define TIMESTAMPS_RESERVE_NS (600ULL * NS_PER_S)

static struct interface *shared(const struct engine *engine)
{
	return worker_interface(engine->workers[0]);
}

/* ---- sockets ---- */

static void close_all(struct udp **sockets, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		udp_close(sockets[i]);
}

/* Whether nobody has the port: shared sockets alone would not notice another program's. */
static int check_port_is_free(uint16_t port)
{
	const struct udp_config config = {.port = port};
	struct udp *probe;

	int err = udp_open(&config, &probe);
	if (err < 0)
		return err;
	udp_close(probe);
	return 0;
}

/* A pair of sockets for each worker, all on one port. Nothing is left open on failure. */
static int open_sockets(const struct engine *engine, uint16_t port, struct udp **ret_sockets)
{
	struct udp_config config = {
		.port = port,
		.mark = engine->mark,
		.is_shared = engine->worker_count > 1,
		.is_hidden = engine->config.is_hidden,
		.tap_program = engine->config.tap_program,
	};

	if (config.is_shared && port) {
		int err = check_port_is_free(port);
		if (err < 0)
			return err;
	}
	for (unsigned i = 0; i < engine->worker_count; i++) {
		int err = udp_open(&config, &ret_sockets[i]);
		if (err < 0) {
			close_all(ret_sockets, i);
			return err;
		}
		config.port = udp_port(ret_sockets[i]);
	}
	return 0;
}

/* Goes over to another port; on failure the old one stays. */
static int change_port(struct engine *engine, uint16_t port)
{
	struct udp *sockets[TUN_QUEUES_MAX] = {0};

	if (port && port == engine->listen_port)
		return 0;
	int err = open_sockets(engine, port, sockets);
	if (err < 0)
		return err;
	engine->listen_port = udp_port(sockets[0]);
	for (unsigned i = 0; i < engine->worker_count; i++)
		worker_set_udp(engine->workers[i], sockets[i]);
	interface_forget_sources(shared(engine));
	return 0;
}

int engine_listen(struct engine *engine)
{
	return engine->listen_port ? 0 : change_port(engine, 0);
}

static int change_mark(struct engine *engine, uint32_t mark)
{
	for (unsigned i = 0; i < engine->worker_count; i++) {
		struct udp *udp = worker_udp(engine->workers[i]);
		int err = udp ? udp_set_mark(udp, mark) : 0;
		if (err < 0)
			return err;
	}
	engine->mark = mark;
	interface_forget_sources(shared(engine));
	return 0;
}

/* ---- the door ---- */

void engine_tell_keeper(struct engine *engine)
{
	struct interface *interface = shared(engine);
	const struct noise_identity *identity = interface_identity(interface);
	const struct keeper_terms terms = {
		.port = engine->listen_port,
		.is_up = engine->is_up,
		.public_key = identity ? identity->public_key : NULL,
		.gate = interface_knock_gate(interface),
	};

	if (!engine->config.keeper)
		return;
	keeper_set(engine->config.keeper, &terms);
	keeper_beat(engine->config.keeper, clock_now().monotonic_ns);
}

/* ---- timestamps ---- */

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The latest that any worker gave out, or would have. */
static uint64_t latest_timestamp_ns(const struct engine *engine)
{
	uint64_t latest_ns = 0;

	for (unsigned i = 0; i < engine->worker_count; i++) {
		struct interface *shard = worker_interface(engine->workers[i]);
		latest_ns = later(latest_ns, timestamp_farthest_ns(interface_timestamps(shard)));
	}
	return latest_ns;
}

void engine_reserve_timestamps(struct engine *engine)
{
	uint64_t limit_ns = later(clock_now().realtime_ns, latest_timestamp_ns(engine));

	if (!engine->timestamps.path)
		return;
	limit_ns += TIMESTAMPS_RESERVE_NS;
	int err = timestampfile_store(&engine->timestamps, limit_ns);
	if (err < 0)
		log_warn(err,
			"cannot write %s: after a restart with the clock set back peers may ignore "
			"us",
			engine->timestamps.path);
	for (unsigned i = 0; i < engine->worker_count; i++)
		interface_timestamps(worker_interface(engine->workers[i]))->limit_ns = limit_ns;
}

/* ---- timestamps of peers ---- */

static int write_ledger(struct engine *engine, enum ledgerfile_mode mode)
{
	uint64_t reach_ns[INTERFACE_SHARDS_MAX] = {0};

	for (unsigned i = 0; i < engine->worker_count; i++)
		reach_ns[i] = interface_reach_ns(worker_interface(engine->workers[i]));
	return ledgerfile_write(&engine->ledger, interface_ledger(shared(engine)), mode, reach_ns);
}

/* At most one line a minute, however many peers call. */
static void warn_of_ledger(struct engine *engine, int err, uint64_t now_ns)
{
	if (engine->ledger_warned_ns && now_ns - engine->ledger_warned_ns < 60ULL * NS_PER_S)
		return;
	engine->ledger_warned_ns = now_ns;
	log_err(err,
		"cannot write %s: peers whose calls would have to be remembered there are not "
		"answered; make room or let it be written",
		engine->ledger.path);
}

void engine_mend_ledger(struct engine *engine, int failure)
{
	uint64_t now_ns = clock_now().monotonic_ns;

	if (!engine->ledger.path || now_ns - engine->ledger_tried_ns < NS_PER_S)
		return;
	engine->ledger_tried_ns = now_ns;
	warn_of_ledger(engine, failure, now_ns);
	int err = write_ledger(engine, LEDGERFILE_GOING_ON);
	if (err == 0)
		log_info(0, "%s: written again", engine->ledger.path);
}

/* What a file that is lost or damaged may have known: nobody is answered who is not past now. */
static void fear_the_past(struct engine *engine, int err)
{
	uint8_t floor[NOISE_TIMESTAMP_SIZE];

	horizon_timestamp(clock_now().realtime_ns, floor);
	ledger_raise_floor(interface_ledger(shared(engine)), floor);
	log_warn(err,
		"%s: lost or damaged: peers of whom it says nothing are answered once their "
		"clocks are past the present time, so that nothing recorded is",
		engine->ledger.path);
}

/* `was_used`: the key has been in use before, so that there should be a file. */
static int resume_ledger(struct engine *engine, bool was_used)
{
	const struct noise_identity *identity = interface_identity(shared(engine));
	struct ledger *ledger = interface_ledger(shared(engine));
	enum ledgerfile_state state;

	ledger_forget(ledger);
	ledgerfile_done(&engine->ledger);
	if (!identity)
		return 0;
	int err = ledgerfile_set_key(&engine->ledger, identity->public_key);
	if (err < 0)
		return err;
	err = ledgerfile_load(&engine->ledger, ledger, clock_now(), &state);
	if (err == -ENOMEM)
		return err;
	if (err < 0 || state == LEDGERFILE_DAMAGED || (state == LEDGERFILE_MISSING && was_used))
		fear_the_past(engine, err);
	interface_recall_timestamps(shared(engine));
	err = write_ledger(engine, LEDGERFILE_GOING_ON);
	if (err < 0)
		warn_of_ledger(engine, err, clock_now().monotonic_ns);
	return 0;
}

static void settle_ledger(struct engine *engine)
{
	if (!engine->ledger.path)
		return;
	int err = write_ledger(engine, LEDGERFILE_SETTLED);
	if (err < 0)
		log_debug(err, "cannot write %s: a restart refuses a little more",
			engine->ledger.path);
}

void engine_settle_timestamps(struct engine *engine)
{
	settle_ledger(engine);
	if (!engine->timestamps.path)
		return;
	int err = timestampfile_store(&engine->timestamps, latest_timestamp_ns(engine));
	if (err < 0)
		log_debug(err, "cannot write %s: it reserves too much", engine->timestamps.path);
}

/* Goes on from the timestamps that this key has used and seen before. */
static int resume_timestamps(struct engine *engine)
{
	const struct noise_identity *identity = interface_identity(shared(engine));
	uint64_t last_ns = 0;

	timestampfile_done(&engine->timestamps);
	if (!identity)
		return resume_ledger(engine, false);
	int err = timestampfile_set_key(&engine->timestamps, identity->public_key);
	if (err < 0)
		return err;
	bool was_used = access(engine->timestamps.path, F_OK) == 0;
	err = timestampfile_load(&engine->timestamps, &last_ns);
	if (err < 0)
		log_warn(err, "cannot read %s: it is begun anew", engine->timestamps.path);
	for (unsigned i = 0; i < engine->worker_count; i++)
		*interface_timestamps(worker_interface(engine->workers[i])) =
			(struct timestamp_clock){.last_ns = last_ns};
	engine_reserve_timestamps(engine);
	return resume_ledger(engine, was_used);
}

/* ---- configuration ---- */

static int change_prefixes(
	struct engine *engine, struct peer *peer, const struct engine_peer_change *change)
{
	struct interface *interface = shared(engine);

	if (change->replaces_allowedips)
		interface_peer_disallow_all(interface, peer);
	for (size_t i = 0; i < change->prefix_count; i++) {
		const struct engine_prefix_change *prefix = &change->prefixes[i];
		if (prefix->is_removed) {
			(void)interface_peer_disallow(
				interface, peer, &prefix->prefix); /* or was not */
			continue;
		}
		int err = interface_peer_allow(interface, peer, &prefix->prefix);
		if (err < 0)
			return err;
	}
	return 0;
}

static int change_fields(
	struct engine *engine, struct peer *peer, const struct engine_peer_change *change)
{
	if (change->sets_preshared_key)
		interface_peer_set_preshared_key(peer, change->preshared_key);
	if (change->sets_endpoint)
		interface_peer_set_endpoint(peer, &change->endpoint);
	if (change->sets_knock)
		interface_peer_set_knock(peer, &change->knock);
	if (change->sets_waits) {
		interface_peer_set_waits(peer, change->waits);
		interface_peer_set_steady(peer, change->is_steady);
	}
	int err = change_prefixes(engine, peer, change);
	if (err < 0)
		return err;
	if (change->sets_persistent_keepalive)
		interface_peer_set_persistent_keepalive(shared(engine), peer,
			change->persistent_keepalive_s, clock_now().monotonic_ns);
	return 0;
}

static int change_peer(struct engine *engine, const struct engine_peer_change *change)
{
	struct interface *interface = shared(engine);
	struct peer *peer = interface_peer_find(interface, change->public_key);

	if (change->is_removed) {
		if (peer)
			interface_peer_remove(interface, peer);
		return 0;
	}
	if (peer)
		return change_fields(engine, peer, change);
	if (change->is_update_only)
		return 0;
	int err = interface_peer_add(interface, change->public_key, &peer);
	if (err == -EINVAL)
		return 0; /* our own key: left out without a word, as by the kernel */
	return err < 0 ? err : change_fields(engine, peer, change);
}

static void remove_peers(struct interface *interface)
{
	struct peer *peer;

	while ((peer = interface_peer_next(interface, NULL)))
		interface_peer_remove(interface, peer);
}

static int change_key(struct engine *engine, const uint8_t private_key[static NOISE_KEY_SIZE])
{
	const struct noise_identity *identity = interface_identity(shared(engine));

	if (identity && bytes_equal(identity->private_key, private_key, NOISE_KEY_SIZE))
		return 0;
	engine_settle_timestamps(engine);
	int err = interface_set_private_key(shared(engine), private_key);
	return err < 0 ? err : resume_timestamps(engine);
}

/* Workers stand still. */
static int change_all(struct engine *engine, const struct engine_change *change)
{
	int err = change->sets_listen_port ? change_port(engine, change->listen_port) : 0;
	if (err < 0)
		return err;
	err = change->sets_knock_gate ? interface_set_knock_gate(shared(engine), change->knock_mode,
						change->knock_keys, change->knock_key_count)
				      : 0;
	if (err < 0)
		return err;
	if (change->sets_knock)
		interface_set_knock(shared(engine), &change->knock);
	err = change->sets_mark ? change_mark(engine, change->mark) : 0;
	if (err < 0)
		return err;
	err = change->sets_private_key ? change_key(engine, change->private_key) : 0;
	if (err < 0)
		return err;
	if (change->replaces_peers)
		remove_peers(shared(engine));
	for (size_t i = 0; i < change->peer_count; i++) {
		err = change_peer(engine, &change->peers[i]);
		if (err < 0)
			return err;
	}
	return 0;
}

int engine_configure(struct engine *engine, const struct engine_change *change)
{
	engine_pause(engine);
	int err = change_all(engine, change);
	engine_tell_keeper(engine); /* of what did change, too, where something failed */
	engine_resume(engine);
	return err;
}

/* ---- inspection ---- */

static void add_drops(const struct engine *engine, struct drop_counters *sum)
{
	for (unsigned i = 0; i < engine->worker_count; i++) {
		const struct drop_counters *drops =
			interface_drops(worker_interface(engine->workers[i]));
		for (enum drop drop = 0; drop < DROP_COUNT; drop++)
			sum->count[drop] += drops->count[drop];
	}
}

static void visit_status(const struct engine *engine, const struct engine_visitor *visitor)
{
	const struct noise_identity *identity = interface_identity(shared(engine));
	struct drop_counters drops = {0};
	struct door_counters door = {0};
	struct engine_status status = {
		.has_private_key = identity != NULL,
		.listen_port = engine->listen_port,
		.mark = engine->mark,
		.drops = &drops,
		.gate = interface_knock_gate(shared(engine)),
		.door = engine->config.keeper ? &door : NULL,
	};

	add_drops(engine, &drops);
	if (engine->config.keeper)
		keeper_count(engine->config.keeper, &door);
	if (identity) {
		memcpy(status.private_key, identity->private_key, NOISE_KEY_SIZE);
		memcpy(status.public_key, identity->public_key, NOISE_KEY_SIZE);
	}
	visitor->visit_status(visitor->context, &status);
	bytes_wipe(&status, sizeof status);
}

static void visit_peer(const struct peer *peer, const struct engine_visitor *visitor)
{
	const struct engine_peer_status status = {
		.public_key = peer->by_key.public_key,
		.preshared_key = peer->handshake.preshared_key,
		.endpoint = &peer->endpoint,
		.knock = &peer->knock,
		.waits = peer->waits,
		.allowedips = &peer->allowedips,
		.last_handshake_ns = peer->timers.last_handshake_complete_ns,
		.rx_bytes = peer->rx_bytes,
		.tx_bytes = peer->tx_bytes,
		.persistent_keepalive_s =
			(uint16_t)(peer->timers.persistent_keepalive_ns / SECONDS_NS),
	};

	visitor->visit_peer(visitor->context, &status);
}

void engine_inspect(struct engine *engine, const struct engine_visitor *visitor)
{
	const struct peer *peer = NULL;

	engine_pause(engine);
	visit_status(engine, visitor);
	while ((peer = interface_peer_next(shared(engine), peer)))
		visit_peer(peer, visitor);
	engine_resume(engine);
}
