/* SPDX-License-Identifier: ISC */
#include "prover/proof_json.h"

#include "base/clock.h"
#include "base/number.h"
#include "prover/catalogue.h"
#include "prover/json.h"

static json_t *address_json(const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];

	return address->family == ADDRESS_NONE ? json_null()
					       : json_string(address_format(address, text));
}

static json_t *frame_json(const struct proof_frame *frame)
{
	char hex[2 * PROOF_BYTES + 1];
	json_t *object = json_sure(json_object());

	hex_format(frame->bytes, frame->size, hex);
	json_put(object, "kind", json_string(answer_kind_text(frame->answer.kind)));
	json_put(object, "text", json_string(frame->answer.text));
	json_put(object, "source", address_json(&frame->answer.source));
	json_put(object, "bytes", json_integer((json_int_t)frame->wire_size));
	json_put(object, "frame", json_string(hex));
	if (frame->after_ns > 0)
		json_put(object, "after_ms", json_real((double)frame->after_ns / NS_PER_MS));
	return object;
}

static json_t *cell_json(const struct proof_cell *cell)
{
	json_t *object = json_sure(json_object());

	json_put(object, "sent", json_integer(cell->sent));
	json_put(object, "answers", json_integer(cell->answers));
	if (cell->answers == 0)
		return object;
	json_put(object, "first", frame_json(&cell->first));
	json_put(object, "attributed_by", json_string(cell->first.is_by_time ? "time" : "tag"));
	return object;
}

static json_t *stimulus_json(const struct stimulus *stimulus)
{
	const struct lesson_text *lesson = lesson_text(stimulus->lesson);
	json_t *object = json_sure(json_object());

	json_put(object, "name", json_string(stimulus->name));
	json_put(object, "what", json_string(stimulus->what));
	json_put(object, "group", json_string(lesson->group));
	return object;
}

static json_t *row_json(const struct proof_row *row)
{
	enum proof_verdict verdict = proof_verdict(row);
	const struct lesson_text *lesson = lesson_text(row->stimulus->lesson);
	json_t *object = stimulus_json(row->stimulus);

	json_put(object, "verdict", json_string(proof_verdict_text(verdict)));
	if (verdict == PROOF_SKIPPED) {
		json_put(object, "why", json_string(craft_result_text(row->result)));
		return object;
	}
	json_put(object, "port", cell_json(&row->cells[PROOF_PORT]));
	if (row->cells[PROOF_CONTROL].sent > 0)
		json_put(object, "control", cell_json(&row->cells[PROOF_CONTROL]));
	if (verdict == PROOF_SILENT)
		return object;
	json_put(object, "tells", json_string(lesson->tells));
	json_put(object, "stop", json_string(lesson->stop));
	return object;
}

static json_t *strays_json(const struct proof_stray *strays, size_t count)
{
	json_t *array = json_sure(json_array());

	for (size_t i = 0; i < count; i++) {
		json_t *object = frame_json(&strays[i].frame);
		json_put(object, "count", json_integer(strays[i].count));
		json_put(object, "after",
			strays[i].after ? json_string(strays[i].after->name) : json_null());
		json_add(array, object);
	}
	return array;
}

static json_t *scans_json(const struct proof *proof)
{
	json_t *array = json_sure(json_array());

	for (size_t i = 0; i < proof->scan_count; i++) {
		const struct proof_scan *scan = &proof->scans[i];
		json_t *object = json_sure(json_object());
		json_put(object, "program", json_string(scan->program));
		json_put(object, "command", json_string(scan->command));
		json_put(object, "installed", json_boolean(scan->was_there));
		json_put(object, "ended", json_boolean(scan->ended));
		json_put(object, "answers", json_integer(scan->answers));
		json_put(object, "port", json_string(scan->word));
		json_put(object, "control", json_string(scan->control_word));
		if (scan->answers > 0)
			json_put(object, "first", frame_json(&scan->first));
		json_add(array, object);
	}
	return array;
}

static json_t *count_json(struct proof_count count)
{
	json_t *object = json_sure(json_object());

	json_put(object, "stimuli", json_integer((json_int_t)count.stimuli));
	json_put(object, "silent", json_integer((json_int_t)count.silent));
	json_put(object, "answered", json_integer((json_int_t)count.answered));
	json_put(object, "oracles", json_integer((json_int_t)count.oracles));
	json_put(object, "skipped", json_integer((json_int_t)count.skipped));
	return object;
}

static json_t *path_json(const struct scene_path *path)
{
	json_t *object = json_sure(json_object());

	json_put(object, "target", address_json(&path->target));
	json_put(object, "source", address_json(&path->source));
	json_put(object, "router", address_json(&path->router));
	json_put(object, "interface", json_string(path->interface));
	return object;
}

static json_t *sight_json(const struct proof *proof)
{
	json_t *object = json_sure(json_object());

	json_put(object, "sent", json_integer((json_int_t)proof->sent));
	json_put(object, "seen", json_integer((json_int_t)proof->seen));
	json_put(object, "lost", json_integer((json_int_t)proof->lost));
	json_put(object, "heard", json_integer((json_int_t)proof->heard));
	json_put(object, "good", json_boolean(proof_could_see(proof)));
	return object;
}

json_t *proof_json(const struct proof *proof)
{
	json_t *object = json_sure(json_object()), *rows = json_sure(json_array());

	for (size_t i = 0; i < proof->row_count; i++)
		json_add(rows, row_json(&proof->rows[i]));
	json_put(object, "catalogue", json_string(CATALOGUE_VERSION));
	json_put(object, "version", json_string(TACET_VERSION));
	json_put(object, "started", json_integer((json_int_t)proof->started_s));
	json_put(object, "seconds", json_real((double)proof->took_ns / NS_PER_S));
	if (proof->scene.ipv4.is_there)
		json_put(object, "ipv4", path_json(&proof->scene.ipv4));
	if (proof->scene.ipv6.is_there)
		json_put(object, "ipv6", path_json(&proof->scene.ipv6));
	json_put(object, "port", json_integer(proof->scene.port));
	json_put(object, "control_port", json_integer(proof->scene.control_port));
	json_put(object, "control", sight_json(proof));
	json_put(object, "silent", json_boolean(!proof_has_findings(proof)));
	json_put(object, "summary", count_json(proof_count(proof, LESSON_COUNT)));
	json_put(object, "stimuli", rows);
	json_put(object, "unprompted", strays_json(proof->strays, proof->stray_count));
	json_put(object, "routers", strays_json(proof->routers, proof->router_count));
	json_put(object, "scanners", scans_json(proof));
	return object;
}

json_t *proof_json_catalogue(void)
{
	json_t *object = json_sure(json_object()), *rows = json_sure(json_array());
	size_t count = catalogue_count();

	for (size_t i = 0; i < count; i++)
		json_add(rows, stimulus_json(catalogue_at(i)));
	json_put(object, "catalogue", json_string(CATALOGUE_VERSION));
	json_put(object, "stimuli", rows);
	return object;
}
