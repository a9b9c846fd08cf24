/* SPDX-License-Identifier: ISC */
#include "engine/userspace/worker.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum {
	POOL_PACKETS = 2048,	  /* 128 MiB of addresses; memory as far as it is touched */
	WAKE_AT_LEAST_MS = 60000, /* however far the next deadline is */
};

/* A reserve of timestamps below this is extended. */
#define TIMESTAMPS_LOW_NS (60ULL * NS_PER_S)

struct worker {
	struct worker_config config;
	uv_loop_t *loop; /* config.loop or own_loop */
	uv_loop_t own_loop;
	uv_thread_t thread;
	bool has_thread;
	uv_poll_t tun_poll;
	uv_poll_t *udp_polls[2]; /* IPv4, IPv6; freed once closed, as sockets come and go */
	uv_timer_t timer;
	uint64_t timer_due_ns;	  /* monotonic; UINT64_MAX: not running */
	uv_async_t wake;	  /* packets were handed over, or the configuration changed */
	uv_async_t order;	  /* pause, and then go on or stop */
	bool is_stopping;	  /* set before `resumed` is posted, read after */
	uv_sem_t paused, resumed; /* posted by the worker, by the engine */
	struct packet_pool pool;
	struct interface *interface;
	struct udp *udp;
	struct outbox out;
	struct exchange *incoming[INTERFACE_SHARDS_MAX]; /* by who hands over; owned */
	struct worker *others[INTERFACE_SHARDS_MAX];	 /* to whom can be handed over */
	unsigned other_limit;				 /* none has a number from here on */
};

/* ---- packets ---- */

static void set_timer(struct worker *worker, uint64_t now_ns);

/*
 * Hands a list over to another worker; what finds no room dies as it would in a full socket. Slices
 * are copied: their carriers stay here.
 */
static bool hand_over(struct worker *worker, struct exchange *exchange, struct packet_list *list,
	enum exchange_kind kind)
{
	bool has_any = list->count > 0;
	struct packet *packet;

	while ((packet = packet_list_pop(list))) {
		struct packet *own = packet_detach(&worker->pool, packet);
		struct packet *empty = own ? exchange_offer(exchange, own, kind) : NULL;
		if (empty)
			packet_put(&worker->pool, empty);
		else
			interface_lose(worker->interface, own);
	}
	return has_any;
}

static void hand_over_all(struct worker *worker)
{
	for (unsigned i = 0; i < worker->other_limit; i++) {
		struct worker *other = worker->others[i];
		if (!other)
			continue;
		struct exchange *exchange = other->incoming[worker->config.number];
		bool has_datagrams = hand_over(
			worker, exchange, &worker->out.elsewhere[i].datagrams, EXCHANGE_DATAGRAM);
		bool has_inner = hand_over(
			worker, exchange, &worker->out.elsewhere[i].inner, EXCHANGE_INNER);
		if (has_datagrams || has_inner)
			uv_async_send(&other->wake);
	}
}

static void send_datagrams(struct worker *worker)
{
	if (worker->udp)
		udp_send(worker->udp, &worker->pool, &worker->out.datagrams);
	else
		packet_put_all(&worker->pool, &worker->out.datagrams);
}

/*
 * Answers that a restart must not repeat wait for the disk; one sync for all of this turn. Few do:
 * see horizon.h. So it is done right here, and costs those few milliseconds.
 */
static void send_held(struct worker *worker)
{
	struct unstored unstored;

	if (!interface_unstored(worker->interface, &unstored))
		return;
	int err = worker->config.store(worker->config.context, worker->config.number, &unstored);
	interface_stored(worker->interface, err, &worker->out);
	send_datagrams(worker);
}

