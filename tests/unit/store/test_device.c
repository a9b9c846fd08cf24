/* SPDX-License-Identifier: ISC */
#include "base/bytes.h"
#include "base/error.h"
#include "store_lab.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>

static struct lab lab;

/* Adds a device with the key lab_key('d', number). */
static int add(const char *user, const char *name, uint64_t number, struct store_device *ret_device)
{
	const struct store_actor by = lab_root(1);
	uint8_t key[STORE_KEY_SIZE];
	const struct store_enrolment enrolment = {.name = name, .public_key = key};

	lab_key('d', number, key);
	return store_device_add(lab.store, &by, user, &enrolment, ret_device);
}

static int count_device(void *context, const struct store_device *device)
{
	(void)device;
	++*(int *)context;
	return 0;
}

static int count(const char *user, enum store_device_scope scope)
{
	int number = 0;

	tap_is_int(store_device_each(lab.store, user, scope, count_device, &number), 0, "list");
	return number;
}

static void test_add(void)
{
	const struct store_actor by = lab_root(1);
	uint8_t key[STORE_KEY_SIZE] = {0}, preshared_key[STORE_KEY_SIZE];
	const struct store_enrolment zero = {.name = "zero", .public_key = key};
	struct store_device device = {0}, got;
	char text[ADDRESS_TEXT_SIZE];

	tap_is_int(add("alice", "laptop", 1, &device), ERR_NOT_FOUND, "nobody's device");
	tap_is_int(store_user_add(lab.store, &by, "alice", NULL, 0), 0, "alice comes");
	tap_is_int(store_user_add(lab.store, &by, "bob", NULL, 0), 0, "bob comes");
	tap_is_int(store_device_add(lab.store, &by, "alice", &zero, &device), ERR_WEAK_KEY,
		"a key of zeros");
	tap_is_int(add("alice", "Laptop", 1, &device), ERR_NAME, "no name");
	tap_ok(device.id == 0, "failures leave the result alone");
	tap_is_int(add("alice", "laptop", 1, &device), 0, "alice's laptop");
	tap_ok(strcmp(address_format(&device.ipv4, text), "100.80.128.1") == 0, "its address");
	tap_ok(device.ipv6.bytes[0] == 0xfd && load_be16(device.ipv6.bytes + 14) == 0x8001,
		"its other address");
	tap_is_int(device.state, STORE_DEVICE_ACTIVE, "it is active");
	tap_is_int(add("alice", "laptop", 2, &got), ERR_EXISTS, "the name again");
	tap_is_int(add("bob", "phone", 1, &got), ERR_EXISTS, "the key again");
	lab_key('g', 0, key);
	tap_is_int(store_device_add(lab.store, &by, "bob", &zero, &got), ERR_EXISTS,
		"the key of a gateway");
	tap_is_int(add("bob", "laptop", 2, &got), 0, "bob's laptop");
	lab_key('d', 1, key);
	tap_is_int(store_device_get(lab.store, key, &got), 0, "by key");
	tap_is_bytes(&got, &device, sizeof got, "it is the one");
	tap_is_int(store_device_find(lab.store, "alice", "laptop", &got), 0, "by name");
	tap_is_bytes(&got, &device, sizeof got, "it is the one");
	lab_key('p', 3, preshared_key);
	lab_key('d', 3, key);
	tap_is_int(store_device_add(lab.store, &by, "bob",
			   &(struct store_enrolment){"phone", key, preshared_key}, &got),
		0, "with a pre-shared key");
	tap_is_bytes(got.preshared_key, preshared_key, STORE_KEY_SIZE, "it is kept");
	tap_is_int(count(NULL, STORE_DEVICES_LIVE), 3, "three devices");
	tap_is_int(count("bob", STORE_DEVICES_LIVE), 2, "two of bob's");
}

/* Each act from each state. */
static const struct {
	const char *name;
	int (*act)(struct store *store, const struct store_actor *by, uint64_t id);
	int result[STORE_DEVICE_REVOKED + 1]; /* by the state before */
	enum store_device_state to;
} acts[] = {
	{"approve", store_device_approve, {0, ERR_WRONG_STATE, ERR_WRONG_STATE, ERR_WRONG_STATE},
		STORE_DEVICE_ACTIVE},
	{"quarantine", store_device_quarantine,
		{ERR_WRONG_STATE, 0, ERR_WRONG_STATE, ERR_WRONG_STATE}, STORE_DEVICE_QUARANTINED},
	{"release", store_device_release, {ERR_WRONG_STATE, ERR_WRONG_STATE, 0, ERR_WRONG_STATE},
		STORE_DEVICE_ACTIVE},
	{"revoke", store_device_revoke, {0, 0, 0, ERR_WRONG_STATE}, STORE_DEVICE_REVOKED},
};

