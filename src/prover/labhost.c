/* SPDX-License-Identifier: ISC */
#include "prover/labhost.h"

#include "base/clock.h"
#include "base/mark.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/random.h"
#include "harden/harden.h"
#include "net/nftables.h"
#include "net/sysctl.h"
#include "prover/labspace.h"
#include "prover/place.h"
#include "wireguard/cookie.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define HOST4 "192.0.2.10"
#define HOST6 "2001:db8:1::10"
#define ROUTER4 "192.0.2.1"
#define ROUTER6 "2001:db8:1::1"
#define STRANGER4 "192.0.2.66"
#define STRANGER6 "2001:db8:1::66"
#define INNER4 "10.9.0.1"
#define INNER6 "fd09::1"
#define HOST_MAC "02:00:00:00:00:10"
#define SOCKET_FOLDER "/var/run/wireguard"

enum {
	WORDS_MAX = 24,
	WORD_SIZE = 64,
	TEXT_SIZE = 256,
	READY_MS = 10000,
	PAUSE_MS = 20,
};

static const uint8_t host_mac[SCENE_MAC_SIZE] = {2, [5] = 0x10};

static const struct {
	const char *name, *what;
} texts[] = {
	[LABHOST_DEFAULT] = {"default", "Linux as it is installed, without a firewall"},
	[LABHOST_USUAL] = {"usual", "INPUT drops all but the port and neighbour discovery"},
	[LABHOST_STANDARD] = {"standard", "tacet harden"},
	[LABHOST_SEALED] = {"sealed", "tacet harden --level sealed"},
};
_Static_assert(ARRAY_LENGTH(texts) == LABHOST_COUNT, "one each");

static const char usual_rules[] =
	"table inet usual {\n"
	"	chain input {\n"
	"		type filter hook input priority filter; policy drop;\n"
	"		iifname != \"eth0\" accept\n"
	"		udp dport 51820 accept\n"
	"		icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } "
	"accept\n"
	"	}\n"
	"}\n";

const char *labhost_name(enum labhost_kind kind)
{
	return texts[kind].name;
}

const char *labhost_what(enum labhost_kind kind)
{
	return texts[kind].what;
}

static int fail(struct labhost *host, int err, const char *what)
{
	if (!*host->error)
		(void)snprintf(host->error, sizeof host->error, "%s", what);
	return err;
}

/* ---- links and addresses, by ip(8) ---- */

/* Runs "ip WORDS", the words divided by spaces. */
static int run_ip(struct labhost *host, const char *words)
{
	char space[TEXT_SIZE];
	const char *argv[WORDS_MAX] = {"ip"};
	size_t count = 1;
	char *rest = space;

	(void)snprintf(space, sizeof space, "%s", words);
	for (char *word; (word = strsep(&rest, " "));) {
		assert(count + 1 < WORDS_MAX); /* the words are ours */
		argv[count++] = word;
	}
	int code = labspace_run(argv);
	if (code == 0)
		return 0;
	(void)snprintf(host->error, sizeof host->error, "ip %s", words);
	return code < 0 ? code : -EIO;
}

static int run_all(struct labhost *host, int space, const char *const lines[], size_t count)
{
	int err = labspace_enter(space);

	for (size_t i = 0; i < count && err == 0; i++)
		err = run_ip(host, lines[i]);
	int back = labspace_enter(host->own);
	return err < 0 ? err : back;
}

/* A cable from the router's switch to `eth0` of another namespace. */
static int plug(struct labhost *host, const char *name, int space, const char *address)
{
	char add[TEXT_SIZE], join[TEXT_SIZE];

	(void)snprintf(add, sizeof add,
		"link add %s type veth peer name eth0 address %s netns /proc/%d/fd/%d", name,
		address, (int)getpid(), space);
	(void)snprintf(join, sizeof join, "link set %s master br0 up", name);
	const char *const lines[] = {add, join};
	return run_all(host, host->world, lines, ARRAY_LENGTH(lines));
}

static int lay_links(struct labhost *host)
{
	static const char *const world[] = {"link add br0 type bridge", "link set br0 up",
		"address add " ROUTER4 "/24 dev br0", "address add " ROUTER6 "/64 dev br0 nodad"};
	static const char *const host_lines[] = {"link set lo up", "link set eth0 up",
		"address add " HOST4 "/24 dev eth0", "address add " HOST6 "/64 dev eth0 nodad",
		"route add default via " ROUTER4, "-6 route add default via " ROUTER6};
	static const char *const stranger[] = {"link set lo up", "link set eth0 up",
		"address add " STRANGER4 "/24 dev eth0",
		"address add " STRANGER6 "/64 dev eth0 nodad"};

	int err = run_all(host, host->world, world, ARRAY_LENGTH(world));
	if (err == 0)
		err = plug(host, "host", host->host, HOST_MAC);
	if (err == 0)
		err = plug(host, "stranger", host->stranger, "02:00:00:00:00:66");
	if (err == 0)
		err = run_all(host, host->host, host_lines, ARRAY_LENGTH(host_lines));
	if (err == 0)
		err = run_all(host, host->stranger, stranger, ARRAY_LENGTH(stranger));
	return err;
}

