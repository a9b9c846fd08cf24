/* SPDX-License-Identifier: ISC */
/* The services that a policy defines, from one policy to the next. */
#include "base/error.h"
#include "base/memory.h"
#include "store/sqlite/services.h"

#include <stdlib.h>
#include <string.h>

/* What happens to the services; the details end in the audit log. */
struct turn {
	struct act *act;
	const struct store_service_target **wanted; /* by name */
	size_t wanted_count;
	json_t *added, *changed, *removed;
};

/* A service that an earlier policy has defined. */
struct former {
	char name[STORE_NAME_SIZE];
	uint64_t id, number;
};

static int compare_targets(const void *a, const void *b)
{
	const struct store_service_target *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

static int compare_name(const void *name, const void *element)
{
	const struct store_service_target *const *target = element;

	return strcmp(name, (*target)->name);
}

static bool is_wanted(const struct turn *turn, const char *name)
{
	return turn->wanted_count > 0 &&
	       bsearch(name, turn->wanted, turn->wanted_count,
		       sizeof(struct store_service_target *), compare_name);
}

/* The services of earlier policies that this one does not define; free() them. */
static int list_former(const struct turn *turn, struct former **ret_list, size_t *ret_count)
{
	AUTO_QUERY struct query query = query_of(turn->act->store,
		"SELECT name, id, number FROM services WHERE from_policy = 1 ORDER BY name");
	struct former *list = NULL;
	size_t count = 0, capacity = 0;
	int more;

	while ((more = query_next(&query)) > 0) {
		if (is_wanted(turn, query_borrow_text(&query, 0)))
			continue;
		if (count == capacity) {
			capacity = capacity ? 2 * capacity : 16;
			list = memory_grow(list, capacity, sizeof *list);
		}
		struct former *former = &list[count++];
		query_text(&query, 0, former->name, sizeof former->name);
		former->id = query_number(&query, 1);
		former->number = query_number(&query, 2);
	}
	*ret_list = list;
	*ret_count = count;
	return more < 0 ? more : query.error;
}

static int remove_former(struct turn *turn)
{
	struct former *list = NULL;
	size_t count = 0;
	int err = list_former(turn, &list, &count);

	for (size_t i = 0; err == 0 && i < count; i++) {
		err = services_delete(
			turn->act->store, list[i].id, list[i].number, turn->act->by->now_ns);
		if (err == 0 && json_array_append_new(turn->removed, json_string(list[i].name)))
			err = ERR_SYNTAX; /* not UTF-8: not a name of ours */
	}
	free(list);
	return err;
}

static bool is_same(const struct store_service *service, const struct store_service_target *target)
{
	uint16_t vip_port = target->vip_port ? target->vip_port : target->port;

	return service->protocol == target->protocol && strcmp(service->host, target->host) == 0 &&
	       service->port == target->port && service->vip_port == vip_port;
}

static int add(struct turn *turn, const struct store_service_target *target)
{
	const struct services_new fresh = {.target = target, .from_policy = true};
	struct store_service service;
	int err = services_insert(turn->act->store, &fresh, turn->act->by->now_ns, &service);

	if (err == 0 &&
		json_object_set_new(turn->added, target->name, services_details(&service)) < 0)
		err = ERR_SYNTAX;
	return err;
}

/* Adds a service, or changes it where it is another. */
static int put(struct turn *turn, const struct store_service_target *target)
{
	struct store *store = turn->act->store;
	struct store_service service;
	uint64_t number;
	int err = services_get(store, target->name, &service, &number);

	if (err == ERR_NOT_FOUND)
		return add(turn, target);
	if (err < 0)
		return err;
	if (!service.from_policy) {
		/* its port at the virtual address is the command's to choose */
		service.vip_port = target->vip_port ? target->vip_port : target->port;
		return is_same(&service, target) ? 0 : ERR_EXISTS;
	}
	if (is_same(&service, target))
		return 0;
	err = services_change(store, service.id, target);
	if (err == 0)
		err = services_get(store, target->name, &service, &number);
	if (err == 0 &&
		json_object_set_new(turn->changed, target->name, services_details(&service)) < 0)
		err = ERR_SYNTAX;
	return err;
}

/* Adds what has happened to the details; consumes it. */
static int tell(json_t *details, const char *key, json_t *what)
{
	if (json_object_size(what) + json_array_size(what) > 0)
		return json_object_set_new(details, key, what) < 0 ? ERR_SYNTAX : 0;
	json_decref(what);
	return 0;
}

int policyservices_apply(struct act *act, const struct store_service_target *services,
	size_t service_count, json_t *details)
{
	struct turn turn = {
		.act = act,
		.wanted = memory_new(service_count, sizeof(struct store_service_target *)),
		.wanted_count = service_count,
		.added = json_object(),
		.changed = json_object(),
		.removed = json_array(),
	};

	for (size_t i = 0; i < service_count; i++)
		turn.wanted[i] = &services[i];
	qsort(turn.wanted, service_count, sizeof(struct store_service_target *), compare_targets);
	int err = remove_former(&turn);
	for (size_t i = 0; err == 0 && i < service_count; i++)
		err = put(&turn, &services[i]);
	free(turn.wanted);
	const int told[] = {
		tell(details, "services_added", turn.added),
		tell(details, "services_changed", turn.changed),
		tell(details, "services_removed", turn.removed),
	};
	for (size_t i = 0; err == 0 && i < ARRAY_LENGTH(told); i++)
		err = told[i];
	return err;
}
