/* SPDX-License-Identifier: ISC */
/*
 * A child makes a store and acts in a loop, and is killed at a random moment, again and again:
 * whatever is there afterwards is whole, and the log tells all of it and no more.
 */
#include "base/error.h"
#include "base/random.h"
#include "dice.h"
#include "model.h"
#include "store/sqlite/open.h"
#include "tap.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	KILLS = 200,
	KILLS_EACH = 20, /* of one database */
	LIFE_MS = 40,	 /* of a child, at most */
};

/* Acts until the end; makes what is not there, so that this may be cut short too. */
static void act_forever(const struct lab *lab, uint64_t seed)
{
	const struct store_actor by = lab_root(0);
	struct dice dice = {seed};
	struct store_network network = {
		.name = "tacet", .endpoint = "gw.example.net:1", .server_key = "server.key"};
	struct store_gateway gateway;
	uint8_t key[STORE_KEY_SIZE];
	struct store *store;

	if (store_open(lab->path, STORE_CREATE, LAB_NOW_NS, &store) < 0)
		_exit(2);
	store_network_draw(entropy_kernel(), &network);
	int err = store_network_init(store, &by, &network);
	lab_key('g', 0, key);
	if (err == 0 || err == ERR_EXISTS)
		err = store_gateway_add(store, &by, "gw", key, "gw.example.net:1", &gateway);
	if (err < 0 && err != ERR_EXISTS)
		_exit(3);
	for (uint64_t i = 0;; i++)
		(void)dice_act(&dice, store, NULL, LAB_NOW_NS + i * 50000000);
}

/* Kills a child at a random moment of its life. Whether it lived until then. */
static bool kill_one(const struct lab *lab, uint64_t seed)
{
	struct dice dice = {seed};
	int status;

	(void)fflush(stdout); /* or the child says it again */
	pid_t child = fork();
	lab_must(child >= 0, "fork");
	if (child == 0)
		act_forever(lab, seed);
	/* a moment that nothing can foresee is what is wanted here */
	(void)poll(NULL, 0, (int)dice_roll(&dice, LIFE_MS));
	lab_must(kill(child, SIGKILL) == 0, "kill");
	lab_must(waitpid(child, &status, 0) == child, "wait");
	if (WIFEXITED(status))
		printf("# the child ended by itself: %d\n", WEXITSTATUS(status));
	return WIFSIGNALED(status);
}

/* What a kill left behind: openable, whole, and explained by its log. */
static bool is_whole(const struct lab *lab, uint64_t *ret_entries)
{
	struct store *store;
	int err = store_open(lab->path, STORE_CREATE, LAB_NOW_NS, &store);

	if (err < 0) {
		printf("# does not open: %s\n", err_str(err));
		return false;
	}
	bool whole = open_check(store, OPEN_CHECK_FULL) == 0 && model_explains(store);
	*ret_entries = lab_entries(store);
	store_close(store);
	return whole && lab_ask(lab, "SELECT count(*) FROM pragma_foreign_key_check") == 0;
}

int main(void)
{
	int lived = 0, whole = 0;
	uint64_t entries = 0, acts = 0;

	for (uint64_t seed = 0; seed < KILLS; seed += KILLS_EACH) {
		struct lab lab;

		lab_begin(&lab);
		for (uint64_t i = 0; i < KILLS_EACH; i++) {
			lived += kill_one(&lab, seed + i);
			whole += is_whole(&lab, &entries);
		}
		acts += entries;
		lab_end(&lab);
	}
	tap_is_int(lived, KILLS, "each child acted until it was killed");
	tap_is_int(whole, KILLS, "after each the store is whole, and its log tells all of it");
	tap_ok(acts > KILLS, "they got to act");
	printf("# %d kills, %llu acts\n", KILLS, (unsigned long long)acts);
	return tap_done();
}
