/* SPDX-License-Identifier: ISC */
/* Thousands of random acts: the store does as the model does, and the log tells it all. */
#include "dice.h"
#include "model.h"
#include "tap.h"

#include <stdlib.h>

enum {
	SEEDS = 4,
	ACTS = 3000,
	COMPARE_EVERY = 100,
};

static bool is_same(const struct model *model, struct store *store)
{
	char *want = model_text(model);
	char *got = model_text_of_store(store);
	bool same = got && strcmp(want, got) == 0;

	if (got && !same)
		printf("# want\n%s# got\n%s", want, got);
	free(want);
	free(got);
	return same;
}

/* Live devices, gateways, services and open invites: nobody has another's address. */
static void test_addresses(const struct lab *lab)
{
	tap_is_int((intmax_t)lab_ask(lab,
			   "WITH taken AS (SELECT number FROM devices WHERE state <> 3"
			   " UNION ALL SELECT number FROM gateways"
			   " UNION ALL SELECT number FROM services"
			   " UNION ALL SELECT number FROM invites WHERE state = 0)"
			   " SELECT (SELECT count(*) FROM taken) <>"
			   " (SELECT count(DISTINCT number) FROM taken) OR"
			   " (SELECT count(*) FROM addresses WHERE resting_since_ns IS NULL) <>"
			   " (SELECT count(*) FROM taken)"),
		0, "an address has one owner, or rests");
}

static void test_seed(uint64_t seed)
{
	struct dice dice = {seed};
	struct model model = {0};
	uint64_t now_ns = LAB_NOW_NS;
	bool agree = true, same = true;
	struct lab lab;

	lab_open(&lab);
	for (int i = 0; i < ACTS && agree && same; i++) {
		now_ns += dice_roll(&dice, LAB_SECOND);
		agree = dice_act(&dice, lab.store, &model, now_ns);
		if (i % COMPARE_EVERY == 0)
			same = is_same(&model, lab.store);
	}
	tap_ok(agree, "each act gives what it does to the model");
	tap_ok(same && is_same(&model, lab.store), "the store is as the model");
	tap_ok(model_explains(lab.store), "the log tells how it came to be");
	tap_ok(lab_entries(lab.store) > ACTS / 4, "many acts succeed");
	test_addresses(&lab);
	model_done(&model);
	lab_end(&lab);
}

int main(void)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		test_seed(seed);
	return tap_done();
}
