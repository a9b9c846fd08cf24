/* SPDX-License-Identifier: ISC */
#include "policy/binding.h"

#include "base/memory.h"
#include "policy/near.h"

#include <stdlib.h>
#include <string.h>

/* Names of the document while they are bound. */
struct binder {
	struct binding *binding;
	const struct policy_document *document;
	const struct policy_model *model;
	struct policy_faults *faults;
	enum binding_services services;
	struct table groups_by_name;   /* index in document->groups */
	struct table services_by_name; /* index in document->services */
	uint32_t *group_subjects;      /* for each group of the document; TABLE_NONE: a conflict */
	bool *is_service_void;	       /* for each service of the document: it is in conflict */
	bool *is_member; /* for each user: of the group that is compared; else false */
	size_t subject_count, service_count; /* in the binding's lists */
};

static uint32_t hash_of(const char *name)
{
	return table_hash(0, name, strlen(name));
}

static uint32_t find_group(const struct binder *binder, const char *name)
{
	struct table_search search = table_search(&binder->groups_by_name, hash_of(name));
	uint32_t index;

	do {
		index = table_next(&search);
	} while (index != TABLE_NONE && strcmp(binder->document->groups[index].name, name) != 0);
	return index;
}

static uint32_t find_service(const struct binder *binder, const char *name)
{
	struct table_search search = table_search(&binder->services_by_name, hash_of(name));
	uint32_t index;

	do {
		index = table_next(&search);
	} while (index != TABLE_NONE && strcmp(binder->document->services[index].name, name) != 0);
	return index;
}

/* Whether there is a group of the name, in the file or in the store. */
static bool is_group(const struct binder *binder, const char *name)
{
	return find_group(binder, name) != TABLE_NONE ||
	       model_find_subject(&binder->model->groups, name) != TABLE_NONE;
}

/* What a name could have been meant to be. */
enum meant {
	MEANT_USER = 1,
	MEANT_GROUP = 2,
	MEANT_SERVICE = 4,
};

static void offer_subjects(struct near *near, const struct model_subjects *subjects)
{
	for (size_t i = 0; i < subjects->count; i++)
		near_offer(near, subjects->list[i].name);
}

static void offer_groups(struct near *near, const struct binder *binder)
{
	offer_subjects(near, &binder->model->groups);
	for (size_t i = 0; i < binder->document->group_count; i++)
		near_offer(near, binder->document->groups[i].name);
}

static void offer_services(struct near *near, const struct binder *binder)
{
	for (size_t i = 0; i < binder->model->service_count; i++)
		near_offer(near, binder->model->services[i].name);
	for (size_t i = 0; i < binder->document->service_count; i++)
		near_offer(near, binder->document->services[i].name);
}

/* A name means nothing: says so, and what may have been meant. */
static void unknown_name(
	const struct binder *binder, const struct policy_mention *mention, unsigned meant)
{
	struct near near = near_begin(mention->name, strlen(mention->name));
	const char *expected = meant & MEANT_SERVICE  ? "the name of a service"
			       : meant == MEANT_USER  ? "the name of a user"
			       : meant == MEANT_GROUP ? "the name of a group"
						      : "the name of a user or a group";

	/* All names are looked at for it: not for what is only counted. */
	if (!policy_faults_are_full(binder->faults)) {
		if (meant & MEANT_USER)
			offer_subjects(&near, &binder->model->users);
		if (meant & MEANT_GROUP)
			offer_groups(&near, binder);
		if (meant & MEANT_SERVICE)
			offer_services(&near, binder);
	}
	policy_faults_add(binder->faults, POLICY_FAULT_UNKNOWN_NAME, mention->at,
		"found \"%s\", expected %s%s%s%s", mention->name, expected,
		near.found ? "; did you mean " : "", near.found ? near.found : "",
		near.found ? "?" : "");
}

static void ambiguous_name(const struct binder *binder, const struct policy_mention *mention)
{
	policy_faults_add(binder->faults, POLICY_FAULT_AMBIGUOUS, mention->at,
		"found \"%s\", which is both a user and a group, expected user:%s or group:%s",
		mention->name, mention->name, mention->name);
}

/* The user that a member is; TABLE_NONE: a fault was added. */
static uint32_t bind_member(struct binder *binder, const struct policy_mention *member)
{
	uint32_t user = model_find_subject(&binder->model->users, member->name);
	bool names_group = member->kind == POLICY_MENTION_ANY && is_group(binder, member->name);

	if (!names_group) {
		if (user == TABLE_NONE)
			unknown_name(binder, member, MEANT_USER);
		return user;
	}
	if (user != TABLE_NONE)
		ambiguous_name(binder, member);
	else
		policy_faults_add(binder->faults, POLICY_FAULT_NESTED_GROUP, member->at,
			"found the group \"%s\", expected a user: groups in groups are not "
			"supported yet",
			member->name);
	return TABLE_NONE;
}

