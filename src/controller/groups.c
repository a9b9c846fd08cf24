/* SPDX-License-Identifier: ISC */
#include "store/group.h"

#include "base/error.h"
#include "base/memory.h"
#include "controller/answer.h"
#include "controller/rollout.h"
#include "controller/routes.h"

#include <stdlib.h>
#include <string.h>

static json_t *encode(const char *name, json_t *members, const char *source)
{
	return json_pack("{s:s, s:o, s:s}", "name", name, "members", members, "source", source);
}

static void list_stored(const struct world *world, json_t *list)
{
	json_t **members = memory_new(world->group_count, sizeof(json_t *));

	for (size_t i = 0; i < world->group_count; i++)
		members[i] = json_array();
	for (size_t i = 0; i < world->member_count; i++)
		answer_append(members[world->members[i].group],
			json_string(world->users[world->members[i].user].name));
	for (size_t i = 0; i < world->group_count; i++)
		answer_append(list, encode(world->groups[i].name, members[i], "store"));
	free(members);
}

/* Those that only the policy has. */
static void list_written(const struct world *world, json_t *list)
{
	const struct policy_document *document = world->document;

	for (size_t i = 0; document && i < document->group_count; i++) {
		const struct policy_document_group *group = &document->groups[i];
		json_t *members = json_array();

		for (size_t j = 0; j < group->members.count; j++)
			answer_append(members, json_string(group->members.list[j].name));
		if (world_find_group(world, group->name) == WORLD_NONE)
			answer_append(list, encode(group->name, members, "policy"));
		else
			json_decref(members);
	}
}

void api_groups_get(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	const struct world *world = &((struct controller *)context)->world;
	json_t *list = json_array();

	(void)words;
	(void)body;
	list_stored(world, list);
	list_written(world, list);
	server_answer(request, 200, json_pack("{s:o}", "groups", list));
}

void api_groups_post(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct controller *controller = context;
	char actor[ANSWER_ACTOR_SIZE];
	const struct store_actor by = answer_actor(request, actor);
	const char *name = NULL;
	const struct answer_member members[] = {{"name", ANSWER_TEXT, false, &name}};

	(void)words;
	if (!answer_read(request, body, members, ARRAY_LENGTH(members)))
		return;
	struct policy_model *model = world_model(&controller->world, WORLD_SERVICES_ALL);
	int err = policy_model_add_group(model, name);
	bool borne = err < 0 || policy_bears(controller, request, model);
	policy_model_free(model);
	if (!borne)
		return;
	err = store_group_add(controller->store, &by, name);
	if (err < 0) {
		answer_refuse(request, err, "add the group %s", ANSWER_SHOWN(name));
		return;
	}
	world_add_group(&controller->world, name);
	rollout_answer(controller, request, &(struct rollout_answer){.json = json_object()});
}

/* Whether only the policy has the group, so that it cannot be changed by command; refused then. */
static bool is_written(
	const struct controller *controller, struct server_request *request, const char *name)
{
	const struct policy_document *document = controller->world.document;

	if (world_find_group(&controller->world, name) != WORLD_NONE)
		return false;
	for (size_t i = 0; document && i < document->group_count; i++) {
		if (strcmp(document->groups[i].name, name) != 0)
			continue;
		server_refuse(request, ERR_WRONG_STATE,
			"the group %s is defined in the policy: change it there, and apply it",
			name);
		return true;
	}
	return false;
}

void api_groups_delete(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct controller *controller = context;
	char actor[ANSWER_ACTOR_SIZE];
	const struct store_actor by = answer_actor(request, actor);

	(void)body;
	if (is_written(controller, request, words[0]))
		return;
	int err = store_group_remove(controller->store, &by, words[0]);
	if (err == ERR_NOT_FOUND) {
		server_refuse(request, err, "no group named %s: tacet group list shows them",
			ANSWER_SHOWN(words[0]));
		return;
	}
	if (err < 0) {
		answer_refuse(request, err, "remove the group %s", ANSWER_SHOWN(words[0]));
		return;
	}
	world_remove_group(&controller->world, words[0]);
	rollout_answer(controller, request, &(struct rollout_answer){.json = json_object()});
}

