/* SPDX-License-Identifier: ISC */
/*
 * The store as lists in memory that are searched from the beginning: too simple to be wrong. Each
 * function gives the error that the store has to give. It is fed by a test that does the same to
 * both, or by the audit log, which has to tell all that happened.
 */
#pragma once

#include "store/audit.h"
#include "store/device.h"
#include "store/invite.h"

enum model_kind {
	MODEL_USER,
	MODEL_GROUP,
	MODEL_MEMBER,
	MODEL_DEVICE,
	MODEL_SERVICE,
	MODEL_INVITE,
	MODEL_KINDS,
};

enum {
	MODEL_KEY_SIZE = 2 * STORE_KEY_SIZE + 1, /* as text */
};

/* One of any kind; what a kind does not have is empty. */
struct model_row {
	char a[STORE_NAME_SIZE]; /* its name; a member's group; a device's user; for whom */
	char b[STORE_NAME_SIZE]; /* a member's user; a device's name; a service's host */
	char key[MODEL_KEY_SIZE];
	uint64_t id;
	uint64_t invite; /* that a device came by */
	uint64_t expires_ns;
	int state;
};

struct model {
	struct model_row *rows[MODEL_KINDS];
	size_t counts[MODEL_KINDS];
	const char *fault; /* what replay found wrong; NULL: nothing */
};

void model_done(struct model *model);

/* As the store's functions of these names; ids are what the store gave, where it gave one. */
int model_user_add(struct model *model, const char *name, const char *const groups[], size_t n);
int model_user_remove(struct model *model, const char *name);
int model_group_add(struct model *model, const char *name);
int model_group_remove(struct model *model, const char *name);
int model_group_join(struct model *model, const char *group, const char *user);
int model_group_leave(struct model *model, const char *group, const char *user);
int model_service_add(struct model *model, const char *name, const char *host);
int model_service_remove(struct model *model, const char *name);
int model_device_add(
	struct model *model, const char *user, const char *name, const char *key, uint64_t id);
int model_device_go(struct model *model, uint64_t id, const char *verb);
int model_invite_create(
	struct model *model, const char *user, const char *key, uint64_t id, uint64_t expires_ns);
int model_invite_redeem(struct model *model, const char *one_time_key,
	const struct model_row *device, uint64_t now_ns);
int model_invite_end(struct model *model, uint64_t id, int state);

/* All rows of model or store as sorted lines of text; free(). NULL: the store cannot list them. */
char *model_text(const struct model *model);
char *model_text_of_store(struct store *store);

/* Does what an entry of the log tells; a store_audit_visit. Stops at what cannot have been. */
int model_replay(void *model, const struct store_audit_entry *entry);

/* Whether the log is sound, and tells how all rows came to be. Says on stdout what is not so. */
bool model_explains(struct store *store);
