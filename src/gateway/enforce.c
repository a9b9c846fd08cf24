/* SPDX-License-Identifier: ISC */
#include "gateway/enforce.h"

#include "base/error.h"
#include "base/memory.h"
#include "gateway/enforce_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	READ_TRIES = 8, /* while others change the firewall */
};

int enforce_open(enforce_report *report, void *context, struct enforce **ret_enforce)
{
	struct nftables *nftables;

	int result = nftables_open(&nftables);
	if (result < 0)
		return result;
	struct enforce *enforce = memory_new(1, sizeof *enforce);
	enforce->report = report;
	enforce->context = context;
	enforce->nftables = nftables;
	*ret_enforce = enforce;
	return 0;
}

void enforce_close(struct enforce *enforce)
{
	if (!enforce)
		return;
	nftables_close(enforce->nftables);
	elements_done(&enforce->elements);
	free(enforce->listing);
	free(enforce->link_listing);
	free(enforce);
}

const char *enforce_error(const struct enforce *enforce)
{
	return enforce->error;
}

int enforce_failed(struct enforce *enforce, int code, const char *what)
{
	(void)snprintf(enforce->error, sizeof enforce->error, "%s: %s", what,
		err_str(code)); /* cut if need be */
	for (char *at = enforce->error; *at; at++) {
		if (*at == '\n') /* the library points at words, on lines of their own */
			*at = ' ';
	}
	return code;
}

/* Runs a text of rules. -errno. */
static int run_rules(
	struct enforce *enforce, const struct model_tunnel *tunnel, enum ruleset_start start)
{
	char *text = ruleset_text(tunnel, start);
	int result = nftables_run(enforce->nftables, text);

	free(text);
	if (result < 0)
		return enforce_failed(enforce, result, nftables_error(enforce->nftables));
	enforce->transactions++;
	return 0;
}

/* Lists both tables. -errno. */
static int list(struct enforce *enforce, char **ret_listing, char **ret_link_listing)
{
	char *listing, *link_listing;

	int result = nftables_list(enforce->nftables, RULESET_TABLE, &listing);
	if (result < 0)
		return enforce_failed(enforce, result, nftables_error(enforce->nftables));
	result = nftables_list(enforce->nftables, RULESET_LINK_TABLE, &link_listing);
	if (result < 0) {
		free(listing);
		return enforce_failed(enforce, result, nftables_error(enforce->nftables));
	}
	*ret_listing = listing;
	*ret_link_listing = link_listing;
	return 0;
}

/* Where dumped elements go. */
struct reading {
	struct elements *elements;
	enum elements_set set;
};

static int keep_element(void *context, const struct nftset_element *element)
{
	struct reading *reading = context;

	elements_append(reading->elements, reading->set, element);
	return 0;
}

/* Reads all sets once. -errno; -EINTR: they changed meanwhile. */
static int read_once(struct elements *ret_elements)
{
	struct elements elements = {0};
	int result = 0;

	for (unsigned set = 0; set < ELEMENTS_SETS && result == 0; set++) {
		struct reading reading = {.elements = &elements, .set = set};
		result = nftset_dump(&elements_sets[set], keep_element, &reading);
		if (result == -ENOENT)
			result = 0;
	}
	if (result == 0)
		result = elements_sort(&elements) < 0 ? -EINTR : 0;
	if (result < 0)
		elements_done(&elements);
	else
		*ret_elements = elements;
	return result;
}

int enforce_read(struct enforce *enforce, struct elements *ret_elements)
{
	int result = -EINTR;

	for (unsigned i = 0; i < READ_TRIES && result == -EINTR; i++)
		result = read_once(ret_elements);
	return result < 0 ? enforce_failed(enforce, result, "reading elements") : 0;
}

/* A transaction that is being put together. */
struct transaction {
	struct nftset_batch *batch;
	struct enforce_result result;
};

static void put_change(void *context, enum elements_set set, enum elements_change change,
	const struct nftset_element *element)
{
	struct transaction *transaction = context;

	if (change == ELEMENTS_ADD) {
		nftset_batch_add(transaction->batch, &elements_sets[set], element);
		transaction->result.added++;
	} else {
		nftset_batch_delete(transaction->batch, &elements_sets[set], element);
		transaction->result.deleted++;
	}
}

/* Leads the kernel from one state of elements to another, in one transaction. -errno. */
static int commit(struct enforce *enforce, const struct elements *from, const struct elements *to,
	struct enforce_result *ret_result)
{
	struct transaction transaction = {.batch = nftset_batch_new()};
	int result = 0;

	size_t count = elements_compare(from, to, put_change, &transaction);
	if (count > 0)
		result = nftset_batch_commit(transaction.batch);
	nftset_batch_free(transaction.batch);
	if (result < 0)
		return enforce_failed(enforce, result, "changing elements");
	enforce->transactions += count > 0;
	*ret_result = transaction.result;
	return 0;
}

/* Leads the kernel from whatever it has to the elements. -errno. */
static int synchronise(
	struct enforce *enforce, const struct elements *to, struct enforce_result *ret_result)
{
	struct elements from;

	int result = enforce_read(enforce, &from);
	if (result < 0)
		return result;
	result = commit(enforce, &from, to, ret_result);
	elements_done(&from);
	return result;
}

