/* SPDX-License-Identifier: ISC */
#include "prover/contrast.h"

#include "prover/json.h"
#include "prover/proof_json.h"

void contrast_done(struct contrast *contrast)
{
	for (unsigned kind = 0; kind < LABHOST_COUNT; kind++) {
		proof_free(contrast->proofs[kind]);
		contrast->proofs[kind] = NULL;
	}
}

size_t contrast_answered(
	const struct contrast *contrast, enum labhost_kind kind, enum lesson lesson)
{
	struct proof_count count = proof_count(contrast->proofs[kind], lesson);

	return count.answered;
}

bool contrast_could_see(const struct contrast *contrast)
{
	for (unsigned kind = 0; kind < LABHOST_COUNT; kind++) {
		if (!proof_could_see(contrast->proofs[kind]))
			return false;
	}
	return contrast_answered(contrast, LABHOST_DEFAULT, LESSON_COUNT) > 0;
}

bool contrast_is_silent(const struct contrast *contrast)
{
	for (unsigned kind = 0; kind < LABHOST_COUNT; kind++) {
		if (labhost_is_ours(kind) && proof_has_findings(contrast->proofs[kind]))
			return false;
	}
	return true;
}

json_t *contrast_json(const struct contrast *contrast)
{
	json_t *object = json_sure(json_object()), *hosts = json_sure(json_array());

	for (unsigned kind = 0; kind < LABHOST_COUNT; kind++) {
		json_t *host = json_sure(json_object());
		json_put(host, "name", json_string(labhost_name(kind)));
		json_put(host, "what", json_string(labhost_what(kind)));
		json_put(host, "proof", proof_json(contrast->proofs[kind]));
		json_add(hosts, host);
	}
	json_put(object, "hosts", hosts);
	json_put(object, "could_see", json_boolean(contrast_could_see(contrast)));
	json_put(object, "silent", json_boolean(contrast_is_silent(contrast)));
	return object;
}
