/* SPDX-License-Identifier: ISC */
/* The caller against the server, over a Unix socket and over loopback. */
#include "base/bytes.h"
#include "base/error.h"
#include "control/caller.h"
#include "control/server_lab.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	FILE_SIZE = 800000,
};

static const struct address loopback = {ADDRESS_IPV4, {127, 0, 0, 1}};

static int ask(struct caller *caller, const char *method, const char *path, json_t **ret_json,
	struct problem *ret_problem)
{
	struct caller_request request = {.method = method, .path = path};

	return caller_ask(caller, &request, ret_json, ret_problem);
}

/* Whether the request is answered with that JSON. */
static bool answers(struct caller *caller, const struct caller_request *request, const char *want)
{
	struct problem problem = {0};
	json_t *json = NULL;

	int result = caller_ask(caller, request, &json, &problem);
	char *got = json ? json_dumps(json, JSON_COMPACT) : NULL;
	bool held = result == 0 && got && strcmp(got, want) == 0;
	if (!held)
		printf("# %d %s: %s\n", result, problem.text, got ? got : "nothing");
	free(got);
	json_decref(json);
	return held;
}

static void test_requests(struct caller *caller)
{
	json_t *body = json_pack("{s:s}", "name", "laptop");
	char *word = caller_escape("a b/c@d%");
	char path[64];

	tap_ok(answers(caller, &(struct caller_request){.method = "GET", .path = "/v1/words/a?q=1"},
		       "{\"first\":\"a\",\"q\":\"1\"}"),
		"GET");
	tap_ok(answers(caller, &(struct caller_request){"POST", "/v1/echo", .json = body},
		       "{\"name\":\"laptop\"}"),
		"POST of JSON");
	tap_ok(answers(caller,
		       &(struct caller_request){"PUT", "/v1/text", .text = "a\nb", .text_size = 3},
		       "{\"text\":\"a\\nb\"}"),
		"PUT of text");
	tap_ok(strcmp(word, "a%20b%2Fc%40d%25") == 0, "a word is escaped");
	(void)snprintf(path, sizeof path, "/v1/words/x?q=%s", word);
	tap_ok(answers(caller, &(struct caller_request){.method = "GET", .path = path},
		       "{\"first\":\"x\",\"q\":\"a b/c@d%\"}"),
		"and arrives as it was");
	free(word);
	json_decref(body);
}

static void test_refusals(struct caller *caller)
{
	struct problem problem = {0};
	json_t *json = NULL, *refusal = NULL;
	struct caller_request request = {
		.method = "DELETE", .path = "/v1/words/bob", .ret_refusal = &refusal};

	tap_is_int(ask(caller, "POST", "/v1/nothing", &json, &problem), 0, "no content");
	tap_ok(json == NULL, "is no JSON");
	tap_is_int(caller_ask(caller, &request, &json, &problem), ERR_REFUSED, "a refusal");
	tap_is_int(problem.code, ERR_NOT_FOUND, "has the server's error code");
	tap_is_int(problem.status, 404, "the status of HTTP");
	tap_ok(strcmp(problem.text, "no user named bob: ??") == 0, "and its words, printable");
	tap_ok(json_is_object(refusal), "and all of its body for who wants it");
	json_decref(refusal);
	tap_is_int(ask(caller, "GET", "/v1/none", &json, &problem), ERR_REFUSED, "an unknown path");
	tap_is_int(
		ask(caller, "PATCH", "/v1/echo", &json, &problem), ERR_REFUSED, "another method");
	tap_is_int(problem.status, 405, "is 405");
	tap_is_int(ask(caller, "GET", "/v1/file", &json, &problem), ERR_SYNTAX, "what is not JSON");
	tap_ok(strstr(problem.text, "not JSON") != NULL, "is said so");
}

