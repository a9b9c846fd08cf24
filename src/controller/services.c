/* SPDX-License-Identifier: ISC */
#include "store/service.h"

#include "base/error.h"
#include "controller/answer.h"
#include "controller/rollout.h"
#include "controller/routes.h"

#include <string.h>

static json_t *encode_target(const struct world_service *service)
{
	const struct endpoint target = {
		.remote = service->target.address, .port = service->target.port};

	if (service->has_target)
		return answer_endpoint(&target);
	return json_sprintf("%s:%u", service->store.host, service->store.port);
}

static json_t *encode(const struct world_service *service)
{
	const struct address vip = plan_vip(service);

	return json_pack("{s:s, s:s, s:o, s:o, s:i, s:s}", "name", service->store.name, "protocol",
		service->store.protocol == STORE_UDP ? "udp" : "tcp", "target",
		encode_target(service), "vip", answer_address(&vip), "port",
		(int)service->store.vip_port, "gateway", service->store.gateway);
}

void api_services_get(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	const struct world *world = &((struct controller *)context)->world;
	json_t *list = json_array();

	(void)words;
	(void)body;
	for (size_t i = 0; i < world->service_count; i++)
		answer_append(list, encode(&world->services[i]));
	server_answer(request, 200, json_pack("{s:o}", "services", list));
}

/* What an administrator says of a service, as text. */
struct wish {
	const char *name, *target, *protocol, *gateway;
	uint64_t port;
};

/* Reads the target; false: it was refused. */
static bool read_target(
	struct server_request *request, const struct wish *wish, struct policy_target *ret_target)
{
	int err = policy_target_parse(wish->target, strlen(wish->target), ret_target);

	if (err < 0) {
		server_refuse(request, err,
			"target %s: expected the address of one host and a port, as 127.0.0.1:80 "
			"or [fd00::1]:80; the name of a host is not supported yet",
			ANSWER_SHOWN(wish->target));
		return false;
	}
	if (strcmp(wish->protocol, "udp") == 0)
		ret_target->protocol = POLICY_UDP;
	else if (strcmp(wish->protocol, "tcp") != 0)
		err = ERR_UNKNOWN_WORD;
	if (err < 0)
		server_refuse(request, err, "protocol %s: expected tcp or udp",
			ANSWER_SHOWN(wish->protocol));
	else if (wish->port > UINT16_MAX)
		err = ERR_RANGE;
	if (err == ERR_RANGE)
		server_refuse(request, err, "port %llu: expected 1 to 65535",
			(unsigned long long)wish->port);
	return err == 0;
}

/* Whether the policy bears the name; what is wrong with it otherwise, the store says. */
static bool is_borne(struct controller *controller, struct server_request *request,
	const char *name, const struct policy_target *target)
{
	struct policy_model *model = world_model(&controller->world, WORLD_SERVICES_ALL);
	int err = policy_model_add_service(model, UINT32_MAX, name, target);
	bool borne = err < 0 || policy_bears(controller, request, model);

	policy_model_free(model);
	return borne;
}

static json_t *make_answer(
	struct controller *controller, uint64_t id, const struct message_done *done)
{
	const struct world_service *service = world_service_of_id(&controller->world, (uint32_t)id);

	(void)done;
	return service ? encode(service) : NULL;
}

static void add(
	struct controller *controller, struct server_request *request, const struct wish *wish)
{
	char actor[ANSWER_ACTOR_SIZE], host[ADDRESS_TEXT_SIZE];
	const struct store_actor by = answer_actor(request, actor);
	struct policy_target target;
	struct store_service service;

	if (!read_target(request, wish, &target) ||
		!is_borne(controller, request, wish->name, &target))
		return;
	const struct store_service_target wanted = {
		.name = wish->name,
		.protocol = target.protocol == POLICY_UDP ? STORE_UDP : STORE_TCP,
		.host = address_format(&target.address, host),
		.port = target.port,
		.vip_port = (uint16_t)wish->port,
		.gateway = wish->gateway,
	};
	int err = store_service_add(controller->store, &by, &wanted, &service);
	if (err == ERR_NOT_FOUND) {
		server_refuse(request, err,
			"no gateway named %s; this host's is %s, and tacet gateway list shows all",
			ANSWER_SHOWN(wish->gateway), controller->world.gateways[0].name);
		return;
	}
	if (err < 0) {
		answer_refuse(request, err, "add the service %s", ANSWER_SHOWN(wish->name));
		return;
	}
	world_put_service(&controller->world, &service);
	rollout_answer(controller, request,
		&(struct rollout_answer){.make = make_answer, .id = service.id});
}

void api_services_post(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct controller *controller = context;
	struct wish wish = {.protocol = "tcp", .gateway = controller->world.gateways[0].name};
	const struct answer_member members[] = {
		{"name", ANSWER_TEXT, false, &wish.name},
		{"target", ANSWER_TEXT, false, &wish.target},
		{"protocol", ANSWER_TEXT, true, &wish.protocol},
		{"port", ANSWER_NUMBER, true, &wish.port},
		{"gateway", ANSWER_TEXT, true, &wish.gateway},
	};

	(void)words;
	if (answer_read(request, body, members, ARRAY_LENGTH(members)))
		add(controller, request, &wish);
}

void api_services_delete(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct controller *controller = context;
	char actor[ANSWER_ACTOR_SIZE];
	const struct store_actor by = answer_actor(request, actor);
	int err = store_service_remove(controller->store, &by, words[0]);

	(void)body;
	if (err == ERR_NOT_FOUND) {
		server_refuse(request, err, "no service named %s: tacet service list shows them",
			ANSWER_SHOWN(words[0]));
		return;
	}
	if (err < 0) {
		answer_refuse(request, err, "remove the service %s", ANSWER_SHOWN(words[0]));
		return;
	}
	world_remove_service(&controller->world, words[0]);
	rollout_answer(controller, request, &(struct rollout_answer){.json = json_object()});
}
