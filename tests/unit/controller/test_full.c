/* SPDX-License-Identifier: ISC */
/* A disk that is full: acts are refused in words, one-time keys go all the same, and it goes on. */
#include "control/enrolment.h"
#include "controller_lab.h"
#include "tap.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>

enum {
	USERS_MOST = 10000,
};

static struct controller_lab lab;

static unsigned add_user(unsigned number)
{
	char name[32];

	(void)snprintf(name, sizeof name, "user-%u", number);
	return controller_lab_ask(
		&lab, "POST", "/v1/users", json_pack("{s:s}", "name", name), NULL);
}

/* A disk of our own in place of where labs are made. */
static bool mount_small(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("tacet-test", "/dev/shm", "tmpfs", 0, "size=1m") == 0;
}

static unsigned invite(unsigned expires_s)
{
	return controller_lab_ask(&lab, "POST", "/v1/invites",
		json_pack("{s:s, s:i}", "user", "user-0", "expires_s", (int)expires_s), NULL);
}

static unsigned enrol(const struct address *address)
{
	struct enrolment enrolment = {.name = "laptop"};

	lab_key('d', 1, enrolment.public_key);
	controller_lab_be(&lab, address);
	return controller_lab_ask_tunnel(
		&lab, lab.enrol_port, "POST", "/v1/enrol", enrolment_encode(&enrolment), NULL);
}

static size_t count_expired(void)
{
	json_t *json = NULL;

	(void)controller_lab_ask(&lab, "GET", "/v1/audit?act=invite.expire", NULL, &json);
	size_t count = json_array_size(json_object_get(json, "entries"));
	json_decref(json);
	return count;
}

static void test_full(void)
{
	unsigned status = 0, number = 1;

	tap_is_int(add_user(0), 200, "a user");
	tap_is_int(invite(600), 200, "an invite");
	(void)pthread_mutex_lock(&lab.lock);
	struct address address = lab.plan.devices[0].ipv4;
	(void)pthread_mutex_unlock(&lab.lock);
	tap_is_int(invite(2), 200, "one for a short time");
	while (number < USERS_MOST && (status = add_user(number)) == 200)
		number++;
	tap_is_int(status, 507, "users until the disk is full");
	tap_is_int(enrol(&address), 507, "nobody enrols");
	tap_is_int(invite(600), 507, "nobody is invited");
	tap_is_int(controller_lab_ask(&lab, "GET", "/v1/backup", NULL, NULL), 507, "no backup");
	tap_ok(controller_lab_wait_peers(&lab, 1), "the key of what has expired goes all the same");
	tap_is_int((intmax_t)count_expired(), 0, "though it could not be written down");
	lab_must(
		mount("tacet-test", "/dev/shm", "tmpfs", MS_REMOUNT, "size=16m") == 0, "make room");
	tap_is_int(enrol(&address), 200, "the invite is open still");
	tap_is_int(add_user(number), 200, "acts go on");
	tap_ok(controller_lab_wait_peers(&lab, 1), "the device is left");
	tap_is_int((intmax_t)count_expired(), 1, "the expiry is written down by now");
}

int main(void)
{
	if (!mount_small()) {
		tap_skip("a full disk", "mounting needs root");
		return tap_done();
	}
	controller_lab_start(&lab, LAB_WITHIN, NULL);
	test_full();
	tap_is_int(controller_lab_stop(&lab), 0, "it ends well");
	tap_ok(lab_is_sound(lab.lab.store), "the log is sound");
	controller_lab_end(&lab);
	return tap_done();
}
