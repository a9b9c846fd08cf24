/* SPDX-License-Identifier: ISC */
/* What is written down is read again; what is damaged is said to be. */
#include "tap.h"

#include "base/error.h"
#include "harden/login.h"
#include "harden/record.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

static char state[] = "/tmp/tacet-record-XXXXXX";

static void fill(struct record *record)
{
	static const char *const keeps[] = {"tcp/22 from 192.0.2.0/24", "udp/5000-5010"};
	static const char ssh[] = "2001:db8::7 50022 2001:db8::1 22";

	for (size_t i = 0; i < ARRAY_LENGTH(keeps); i++)
		if (keep_parse(keeps[i], strlen(keeps[i]), &record->keeps[i]) < 0)
			tap_ok(false, keeps[i]);
	record->keep_count = ARRAY_LENGTH(keeps);
	record->inside = (struct rules_faces){.names = {"docker0"}, .count = 1};
	if (login_parse_ssh(ssh, strlen(ssh), &record->session) < 0)
		tap_ok(false, ssh);
	static const struct neighbour neighbours[] = {
		{.address = {ADDRESS_IPV4, {192, 0, 2, 20}}, .mac = {2, 1, 0xfe}, .has_mac = true},
		{.address = {ADDRESS_IPV6, {0xfe, 0x80, [15] = 1}}, .is_named = true}};
	record->level = RULES_SEALED;
	record->engine = RULES_ENGINE_KERNEL;
	record->outer = (struct rules_faces){.names = {"eth0", "eth1"}, .count = 2};
	memcpy(record->neighbours.list, neighbours, sizeof neighbours);
	record->neighbours.count = ARRAY_LENGTH(neighbours);
	record->peers =
		(struct rules_peers){.list = {{{ADDRESS_IPV4, {198, 51, 100}}, 24}}, .count = 1};
	record->applied_s = 1700000000;
	record->applied_ns = 123456789012;
	record->deadline_ns = UINT64_C(9223372036854775807);
	(void)snprintf(record->boot, sizeof record->boot, "a-boot"); /* it fits */
}

static void test_sets(void)
{
	static struct record written, read_back;
	struct settings none = {0};

	fill(&written);
	tap_is_int(record_read(state, RECORD_PENDING, &read_back), -ENOENT, "none at first");
	tap_is_int(record_write(state, RECORD_PENDING, &written, "rules \"quoted\"\n", &none), 0,
		"written");
	tap_is_int(record_read(state, RECORD_PENDING, &read_back), 0, "read");
	tap_ok(read_back.keep_count == 2 && keep_equal(&read_back.keeps[0], &written.keeps[0]) &&
			keep_equal(&read_back.keeps[1], &written.keeps[1]),
		"exceptions");
	tap_ok(read_back.inside.count == 1 && strcmp(read_back.inside.names[0], "docker0") == 0,
		"interfaces");
	tap_ok(read_back.outer.count == 2 && strcmp(read_back.outer.names[1], "eth1") == 0,
		"those outside");
	tap_ok(read_back.level == RULES_SEALED && read_back.engine == RULES_ENGINE_KERNEL,
		"level and engine");
	tap_is_bytes(&read_back.neighbours, &written.neighbours, sizeof written.neighbours,
		"neighbours");
	tap_is_bytes(&read_back.peers, &written.peers, sizeof written.peers, "peers");
	tap_is_bytes(&read_back.session, &written.session, sizeof written.session, "session");
	tap_ok(read_back.applied_s == written.applied_s &&
			read_back.applied_ns == written.applied_ns &&
			read_back.deadline_ns == written.deadline_ns &&
			strcmp(read_back.boot, "a-boot") == 0,
		"times");
	tap_is_int(record_read(state, RECORD_CONFIRMED, &read_back), -ENOENT, "not the other kind");
	tap_is_int(record_remove(state, RECORD_PENDING), 0, "removed");
	tap_is_int(record_remove(state, RECORD_PENDING), 0, "removed twice");
	tap_is_int(record_read(state, RECORD_PENDING, &read_back), -ENOENT, "gone");
}

#define HEAD "{\"version\": 1, \"level\": \"standard\", "
#define TAIL                                                                                       \
	", \"applied_s\": 1, \"applied_ns\": 1, \"deadline_ns\": 0, \"boot\": \"b\", "             \
	"\"ruleset\": \"\", \"settings\": {}}"

