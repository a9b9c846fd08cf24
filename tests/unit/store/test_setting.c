/* SPDX-License-Identifier: ISC */
/* Settings, the network's, and the texts of policies. */
#include "base/error.h"
#include "store_lab.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>

static struct lab lab;

static int count_setting(void *context, const char *key, const char *value)
{
	(void)value;
	*(int *)context += strncmp(key, "network.", 8) != 0;
	return 0;
}

static void test_settings(void)
{
	const struct store_actor by = lab_root(1);
	static char value[STORE_SETTING_SIZE], longest[STORE_SETTING_SIZE + 1];
	int count = 0;

	memset(longest, 'x', STORE_SETTING_SIZE);
	tap_is_int(store_setting_get(lab.store, "dns", value), ERR_NOT_FOUND, "not set");
	tap_is_int(store_setting_set(lab.store, &by, "dns", "on"), 0, "set");
	tap_is_int(store_setting_set(lab.store, &by, "dns", "\xc3\xbc\n"), 0, "set once more");
	tap_is_int(store_setting_get(lab.store, "dns", value), 0, "get");
	tap_ok(strcmp(value, "\xc3\xbc\n") == 0, "what was set");
	tap_is_int(store_setting_set(lab.store, &by, "dns", "\xff"), ERR_SYNTAX, "not UTF-8");
	tap_is_int(store_setting_set(lab.store, &by, "D", "on"), ERR_NAME, "no name");
	tap_is_int(store_setting_set(lab.store, &by, "network.name", "x"), ERR_WRONG_STATE,
		"one of the network's");
	tap_is_int(store_setting_set(lab.store, &by, "long", longest), ERR_RANGE, "too long");
	longest[STORE_SETTING_SIZE - 1] = '\0';
	tap_is_int(store_setting_set(lab.store, &by, "long", longest), 0, "just not too long");
	tap_is_int(store_setting_get(lab.store, "long", value), 0, "get");
	tap_ok(strcmp(value, longest) == 0, "what was set");
	tap_is_int(store_setting_each(lab.store, count_setting, &count), 0, "list");
	tap_is_int(count, 2, "two of them");
}

static void test_network(void)
{
	const struct store_actor by = lab_root(2);
	struct store_network network, other = {.name = "x", .endpoint = "h:1", .server_key = "k"};
	struct lab bare;

	tap_is_int(store_network_get(lab.store, &network), 0, "get the network");
	tap_ok(strcmp(network.name, "tacet") == 0, "its name");
	tap_is_int(network.overlay.ipv6.length, 48, "its IPv6 prefix");
	tap_is_int(network.overlay.ipv6.address.bytes[0], 0xfd, "is a local one");
	store_network_draw(entropy_kernel(), &other);
	tap_ok(!address_equal(&other.overlay.ipv6.address, &network.overlay.ipv6.address),
		"drawn at random");
	tap_is_int(store_network_init(lab.store, &by, &other), ERR_EXISTS, "it is set once");
	other.overlay.ipv4.length = 25;
	tap_is_int(store_network_init(lab.store, &by, &other), ERR_RANGE, "too small a prefix");
	tap_is_int(store_network_set_endpoint(lab.store, &by, "new.example.net:1"), 0, "moves");
	tap_is_int(store_network_get(lab.store, &network), 0, "get it");
	tap_ok(strcmp(network.endpoint, "new.example.net:1") == 0, "it has moved");
	lab_begin(&bare);
	lab_must(store_open(bare.path, STORE_CREATE, LAB_NOW_NS, &bare.store) == 0, "open");
	tap_is_int(store_network_get(bare.store, &network), ERR_NO_NETWORK, "none yet");
	tap_is_int(store_network_set_endpoint(bare.store, &by, "h:1"), ERR_NO_NETWORK, "none yet");
	lab_must(store_user_add(bare.store, &by, "alice", NULL, 0) == 0, "add alice");
	struct store_invite invite;
	tap_is_int(lab_invite(bare.store, "alice", 1, 60, &invite), ERR_NO_NETWORK, "none yet");
	lab_end(&bare);
}

struct seen {
	int count;
	uint64_t version;
	size_t size;
	char text[64]; /* the beginning */
	char actor[STORE_ACTOR_SIZE];
};

static int see(void *context, const struct store_policytext *policy)
{
	struct seen *seen = context;

	seen->count++;
	seen->version = policy->version;
	seen->size = policy->size;
	(void)snprintf(seen->text, sizeof seen->text, "%s", policy->text);
	(void)snprintf(seen->actor, sizeof seen->actor, "%s", policy->actor);
	return 0;
}

static int apply(const char *text, size_t size, uint64_t *ret_version)
{
	const struct store_actor by = lab_root(3);
	const struct store_policy_change change = {.text = text, .size = size};

	return store_policy_apply(lab.store, &by, &change, ret_version);
}

static void test_policies(void)
{
	struct seen seen = {0};
	uint64_t version = 0;
	char *great = malloc(STORE_POLICY_SIZE_MAX + 2);

	lab_must(great != NULL, "allocate");
	memset(great, '#', STORE_POLICY_SIZE_MAX + 1);
	great[STORE_POLICY_SIZE_MAX + 1] = great[STORE_POLICY_SIZE_MAX] = '\0';
	tap_is_int(store_policy_get(lab.store, 0, see, &seen), ERR_NOT_FOUND, "none yet");
	tap_is_int(apply("a: 1\n", 5, &version), 0, "apply");
	tap_is_int(apply("a: 2\n", 5, &version), 0, "apply another");
	tap_is_int((intmax_t)version, 2, "version 2");
	tap_is_int(apply("a\0b", 3, &version), ERR_SYNTAX, "a zero");
	tap_is_int(apply("a\xff", 2, &version), ERR_SYNTAX, "UTF-8");
	tap_is_int(apply(great, STORE_POLICY_SIZE_MAX + 1, &version), ERR_RANGE, "too long");
	tap_is_int(store_policy_get(lab.store, 0, see, &seen), 0, "the latest");
	tap_ok(seen.version == 2 && strcmp(seen.text, "a: 2\n") == 0, "is the second");
	tap_ok(strcmp(seen.actor, "root") == 0, "who applied it");
	tap_is_int(store_policy_get(lab.store, 1, see, &seen), 0, "the first");
	tap_ok(seen.version == 1 && strcmp(seen.text, "a: 1\n") == 0, "is kept");
	tap_is_int(store_policy_get(lab.store, 3, see, &seen), ERR_NOT_FOUND, "no such version");
	tap_is_int(apply(great, STORE_POLICY_SIZE_MAX, &version), 0, "just not too long");
	seen = (struct seen){0};
	tap_is_int(store_policy_each(lab.store, see, &seen), 0, "all");
	tap_ok(seen.count == 3 && seen.version == 1, "the latest first");
	tap_ok(lab_is_sound(lab.store), "the log is sound");
	free(great);
}

int main(void)
{
	lab_open(&lab);
	test_settings();
	test_network();
	test_policies();
	lab_end(&lab);
	return tap_done();
}
