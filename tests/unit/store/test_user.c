/* SPDX-License-Identifier: ISC */
/* Users and groups. */
#include "base/error.h"
#include "store_lab.h"
#include "tap.h"

#include <stdio.h>

static struct lab lab;

/* Names in the order in which they are visited, each with a space behind it. */
struct list {
	char text[512];
	int count;
};

static void note(struct list *list, const char *name)
{
	size_t at = strlen(list->text);

	(void)snprintf(list->text + at, sizeof list->text - at, "%s ", name);
	list->count++;
}

static int note_user(void *context, const struct store_user *user)
{
	note(context, user->name);
	return 0;
}

static int note_group(void *context, const struct store_group *group)
{
	char text[128];

	(void)snprintf(text, sizeof text, "%s=%u", group->name, (unsigned)group->member_count);
	note(context, text);
	return 0;
}

static int note_member(void *context, const struct store_member *member)
{
	char text[160];

	(void)snprintf(text, sizeof text, "%s:%s", member->group, member->user);
	note(context, text);
	return 0;
}

static int stop_at_second(void *context, const struct store_user *user)
{
	struct list *list = context;

	note(list, user->name);
	return list->count == 2 ? 4711 : 0;
}

static void are_users(const char *text, const char *name)
{
	struct list list = {0};

	tap_is_int(store_user_each(lab.store, note_user, &list), 0, name);
	tap_ok(strcmp(list.text, text) == 0, name);
}

static void are_groups(const char *text, const char *name)
{
	struct list list = {0};

	tap_is_int(store_group_each(lab.store, note_group, &list), 0, name);
	tap_ok(strcmp(list.text, text) == 0, name);
}

static void are_members(const char *group, const char *user, const char *text, const char *name)
{
	struct list list = {0};

	tap_is_int(store_member_each(lab.store, group, user, note_member, &list), 0, name);
	tap_ok(strcmp(list.text, text) == 0, name);
}

static void test_users(void)
{
	const struct store_actor by = lab_root(1);
	const char *const groups[] = {"staff", "engineers"};
	struct store_user user, again;
	uint64_t entries = lab_entries(lab.store);
	struct list list = {0};

	tap_is_int(store_user_add(lab.store, &by, "bob", NULL, 0), 0, "add bob");
	tap_is_int(store_user_add(lab.store, &by, "alice", groups, 2), 0, "add alice");
	tap_ok(lab_entries(lab.store) == entries + 2, "two acts, two entries");
	tap_is_int(store_user_add(lab.store, &by, "alice", NULL, 0), ERR_EXISTS, "alice twice");
	tap_is_int(store_user_add(lab.store, &by, "Alice", NULL, 0), ERR_NAME, "no name");
	tap_is_int(store_user_add(lab.store, &by, "carol", (const char *const[]){"x", "x"}, 2),
		ERR_EXISTS, "a group twice");
	tap_ok(lab_entries(lab.store) == entries + 2, "failures leave no entry");
	are_users("alice bob ", "by name");
	are_groups("engineers=1 staff=1 ", "groups are made with their first user");
	tap_is_int(store_user_each(lab.store, stop_at_second, &list), 4711, "a visitor stops");
	tap_is_int(store_user_get(lab.store, "alice", &user), 0, "get alice");
	tap_ok(strcmp(user.name, "alice") == 0 && user.added_ns == by.now_ns, "it is alice");
	tap_is_int(store_user_get(lab.store, "dave", &user), ERR_NOT_FOUND, "get nobody");
	tap_is_int(store_user_remove(lab.store, &by, "alice"), 0, "remove alice");
	tap_is_int(store_user_remove(lab.store, &by, "alice"), ERR_NOT_FOUND, "twice");
	are_users("bob ", "bob is left");
	are_groups("engineers=0 staff=0 ", "groups stay, memberships go");
	tap_is_int(store_user_add(lab.store, &by, "alice", NULL, 0), 0, "another alice");
	tap_is_int(store_user_get(lab.store, "alice", &again), 0, "get her");
	tap_ok(again.id > user.id, "with an id of her own");
}

static void test_groups(void)
{
	const struct store_actor by = lab_root(2);

	tap_is_int(store_group_add(lab.store, &by, "staff"), ERR_EXISTS, "a group that is there");
	tap_is_int(store_group_add(lab.store, &by, "no group"), ERR_NAME, "no name");
	tap_is_int(store_group_add(lab.store, &by, "guests"), 0, "a new group");
	tap_is_int(store_group_add_member(lab.store, &by, "guests", "bob"), 0, "bob joins");
	tap_is_int(store_group_add_member(lab.store, &by, "guests", "bob"), ERR_EXISTS, "twice");
	tap_is_int(store_group_add_member(lab.store, &by, "nobody", "bob"), ERR_NOT_FOUND,
		"a group that is not there");
	tap_is_int(store_group_add_member(lab.store, &by, "guests", "dave"), ERR_NOT_FOUND,
		"a user who is not there");
	tap_is_int(store_group_add_member(lab.store, &by, "staff", "alice"), 0, "alice joins");
	tap_is_int(store_group_add_member(lab.store, &by, "staff", "bob"), 0, "bob too");
	are_members(NULL, NULL, "guests:bob staff:alice staff:bob ", "all members");
	are_members("staff", NULL, "staff:alice staff:bob ", "of a group");
	are_members(NULL, "bob", "guests:bob staff:bob ", "of a user");
	are_members("staff", "bob", "staff:bob ", "of both");
	tap_is_int(store_group_remove_member(lab.store, &by, "guests", "alice"), ERR_NOT_FOUND,
		"who is no member cannot leave");
	tap_is_int(store_group_remove_member(lab.store, &by, "guests", "bob"), 0, "bob leaves");
	tap_is_int(store_group_remove(lab.store, &by, "staff"), 0, "remove a group");
	tap_is_int(store_group_remove(lab.store, &by, "staff"), ERR_NOT_FOUND, "twice");
	are_members(NULL, NULL, "", "its members go with it");
	are_groups("engineers=0 guests=0 ", "it is gone");
}

static void test_actors(void)
{
	struct store_actor by = lab_root(3);
	struct store *reader = lab_reopen(&lab, STORE_READ_ONLY);

	tap_is_int(store_group_add(reader, &by, "x"), ERR_READ_ONLY, "a reader cannot act");
	store_close(reader);
	by.name = "";
	tap_is_int(store_group_add(lab.store, &by, "x"), ERR_SYNTAX, "an actor without a name");
	by.name = "ro\not";
	tap_is_int(store_group_add(lab.store, &by, "x"), ERR_SYNTAX, "a line end in it");
	by = lab_root(3);
	by.way = (enum store_way)3;
	tap_is_int(store_group_add(lab.store, &by, "x"), ERR_RANGE, "a way that is none");
	by = (struct store_actor){"root", STORE_WAY_LOCAL, UINT64_MAX};
	tap_is_int(store_group_add(lab.store, &by, "x"), ERR_RANGE, "a time past 2262");
	tap_ok(lab_is_sound(lab.store), "the log is sound");
}

int main(void)
{
	lab_open(&lab);
	test_users();
	test_groups();
	test_actors();
	lab_end(&lab);
	return tap_done();
}