static const struct {
	const char *name, *text;
	int result;
} damaged[] = {
	{"whole", HEAD "\"keep\": [], \"inside\": [], \"session\": null" TAIL, 0},
	{"empty", "", ERR_SYNTAX},
	{"cut", HEAD, ERR_SYNTAX},
	{"newer",
		"{\"version\": 2, \"level\": \"standard\", \"keep\": [], \"inside\": [], "
		"\"session\": null" TAIL,
		ERR_VERSION},
	{"a keep is wrong", HEAD "\"keep\": [\"tcp\"], \"inside\": [], \"session\": null" TAIL,
		ERR_SYNTAX},
	{"a keep is a number", HEAD "\"keep\": [1], \"inside\": [], \"session\": null" TAIL,
		ERR_SYNTAX},
	{"an interface is wrong",
		HEAD "\"keep\": [], \"inside\": [\"a\\\"b\"], \"session\": null" TAIL, ERR_SYNTAX},
	{"of another level",
		"{\"version\": 1, \"level\": \"open\", \"keep\": [], \"inside\": [], "
		"\"session\": null" TAIL,
		ERR_VERSION},
	{"a neighbour is wrong",
		HEAD "\"keep\": [], \"inside\": [], \"session\": null, \"neighbours\": "
		     "[{\"address\": \"192.0.2.1\", \"link\": \"02:00\", \"named\": true}]" TAIL,
		ERR_SYNTAX},
	{"an engine is wrong",
		HEAD "\"keep\": [], \"inside\": [], \"session\": null, \"engine\": \"x\"" TAIL,
		ERR_SYNTAX},
	{"a peer is wrong",
		HEAD "\"keep\": [], \"inside\": [], \"session\": null, \"peers\": [7]" TAIL,
		ERR_SYNTAX},
	{"a session is wrong",
		HEAD "\"keep\": [], \"inside\": [], \"session\": {\"there\": \"x\", "
		     "\"port_there\": 1, \"here\": \"x\", \"port_here\": 1}" TAIL,
		ERR_SYNTAX},
	{"a session's port is too large",
		HEAD "\"keep\": [], \"inside\": [], \"session\": {\"there\": \"192.0.2.1\", "
		     "\"port_there\": 65536, \"here\": \"192.0.2.2\", \"port_here\": 1}" TAIL,
		ERR_SYNTAX},
};

static void test_damaged(void)
{
	static struct record record;
	char path[PATH_MAX];

	(void)snprintf(path, sizeof path, "%s/harden/set.json", state); /* it fits */
	for (size_t i = 0; i < ARRAY_LENGTH(damaged); i++) {
		FILE *file = fopen(path, "we");
		if (!file || fputs(damaged[i].text, file) < 0 || fclose(file) != 0) {
			tap_ok(false, "cannot write");
			return;
		}
		tap_is_int(record_read(state, RECORD_CONFIRMED, &record), damaged[i].result,
			damaged[i].name);
	}
	tap_is_int(record_remove(state, RECORD_CONFIRMED), 0, "removed");
}

static void test_settings(void)
{
	struct settings before = {0};

	tap_is_int(record_read_before(state, &before), 0, "none is not an error");
	tap_is_int((intmax_t)before.count, 0, "none");
	tap_is_int(settings_add(&before, "ipv4/conf/all/send_redirects", 1), 0, "added");
	tap_is_int(settings_add(&before, "ipv4/conf/all/send_redirects", 0), 0, "added again");
	tap_is_int(settings_add(&before, "../kernel/core_pattern", 0), -EINVAL, "up the tree");
	tap_is_int(settings_add(&before, "ipv4/../../kernel/x", 0), -EINVAL, "up behind a start");
	tap_is_int(settings_add(&before, "core/somaxconn", 0), -EINVAL, "not ours to set");
	tap_is_int(settings_add(&before, "", 0), -EINVAL, "empty");
	tap_is_int(record_write_before(state, &before), 0, "written");
	settings_done(&before);
	tap_is_int(record_read_before(state, &before), 0, "read");
	tap_ok(before.count == 1 && before.list[0].value == 1 &&
			strcmp(before.list[0].path, "ipv4/conf/all/send_redirects") == 0,
		"as it was first");
	settings_done(&before);
	tap_is_int(record_remove_before(state), 0, "removed");
}

int main(void)
{
	char boot[RECORD_BOOT_SIZE], path[PATH_MAX];

	if (!mkdtemp(state))
		return 1;
	int lock = record_lock(state);
	tap_ok(lock >= 0, "locked");
	tap_is_int(record_boot(boot), 0, "this boot");
	tap_is_int((intmax_t)strlen(boot), 36, "has a name");
	test_sets();
	test_damaged();
	test_settings();
	(void)close(lock);
	(void)snprintf(path, sizeof path, "%s/harden/lock", state); /* it fits */
	(void)unlink(path);
	(void)snprintf(path, sizeof path, "%s/harden", state); /* it fits */
	(void)rmdir(path);
	tap_is_int(rmdir(state), 0, "nothing else was left");
	return tap_done();
}
