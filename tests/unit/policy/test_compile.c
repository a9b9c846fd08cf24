/* SPDX-License-Identifier: ISC */
/* The compiler against a search through the rules, over random worlds. */
#include "policy/compile.h"

#include "tap.h"
#include "world_build.h"

enum {
	OPERATIONS_A_WORLD = 1000, /* of those that TACET_TEST_OPERATIONS asks for */
};

/* Whether each device may reach just what the search says. */
static bool agrees(const struct world *world, const struct policy_compiled *compiled)
{
	for (size_t device = 0; device < WORLD_DEVICES; device++) {
		for (size_t service = 0; service < WORLD_SERVICES; service++) {
			bool got = policy_allows(
				compiled, world_device_id(device), world_service_id(service));

			if (got == world_allows(world, device, service))
				continue;
			printf("# device %zu, service %zu: %s\n", device, service,
				got ? "allowed" : "denied");
			return false;
		}
	}
	return true;
}

/* Whether two compilations are the same in all that can be asked. */
static bool are_equal(const struct policy_compiled *a, const struct policy_compiled *b)
{
	if (policy_role_count(a) != policy_role_count(b) ||
		policy_device_count(a) != policy_device_count(b))
		return false;
	for (size_t i = 0; i < policy_device_count(a); i++) {
		struct policy_device_role x = policy_device_at(a, i), y = policy_device_at(b, i);
		if (x.device != y.device || x.role != y.role)
			return false;
	}
	for (size_t i = 0; i < policy_role_count(a); i++) {
		struct policy_grants x = policy_grants_of(a, policy_role_at(a, i));
		struct policy_grants y = policy_grants_of(b, policy_role_at(b, i));
		uint32_t one = 0, other = 0;
		bool more = true;

		while (more) {
			more = policy_grants_next(&x, &one);
			if (policy_grants_next(&y, &other) != more || (more && one != other))
				return false;
		}
	}
	return true;
}

/* Whether the services of a role are those that policy_allows() says of its device, in order. */
static bool role_is_sound(const struct policy_compiled *compiled, struct policy_device_role device)
{
	struct policy_grants grants = policy_grants_of(compiled, device.role);
	uint32_t service, last = 0;
	size_t count = 0, allowed = 0;

	while (policy_grants_next(&grants, &service)) {
		if (service <= last || !policy_allows(compiled, device.device, service))
			return false;
		last = service;
		count++;
	}
	for (size_t i = 0; i < WORLD_SERVICES; i++)
		allowed += policy_allows(compiled, device.device, world_service_id(i));
	return count == allowed && (count == 0) == (device.role == POLICY_ROLE_NONE) &&
	       policy_role_of(compiled, device.device) == device.role;
}

/* Whether two devices have one role if and only if they have the same services. */
static bool roles_part(const struct policy_compiled *compiled, struct policy_device_role a,
	struct policy_device_role b)
{
	bool same = true;

	for (size_t i = 0; i < WORLD_SERVICES; i++) {
		uint32_t service = world_service_id(i);
		same = same && policy_allows(compiled, a.device, service) ==
				       policy_allows(compiled, b.device, service);
	}
	return same == (a.role == b.role);
}

/* What holds in each compilation. */
static bool is_sound(const struct policy_compiled *compiled)
{
	for (size_t i = 0; i < policy_role_count(compiled); i++) {
		uint32_t role = policy_role_at(compiled, i);
		size_t devices = 0;

		for (size_t at = 0; at < policy_device_count(compiled); at++)
			devices += policy_device_at(compiled, at).role == role;
		bool is_used = role == POLICY_ROLE_NONE || devices > 0;
		bool is_next =
			i == 0 ? role == POLICY_ROLE_NONE : role > policy_role_at(compiled, i - 1);
		if (!is_used || !is_next)
			return false;
	}
	for (size_t i = 0; i < policy_device_count(compiled); i++) {
		struct policy_device_role device = policy_device_at(compiled, i);

		if (!role_is_sound(compiled, device))
			return false;
		if (i > 0 && policy_device_at(compiled, i - 1).device >= device.device)
			return false;
		if (i > 0 && !roles_part(compiled, policy_device_at(compiled, i - 1), device))
			return false;
	}
	return !policy_allows(compiled, 5000, world_service_id(0)) &&
	       !policy_allows(compiled, world_device_id(0), 5000) &&
	       policy_role_of(compiled, 5000) == POLICY_ROLE_NONE;
}

/* Compiles a world afresh and after another; says whether all is as it must be. */
static bool one_world(const struct world *world, enum world_kind kind,
	const struct policy_compiled *previous, struct policy_compiled **ret_compiled)
{
	size_t faults = 0, others = 0;
	struct policy_compiled *fresh = world_compile(world, false, NULL, &faults);
	struct policy_compiled *shuffled = world_compile(world, true, NULL, &others);
	struct policy_compiled *next = world_compile(world, false, previous, &others);
	struct policy_compiled *again = world_compile(world, true, next, &others);

	bool held = (kind == WORLD_DIRTY || faults == 0) && agrees(world, fresh) &&
		    agrees(world, next) && is_sound(fresh) && is_sound(next) &&
		    are_equal(fresh, shuffled) && are_equal(next, again);
	policy_compiled_free(fresh);
	policy_compiled_free(shuffled);
	policy_compiled_free(again);
	*ret_compiled = next;
	return held;
}

