/* SPDX-License-Identifier: ISC */
/* Numbers of an overlay that is soon used up: in a row, then rest, then the longest rested. */
#include "base/error.h"
#include "store/overlay.h"
#include "store_lab.h"
#include "tap.h"

#include <stdio.h>

enum {
	DAY_S = 24 * 3600,
	REST_S = 30 * DAY_S,
};

static struct lab lab;
static uint64_t next_key;

/* A network of 256 addresses: 126 devices, 62 services, 30 invites and as many gateways. */
static void open_small(void)
{
	const struct store_actor by = lab_root(0);
	struct store_network network = {.name = "small", .endpoint = "h:1", .server_key = "k"};

	lab_begin(&lab);
	lab_must(store_open(lab.path, STORE_CREATE, LAB_NOW_NS, &lab.store) == 0, "open");
	store_network_draw(entropy_kernel(), &network);
	network.overlay.ipv4.length = 24;
	lab_must(store_network_init(lab.store, &by, &network) == 0, "set up");
	lab_must(store_user_add(lab.store, &by, "alice", NULL, 0) == 0, "add alice");
}

static int add(uint64_t at_s, struct store_device *ret_device)
{
	const struct store_actor by = lab_root(at_s);
	uint8_t key[STORE_KEY_SIZE];
	char name[32];
	const struct store_enrolment enrolment = {.name = name, .public_key = key};

	lab_key('d', ++next_key, key);
	(void)snprintf(name, sizeof name, "device-%u", (unsigned)next_key);
	return store_device_add(lab.store, &by, "alice", &enrolment, ret_device);
}

static void revoke(const struct store_device *device, uint64_t at_s)
{
	const struct store_actor by = lab_root(at_s);

	lab_must(store_device_revoke(lab.store, &by, device->id) == 0, "revoke");
}

static void test_devices(void)
{
	struct store_device devices[126], device;
	bool in_a_row = true;

	for (unsigned i = 0; i < 126; i++) {
		lab_must(add(0, &devices[i]) == 0, "add a device");
		in_a_row = in_a_row && devices[i].ipv4.bytes[3] == 129 + i;
	}
	tap_ok(in_a_row, "126 devices, one after the other");
	tap_is_int(add(0, &device), ERR_NO_ADDRESS, "then there is no address");
	revoke(&devices[7], 20);
	revoke(&devices[5], 10);
	revoke(&devices[9], 30);
	tap_is_int(add(30, &device), ERR_NO_ADDRESS, "those of revoked ones rest");
	tap_is_int(add(10 + REST_S - 1, &device), ERR_NO_ADDRESS, "for 30 days less a second");
	tap_is_int(add(10 + REST_S, &device), 0, "for 30 days");
	tap_ok(address_equal(&device.ipv4, &devices[5].ipv4), "the first that came to rest");
	tap_ok(address_equal(&device.ipv6, &devices[5].ipv6), "in IPv6 as in IPv4");
	tap_is_int(add(10 + REST_S, &device), ERR_NO_ADDRESS, "the next rests still");
	tap_is_int(add(99 + REST_S, &device), 0, "later it does not");
	tap_ok(address_equal(&device.ipv4, &devices[7].ipv4), "it is the second");
	lab_must(store_device_get(lab.store, devices[7].public_key, &device) == 0, "get");
	tap_ok(address_equal(&device.ipv4, &devices[7].ipv4), "who had it is known still");
	tap_is_int(add(0, &device), ERR_NO_ADDRESS, "a clock that was set back frees none");
}

/* Invites rest for ten minutes only. */
static void test_invites(void)
{
	struct store_actor by = lab_root(60);
	struct store_invite invite;
	uint64_t count;

	for (uint64_t i = 0; i < 30; i++)
		lab_must(lab_invite(lab.store, "alice", i, 60, &invite) == 0, "invite");
	tap_is_int(lab_invite(lab.store, "alice", 30, 60, &invite), ERR_NO_ADDRESS, "30 invites");
	lab_must(store_invite_expire(lab.store, &by, &count) == 0, "expire");
	tap_is_int((intmax_t)count, 30, "all expire");
	tap_is_int(lab_invite(lab.store, "alice", 30, 60, &invite), ERR_NO_ADDRESS, "they rest");
	by = lab_root(660);
	uint8_t key[STORE_KEY_SIZE];
	lab_key('i', 31, key);
	const struct store_invite_request request = {
		.subject = "alice",
		.public_key = key,
		.preshared_key = key,
		.expires_ns = by.now_ns + 1,
	};
	tap_is_int(store_invite_create(lab.store, &by, &request, &invite), 0, "ten minutes later");
	tap_is_int(invite.ipv4.bytes[3], 33, "it has the first one's");
}

int main(void)
{
	open_small();
	test_devices();
	test_invites();
	tap_ok(lab_is_sound(lab.store), "the log is sound");
	lab_end(&lab);
	return tap_done();
}
