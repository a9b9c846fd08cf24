/* SPDX-License-Identifier: ISC */
/* The stock wg(8) against our server: what it really sends, and what it makes of our answers. */
#include "tap.h"

#include "uapi_lab.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define NAME "tacet0"

/* Keys of 32 equal bytes, 0x0a and so on. */
#define BASE64_A "CgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgo="
#define BASE64_B "CwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCws="
#define BASE64_C "DAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw="
#define BASE64_PRIVATE "SAoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCko="

enum {
	ARGUMENTS_MAX = 24,
	OUTPUT_SIZE = 4096,
};

static char wg_path[] = "/usr/bin/wg";

/* One run of wg. */
struct run {
	uv_process_t process;
	bool is_over;
	int64_t code;
	char output[OUTPUT_SIZE]; /* of both kinds, zero-terminated */
};

static void run_ended(uv_process_t *process, int64_t code, int signal)
{
	struct run *run = process->data;

	run->is_over = true;
	run->code = signal ? 128 + signal : code;
	uv_close((uv_handle_t *)process, NULL);
}

/* A file in memory, to be read by others as /dev/fd/N of theirs or written to by them. */
static int memory_file(const char *text)
{
	int fd = memfd_create("wg", MFD_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	(void)lseek(fd, 0, SEEK_SET);
	return fd;
}

/*
 * Runs wg with words, separated by one space each, while the server runs; `input` is its standard
 * input, so that /dev/stdin names a file of that text.
 */
static struct run wg(struct uapi_lab *lab, const char *words, const char *input)
{
	struct run run = {.process.data = &run};
	int in = memory_file(input), out = memory_file("");
	char *copy = strdup(words), *left = copy;
	char *arguments[ARGUMENTS_MAX] = {wg_path};
	uv_stdio_container_t stdio[3] = {
		{.flags = UV_INHERIT_FD, .data.fd = in},
		{.flags = UV_INHERIT_FD, .data.fd = out},
		{.flags = UV_INHERIT_FD, .data.fd = out},
	};
	uv_process_options_t options = {.exit_cb = run_ended,
		.file = wg_path,
		.args = arguments,
		.stdio = stdio,
		.stdio_count = 3};

	for (size_t i = 1; i < ARGUMENTS_MAX - 1; i++)
		arguments[i] = strsep(&left, " ");
	if (uv_spawn(&lab->loop, &run.process, &options) < 0)
		abort();
	while (!run.is_over)
		(void)uv_run(&lab->loop, UV_RUN_ONCE); /* handles are left */
	uapi_lab_turn(lab);
	ssize_t size = pread(out, run.output, sizeof run.output - 1, 0);
	run.output[size > 0 ? size : 0] = '\0';
	free(copy);
	(void)close(in);
	(void)close(out);
	return run;
}

/* Whether wg succeeds without a word. */
static bool wg_succeeds(struct uapi_lab *lab, const char *words, const char *input)
{
	struct run run = wg(lab, words, input);

	if (run.code != 0 || *run.output)
		printf("# %d: %s", (int)run.code, run.output);
	return run.code == 0 && !*run.output;
}

/* Whether what wg says has this in it. */
static bool wg_says(struct uapi_lab *lab, const char *words, const char *wanted)
{
	struct run run = wg(lab, words, "");
	bool held = run.code == 0 && strstr(run.output, wanted);

	if (!held)
		printf("# %d: %s", (int)run.code, run.output);
	return held;
}

static void test_empty(struct uapi_lab *lab)
{
	tap_ok(wg_says(lab, "show interfaces", NAME "\n"), "wg show interfaces");
	tap_ok(wg_says(lab, "show " NAME " dump", "(none)\t(none)\t0\toff\n"),
		"wg show dump: empty");
}

#define SETTINGS                                                                                   \
	"set " NAME " listen-port 51820 fwmark 0x33 peer " BASE64_A                                \
	" endpoint 192.0.2.1:7 persistent-keepalive 25 allowed-ips 10.0.0.0/8,fd00::/8 "           \
	"peer " BASE64_B " endpoint [2001:db8::1]:8 allowed-ips 192.0.2.0/24"

static void test_set(struct uapi_lab *lab)
{
	tap_ok(wg_succeeds(lab, SETTINGS, ""), "wg set");
	tap_ok(wg_succeeds(lab, "set " NAME " private-key /dev/stdin", BASE64_PRIVATE "\n"),
		"wg set private-key");
	tap_ok(wg_succeeds(lab, "set " NAME " peer " BASE64_A " preshared-key /dev/stdin",
		       BASE64_C "\n"),
		"wg set preshared-key");
	lab->engine.peers[0]->last_handshake_ns = 1700000000999999999;
	lab->engine.peers[0]->rx_bytes = 1234;
	lab->engine.peers[0]->tx_bytes = UINT64_MAX;
	tap_ok(wg_says(lab, "show " NAME " dump", BASE64_PRIVATE "\t"), "wg show: private key");
	tap_ok(wg_says(lab, "show " NAME " dump", "\t51820\t0x33\n"), "wg show: port, fwmark");
	tap_ok(wg_says(lab, "show " NAME " dump",
		       BASE64_A "\t" BASE64_C "\t192.0.2.1:7\t10.0.0.0/8,fd00::/8\t1700000000\t"
				"1234\t18446744073709551615\t25\n"),
		"wg show: a peer with everything");
	tap_ok(wg_says(lab, "show " NAME " dump",
		       BASE64_B "\t(none)\t[2001:db8::1]:8\t192.0.2.0/24\t0\t0\t0\toff\n"),
		"wg show: a peer with little");
	tap_ok(wg_says(lab, "show " NAME " latest-handshakes", BASE64_A "\t1700000000\n"),
		"wg show latest-handshakes");
}

static void test_update(struct uapi_lab *lab)
{
	tap_ok(wg_succeeds(lab, "set " NAME " peer " BASE64_A " preshared-key /dev/null", ""),
		"wg set: no preshared key");
	tap_ok(wg_says(lab, "show " NAME " preshared-keys", BASE64_A "\t(none)\n"), "is gone");
	tap_ok(wg_succeeds(lab, "set " NAME " peer " BASE64_B " allowed-ips 10.0.0.0/8", ""),
		"wg set: a prefix moves");
	tap_ok(wg_says(lab, "show " NAME " allowed-ips",
		       BASE64_A "\tfd00::/8\n" BASE64_B "\t10.0.0.0/8\n"),
		"from one peer to another");
	tap_ok(wg_succeeds(lab,
		       "set " NAME " fwmark off peer " BASE64_A " persistent-keepalive off", ""),
		"wg set: off");
	tap_ok(wg_says(lab, "show " NAME " fwmark", "off\n"), "fwmark is off");
	tap_ok(wg_says(lab, "show " NAME " persistent-keepalive", BASE64_A "\toff\n"),
		"persistent-keepalive is off");
	tap_ok(wg_succeeds(lab, "set " NAME " peer " BASE64_B " remove", ""), "wg set: remove");
	tap_is_int((intmax_t)lab->engine.peer_count, 1, "one peer is left");
}

static void test_files(struct uapi_lab *lab)
{
	struct run config = wg(lab, "showconf " NAME, "");
	static const char more[] =
		"[Peer]\nPublicKey = " BASE64_C "\nAllowedIPs = 0.0.0.0/0, ::/0\n";

	tap_ok(config.code == 0 && strstr(config.output, "[Peer]\nPublicKey = " BASE64_A),
		"showconf");
	tap_ok(wg_succeeds(lab, "addconf " NAME " /dev/stdin", more), "wg addconf");
	tap_ok(wg_says(lab, "show " NAME " allowed-ips", BASE64_C "\t0.0.0.0/0 ::/0\n"), "adds");
	lab->engine.peers[0]->rx_bytes = 4321;
	tap_ok(wg_succeeds(lab, "syncconf " NAME " /dev/stdin", config.output), "wg syncconf");
	tap_is_int((intmax_t)lab->engine.peer_count, 1, "removes what is not in the file");
	tap_is_int((intmax_t)lab->engine.peers[0]->rx_bytes, 4321, "and does not touch the rest");
	tap_ok(wg_succeeds(lab, "setconf " NAME " /dev/stdin", config.output), "wg setconf");
	tap_is_int((intmax_t)lab->engine.peers[0]->rx_bytes, 0, "makes all of it anew");
	struct run again = wg(lab, "showconf " NAME, "");
	tap_ok(strcmp(config.output, again.output) == 0, "showconf is as before");
	tap_ok(wg_succeeds(lab, "setconf " NAME " /dev/stdin", "[Interface]\n"),
		"an empty setconf");
	tap_ok(lab->engine.peer_count == 0 && !lab->engine.status.has_private_key,
		"leaves no peer and no key");
}

/* Whether wg gives up and says the words for our errno: it takes a negative one, as wireguard-go's.
 */
static bool wg_fails(struct uapi_lab *lab, const char *words, int number)
{
	struct run run = wg(lab, words, "");
	char wanted[128];

	(void)snprintf(wanted, sizeof wanted, "Unable to modify interface: %s\n", strerror(number));
	if (strcmp(run.output, wanted) != 0)
		printf("# %s", run.output);
	return run.code != 0 && strcmp(run.output, wanted) == 0;
}

static void test_errors(struct uapi_lab *lab)
{
	lab->engine.result = -EADDRINUSE;
	tap_ok(wg_fails(lab, "set " NAME " listen-port 1", EADDRINUSE),
		"wg set: a port that is taken");
	lab->engine.result = 0;
	tap_ok(wg_fails(lab, "set " NAME " peer " BASE64_A " endpoint 192.0.2.1:0", EINVAL),
		"wg set: what we refuse");
}

int main(void)
{
	const char *why = access(wg_path, X_OK) < 0 ? "wireguard-tools is not installed" : NULL;
	struct uapi_lab lab;

	if (!why)
		why = uapi_lab_isolate();
	if (why) {
		tap_skip("wg against our server", why);
		return tap_done();
	}
	uapi_lab_init(&lab);
	if (tap_is_int(uapi_lab_open(&lab, NAME), 0, "a server")) {
		test_empty(&lab);
		test_set(&lab);
		test_update(&lab);
		test_files(&lab);
		test_errors(&lab);
	}
	uapi_lab_done(&lab);
	return tap_done();
}