/* What would take a minute takes a second, and errors are not limited: else it takes hours. */
static void be_brief(void)
{
	static const struct {
		const char *path;
		uint32_t number;
	} settings[] = {{"ipv4/ipfrag_time", 1}, {"ipv6/ip6frag_time", 1},
		{"ipv4/icmp_ratelimit", 0}, {"ipv6/icmp/ratelimit", 0},
		{"ipv4/icmp_msgs_per_sec", 100000}, {"ipv4/icmp_msgs_burst", 100000},
		/* its addresses are static: it does not look for routers by itself */
		{"ipv6/conf/eth0/accept_ra", 0}};

	for (size_t i = 0; i < ARRAY_LENGTH(settings); i++)
		if (sysctl_write(settings[i].path, settings[i].number) < 0)
			continue; /* some kernels lack one */
}

/* ---- the daemon ---- */

static int make_key(struct labhost *host, char ret_hex[static 2 * X25519_KEY_SIZE + 1])
{
	uint8_t key[X25519_KEY_SIZE];
	struct x25519_private *private;

	entropy_fill(entropy_kernel(), key, sizeof key);
	x25519_clamp(key);
	int err = x25519_private_new(key, &private, host->public_key);
	if (err < 0)
		return err;
	x25519_private_free(private);
	hex_format(key, sizeof key, ret_hex); /* of a lab that is gone in a minute */
	return 0;
}

/* Waits until the daemon listens for its configuration. */
static int call(const struct labhost *host)
{
	const struct timespec pause = {.tv_nsec = (long)PAUSE_MS * NS_PER_MS};
	struct sockaddr_un name = {.sun_family = AF_UNIX};

	(void)snprintf(
		name.sun_path, sizeof name.sun_path, SOCKET_FOLDER "/%s.sock", host->interface);
	for (int ms = 0; ms < READY_MS; ms += PAUSE_MS) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			return -errno;
		if (connect(fd, (const struct sockaddr *)&name, sizeof name) == 0)
			return fd;
		(void)close(fd);
		(void)nanosleep(&pause, NULL); /* woken early: looks earlier */
	}
	return -ETIMEDOUT;
}

/* By the userspace interface of WireGuard: an answer of "errno=0" is good. */
static int configure(struct labhost *host)
{
	static const char good[] = "errno=0\n";
	char hex[2 * X25519_KEY_SIZE + 1], request[TEXT_SIZE], answer[TEXT_SIZE] = "";

	int err = make_key(host, hex);
	if (err < 0)
		return err;
	int fd = call(host);
	if (fd < 0)
		return fd;
	int size = snprintf(request, sizeof request,
		"set=1\nprivate_key=%s\nlisten_port=%d\nfwmark=%u\n\n", hex, LABHOST_PORT,
		(unsigned)MARK_DAEMON);
	ssize_t sent = send(fd, request, (size_t)size, MSG_NOSIGNAL);
	ssize_t got = sent == size ? recv(fd, answer, sizeof answer - 1, 0) : -1;
	err = got >= (ssize_t)strlen(good) && memcmp(answer, good, strlen(good)) == 0 ? 0 : -EPROTO;
	(void)close(fd); /* it was answered */
	return err;
}

static int start_daemon(struct labhost *host, const char *program)
{
	const char *const argv[] = {program, "-f", host->interface, NULL};
	char address4[WORD_SIZE], address6[WORD_SIZE], up[WORD_SIZE];

	(void)snprintf(host->interface, sizeof host->interface, "tl%d", (int)getpid() % 1000000);
	if (setenv("TACET_STATE_DIRECTORY", host->directory, 1) < 0)
		return -errno;
	int err = labspace_start(argv, &host->daemon);
	if (err == 0)
		err = configure(host);
	if (err < 0)
		return fail(host, err, program);
	(void)snprintf(
		address4, sizeof address4, "address add " INNER4 "/24 dev %s", host->interface);
	(void)snprintf(address6, sizeof address6, "address add " INNER6 "/64 dev %s nodad",
		host->interface);
	(void)snprintf(up, sizeof up, "link set %s up", host->interface);
	err = run_ip(host, address4);
	if (err == 0)
		err = run_ip(host, up);
	return err < 0 ? err : run_ip(host, address6);
}

/* ---- its firewall ---- */

static int load_rules(struct labhost *host, const char *rules)
{
	struct nftables *nftables;

	int err = nftables_open(&nftables);
	if (err < 0)
		return err;
	err = nftables_run(nftables, rules);
	if (err < 0)
		(void)snprintf(
			host->error, sizeof host->error, "nftables: %s", nftables_error(nftables));
	nftables_close(nftables);
	return err;
}

