/* SPDX-License-Identifier: ISC */
/* Knock keys in the store, against a model that keeps all of it in sets. */
#include "store/knock.h"

#include "base/bytes.h"
#include "base/error.h"
#include "dice.h"
#include "store_lab.h"
#include "tap.h"

#include <stdio.h>

static struct lab lab;

enum {
	STEPS = 4000,
	DEVICES_MAX = 4096, /* that ever are */
	LIVE_MAX = 24,
	NUMBERS_MAX = 4096,
};

struct model_device {
	uint64_t id;
	bool is_live;
	bool knows[NUMBERS_MAX];
	uint64_t has, told;
};

/* Keys as they are in the store. */
struct seen {
	struct store_knock knocks[KNOCK_KEYS_MAX + 1];
	size_t count;
	uint64_t newest; /* of the members */
};

static struct model_device devices[DEVICES_MAX];
static size_t device_count;
static uint8_t keys[NUMBERS_MAX][KNOCK_KEY_SIZE]; /* as first seen; zero: not yet */

static int see(void *context, const struct store_knock *knock)
{
	struct seen *seen = context;

	lab_must(seen->count < ARRAY_LENGTH(seen->knocks), "room for keys");
	seen->knocks[seen->count++] = *knock;
	if (!knock->is_joining)
		seen->newest = knock->number;
	return 0;
}

static struct seen look(void)
{
	static struct seen seen;

	seen = (struct seen){0};
	lab_must(store_knock_each(lab.store, see, &seen) == 0, "visit");
	return seen;
}

static const struct store_knock *find(const struct seen *seen, uint64_t number)
{
	for (size_t i = 0; i < seen->count; i++) {
		if (seen->knocks[i].number == number)
			return &seen->knocks[i];
	}
	return NULL;
}

static void rotate(void)
{
	const struct store_actor by = lab_root(0);

	lab_must(store_knock_rotate(lab.store, &by) == 0, "rotate");
}

static struct store_device add_device(uint64_t number)
{
	const struct store_actor by = lab_root(number);
	struct store_device device;
	uint8_t key[STORE_KEY_SIZE];
	char name[32];

	lab_key('d', number, key);
	(void)snprintf(name, sizeof name, "d%llu", (unsigned long long)number);
	lab_must(store_device_add(lab.store, &by, "alice",
			 &(struct store_enrolment){name, key, NULL}, &device) == 0,
		"add a device");
	return device;
}

static int tell(uint64_t device, uint64_t told, uint64_t has)
{
	const struct store_knock_news news = {.holder = device, .told = told, .has = has};

	return store_knock_tell(lab.store, &news, 1);
}

/* ---- the model ---- */

static bool is_out(uint64_t number)
{
	for (size_t i = 0; i < device_count; i++) {
		if (!devices[i].is_live && devices[i].knows[number])
			return true;
	}
	return false;
}

/* What is wrong; NULL: nothing. */
static const char *judge(const struct seen *seen)
{
	const struct store_knock *newest = find(seen, seen->newest);

	if (!newest || newest->is_spoiled)
		return "the newest is there, and known to nobody who is out";
	for (size_t i = 0; i < seen->count; i++) {
		const struct store_knock *knock = &seen->knocks[i];
		uint8_t *key = keys[knock->number];

		if (bytes_are_zero(key, KNOCK_KEY_SIZE))
			memcpy(key, knock->key, KNOCK_KEY_SIZE);
		if (memcmp(key, knock->key, KNOCK_KEY_SIZE) != 0)
			return "a number keeps its key";
		if (knock->is_spoiled != is_out(knock->number))
			return "spoiled is what those know who are out, and nothing else";
	}
	for (size_t i = 0; i < device_count; i++) {
		const struct model_device *device = &devices[i];
		if (device->is_live && device->has && !find(seen, device->has))
			return "what a device has is accepted";
		if (device->is_live && device->told && !find(seen, device->told))
			return "what a device was told last is accepted";
	}
	return seen->count <= STORE_KNOCKS_MEMBER_MAX ? NULL : "no more than there is room for";
}

static struct model_device *some_device(struct dice *dice)
{
	struct model_device *live[LIVE_MAX];
	size_t count = 0;

	for (size_t i = 0; i < device_count; i++) {
		if (devices[i].is_live)
			live[count++] = &devices[i];
	}
	return count ? live[dice_roll(dice, count)] : NULL;
}

static size_t live_count(void)
{
	size_t count = 0;

	for (size_t i = 0; i < device_count; i++)
		count += devices[i].is_live;
	return count;
}

/* It is told the newest; the answer may be lost, and what it has be said never. */
static void step_tell(struct dice *dice, struct model_device *device)
{
	uint64_t newest = look().newest;

	lab_must(tell(device->id, newest, 0) == 0, "tell");
	device->knows[newest] = true;
	device->told = newest;
	if (dice_roll(dice, 3) == 0)
		return;
	device->has = newest;
	if (dice_roll(dice, 4) > 0)
		lab_must(tell(device->id, 0, newest) == 0, "hear what it has");
}