/* Writes the rules, and keeps how the kernel lists them. -EBADMSG: something foreign is left. */
static int write_rules(
	struct enforce *enforce, const struct model_tunnel *tunnel, enum ruleset_start start)
{
	char *listing = NULL, *link_listing = NULL;

	int result = run_rules(enforce, tunnel, start);
	if (result < 0)
		return result;
	result = list(enforce, &listing, &link_listing);
	if (result < 0)
		return result;
	if (!ruleset_is_ours(listing)) {
		free(listing);
		free(link_listing);
		return enforce_failed(enforce, -EBADMSG, "listing what was written");
	}
	free(enforce->listing);
	free(enforce->link_listing);
	enforce->listing = listing;
	enforce->link_listing = link_listing;
	return 0;
}

/* Rules, then elements. -errno. */
static int write_all(struct enforce *enforce, const struct model_tunnel *tunnel,
	enum ruleset_start start, const struct elements *to, struct enforce_result *ret_result)
{
	int result = write_rules(enforce, tunnel, start);
	return result < 0 ? result : synchronise(enforce, to, ret_result);
}

/* Elements that are there are kept where they can be; what somebody made unfit is replaced. */
int enforce_write(struct enforce *enforce, const struct model_tunnel *tunnel,
	const struct elements *to, struct enforce_result *ret_result)
{
	int result = write_all(enforce, tunnel, RULESET_RENEW, to, ret_result);
	if (result < 0 && result != -EPERM)
		result = write_all(enforce, tunnel, RULESET_REPLACE, to, ret_result);
	return result;
}

/* Whether a model's rules are those in force. */
static bool has_same_rules(const struct enforce *enforce, const struct model_tunnel *tunnel)
{
	if (!enforce->is_loaded)
		return false;
	char *old = ruleset_text(&enforce->tunnel, RULESET_RENEW);
	char *new = ruleset_text(tunnel, RULESET_RENEW);
	bool is_same = strcmp(old, new) == 0;
	free(old);
	free(new);
	return is_same;
}

/* Puts back what was in force before a change that failed half way. */
static void restore(struct enforce *enforce)
{
	char why[ENFORCE_ERROR_SIZE];
	struct enforce_result ignored;

	enforce->generation = 0;
	if (!enforce->is_loaded)
		return;
	memcpy(why, enforce->error, sizeof why);
	if (enforce_write(enforce, &enforce->tunnel, &enforce->elements, &ignored) == 0)
		memcpy(enforce->error, why, sizeof why);
}

/* The firewall's generation, and the number of our own transactions up to it. */
struct point {
	uint32_t generation; /* 0: not to be had */
	uint32_t transactions;
};

static struct point point_now(const struct enforce *enforce)
{
	struct point point = {.transactions = enforce->transactions};

	if (nftset_generation(&point.generation) < 0)
		point.generation = 0;
	return point;
}

/* Whether all transactions from one point to another were ours. */
static bool is_alone(struct point from, struct point to)
{
	return from.generation != 0 &&
	       to.generation - from.generation == to.transactions - from.transactions;
}

/*
 * Where nobody else has touched the firewall since the last time, only what the models differ in is
 * sent; else rules and elements are made what they should be, whatever they are. -errno: all is as
 * before.
 */
static int change_kernel(struct enforce *enforce, const struct model_tunnel *tunnel,
	const struct elements *to, struct enforce_result *ret_result)
{
	struct point before = point_now(enforce);
	bool is_known = before.generation != 0 && before.generation == enforce->generation &&
			has_same_rules(enforce, tunnel);
	int result = -ESTALE;

	enforce->generation = 0;
	if (is_known)
		result = commit(enforce, &enforce->elements, to, ret_result);
	if (result < 0)
		result = enforce_write(enforce, tunnel, to, ret_result);
	if (result < 0) {
		restore(enforce);
		return result;
	}
	struct point after = point_now(enforce);
	if (is_alone(before, after))
		enforce->generation = after.generation;
	return 0;
}

int enforce_apply(
	struct enforce *enforce, const struct model *model, struct enforce_result *ret_result)
{
	struct elements elements;
	struct enforce_result done = {0};

	enforce->error[0] = '\0';
	int result = elements_build(model, &elements);
	if (result < 0)
		return enforce_failed(enforce, result, "the model");
	bool was_known = enforce->generation != 0;
	result = change_kernel(enforce, &model->tunnel, &elements, &done);
	if (result < 0) {
		elements_done(&elements);
		return result;
	}
	bool may_cut = !was_known || done.deleted > 0 || enforce->has_lingering;
	elements_done(&enforce->elements);
	enforce->elements = elements;
	enforce->tunnel = model->tunnel;
	enforce->is_loaded = true;
	enforce->error[0] = '\0';
	if (may_cut)
		result = enforce_cut(enforce, &done.flows_cut);
	int settled = enforce_settle(enforce);
	*ret_result = done;
	enforce->has_lingering = result < 0 || settled < 0;
	return enforce->has_lingering ? -EAGAIN : 0;
}

int enforce_remove(struct enforce *enforce)
{
	size_t cut;

	enforce->error[0] = '\0';
	if (!enforce->is_loaded)
		return 0;
	int result = run_rules(enforce, &enforce->tunnel, RULESET_REMOVE);
	if (result < 0)
		return result;
	elements_done(&enforce->elements);
	enforce->is_loaded = false;
	enforce->generation = 0;
	return enforce_cut(enforce, &cut);
}
