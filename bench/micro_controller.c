/* SPDX-License-Identifier: ISC */
/*
 * Milliseconds and memory of a controller's work for a large network: reading the store, the first
 * plan, and the plan after a single change, each with its share; then all of it with a parent that
 * takes the plan and does nothing; and what a gateway on a host of its own would be told that had
 * all services behind it. The store is in memory: what the disk costs is micro_store's.
 */
#include "base/bytes.h"
#include "base/clock.h"
#include "controller/gatewayplans.h"
#include "controller/rollout.h"
#include "store/group.h"
#include "store/policytext.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	DEVICES = 10000,
	SERVICES = 1000,
	RULES = 500,
	GROUPS = 200,
	GROUPS_A_USER = 3,
	RUNS = 5,
	POLICY_SIZE = 1 << 20,
};

#define BEGAN_NS 1780000000000000000ULL

static const struct store_actor by = {"bench", STORE_WAY_SYSTEM, BEGAN_NS};

static void must(int result, const char *what)
{
	if (result == 0)
		return;
	(void)fprintf(stderr, "micro_controller: cannot %s: %d\n", what, result);
	exit(1);
}

static double ms_since(uint64_t began_ns)
{
	return (double)(clock_now().monotonic_ns - began_ns) / 1e6;
}

static uint64_t random_below(uint64_t bound)
{
	static uint64_t state = 1;
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) % bound;
}

static void fill_device(struct store *store, unsigned number)
{
	char user[STORE_NAME_SIZE], groups[GROUPS_A_USER][16];
	const char *names[GROUPS_A_USER];
	uint8_t key[STORE_KEY_SIZE] = {'d'};
	const struct store_enrolment enrolment = {"laptop", key, key};
	struct store_device device;

	(void)snprintf(user, sizeof user, "u%u", number);
	for (unsigned i = 0; i < GROUPS_A_USER; i++) {
		/* teams: the users of one share their groups */
		(void)snprintf(groups[i], sizeof groups[i], "g%u", (number / 50 + i * 67) % GROUPS);
		names[i] = groups[i];
	}
	store_be64(key + 8, number * 0x9e3779b97f4a7c15);
	must(store_user_add(store, &by, user, names, GROUPS_A_USER), "add a user");
	must(store_device_add(store, &by, user, &enrolment, &device), "add a device");
}

static void fill(struct store *store)
{
	char *text = malloc(POLICY_SIZE);
	size_t size = 0;
	uint64_t version;

	must(text ? 0 : -1, "allocate");
	for (unsigned i = 0; i < DEVICES; i++)
		fill_device(store, i);
	for (unsigned i = 0; i < SERVICES; i++) {
		char name[16];
		const struct store_service_target target = {
			name, STORE_TCP, "10.0.0.1", (uint16_t)(i + 1), 0, "gw"};
		struct store_service service;

		(void)snprintf(name, sizeof name, "s%u", i);
		must(store_service_add(store, &by, &target, &service), "add a service");
	}
	size = (size_t)snprintf(text, POLICY_SIZE, "rules:\n");
	for (unsigned i = 0; i < RULES; i++) {
		size += (size_t)snprintf(text + size, POLICY_SIZE - size, "  - {who: [g%u], may: [",
			(unsigned)random_below(GROUPS));
		for (unsigned j = 0; j < 10; j++)
			size += (size_t)snprintf(text + size, POLICY_SIZE - size, "%ss%u",
				j ? ", " : "", (i * 17 + j * 101) % SERVICES);
		size += (size_t)snprintf(text + size, POLICY_SIZE - size, "]}\n");
	}
	const struct store_policy_change change = {.text = text, .size = size};
	must(store_policy_apply(store, &by, &change, &version), "apply a policy");
	free(text);
}

static struct store *make(const char *path)
{
	struct store_network network = {.name = "bench", .endpoint = "h:1", .server_key = "k"};
	struct store_gateway gateway;
	uint8_t key[STORE_KEY_SIZE] = {'g', 1};
	struct store *store;

	must(store_open(path, STORE_CREATE, BEGAN_NS, &store), "open");
	store_network_draw(entropy_kernel(), &network);
	must(store_network_init(store, &by, &network), "set up a network");
	must(store_gateway_add(store, &by, "gw", key, "h:1", &gateway), "add a gateway");
	fill(store);
	return store;
}

/* Compiles and plans; prints what each took. */
static struct policy_compiled *plan(
	const char *name, const struct world *world, struct policy_compiled *previous)
{
	struct policy_faults faults = {0};
	struct plan made;
	uint64_t began_ns = clock_now().monotonic_ns;
	struct policy_model *model = world_model(world, WORLD_SERVICES_ALL);
	double model_ms = ms_since(began_ns);

	policy_model_free(model);
	began_ns = clock_now().monotonic_ns;
	struct policy_compiled *compiled = world_compile(world, previous, &faults);
	double compile_ms = ms_since(began_ns);
	began_ns = clock_now().monotonic_ns;
	must(plan_init(&made, world, compiled, 1, BEGAN_NS), "plan");
	printf("%-24s %7.1f ms with a model of %.1f ms, plan %5.1f ms; %u roles, %u grants\n", name,
		compile_ms, model_ms, ms_since(began_ns), made.head.roles, made.head.grants);
	plan_done(&made);
	policy_compiled_free(previous);
	return compiled;
}

