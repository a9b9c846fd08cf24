/* SPDX-License-Identifier: ISC */
/*
 * The policy file (tacet-policy(5)) as it is written: groups, services and rules, each with its
 * place. Whether the names in it mean anybody is the binding's to say, for that takes the store.
 * Plain data that borrows nothing: constant once it was parsed, so any thread may read it.
 */
#pragma once

#include "policy/fault.h"
#include "policy/name.h"
#include "policy/target.h"

enum {
	POLICY_FILE_MAX = 4 << 20, /* bytes */
	POLICY_GROUPS_MAX = 10000,
	POLICY_SERVICES_MAX = 10000,
	POLICY_RULES_MAX = 10000,
};

/* What a name that is mentioned can be. */
enum policy_mention_kind {
	POLICY_MENTION_ANY,   /* it stands alone: a user or a group; in `may` a service */
	POLICY_MENTION_USER,  /* user:alice */
	POLICY_MENTION_GROUP, /* group:engineers */
};

/* A name, somewhere in a list. */
struct policy_mention {
	const char *name; /* without its prefix; valid */
	struct policy_place at;
	uint8_t kind; /* enum policy_mention_kind */
};

/* Names in a row; none is there twice. */
struct policy_mentions {
	const struct policy_mention *list;
	size_t count;
};

struct policy_document_group {
	const char *name;
	struct policy_place at;
	struct policy_mentions members; /* users; may be none */
};

struct policy_document_service {
	const char *name;
	struct policy_place at;
	struct policy_target target;
};

struct policy_document_rule {
	struct policy_place at;
	struct policy_mentions who; /* users and groups, at least one */
	struct policy_mentions may; /* services, at least one */
};

/* All in the order of the file; names are unique among groups, and among services. */
struct policy_document {
	struct policy_document_group *groups;
	struct policy_document_service *services;
	struct policy_document_rule *rules;
	size_t group_count, service_count, rule_count;
	struct policy_mention *mentions; /* those of all lists */
	char *text;			 /* that all names lie in */
};

/*
 * Reads a file of `size` bytes. An empty one is a policy without rules. Puts what is wrong into
 * `faults`, which is empty, by place; the file is then refused as a whole: ERR_POLICY. Bytes or
 * YAML that are wrong hide what comes behind them. -ENOMEM. Release by policy_document_free().
 */
int policy_document_parse(const void *bytes, size_t size, struct policy_faults *faults,
	struct policy_document **ret_document) must_check;

/* Accepts NULL. */
void policy_document_free(struct policy_document *document);