/* Whether the policy bears a group with another member; refused where not. */
static bool is_borne(struct controller *controller, struct server_request *request,
	const char *group, const char *user)
{
	struct policy_model *model = world_model(&controller->world, WORLD_SERVICES_ALL);
	int err = policy_model_add_member(model, group, user);
	bool borne = err < 0 || policy_bears(controller, request, model);

	policy_model_free(model);
	return borne;
}

void api_groups_post_member(void *context, struct server_request *request,
	const char *const words[], const json_t *body)
{
	struct controller *controller = context;
	char actor[ANSWER_ACTOR_SIZE];
	const struct store_actor by = answer_actor(request, actor);
	const char *group = words[0], *user = NULL;
	const struct answer_member members[] = {{"user", ANSWER_TEXT, false, &user}};

	if (!answer_read(request, body, members, ARRAY_LENGTH(members)) ||
		is_written(controller, request, group) ||
		!is_borne(controller, request, group, user))
		return;
	int err = store_group_add_member(controller->store, &by, group, user);
	if (err == ERR_NOT_FOUND) {
		bool no_user = world_find_user(&controller->world, user) == WORLD_NONE;

		server_refuse(request, err, "no %s named %s: tacet %s list shows them",
			no_user ? "user" : "group", ANSWER_SHOWN(no_user ? user : group),
			no_user ? "user" : "group");
		return;
	}
	if (err == ERR_EXISTS) {
		server_refuse(
			request, err, "%s is in the group %s already", ANSWER_SHOWN(user), group);
		return;
	}
	if (err < 0) {
		answer_refuse(
			request, err, "add %s to %s", ANSWER_SHOWN(user), ANSWER_SHOWN(group));
		return;
	}
	world_add_member(&controller->world, group, user);
	rollout_answer(controller, request, &(struct rollout_answer){.json = json_object()});
}

/* Whether the policy defines the group, too: then one with other members means nothing. */
static bool is_in_both(const struct world *world, const char *name)
{
	const struct policy_document *document = world->document;
	bool is_in_file = false;

	for (size_t i = 0; document && i < document->group_count; i++)
		is_in_file |= strcmp(document->groups[i].name, name) == 0;
	return is_in_file && world_find_group(world, name) != WORLD_NONE;
}

void api_groups_delete_member(void *context, struct server_request *request,
	const char *const words[], const json_t *body)
{
	struct controller *controller = context;
	char actor[ANSWER_ACTOR_SIZE];
	const struct store_actor by = answer_actor(request, actor);

	(void)body;
	if (is_written(controller, request, words[0]))
		return;
	if (is_in_both(&controller->world, words[0])) {
		/* it would be in conflict, and nobody in it be granted anything */
		server_refuse(request, ERR_WRONG_STATE,
			"the group %s is defined in the policy, too, with the same members: remove "
			"it here (tacet group remove), then change the policy and apply it",
			words[0]);
		return;
	}
	int err = store_group_remove_member(controller->store, &by, words[0], words[1]);
	if (err == ERR_NOT_FOUND) {
		server_refuse(request, err,
			"no %s in a group named %s: tacet group list shows them",
			ANSWER_SHOWN(words[1]), ANSWER_SHOWN(words[0]));
		return;
	}
	if (err < 0) {
		answer_refuse(request, err, "take %s out of %s", ANSWER_SHOWN(words[1]),
			ANSWER_SHOWN(words[0]));
		return;
	}
	world_remove_member(&controller->world, words[0], words[1]);
	rollout_answer(controller, request, &(struct rollout_answer){.json = json_object()});
}
