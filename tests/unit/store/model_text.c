/* SPDX-License-Identifier: ISC */
/* Model and store as text, to be compared. */
#include "model.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "store/group.h"
#include "store/service.h"
#include "store/user.h"
#include "store_lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lines that are not sorted yet. */
struct lines {
	char **at;
	size_t count;
};

static void add_line(struct lines *lines, int kind, const struct model_row *row)
{
	char *line = NULL;
	int size = asprintf(&line, "%d %s %s %s %d %llu %llu %llu\n", kind, row->a, row->b,
		row->key, row->state, (unsigned long long)row->id, (unsigned long long)row->invite,
		(unsigned long long)row->expires_ns);

	lab_must(size > 0, "write a line");
	lines->at = memory_grow(lines->at, lines->count + 1, sizeof *lines->at);
	lines->at[lines->count++] = line;
}

static int compare(const void *left, const void *right)
{
	const char *const *a = left, *const *b = right;

	return strcmp(*a, *b);
}

/* Sorts and joins; frees the lines. */
static char *join(struct lines *lines)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	lab_must(stream != NULL, "write text");
	if (lines->count > 0)
		qsort(lines->at, lines->count, sizeof *lines->at, compare);
	for (size_t i = 0; i < lines->count; i++) {
		(void)fputs(lines->at[i], stream);
		free(lines->at[i]);
	}
	free(lines->at);
	(void)fclose(stream);
	return text;
}

char *model_text(const struct model *model)
{
	struct lines lines = {0};

	for (int kind = 0; kind < MODEL_KINDS; kind++) {
		for (size_t i = 0; i < model->counts[kind]; i++)
			add_line(&lines, kind, &model->rows[kind][i]);
	}
	return join(&lines);
}

static void set(char ret_text[static STORE_NAME_SIZE], const char *text)
{
	(void)snprintf(ret_text, STORE_NAME_SIZE, "%.63s", text);
}

static int add_user(void *context, const struct store_user *user)
{
	struct model_row row = {0};

	set(row.a, user->name);
	add_line(context, MODEL_USER, &row);
	return 0;
}

static int add_group(void *context, const struct store_group *group)
{
	struct model_row row = {0};

	set(row.a, group->name);
	add_line(context, MODEL_GROUP, &row);
	return 0;
}

static int add_member(void *context, const struct store_member *member)
{
	struct model_row row = {0};

	set(row.a, member->group);
	set(row.b, member->user);
	add_line(context, MODEL_MEMBER, &row);
	return 0;
}

static int add_service(void *context, const struct store_service *service)
{
	struct model_row row = {0};

	set(row.a, service->name);
	set(row.b, service->host);
	add_line(context, MODEL_SERVICE, &row);
	return 0;
}

static int add_device(void *context, const struct store_device *device)
{
	struct model_row row = {
		.id = device->id, .invite = device->invite_id, .state = (int)device->state};

	set(row.a, device->user);
	set(row.b, device->name);
	hex_format(device->public_key, STORE_KEY_SIZE, row.key);
	add_line(context, MODEL_DEVICE, &row);
	return 0;
}

static int add_invite(void *context, const struct store_invite *invite)
{
	struct model_row row = {
		.id = invite->id, .expires_ns = invite->expires_ns, .state = (int)invite->state};

	set(row.a, invite->subject);
	hex_format(invite->public_key, STORE_KEY_SIZE, row.key);
	add_line(context, MODEL_INVITE, &row);
	return 0;
}

char *model_text_of_store(struct store *store)
{
	struct lines lines = {0};
	int err = store_user_each(store, add_user, &lines);

	if (err == 0)
		err = store_group_each(store, add_group, &lines);
	if (err == 0)
		err = store_member_each(store, NULL, NULL, add_member, &lines);
	if (err == 0)
		err = store_service_each(store, add_service, &lines);
	if (err == 0)
		err = store_device_each(store, NULL, STORE_DEVICES_ALL, add_device, &lines);
	if (err == 0)
		err = store_invite_each(store, STORE_INVITES_ALL, add_invite, &lines);
	char *text = join(&lines);
	if (err == 0)
		return text;
	printf("# cannot list: %s\n", err_str(err));
	free(text);
	return NULL;
}
