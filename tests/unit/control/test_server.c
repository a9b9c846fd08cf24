/* SPDX-License-Identifier: ISC */
/* The server by bytes on sockets: which requests get which answers, and who gets none. */
#include "base/attributes.h"
#include "control/server_lab.h"
#include "tap.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	ANSWER_SIZE = 1 << 20,
	MANY = 20,
};

#define HEAD " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
#define GET(path) "GET " path HEAD "\r\n"
#define WITH(method, path, size, body) method " " path HEAD "Content-Length: " #size "\r\n\r\n" body
#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct {
	const char *name;
	const char *request;
	const char *status;
	const char *part; /* of the answer */
} rows[] = {
	{"a word", GET("/v1/words/laptop"), "200", "{\"first\":\"laptop\"}"},
	{"two words", GET("/v1/words/a/and/b"), "200", "{\"first\":\"a\",\"second\":\"b\"}"},
	{"an escaped word", GET("/v1/words/%61%40b"), "200", "{\"first\":\"a@b\"}"},
	{"a plus in a word is a plus", GET("/v1/words/a+b"), "200", "{\"first\":\"a+b\"}"},
	{"a query", GET("/v1/words/a?q=7"), "200", "\"q\":\"7\""},
	{"a query with escapes", GET("/v1/words/a?x=1&q=%2fa%26b"), "200", "\"q\":\"/a&b\""},
	{"a query without a value", GET("/v1/words/a?q"), "200", "\"q\":\"\""},
	{"a body of text", WITH("PUT", "/v1/text", 5, "a: b\n"), "200", "{\"text\":\"a: b\\n\"}"},
	{"an empty text", WITH("PUT", "/v1/text", 0, ""), "200", "{\"text\":\"\"}"},
	{"a body of JSON", WITH("POST", "/v1/echo", 9, "{\"a\":\"b\"}"), "200", "{\"a\":\"b\"}"},
	{"a body in chunks",
		"POST /v1/echo" HEAD
		"Transfer-Encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\n"
		"\r\n",
		"200", "{\"a\":1}"},
	{"no content", WITH("POST", "/v1/nothing", 0, ""), "204", ""},
	{"an empty object where nothing is expected", WITH("POST", "/v1/nothing", 2, "{}"), "204",
		""},
	{"kept and answered at once", GET("/v1/both"), "200", "{}"},
	{"any host", "GET /v1/both HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "200",
		"{}"},

	{"an unknown path", GET("/v2/words/a"), "404", "ERR_NOT_FOUND"},
	{"a path that is longer", GET("/v1/words/a/b"), "404", "ERR_NOT_FOUND"},
	{"a path that is shorter", GET("/v1"), "404", "ERR_NOT_FOUND"},
	{"the root", GET("/"), "404", "ERR_NOT_FOUND"},
	{"a slash at the end", GET("/v1/peer/"), "404", "ERR_NOT_FOUND"},
	{"an empty word", GET("/v1/words/"), "404", "ERR_NOT_FOUND"},
	{"a part that only begins so", GET("/v1/peers"), "404", "ERR_NOT_FOUND"},
	{"an escaped part is another", GET("/v1/%70eer"), "404", "ERR_NOT_FOUND"},
	{"another method", GET("/v1/echo"), "405", "Allow: POST"},
	{"another method of two", WITH("PUT", "/v1/words/a", 0, ""), "405", "Allow: GET, DELETE"},
	{"a slash in a word", GET("/v1/words/a%2Fb"), "400", "ERR_SYNTAX"},
	{"a zero in a word", GET("/v1/words/a%00"), "400", "ERR_SYNTAX"},
	{"a control in a word", GET("/v1/words/a%0ab"), "400", "ERR_SYNTAX"},
	{"an escape that is none", GET("/v1/words/a%4"), "400", "ERR_SYNTAX"},
	{"an escape of other letters", GET("/v1/words/%4g"), "400", "ERR_SYNTAX"},
	{"a word that is too long", GET("/v1/words/" HUNDRED TEN TEN "01234567"), "400",
		"ERR_SYNTAX"},
	{"a word that just fits", GET("/v1/words/" HUNDRED TEN TEN "0123456"), "200", "0123456\""},
	{"a wrong escape in a query", GET("/v1/words/a?q=%zz"), "400", "ERR_SYNTAX"},
	{"a value twice", GET("/v1/words/a?q=1&q=2"), "400", "ERR_SYNTAX"},
	{"17 values", GET("/v1/words/a?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q"), "400", "ERR_SYNTAX"},
	{"16 values", GET("/v1/words/a?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p"), "200", "\"a\""},
	{"no JSON", WITH("POST", "/v1/echo", 3, "{a}"), "400", "ERR_SYNTAX"},
	{"an array", WITH("POST", "/v1/echo", 2, "[]"), "400", "ERR_SYNTAX"},
	{"an empty body", WITH("POST", "/v1/echo", 0, ""), "400", "ERR_SYNTAX"},
	{"a member twice", WITH("POST", "/v1/echo", 13, "{\"a\":1,\"a\":1}"), "400", "ERR_SYNTAX"},
	{"something behind the object", WITH("POST", "/v1/echo", 4, "{} x"), "400", "ERR_SYNTAX"},
	{"a zero in a string", WITH("POST", "/v1/echo", 14, "{\"a\":\"\\u0000\"}"), "400",
		"ERR_SYNTAX"},
	{"a member where nothing is expected", WITH("POST", "/v1/nothing", 7, "{\"a\":1}"), "400",
		"ERR_SYNTAX"},
	{"a refusal", WITH("DELETE", "/v1/words/bob", 0, ""), "404", "no user named bob: ??"},
};

