/* SPDX-License-Identifier: ISC */
#include "control/caller.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "control/secret.h"

#include <curl/curl.h>
#include <errno.h>
#include <net/if.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CONNECT_MS = 5000,
	TOTAL_MS = 60000,
	WAIT_MS = 1000, /* libcurl's own deadlines are kept within it anyway */
	BASE_SIZE = ADDRESS_TEXT_SIZE + 32,
};

struct caller {
	CURL *easy;
	CURLM *multi; /* keeps the connection between requests; what may be woken */
	char base[BASE_SIZE];
	char interface[IF_NAMESIZE]; /* "": any */
	int socket_error;	     /* of making the socket; 0: it was made */
	/* caller_cancel() sets it in another thread; nothing else hangs on it. */
	atomic_bool is_cancelled;
};

/* An answer on its way in. */
struct answer {
	struct caller *caller;
	int file_fd;
	struct secret body;
	int result; /* why its taking was given up */
};

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static void library_start(void)
{
	if (curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK)
		abort(); /* only for want of memory */
}

/* ---- making one ---- */

/*
 * The socket of a connection: close-on-exec, and bound to the tunnel's interface, which needs no
 * privilege for a socket that is not bound yet (Linux 5.7). Where it is not allowed, the tunnel's
 * routes lead the same way. libcurl's own option would read the interfaces' addresses by netlink.
 */
static curl_socket_t socket_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct caller *caller = context;
	const char *name = caller->interface;
	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

	(void)purpose; /* there is one only */
	if (fd >= 0 && (!*name ||
			       setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name,
				       (socklen_t)strlen(name)) == 0 ||
			       errno == EPERM))
		return fd;
	caller->socket_error = -errno;
	if (fd >= 0)
		(void)close(fd); /* nothing was sent */
	return CURL_SOCKET_BAD;
}

static struct caller *caller_new(void)
{
	(void)pthread_once(&library_once, library_start); /* cannot fail */
	struct caller *caller = memory_new(1, sizeof *caller);
	atomic_init(&caller->is_cancelled, false);
	caller->easy = curl_easy_init();
	caller->multi = curl_multi_init();
	if (caller->easy && caller->multi)
		return caller;
	caller_free(caller);
	return NULL;
}

int caller_new_local(const char *socket_path, struct caller **ret_caller)
{
	struct caller *caller = caller_new();

	if (!caller)
		return -ENOMEM;
	(void)snprintf(caller->base, sizeof caller->base, "http://tacet"); /* fits */
	if (curl_easy_setopt(caller->easy, CURLOPT_UNIX_SOCKET_PATH, socket_path) != CURLE_OK) {
		caller_free(caller);
		return -ENOMEM;
	}
	*ret_caller = caller;
	return 0;
}

int caller_new_tunnel(const struct address *address, uint16_t port, const char *interface,
	struct caller **ret_caller)
{
	bool is_ipv6 = address->family == ADDRESS_IPV6;
	char text[ADDRESS_TEXT_SIZE];

	if (address->family == ADDRESS_NONE || strlen(interface) >= IF_NAMESIZE)
		return -EINVAL;
	struct caller *caller = caller_new();
	if (!caller)
		return -ENOMEM;
	(void)snprintf(caller->base, sizeof caller->base, "http://%s%s%s:%u", is_ipv6 ? "[" : "",
		address_format(address, text), is_ipv6 ? "]" : "", port);	      /* fits */
	(void)snprintf(caller->interface, sizeof caller->interface, "%s", interface); /* the same */
	*ret_caller = caller;
	return 0;
}

void caller_free(struct caller *caller)
{
	if (!caller)
		return;
	curl_easy_cleanup(caller->easy);
	(void)curl_multi_cleanup(caller->multi); /* nothing is in it */
	free(caller);
}

void caller_cancel(struct caller *caller)
{
	atomic_store(&caller->is_cancelled, true);
	(void)curl_multi_wakeup(caller->multi); /* at worst it is seen a second later */
}

char *caller_escape(const char *word)
{
	char *escaped = curl_easy_escape(NULL, word, 0);
	char *copy = escaped ? strdup(escaped) : NULL;

	curl_free(escaped);
	if (!copy)
		abort();
	return copy;
}

