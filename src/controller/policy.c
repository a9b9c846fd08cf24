/* SPDX-License-Identifier: ISC */
#include "base/error.h"
#include "base/memory.h"
#include "control/problem.h"
#include "controller/answer.h"
#include "controller/rollout.h"
#include "controller/routes.h"
#include "policy/compile.h"
#include "policy/diff.h"
#include "store/policytext.h"

#include <stdlib.h>
#include <string.h>

#define ID_FIRST_NEW                                                                               \
	(UINT32_C(1) << 31) /* of services that have none yet; the store's are small               \
			     */

static int see_policy(void *context, const struct store_policytext *policy)
{
	struct server_request *request = context;

	server_answer(request, 200,
		json_pack("{s:I, s:o, s:s, s:s%}", "version", (json_int_t)policy->version,
			"applied", answer_seconds(policy->applied_ns), "actor", policy->actor,
			"text", policy->text, policy->size));
	return 0;
}

void api_policy_get(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct controller *controller = context;
	uint64_t version = 0;

	(void)words;
	(void)body;
	if (!answer_query_number(request, "version", INT64_MAX, &version))
		return;
	int err = store_policy_get(controller->store, version, see_policy, request);
	if (err == ERR_NOT_FOUND && version == 0)
		server_refuse(request, err,
			"no policy was applied yet, so all is denied: tacet policy apply FILE");
	else if (err == ERR_NOT_FOUND)
		server_refuse(request, err, "the policy has no version %llu",
			(unsigned long long)version);
	else if (err < 0)
		answer_refuse(request, err, "read the policy");
}

static void refuse_faults(struct server_request *request, const struct policy_faults *faults)
{
	json_t *problem = problem_encode(ERR_POLICY, "the policy is refused as a whole, what was "
						     "in force before is so still");
	json_t *list = json_array();

	for (size_t i = 0; i < faults->count; i++) {
		const struct policy_fault *fault = &faults->list[i];

		answer_append(list, json_pack("{s:i, s:i, s:s, s:s}", "line", (int)fault->at.line,
					    "column", (int)fault->at.column, "class",
					    policy_fault_word(fault->class), "text", fault->text));
	}
	if (json_object_set_new(problem, "faults", list) < 0 ||
		json_object_set_new(problem, "more", json_integer((json_int_t)faults->more)) < 0)
		abort(); /* no memory */
	server_answer(request, 422, problem);
}

/* Faults that are not of names that nobody has: those come and go with users. */
static size_t count_clashes(const struct policy_faults *faults)
{
	size_t count = 0;

	for (size_t i = 0; i < faults->count; i++)
		count += faults->list[i].class != POLICY_FAULT_UNKNOWN_NAME;
	return count;
}

static const struct policy_fault *first_clash(const struct policy_faults *faults)
{
	size_t i = 0;

	while (faults->list[i].class == POLICY_FAULT_UNKNOWN_NAME)
		i++;
	return &faults->list[i];
}

bool policy_bears(struct controller *controller, struct server_request *request,
	const struct policy_model *changed)
{
	struct world *world = &controller->world;
	struct policy_faults before = {0}, after = {0};

	if (!world->document)
		return true;
	struct policy_model *model = world_model(world, WORLD_SERVICES_ALL);
	bool was_sound = policy_check(world->document, model, &before) == 0;
	bool is_sound = policy_check(world->document, changed, &after) == 0;
	bool bears = is_sound || (!was_sound && count_clashes(&after) <= count_clashes(&before)) ||
		     count_clashes(&after) == 0;
	if (!bears) {
		const struct policy_fault *fault = first_clash(&after);

		server_refuse(request, ERR_EXISTS,
			"the policy that is in force does not bear it: line %u: %s: %s",
			fault->at.line, policy_fault_word(fault->class), fault->text);
	}
	policy_faults_done(&before);
	policy_faults_done(&after);
	policy_model_free(model);
	return bears;
}

/* A file that was handed in, on its way. */
struct proposal {
	struct controller *controller;
	struct server_request *request;
	struct policy_document *document; /* NULL: refused, or taken over by the world */
	struct policy_compiled *compiled;
	size_t gained, lost, grants;
};

/* The services of the file, with those that have no ids yet. */
static void add_services(const struct proposal *proposal, struct policy_model *model)
{
	const struct policy_document *document = proposal->document;
	const struct world *world = &proposal->controller->world;

	for (size_t i = 0; i < document->service_count; i++) {
		const struct policy_document_service *service = &document->services[i];
		size_t at = world_find_service(world, service->name);
		uint32_t id = at == WORLD_NONE ? ID_FIRST_NEW + (uint32_t)i
					       : (uint32_t)world->services[at].store.id;
		int result = policy_model_add_service(model, id, service->name, &service->target);

		(void)result; /* one that was added by command is there, and the same: checked */
	}
}

static void count_change(
	void *context, enum policy_change change, uint32_t device, uint32_t service)
{
	struct proposal *proposal = context;

	(void)device;
	(void)service;
	proposal->gained += change == POLICY_GAINED;
	proposal->lost += change == POLICY_LOST;
}