static void test_rows(const struct lab *lab)
{
	char *answer = malloc(ANSWER_SIZE);
	char status[32];

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		lab_talk(lab, rows[i].request, answer, ANSWER_SIZE);
		(void)snprintf(status, sizeof status, "HTTP/1.1 %s ", rows[i].status);
		if (!tap_ok(strncmp(answer, status, strlen(status)) == 0 &&
				    strstr(answer, rows[i].part),
			    rows[i].name))
			printf("# %s\n", answer);
	}
	tap_ok(!strstr(answer, "Date:") && !strstr(answer, "Server:"), "no chatter");
	free(answer);
}

/* A request with a body of `size` bytes, which it says before; sent as far as it is taken. */
static void talk_long(const struct lab *lab, size_t size, char *ret_answer)
{
	char head[128];
	char *text = malloc(size + sizeof head);
	int count = snprintf(
		head, sizeof head, "PUT /v1/text" HEAD "Content-Length: %zu\r\n\r\n", size);

	memcpy(text, head, (size_t)count);
	memset(text + count, 'x', size);
	text[(size_t)count + size] = '\0';
	lab_talk(lab, text, ret_answer, ANSWER_SIZE);
	free(text);
}

static void test_long_bodies(const struct lab *lab)
{
	char *answer = malloc(ANSWER_SIZE);

	talk_long(lab, LAB_BODY_MAX, answer);
	tap_ok(strstr(answer, " 200 OK\r\n") != NULL, "the longest body");
	talk_long(lab, LAB_BODY_MAX + 1, answer);
	tap_ok(strstr(answer, " 413 ") != NULL, "one byte more");
	tap_ok(strstr(answer, "{\"error\":\"EFBIG\"") != NULL, "it is said why");
	lab_talk(lab, WITH("PUT", "/v1/text", 99999999, "x"), answer, ANSWER_SIZE);
	tap_ok(strstr(answer, " 413 ") != NULL, "far more: answered before it comes");
	lab_talk(lab, WITH("PUT", "/v1/text", 99999999999999999999999, "x"), answer, ANSWER_SIZE);
	tap_ok(strstr(answer, " 200 ") == NULL, "a length that is no number");
	free(answer);
}

static void test_file(struct lab *lab)
{
	char *answer = malloc(ANSWER_SIZE);
	unsigned before = lab_count(lab, LAB_SENT);

	lab_talk(lab, GET("/v1/file"), answer, ANSWER_SIZE);
	const char *body = strstr(answer, "\r\n\r\n");
	tap_is_int(body ? (intmax_t)strlen(body + 4) : -1, 800000, "a file, all of it");
	tap_ok(body && strcmp(body + strlen(body) - 8, "0099999\n") == 0, "to its end");
	tap_ok(strstr(answer, "application/octet-stream") != NULL, "its type");
	lab_wait(lab, LAB_SENT, before + 1);
	tap_ok(true, "it is told that it was sent");
	free(answer);
}

static void test_kept(struct lab *lab)
{
	char answer[1024], released[1024];
	unsigned kept = lab_count(lab, LAB_KEPT), sent = lab_count(lab, LAB_SENT);
	int fd = lab_connect_local(lab);

	lab_say(fd, GET("/v1/keep"));
	lab_wait(lab, LAB_KEPT, kept + 1);
	lab_talk(lab, WITH("POST", "/v1/release", 0, ""), released, sizeof released);
	tap_ok(strstr(released, "{\"released\":1}") != NULL, "one request is kept");
	(void)lab_hear(fd, answer, sizeof answer);
	tap_ok(strstr(answer, "{\"kept\":0,") != NULL, "it is answered later");
	lab_wait(lab, LAB_SENT, sent + 1);
	(void)close(fd);
}

