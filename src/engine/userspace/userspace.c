/* SPDX-License-Identifier: ISC */
/* Life of the engine: device, workers, link. Configuration and inspection are in configure.c. */
#include "engine/userspace/userspace.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "engine/userspace/state.h"

#include <errno.h>
#include <stdlib.h>

/* ---- what workers and link say ---- */

static void end(struct engine *engine, int err)
{
	if (engine->has_ended)
		return;
	engine->has_ended = true;
	engine->config.ended(engine->config.context, err);
}

/* On a worker's thread: the loop's own learns of it by the async. */
static void worker_failed(void *context, int err)
{
	struct engine *engine = context;

	atomic_store(&engine->failure, err);
	uv_async_send(&engine->alarm);
}

static void timestamps_are_low(void *context)
{
	struct engine *engine = context;

	if (!atomic_exchange(&engine->timestamps_asked, true))
		uv_async_send(&engine->alarm);
}

/* On a worker's thread. The file's descriptor changes only while all workers stand still. */
static int store_ledger(void *context, unsigned worker, const struct unstored *unstored)
{
	struct engine *engine = context;

	int err = ledgerfile_store(&engine->ledger, worker, unstored);
	if (err < 0) {
		atomic_store(&engine->ledger_failure, err);
		uv_async_send(&engine->alarm);
	}
	return err;
}

static void is_alarmed(uv_async_t *alarm)
{
	struct engine *engine = alarm->data;
	int failure = atomic_load(&engine->failure);

	if (failure < 0) {
		end(engine, failure == -ENODEV ? 0 : failure);
		return; /* all workers have been stopped by this */
	}
	if (atomic_exchange(&engine->timestamps_asked, false)) {
		engine_pause(engine);
		engine_reserve_timestamps(engine);
		engine_resume(engine);
	}
	failure = atomic_exchange(&engine->ledger_failure, 0);
	if (failure < 0) {
		engine_pause(engine);
		engine_mend_ledger(engine, failure);
		engine_resume(engine);
	}
}

/* The administrator has changed the device. */
static void apply_link(struct engine *engine, const struct link_state *state)
{
	struct interface *interface = worker_interface(engine->workers[0]);
	bool goes_up = state->is_up && !engine->is_up;
	bool goes_down = !state->is_up && engine->is_up;

	interface_set_mtu(interface, (uint16_t)state->mtu_bytes);
	engine->is_up = state->is_up;
	if (goes_down)
		interface_stop(interface);
	if (goes_up) {
		int err = engine_listen(engine);
		if (err < 0)
			log_err(err, "%s: cannot open a UDP port", engine->config.interface_name);
		interface_start(interface, clock_now().monotonic_ns);
	}
	engine_tell_keeper(engine);
}

/* Reads the device's state and does what it asks for. */
static void read_link(struct engine *engine)
{
	struct link_state state;

	int err = link_read(engine->link, &state);
	if (err < 0 || !state.is_there) {
		end(engine, err);
		return;
	}
	engine_pause(engine);
	apply_link(engine, &state);
	engine_resume(engine);
}

static void link_is_readable(uv_poll_t *poll, int status, int events)
{
	(void)status, (void)events; /* reading says what is wrong */
	read_link(poll->data);
}

/* From now on, and as it is already: it may have come up while we opened the rest. */
static int watch_link(struct engine *engine)
{
	engine->link_poll.data = engine;
	int err = uv_poll_init(engine->config.loop, &engine->link_poll, link_fd(engine->link));
	if (err < 0)
		return err;
	engine->is_watching = true;
	err = uv_poll_start(&engine->link_poll, UV_READABLE, link_is_readable);
	if (err == 0)
		read_link(engine);
	return err;
}

/* ---- life ---- */

static int add_worker(struct engine *engine, unsigned number)
{
	const struct worker_config config = {
		.number = number,
		.worker_count = engine->config.worker_count,
		.loop = number == 0 ? engine->config.loop : NULL,
		.tun = engine->tun,
		.cookies = engine->config.cookies,
		.waits = engine->config.waits,
		.keeper = engine->config.keeper,
		.first = number == 0 ? NULL : worker_interface(engine->workers[0]),
		.failed = worker_failed,
		.timestamps_low = timestamps_are_low,
		.store = store_ledger,
		.context = engine,
	};

	int err = worker_new(&config, &engine->workers[number]);
	if (err < 0)
		return err;
	engine->worker_count++;
	for (unsigned i = 0; i < number; i++) {
		err = worker_connect(engine->workers[i], engine->workers[number]);
		if (err == 0)
			err = worker_connect(engine->workers[number], engine->workers[i]);
		if (err < 0)
			return err;
	}
	return 0;
}

static int run_workers(struct engine *engine)
{
	for (unsigned i = 0; i < engine->config.worker_count; i++) {
		int err = add_worker(engine, i);
		if (err < 0)
			return err;
	}
	for (unsigned i = 0; i < engine->worker_count; i++) {
		int err = worker_run(engine->workers[i]);
		if (err < 0)
			return err;
	}
	return 0;
}

static int open_device(struct engine *engine)
{
	const struct engine_config *config = &engine->config;

	if (config->attaches)
		return tun_attach(config->interface_name, config->worker_count, &engine->tun);
	return tun_open(config->interface_name, config->worker_count, &engine->tun);
}

/* All of it; on failure what there is stays for engine_stop() and engine_free(). */
static int open_parts(struct engine *engine)
{
	int err = open_device(engine);
	if (err < 0)
		return err;
	err = link_open(engine->tun, &engine->link);
	if (err < 0)
		return err;
	engine->alarm.data = engine;
	err = uv_async_init(engine->config.loop, &engine->alarm, is_alarmed);
	if (err < 0)
		return err;
	engine->has_alarm = true;
	err = run_workers(engine);
	return err < 0 ? err : watch_link(engine);
}

/*
 * Gives up what could not be opened whole. Handles that are on the loop are closed by it only
 * later, and it may be running just now, or have others': then the memory stays until the program
 * ends.
 */
static void abandon(struct engine *engine)
{
	bool has_handles = engine->has_alarm;

	engine_stop(engine);
	if (!has_handles)
		engine_free(engine);
}

int engine_open_userspace(const struct engine_config *config, struct engine **ret_engine)
{
	struct engine *engine = calloc(1, sizeof *engine);
	if (!engine)
		return -ENOMEM;
	engine->config = *config;
	engine->timestamps.directory = config->state_directory;
	ledgerfile_init(&engine->ledger, config->state_directory);
	int err = open_parts(engine);
	if (err < 0) {
		abandon(engine);
		return err;
	}
	*ret_engine = engine;
	return 0;
}

void engine_stop(struct engine *engine)
{
	engine->has_ended = true;
	engine_pause(engine);
	for (unsigned i = engine->worker_count; i-- > 0;)
		worker_stop(engine->workers[i]);
	engine_settle_timestamps(engine);
	if (engine->is_watching)
		uv_close((uv_handle_t *)&engine->link_poll, NULL);
	if (engine->has_alarm)
		uv_close((uv_handle_t *)&engine->alarm, NULL);
	engine->is_watching = false;
	engine->has_alarm = false;
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	for (unsigned i = 0; i < engine->worker_count; i++)
		worker_empty(engine->workers[i]);
	for (unsigned i = 0; i < engine->worker_count; i++)
		worker_free(engine->workers[i]);
	link_close(engine->link);
	tun_close(engine->tun);
	timestampfile_done(&engine->timestamps);
	ledgerfile_done(&engine->ledger);
	bytes_wipe(engine, sizeof *engine);
	free(engine);
}
