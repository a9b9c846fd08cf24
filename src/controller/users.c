/* SPDX-License-Identifier: ISC */
#include "base/error.h"
#include "base/memory.h"
#include "controller/answer.h"
#include "controller/knocks.h"
#include "controller/rollout.h"
#include "controller/routes.h"

#include <stdlib.h>
#include <string.h>

enum {
	GROUPS_MAX = 1000, /* that a user is added to at once */
};

/* The groups of each user, by the user's index: those of the store, then the policy's own. */
static json_t **list_groups(const struct world *world)
{
	json_t **groups = memory_new(world->user_count, sizeof(json_t *));
	const struct policy_document *document = world->document;

	for (size_t i = 0; i < world->user_count; i++)
		groups[i] = json_array();
	for (size_t i = 0; i < world->member_count; i++)
		answer_append(groups[world->members[i].user],
			json_string(world->groups[world->members[i].group].name));
	for (size_t i = 0; document && i < document->group_count; i++) {
		const struct policy_document_group *group = &document->groups[i];

		if (world_find_group(world, group->name) != WORLD_NONE)
			continue;
		for (size_t j = 0; j < group->members.count; j++) {
			size_t user = world_find_user(world, group->members.list[j].name);

			if (user != WORLD_NONE)
				answer_append(groups[user], json_string(group->name));
		}
	}
	return groups;
}

void api_users_get(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	const struct world *world = &((struct controller *)context)->world;
	json_t **groups = list_groups(world);
	json_t *users = json_array();

	(void)words;
	(void)body;
	for (size_t i = 0; i < world->user_count; i++)
		answer_append(users,
			json_pack("{s:s, s:o, s:o}", "name", world->users[i].name, "groups",
				groups[i], "added", answer_seconds(world->users[i].added_ns)));
	free(groups);
	server_answer(request, 200, json_pack("{s:o}", "users", users));
}

/* A user that is to be added, and to which groups. */
struct newcomer {
	const char *name;
	const char **groups;
	size_t group_count;
};

static bool has_text(const char **texts, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(texts[i], text) == 0)
			return true;
	}
	return false;
}

/* The texts of a list, which may be NULL, each once; free() them. */
static const char **texts_of(const json_t *list, size_t *ret_count)
{
	const char **texts = memory_new(json_array_size(list), sizeof(char *));
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));

		if (!has_text(texts, count, text))
			texts[count++] = text;
	}
	*ret_count = count;
	return texts;
}

/* Whether the policy bears the name; what is wrong with it otherwise, the store says. */
static bool is_borne(struct controller *controller, struct server_request *request,
	const struct newcomer *newcomer)
{
	struct policy_model *model = world_model(&controller->world, WORLD_SERVICES_ALL);
	int err = policy_model_add_user(model, newcomer->name);

	for (size_t i = 0; err == 0 && i < newcomer->group_count; i++) {
		err = policy_model_add_group(model, newcomer->groups[i]);
		if (err == 0 || err == ERR_EXISTS)
			err = policy_model_add_member(model, newcomer->groups[i], newcomer->name);
	}
	bool borne = err < 0 || policy_bears(controller, request, model);
	policy_model_free(model);
	return borne;
}

static void add(struct controller *controller, struct server_request *request,
	const struct newcomer *newcomer)
{
	char actor[ANSWER_ACTOR_SIZE];
	const struct store_actor by = answer_actor(request, actor);

	if (!is_borne(controller, request, newcomer))
		return;
	int err = store_user_add(
		controller->store, &by, newcomer->name, newcomer->groups, newcomer->group_count);
	if (err < 0) {
		answer_refuse(request, err, "add the user %s", ANSWER_SHOWN(newcomer->name));
		return;
	}
	world_add_user(&controller->world, newcomer->name, by.now_ns);
	for (size_t i = 0; i < newcomer->group_count; i++) {
		world_add_group(&controller->world, newcomer->groups[i]);
		world_add_member(&controller->world, newcomer->groups[i], newcomer->name);
	}
	rollout_answer(controller, request, &(struct rollout_answer){.json = json_object()});
}

void api_users_post(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct newcomer newcomer = {0};
	const json_t *groups = NULL;
	const struct answer_member members[] = {
		{"name", ANSWER_TEXT, false, &newcomer.name},
		{"groups", ANSWER_TEXTS, true, &groups},
	};

	(void)words;
	if (!answer_read(request, body, members, ARRAY_LENGTH(members)))
		return;
	if (json_array_size(groups) > GROUPS_MAX) {
		server_refuse(request, ERR_RANGE, "groups in the request: at most %d", GROUPS_MAX);
		return;
	}
	newcomer.groups = texts_of(groups, &newcomer.group_count);
	add(context, request, &newcomer);
	free(newcomer.groups);
}

void api_users_delete(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct controller *controller = context;
	char actor[ANSWER_ACTOR_SIZE];
	const struct store_actor by = answer_actor(request, actor);
	int err = store_user_remove(controller->store, &by, words[0]);

	(void)body;
	if (err == ERR_NOT_FOUND) {
		server_refuse(request, err, "no user named %s: tacet user list shows who there is",
			ANSWER_SHOWN(words[0]));
		return;
	}
	if (err < 0) {
		answer_refuse(request, err, "remove the user %s", ANSWER_SHOWN(words[0]));
		return;
	}
	size_t count = world_remove_user(&controller->world, words[0]);
	knocks_changed(controller);
	rollout_answer(controller, request,
		&(struct rollout_answer){
			.json = json_pack("{s:I}", "devices_revoked", (json_int_t)count)});
}