/* ---- the answer ---- */

static int write_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t written = write(fd, bytes, size);
		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			bytes += written;
			size -= (size_t)written;
		}
	}
	return 0;
}

static unsigned status_of(const struct caller *caller)
{
	long status = 0;

	(void)curl_easy_getinfo(caller->easy, CURLINFO_RESPONSE_CODE, &status); /* 0: none */
	return (unsigned)status;
}

static bool is_success(unsigned status)
{
	return status >= 200 && status < 300;
}

/* Part of the body; what is not the size of it gives up. */
static size_t body_came(char *bytes, size_t one, size_t size, void *context)
{
	struct answer *answer = context;

	(void)one; /* is 1 */
	if (answer->file_fd > 0 && is_success(status_of(answer->caller))) {
		answer->result = write_all(answer->file_fd, bytes, size);
	} else if (size > CALLER_ANSWER_MAX - answer->body.size) {
		answer->result = -EFBIG;
	} else {
		secret_append(&answer->body, bytes, size);
	}
	return answer->result < 0 ? 0 : size;
}

/* ---- the request ---- */

static void set_body(CURL *easy, const char *text, size_t size)
{
	(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
	(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, text);
}

/* Header lines; aborts where there is no memory. */
static struct curl_slist *heads_of(const struct caller_request *request)
{
	const char *type = request->json   ? "Content-Type: application/json"
			   : request->text ? "Content-Type: text/plain"
					   : "Content-Type:";
	struct curl_slist *heads = curl_slist_append(NULL, type);

	if (!heads)
		abort();
	return heads;
}

/*
 * What holds for every request. A setopt of a number or a pointer of ours does not fail with the
 * library that we are built for; one that copies a text fails for want of memory only, and then
 * curl_easy_perform() does, too.
 */
static void set_common(struct caller *caller)
{
	CURL *easy = caller->easy;

	(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
	(void)curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* nor one of the environment */
	(void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	(void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	(void)curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, socket_open);
	(void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, caller);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_came);
}

static void set_request(struct caller *caller, const struct caller_request *request)
{
	CURL *easy = caller->easy;
	unsigned connect_ms = request->connect_ms ? request->connect_ms : CONNECT_MS;
	unsigned total_ms = request->total_ms ? request->total_ms : TOTAL_MS;

	(void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
	(void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)total_ms);
	if (strcmp(request->method, "GET") == 0) {
		(void)curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
		(void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, NULL);
		return;
	}
	(void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
	set_body(easy, "", 0);
}

/* Until it is answered, failed or cancelled. */
static CURLcode perform(struct caller *caller)
{
	int running = 1, left = 0;

	while (running > 0) {
		if (curl_multi_perform(caller->multi, &running) != CURLM_OK)
			return CURLE_OUT_OF_MEMORY;
		if (running > 0 && atomic_exchange(&caller->is_cancelled, false))
			return CURLE_ABORTED_BY_CALLBACK;
		if (running > 0 &&
			curl_multi_poll(caller->multi, NULL, 0, WAIT_MS, NULL) != CURLM_OK)
			return CURLE_OUT_OF_MEMORY;
	}
	const CURLMsg *message = curl_multi_info_read(caller->multi, &left);
	return message ? message->data.result : CURLE_OUT_OF_MEMORY;
}

static CURLcode transfer(struct caller *caller)
{
	if (curl_multi_add_handle(caller->multi, caller->easy) != CURLM_OK)
		return CURLE_OUT_OF_MEMORY;
	CURLcode code = perform(caller);
	(void)curl_multi_remove_handle(caller->multi, caller->easy); /* it is in there */
	return code;
}

/* ---- what came of it ---- */

static const struct {
	CURLcode code;
	int result;
} results[] = {
	{CURLE_OPERATION_TIMEDOUT, -ETIMEDOUT},
	{CURLE_OUT_OF_MEMORY, -ENOMEM},
	{CURLE_ABORTED_BY_CALLBACK, -ECANCELED},
	{CURLE_SEND_ERROR, -ECONNRESET},
	{CURLE_RECV_ERROR, -ECONNRESET},
	{CURLE_GOT_NOTHING, -ECONNRESET},
	{CURLE_PARTIAL_FILE, -ECONNRESET},
};

static int result_of(const struct caller *caller, const struct answer *answer, CURLcode code)
{
	long error = 0;

	if (answer->result < 0)
		return answer->result;
	if (caller->socket_error < 0)
		return caller->socket_error;
	if (code == CURLE_COULDNT_CONNECT &&
		curl_easy_getinfo(caller->easy, CURLINFO_OS_ERRNO, &error) == CURLE_OK && error > 0)
		return (int)-error;
	for (size_t i = 0; i < ARRAY_LENGTH(results); i++) {
		if (results[i].code == code)
			return results[i].result;
	}
	return -EIO;
}

/* Reads an answer that is here. Consumes json, which is NULL where there was none, or no JSON. */
static int refused(const struct caller_request *request, unsigned status, json_t *json,
	struct problem *ret_problem)
{
	problem_decode(status, json, ret_problem);
	if (request->ret_refusal)
		*request->ret_refusal = json;
	else
		json_decref(json);
	return ERR_REFUSED;
}

static int read_answer(const struct answer *answer, const struct caller_request *request,
	json_t **ret_json, struct problem *ret_problem)
{
	unsigned status = status_of(answer->caller);
	json_error_t error;
	json_t *json = NULL;

	if (answer->body.size > 0)
		json = json_loadb(
			answer->body.at, answer->body.size, JSON_REJECT_DUPLICATES, &error);
	if (!is_success(status))
		return refused(request, status, json, ret_problem);
	if (answer->body.size > 0 && !json) {
		*ret_problem = (struct problem){.code = ERR_SYNTAX, .status = status};
		(void)snprintf(ret_problem->text, sizeof ret_problem->text,
			"the answer is not JSON: line %d, column %d", error.line, error.column);
		return ERR_SYNTAX;
	}
	*ret_json = json;
	return 0;
}

/* `reason` is libcurl's, "" where it has none. */
static int failed(const char *reason, int result, struct problem *ret_problem)
{
	*ret_problem = (struct problem){.code = result};
	(void)snprintf(ret_problem->text, sizeof ret_problem->text, "%s",
		*reason ? reason : err_str(result)); /* fits */
	return result;
}

static int ask(struct caller *caller, const struct caller_request *request, json_t **ret_json,
	struct problem *ret_problem)
{
	struct answer answer = {.caller = caller, .file_fd = request->file_fd};
	char reason[CURL_ERROR_SIZE] = "";

	if (atomic_exchange(&caller->is_cancelled, false))
		return failed(reason, -ECANCELED, ret_problem);
	caller->socket_error = 0;
	(void)curl_easy_setopt(caller->easy, CURLOPT_ERRORBUFFER, reason);
	(void)curl_easy_setopt(caller->easy, CURLOPT_WRITEDATA, &answer);
	CURLcode code = transfer(caller);
	(void)curl_easy_setopt(caller->easy, CURLOPT_ERRORBUFFER, NULL);
	int result = code == CURLE_OK
			     ? read_answer(&answer, request, ret_json, ret_problem)
			     : failed(reason, result_of(caller, &answer, code), ret_problem);
	secret_wipe(&answer.body);
	return result;
}

int caller_ask(struct caller *caller, const struct caller_request *request, json_t **ret_json,
	struct problem *ret_problem)
{
	size_t size = strlen(caller->base) + strlen(request->path) + 1;
	char *url = memory_new(size, 1);
	struct curl_slist *heads = heads_of(request);
	char *body = request->json ? json_dumps(request->json, JSON_COMPACT) : NULL;

	(void)snprintf(url, size, "%s%s", caller->base, request->path); /* fits */
	set_common(caller);
	set_request(caller, request);
	(void)curl_easy_setopt(caller->easy, CURLOPT_URL, url);
	(void)curl_easy_setopt(caller->easy, CURLOPT_HTTPHEADER, heads);
	if (body)
		set_body(caller->easy, body, strlen(body));
	else if (request->text)
		set_body(caller->easy, request->text, request->text_size);
	int result = ask(caller, request, ret_json, ret_problem);
	(void)curl_easy_setopt(caller->easy, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(heads);
	if (body)
		bytes_wipe(body, strlen(body));
	free(body);
	free(url);
	return result;
}
