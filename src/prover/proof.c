/* SPDX-License-Identifier: ISC */
#include "prover/proof.h"

#include "base/memory.h"
#include "prover/catalogue.h"

#include <fnmatch.h>
#include <stdlib.h>

struct proof *proof_new(const struct scene *scene, const struct proof_options *options)
{
	struct proof *proof = memory_new(1, sizeof *proof);
	size_t count = catalogue_count();

	proof->scene = *scene;
	proof->options = *options;
	proof->rows = memory_new(count, sizeof *proof->rows);
	for (size_t i = 0; i < count; i++) {
		const struct stimulus *stimulus = catalogue_at(i);
		if (options->only && fnmatch(options->only, stimulus->name, 0) != 0)
			continue;
		proof->rows[proof->row_count++] = (struct proof_row){
			.stimulus = stimulus, .result = craft_check(scene, stimulus)};
	}
	return proof;
}

void proof_free(struct proof *proof)
{
	if (!proof)
		return;
	free(proof->rows);
	free(proof);
}

/* Whether two cells tell a stranger the same. */
static bool is_same(const struct proof_cell *a, const struct proof_cell *b)
{
	const struct answer *one = &a->first.answer, *other = &b->first.answer;

	if (a->answers == 0 || b->answers == 0)
		return a->answers == b->answers;
	return one->kind == other->kind && one->type == other->type && one->code == other->code;
}

enum proof_verdict proof_verdict(const struct proof_row *row)
{
	const struct proof_cell *port = &row->cells[PROOF_PORT];
	const struct proof_cell *control = &row->cells[PROOF_CONTROL];

	if (row->result != CRAFT_OK || port->sent == 0)
		return PROOF_SKIPPED;
	if (control->sent > 0 && !is_same(port, control))
		return PROOF_ORACLE;
	return port->answers > 0 ? PROOF_ANSWERED : PROOF_SILENT;
}

const char *proof_verdict_text(enum proof_verdict verdict)
{
	static const char *const texts[] = {
		[PROOF_SKIPPED] = "skipped",
		[PROOF_SILENT] = "silent",
		[PROOF_ANSWERED] = "answered",
		[PROOF_ORACLE] = "oracle",
	};

	return texts[verdict];
}

bool proof_scan_found(const struct proof_scan *scan)
{
	return scan->answers > 0 || strcmp(scan->word, scan->control_word) != 0;
}

struct proof_count proof_count(const struct proof *proof, enum lesson lesson)
{
	struct proof_count count = {0};

	for (size_t i = 0; i < proof->row_count; i++) {
		enum proof_verdict verdict = proof_verdict(&proof->rows[i]);
		if (lesson != LESSON_COUNT && proof->rows[i].stimulus->lesson != lesson)
			continue;
		count.stimuli++;
		count.skipped += verdict == PROOF_SKIPPED;
		count.silent += verdict == PROOF_SILENT;
		count.oracles += verdict == PROOF_ORACLE;
		count.answered += verdict == PROOF_ANSWERED || verdict == PROOF_ORACLE;
	}
	return count;
}

bool proof_has_findings(const struct proof *proof)
{
	if (proof_count(proof, LESSON_COUNT).answered > 0 || proof->stray_count > 0)
		return true;
	for (size_t i = 0; i < proof->scan_count; i++) {
		if (proof_scan_found(&proof->scans[i]))
			return true;
	}
	return false;
}

bool proof_could_see(const struct proof *proof)
{
	return proof->sent > 0 && proof->seen == proof->sent && proof->lost == 0;
}
