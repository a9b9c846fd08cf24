/* SPDX-License-Identifier: ISC */
/*
 * The names of a document bound to what they mean in a model; from here on there are numbers only.
 * A subject is a user or a group: first all users of the model, then its groups, then the groups
 * that only the document has. Aborts where there is no memory.
 */
#pragma once

#include "policy/document.h"
#include "policy/model_state.h"

/* Indices in a row. */
struct binding_list {
	uint32_t first, count;
};

struct binding_rule {
	struct binding_list who; /* in binding.subjects */
	struct binding_list may; /* in binding.services */
};

struct binding {
	size_t user_count;
	size_t subject_count;	       /* users and groups */
	uint32_t *subjects, *services; /* what the rules mention; services as in the model */
	struct binding_rule *rules;
	size_t rule_count;
	struct model_membership *memberships; /* of the document's own groups; group: a subject */
	size_t membership_count;
};

/* Whether a service of the document has to be in the model already. */
enum binding_services {
	BINDING_SERVICES_PLANNED,    /* no: it is about to be added, and is left out */
	BINDING_SERVICES_REGISTERED, /* yes */
};

/*
 * Adds a fault for each name that means nothing, or more than one thing; it is then left out, and
 * a group that is defined in two ways has no members. Release by binding_done().
 */
void binding_init(struct binding *binding, const struct policy_document *document,
	const struct policy_model *model, enum binding_services services,
	struct policy_faults *faults);

void binding_done(struct binding *binding);
