/* SPDX-License-Identifier: ISC */
#include "store/policytext.h"

#include "base/error.h"
#include "base/number.h"
#include "crypto/blake2s.h"
#include "store/sqlite/services.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int insert(
	struct store *store, const struct store_actor *by, const char *text, uint64_t *ret_version)
{
	AUTO_QUERY struct query query =
		query_of(store, "INSERT INTO policies (text, applied_ns, actor) VALUES (?1, ?2, ?3)"
				" RETURNING version");

	query_bind_text(&query, 1, text);
	query_bind_number(&query, 2, by->now_ns);
	query_bind_text(&query, 3, by->name);
	int err = query_one(&query);
	if (err < 0)
		return err;
	*ret_version = query_number(&query, 0);
	return query_run(&query);
}

/* Whether it is UTF-8 without a zero; jansson knows. */
static bool is_text(const char *text, size_t size)
{
	json_t *string = json_stringn(text, size);
	bool is_utf8 = string != NULL;

	json_decref(string);
	return is_utf8 && !memchr(text, '\0', size);
}

/* The new version with its services, and what the log says of both. */
static int put_policy(struct act *act, const struct store_policy_change *change,
	uint64_t *ret_version, json_t *details)
{
	int err = insert(act->store, act->by, change->text, ret_version);

	return err < 0 ? err
		       : policyservices_apply(
				 act, change->services, change->service_count, details);
}

int store_policy_apply(struct store *store, const struct store_actor *by,
	const struct store_policy_change *change, uint64_t *ret_version)
{
	AUTO_ACT struct act act = {0};
	uint8_t hash[BLAKE2S_HASH_SIZE];
	char object[24];
	uint64_t version = 0;

	if (change->size > STORE_POLICY_SIZE_MAX)
		return ERR_RANGE;
	if (!is_text(change->text, change->size))
		return ERR_SYNTAX;
	blake2s_hash((struct bytes){(const uint8_t *)change->text, change->size},
		(struct bytes){NULL, 0}, hash);
	int err = act_begin(&act, store, by);
	if (err < 0)
		return err;
	json_t *details =
		json_pack("{s:o, s:I}", "blake2s", act_key(hash), "size", (json_int_t)change->size);
	err = details ? put_policy(&act, change, &version, details) : -ENOMEM;
	if (err < 0) {
		json_decref(details);
		return err;
	}
	(void)snprintf(object, sizeof object, "%llu", (unsigned long long)version); /* fits */
	err = act_commit(&act, "policy.apply", object, details);
	if (err == 0)
		*ret_version = version;
	return err;
}

#define SELECT_POLICIES "SELECT version, text, applied_ns, actor FROM policies"

static int read_policy(struct query *query, struct store_policytext *ret_policy)
{
	ret_policy->version = query_number(query, 0);
	ret_policy->text = query_borrow_text(query, 1);
	ret_policy->size = strlen(ret_policy->text);
	ret_policy->applied_ns = query_number(query, 2);
	query_text(query, 3, ret_policy->actor, sizeof ret_policy->actor);
	return query->error;
}

int store_policy_get(
	struct store *store, uint64_t version, store_policytext_visit *visit, void *context)
{
	AUTO_QUERY struct query query = query_of(store,
		SELECT_POLICIES " WHERE ?1 = 0 OR version = ?1 ORDER BY version DESC LIMIT 1");
	struct store_policytext policy;

	query_bind_number(&query, 1, version);
	int err = query_one(&query);
	if (err == 0)
		err = read_policy(&query, &policy);
	return err < 0 ? err : visit(context, &policy);
}

int store_policy_each(struct store *store, store_policytext_visit *visit, void *context)
{
	AUTO_QUERY struct query query = query_of(store, SELECT_POLICIES " ORDER BY version DESC");
	struct store_policytext policy;
	int more;

	while ((more = query_next(&query)) > 0) {
		int stop = read_policy(&query, &policy);
		if (stop == 0)
			stop = visit(context, &policy);
		if (stop != 0)
			return stop;
	}
	return more;
}