/* Bodies that are refused for their length, short and long: the answer arrives all the same. */
static void test_long_bodies(struct caller *caller)
{
	static const size_t sizes[] = {LAB_BODY_MAX + 1, 500000, 1 << 20, 8 << 20};
	char *text = calloc(1, sizes[3]);

	for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
		struct problem problem = {0};
		json_t *json = NULL;
		struct caller_request request = {
			"PUT", "/v1/text", .text = text, .text_size = sizes[i]};
		int result = caller_ask(caller, &request, &json, &problem);
		if (!tap_ok(result == ERR_REFUSED && problem.status == 413,
			    "a body that is too long"))
			printf("# %zu bytes: %d %u %s\n", sizes[i], result, problem.status,
				problem.text);
	}
	free(text);
}

static void test_file(struct caller *caller)
{
	struct problem problem = {0};
	json_t *json = NULL;
	FILE *file = tmpfile();
	struct caller_request request = {"GET", "/v1/file", .file_fd = fileno(file)};

	tap_is_int(caller_ask(caller, &request, &json, &problem), 0, "a file");
	tap_is_int(lseek(request.file_fd, 0, SEEK_END), FILE_SIZE, "has all of its bytes");
	request.path = "/v1/none";
	tap_is_int(
		caller_ask(caller, &request, &json, &problem), ERR_REFUSED, "a file that is none");
	tap_is_int(lseek(request.file_fd, 0, SEEK_END), FILE_SIZE, "writes nothing");
	request.file_fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	request.path = "/v1/file";
	tap_is_int(caller_ask(caller, &request, &json, &problem), -ENOSPC, "a disk that is full");
	(void)close(request.file_fd);
	(void)fclose(file);
}

/* Where nobody is. */
static void test_nobody(const struct lab *lab)
{
	struct problem problem = {0};
	struct caller *caller = NULL;
	json_t *json = NULL;

	tap_is_int(
		caller_new_local("/tmp/tacet-none/none", &caller), 0, "a socket that is not there");
	tap_is_int(ask(caller, "GET", "/", &json, &problem), -ENOENT, "is found out when asked");
	tap_ok(*problem.text, "with words");
	caller_free(caller);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* nothing listens at its port */
	struct sockaddr_storage name = {.ss_family = AF_INET};
	socklen_t size = sizeof name;
	(void)bind(fd, (struct sockaddr *)&name, sizeof(struct sockaddr_in));
	(void)getsockname(fd, (struct sockaddr *)&name, &size);
	uint16_t port = load_be16((const uint8_t *)&name + 2);
	tap_is_int(caller_new_tunnel(&loopback, port, "lo", &caller), 0, "a port");
	tap_is_int(ask(caller, "GET", "/", &json, &problem), -ECONNREFUSED, "where nobody listens");
	caller_free(caller);
	(void)close(fd);
	tap_is_int(caller_new_tunnel(&loopback, lab_port(lab), "tacet-none0", &caller), 0,
		"an interface that is not there");
	tap_is_int(ask(caller, "GET", "/v1/peer", &json, &problem), -ENODEV, "is not gone around");
	caller_free(caller);
	tap_is_int(caller_new_tunnel(&loopback, 1, "an-interface-name-too-long", &caller), -EINVAL,
		"a name that no interface has");
}

/* A long wait that another thread ends. */
struct waiter {
	struct caller *caller;
	const char *path; /* NULL: /v1/keep */
	int result;
	size_t pad; /* bytes of text in the answer */
};

static void *wait_for_it(void *context)
{
	struct waiter *waiter = context;
	struct problem problem;
	json_t *json = NULL;
	const char *path = waiter->path ? waiter->path : "/v1/keep";

	waiter->result = ask(waiter->caller, "GET", path, &json, &problem);
	waiter->pad = json_string_length(json_object_get(json, "pad"));
	json_decref(json);
	return NULL;
}