/* A member that the store's group has and the file's, which is marked, lacks; "": none. */
static const char *missing_member(const struct binder *binder, uint32_t in_model)
{
	const struct policy_model *model = binder->model;

	for (size_t i = 0; i < model->membership_count; i++) {
		const struct model_membership *membership = &model->memberships[i];

		if (membership->group == in_model && !binder->is_member[membership->user])
			return model->users.list[membership->user].name;
	}
	return "";
}

/*
 * A group that both the file and the store define: whether they agree; a fault where not. Members
 * that mean nobody are complained about, and do not count.
 */
static bool group_agrees(
	struct binder *binder, const struct policy_document_group *group, uint32_t in_model)
{
	const struct policy_model *model = binder->model;
	const char *only_here = NULL;
	size_t bound = 0;

	memset(binder->is_member, 0, model->users.count * sizeof *binder->is_member);
	for (size_t i = 0; i < group->members.count; i++) {
		uint32_t user = bind_member(binder, &group->members.list[i]);
		if (user == TABLE_NONE)
			continue;
		binder->is_member[user] = true;
		bound++;
		if (!only_here && !model_has_member(model, in_model, user))
			only_here = group->members.list[i].name;
	}
	if (!only_here && bound == model->groups.list[in_model].member_count)
		return true;
	policy_faults_add(binder->faults, POLICY_FAULT_CONFLICT, group->at,
		"found the group \"%s\" %s \"%s\", expected the members that it has in the store "
		"(tacet user)",
		group->name, only_here ? "with" : "without",
		only_here ? only_here : missing_member(binder, in_model));
	return false;
}

/* Gives a group of the document a subject, and its members if the model does not have them. */
static void bind_group(struct binder *binder, uint32_t index)
{
	const struct policy_document_group *group = &binder->document->groups[index];
	struct binding *binding = binder->binding;
	uint32_t in_model = model_find_subject(&binder->model->groups, group->name);

	if (in_model != TABLE_NONE) {
		bool agrees = group_agrees(binder, group, in_model);
		binder->group_subjects[index] =
			agrees ? (uint32_t)binding->user_count + in_model : TABLE_NONE;
		return;
	}
	uint32_t subject = (uint32_t)binding->subject_count++;
	binder->group_subjects[index] = subject;
	for (size_t i = 0; i < group->members.count; i++) {
		uint32_t user = bind_member(binder, &group->members.list[i]);

		if (user != TABLE_NONE)
			binding->memberships[binding->membership_count++] =
				(struct model_membership){.group = subject, .user = user};
	}
}

/* A service that both the file and the store define has to be the same. */
static void check_service(struct binder *binder, uint32_t index)
{
	const struct policy_document_service *service = &binder->document->services[index];
	uint32_t in_model = model_find_service(binder->model, service->name);
	char here[POLICY_TARGET_TEXT_SIZE], there[POLICY_TARGET_TEXT_SIZE];

	if (in_model == TABLE_NONE) {
		if (binder->services == BINDING_SERVICES_REGISTERED)
			policy_faults_add(binder->faults, POLICY_FAULT_UNREGISTERED, service->at,
				"found the service \"%s\", expected it to be in the store by now",
				service->name);
		return;
	}
	const struct model_service *other = &binder->model->services[in_model];
	if (other->has_target && policy_target_equal(&service->target, &other->target))
		return;
	binder->is_service_void[index] = true;
	policy_faults_add(binder->faults, POLICY_FAULT_CONFLICT, service->at,
		"found the service \"%s\" at %s, expected %s, where it is in the store "
		"(tacet service)",
		service->name, policy_target_format(&service->target, here),
		other->has_target ? policy_target_format(&other->target, there) : "a host's name");
}

/* The group that a name means; TABLE_NONE: it is in conflict, which was said. */
static uint32_t subject_of_group(const struct binder *binder, const char *name)
{
	uint32_t index = find_group(binder, name);

	if (index != TABLE_NONE)
		return binder->group_subjects[index];
	return (uint32_t)binder->binding->user_count +
	       model_find_subject(&binder->model->groups, name);
}

