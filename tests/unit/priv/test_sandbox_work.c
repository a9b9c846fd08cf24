/* SPDX-License-Identifier: ISC */
/* What each profile's process has to do still: loops, threads, packets, a database, calls. */
#include "sandbox_child.h"

#include "base/address.h"
#include "engine/userspace/timestampfile.h"
#include "priv/channel.h"
#include "store/store.h"

#include <curl/curl.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>

enum {
	BATCH = 8,
};

/* Sockets that were made before the sandbox was entered. */
static struct {
	int udp[2], tcp, local;
	struct sockaddr_in udp_name, tcp_name;
	struct sockaddr_un local_name;
} ready;

static int open_ipv4(int type, struct sockaddr_in *ret_name)
{
	struct sockaddr_in name = {.sin_family = AF_INET};
	socklen_t size = sizeof name;
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&name, size) < 0 ||
		getsockname(fd, (struct sockaddr *)&name, &size) < 0)
		abort();
	*ret_name = name;
	return fd;
}

static void open_sockets(void)
{
	struct sockaddr_in ignored;

	ready.udp[0] = open_ipv4(SOCK_DGRAM, &ready.udp_name);
	ready.udp[1] = open_ipv4(SOCK_DGRAM, &ignored);
	ready.tcp = open_ipv4(SOCK_STREAM, &ready.tcp_name);
	ready.local = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ready.local_name.sun_family = AF_UNIX;
	(void)snprintf(ready.local_name.sun_path, sizeof ready.local_name.sun_path, "%s/socket",
		sandbox_writable);
	if (bind(ready.local, (struct sockaddr *)&ready.local_name, sizeof ready.local_name) < 0 ||
		listen(ready.local, 8) < 0 || listen(ready.tcp, 8) < 0)
		abort();
}

/* ---- a loop ---- */

struct turns {
	uv_loop_t loop;
	uv_timer_t timer;
	uv_async_t async;
	uv_signal_t signal;
	unsigned fired;
};

static void close_handle(uv_handle_t *handle)
{
	struct turns *turns = handle->loop->data;

	turns->fired++;
	uv_close(handle, NULL);
}

static void timer_fired(uv_timer_t *timer)
{
	close_handle((uv_handle_t *)timer);
}

static void async_fired(uv_async_t *async)
{
	close_handle((uv_handle_t *)async);
}

static void signal_came(uv_signal_t *signal, int number)
{
	(void)number;
	close_handle((uv_handle_t *)signal);
}

static void run_thread(void *context)
{
	(void)uv_async_send(&((struct turns *)context)->async);
}

static enum outcome run_loop(void)
{
	static struct turns turns;
	uv_thread_t thread;

	if (uv_loop_init(&turns.loop) < 0)
		return FAILED;
	turns.loop.data = &turns;
	if (uv_timer_init(&turns.loop, &turns.timer) < 0 ||
		uv_timer_start(&turns.timer, timer_fired, 1, 0) < 0 ||
		uv_async_init(&turns.loop, &turns.async, async_fired) < 0 ||
		uv_signal_init(&turns.loop, &turns.signal) < 0 ||
		uv_signal_start(&turns.signal, signal_came, SIGTERM) < 0 ||
		uv_thread_create(&thread, run_thread, &turns) < 0 || raise(SIGTERM) != 0)
		return FAILED;
	(void)uv_run(&turns.loop, UV_RUN_DEFAULT);
	if (uv_thread_join(&thread) < 0 || uv_loop_close(&turns.loop) < 0)
		return FAILED;
	return turns.fired == 3 ? DONE : FAILED;
}

/* A thread with a loop of its own, in the pool of libuv. */
static void work(uv_work_t *request)
{
	(void)request;
}

static void after_work(uv_work_t *request, int status)
{
	*(int *)request->data = status;
}

static enum outcome run_pool(void)
{
	uv_loop_t loop;
	int status = -1;
	uv_work_t request = {.data = &status};

	if (uv_loop_init(&loop) < 0 || uv_queue_work(&loop, &request, work, after_work) < 0)
		return FAILED;
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	return status == 0 && uv_loop_close(&loop) == 0 ? DONE : FAILED;
}

/* ---- a channel ---- */

struct talk {
	struct channel *ends[2];
	unsigned received;
};

static void received(void *context, const struct channel_message *message)
{
	struct talk *talk = context;

	for (unsigned i = 0; i < message->fd_count; i++)
		close(message->fds[i]);
	talk->received += 1 + message->fd_count;
	channel_close(talk->ends[0]);
	channel_close(talk->ends[1]);
}

static void ended(void *context, int err)
{
	(void)context, (void)err;
}

static int channel_ends[2];

static enum outcome run_channel(void)
{
	const struct message_listeners listeners = {.present = 1};
	struct talk talk = {0};
	uv_loop_t loop;

