/* SPDX-License-Identifier: ISC */
#include "base/bytes.h"
#include "base/error.h"
#include "store_lab.h"
#include "tap.h"

static struct lab lab;

static int count_entry(void *context, const struct store_audit_entry *entry)
{
	(void)entry;
	++*(int *)context;
	return 0;
}

/* How many entries tell of an act. */
static int acts(const char *act)
{
	int count = 0;

	lab_must(store_audit_show(lab.store, &(struct store_audit_filter){.act = act}, count_entry,
			 &count) == 0,
		"show");
	return count;
}

static void test_create(void)
{
	const struct store_actor by = lab_root(0);
	uint8_t key[STORE_KEY_SIZE];
	struct store_invite invite, got;
	struct store_invite_request request = {
		.subject = "alice", .public_key = key, .preshared_key = key, .expires_ns = 1};

	tap_is_int(lab_invite(lab.store, "alice", 1, 60, &invite), ERR_NOT_FOUND, "for nobody");
	lab_must(store_user_add(lab.store, &by, "alice", NULL, 0) == 0, "add alice");
	tap_is_int(lab_invite(lab.store, "alice", 1, 60, &invite), 0, "for alice");
	tap_is_int(invite.state, STORE_INVITE_OPEN, "it is open");
	tap_is_int(lab_invite(lab.store, "alice", 1, 60, &got), ERR_EXISTS, "the key again");
	lab_key('i', 99, key);
	tap_is_int(store_invite_create(lab.store, &by, &request, &got), ERR_RANGE, "expired");
	request.expires_ns = by.now_ns;
	tap_is_int(store_invite_create(lab.store, &by, &request, &got), ERR_RANGE, "expires now");
	tap_is_int(store_invite_get(lab.store, invite.public_key, &got), 0, "get it");
	tap_is_bytes(&got, &invite, sizeof got, "as it was given");
	lab_key('p', 1, key);
	tap_is_bytes(got.preshared_key, key, sizeof key, "with its secret");
}

static void test_redeem(void)
{
	struct store_device device, again;
	struct store_invite invite;
	uint8_t key[STORE_KEY_SIZE];

	tap_is_int(lab_redeem(lab.store, 98, 1, "laptop", &device), ERR_NOT_FOUND, "no invite");
	tap_is_int(lab_redeem(lab.store, 1, 1, "LAPTOP", &device), ERR_NAME, "no name for it");
	tap_is_int(lab_redeem(lab.store, 1, 1, "laptop", &device), 0, "redeem");
	tap_is_int(device.state, STORE_DEVICE_ACTIVE, "it is active");
	tap_is_int(lab_redeem(lab.store, 1, 1, "laptop", &again), STORE_INVITE_AGAIN,
		"the answer got lost");
	tap_is_bytes(&again, &device, sizeof again, "it is the same");
	tap_is_int(acts("invite.reuse"), 0, "no alarm");
	tap_is_int(lab_redeem(lab.store, 1, 2, "thief", &again), ERR_INVITE_USED, "another");
	tap_is_int(acts("invite.reuse"), 1, "alarm");
	tap_is_int(lab_redeem(lab.store, 1, 2, "thief", &again), ERR_INVITE_USED, "and again");
	tap_is_int(acts("invite.reuse"), 2, "another alarm");
	lab_key('i', 1, key);
	lab_must(store_invite_get(lab.store, key, &invite) == 0, "get");
	tap_is_int(invite.state, STORE_INVITE_REDEEMED, "it is redeemed");
	tap_ok(bytes_are_zero(invite.preshared_key, STORE_KEY_SIZE), "its secret is gone");
	lab_must(
		store_device_revoke(lab.store, &(struct store_actor){"root", 0, 1}, device.id) == 0,
		"revoke");
	tap_is_int(lab_redeem(lab.store, 1, 1, "laptop", &again), ERR_INVITE_USED,
		"a revoked device does not come back by its old invite");
}

static void test_expiry(void)
{
	struct store_invite invite;
	struct store_device device;
	struct store_actor by = lab_root(9);
	uint8_t key[STORE_KEY_SIZE];
	uint64_t count = 4711, next_ns = 0;

	tap_is_int(store_invite_next_expiry(lab.store, &next_ns), 0, "look");
	tap_ok(next_ns == UINT64_MAX, "none is open");
	lab_must(lab_invite(lab.store, "alice", 10, 10, &invite) == 0, "invite");
	lab_must(lab_invite(lab.store, "alice", 11, 20, &invite) == 0, "invite");
	lab_must(lab_invite(lab.store, "alice", 12, 10, &invite) == 0, "invite");
	tap_is_int(store_invite_next_expiry(lab.store, &next_ns), 0, "look");
	tap_ok(next_ns == LAB_NOW_NS + 10ULL * LAB_SECOND, "the first of them");
	tap_is_int(store_invite_expire(lab.store, &by, &count), 0, "before that");
	tap_is_int((intmax_t)count, 0, "none expires");
	by = lab_root(10);
	lab_key('i', 10, key);
	const struct store_enrolment enrolment = {.name = "late", .public_key = key};
	tap_is_int(store_invite_redeem(lab.store, &by, key, &enrolment, &device),
		ERR_INVITE_EXPIRED, "at that moment it is worth nothing");
	tap_is_int(store_invite_expire(lab.store, &by, &count), 0, "at that moment");
	tap_is_int((intmax_t)count, 2, "two expire");
	tap_is_int(acts("invite.expire"), 2, "an entry each");
	tap_is_int(lab_redeem(lab.store, 10, 20, "late", &device), ERR_INVITE_EXPIRED, "is over");
	tap_is_int(lab_redeem(lab.store, 11, 20, "laptop", &device), 0, "the other is not");
}