/* All that this turn brought forth goes out. */
static void flush(struct worker *worker, uint64_t now_ns)
{
	send_datagrams(worker);
	if (worker->out.inner.count)
		(void)tun_write(worker->config.tun, worker->config.number, &worker->pool,
			&worker->out
				 .inner); /* what the device does not take is lost, as on a wire */
	hand_over_all(worker);
	send_held(worker);
	set_timer(worker, now_ns);

	const struct timestamp_clock *timestamps = interface_timestamps(worker->interface);
	if (timestamp_farthest_ns(timestamps) + TIMESTAMPS_LOW_NS > timestamps->limit_ns)
		worker->config.timestamps_low(worker->config.context);
}

static void receive(struct worker *worker, enum address_family family)
{
	struct packet_list datagrams = {0};

	int err = udp_receive(worker->udp, family, &worker->pool, &datagrams);
	if (err < 0) {
		worker->config.failed(worker->config.context, err);
		return;
	}
	struct moment now = clock_now();
	interface_receive(worker->interface, now, &datagrams, &worker->out);
	flush(worker, now.monotonic_ns);
}

static void udp_ipv4_is_readable(uv_poll_t *poll, int status, int events)
{
	(void)status, (void)events; /* receiving says what is wrong */
	receive(poll->data, ADDRESS_IPV4);
}

static void udp_ipv6_is_readable(uv_poll_t *poll, int status, int events)
{
	(void)status, (void)events;
	receive(poll->data, ADDRESS_IPV6);
}

static void tun_is_readable(uv_poll_t *poll, int status, int events)
{
	struct worker *worker = poll->data;
	struct packet_list inner = {0};

	(void)status, (void)events;
	int err = tun_read(worker->config.tun, worker->config.number, &worker->pool, &inner);
	if (err < 0) {
		uv_poll_stop(poll);
		worker->config.failed(worker->config.context, err);
		return;
	}
	struct moment now = clock_now();
	interface_send(worker->interface, now, &inner, &worker->out);
	flush(worker, now.monotonic_ns);
}

/* Takes what one other worker has handed over, as much as there are packets to give for it. */
static void take_over(struct worker *worker, struct exchange *exchange,
	struct packet_list *datagrams, struct packet_list *inner)
{
	while (exchange_has(exchange)) {
		enum exchange_kind kind;
		struct packet *empty = packet_get(&worker->pool);
		struct packet *full = empty ? exchange_take(exchange, empty, &kind) : NULL;
		if (!full)
			break;
		packet_list_push(kind == EXCHANGE_DATAGRAM ? datagrams : inner, full);
	}
}

/* What others handed over, and what is due. */
static void work(struct worker *worker)
{
	struct packet_list datagrams = {0}, inner = {0};
	struct moment now = clock_now();

	if (worker->config.keeper && worker->config.number == 0)
		keeper_beat(worker->config.keeper, now.monotonic_ns);
	for (unsigned i = 0; i < worker->other_limit; i++) {
		if (worker->incoming[i])
			take_over(worker, worker->incoming[i], &datagrams, &inner);
	}
	interface_receive(worker->interface, now, &datagrams, &worker->out);
	interface_send(worker->interface, now, &inner, &worker->out);
	interface_tick(worker->interface, now, &worker->out);
	flush(worker, now.monotonic_ns);
}

static void is_woken(uv_async_t *async)
{
	work(async->data);
}

static void timer_is_due(uv_timer_t *timer)
{
	struct worker *worker = timer->data;

	worker->timer_due_ns = UINT64_MAX;
	work(worker);
}

/* Sees to it that work() is called at the next deadline; a timer that is early is left alone. */
static void set_timer(struct worker *worker, uint64_t now_ns)
{
	uint64_t due_ns = interface_deadline_ns(worker->interface);

	if (due_ns > now_ns + WAKE_AT_LEAST_MS * (uint64_t)NS_PER_MS)
		due_ns = now_ns + WAKE_AT_LEAST_MS * (uint64_t)NS_PER_MS;
	if (worker->timer_due_ns <= due_ns)
		return;
	uint64_t wait_ns = due_ns > now_ns ? due_ns - now_ns : 0;
	worker->timer_due_ns = due_ns;
	uv_timer_start(&worker->timer, timer_is_due, (wait_ns + NS_PER_MS - 1) / NS_PER_MS, 0);
}