/* Binds a name in `who`. */
static void bind_subject(struct binder *binder, const struct policy_mention *mention)
{
	uint32_t user = TABLE_NONE;
	bool names_group = mention->kind != POLICY_MENTION_USER && is_group(binder, mention->name);
	unsigned meant = mention->kind == POLICY_MENTION_USER	 ? MEANT_USER
			 : mention->kind == POLICY_MENTION_GROUP ? MEANT_GROUP
								 : MEANT_USER | MEANT_GROUP;

	if (mention->kind != POLICY_MENTION_GROUP)
		user = model_find_subject(&binder->model->users, mention->name);
	if (user != TABLE_NONE && names_group) {
		ambiguous_name(binder, mention);
		return;
	}
	if (user == TABLE_NONE && !names_group) {
		unknown_name(binder, mention, meant);
		return;
	}
	uint32_t subject = names_group ? subject_of_group(binder, mention->name) : user;
	if (subject != TABLE_NONE)
		binder->binding->subjects[binder->subject_count++] = subject;
}

/* Binds a name in `may`. */
static void bind_service(struct binder *binder, const struct policy_mention *mention)
{
	uint32_t in_document = find_service(binder, mention->name);
	uint32_t in_model = model_find_service(binder->model, mention->name);

	if (in_document == TABLE_NONE && in_model == TABLE_NONE)
		unknown_name(binder, mention, MEANT_SERVICE);
	if (in_model == TABLE_NONE)
		return;
	if (in_document == TABLE_NONE || !binder->is_service_void[in_document])
		binder->binding->services[binder->service_count++] = in_model;
}

static void bind_rule(struct binder *binder, const struct policy_document_rule *rule)
{
	struct binding_rule *bound = &binder->binding->rules[binder->binding->rule_count++];

	bound->who.first = (uint32_t)binder->subject_count;
	for (size_t i = 0; i < rule->who.count; i++)
		bind_subject(binder, &rule->who.list[i]);
	bound->who.count = (uint32_t)binder->subject_count - bound->who.first;
	bound->may.first = (uint32_t)binder->service_count;
	for (size_t i = 0; i < rule->may.count; i++)
		bind_service(binder, &rule->may.list[i]);
	bound->may.count = (uint32_t)binder->service_count - bound->may.first;
}

/* Makes room for all that the document mentions. */
static void begin(struct binder *binder)
{
	const struct policy_document *document = binder->document;
	struct binding *binding = binder->binding;
	size_t who = 0, may = 0, members = 0;

	for (size_t i = 0; i < document->rule_count; i++) {
		who += document->rules[i].who.count;
		may += document->rules[i].may.count;
	}
	for (uint32_t i = 0; i < document->group_count; i++) {
		members += document->groups[i].members.count;
		table_add(&binder->groups_by_name, hash_of(document->groups[i].name), i);
	}
	for (uint32_t i = 0; i < document->service_count; i++)
		table_add(&binder->services_by_name, hash_of(document->services[i].name), i);
	binding->subjects = memory_new(who, sizeof *binding->subjects);
	binding->services = memory_new(may, sizeof *binding->services);
	binding->rules = memory_new(document->rule_count, sizeof *binding->rules);
	binding->memberships = memory_new(members, sizeof *binding->memberships);
	binder->group_subjects = memory_new(document->group_count, sizeof *binder->group_subjects);
	binder->is_member = memory_new(binder->model->users.count, sizeof *binder->is_member);
	binder->is_service_void =
		memory_new(document->service_count, sizeof *binder->is_service_void);
}

void binding_init(struct binding *binding, const struct policy_document *document,
	const struct policy_model *model, enum binding_services services,
	struct policy_faults *faults)
{
	struct binder binder = {.binding = binding,
		.document = document,
		.model = model,
		.faults = faults,
		.services = services};

	*binding = (struct binding){.user_count = model->users.count,
		.subject_count = model->users.count + model->groups.count};
	begin(&binder);
	for (uint32_t i = 0; i < document->group_count; i++)
		bind_group(&binder, i);
	for (uint32_t i = 0; i < document->service_count; i++)
		check_service(&binder, i);
	for (size_t i = 0; i < document->rule_count; i++)
		bind_rule(&binder, &document->rules[i]);
	free(binder.group_subjects);
	free(binder.is_member);
	free(binder.is_service_void);
	table_done(&binder.groups_by_name);
	table_done(&binder.services_by_name);
	policy_faults_sort(faults);
}

void binding_done(struct binding *binding)
{
	free(binding->subjects);
	free(binding->services);
	free(binding->rules);
	free(binding->memberships);
	*binding = (struct binding){0};
}