static void test_cancel(struct lab *lab, struct caller *caller)
{
	struct waiter waiter = {.caller = caller};
	unsigned kept = lab_count(lab, LAB_KEPT), gone = lab_count(lab, LAB_GONE);
	struct problem problem;
	json_t *json = NULL;
	pthread_t thread;

	pthread_create(&thread, NULL, wait_for_it, &waiter);
	lab_wait(lab, LAB_KEPT, kept + 1);
	caller_cancel(caller);
	pthread_join(thread, NULL);
	tap_is_int(waiter.result, -ECANCELED, "a request is cancelled");
	lab_wait(lab, LAB_GONE, gone + 1);
	tap_ok(true, "and the server knows");
	caller_cancel(caller);
	tap_is_int(
		ask(caller, "GET", "/v1/peer", &json, &problem), -ECANCELED, "one that is to come");
	tap_is_int(ask(caller, "GET", "/v1/peer", &json, &problem), 0, "and no more than one");
	json_decref(json);
}

/* An answer that comes late and does not fit into a socket at once. */
static void test_large(struct lab *lab, struct caller *caller)
{
	struct waiter waiter = {.caller = caller, .path = "/v1/keep?size=12000000"};
	unsigned kept = lab_count(lab, LAB_KEPT);
	char answer[1024];
	pthread_t thread;

	pthread_create(&thread, NULL, wait_for_it, &waiter);
	lab_wait(lab, LAB_KEPT, kept + 1);
	lab_talk(lab, "POST /v1/release HTTP/1.1\r\nHost: tacet\r\nConnection: close\r\n\r\n",
		answer, sizeof answer);
	pthread_join(thread, NULL);
	tap_is_int(waiter.result, 0, "a large answer");
	tap_is_int((intmax_t)waiter.pad, 12000000, "all of it");
	waiter.path = "/v1/keep?size=17000000";
	pthread_create(&thread, NULL, wait_for_it, &waiter);
	lab_wait(lab, LAB_KEPT, kept + 2);
	lab_talk(lab, "POST /v1/release HTTP/1.1\r\nHost: tacet\r\nConnection: close\r\n\r\n",
		answer, sizeof answer);
	pthread_join(thread, NULL);
	tap_is_int(waiter.result, -EFBIG, "one that is larger than any should be");
}

static void test_timeout(struct caller *caller)
{
	struct problem problem = {0};
	json_t *json = NULL;
	struct caller_request request = {.method = "GET", .path = "/v1/keep", .total_ms = 50};

	tap_is_int(caller_ask(caller, &request, &json, &problem), -ETIMEDOUT,
		"a request has its time");
}

/* The server ends the connection between two requests, and within one. */
static void test_end(void)
{
	struct lab *lab = lab_open();
	struct waiter waiter = {0};
	struct problem problem;
	json_t *json = NULL;
	pthread_t thread;

	if (caller_new_local(lab_socket(lab), &waiter.caller) < 0)
		abort();
	pthread_create(&thread, NULL, wait_for_it, &waiter);
	lab_wait(lab, LAB_KEPT, 1);
	lab_close(lab);
	pthread_join(thread, NULL);
	tap_is_int(waiter.result, -ECONNRESET, "the server ends while it is asked");
	tap_is_int(
		ask(waiter.caller, "GET", "/v1/peer", &json, &problem), -ENOENT, "then it is gone");
	caller_free(waiter.caller);
}

static void test_both(struct lab *lab, struct caller *caller)
{
	test_requests(caller);
	test_refusals(caller);
	test_long_bodies(caller);
	test_file(caller);
	test_cancel(lab, caller);
	test_large(lab, caller);
	test_timeout(caller);
	caller_free(caller);
}

int main(void)
{
	struct lab *lab = lab_open();
	struct caller *caller = NULL;

	(void)setenv("http_proxy", "http://127.0.0.1:1", 1); /* is not to be used */
	tap_is_int(caller_new_local(lab_socket(lab), &caller), 0, "over a Unix socket");
	test_both(lab, caller);
	tap_is_int(
		caller_new_tunnel(&loopback, lab_port(lab), "lo", &caller), 0, "over an interface");
	test_both(lab, caller);
	test_nobody(lab);
	lab_close(lab);
	test_end();
	caller_free(NULL);
	return tap_done();
}
