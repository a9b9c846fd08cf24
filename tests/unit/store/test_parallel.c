/* SPDX-License-Identifier: ISC */
/* Many processes at once: an invite is redeemed once, an address given once. */
#include "base/clock.h"
#include "base/error.h"
#include "children.h"
#include "model.h"
#include "store_lab.h"
#include "tap.h"

#include <stdio.h>

enum {
	PROCESSES = 20,
	ROUNDS = 5,
	ENROLMENTS = 10, /* of each process */
	IN_A_ROW = 1000,
	/* what a child tells */
	TOLD_WON = 0,
	TOLD_AGAIN = 1,
	TOLD_USED = 2,
	TOLD_FAILED = 3,
};

static struct lab lab;

static int told(int result)
{
	if (result == ERR_INVITE_USED)
		return TOLD_USED;
	return result == 0 || result == STORE_INVITE_AGAIN ? result : TOLD_FAILED;
}

/* What the processes race for. */
struct race {
	uint64_t invite;
	uint64_t device;
	int is_same_device;
};

static int race(void *context, int number)
{
	const struct race *all = context;
	struct store *store = lab_reopen(&lab, STORE_EXISTING);
	struct store_device device;
	uint64_t key = all->is_same_device ? all->device : all->device + (uint64_t)number;
	char name[32];

	(void)snprintf(name, sizeof name, "device-%u", (unsigned)key);
	int result = lab_redeem(store, all->invite, key, name, &device);
	store_close(store);
	return told(result);
}

static int count_of(const int results[], int what)
{
	int count = 0;

	for (int i = 0; i < PROCESSES; i++)
		count += results[i] == what;
	return count;
}

static int count_entry(void *context, const struct store_audit_entry *entry)
{
	(void)entry;
	++*(int *)context;
	return 0;
}

static int count_alarms(void)
{
	const struct store_audit_filter filter = {.act = "invite.reuse"};
	int count = 0;

	lab_must(store_audit_show(lab.store, &filter, count_entry, &count) == 0, "show");
	return count;
}

static void test_race(uint64_t round)
{
	struct race all = {.invite = round, .device = 1000 + round * PROCESSES};
	struct store_invite invite;
	int results[PROCESSES];
	int before = count_alarms();

	lab_must(lab_invite(lab.store, "alice", all.invite, 60, &invite) == 0, "invite");
	children_run(PROCESSES, race, &all, results);
	tap_is_int(count_of(results, TOLD_WON), 1, "exactly one wins");
	tap_is_int(count_of(results, TOLD_USED), PROCESSES - 1, "the others are told");
	tap_is_int(count_alarms() - before, PROCESSES - 1, "an alarm for each of them");
}

static void test_race_with_itself(void)
{
	struct race all = {.invite = 500, .device = 5000, .is_same_device = 1};
	struct store_invite invite;
	int results[PROCESSES];
	int before = count_alarms();

	lab_must(lab_invite(lab.store, "alice", all.invite, 60, &invite) == 0, "invite");
	children_run(PROCESSES, race, &all, results);
	tap_is_int(count_of(results, TOLD_WON), 1, "one device asks 20 times at once: once done");
	tap_is_int(count_of(results, TOLD_AGAIN), PROCESSES - 1, "else told again");
	tap_is_int(count_alarms(), before, "no alarm");
}

/* Each invites and enrols its own. */
static int enrol(void *context, int number)
{
	struct store *store = lab_reopen(&lab, STORE_EXISTING);
	int result = 0;

	(void)context;
	for (uint64_t i = 0; i < ENROLMENTS && result == 0; i++) {
		uint64_t key = 10000 + (uint64_t)number * ENROLMENTS + i;
		struct store_invite invite;
		struct store_device device;
		char name[32];

		(void)snprintf(name, sizeof name, "device-%u", (unsigned)key);
		result = lab_invite(store, "bob", key, 60, &invite);
		if (result == 0)
			result = lab_redeem(store, key, key, name, &device);
	}
	store_close(store);
	return told(result);
}

static void test_enrolments(void)
{
	int results[PROCESSES];

	children_run(PROCESSES, enrol, NULL, results);
	tap_is_int(count_of(results, TOLD_WON), PROCESSES, "all enrol");
	tap_is_int((intmax_t)lab_ask(&lab, "SELECT count(*) - count(DISTINCT number) FROM devices"),
		0, "no address twice");
	tap_is_int((intmax_t)lab_ask(&lab, "SELECT count(*) FROM devices WHERE id IN (SELECT"
					   " devices.id FROM devices JOIN users ON users.id ="
					   " user_id WHERE users.name = 'bob')"),
		PROCESSES * ENROLMENTS, "none lost");
	tap_ok(model_explains(lab.store), "the log tells all of it");
}

/* Invited first, so that what is timed is redemption. */
static void test_in_a_row(void)
{
	struct store_invite invite;
	struct store_device device;
	char name[32];
	int failures = 0;

	for (uint64_t i = 0; i < IN_A_ROW; i++)
		failures += lab_invite(lab.store, "carol", 20000 + i, 60, &invite) != 0;
	uint64_t began_ns = clock_now().monotonic_ns;
	for (uint64_t i = 0; i < IN_A_ROW; i++) {
		(void)snprintf(name, sizeof name, "device-%u", (unsigned)i);
		failures += lab_redeem(lab.store, 20000 + i, 20000 + i, name, &device) != 0;
	}
	uint64_t took_ns = clock_now().monotonic_ns - began_ns;
	tap_is_int(failures, 0, "1,000 enrolments in a row");
	printf("# they took %.2f s, without a disk\n", (double)took_ns / 1e9);
	tap_is_int((intmax_t)lab_ask(&lab, "SELECT count(*) - count(DISTINCT number) FROM devices"),
		0, "no address twice");
	tap_ok(model_explains(lab.store), "the log tells all of it");
}

int main(void)
{
	const struct store_actor by = lab_root(0);

	lab_open(&lab);
	lab_must(store_user_add(lab.store, &by, "alice", NULL, 0) == 0, "add alice");
	lab_must(store_user_add(lab.store, &by, "bob", NULL, 0) == 0, "add bob");
	lab_must(store_user_add(lab.store, &by, "carol", NULL, 0) == 0, "add carol");
	for (uint64_t round = 0; round < ROUNDS; round++)
		test_race(round);
	test_race_with_itself();
	test_enrolments();
	test_in_a_row();
	lab_end(&lab);
	return tap_done();
}
