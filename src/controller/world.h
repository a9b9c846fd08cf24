/* SPDX-License-Identifier: ISC */
/*
 * What the store holds of those who live, in memory, so that a change costs no look-ups: it is read
 * once, and each act that has succeeded is repeated here. Pure but for world_load(), which reads
 * the store. Aborts where there is no memory. Holds pre-shared keys and knock keys: wiped when it
 * is released.
 */
#pragma once

#include "base/attributes.h"
#include "policy/compiled.h"
#include "policy/document.h"
#include "policy/model.h"
#include "store/device.h"
#include "store/gateway.h"
#include "store/invite.h"
#include "store/knock.h"
#include "store/network.h"
#include "store/service.h"
#include "store/user.h"

#include <stdbool.h>

#define WORLD_NONE SIZE_MAX /* no index */

struct world_user {
	char name[STORE_NAME_SIZE];
	uint64_t added_ns;
};

struct world_group {
	char name[STORE_NAME_SIZE];
};

/* Indices of a group and of a user in it. */
struct world_member {
	uint32_t group, user;
};

struct world_service {
	struct store_service store;
	bool has_target; /* its host is an address of one host */
	struct policy_target target;
};

struct world_invite {
	struct store_invite store;
	uint64_t redeemed_ns; /* monotonic; 0: open. Its key still works so that a lost answer can
				 be asked for again */
	bool is_answered;     /* it was redeemed and that was said */
};

struct world {
	struct store_network network;
	struct store_gateway *gateways; /* the controller's own first */
	size_t gateway_count, gateway_capacity;
	struct world_user *users; /* by name */
	size_t user_count, user_capacity;
	struct world_group *groups; /* by name */
	size_t group_count, group_capacity;
	struct world_member *members; /* in no order */
	size_t member_count, member_capacity;
	struct store_device *devices; /* by id; those that live */
	size_t device_count, device_capacity;
	struct world_service *services; /* by name */
	size_t service_count, service_capacity;
	uint32_t *services_by_id;     /* indices; NULL: to be made when it is asked for */
	struct world_invite *invites; /* by id; those whose key works */
	size_t invite_count, invite_capacity;
	struct store_knock *knocks; /* by number */
	size_t knock_count, knock_capacity;
	struct store_knock_rules knock_rules;
	struct policy_document *document; /* NULL: all is denied */
	uint64_t policy_version;	  /* 0: there is none yet */
};

/* Which services a model has. */
enum world_services {
	WORLD_SERVICES_ALL,	  /* to compile */
	WORLD_SERVICES_COMMANDED, /* to check a new policy: without those of the present one */
};

/*
 * Reads all of it into `world`, which is zero. Errors of the store; ERR_NOT_FOUND: there is no
 * gateway; ERR_POLICY: the policy that is stored cannot be read, all the rest is there.
 */
int world_load(struct world *world, struct store *store) must_check;

/* Reads the services again. */
int world_load_services(struct world *world, struct store *store) must_check;

/* Reads the knock keys, and what is asked for, again. */
int world_load_knocks(struct world *world, struct store *store) must_check;

/* Zero afterwards. */
void world_done(struct world *world);

/* For the compiler; policy_model_free(). */
struct policy_model *world_model(const struct world *world, enum world_services services);

/* Compiles it, leniently: what means nothing is granted nothing. policy_compiled_free(). */
struct policy_compiled *world_compile(const struct world *world,
	const struct policy_compiled *previous, struct policy_faults *faults);

/* Indices; WORLD_NONE. */
size_t world_find_user(const struct world *world, const char *name);
size_t world_find_group(const struct world *world, const char *name);
size_t world_find_service(const struct world *world, const char *name);

/* NULL: none that lives. Borrowed until the next change. */
const struct store_device *world_device(
	const struct world *world, const char *user, const char *name);
const struct store_device *world_device_of_id(const struct world *world, uint64_t id);
const struct store_device *world_device_at(
	const struct world *world, const struct address *address);
const struct world_service *world_service_of_id(struct world *world, uint32_t id);
struct world_invite *world_invite_at(struct world *world, const struct address *address);
/* Gateways on hosts of their own only. */
const struct store_gateway *world_gateway_of_id(const struct world *world, uint64_t id);
const struct store_gateway *world_gateway_at(
	const struct world *world, const struct address *address);

/* NULL: there is none of that number. */
const struct store_knock *world_knock(const struct world *world, uint64_t number);

/* The newest of the members' keys; NULL: there is none yet. */
const struct store_knock *world_newest_knock(const struct world *world);

/* The number of a members' key by its epoch; 0: there is none. */
uint64_t world_knock_of_epoch(const struct world *world, uint16_t epoch);

enum world_knocks {
	WORLD_KNOCKS_ALL,     /* with those of tokens whose invites can be used */
	WORLD_KNOCKS_MEMBERS, /* those that devices are told */
};

/* What is accepted, by number; how many. */
size_t world_knock_keys(const struct world *world, enum world_knocks which,
	struct knock_key ret_keys[static KNOCK_KEYS_MAX]);

/* What a device was told, or says it has: never less than before. There may be no such device. */
void world_note_knock(struct world *world, const struct store_knock_news *news);

/* Acts that have succeeded in the store. Adding what is there and removing what is not is fine. */
void world_add_user(struct world *world, const char *name, uint64_t added_ns);
/* With devices, invites and memberships; how many devices. */
size_t world_remove_user(struct world *world, const char *name);
void world_add_group(struct world *world, const char *name);
void world_remove_group(struct world *world, const char *name);
void world_add_member(struct world *world, const char *group, const char *user);
void world_remove_member(struct world *world, const char *group, const char *user);
/* Adds or replaces, by id. */
void world_put_device(struct world *world, const struct store_device *device);
void world_remove_device(struct world *world, uint64_t id);
void world_add_gateway(struct world *world, const struct store_gateway *gateway);
void world_remove_gateway(struct world *world, uint64_t id);
void world_put_service(struct world *world, const struct store_service *service);
void world_remove_service(struct world *world, const char *name);
void world_add_invite(struct world *world, const struct store_invite *invite);
void world_remove_invite(struct world *world, uint64_t id);
/* Takes over the document; the former is freed. */
void world_set_policy(struct world *world, struct policy_document *document, uint64_t version);
