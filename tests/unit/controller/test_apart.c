/* SPDX-License-Identifier: ISC */
/* The control process as it is run: all that it does works in its sandbox. */
#include "controller_lab.h"
#include "tap.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct controller_lab lab;

/* One request of each kind, so that each touches what it touches of the system. */
static const struct {
	const char *method, *path, *body;
	unsigned status;
} requests[] = {
	{"GET", "/v1/network", NULL, 200},
	{"POST", "/v1/users", "{\"name\": \"alice\", \"groups\": [\"staff\"]}", 200},
	{"POST", "/v1/services", "{\"name\": \"web\", \"target\": \"127.0.0.1:80\"}", 200},
	{"PUT", "/v1/policy", "\"services: {db: {target: '10.0.0.1:1'}}\"", 200},
	{"PUT", "/v1/policy", "\"rules: [\"", 422},
	{"POST", "/v1/invites", "{\"user\": \"alice\", \"expires_s\": 1}", 200},
	{"POST", "/v1/devices",
		"{\"user\": \"alice\", \"name\": \"phone\", \"public_key\": "
		"\"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\"}",
		200},
	{"GET", "/v1/status", NULL, 200},
	{"GET", "/v1/devices?all=1", NULL, 200},
	{"DELETE", "/v1/devices/alice/phone", NULL, 200},
	{"GET", "/v1/audit", NULL, 200},
	{"GET", "/v1/audit/verify", NULL, 200},
	{"GET", "/v1/invites?all=1", NULL, 200},
};

static void test_backup(void)
{
	char path[CONFIG_PATH_SIZE];
	struct stat about;
	struct problem problem = {0};
	struct caller_request request = {.method = "GET", .path = "/v1/backup"};
	json_t *json = NULL;

	lab_path(&lab.lab, "backup", path);
	request.file_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	lab_must(request.file_fd >= 0, "make a file");
	tap_is_int(caller_ask(lab.local, &request, &json, &problem), 0, "backup");
	tap_ok(fstat(request.file_fd, &about) == 0 && about.st_size > 4096, "it is there");
	(void)close(request.file_fd);
}

int main(void)
{
	controller_lab_start(&lab, LAB_APART, NULL);
	for (size_t i = 0; i < ARRAY_LENGTH(requests); i++) {
		const char *body = requests[i].body;
		json_t *json = body ? json_loads(body, JSON_DECODE_ANY, NULL) : NULL;

		tap_is_int(
			controller_lab_ask(&lab, requests[i].method, requests[i].path, json, NULL),
			requests[i].status, requests[i].path);
	}
	tap_ok(controller_lab_wait_peers(&lab, 0), "the invite expires");
	test_backup();
	tap_is_int(
		controller_lab_ask_tunnel(&lab, lab.control_port, "GET", "/v1/netmap", NULL, NULL),
		404, "nobody has a netmap");
	tap_is_int(controller_lab_ask_tunnel(&lab, lab.enrol_port, "POST", "/v1/enrol",
			   json_pack("{s:s}", "name", "x"), NULL),
		404, "nor an invite");
	tap_is_int(controller_lab_stop(&lab), 0, "it ends with its channel");
	tap_ok(lab_is_sound(lab.lab.store), "the log is sound");
	controller_lab_end(&lab);
	return tap_done();
}