	if (uv_loop_init(&loop) < 0)
		return FAILED;
	for (unsigned i = 0; i < 2; i++) {
		const struct channel_config config = {.loop = &loop,
			.fd = channel_ends[i],
			.sender = MESSAGE_FROM_P,
			.received = received,
			.ended = ended,
			.context = &talk};
		if (channel_open(&config, &talk.ends[i]) < 0)
			return FAILED;
	}
	channel_send_fds(talk.ends[0], MESSAGE_LISTENERS, &listeners, (int[]){0}, 1);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	return talk.received == 2 ? DONE : FAILED;
}

/* ---- the engine's work ---- */

static enum outcome move_packets(void)
{
	static struct mmsghdr messages[BATCH];
	char packet[] = "packet";
	struct iovec part = {.iov_base = packet, .iov_len = sizeof packet};

	for (int i = 0; i < BATCH; i++) {
		messages[i].msg_hdr = (struct msghdr){.msg_name = &ready.udp_name,
			.msg_namelen = sizeof ready.udp_name,
			.msg_iov = &part,
			.msg_iovlen = 1};
	}
	if (sendmmsg(ready.udp[1], messages, BATCH, 0) != BATCH)
		return outcome_of(-1);
	char bytes[BATCH][16];
	struct iovec parts[BATCH];
	for (int i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){bytes[i], sizeof bytes[i]};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
	}
	return recvmmsg(ready.udp[0], messages, BATCH, MSG_WAITFORONE, NULL) >= 1 ? DONE : FAILED;
}

static enum outcome keep_timestamps(void)
{
	static const uint8_t key[NOISE_KEY_SIZE] = {1};
	struct timestampfile file = {.directory = sandbox_writable};
	uint64_t limit_ns;

	if (timestampfile_set_key(&file, key) < 0 || timestampfile_store(&file, 5) < 0 ||
		timestampfile_store(&file, 6) < 0 || timestampfile_load(&file, &limit_ns) < 0)
		return FAILED;
	timestampfile_done(&file);
	return limit_ns == 6 ? DONE : FAILED;
}

/* ---- the control process's work ---- */

static bool run_sql(sqlite3 *database, const char *sql)
{
	return sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* With a log and shared memory beside it, a large sort, and a copy. */
static enum outcome use_database(void)
{
	sqlite3 *database;
	char copy[300];
	bool is_well;

	(void)snprintf(copy, sizeof copy, "VACUUM INTO '%s/copy'", sandbox_writable);
	(void)unlink(sandbox_path(sandbox_writable, "copy"));
	if (sqlite3_open(sandbox_path(sandbox_writable, "database"), &database) != SQLITE_OK)
		return FAILED;
	is_well = run_sql(database, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
				    "CREATE TABLE IF NOT EXISTS t (a, b);"
				    "BEGIN IMMEDIATE; INSERT INTO t VALUES (1, randomblob(9));"
				    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
				    " LIMIT 20000) INSERT INTO t SELECT i, randomblob(20) FROM n;"
				    "COMMIT; CREATE INDEX IF NOT EXISTS x ON t (b);") &&
		  run_sql(database, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA integrity_check;"
				    "PRAGMA journal_mode=DELETE; DELETE FROM t; VACUUM;") &&
		  run_sql(database, copy);
	return sqlite3_close(database) == SQLITE_OK && is_well ? DONE : FAILED;
}

/* The same by whom it is for: a new one, a write, and a backup. */
static enum outcome use_store(void)
{
	const struct store_actor by = {.name = "root", .way = STORE_WAY_LOCAL, .now_ns = 2};
	struct store *store;
	char path[256];
	bool is_well;

	(void)snprintf(path, sizeof path, "%s/store-%d", sandbox_writable, getpid());
	if (store_open(path, STORE_CREATE, 1, &store) < 0)
		return FAILED;
	is_well = store_backup(store, &by, sandbox_path(sandbox_writable, "backup")) == 0;
	store_close(store);
	return is_well ? DONE : FAILED;
}

/* Sorts more than libc sorts on the stack; for that it asks how much memory there is. */
static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static enum outcome sort(void)
{
	enum { COUNT = 100000 };
	int *numbers = calloc(COUNT, sizeof *numbers);

	if (!numbers)
		return FAILED;
	for (int i = 0; i < COUNT; i++)
		numbers[i] = COUNT - i;
	qsort(numbers, COUNT, sizeof *numbers, compare);
	bool is_sorted = numbers[0] == 1;
	free(numbers);
	return is_sorted ? DONE : FAILED;
}

/* Answers each request; the body says whether the other side is known. */
static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *data, size_t *size, void **state)
{
	struct ucred other;
	socklen_t other_size = sizeof other;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	(void)context, (void)url, (void)method, (void)version, (void)data, (void)size, (void)state;
	static char known[] = "known", unknown[] = "nobdy";
	bool is_known = info && getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &other,
					&other_size) == 0;
	struct MHD_Response *response = MHD_create_response_from_buffer(
		5, is_known ? known : unknown, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return result;
}