static void measure(struct proposal *proposal)
{
	const struct policy_compiled *compiled = proposal->compiled;
	uint32_t service;

	policy_diff_pairs(rollout_latest(proposal->controller), compiled,
		&(struct policy_visitor){count_change, proposal});
	for (size_t i = 0; i < policy_role_count(compiled); i++) {
		struct policy_grants grants =
			policy_grants_of(compiled, policy_role_at(compiled, i));

		while (policy_grants_next(&grants, &service))
			proposal->grants++;
	}
}

/* Reads, checks and compiles the file; faults of it otherwise. */
static int read_proposal(struct proposal *proposal, struct policy_faults *faults)
{
	const struct world *world = &proposal->controller->world;
	size_t size = 0;
	const char *text = server_text(proposal->request, &size);
	int err = policy_document_parse(text, size, faults, &proposal->document);

	if (err < 0) {
		proposal->document = NULL;
		return err;
	}
	struct policy_model *model = world_model(world, WORLD_SERVICES_COMMANDED);
	err = policy_check(proposal->document, model, faults);
	if (err == 0) {
		add_services(proposal, model);
		const struct policy_source source = {
			.document = proposal->document,
			.model = model,
			.previous = rollout_latest(proposal->controller),
			.strictness = POLICY_STRICT,
		};
		err = policy_compile(&source, faults, &proposal->compiled);
	}
	policy_model_free(model);
	return err;
}

static json_t *describe(const struct proposal *proposal, uint64_t version)
{
	size_t roles = policy_role_count(proposal->compiled) - 1; /* without that of no grants */

	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "version", (json_int_t)version, "roles",
		(json_int_t)roles, "grants", (json_int_t)proposal->grants, "gained",
		(json_int_t)proposal->gained, "lost", (json_int_t)proposal->lost);
}

/* What the store is told of the file's services; free() both. */
static struct store_service_target *list_targets(
	const struct proposal *proposal, char (**ret_hosts)[ADDRESS_TEXT_SIZE])
{
	const struct policy_document *document = proposal->document;
	size_t count = document->service_count;
	struct store_service_target *targets = memory_new(count, sizeof *targets);
	char(*hosts)[ADDRESS_TEXT_SIZE] = memory_new(count, sizeof *hosts);

	for (size_t i = 0; i < count; i++) {
		const struct policy_document_service *service = &document->services[i];

		targets[i] = (struct store_service_target){
			.name = service->name,
			.protocol = service->target.protocol == POLICY_UDP ? STORE_UDP : STORE_TCP,
			.host = address_format(&service->target.address, hosts[i]),
			.port = service->target.port,
			.gateway = proposal->controller->world.gateways[0].name,
		};
	}
	*ret_hosts = hosts;
	return targets;
}

/* Stores it with its services, in one act. */
static int store_proposal(const struct proposal *proposal, uint64_t *ret_version)
{
	char actor[ANSWER_ACTOR_SIZE];
	const struct store_actor by = answer_actor(proposal->request, actor);
	char(*hosts)[ADDRESS_TEXT_SIZE];
	struct store_service_target *targets = list_targets(proposal, &hosts);
	struct store_policy_change change = {
		.services = targets, .service_count = proposal->document->service_count};
	const char *text = server_text(proposal->request, &change.size);
	char *terminated = memory_new(change.size + 1, 1);

	memcpy(terminated, text, change.size);
	change.text = terminated;
	int err = store_policy_apply(proposal->controller->store, &by, &change, ret_version);
	free(terminated);
	free(targets);
	free(hosts);
	return err;
}

static void apply(struct proposal *proposal)
{
	struct controller *controller = proposal->controller;
	uint64_t version = 0;
	int err = store_proposal(proposal, &version);

	if (err < 0) {
		answer_refuse(proposal->request, err, "apply the policy");
		return;
	}
	world_set_policy(&controller->world, proposal->document, version);
	proposal->document = NULL;
	err = world_load_services(&controller->world, controller->store);
	if (err < 0) {
		controller_fail(controller, err, "read the services again");
		answer_refuse(proposal->request, err, "bring the policy into force");
		return;
	}
	rollout_answer(controller, proposal->request,
		&(struct rollout_answer){.json = describe(proposal, version)});
}

void api_policy_put(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct proposal proposal = {.controller = context, .request = request};
	struct policy_faults faults = {0};
	int err = read_proposal(&proposal, &faults);

	(void)words;
	(void)body;
	if (err == ERR_POLICY) {
		refuse_faults(request, &faults);
	} else if (err < 0) {
		answer_refuse(request, err, "read the policy");
	} else {
		measure(&proposal);
		if (answer_query_flag(request, "check"))
			server_answer(request, 200, describe(&proposal, 0));
		else
			apply(&proposal);
	}
	policy_faults_done(&faults);
	policy_document_free(proposal.document);
	policy_compiled_free(proposal.compiled);
}
