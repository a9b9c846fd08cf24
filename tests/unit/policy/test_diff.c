/* SPDX-License-Identifier: ISC */
/* Differences of random worlds: against pairs compared one by one, and applied to what was there.
 */
#include "policy/diff.h"

#include "tap.h"
#include "world_build.h"

enum {
	OPERATIONS_A_WORLD = 500, /* of those that TACET_TEST_OPERATIONS asks for */
	ID_MAX = 1100,		  /* ids of devices and services lie below */
	GRANTS_MAX = 1 << 14,
};

/* What enforces: roles of devices, and grants of roles. */
struct enforced {
	uint32_t roles[ID_MAX]; /* by id of device */
	struct policy_grant grants[GRANTS_MAX];
	size_t grant_count;
};

static size_t find_grant(const struct enforced *enforced, struct policy_grant grant)
{
	for (size_t i = 0; i < enforced->grant_count; i++) {
		if (enforced->grants[i].role == grant.role &&
			enforced->grants[i].service == grant.service)
			return i;
	}
	return SIZE_MAX;
}

/* Applies a difference as an enforcer would, who refuses to add what is there or to remove what
 * is not. */
static bool apply(struct enforced *enforced, const struct policy_diff *diff)
{
	for (size_t i = 0; i < diff->grants_removed_count; i++) {
		size_t at = find_grant(enforced, diff->grants_removed[i]);
		if (at == SIZE_MAX)
			return false;
		enforced->grants[at] = enforced->grants[--enforced->grant_count];
	}
	for (size_t i = 0; i < diff->grants_added_count; i++) {
		if (find_grant(enforced, diff->grants_added[i]) != SIZE_MAX)
			return false;
		enforced->grants[enforced->grant_count++] = diff->grants_added[i];
	}
	for (size_t i = 0; i < diff->move_count; i++) {
		const struct policy_move *move = &diff->moves[i];
		if (enforced->roles[move->device] != move->from || move->from == move->to)
			return false;
		enforced->roles[move->device] = move->to;
	}
	return true;
}

/* Whether what is enforced is just what is compiled. */
static bool is_as(const struct enforced *enforced, const struct policy_compiled *compiled)
{
	size_t count = 0;

	for (uint32_t device = 0; device < ID_MAX; device++) {
		if (enforced->roles[device] != policy_role_of(compiled, device))
			return false;
	}
	for (size_t i = 0; i < policy_role_count(compiled); i++) {
		uint32_t role = policy_role_at(compiled, i), service;
		struct policy_grants grants = policy_grants_of(compiled, role);

		for (; policy_grants_next(&grants, &service); count++) {
			if (find_grant(enforced, (struct policy_grant){role, service}) == SIZE_MAX)
				return false;
		}
	}
	return count == enforced->grant_count;
}

/* Pairs that were told, in a checksum of their own order. */
struct told {
	const struct policy_compiled *from, *to;
	size_t gained, lost;
	uint64_t last; /* device and service */
	bool held;
};

static bool allows(const struct policy_compiled *compiled, uint32_t device, uint32_t service)
{
	return compiled && policy_allows(compiled, device, service);
}

static void visit(void *context, enum policy_change change, uint32_t device, uint32_t service)
{
	struct told *told = context;
	uint64_t now = (uint64_t)device << 32 | service;

	told->held = told->held && now > told->last &&
		     allows(told->from, device, service) == (change == POLICY_LOST) &&
		     allows(told->to, device, service) == (change == POLICY_GAINED);
	told->last = now;
	told->gained += change == POLICY_GAINED;
	told->lost += change == POLICY_LOST;
}

/* Whether just the pairs are told that differ when all are compared. */
static bool pairs_agree(const struct policy_compiled *from, const struct policy_compiled *to)
{
	struct told told = {.from = from, .to = to, .held = true};
	const struct policy_visitor visitor = {visit, &told};
	size_t gained = 0, lost = 0;

	policy_diff_pairs(from, to, &visitor);
	for (size_t i = 0; i < WORLD_DEVICES; i++) {
		for (size_t at = 0; at < WORLD_SERVICES; at++) {
			uint32_t device = world_device_id(i), service = world_service_id(at);
			bool before = allows(from, device, service);
			bool after = allows(to, device, service);

			gained += !before && after;
			lost += before && !after;
		}
	}
	return told.held && told.gained == gained && told.lost == lost;
}

static bool has_role(const struct policy_compiled *compiled, uint32_t role)
{
	for (size_t i = 0; compiled && i < policy_role_count(compiled); i++) {
		if (policy_role_at(compiled, i) == role)
			return true;
	}
	return false;
}

