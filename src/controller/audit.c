/* SPDX-License-Identifier: ISC */
#include "store/audit.h"

#include "base/error.h"
#include "base/number.h"
#include "controller/answer.h"
#include "controller/routes.h"

#include <string.h>

enum {
	ENTRIES_DEFAULT = 1000, /* the last ones, unless another number or a place is asked for */
	ENTRIES_MAX = 10000,	/* in one answer: more are read on with ?after= */
	STOP = 1,
};

static json_t *encode_hash(const uint8_t hash[static BLAKE2S_HASH_SIZE])
{
	char text[2 * BLAKE2S_HASH_SIZE + 1];

	hex_format(hash, BLAKE2S_HASH_SIZE, text);
	return json_string(text);
}

/* Details are JSON; what somebody has altered may be none, or no text, and is shown as null. */
static int list_entry(void *context, const struct store_audit_entry *entry)
{
	json_t *details = json_loads(entry->details, JSON_REJECT_DUPLICATES, NULL);
	json_t *json = json_pack("{s:I, s:o, s:I, s:s*, s:s*, s:s*, s:s*, s:o*, s:o}", "sequence",
		(json_int_t)entry->sequence, "at", answer_seconds(entry->at_ns), "at_ns",
		(json_int_t)entry->at_ns, "actor", entry->actor, "way", entry->way, "act",
		entry->act, "object", entry->object, "details", details, "hash",
		encode_hash(entry->hash));

	if (!json)
		return ERR_CORRUPT;
	answer_append(context, json);
	return json_array_size(context) == ENTRIES_MAX ? STOP : 0;
}

void api_audit_get(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct controller *controller = context;
	struct store_audit_filter filter = {
		.actor = server_query(request, "actor"),
		.act = server_query(request, "act"),
		.object = server_query(request, "object"),
	};

	(void)words;
	(void)body;
	if (!answer_query_number(request, "after", INT64_MAX, &filter.after_sequence) ||
		!answer_query_number(request, "last", ENTRIES_MAX, &filter.last))
		return;
	if (!server_query(request, "after") && filter.last == 0)
		filter.last = ENTRIES_DEFAULT;
	json_t *list = json_array();
	int err = store_audit_show(controller->store, &filter, list_entry, list);
	if (err < 0) {
		json_decref(list);
		answer_refuse(request, err, "read the audit log: tacet audit verify says more");
		return;
	}
	server_answer(request, 200, json_pack("{s:o}", "entries", list));
}

/* A head that was kept elsewhere, of the query; false: it was refused. */
static bool read_witness(
	struct server_request *request, struct store_audit_head *ret_head, bool *ret_is_there)
{
	const char *hash = server_query(request, "hash");

	*ret_is_there = hash != NULL;
	if (!answer_query_number(request, "sequence", INT64_MAX, &ret_head->sequence))
		return false;
	if ((hash != NULL) != (server_query(request, "sequence") != NULL)) {
		server_refuse(request, ERR_SYNTAX, "?sequence= and ?hash= go together");
		return false;
	}
	if (hash && hex_parse(hash, strlen(hash), ret_head->hash, sizeof ret_head->hash) < 0) {
		server_refuse(request, ERR_SYNTAX, "?hash= is 64 hexadecimal digits");
		return false;
	}
	return true;
}

void api_audit_verify(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct controller *controller = context;
	struct store_audit_head witness = {0}, head = {0};
	struct store_audit_verdict verdict = {0};
	bool has_witness;

	(void)words;
	(void)body;
	if (!read_witness(request, &witness, &has_witness))
		return;
	int err = store_audit_verify(controller->store, has_witness ? &witness : NULL, &verdict);
	if (err == 0)
		err = store_audit_head(controller->store, &head);
	if (err < 0) {
		answer_refuse(request, err, "verify the audit log");
		return;
	}
	server_answer(request, 200,
		json_pack("{s:s, s:I, s:o}", "fault", store_audit_fault_str(verdict.fault),
			"sequence", (json_int_t)verdict.sequence, "hash", encode_hash(head.hash)));
}