/* ---- sockets ---- */

static void free_handle(uv_handle_t *handle)
{
	free(handle);
}

/* Waits for datagrams on one socket; a family that is not there is not waited for. */
static int poll_udp(struct worker *worker, enum address_family family, uv_poll_cb is_readable,
	uv_poll_t **ret_poll)
{
	int fd = udp_fd(worker->udp, family);

	*ret_poll = NULL;
	if (fd < 0)
		return 0;
	uv_poll_t *poll = calloc(1, sizeof *poll);
	if (!poll)
		return -ENOMEM;
	int err = uv_poll_init(worker->loop, poll, fd);
	if (err < 0) {
		free(poll);
		return err;
	}
	poll->data = worker;
	*ret_poll = poll;
	return uv_poll_start(poll, UV_READABLE, is_readable);
}

static void close_udp(struct worker *worker)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(worker->udp_polls); i++) {
		if (worker->udp_polls[i])
			uv_close((uv_handle_t *)worker->udp_polls[i], free_handle);
		worker->udp_polls[i] = NULL;
	}
	udp_close(worker->udp);
	worker->udp = NULL;
}

void worker_set_udp(struct worker *worker, struct udp *udp)
{
	close_udp(worker);
	worker->udp = udp;
	if (!udp)
		return;
	int err = poll_udp(worker, ADDRESS_IPV4, udp_ipv4_is_readable, &worker->udp_polls[0]);
	if (err == 0)
		err = poll_udp(worker, ADDRESS_IPV6, udp_ipv6_is_readable, &worker->udp_polls[1]);
	if (err < 0)
		worker->config.failed(worker->config.context, err);
}

struct udp *worker_udp(const struct worker *worker)
{
	return worker->udp;
}

/* ---- life ---- */

static int open_interface(struct worker *worker)
{
	const struct interface_config config = {
		.entropy = entropy_kernel(),
		.pool = &worker->pool,
		.cookies = worker->config.cookies,
		.waits = worker->config.waits,
		.stores_timestamps = true,
		.mtu_bytes = TUN_DEFAULT_MTU,
	};

	int err = worker->config.first ? interface_new_shard(worker->config.first, &worker->pool,
						 &worker->interface)
				       : interface_new(&config, &worker->interface);
	if (err < 0 || !worker->config.keeper)
		return err;
	const struct index_mirror mirror =
		keeper_mirror(worker->config.keeper, worker->config.number);
	interface_set_mirror(worker->interface, &mirror);
	return 0;
}

int worker_new(const struct worker_config *config, struct worker **ret_worker)
{
	struct worker *worker = calloc(1, sizeof *worker);
	if (!worker)
		return -ENOMEM;
	worker->config = *config;
	worker->timer_due_ns = UINT64_MAX;
	uv_sem_init(&worker->paused, 0);
	uv_sem_init(&worker->resumed, 0);
	size_t exchanged = (config->worker_count - 1) * EXCHANGE_SLOTS;
	int err = packet_pool_init(&worker->pool, POOL_PACKETS + exchanged);
	if (err < 0)
		goto err_pool;
	err = open_interface(worker);
	if (err < 0)
		goto err_interface;
	*ret_worker = worker;
	return 0;

err_interface:
	packet_pool_done(&worker->pool);
err_pool:
	uv_sem_destroy(&worker->paused);
	uv_sem_destroy(&worker->resumed);
	free(worker);
	return err;
}

void worker_empty(struct worker *worker)
{
	interface_free(worker->interface);
	for (unsigned i = 0; i < INTERFACE_SHARDS_MAX; i++) {
		if (worker->incoming[i])
			exchange_done(worker->incoming[i], &worker->pool);
		free(worker->incoming[i]);
	}
}