/* Whether the roles that come and go are those, and all of those. */
static bool roles_agree(const struct policy_diff *diff, const struct policy_compiled *from,
	const struct policy_compiled *to)
{
	size_t before = from ? policy_role_count(from) : 1;
	bool held = before + diff->roles_added_count - diff->roles_removed_count ==
		    policy_role_count(to);

	for (size_t i = 0; i < diff->roles_added_count; i++)
		held = held && has_role(to, diff->roles_added[i]) &&
		       !has_role(from, diff->roles_added[i]);
	for (size_t i = 0; i < diff->roles_removed_count; i++)
		held = held && has_role(from, diff->roles_removed[i]) &&
		       !has_role(to, diff->roles_removed[i]);
	return held;
}

/* One step from what is enforced to the next. */
static bool step(struct enforced *enforced, const struct policy_compiled *from,
	const struct policy_compiled *to)
{
	struct policy_diff diff, none;

	policy_diff_init(&diff, from, to);
	policy_diff_init(&none, to, to);
	bool held = apply(enforced, &diff) && is_as(enforced, to) && pairs_agree(from, to) &&
		    roles_agree(&diff, from, to) && policy_diff_is_empty(&none);
	policy_diff_done(&diff);
	policy_diff_done(&none);
	return held;
}

/* Each world from the one before, its numbers inherited or, now and then, fresh. */
static void test_worlds(struct prng *prng)
{
	static struct enforced enforced;
	uint64_t left = operations_wanted() / OPERATIONS_A_WORLD;
	struct policy_compiled *from = NULL;
	struct world world = world_draw(prng, WORLD_DIRTY);
	bool held = true;
	size_t faults;

	for (; held && left > 0; left--) {
		if (prng_one_in(prng, 10))
			world = world_draw(prng, WORLD_DIRTY);
		for (uint64_t changes = prng_below(prng, 3); changes > 0; changes--)
			world_change(prng, WORLD_DIRTY, &world);
		struct policy_compiled *to =
			world_compile(&world, false, prng_one_in(prng, 4) ? NULL : from, &faults);
		held = step(&enforced, from, to);
		policy_compiled_free(from);
		from = to;
	}
	tap_ok(held, "differences of random worlds: applied, they give the next");
	if (from) {
		struct policy_diff diff;
		policy_diff_init(&diff, from, NULL);
		tap_ok(apply(&enforced, &diff) && enforced.grant_count == 0 &&
				diff.grants_added_count == 0 && pairs_agree(from, NULL),
			"to nothing all goes");
		policy_diff_done(&diff);
	}
	policy_compiled_free(from);
}

static void test_nothing(void)
{
	struct policy_diff diff;

	policy_diff_init(&diff, NULL, NULL);
	tap_ok(policy_diff_is_empty(&diff), "from nothing to nothing nothing changes");
	policy_diff_done(&diff);
	policy_diff_done(&diff);
	tap_ok(policy_diff_is_empty(&diff), "a difference that is gone can go again");
}

/* A world whose users all have a device and may reach the first service, or the first two. */
static struct policy_compiled *wide_world(size_t services, const struct policy_compiled *previous)
{
	struct world world = {.rule_count = 1};
	size_t faults;

	for (size_t i = 0; i < WORLD_USERS; i++) {
		world.has_user[i] = true;
		world.devices[i].user = i;
		world.devices[i].is_there = true;
		world.groups[6].in_store[i] = true;
	}
	world.groups[6].where = WORLD_STORE;
	for (size_t i = 0; i < services; i++) {
		world.services[i].where = WORLD_STORE;
		world.rules[0].may[i] = i;
	}
	world.rules[0].who[0].name = world_groups[6];
	world.rules[0].who_count = 1;
	world.rules[0].may_count = services;
	struct policy_compiled *compiled = world_compile(&world, false, previous, &faults);
	tap_is_int((intmax_t)faults, 0, "a world without faults");
	return compiled;
}

/* A grant more for a role is one grant more to enforce, however many devices have the role. */
static void test_small(void)
{
	struct policy_compiled *from = wide_world(1, NULL), *to = wide_world(2, from);
	struct policy_diff diff;

	policy_diff_init(&diff, from, to);
	tap_ok(diff.grants_added_count == 1 && diff.grants_removed_count == 0 &&
			diff.move_count == 0 && diff.roles_added_count == 0 &&
			diff.roles_removed_count == 0,
		"a service more for a group is one grant");
	policy_diff_done(&diff);
	tap_ok(pairs_agree(from, to), "which each of its devices gains");
	policy_compiled_free(from);
	policy_compiled_free(to);
}

int main(void)
{
	struct prng prng = prng_start();

	test_nothing();
	test_small();
	test_worlds(&prng);
	return tap_done();
}
