/* SPDX-License-Identifier: ISC */
/* From a world to the policy's model, and to what is enforced. */
#include "controller/world.h"

#include "policy/compile.h"

#include <stdlib.h>

static enum policy_device_state state_of(const struct store_device *device)
{
	return device->state == STORE_DEVICE_ACTIVE ? POLICY_DEVICE_ACTIVE
						    : POLICY_DEVICE_QUARANTINED;
}

/* What the store holds was checked when it came in; what the model does not take has no rights. */
static void ignore(int result)
{
	(void)result;
}

struct policy_model *world_model(const struct world *world, enum world_services services)
{
	struct policy_model *model = policy_model_new();

	for (size_t i = 0; i < world->user_count; i++)
		ignore(policy_model_add_user(model, world->users[i].name));
	for (size_t i = 0; i < world->group_count; i++)
		ignore(policy_model_add_group(model, world->groups[i].name));
	for (size_t i = 0; i < world->member_count; i++)
		ignore(policy_model_add_member(model, world->groups[world->members[i].group].name,
			world->users[world->members[i].user].name));
	for (size_t i = 0; i < world->device_count; i++)
		ignore(policy_model_add_device(model, (uint32_t)world->devices[i].id,
			world->devices[i].user, state_of(&world->devices[i])));
	for (size_t i = 0; i < world->service_count; i++) {
		const struct world_service *service = &world->services[i];

		if (services == WORLD_SERVICES_COMMANDED && service->store.from_policy)
			continue;
		ignore(policy_model_add_service(model, (uint32_t)service->store.id,
			service->store.name, service->has_target ? &service->target : NULL));
	}
	return model;
}

struct policy_compiled *world_compile(const struct world *world,
	const struct policy_compiled *previous, struct policy_faults *faults)
{
	struct policy_model *model = world_model(world, WORLD_SERVICES_ALL);
	const struct policy_source source = {
		.document = world->document,
		.model = model,
		.previous = previous,
		.strictness = POLICY_LENIENT,
	};
	struct policy_compiled *compiled = NULL;

	if (policy_compile(&source, faults, &compiled) < 0)
		abort(); /* leniently it does not fail */
	policy_model_free(model);
	return compiled;
}