static int harden(struct labhost *host, enum rules_level level)
{
	char error[HARDEN_ERROR_SIZE] = "";
	const struct harden_place place = {.state = host->directory,
		.tunnel = host->interface,
		.port = LABHOST_PORT,
		.mark = MARK_DAEMON};
	struct harden_request *request = memory_new(1, sizeof *request);

	request->level = level;
	request->seconds = HARDEN_SECONDS;
	const char *step = "harden";
	int err = harden_apply(&place, request, error);
	if (err == 0) {
		step = "harden --confirm";
		err = harden_confirm(&place, HARDEN_ANY_LOGIN, error);
	}
	free(request);
	if (err < 0)
		(void)snprintf(host->error, sizeof host->error, "tacet %s%s%s", step,
			*error ? ": " : "", error);
	return err;
}

static int protect(struct labhost *host)
{
	switch (host->kind) {
	case LABHOST_USUAL:
		return load_rules(host, usual_rules);
	case LABHOST_STANDARD:
		return harden(host, RULES_STANDARD);
	case LABHOST_SEALED:
		return harden(host, RULES_SEALED);
	case LABHOST_DEFAULT:
	case LABHOST_COUNT:
		break;
	}
	return 0;
}

/* ---- all of it ---- */

static int make_spaces(struct labhost *host)
{
	int err = labspace_own(&host->own);

	if (err == 0)
		err = labspace_new(&host->world);
	if (err == 0)
		err = labspace_new(&host->host);
	if (err == 0)
		err = labspace_new(&host->stranger);
	return err < 0 ? fail(host, err, "cannot make a network namespace") : 0;
}

/* What is done inside the host's namespace. */
static int furnish(struct labhost *host, const char *program)
{
	int err = labspace_enter(host->host);

	if (err < 0)
		return err;
	be_brief();
	err = start_daemon(host, program);
	if (err == 0)
		err = protect(host);
	int back = labspace_enter(host->own);
	return err < 0 ? err : back;
}

int labhost_init(struct labhost *ret_host, enum labhost_kind kind, const char *program)
{
	*ret_host =
		(struct labhost){.kind = kind, .own = -1, .world = -1, .host = -1, .stranger = -1};

	char directory[LABHOST_PATH_SIZE] = "/tmp/tacet-lab-XXXXXX";
	if (!mkdtemp(directory))
		return fail(ret_host, -errno, "cannot make a folder in /tmp");
	memcpy(ret_host->directory, directory, sizeof directory);
	int err = make_spaces(ret_host);
	if (err == 0)
		err = lay_links(ret_host);
	if (err == 0)
		err = furnish(ret_host, program);
	return err;
}

void labhost_leave(struct labhost *host)
{
	int err = labspace_enter(host->own);

	if (err < 0)
		abort(); /* we were there before */
}

int labhost_enter(struct labhost *host, struct scene *ret_scene)
{
	const struct place_wish wish = {.mac = host_mac};
	struct scene scene = {.port = LABHOST_PORT,
		.control_port = LABHOST_CONTROL_PORT,
		.has_key = true,
		.overlay_count = 2};
	struct cookie_checker checker = {0};
	struct address target4, target6;

	int err = address_parse(HOST4, strlen(HOST4), &target4);
	if (err == 0)
		err = address_parse(HOST6, strlen(HOST6), &target6);
	if (err == 0)
		err = address_parse(INNER4, strlen(INNER4), &scene.overlays[0]);
	if (err == 0)
		err = address_parse(INNER6, strlen(INNER6), &scene.overlays[1]);
	assert(err == 0); /* they are ours */
	cookie_checker_set_key(&checker, host->public_key);
	memcpy(scene.mac1_key, checker.mac1_key, sizeof scene.mac1_key);
	err = labspace_enter(host->stranger);
	if (err == 0)
		err = place_find(&target4, &wish, &scene.ipv4);
	if (err == 0)
		err = place_find(&target6, &wish, &scene.ipv6);
	if (err < 0) {
		labhost_leave(host);
		return fail(host, err, "no way from the stranger to the host");
	}
	*ret_scene = scene;
	return 0;
}

static void remove_folder(const char *path)
{
	const char *const argv[] = {"rm", "-rf", "--", path, NULL};

	if (*path && labspace_run(argv) != 0)
		return; /* what is left lies in /tmp */
}

void labhost_done(struct labhost *host)
{
	const int fds[] = {host->own, host->world, host->host, host->stranger};
	char path[sizeof SOCKET_FOLDER + SCENE_INTERFACE_SIZE + 8];

	labspace_end(host->daemon);
	for (size_t i = 0; i < ARRAY_LENGTH(fds); i++) {
		if (fds[i] >= 0)
			(void)close(fds[i]); /* only looked at */
	}
	if (*host->interface) {
		(void)snprintf(path, sizeof path, SOCKET_FOLDER "/%s.sock", host->interface);
		(void)unlink(path); /* the daemon was killed: it did not */
	}
	remove_folder(host->directory);
}