/* Its netmap, as the controller would make it. */
static void add_netmap(const struct world *world, struct gatewayplan *plan)
{
	const struct store_gateway *own = &world->gateways[0];
	struct netmap_gateway *gateways = calloc(1, sizeof *gateways);

	must(gateways ? 0 : -1, "allocate");
	*gateways = (struct netmap_gateway){.name = "gw",
		.endpoint = "h:1",
		.public_key = {1},
		.ipv4 = own->ipv4,
		.ipv6 = own->ipv6};
	plan->netmap = (struct netmap){.network = "bench",
		.user = "gw",
		.device = "gw",
		.ipv4 = own->ipv4,
		.ipv6 = own->ipv6,
		.overlay_ipv4 = world->network.overlay.ipv4,
		.overlay_ipv6 = world->network.overlay.ipv6,
		.control_port = 7411,
		.gateways = gateways,
		.gateway_count = 1};
}

/* What a gateway is told: to make it here, and to read it there. */
static void time_gateway(const struct world *world, const struct policy_compiled *compiled)
{
	struct gatewayplan plan, read;
	char where[NETMAP_NAME_SIZE];
	uint64_t began_ns = clock_now().monotonic_ns;

	must(gatewayplans_make(world, compiled, &world->gateways[0], &plan), "plan a gateway");
	add_netmap(world, &plan);
	json_t *json = gatewayplan_encode(&plan);
	double make_ms = ms_since(began_ns);
	char *text = json_dumps(json, JSON_COMPACT);
	must(text ? 0 : -1, "write JSON");
	began_ns = clock_now().monotonic_ns;
	json_t *again = json_loads(text, 0, NULL);
	must(gatewayplan_decode(again, &read, where), "read a gateway's plan");
	printf("%-24s %7.1f ms to make, %5.1f ms to read; %.1f MiB, %zu devices\n",
		"a gateway's plan", make_ms, ms_since(began_ns), (double)strlen(text) / (1 << 20),
		plan.device_count);
	free(text);
	json_decref(json);
	json_decref(again);
	gatewayplan_done(&plan);
	gatewayplan_done(&read);
}

/* A parent that takes each plan and says that it is in force. */
struct parent {
	struct channel *channel;
	struct controller controller;
	uv_loop_t loop;
};

static void received(void *context, const struct channel_message *message)
{
	struct parent *parent = context;
	const struct message_plan *plan = message->records;

	if (message->head.type != MESSAGE_PLAN_END)
		return;
	const struct message_done done = {.version = plan->version};
	channel_send(parent->channel, MESSAGE_PLAN_DONE, &done, 1);
}

static void ended(void *context, int err)
{
	(void)context;
	must(err < 0 ? err : -1, "keep the channel");
}

/* Until what was done is in force. */
static void time_change(const char *name, struct parent *parent)
{
	struct rollout *rollout = &parent->controller.rollout;
	uint64_t began_ns = clock_now().monotonic_ns, version = rollout->head.version + 1;

	rollout_due(&parent->controller);
	while (rollout->in_force_head.version < version)
		(void)uv_run(&parent->loop, UV_RUN_ONCE);
	printf("%-24s %7.1f ms, as far as the parent and back\n", name, ms_since(began_ns));
}

static void time_controller(const char *state)
{
	struct parent parent = {0};
	struct config config;
	int fds[2];

	config_default(&config);
	(void)snprintf(config.state, sizeof config.state, "%s", state);
	must(uv_loop_init(&parent.loop), "make a loop");
	must(controller_open(&parent.controller, &config, &parent.loop), "open");
	must(channel_pair(fds), "make a channel");
	const struct channel_config channel = {
		&parent.loop, fds[0], MESSAGE_FROM_C, received, ended, &parent};
	must(channel_open(&channel, &parent.channel), "be the parent");
	must(controller_greet(&parent.controller, fds[1]), "greet");
	parent.controller.rollout.is_ready = true;
	time_change("the first plan", &parent);
	for (unsigned i = 0; i < RUNS; i++) {
		world_remove_device(&parent.controller.world, 17 + i);
		time_change("a device less", &parent);
	}
	controller_close(&parent.controller);
	channel_close(parent.channel);
	(void)uv_run(&parent.loop, UV_RUN_DEFAULT);
	must(uv_loop_close(&parent.loop), "close the loop");
}

int main(void)
{
	char state[] = "/dev/shm/tacet-micro-controller.XXXXXX", path[128], folder[128];
	struct world world = {0};

	must(mkdtemp(state) ? 0 : -1, "make a directory");
	(void)snprintf(folder, sizeof folder, "%s/control", state);
	(void)snprintf(path, sizeof path, "%s/" CONFIG_DATABASE, state);
	must(mkdir(folder, 0700), "make a directory in it");
	struct store *store = make(path);
	uint64_t began_ns = clock_now().monotonic_ns;
	must(world_load(&world, store), "load");
	printf("%-24s %7.1f ms\n", "read the store", ms_since(began_ns));
	struct policy_compiled *compiled = plan("the first plan", &world, NULL);
	for (unsigned i = 0; i < RUNS; i++) {
		world_remove_device(&world, 17 + i);
		compiled = plan("a device less", &world, compiled);
	}
	time_gateway(&world, compiled);
	printf("%-24s %7.1f MiB\n", "memory in use",
		(double)(mallinfo2().uordblks + mallinfo2().hblkhd) / (1 << 20));
	policy_compiled_free(compiled);
	world_done(&world);
	store_close(store);
	time_controller(state);
	must(unlink(path), "unlink");
	must(rmdir(folder), "remove a directory");
	must(rmdir(state), "remove the other");
	return 0;
}