/* Runs the daemon until the caller's thread is through. */
static bool serve(int listener, const atomic_int *is_over)
{
	struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, answer, NULL,
		MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_END);

	if (!daemon)
		return false;
	while (!atomic_load(is_over))
		(void)MHD_run_wait(daemon, 10);
	MHD_stop_daemon(daemon);
	return true;
}

/* A caller outside of the sandbox: the process that has made it. */
static enum outcome serve_local(void)
{
	static atomic_int is_over; /* never: killed from outside */

	return serve(ready.local, &is_over) ? DONE : FAILED;
}

/* ---- the caller's work ---- */

static size_t keep_body(char *bytes, size_t size, size_t count, void *context)
{
	char *body = context;

	if (size * count == 5)
		memcpy(body, bytes, 5);
	return size * count;
}

static atomic_int is_call_over;

/* By a name, which libcurl looks up in a thread of its own. */
static void *call_by_name(void *context)
{
	char body[6] = "", url[64];
	CURL *curl = curl_easy_init();
	CURLM *multi = curl_multi_init();
	int running = 1;

	(void)snprintf(url, sizeof url, "http://localhost:%u/", ntohs(ready.tcp_name.sin_port));
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 10000L);
	curl_multi_add_handle(multi, curl);
	while (running > 0) {
		curl_multi_perform(multi, &running);
		curl_multi_poll(multi, NULL, 0, 100, NULL);
	}
	curl_multi_remove_handle(multi, curl);
	curl_multi_cleanup(multi);
	curl_easy_cleanup(curl);
	*(bool *)context = strcmp(body, "known") == 0 || strcmp(body, "nobdy") == 0;
	atomic_store(&is_call_over, 1);
	return NULL;
}

static enum outcome call_and_serve(void)
{
	pthread_t thread;
	bool is_answered = false;

	if (pthread_create(&thread, NULL, call_by_name, &is_answered) != 0)
		return FAILED;
	bool is_served = serve(ready.tcp, &is_call_over);
	(void)pthread_join(thread, NULL);
	return is_served && is_answered ? DONE : FAILED;
}

/* By all that nsswitch.conf has; there need not be an answer. */
static enum outcome look_up(void)
{
	const struct addrinfo wanted = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *list = NULL;
	int result = getaddrinfo("localhost", "1", &wanted, &list);

	if (result == 0)
		freeaddrinfo(list);
	return DONE;
}

/* A scope by name wants a socket of libc's, which there is none for; it is no way to kill us. */
static enum outcome parse_scope(void)
{
	static const char text[] = "[fe80::1%lo]:1";
	struct endpoint endpoint;
	int result = endpoint_parse(text, sizeof text - 1, &endpoint);

	return result == 0 || result == -ENODEV ? DONE : FAILED;
}

static const struct deed deeds[] = {
	{"an address with a scope", ALL, DONE, parse_scope},
	{"a loop, a thread, a signal", ALL, DONE, run_loop},
	{"libuv's pool of threads", ALL, DONE, run_pool},
	{"a channel", ALL, DONE, run_channel},
	{"a large sort", ALL, DONE, sort},
	{"packets", E, DONE, move_packets},
	{"timestamps", ALL, DONE, keep_timestamps},
	{"a database", C | L, DONE, use_database},
	{"the store", C | L, DONE, use_store},
	{"a name", L, DONE, look_up},
	{"a call, and an answer to it", L, DONE, call_and_serve},
};

/* A control process answers one who calls from outside by the local socket. */
static void test_server(enum sandbox_profile profile)
{
	char text[256] = "";
	pid_t child = fork();

	if (child == 0)
		_exit(enter_sandbox(profile) == 0 ? (int)serve_local() : NOT_ENTERED);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&ready.local_name, sizeof ready.local_name) < 0 ||
		write(fd, "GET / HTTP/1.0\r\n\r\n", 18) != 18)
		abort();
	size_t used = 0;
	ssize_t size;
	while ((size = read(fd, text + used, sizeof text - 1 - used)) > 0)
		used += (size_t)size;
	tap_ok(strstr(text, "known"), "a server, to whom callers are known");
	(void)kill(child, SIGKILL);
	tap_is_int(wait_for(child), DIED, "was well until then");
	close(fd);
}

int main(void)
{
	if (!sandbox_begin())
		return tap_done();
	open_sockets();
	if (channel_pair(channel_ends) < 0 || curl_global_init(CURL_GLOBAL_ALL) != 0)
		abort();
	try_deeds(deeds, ARRAY_LENGTH(deeds));
	test_server(SANDBOX_CONTROL);
	test_server(SANDBOX_CALLER);
	sandbox_end();
	return tap_done();
}