/* Several requests on one connection; the kept one among them is answered in its turn. */
static void test_keep_alive(struct lab *lab)
{
	char answer[4096];
	unsigned kept = lab_count(lab, LAB_KEPT);
	int fd = lab_connect_tcp(lab);

	lab_say(fd, "GET /v1/words/one HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
		    "POST /v1/keep HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}" GET(
			    "/v1/words/two"));
	lab_wait(lab, LAB_KEPT, kept + 1);
	lab_talk(lab, WITH("POST", "/v1/release", 0, ""), answer, sizeof answer);
	(void)lab_hear(fd, answer, sizeof answer);
	const char *one = strstr(answer, "\"one\""), *two = strstr(answer, "\"two\"");
	const char *between = strstr(answer, "\"kept\"");
	tap_ok(one && between && two && one < between && between < two,
		"pipelined requests are answered in order");
	(void)close(fd);
}

static void test_gone(struct lab *lab, int (*connect_to)(const struct lab *lab), const char *name)
{
	char answer[1024];
	unsigned kept = lab_count(lab, LAB_KEPT), gone = lab_count(lab, LAB_GONE);
	int fd = connect_to(lab);

	lab_say(fd, GET("/v1/keep"));
	lab_wait(lab, LAB_KEPT, kept + 1);
	(void)close(fd);
	lab_wait(lab, LAB_GONE, gone + 1);
	tap_ok(true, name);
	lab_talk(lab, WITH("POST", "/v1/release", 0, ""), answer, sizeof answer);
	tap_ok(strstr(answer, "{\"released\":0}") != NULL, "and nothing is left of it");
}

static void test_many(struct lab *lab)
{
	static char answer[1024];
	unsigned kept = lab_count(lab, LAB_KEPT);
	int fds[MANY], held = 0;

	for (int i = 0; i < MANY; i++) {
		fds[i] = lab_connect_local(lab);
		lab_say(fds[i], GET("/v1/keep"));
	}
	lab_wait(lab, LAB_KEPT, kept + MANY);
	lab_talk(lab, WITH("POST", "/v1/release", 0, ""), answer, sizeof answer);
	for (int i = 0; i < MANY; i++) {
		(void)lab_hear(fds[i], answer, sizeof answer);
		held += strstr(answer, "{\"kept\":") != NULL;
		(void)close(fds[i]);
	}
	tap_is_int(held, MANY, "20 requests at once are kept and answered");
}

/* Over the tunnel: by the Host and further headers that the request has. */
static const struct {
	const char *name, *headers, *status;
} page_rows[] = {
	{"a host by address", "Host: 127.0.0.1:7411", "200"},
	{"a host by address of the other family", "Host: [fd12::1]:7411", "200"},
	{"an address without a port", "Host: 127.0.0.1", "200"},
	{"a page by a name that leads here", "Host: example.com:7411", "403"},
	{"a name that begins as an address", "Host: 127.0.0.1.example.com", "403"},
	{"no host", "X: y", "400"},
	{"a page that asks elsewhere", "Host: 127.0.0.1\r\nOrigin: http://example.com", "403"},
};

static void test_pages(const struct lab *lab)
{
	char request[256], answer[1024];

	for (size_t i = 0; i < ARRAY_LENGTH(page_rows); i++) {
		int fd = lab_connect_tcp(lab);
		(void)snprintf(request, sizeof request,
			"GET /v1/peer HTTP/1.1\r\n%s\r\nConnection: close\r\n\r\n",
			page_rows[i].headers);
		lab_say(fd, request);
		(void)lab_hear(fd, answer, sizeof answer);
		(void)close(fd);
		if (!tap_ok(strncmp(answer + strlen("HTTP/1.1 "), page_rows[i].status, 3) == 0,
			    page_rows[i].name))
			printf("# %s\n", answer);
	}
}

/* Where no descriptor is left, who connects waits until there is one again; the others go on. */
static void test_exhaustion(const struct lab *lab)
{
	static const char request[] = "GET /v1/words/b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
	char answer[1024];
	struct rlimit limit, none;
	int before = lab_connect_local(lab), late = lab_socket_new();

	lab_say(before, request);
	(void)recv(before, answer, sizeof answer, 0); /* it is accepted */
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	none = limit;
	none.rlim_cur = 3; /* below all that are open */
	(void)setrlimit(RLIMIT_NOFILE, &none);
	lab_connect(lab, late);
	lab_say(late, GET("/v1/words/late"));
	lab_say(before, request);
	tap_ok(recv(before, answer, sizeof answer, 0) > 0,
		"no descriptor left: others are answered");
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	(void)lab_hear(late, answer, sizeof answer);
	tap_ok(strstr(answer, "\"late\"") != NULL, "who waits is answered later");
	(void)close(before);
	(void)close(late);
}