static void step_remove(struct model_device *device)
{
	const struct store_actor by = lab_root(0);

	lab_must(store_device_revoke(lab.store, &by, device->id) == 0, "revoke");
	device->is_live = false;
}

static void step(struct dice *dice)
{
	struct model_device *device = some_device(dice);
	uint64_t roll = dice_roll(dice, 100);

	if (roll < 40) {
		rotate();
	} else if (roll < 50 && live_count() < LIVE_MAX && device_count < DEVICES_MAX) {
		devices[device_count].id = add_device(device_count).id;
		devices[device_count++].is_live = true;
	} else if (roll < 94 && device) {
		step_tell(dice, device);
	} else if (device) {
		step_remove(device);
	}
}

static void test_model(void)
{
	struct dice dice = {5};
	const char *fault = NULL;
	int steps = 0;
	size_t most = 0;

	rotate();
	for (; steps < STEPS && !fault; steps++) {
		step(&dice);
		struct seen seen = look();
		lab_must(seen.newest < NUMBERS_MAX, "room for numbers");
		most = seen.count > most ? seen.count : most;
		fault = judge(&seen);
	}
	if (fault)
		printf("# step %d: not so: %s\n", steps, fault);
	tap_ok(!fault, "what is accepted, and in which class, through rotations and removals");
	tap_is_int((int)most, STORE_KNOCKS_MEMBER_MAX, "there were as many keys as there may be");
	size_t out = device_count - live_count();
	tap_ok(out > 100, "and devices that were removed");
	lab_must(store_user_remove(lab.store,
			 &(struct store_actor){"root", STORE_WAY_LOCAL, LAB_NOW_NS}, "alice") == 0,
		"remove alice");
	for (size_t i = 0; i < device_count; i++)
		devices[i].is_live = false;
	struct seen seen = look();
	tap_ok(!judge(&seen), "a user's devices go together");
}

/* ---- single cases ---- */

static void test_rules(void)
{
	const struct store_actor by = lab_root(0);
	struct store_knock_rules rules = {0};

	tap_is_int(store_knock_get_rules(lab.store, &rules), 0, "rules of a new network");
	tap_is_int(rules.mode, KNOCK_REQUIRED, "it is required");
	tap_is_int(rules.rotation_s, STORE_KNOCK_ROTATION_S, "a key a day");
	rules = (struct store_knock_rules){KNOCK_PREFERRED, 3600};
	tap_is_int(store_knock_set_rules(lab.store, &by, &rules), 0, "others");
	rules = (struct store_knock_rules){0};
	lab_must(store_knock_get_rules(lab.store, &rules) == 0, "get");
	tap_ok(rules.mode == KNOCK_PREFERRED && rules.rotation_s == 3600, "are kept");
	rules.rotation_s = STORE_KNOCK_ROTATION_MIN_S - 1;
	tap_is_int(store_knock_set_rules(lab.store, &by, &rules), ERR_RANGE, "too often");
	rules.rotation_s = STORE_KNOCK_ROTATION_MAX_S + 1;
	tap_is_int(store_knock_set_rules(lab.store, &by, &rules), ERR_RANGE, "too seldom");
}

static void test_tokens(void)
{
	struct store_invite first, second, third;
	struct store_device device;
	struct seen seen;

	lab_must(lab_invite(lab.store, "alice", 1, 60, &first) == 0 &&
			 lab_invite(lab.store, "alice", 2, 60, &second) == 0,
		"invite");
	tap_ok(first.knock > 0 && first.knock == second.knock, "open invites share a key");
	seen = look();
	const struct store_knock *knock = find(&seen, first.knock);
	tap_ok(knock && knock->is_joining, "it is for joining");
	lab_must(lab_redeem(lab.store, 1, 7001, "laptop", &device) == 0, "redeem");
	lab_must(lab_invite(lab.store, "alice", 3, 60, &third) == 0, "invite");
	tap_ok(third.knock > first.knock, "not with one whose key is over");
	seen = look();
	tap_ok(find(&seen, first.knock), "which the other still needs");
	lab_must(store_invite_revoke(lab.store,
			 &(struct store_actor){"root", STORE_WAY_LOCAL, LAB_NOW_NS},
			 second.id) == 0 &&
			 lab_invite(lab.store, "alice", 4, 60, &first) == 0,
		"withdraw, and invite");
	tap_is_int((int)first.knock, (int)third.knock, "the clean key again");
	seen = look();
	tap_ok(!find(&seen, second.knock), "no invite needs the old one: it is gone");
}