void worker_free(struct worker *worker)
{
	if (!worker)
		return;
	packet_pool_done(&worker->pool);
	uv_sem_destroy(&worker->paused);
	uv_sem_destroy(&worker->resumed);
	free(worker);
}

static unsigned larger(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

int worker_connect(struct worker *from, struct worker *to)
{
	struct exchange *exchange = aligned_alloc(64, sizeof *exchange);
	if (!exchange)
		return -ENOMEM;
	int err = exchange_init(exchange, &to->pool);
	if (err < 0) {
		free(exchange);
		return err;
	}
	to->incoming[from->config.number] = exchange;
	from->others[to->config.number] = to;
	from->other_limit = larger(from->other_limit, to->config.number + 1);
	to->other_limit = larger(to->other_limit, from->config.number + 1);
	return 0;
}

/* Unless opening did not get that far. */
static void close_handle(uv_handle_t *handle)
{
	if (uv_handle_get_type(handle) != UV_UNKNOWN_HANDLE)
		uv_close(handle, NULL);
}

static void close_handles(struct worker *worker)
{
	close_udp(worker);
	close_handle((uv_handle_t *)&worker->tun_poll);
	close_handle((uv_handle_t *)&worker->timer);
	close_handle((uv_handle_t *)&worker->wake);
	close_handle((uv_handle_t *)&worker->order);
}

/* The engine wants something of a worker that has a thread of its own. */
static void is_ordered(uv_async_t *async)
{
	struct worker *worker = async->data;

	uv_sem_post(&worker->paused);
	uv_sem_wait(&worker->resumed);
	if (worker->is_stopping)
		close_handles(worker);
	else
		work(worker);
}

static int open_handles(struct worker *worker)
{
	int fd = tun_fd(worker->config.tun, worker->config.number);

	worker->tun_poll.data = worker->timer.data = worker;
	worker->wake.data = worker->order.data = worker;
	int err = uv_poll_init(worker->loop, &worker->tun_poll, fd);
	if (err < 0)
		return err;
	err = uv_poll_start(&worker->tun_poll, UV_READABLE, tun_is_readable);
	if (err < 0)
		return err;
	uv_timer_init(worker->loop, &worker->timer);
	err = uv_async_init(worker->loop, &worker->wake, is_woken);
	if (err < 0)
		return err;
	return uv_async_init(worker->loop, &worker->order, is_ordered);
}

static void run_thread(void *data)
{
	struct worker *worker = data;

	uv_run(worker->loop, UV_RUN_DEFAULT); /* until close_handles() */
	uv_loop_close(worker->loop);
}

int worker_run(struct worker *worker)
{
	worker->loop = worker->config.loop;
	if (!worker->loop) {
		int err = uv_loop_init(&worker->own_loop);
		if (err < 0)
			return err;
		worker->loop = &worker->own_loop;
	}
	int err = open_handles(worker);
	if (err < 0 || worker->config.loop)
		return err;
	err = uv_thread_create(&worker->thread, run_thread, worker);
	worker->has_thread = err == 0;
	return err;
}

void worker_stop(struct worker *worker)
{
	if (!worker->has_thread) {
		if (worker->loop)
			close_handles(worker);
		return;
	}
	worker->is_stopping = true;
	uv_sem_post(&worker->resumed);
	uv_thread_join(&worker->thread);
	worker->has_thread = false;
}

void worker_pause(struct worker *worker)
{
	if (!worker->has_thread)
		return;
	uv_async_send(&worker->order);
	uv_sem_wait(&worker->paused);
}

void worker_resume(struct worker *worker)
{
	if (worker->has_thread)
		uv_sem_post(&worker->resumed);
	else if (worker->loop)
		work(worker);
}

struct interface *worker_interface(const struct worker *worker)
{
	return worker->interface;
}