static void test_peers(const struct lab *lab)
{
	char answer[1024], want[64];

	lab_talk(lab, GET("/v1/peer"), answer, sizeof answer);
	(void)snprintf(
		want, sizeof want, "{\"address\":\"(none)\",\"uid\":%u,\"pid\":true}", geteuid());
	tap_ok(strstr(answer, want) != NULL, "who asks locally is known by its credentials");
	int fd = lab_connect_tcp(lab);
	lab_say(fd, GET("/v1/peer"));
	(void)lab_hear(fd, answer, sizeof answer);
	tap_ok(strstr(answer, "\"127.0.0.1\"") != NULL, "over the tunnel by its address");
	(void)close(fd);
}

/* The ninth connection of one address is closed without a word; the place of one that went is free.
 */
static void test_limit(struct lab *lab)
{
	char answer[1024];
	int fds[SERVER_CONNECTIONS_PER_PEER_MAX];
	unsigned kept = lab_count(lab, LAB_KEPT), gone = lab_count(lab, LAB_GONE);

	for (unsigned i = 0; i < ARRAY_LENGTH(fds); i++) {
		fds[i] = lab_connect_tcp(lab);
		lab_say(fds[i], GET("/v1/keep"));
	}
	lab_wait(lab, LAB_KEPT, kept + SERVER_CONNECTIONS_PER_PEER_MAX);
	int more = lab_connect_tcp(lab);
	lab_say(more, GET("/v1/peer"));
	tap_is_int((intmax_t)lab_hear(more, answer, sizeof answer), 0, "one peer, one too many");
	(void)close(more);
	for (unsigned i = 0; i < ARRAY_LENGTH(fds); i++)
		(void)close(fds[i]);
	lab_wait(lab, LAB_GONE, gone + SERVER_CONNECTIONS_PER_PEER_MAX);
	do {
		more = lab_connect_tcp(lab);
		lab_say(more, GET("/v1/peer"));
		(void)lab_hear(more, answer, sizeof answer);
		(void)close(more);
	} while (!*answer); /* the server is about to close them */
	tap_ok(strstr(answer, " 200 OK") != NULL, "its places are free again");
}

/* In a process of its own: 0 where nothing was answered. */
static int ask_as_nobody(const struct lab *lab)
{
	char answer[1024];

	if (setgid(65534) < 0 || setuid(65534) < 0)
		return 2;
	int fd = lab_connect_local(lab);
	lab_say(fd, GET("/v1/peer"));
	return lab_hear(fd, answer, sizeof answer) == 0 ? 0 : 1;
}

static void test_uid(const struct lab *lab)
{
	static const char name[] = "another user is closed without a word";
	int status = 0;

	if (geteuid() != 0) {
		tap_skip(name, "not root: cannot become another");
		return;
	}
	pid_t child = fork();
	if (child == 0)
		_exit(ask_as_nobody(lab));
	tap_ok(waitpid(child, &status, 0) == child && WIFEXITED(status), "the other user asked");
	tap_is_int(WEXITSTATUS(status), 0, name);
}

/* The server ends while requests are kept and connections are open. */
static void test_end(void)
{
	struct lab *lab = lab_open();
	char answer[64];
	int kept = lab_connect_local(lab), idle = lab_connect_tcp(lab), half = lab_connect_tcp(lab);

	lab_say(kept, GET("/v1/keep"));
	lab_wait(lab, LAB_KEPT, 1);
	lab_say(half, "GET /v1/pe");
	lab_close(lab);
	tap_is_int((intmax_t)lab_hear(kept, answer, sizeof answer), 0,
		"kept ones end with the server");
	tap_is_int((intmax_t)lab_hear(idle, answer, sizeof answer), 0, "idle ones, too");
	tap_is_int((intmax_t)lab_hear(half, answer, sizeof answer), 0, "and those in between");
	(void)close(kept);
	(void)close(idle);
	(void)close(half);
}

int main(void)
{
	struct lab *lab = lab_open();

	test_rows(lab);
	test_long_bodies(lab);
	test_file(lab);
	test_kept(lab);
	test_keep_alive(lab);
	test_gone(lab, lab_connect_local, "a local asker that leaves is noticed");
	test_gone(lab, lab_connect_tcp, "one over the tunnel, too");
	test_many(lab);
	test_peers(lab);
	test_pages(lab);
	test_exhaustion(lab);
	test_limit(lab);
	test_uid(lab);
	lab_close(lab);
	test_end();
	return tap_done();
}