/* An invite that goes leaves one behind that is open, each with a key of its own. */
static void test_many_tokens(void)
{
	struct store_invite invite;
	struct seen seen;
	size_t joining = 0;

	for (uint64_t i = 0; i < STORE_KNOCKS_JOINING_MAX + 10; i++) {
		lab_must(lab_invite(lab.store, "alice", 100 + 2 * i, 60, &invite) == 0 &&
				 lab_invite(lab.store, "alice", 101 + 2 * i, 60, &invite) == 0,
			"invite");
		lab_must(store_invite_revoke(lab.store,
				 &(struct store_actor){"root", STORE_WAY_LOCAL, LAB_NOW_NS},
				 invite.id) == 0,
			"withdraw");
	}
	seen = look();
	for (size_t i = 0; i < seen.count; i++)
		joining += seen.knocks[i].is_joining;
	tap_is_int((int)joining, STORE_KNOCKS_JOINING_MAX, "keys for joining do not grow");
}

/* Each device was told another key and is away since: then the one goes that is away longest. */
static void test_all_needed(void)
{
	enum { AWAY = STORE_KNOCKS_MEMBER_MAX };
	uint64_t first = 0;
	struct seen seen;

	for (uint64_t i = 0; i < AWAY; i++) {
		rotate();
		uint64_t newest = look().newest;
		first = first ? first : newest;
		lab_must(tell(add_device(8000 + i).id, newest, newest) == 0, "tell");
	}
	seen = look();
	tap_ok(find(&seen, first), "as many are away as there is room for");
	rotate();
	seen = look();
	tap_ok(!find(&seen, first) && find(&seen, first + 1),
		"one more, and the first is forgotten");
}

/* Two keys never go by one epoch: a number is skipped rather. */
static void test_epochs(void)
{
	struct seen seen = look();
	uint64_t kept = seen.newest;

	lab_sql(&lab, "UPDATE sqlite_sequence SET seq = (SELECT max(number) FROM knocks)"
		      " + 65535 WHERE name = 'knocks'");
	rotate();
	seen = look();
	tap_is_int((int)(seen.newest - kept), 65537, "the epoch that is taken was left out");
}

static void test_gateway(void)
{
	const struct store_actor by = lab_root(0);
	struct store_gateway gateway;
	uint8_t key[STORE_KEY_SIZE];
	uint64_t former = look().newest;
	struct seen seen;

	lab_key('g', 5, key);
	lab_must(store_gateway_add(lab.store, &by, "berlin", key, "b.example.net:1", &gateway) == 0,
		"add a gateway");
	const struct store_knock_news news = {true, gateway.id, former, former};
	lab_must(store_knock_tell(lab.store, &news, 1) == 0, "tell it");
	lab_must(store_gateway_get(lab.store, "berlin", &gateway) == 0, "get");
	tap_ok(gateway.knock_told == former && gateway.knock_has == former, "it is kept");
	lab_must(store_gateway_remove(lab.store, &by, "berlin") == 0, "remove");
	seen = look();
	bool is_right = seen.newest > former;
	for (size_t i = 0; i < seen.count; i++) {
		const struct store_knock *knock = &seen.knocks[i];
		if (!knock->is_joining && knock->is_spoiled != (knock->number <= former))
			is_right = false;
	}
	tap_ok(is_right, "a gateway knew all keys, and the next is another");
}

/* A backup does not know what was told since: nobody is locked out, and no number comes twice. */
static void test_restore(void)
{
	const struct store_actor by = lab_root(0);
	struct store_knock_rules rules = {KNOCK_REQUIRED, 3600};
	char backup[LAB_PATH_SIZE];

	lab_path(&lab, "backup", backup);
	lab_must(store_knock_set_rules(lab.store, &by, &rules) == 0, "require");
	lab_must(store_backup(lab.store, &by, backup) == 0, "back up");
	for (int i = 0; i < 5; i++)
		rotate();
	uint64_t newest = look().newest;
	store_close(lab.store);
	lab_must(store_restore(backup, &by, lab.path) == 0, "restore");
	lab.store = lab_reopen(&lab, STORE_EXISTING);
	lab_must(store_knock_get_rules(lab.store, &rules) == 0, "get");
	tap_ok(rules.mode == KNOCK_PREFERRED && rules.rotation_s == 3600,
		"a restored network prefers knocks");
	tap_ok(look().newest < newest, "as it has older keys");
	rotate();
	tap_ok(look().newest > newest, "and gives no number again");
}

int main(void)
{
	const struct store_actor by = lab_root(0);

	lab_open(&lab);
	lab_must(store_user_add(lab.store, &by, "alice", NULL, 0) == 0, "add alice");
	test_rules();
	test_model();
	lab_must(store_user_add(lab.store, &by, "alice", NULL, 0) == 0, "add alice");
	test_tokens();
	test_many_tokens();
	test_all_needed();
	test_epochs();
	test_gateway();
	test_restore();
	tap_ok(lab_is_sound(lab.store), "the log is sound");
	lab_end(&lab);
	return tap_done();
}
