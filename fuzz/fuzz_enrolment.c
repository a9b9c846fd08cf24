/* SPDX-License-Identifier: ISC */
/* An enrolment as JSON, and the same bytes as a problem: the small things that the ends say. */
#include "base/bytes.h"
#include "control/enrolment.h"
#include "control/problem.h"
#include "policy/name.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run where something is not as it must be, with or without assertions. */
static void demand(bool holds)
{
	if (!holds)
		abort();
}

static void decode_enrolment(const json_t *json)
{
	char where[NETMAP_NAME_SIZE] = "";
	struct enrolment enrolment = {0};

	if (enrolment_decode(json, &enrolment, where) < 0) {
		demand(memchr(where, '\0', sizeof where) != NULL);
		return;
	}
	demand(policy_name_is_valid(enrolment.name, strlen(enrolment.name)));
	demand(!bytes_are_zero(enrolment.public_key, sizeof enrolment.public_key));
	json_t *written = enrolment_encode(&enrolment);
	demand(json_equal(written, json));
	json_decref(written);
}

static void decode_problem(const json_t *json)
{
	struct problem problem;

	problem_decode(500, json, &problem);
	demand(problem.code <= 0 && memchr(problem.text, '\0', sizeof problem.text));
	for (const char *c = problem.text; *c; c++)
		demand(*c >= ' ' && *c <= '~');
	json_t *written = problem_encode(problem.code, problem.text);
	demand(json_is_object(written));
	json_decref(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);

	if (json) {
		decode_enrolment(json);
		decode_problem(json);
	}
	json_decref(json);
	return 0;
}
