/* SPDX-License-Identifier: ISC */
/* What is on disk of peers' timestamps, after crashes, boots, damage, and on a full disk. */
#include "tap.h"

#include "base/error.h"
#include "engine/userspace/ledgerfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define T (1700000000 * SECONDS_NS)
#define S SECONDS_NS

enum {
	HEAD = 512,
	RECORD = 64,
	PEERS = 3,
};

static char folder[] = "/tmp/tacet-ledger-XXXXXX";
static char path[200]; /* of the file */
static const uint8_t our_key[NOISE_KEY_SIZE] = {0xab};
static const struct siphash_key secret = {1, 2};
static const uint64_t no_reach[INTERFACE_SHARDS_MAX];

static struct ledger ledger;
static struct ledgerfile file;
static struct ledger_entry *peers[PEERS];
static enum ledgerfile_state state;

static const uint8_t *key_of(unsigned peer)
{
	static uint8_t key[NOISE_KEY_SIZE];

	key[0] = (uint8_t)(peer + 1);
	return key;
}

/* A program starts at a time of its machine's clock. */
static int start_at(uint64_t now_ns)
{
	const struct moment now = {.monotonic_ns = now_ns, .realtime_ns = T};

	if (ledger_init(&ledger, secret) < 0)
		abort();
	ledgerfile_init(&file, folder);
	if (ledgerfile_set_key(&file, our_key) < 0)
		abort();
	(void)snprintf(path, sizeof path, "%s", file.path);
	int err = ledgerfile_load(&file, &ledger, now, &state);
	for (unsigned i = 0; i < PEERS; i++)
		if (ledger_open(&ledger, key_of(i), &peers[i]) < 0)
			abort();
	return err < 0 ? err : ledgerfile_write(&file, &ledger, LEDGERFILE_GOING_ON, no_reach);
}

/* It is killed: what is in memory is gone. */
static void kill_it(void)
{
	ledger_done(&ledger);
	ledgerfile_done(&file);
}

/* Accepts a timestamp of a peer, stored as it must be. */
static int accept_and_store(unsigned peer, uint64_t time_ns, uint64_t now_ns, uint64_t reach_ns)
{
	uint8_t timestamp[NOISE_TIMESTAMP_SIZE];

	horizon_timestamp(time_ns, timestamp);
	(void)ledger_accept(peers[peer], timestamp, now_ns);
	const struct unstored unstored = {.first = peers[peer], .reach_ns = reach_ns};
	return ledgerfile_store(&file, peer, &unstored);
}

static bool refuses(unsigned peer, uint64_t time_ns)
{
	uint8_t timestamp[NOISE_TIMESTAMP_SIZE];

	horizon_timestamp(time_ns, timestamp);
	return memcmp(timestamp, peers[peer]->latest, sizeof timestamp) <= 0;
}

static void damage(off_t at)
{
	uint8_t byte;
	int fd = open(path, O_RDWR);

	if (fd < 0 || pread(fd, &byte, 1, at) != 1)
		abort();
	byte ^= 1;
	if (pwrite(fd, &byte, 1, at) != 1 || close(fd) < 0)
		abort();
}

static void test_first_start(void)
{
	struct stat status;

	tap_is_int(start_at(1000 * S), 0, "a first start");
	tap_ok(state == LEDGERFILE_MISSING, "finds nothing");
	tap_ok(stat(path, &status) == 0 && (status.st_mode & 07777) == 0600, "makes a file");
	tap_is_int(accept_and_store(0, T, 1000 * S, 1030 * S), 0, "an exact record");
	tap_is_int(accept_and_store(1, T, 1000 * S, 1030 * S), 0, "and a line, drawn");
	tap_is_int(accept_and_store(1, T + 10 * S, 1010 * S, 1030 * S), 0, "by two calls");
	kill_it();
}

static void test_killed(void)
{
	tap_is_int(start_at(1020 * S), 0, "killed, and started again in this boot");
	tap_ok(state == LEDGERFILE_SOUND, "the file is sound");
	tap_ok(refuses(0, T) && !refuses(0, T + 1), "what was stored is refused, and no more");
	tap_ok(refuses(1, T + 20 * S), "what may have been accepted on the line, too");
	tap_ok(!refuses(1, T + 21 * S), "what is sent later is not");
	tap_ok(!refuses(2, 1), "who never called is free");
	kill_it();
	tap_is_int(start_at(9000 * S), 0, "started much later");
	tap_ok(refuses(1, T + 20 * S) && !refuses(1, T + 31 * S),
		"nothing was accepted after the reach");
	kill_it();
}