static void test_acts(void)
{
	const struct store_actor by = lab_root(2);
	struct store_device device;

	for (size_t i = 0; i < ARRAY_LENGTH(acts); i++) {
		for (int from = STORE_DEVICE_PENDING; from <= STORE_DEVICE_REVOKED; from++) {
			char name[64], sql[160];
			uint64_t number = 100 + 10 * i + (uint64_t)from;

			(void)snprintf(name, sizeof name, "%s-%d", acts[i].name, from);
			lab_must(add("alice", name, number, &device) == 0, "add");
			(void)snprintf(sql, sizeof sql,
				"UPDATE devices SET state = %d, revoked_ns = iif(%d = 3, 1, NULL)"
				" WHERE id = %u",
				from, from, (unsigned)device.id);
			lab_sql(&lab, sql);
			tap_is_int(
				acts[i].act(lab.store, &by, device.id), acts[i].result[from], name);
			lab_must(store_device_get(lab.store, device.public_key, &device) == 0,
				"get");
			tap_is_int(device.state, acts[i].result[from] ? (int)from : (int)acts[i].to,
				name);
		}
		tap_is_int(acts[i].act(lab.store, &by, 999), ERR_NOT_FOUND, "no such device");
	}
}

static void test_revoked(void)
{
	const struct store_actor by = lab_root(3);
	struct store_device device, other;
	struct store_gateway gateway;

	lab_must(store_device_find(lab.store, "bob", "phone", &device) == 0, "find");
	tap_is_int(store_device_revoke(lab.store, &by, device.id), 0, "revoke bob's phone");
	tap_is_int(store_device_find(lab.store, "bob", "phone", &other), ERR_NOT_FOUND,
		"it has no name any more");
	tap_is_int(store_device_get(lab.store, device.public_key, &device), 0, "it is known");
	tap_ok(device.revoked_ns == by.now_ns, "since when it is revoked");
	tap_ok(bytes_are_zero(device.preshared_key, STORE_KEY_SIZE), "its secret is gone");
	tap_is_int(add("bob", "phone", 3, &other), ERR_EXISTS, "its key never comes back");
	tap_is_int(store_gateway_add(lab.store, &by, "gx", device.public_key, "h:1", &gateway),
		ERR_EXISTS, "nor as a gateway's");
	tap_is_int(add("bob", "phone", 4, &other), 0, "its name does");
	tap_ok(!address_equal(&device.ipv4, &other.ipv4), "with another address");
}

static void test_user_goes(void)
{
	const struct store_actor by = lab_root(4);
	struct store_device device;
	struct store_invite invite;

	lab_must(lab_invite(lab.store, "bob", 1, 60, &invite) == 0, "invite");
	lab_must(store_device_find(lab.store, "bob", "laptop", &device) == 0, "find");
	tap_is_int(store_user_remove(lab.store, &by, "bob"), 0, "bob goes");
	tap_is_int(count("bob", STORE_DEVICES_LIVE), 0, "no device of his is live");
	lab_must(store_device_get(lab.store, device.public_key, &device) == 0, "get");
	tap_is_int(device.state, STORE_DEVICE_REVOKED, "it is revoked");
	lab_must(store_invite_get(lab.store, invite.public_key, &invite) == 0, "get");
	tap_is_int(invite.state, STORE_INVITE_REVOKED, "so is his invite");
	tap_is_int(lab_redeem(lab.store, 1, 77, "tablet", &device), ERR_INVITE_REVOKED,
		"which is worth nothing");
	tap_ok(lab_is_sound(lab.store), "the log is sound");
	tap_is_int((intmax_t)lab_ask(&lab,
			   "SELECT count(*) FROM addresses WHERE resting_since_ns IS NULL AND"
			   " number NOT IN (SELECT number FROM devices WHERE state <> 3 OR"
			   " revoked_ns = 1 UNION"
			   " SELECT number FROM gateways UNION SELECT number FROM services UNION"
			   " SELECT number FROM invites WHERE state = 0)"),
		0, "no address is taken by nobody");
}

int main(void)
{
	lab_open(&lab);
	test_add();
	test_acts();
	test_revoked();
	test_user_goes();
	lab_end(&lab);
	return tap_done();
}
