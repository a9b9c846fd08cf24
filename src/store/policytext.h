/* SPDX-License-Identifier: ISC */
/* The policy as it was written: each version whole. What it means is policy/'s. */
#pragma once

#include "store/service.h"

enum {
	STORE_POLICY_SIZE_MAX = 16 << 20,
};

struct store_policytext {
	uint64_t version; /* 1 is the first */
	uint64_t applied_ns;
	char actor[STORE_ACTOR_SIZE];
	size_t size;
	const char *text; /* zero-terminated UTF-8 */
};

/* A new policy, and the services that it defines, so that they have virtual addresses. */
struct store_policy_change {
	const char *text;
	size_t size;
	const struct store_service_target *services; /* borrowed; no name is there twice */
	size_t service_count;
};

/*
 * One act with its services: those that are new are added, those of an earlier policy that this one
 * does not define are removed, those that it defines otherwise are changed and keep their address.
 * ERR_RANGE: longer than STORE_POLICY_SIZE_MAX; ERR_SYNTAX: not UTF-8, or a zero in it; ERR_EXISTS:
 * a service that was added by command is another; and store_service_add()'s.
 */
int store_policy_apply(struct store *store, const struct store_actor *by,
	const struct store_policy_change *change, uint64_t *ret_version) must_check;

/* Borrows the text for the call; not 0: give that back. */
typedef int store_policytext_visit(void *context, const struct store_policytext *policy);

/* One version; 0: the latest. ERR_NOT_FOUND: none was ever applied, or not that one. */
int store_policy_get(struct store *store, uint64_t version, store_policytext_visit *visit,
	void *context) must_check;

/* Visits all versions, the latest first. */
int store_policy_each(struct store *store, store_policytext_visit *visit, void *context) must_check;