static void test_rebooted(void)
{
	tap_is_int(start_at(10000 * S), 0, "started");
	tap_is_int(accept_and_store(1, T + 9000 * S, 10000 * S, 10030 * S), 0, "called twice");
	tap_is_int(accept_and_store(1, T + 9010 * S, 10010 * S, 10030 * S), 0, "and a line drawn");
	kill_it();
	ledgerfile_init(&file, folder);
	file.boot_id[0] ^= 1;
	if (ledgerfile_set_key(&file, our_key) < 0 || ledger_init(&ledger, secret) < 0)
		abort();
	const struct moment now = {.monotonic_ns = 5 * S, .realtime_ns = T - 900000 * S};
	tap_is_int(ledgerfile_load(&file, &ledger, now, &state), 0, "after the power failed");
	tap_ok(state == LEDGERFILE_SOUND, "the file is sound");
	if (ledger_open(&ledger, key_of(1), &peers[1]) < 0)
		abort();
	tap_ok(refuses(1, T + 9029 * S), "all up to the reach is refused, whatever clocks say");
	tap_ok(!refuses(1, T + 9031 * S), "and no more");
	tap_ok(peers[1]->stored.lead_ns == HORIZON_NO_LEAD, "the line of that boot is gone");
	kill_it();
}

static void test_settled(void)
{
	tap_is_int(start_at(20000 * S), 0, "started");
	tap_is_int(accept_and_store(2, T + 100 * S, 20000 * S, 20030 * S), 0, "called");
	tap_is_int(accept_and_store(2, T + 110 * S, 20010 * S, 20030 * S), 0, "twice");
	tap_is_int(ledgerfile_write(&file, &ledger, LEDGERFILE_SETTLED, no_reach), 0, "ended");
	kill_it();
	tap_is_int(start_at(20020 * S), 0, "started again");
	tap_ok(refuses(2, T + 110 * S) && !refuses(2, T + 110 * S + 1), "nothing more is refused");
	kill_it();
}

static void test_damaged(void)
{
	static const off_t heads[] = {1, 33, 50, 58, 256};

	tap_is_int(start_at(30000 * S), 0, "started");
	off_t at = HEAD + (off_t)peers[0]->slot * RECORD + 40;
	kill_it();
	damage(at);
	(void)start_at(30001 * S);
	tap_ok(state == LEDGERFILE_DAMAGED, "a damaged record is seen");
	tap_ok(refuses(2, T + 110 * S), "the others are good");
	tap_ok(!refuses(0, T), "what it said is lost: the engine raises the floor");
	kill_it();
	tap_is_int(start_at(30002 * S), 0, "it was written again");
	tap_ok(state == LEDGERFILE_SOUND, "and is sound then");
	uint8_t floor[NOISE_TIMESTAMP_SIZE];
	horizon_timestamp(T + 7 * S, floor);
	ledger_raise_floor(&ledger, floor);
	tap_is_int(ledgerfile_write(&file, &ledger, LEDGERFILE_GOING_ON, no_reach), 0, "a floor");
	tap_is_int(accept_and_store(0, T + 8 * S, 30003 * S, 30030 * S), 0, "and a call");
	kill_it();
	tap_is_int(start_at(30005 * S), 0, "started again");
	tap_is_bytes(ledger.floor, floor, sizeof floor, "the floor is remembered");
	kill_it();
	for (size_t i = 0; i < ARRAY_LENGTH(heads); i++) {
		damage(heads[i]);
		if (ledger_init(&ledger, secret) < 0 || ledgerfile_set_key(&file, our_key) < 0)
			abort();
		const struct moment now = {.monotonic_ns = 30006 * S, .realtime_ns = T};
		tap_is_int(ledgerfile_load(&file, &ledger, now, &state), 0, "a damaged head");
		tap_ok(state == LEDGERFILE_DAMAGED && ledger.entries.count == 0, "is seen");
		damage(heads[i]);
		kill_it();
	}
	if (truncate(path, HEAD + RECORD + 1) < 0)
		abort();
	(void)start_at(30006 * S);
	tap_ok(state == LEDGERFILE_DAMAGED, "a cut file is seen");
	if (truncate(path, 100) < 0)
		abort();
	kill_it();
	(void)start_at(30007 * S);
	tap_ok(state == LEDGERFILE_DAMAGED, "a cut head too");
	kill_it();
}

static void test_full_disk(void)
{
	tap_is_int(start_at(40000 * S), 0, "started");
	int good = file.fd;
	file.fd = open("/dev/full", O_WRONLY);
	tap_is_int(accept_and_store(0, T + 500 * S, 40000 * S, 40030 * S), -ENOSPC,
		"a full disk is an error");
	close(file.fd);
	file.fd = -1;
	tap_is_int(accept_and_store(0, T + 501 * S, 40001 * S, 40030 * S), -EBADF,
		"no file is one, too");
	file.fd = good;
	tap_is_int(
		accept_and_store(0, T + 502 * S, 40002 * S, 40030 * S), 0, "until there is room");
	kill_it();
	file = (struct ledgerfile){0};
	ledgerfile_init(&file, "/proc/nowhere");
	if (ledgerfile_set_key(&file, our_key) < 0 || ledger_init(&ledger, secret) < 0)
		abort();
	tap_ok(ledgerfile_write(&file, &ledger, LEDGERFILE_GOING_ON, no_reach) < 0,
		"a folder that cannot be made is an error");
	kill_it();
}

int main(void)
{
	if (!mkdtemp(folder))
		abort();
	test_first_start();
	test_killed();
	test_rebooted();
	test_settled();
	test_damaged();
	test_full_disk();
	(void)unlink(path);
	char *slash = strrchr(path, '/');
	*slash = 0;
	(void)rmdir(path);
	(void)rmdir(folder);
	return tap_done();
}
