/* SPDX-License-Identifier: ISC */
/* From a store to a plan: who is in it, in which role, and who is not. */
#include "base/bytes.h"
#include "base/error.h"
#include "controller/plan.h"
#include "gateway/plan.h"
#include "store/store_lab.h"
#include "tap.h"

_Static_assert((int)PLAN_KIND_ENROLLED == (int)MODEL_ROLE_ENROLLED, "as the gateway has it");
_Static_assert((int)PLAN_KIND_INVITED == (int)MODEL_ROLE_INVITED, "as the gateway has it");
_Static_assert(POLICY_ROLE_GREATEST == MODEL_ROLE_GREATEST, "as the gateway has it");

#define POLICY                                                                                     \
	"rules:\n"                                                                                 \
	"  - {who: [staff], may: [intranet, db]}\n"                                                \
	"  - {who: [bob], may: [db, far]}\n"

static struct lab lab;
static uint64_t next_key;

static uint64_t add_device(const char *user, const char *name)
{
	const struct store_actor by = lab_root(1);
	uint8_t key[STORE_KEY_SIZE], preshared_key[STORE_KEY_SIZE];
	const struct store_enrolment enrolment = {name, key, preshared_key};
	struct store_device device;

	lab_key('d', ++next_key, key);
	lab_key('s', next_key, preshared_key);
	lab_must(store_device_add(lab.store, &by, user, &enrolment, &device) == 0, "add a device");
	return device.id;
}

static void add_service(const char *name, const char *host, const char *gateway)
{
	const struct store_actor by = lab_root(1);
	const struct store_service_target target = {name, STORE_TCP, host, 80, 8080, gateway};
	struct store_service service;

	lab_must(store_service_add(lab.store, &by, &target, &service) == 0, "add a service");
}

/* alice: active, quarantined, revoked; bob: active, pending; carol, whom no rule knows: active. */
static void fill(void)
{
	const struct store_actor by = lab_root(1);
	const struct store_policy_change change = {.text = POLICY, .size = sizeof POLICY - 1};
	const char *staff[] = {"staff"};
	struct store_gateway gateway;
	struct store_invite invite;
	struct store_device device;
	uint8_t key[STORE_KEY_SIZE];
	uint64_t version;

	lab_must(store_user_add(lab.store, &by, "alice", staff, 1) == 0, "add alice");
	lab_must(store_user_add(lab.store, &by, "bob", NULL, 0) == 0, "add bob");
	lab_must(store_user_add(lab.store, &by, "carol", NULL, 0) == 0, "add carol");
	lab_key('g', 9, key);
	lab_must(store_gateway_add(lab.store, &by, "gx", key, "h:1", &gateway) == 0, "add one");
	add_service("intranet", "127.0.0.1", "gw");
	add_service("db", "fd00::7", "gw");
	add_service("far", "10.0.0.1", "gx");
	add_service("named", "db.example.net", "gw");
	add_service("nobody", "224.0.0.1", "gw");
	(void)add_device("alice", "laptop");
	lab_must(store_device_quarantine(lab.store, &by, add_device("alice", "phone")) == 0, "q");
	lab_must(store_device_revoke(lab.store, &by, add_device("alice", "lost")) == 0, "revoke");
	(void)add_device("bob", "laptop");
	(void)add_device("carol", "laptop");
	lab_must(lab_invite(lab.store, "bob", 1, 100, &invite) == 0, "invite");
	lab_must(lab_redeem(lab.store, 1, 500, "phone", &device) == 0, "redeem");
	lab_must(lab_invite(lab.store, "bob", 2, 100, &invite) == 0, "invite again");
	lab_must(lab_invite(lab.store, "bob", 3, 5, &invite) == 0, "invite for a short time");
	lab_must(store_policy_apply(lab.store, &by, &change, &version) == 0, "apply a policy");
}

static const struct message_device *device_at(const struct plan *plan, const struct address *ipv4)
{
	for (size_t i = 0; i < plan->head.devices; i++) {
		if (address_equal(&plan->devices[i].ipv4, ipv4))
			return &plan->devices[i];
	}
	return NULL;
}

/* The role of a user's device in the plan; 0: it is not in it. */
static uint32_t role_of(
	const struct plan *plan, const struct world *world, const char *user, const char *name)
{
	const struct store_device *device = world_device(world, user, name);
	const struct message_device *planned = device ? device_at(plan, &device->ipv4) : NULL;

	return planned ? planned->role : 0;
}

