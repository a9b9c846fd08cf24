/* SPDX-License-Identifier: ISC */
#include "prover/proof_json.h"

#include "base/clock.h"
#include "base/number.h"
#include "prover/catalogue.h"

#include <stdlib.h>

/* Out of memory ends the program: this is a command. */
static json_t *sure(json_t *json)
{
	if (!json)
		abort();
	return json;
}

/* Consumes value. */
static void set(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, sure(value)) < 0)
		abort();
}

/* Consumes value. */
static void append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, sure(value)) < 0)
		abort();
}

static json_t *address_json(const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];

	return address->family == ADDRESS_NONE ? json_null()
					       : json_string(address_format(address, text));
}

static json_t *frame_json(const struct proof_frame *frame)
{
	char hex[2 * PROOF_BYTES + 1];
	json_t *object = sure(json_object());

	hex_format(frame->bytes, frame->size, hex);
	set(object, "kind", json_string(answer_kind_text(frame->answer.kind)));
	set(object, "text", json_string(frame->answer.text));
	set(object, "source", address_json(&frame->answer.source));
	set(object, "bytes", json_integer((json_int_t)frame->wire_size));
	set(object, "frame", json_string(hex));
	if (frame->after_ns > 0)
		set(object, "after_ms", json_real((double)frame->after_ns / NS_PER_MS));
	return object;
}

static json_t *cell_json(const struct proof_cell *cell)
{
	json_t *object = sure(json_object());

	set(object, "sent", json_integer(cell->sent));
	set(object, "answers", json_integer(cell->answers));
	if (cell->answers == 0)
		return object;
	set(object, "first", frame_json(&cell->first));
	set(object, "attributed_by", json_string(cell->first.is_by_time ? "time" : "tag"));
	return object;
}

static json_t *stimulus_json(const struct stimulus *stimulus)
{
	const struct lesson_text *lesson = lesson_text(stimulus->lesson);
	json_t *object = sure(json_object());

	set(object, "name", json_string(stimulus->name));
	set(object, "what", json_string(stimulus->what));
	set(object, "group", json_string(lesson->group));
	return object;
}

static json_t *row_json(const struct proof_row *row)
{
	enum proof_verdict verdict = proof_verdict(row);
	const struct lesson_text *lesson = lesson_text(row->stimulus->lesson);
	json_t *object = stimulus_json(row->stimulus);

	set(object, "verdict", json_string(proof_verdict_text(verdict)));
	if (verdict == PROOF_SKIPPED) {
		set(object, "why", json_string(craft_result_text(row->result)));
		return object;
	}
	set(object, "port", cell_json(&row->cells[PROOF_PORT]));
	if (row->cells[PROOF_CONTROL].sent > 0)
		set(object, "control", cell_json(&row->cells[PROOF_CONTROL]));
	if (verdict == PROOF_SILENT)
		return object;
	set(object, "tells", json_string(lesson->tells));
	set(object, "stop", json_string(lesson->stop));
	return object;
}

static json_t *strays_json(const struct proof_stray *strays, size_t count)
{
	json_t *array = sure(json_array());

	for (size_t i = 0; i < count; i++) {
		json_t *object = frame_json(&strays[i].frame);
		set(object, "count", json_integer(strays[i].count));
		set(object, "after",
			strays[i].after ? json_string(strays[i].after->name) : json_null());
		append(array, object);
	}
	return array;
}

static json_t *scans_json(const struct proof *proof)
{
	json_t *array = sure(json_array());

	for (size_t i = 0; i < proof->scan_count; i++) {
		const struct proof_scan *scan = &proof->scans[i];
		json_t *object = sure(json_object());
		set(object, "program", json_string(scan->program));
		set(object, "command", json_string(scan->command));
		set(object, "installed", json_boolean(scan->was_there));
		set(object, "ended", json_boolean(scan->ended));
		set(object, "answers", json_integer(scan->answers));
		set(object, "port", json_string(scan->word));
		set(object, "control", json_string(scan->control_word));
		if (scan->answers > 0)
			set(object, "first", frame_json(&scan->first));
		append(array, object);
	}
	return array;
}

static json_t *count_json(struct proof_count count)
{
	json_t *object = sure(json_object());

	set(object, "stimuli", json_integer((json_int_t)count.stimuli));
	set(object, "silent", json_integer((json_int_t)count.silent));
	set(object, "answered", json_integer((json_int_t)count.answered));
	set(object, "oracles", json_integer((json_int_t)count.oracles));
	set(object, "skipped", json_integer((json_int_t)count.skipped));
	return object;
}

static json_t *path_json(const struct scene_path *path)
{
	json_t *object = sure(json_object());

	set(object, "target", address_json(&path->target));
	set(object, "source", address_json(&path->source));
	set(object, "router", address_json(&path->router));
	set(object, "interface", json_string(path->interface));
	return object;
}

static json_t *sight_json(const struct proof *proof)
{
	json_t *object = sure(json_object());

	set(object, "sent", json_integer((json_int_t)proof->sent));
	set(object, "seen", json_integer((json_int_t)proof->seen));
	set(object, "lost", json_integer((json_int_t)proof->lost));
	set(object, "heard", json_integer((json_int_t)proof->heard));
	set(object, "good", json_boolean(proof_could_see(proof)));
	return object;
}

json_t *proof_json(const struct proof *proof)
{
	json_t *object = sure(json_object()), *rows = sure(json_array());

	for (size_t i = 0; i < proof->row_count; i++)
		append(rows, row_json(&proof->rows[i]));
	set(object, "catalogue", json_string(CATALOGUE_VERSION));
	set(object, "version", json_string(TACET_VERSION));
	set(object, "started", json_integer((json_int_t)proof->started_s));
	set(object, "seconds", json_real((double)proof->took_ns / NS_PER_S));
	if (proof->scene.ipv4.is_there)
		set(object, "ipv4", path_json(&proof->scene.ipv4));
	if (proof->scene.ipv6.is_there)
		set(object, "ipv6", path_json(&proof->scene.ipv6));
	set(object, "port", json_integer(proof->scene.port));
	set(object, "control_port", json_integer(proof->scene.control_port));
	set(object, "control", sight_json(proof));
	set(object, "silent", json_boolean(!proof_has_findings(proof)));
	set(object, "summary", count_json(proof_count(proof, LESSON_COUNT)));
	set(object, "stimuli", rows);
	set(object, "unprompted", strays_json(proof->strays, proof->stray_count));
	set(object, "routers", strays_json(proof->routers, proof->router_count));
	set(object, "scanners", scans_json(proof));
	return object;
}

json_t *proof_json_catalogue(void)
{
	json_t *object = sure(json_object()), *rows = sure(json_array());
	size_t count = catalogue_count();

	for (size_t i = 0; i < count; i++)
		append(rows, stimulus_json(catalogue_at(i)));
	set(object, "catalogue", json_string(CATALOGUE_VERSION));
	set(object, "stimuli", rows);
	return object;
}