static void test_worlds(struct prng *prng, enum world_kind kind, const char *name)
{
	uint64_t left = operations_wanted() / OPERATIONS_A_WORLD;
	struct policy_compiled *previous = NULL;
	struct world world = world_draw(prng, kind);
	bool held = true;

	for (; held && left > 0; left--) {
		struct policy_compiled *next;

		if (prng_one_in(prng, 10))
			world = world_draw(prng, kind);
		for (uint64_t changes = prng_below(prng, 3); changes > 0; changes--)
			world_change(prng, kind, &world);
		held = one_world(&world, kind, previous, &next);
		policy_compiled_free(previous);
		previous = next;
	}
	policy_compiled_free(previous);
	tap_ok(held, name);
}

/* Compiles a text in a world of four users, of whom each has a device, and some services. */
static struct policy_compiled *compile_text(
	const char *text, size_t services, const struct policy_compiled *previous)
{
	static const char *const users[] = {"a", "b", "c", "d"};
	const struct policy_target target = {
		.address = {.family = ADDRESS_IPV4, .bytes = {10, 0, 0, 1}}, .port = 1};
	struct policy_model *model = policy_model_new();
	struct policy_source source = {.model = model, .previous = previous};
	struct policy_document *document = NULL;
	struct policy_compiled *compiled = NULL;
	struct policy_faults faults = {0};
	char name[POLICY_NAME_SIZE];

	for (uint32_t i = 0; i < ARRAY_LENGTH(users); i++) {
		world_must(policy_model_add_user(model, users[i]));
		world_must(policy_model_add_device(model, i + 1, users[i], POLICY_DEVICE_ACTIVE));
	}
	for (uint32_t i = 0; i < services; i++) {
		(void)snprintf(name, sizeof name, "s%u", i);
		world_must(policy_model_add_service(model, i, name, &target));
	}
	world_must(policy_document_parse(text, strlen(text), &faults, &document));
	source.document = document;
	world_must(policy_compile(&source, &faults, &compiled));
	policy_document_free(document);
	policy_model_free(model);
	return compiled;
}

#define RULE(who, may) "  - {who: [" who "], may: [" may "]}\n"

static void test_numbers(void)
{
	struct policy_compiled *first = compile_text("rules:\n" RULE("a, b, c", "s0"), 3, NULL);
	uint32_t role = policy_role_of(first, 1);

	tap_ok(role != POLICY_ROLE_NONE && policy_role_of(first, 3) == role &&
			policy_role_of(first, 4) == POLICY_ROLE_NONE &&
			policy_role_count(first) == 2,
		"three devices have one role, the fourth has none");
	struct policy_compiled *other =
		compile_text("rules:\n" RULE("b", "s0") RULE("d", "s2, s1"), 200, NULL);
	tap_is_int(policy_role_of(other, 2), role,
		"the same services have the same number in another world");
	policy_compiled_free(other);

	struct policy_compiled *more =
		compile_text("rules:\n" RULE("a, b, c", "s0, s1") RULE("d", "s0"), 3, first);
	tap_ok(policy_role_of(more, 1) == role && policy_role_of(more, 4) != role,
		"a role that is granted more keeps its number, for most devices stay in it");
	struct policy_compiled *joined =
		compile_text("rules:\n" RULE("a, b, c, d", "s0, s1"), 3, more);
	tap_ok(policy_role_of(joined, 4) == role && policy_role_count(joined) == 2,
		"a device that joins it gets its number");
	struct policy_compiled *parted =
		compile_text("rules:\n" RULE("a", "s0, s1") RULE("b, c, d", "s0, s2"), 3, joined);
	tap_ok(policy_role_of(parted, 2) == role && policy_role_of(parted, 1) != role,
		"the larger part of what parts keeps it");
	struct policy_compiled *none = compile_text("", 3, parted);
	tap_ok(policy_role_count(none) == 1 && policy_role_at(none, 0) == POLICY_ROLE_NONE &&
			policy_device_count(none) == 4,
		"no rules, no grants");
	policy_compiled_free(none);
	policy_compiled_free(parted);
	policy_compiled_free(joined);
	policy_compiled_free(more);
	policy_compiled_free(first);
	policy_compiled_free(NULL);
}

/* A policy that was never written denies everything. */
static void test_nothing(void)
{
	struct policy_model *model = policy_model_new();
	const struct policy_source source = {.model = model};
	struct policy_faults faults = {0};
	struct policy_compiled *compiled = NULL;

	tap_is_int(policy_compile(&source, &faults, &compiled), 0, "no document, an empty world");
	tap_ok(policy_role_count(compiled) == 1 && policy_device_count(compiled) == 0 &&
			!policy_allows(compiled, 0, 0) && policy_compiled_bytes(compiled) > 0,
		"nobody may do anything");
	struct policy_grants grants = policy_grants_of(compiled, 77);
	uint32_t service = 99;
	tap_ok(!policy_grants_next(&grants, &service) && service == 99,
		"a role that there is not has no services");
	policy_compiled_free(compiled);
	policy_model_free(model);
}

int main(void)
{
	struct prng prng = prng_start();

	test_nothing();
	test_numbers();
	test_worlds(&prng, WORLD_CLEAN, "worlds in which all is right: as the search says");
	test_worlds(&prng, WORLD_DIRTY, "worlds in which names are wrong: as the search says");
	return tap_done();
}