static size_t count_grants(const struct plan *plan, uint32_t role)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->head.grants; i++)
		count += plan->grants[i].role == role;
	return count;
}

/* What holds for each plan, by the words of message.h. */
static void check_whole(const struct plan *plan)
{
	size_t prefixes = 0, ascending = 0;
	bool roles_known = true;

	for (size_t i = 0; i < plan->head.peers; i++)
		prefixes += plan->peers[i].prefix_count;
	tap_is_int(plan->head.prefixes, (intmax_t)prefixes, "each prefix is a peer's");
	for (size_t i = 1; i < plan->head.roles; i++)
		ascending += plan->roles[i - 1].number < plan->roles[i].number;
	tap_is_int((intmax_t)ascending + 1, plan->head.roles, "no number is there twice");
	for (size_t i = 0; i < plan->head.devices; i++) {
		size_t at = 0;

		while (at < plan->head.roles && plan->roles[at].number != plan->devices[i].role)
			at++;
		roles_known &= at < plan->head.roles;
	}
	tap_ok(roles_known, "each device is in a role that is there");
	tap_ok(plan->roles[0].number == PLAN_ROLE_BARE &&
			plan->roles[0].kind == MODEL_ROLE_ENROLLED,
		"the role without services");
	tap_ok(plan->roles[1].number == PLAN_ROLE_INVITED &&
			plan->roles[1].kind == MODEL_ROLE_INVITED,
		"the role of invites");
}

static void test_roles(const struct plan *plan, const struct world *world)
{
	uint32_t laptop = role_of(plan, world, "alice", "laptop");
	uint32_t bobs = role_of(plan, world, "bob", "laptop");

	tap_ok(laptop >= POLICY_ROLE_LEAST, "a device that is granted has a role of the policy");
	tap_is_int((intmax_t)count_grants(plan, laptop), 2, "with two services");
	tap_is_int(role_of(plan, world, "alice", "phone"), PLAN_ROLE_BARE, "one in quarantine");
	tap_is_int(role_of(plan, world, "alice", "lost"), 0, "one that was revoked is nowhere");
	tap_ok(bobs >= POLICY_ROLE_LEAST && bobs != laptop, "another has another role");
	tap_is_int(role_of(plan, world, "bob", "phone"), bobs, "which his other device has, too");
	tap_is_int((intmax_t)count_grants(plan, bobs), 1,
		"without the service that stands behind another gateway");
	tap_is_int(role_of(plan, world, "carol", "laptop"), PLAN_ROLE_BARE, "nothing is granted");
	tap_is_int((intmax_t)count_grants(plan, PLAN_ROLE_BARE), 0, "which grants nothing");
	tap_is_int((intmax_t)count_grants(plan, PLAN_ROLE_INVITED), 0, "nor does an invite");
}

static void test_invites(const struct plan *plan, struct world *world)
{
	uint8_t key[STORE_KEY_SIZE], preshared_key[STORE_KEY_SIZE];
	const struct message_peer *peer = &plan->peers[plan->head.peers - 1];
	const struct message_prefix *prefix = &plan->prefixes[plan->head.prefixes - 2];
	const struct store_invite *invite = &world->invites[0].store;

	lab_key('i', 2, key);
	lab_key('p', 2, preshared_key);
	tap_is_bytes(peer->public_key, key, sizeof key, "the open invite's key");
	tap_is_bytes(peer->preshared_key, preshared_key, sizeof key, "its pre-shared key");
	tap_ok(prefix[0].prefix.length == 32 && prefix[1].prefix.length == 128, "its two prefixes");
	tap_ok(address_equal(&prefix[0].prefix.address, &invite->ipv4) &&
			address_equal(&prefix[1].prefix.address, &invite->ipv6),
		"of its addresses");
	tap_ok(device_at(plan, &invite->ipv4)->role == PLAN_ROLE_INVITED, "in its role");
	tap_ok(!device_at(plan, &world->invites[1].store.ipv4),
		"one that has expired is not there");
}

