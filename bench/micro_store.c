/* SPDX-License-Identifier: ISC */
/*
 * Acts per second of the store, each on the disk when it returns, and how long lists and look-ups
 * of 10,000 devices take. In a directory of its own under $TMPDIR or /var/tmp, which shall be a
 * disk.
 */
#include "base/bytes.h"
#include "base/clock.h"
#include "store/audit.h"
#include "store/device.h"
#include "store/invite.h"
#include "store/network.h"
#include "store/user.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	ENROLMENTS = 1000,
	DEVICES = 10000,
	LISTS = 20,
	LOOKUPS = 10000,
};

#define BEGAN_NS 1780000000000000000ULL

static const struct store_actor by = {"bench", STORE_WAY_SYSTEM, BEGAN_NS};
static char directory[128];
static char path[160];

static void must(int result, const char *what)
{
	if (result == 0)
		return;
	(void)fprintf(stderr, "micro_store: cannot %s: %d\n", what, result);
	exit(1);
}

static double seconds_since(uint64_t began_ns)
{
	return (double)(clock_now().monotonic_ns - began_ns) / 1e9;
}

static void key_of(char kind, uint64_t number, uint8_t ret_key[static STORE_KEY_SIZE])
{
	memset(ret_key, 0, STORE_KEY_SIZE);
	ret_key[0] = (uint8_t)kind;
	store_be64(ret_key + 8, number * 0x9e3779b97f4a7c15); /* as spread as real ones */
}

static void invite(struct store *store, uint64_t number)
{
	uint8_t key[STORE_KEY_SIZE];
	struct store_invite made;
	const struct store_invite_request request = {
		.kind = STORE_INVITE_DEVICE,
		.subject = "alice",
		.public_key = key,
		.preshared_key = key,
		.expires_ns = BEGAN_NS + NS_PER_S,
	};

	key_of('i', number, key);
	must(store_invite_create(store, &by, &request, &made), "invite");
}

static void redeem(struct store *store, uint64_t number)
{
	uint8_t one_time_key[STORE_KEY_SIZE], key[STORE_KEY_SIZE];
	char name[32];
	struct store_device device;
	const struct store_enrolment enrolment = {.name = name, .public_key = key};

	(void)snprintf(name, sizeof name, "device-%u", (unsigned)number);
	key_of('i', number, one_time_key);
	key_of('d', number, key);
	must(store_invite_redeem(store, &by, one_time_key, &enrolment, &device), "redeem");
}

static void add(struct store *store, uint64_t number)
{
	uint8_t key[STORE_KEY_SIZE];
	char name[32];
	struct store_device device;
	const struct store_enrolment enrolment = {.name = name, .public_key = key};

	(void)snprintf(name, sizeof name, "device-%u", (unsigned)number);
	key_of('d', number, key);
	must(store_device_add(store, &by, "alice", &enrolment, &device), "add a device");
}

/* Times an act for the numbers from `first` to before `end`. */
static void time_acts(const char *name, void (*act)(struct store *store, uint64_t number),
	struct store *store, uint64_t first, uint64_t end)
{
	uint64_t began_ns = clock_now().monotonic_ns;

	for (uint64_t number = first; number < end; number++)
		act(store, number);
	double took_s = seconds_since(began_ns);
	printf("%-36s %8u %10.3f s %10.1f us each\n", name, (unsigned)(end - first), took_s,
		took_s * 1e6 / (double)(end - first));
}

static int count_device(void *context, const struct store_device *device)
{
	(void)device;
	++*(unsigned *)context;
	return 0;
}

static void list(struct store *store, uint64_t number)
{
	unsigned count = 0;

	(void)number;
	must(store_device_each(store, NULL, STORE_DEVICES_LIVE, count_device, &count), "list");
	must(count == DEVICES ? 0 : -1, "list them all");
}

static void look_up(struct store *store, uint64_t number)
{
	uint8_t key[STORE_KEY_SIZE];
	struct store_device device;

	key_of('d', number, key);
	must(store_device_get(store, key, &device), "look up");
}

static void verify(struct store *store, uint64_t number)
{
	struct store_audit_verdict verdict;

	(void)number;
	must(store_audit_verify(store, NULL, &verdict), "verify");
	must(verdict.fault == STORE_AUDIT_SOUND ? 0 : -1, "find it sound");
}

static void open_and_close(struct store *none, uint64_t number)
{
	struct store *store;

	(void)none;
	(void)number;
	must(store_open(path, STORE_EXISTING, BEGAN_NS, &store), "open again");
	store_close(store);
}

static struct store *make(void)
{
	const char *parent = getenv("TMPDIR");
	struct store_network network = {.name = "bench", .endpoint = "h:1", .server_key = "k"};
	struct store *store;

	(void)snprintf(directory, sizeof directory, "%s/tacet-micro-store.XXXXXX",
		parent ? parent : "/var/tmp");
	must(mkdtemp(directory) ? 0 : -1, "make a directory");
	(void)snprintf(path, sizeof path, "%s/store.db", directory);
	must(store_open(path, STORE_CREATE, BEGAN_NS, &store), "open");
	store_network_draw(entropy_kernel(), &network);
	must(store_network_init(store, &by, &network), "set up a network");
	must(store_user_add(store, &by, "alice", NULL, 0), "add a user");
	return store;
}

int main(void)
{
	struct store *store = make();

	printf("%-36s %8s %12s\n", "what", "times", "took");
	time_acts("invite, on the disk", invite, store, 0, ENROLMENTS);
	time_acts("redeem, on the disk", redeem, store, 0, ENROLMENTS);
	time_acts("add a device, the first", add, store, ENROLMENTS, 2 * ENROLMENTS);
	time_acts("add a device, the rest", add, store, 2 * ENROLMENTS, DEVICES - ENROLMENTS);
	time_acts("add a device, with 9,000 others", add, store, DEVICES - ENROLMENTS, DEVICES);
	time_acts("list 10,000 devices", list, store, 0, LISTS);
	time_acts("look up one of 10,000 by key", look_up, store, 0, LOOKUPS);
	time_acts("verify the log of all that", verify, store, 0, 3);
	store_close(store);
	time_acts("open with all checks, and close", open_and_close, NULL, 0, LISTS);
	must(unlink(path), "unlink");
	must(rmdir(directory), "remove the directory");
	return 0;
}
