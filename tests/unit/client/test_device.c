/* SPDX-License-Identifier: ISC */
/* Who a device is, on disk: there and back, and damaged in all kinds of ways. */
#include "client/device.h"
#include "client/jsonfile.h"

#include "base/bytes.h"
#include "base/error.h"

#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define A44 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static char folder[] = "/tmp/tacet-device-XXXXXX";
static char path[64];

static struct address address(const char *text)
{
	struct address address;

	if (address_parse(text, strlen(text), &address) < 0)
		abort();
	return address;
}

static void put(const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t size = strlen(text);

	if (fd < 0 || write(fd, text, size) != (ssize_t)size)
		abort();
	close(fd);
}

static struct device make(struct netmap_gateway *gateway, struct netmap_service *service)
{
	struct device device = {.netmap = {
					.version = 7,
					.network = "net",
					.user = "alice",
					.device = "laptop",
					.ipv4 = address("100.80.128.1"),
					.ipv6 = address("fd00::8001"),
					.overlay_ipv4 = {address("100.80.0.0"), 16},
					.overlay_ipv6 = {address("fd00::"), 112},
					.control_port = 7411,
					.gateways = gateway,
					.gateway_count = 1,
					.services = service,
					.service_count = 1,
				}};

	*gateway = (struct netmap_gateway){.name = "gateway",
		.endpoint = "gw.example.net:51820",
		.public_key = {1},
		.ipv4 = address("100.80.0.1"),
		.ipv6 = address("fd00::1")};
	*service = (struct netmap_service){.name = "web",
		.gateway = "gateway",
		.vip = address("100.80.64.1"),
		.port = 80,
		.protocol = IPPROTO_TCP};
	return device;
}

static void test_round_trip(void)
{
	struct netmap_gateway gateway;
	struct netmap_service service;
	struct device device = make(&gateway, &service), read = {0};
	char where[DEVICE_WHERE_SIZE], text[ENDPOINT_TEXT_SIZE];
	struct stat status;

	tap_is_int(device_write(path, &device, (uid_t)-1, (gid_t)-1), 0, "written");
	tap_ok(stat(path, &status) == 0 && (status.st_mode & 07777) == 0600, "for its owner only");
	tap_is_int(device_read(path, &read, where), 0, "read");
	tap_ok(read.netmap.version == 7 && strcmp(read.netmap.user, "alice") == 0 &&
			read.netmap.service_count == 1,
		"the same");
	tap_ok(read.last_known.remote.family == ADDRESS_NONE, "nobody has answered yet");
	device_done(&read);
	if (endpoint_parse(
		    "[2001:db8::1]:51820", strlen("[2001:db8::1]:51820"), &device.last_known) < 0)
		abort();
	tap_is_int(device_write(path, &device, (uid_t)-1, (gid_t)-1), 0, "written over");
	tap_is_int(device_read(path, &read, where), 0, "read again");
	tap_ok(strcmp(endpoint_format(&read.last_known, text), "[2001:db8::1]:51820") == 0,
		"with the address that answered");
	device_done(&read);
	tap_is_int(device_write("/nonexistent/x", &device, (uid_t)-1, (gid_t)-1), -ENOENT,
		"no folder");
}

/* What is in the file instead, and the error. */
static const struct {
	const char *text, *where;
	int err;
} damages[] = {
	{"", "line 1", ERR_SYNTAX},
	{"{\r\"netmap\":", "line 1", ERR_SYNTAX},
	{"[]", "netmap", ERR_SYNTAX},
	{"{}", "netmap", ERR_SYNTAX},
	{"{\"netmap\": 1}", "netmap", ERR_SYNTAX},
	{"{\"netmap\": {}, \"last_known\": 1}", "last_known", ERR_SYNTAX},
	{"{\"netmap\": {}, \"last_known\": \"gw:1\"}", "last_known", ERR_SYNTAX},
	{"{\"netmap\": {\"version\": -1}}", "netmap.", ERR_RANGE},
};

static void test_damages(void)
{
	struct device device = {0};
	char where[DEVICE_WHERE_SIZE];

	for (size_t i = 0; i < ARRAY_LENGTH(damages); i++) {
		put(damages[i].text);
		int err = device_read(path, &device, where);
		tap_ok(err == damages[i].err || (err < 0 && damages[i].err == ERR_RANGE),
			damages[i].text);
		if (!tap_ok(strncmp(where, damages[i].where, strlen(damages[i].where)) == 0,
			    damages[i].where))
			printf("# it is: %s\n", where);
		tap_ok(device.netmap.gateways == NULL, "nothing is given");
	}
	tap_ok(truncate(path, JSONFILE_MAX + 1) == 0, "one byte too long");
	tap_is_int(device_read(path, &device, where), -EFBIG, "is not read");
	(void)unlink(path);
	tap_is_int(device_read(path, &device, where), ERR_NOT_FOUND, "no file");
	tap_is_int(device_read(folder, &device, where), -EINVAL, "a folder");
}

static const struct {
	const char *label, *text;
	int err;
} keys[] = {
	{"two lines", A44 "\n" A44 "\n", 0},
	{"nothing", "", ERR_KEY},
	{"one line", A44 "\n", ERR_KEY},
	{"no line end", A44 "\n" A44, ERR_KEY},
	{"something behind it", A44 "\n" A44 "\n\n", ERR_KEY},
	{"a space for a line end", A44 " " A44 "\n", ERR_KEY},
	{"a first key that is none", "?" A44 "\n" A44 "\n", ERR_KEY},
	{"a second key that is none", A44 "\n?AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
		ERR_KEY},
};

static void test_keys(void)
{
	struct device_key key = {{0}, {0}}, read = {{0}, {0}};
	uint8_t public_key[NETMAP_KEY_SIZE];
	struct stat status;

	for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
		put(keys[i].text);
		tap_is_int(device_key_read(path, &read), keys[i].err, keys[i].label);
	}
	(void)unlink(path);
	tap_is_int(device_key_read(path, &read), ERR_NOT_FOUND, "no file");
	tap_is_int(device_key_make(&key, public_key), 0, "made");
	tap_ok(!bytes_are_zero(key.private_key, sizeof key.private_key) &&
			!bytes_are_zero(key.preshared_key, sizeof key.preshared_key) &&
			!bytes_are_zero(public_key, sizeof public_key),
		"all of them");
	tap_is_int(device_key_write(path, &key), 0, "written");
	tap_ok(stat(path, &status) == 0 && (status.st_mode & 07777) == 0600, "for its owner only");
	tap_is_int(device_key_read(path, &read), 0, "read");
	tap_ok(memcmp(&read, &key, sizeof key) == 0, "the same");
}

int main(void)
{
	if (!mkdtemp(folder))
		abort();
	(void)snprintf(path, sizeof path, "%s/file", folder);
	test_round_trip();
	test_damages();
	test_keys();
	(void)unlink(path);
	tap_ok(rmdir(folder) == 0, "nothing was left beside it");
	return tap_done();
}