static void test_services(const struct plan *plan, struct world *world)
{
	const struct world_service *db = &world->services[world_find_service(world, "db")];
	const struct world_service *far = &world->services[world_find_service(world, "far")];
	const struct address vip = plan_vip(db);

	tap_is_int(plan->head.services, 2, "the services of this gateway");
	tap_ok(plan->services[0].id == db->store.id && plan->services[0].port == 8080 &&
			plan->services[0].target_port == 80 && plan->services[0].protocol == 6,
		"one of them");
	tap_ok(address_equal(&vip, &db->store.vip_ipv6), "is reached by its target's family");
	tap_ok(!plan_has_service(world, far), "another gateway's is not");
	tap_ok(world_service_of_id(world, (uint32_t)far->store.id) == far, "found by its id");
	tap_ok(!world_service_of_id(world, 77), "and one that is not there is not");
	tap_ok(!world->services[world_find_service(world, "named")].has_target &&
			!world->services[world_find_service(world, "nobody")].has_target,
		"a name or what is no host is no target, and holds up nothing else");
}

/* Whether the parent, which believes nothing, takes it. */
static void test_intake(const struct plan *plan, const struct world *world)
{
	const struct model_tunnel tunnel = {
		.interface = "tacet0",
		.overlay_ipv4 = world->network.overlay.ipv4,
		.overlay_ipv6 = world->network.overlay.ipv6,
		.ipv4 = world->gateways[0].ipv4,
		.ipv6 = world->gateways[0].ipv6,
		.control_port = 7411,
		.enrol_port = 7412,
	};
	const struct plan_part parts[] = {
		{MESSAGE_PLAN_BEGIN, &plan->head, 1},
		{MESSAGE_PLAN_PEERS, plan->peers, plan->head.peers},
		{MESSAGE_PLAN_PREFIXES, plan->prefixes, plan->head.prefixes},
		{MESSAGE_PLAN_ROLES, plan->roles, plan->head.roles},
		{MESSAGE_PLAN_DEVICES, plan->devices, plan->head.devices},
		{MESSAGE_PLAN_SERVICES, plan->services, plan->head.services},
		{MESSAGE_PLAN_GRANTS, plan->grants, plan->head.grants},
		{MESSAGE_PLAN_KNOCKS, plan->knocks, plan->head.knocks},
		{MESSAGE_PLAN_END, &plan->head, 1},
	};
	struct plan_intake intake;
	struct plan_received *received = NULL;
	uint64_t version = 0;
	int result = 0;

	tap_is_int(model_check_tunnel(&tunnel), 0, "a tunnel");
	plan_intake_init(&intake, PLAN_OF_GATEWAY, &tunnel);
	for (size_t i = 0; i < ARRAY_LENGTH(parts) && result == 0; i++)
		result = plan_intake_take(&intake, &parts[i], &received, &version);
	if (!tap_is_int(result, 1, "the parent takes the plan"))
		printf("# %s\n", intake.why);
	plan_free(received);
	plan_intake_done(&intake);
}

int main(void)
{
	struct world world = {0};
	struct policy_faults faults = {0};
	struct plan plan;

	lab_open(&lab);
	fill();
	tap_is_int(world_load(&world, lab.store), 0, "load a world");
	struct policy_compiled *compiled = world_compile(&world, NULL, &faults);
	tap_ok(!policy_faults_exist(&faults), "its policy means something");
	tap_is_int(plan_init(&plan, &world, compiled, 7, LAB_NOW_NS + 10ULL * LAB_SECOND), 0,
		"make a plan");
	tap_is_int((intmax_t)plan.head.version, 7, "of that version");
	tap_is_int(plan.head.peers, 7, "five devices, a gateway and an invite");
	check_whole(&plan);
	test_intake(&plan, &world);
	test_roles(&plan, &world);
	test_invites(&plan, &world);
	test_services(&plan, &world);
	plan_done(&plan);
	policy_compiled_free(compiled);
	world_set_policy(&world, NULL, 0);
	compiled = world_compile(&world, NULL, &faults);
	tap_is_int(plan_init(&plan, &world, compiled, 8, LAB_NOW_NS), 0, "without a policy");
	tap_ok(plan.head.grants == 0 && plan.head.roles == 2 && plan.head.peers == 8,
		"all is denied");
	plan_done(&plan);
	policy_compiled_free(compiled);
	world_done(&world);
	lab_end(&lab);
	return tap_done();
}