static void test_revoke(void)
{
	const struct store_actor by = lab_root(1);
	struct store_invite invite;
	struct store_device device;

	lab_must(lab_invite(lab.store, "alice", 30, 60, &invite) == 0, "invite");
	tap_is_int(store_invite_revoke(lab.store, &by, invite.id), 0, "revoke");
	tap_is_int(store_invite_revoke(lab.store, &by, invite.id), ERR_WRONG_STATE, "twice");
	tap_is_int(store_invite_revoke(lab.store, &by, 999), ERR_NOT_FOUND, "none");
	tap_is_int(lab_redeem(lab.store, 30, 30, "tablet", &device), ERR_INVITE_REVOKED, "is over");
}

static void test_approval(void)
{
	const struct store_actor by = lab_root(1);
	uint8_t key[STORE_KEY_SIZE];
	struct store_invite invite;
	struct store_device device;
	const struct store_invite_request request = {
		.subject = "alice",
		.public_key = key,
		.preshared_key = key,
		.expires_ns = LAB_NOW_NS + 60ULL * LAB_SECOND,
		.needs_approval = true,
	};

	lab_key('i', 40, key);
	tap_is_int(store_invite_create(lab.store, &by, &request, &invite), 0, "with approval");
	tap_is_int(lab_redeem(lab.store, 40, 40, "phone", &device), 0, "redeem");
	tap_is_int(device.state, STORE_DEVICE_PENDING, "it waits");
	tap_is_int(store_device_approve(lab.store, &by, device.id), 0, "approve");
	tap_is_int(lab_redeem(lab.store, 40, 40, "phone", &device), STORE_INVITE_AGAIN, "asks");
	tap_is_int(device.state, STORE_DEVICE_ACTIVE, "it is active");
}

static int count_invite(void *context, const struct store_invite *invite)
{
	(void)invite;
	++*(int *)context;
	return 0;
}

static void test_gateway(void)
{
	const struct store_actor by = lab_root(1);
	uint8_t one_time[STORE_KEY_SIZE], key[STORE_KEY_SIZE], other[STORE_KEY_SIZE];
	uint8_t preshared_key[STORE_KEY_SIZE];
	struct store_invite invite;
	struct store_gateway gateway;
	struct store_device device;
	struct store_invite_request request = {
		.kind = STORE_INVITE_GATEWAY,
		.subject = "gw",
		.public_key = one_time,
		.preshared_key = key,
		.expires_ns = LAB_NOW_NS + 60ULL * LAB_SECOND,
	};
	const struct store_gateway_enrolment own = {key, preshared_key, "h:1"};
	const struct store_gateway_enrolment foreign = {other, NULL, "h:1"};
	int count = 0;

	lab_key('i', 50, one_time);
	lab_key('s', 50, preshared_key);
	lab_key('g', 50, key);
	lab_key('g', 51, other);
	tap_is_int(store_invite_create(lab.store, &by, &request, &invite), ERR_EXISTS, "is there");
	request.subject = "berlin";
	tap_is_int(store_invite_create(lab.store, &by, &request, &invite), 0, "a gateway's");
	tap_is_int(lab_redeem(lab.store, 50, 50, "phone", &device), ERR_WRONG_STATE, "no device");
	tap_is_int(
		store_invite_each(lab.store, STORE_INVITES_OPEN, count_invite, &count), 0, "list");
	tap_is_int(count, 1, "one is open");
	tap_is_int(
		store_invite_redeem_gateway(lab.store, &by, one_time, &own, &gateway), 0, "redeem");
	tap_ok(strcmp(gateway.name, "berlin") == 0 && gateway.invite_id == invite.id, "is there");
	tap_ok(memcmp(gateway.preshared_key, preshared_key, sizeof preshared_key) == 0,
		"with its pre-shared key");
	tap_is_int(store_invite_redeem_gateway(lab.store, &by, one_time, &own, &gateway),
		STORE_INVITE_AGAIN, "again");
	tap_is_int(store_invite_redeem_gateway(lab.store, &by, one_time, &foreign, &gateway),
		ERR_INVITE_USED, "another");
	lab_must(store_gateway_remove(lab.store, &by, "berlin") == 0, "remove");
	tap_is_int(store_invite_redeem_gateway(lab.store, &by, one_time, &own, &gateway),
		ERR_INVITE_USED, "one that was removed");
	tap_ok(lab_is_sound(lab.store), "the log is sound");
}

int main(void)
{
	lab_open(&lab);
	test_create();
	test_redeem();
	test_expiry();
	test_revoke();
	test_approval();
	test_gateway();
	lab_end(&lab);
	return tap_done();
}
