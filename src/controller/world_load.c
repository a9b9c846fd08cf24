/* SPDX-License-Identifier: ISC */
/* From the store to a world. */
#include "controller/world.h"

#include "base/error.h"
#include "store/group.h"
#include "store/policytext.h"

#include <stdlib.h>
#include <string.h>

/* The store numbers gateways, and the controller's own has the first address. */
static int take_gateway(void *context, const struct store_gateway *gateway)
{
	struct world *world = context;
	const struct address first = overlay_ipv4(
		&world->network.overlay, overlay_first(&world->network.overlay, OVERLAY_GATEWAYS));

	world_add_gateway(world, gateway);
	if (address_equal(&gateway->ipv4, &first)) {
		world->gateways[world->gateway_count - 1] = world->gateways[0];
		world->gateways[0] = *gateway;
	}
	return 0;
}

static int take_user(void *context, const struct store_user *user)
{
	world_add_user(context, user->name, user->added_ns);
	return 0;
}

static int take_group(void *context, const struct store_group *group)
{
	world_add_group(context, group->name);
	return 0;
}

static int take_member(void *context, const struct store_member *member)
{
	world_add_member(context, member->group, member->user);
	return 0;
}

/* The compiler's and the gateway's ids have 32 bits; more were never given. */
static int take_device(void *context, const struct store_device *device)
{
	if (device->id > UINT32_MAX)
		return ERR_CORRUPT;
	world_put_device(context, device);
	return 0;
}

static int take_service(void *context, const struct store_service *service)
{
	if (service->id > UINT32_MAX)
		return ERR_CORRUPT;
	world_put_service(context, service);
	return 0;
}

static int take_invite(void *context, const struct store_invite *invite)
{
	world_add_invite(context, invite);
	return 0;
}

static int take_policy(void *context, const struct store_policytext *policy)
{
	struct world *world = context;
	struct policy_document *document = NULL;
	struct policy_faults faults = {0};
	int err = policy_document_parse(policy->text, policy->size, &faults, &document);

	policy_faults_done(&faults);
	world_set_policy(world, err < 0 ? NULL : document, policy->version);
	return err;
}

int world_load_services(struct world *world, struct store *store)
{
	world->service_count = 0;
	return store_service_each(store, take_service, world);
}

int world_load(struct world *world, struct store *store)
{
	int err = store_network_get(store, &world->network);

	if (err == 0)
		err = store_gateway_each(store, take_gateway, world);
	if (err == 0 && world->gateway_count == 0)
		err = ERR_NOT_FOUND;
	if (err == 0)
		err = store_user_each(store, take_user, world);
	if (err == 0)
		err = store_group_each(store, take_group, world);
	if (err == 0)
		err = store_member_each(store, NULL, NULL, take_member, world);
	if (err == 0)
		err = store_device_each(store, NULL, STORE_DEVICES_LIVE, take_device, world);
	if (err == 0)
		err = world_load_services(world, store);
	if (err == 0)
		err = store_invite_each(store, STORE_INVITES_OPEN, take_invite, world);
	if (err == 0)
		err = world_load_knocks(world, store);
	if (err < 0)
		return err;
	err = store_policy_get(store, 0, take_policy, world);
	return err == ERR_NOT_FOUND ? 0 : err;
}
