/* SPDX-License-Identifier: ISC */
/*
 * From what is written and what is there to what is enforced. Pure: the same document, model and
 * previous policy give the same policy, in whatever order the model was built.
 */
#pragma once

#include "policy/compiled.h"
#include "policy/document.h"
#include "policy/model.h"

/* What a name that means nothing, or more than one thing, does to the policy. */
enum policy_strictness {
	POLICY_STRICT,	/* refuses it as a whole: for a new file, and for all that adds names */
	POLICY_LENIENT, /* is granted nothing: for a removal, which must not wait for a new file */
};

struct policy_source {
	const struct policy_document *document; /* NULL: none yet, all is denied */
	const struct policy_model *model;
	const struct policy_compiled *previous; /* that is enforced now; NULL: none */
	enum policy_strictness strictness;
};

/*
 * Whether the document holds in the model, which has the services that were added by command; the
 * document's own need not be in it yet. Puts what is wrong into `faults`, which is empty, by
 * place. ERR_POLICY.
 */
int policy_check(const struct policy_document *document, const struct policy_model *model,
	struct policy_faults *faults) must_check;

/*
 * Compiles; the model has all services. Puts what is wrong into `faults`, which is empty, by
 * place: ERR_POLICY if strict, else it goes on. Release by policy_compiled_free().
 *
 * Numbers of roles: a role goes on with the number of the previous role of which it leaves most
 * as it is, devices and services counted together, if the two have a device in common; so little
 * is to be changed in what is enforced. Any other role's number is a hash of its services' ids,
 * plus one while that is taken or kept for roles that are no policy's; so a first compilation has
 * the same numbers each time.
 */
int policy_compile(const struct policy_source *source, struct policy_faults *faults,
	struct policy_compiled **ret_compiled) must_check;
