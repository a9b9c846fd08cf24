/* SPDX-License-Identifier: ISC */
#include "client/callee.h"

#include "base/error.h"
#include "base/log.h"

struct endpoint callee_address(const struct callee *callee)
{
	return callee->count ? callee->addresses[callee->current] : (struct endpoint){0};
}

/* Appends, unless it is there already. */
static void add(struct callee *callee, const struct endpoint *endpoint)
{
	for (unsigned i = 0; i < callee->count; i++) {
		if (endpoint_equal_remote(&callee->addresses[i], endpoint))
			return;
	}
	callee->addresses[callee->count++] = *endpoint;
}

bool callee_take(struct callee *callee, const struct endpoint *endpoints, unsigned count)
{
	struct endpoint former = callee_address(callee);

	if (count == 0 && callee->count)
		return false;
	callee->count = 0;
	callee->current = 0;
	for (unsigned i = 0; i < count; i++)
		add(callee, &endpoints[i]);
	if (callee->last_known.remote.family != ADDRESS_NONE)
		add(callee, &callee->last_known);
	for (unsigned i = 0; i < callee->count; i++) {
		if (endpoint_equal_remote(&callee->addresses[i], &former))
			callee->current = i;
	}
	struct endpoint latter = callee_address(callee);
	return !endpoint_equal_remote(&former, &latter);
}

static void is_found(void *context, int err, const struct endpoint *endpoints, unsigned count)
{
	struct callee *callee = context;

	callee->is_looking = false;
	if (err < 0)
		log_info(0, "%s: does not resolve: %s", callee->text, uv_strerror(err));
	if (callee_take(callee, endpoints, count))
		callee->changed(callee->context);
}

void callee_look_up(struct callee *callee)
{
	const struct lookup_config config = {
		.loop = callee->loop, .done = is_found, .context = callee};
	struct endpoint literal;

	if (callee->is_looking)
		return;
	lookup_free(callee->lookup);
	callee->lookup = NULL;
	if (endpoint_parse(callee->text, strlen(callee->text), &literal) == 0) {
		if (callee_take(callee, &literal, 1))
			callee->changed(callee->context);
		return;
	}
	int err = lookup_new(&config, callee->text, &callee->lookup);
	if (err < 0)
		log_warn(err, "%s: cannot be looked up", callee->text);
	callee->is_looking = err == 0;
}

void callee_begin(struct callee *callee)
{
	callee->count = 0;
	callee->current = 0;
	callee->lookup = NULL;
	callee->is_looking = false;
	(void)callee_take(callee, NULL, 0); /* the last known, until the name is looked up */
	callee_look_up(callee);
}

void callee_end(struct callee *callee)
{
	lookup_free(callee->lookup);
	callee->lookup = NULL;
	callee->is_looking = false;
}

bool callee_next(struct callee *callee)
{
	if (callee->count < 2)
		return false;
	callee->current = (callee->current + 1) % callee->count;
	return true;
}
