/* SPDX-License-Identifier: ISC */
/* Many devices enrol at once, and for each token there are two. */
#include "control/enrolment.h"
#include "controller_lab.h"
#include "tap.h"
#include "world_same.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	INVITES = 20,
	DEVICES = 2 * INVITES,
	ROOM = 8192,
};

static struct controller_lab lab;
static pthread_barrier_t start;

static void fill(struct store *store)
{
	const struct store_actor by = lab_root(1);

	lab_must(store_user_add(store, &by, "alice", NULL, 0) == 0, "add alice");
}

/* A device with a token: its own number, and who it is on the wire. */
struct device {
	pthread_t thread;
	uint8_t number;
	unsigned status;
};

/* A connection from 127.0.1.<number>. */
static int dial(uint8_t number)
{
	struct sockaddr_in from = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000100U | number)};
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(lab.enrol_port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	lab_must(fd >= 0 && bind(fd, (struct sockaddr *)&from, sizeof from) == 0 &&
			 connect(fd, (struct sockaddr *)&to, sizeof to) == 0,
		"connect");
	return fd;
}

/* Says it, and reads the status of the answer. */
static unsigned converse(int fd, const char *body)
{
	char text[ROOM], status[4];
	int size = snprintf(text, sizeof text,
		"POST /v1/enrol HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
		"Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		strlen(body), body);

	lab_must(write(fd, text, (size_t)size) == size, "ask");
	ssize_t got = 0, more;
	while ((more = read(fd, text + got, sizeof text - 1 - (size_t)got)) > 0)
		got += more;
	text[got > 0 ? got : 0] = '\0';
	if (got < 12)
		return 0;
	memcpy(status, text + 9, 3);
	status[3] = '\0';
	return (unsigned)strtoul(status, NULL, 10);
}

static void *enrol(void *context)
{
	struct device *device = context;
	struct enrolment enrolment = {0};

	lab_key('d', device->number, enrolment.public_key);
	(void)snprintf(enrolment.name, sizeof enrolment.name, "laptop-%u", device->number);
	json_t *json = enrolment_encode(&enrolment);
	char *body = json_dumps(json, JSON_COMPACT);
	int fd = dial(device->number);
	(void)pthread_barrier_wait(&start);
	device->status = converse(fd, body);
	(void)close(fd);
	free(body);
	json_decref(json);
	return NULL;
}

static struct address address_of_invite(void)
{
	(void)pthread_mutex_lock(&lab.lock);
	struct address address = lab.plan.devices[lab.plan.head.devices - 1].ipv4;
	(void)pthread_mutex_unlock(&lab.lock);
	return address;
}

static unsigned count(const struct device *devices, unsigned status)
{
	unsigned found = 0;

	for (size_t i = 0; i < DEVICES; i++)
		found += devices[i].status == status;
	return found;
}

int main(void)
{
	struct device devices[DEVICES] = {0};
	struct world fresh = {0};

	controller_lab_start(&lab, LAB_WITHIN, fill);
	for (size_t i = 0; i < INVITES; i++) {
		lab_must(controller_lab_ask(&lab, "POST", "/v1/invites",
				 json_pack("{s:s}", "user", "alice"), NULL) == 200,
			"invite");
		lab.askers[i] = lab.askers[i + INVITES] = address_of_invite();
	}
	size_t plans = controller_lab_plans(&lab);
	(void)pthread_barrier_init(&start, NULL, DEVICES);
	for (size_t i = 0; i < DEVICES; i++) {
		devices[i].number = (uint8_t)i;
		lab_must(pthread_create(&devices[i].thread, NULL, enrol, &devices[i]) == 0,
			"thread");
	}
	for (size_t i = 0; i < DEVICES; i++)
		lab_must(pthread_join(devices[i].thread, NULL) == 0, "join");
	tap_is_int(count(devices, 200), INVITES, "one of each two wins");
	tap_is_int(count(devices, 410), INVITES, "the other is refused");
	tap_ok(controller_lab_wait_peers(&lab, INVITES), "one-time keys go, devices stay");
	printf("# %zu plans\n", controller_lab_plans(&lab) - plans);
	tap_is_int(controller_lab_stop(&lab), 0, "it ends well");
	tap_is_int(world_load(&fresh, lab.lab.store), 0, "read the store anew");
	tap_ok(world_same(&lab.controller.world, &fresh), "memory is as the store");
	tap_ok(lab_is_sound(lab.lab.store), "the log is sound");
	world_done(&fresh);
	controller_lab_end(&lab);
	(void)pthread_barrier_destroy(&start);
	return tap_done();
}
