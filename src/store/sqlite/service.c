/* SPDX-License-Identifier: ISC */
#include "store/service.h"

#include "base/error.h"
#include "store/sqlite/allocate.h"
#include "store/sqlite/lookup.h"
#include "store/sqlite/services.h"
#include "store/word.h"

#define SELECT_SERVICES                                                                            \
	"SELECT services.id, services.name, protocol, host, port, vip_port, gateways.name,"        \
	" services.number, services.added_ns, from_policy"                                         \
	" FROM services JOIN gateways ON gateways.id = gateway_id"

enum {
	COLUMN_NUMBER = 7,
};

static int read_service(struct query *query, struct store_service *ret_service)
{
	ret_service->id = query_number(query, 0);
	query_text(query, 1, ret_service->name, sizeof ret_service->name);
	ret_service->protocol = query_choice(query, 2, STORE_UDP);
	query_text(query, 3, ret_service->host, sizeof ret_service->host);
	ret_service->port = (uint16_t)query_choice(query, 4, UINT16_MAX);
	ret_service->vip_port = (uint16_t)query_choice(query, 5, UINT16_MAX);
	query_text(query, 6, ret_service->gateway, sizeof ret_service->gateway);
	allocate_addresses(query, COLUMN_NUMBER, &ret_service->vip_ipv4, &ret_service->vip_ipv6);
	ret_service->added_ns = query_number(query, 8);
	ret_service->from_policy = query_choice(query, 9, 1) != 0;
	return query->error;
}

int services_get(struct store *store, const char *name, struct store_service *ret_service,
	uint64_t *ret_number)
{
	AUTO_QUERY struct query query =
		query_of(store, SELECT_SERVICES " WHERE services.name = ?1");
	struct store_service service = {0};

	query_bind_text(&query, 1, name);
	int err = query_one(&query);
	if (err == 0)
		err = read_service(&query, &service);
	if (err < 0)
		return err;
	*ret_service = service;
	*ret_number = query_number(&query, COLUMN_NUMBER);
	return 0;
}

int store_service_get(struct store *store, const char *name, struct store_service *ret_service)
{
	uint64_t number;

	return services_get(store, name, ret_service, &number);
}

static int check(const struct store_service_target *target)
{
	int err = word_check_label(target->name);

	if (err == 0)
		err = word_check_host(target->host);
	if (err < 0)
		return err;
	if (target->protocol != STORE_TCP && target->protocol != STORE_UDP)
		return ERR_RANGE;
	return target->port == 0 ? ERR_RANGE : 0;
}

static int insert(struct store *store, const struct services_new *fresh, uint64_t gateway_id,
	uint32_t number, uint64_t now_ns)
{
	AUTO_QUERY struct query query = query_of(store,
		"INSERT INTO services"
		" (name, protocol, host, port, vip_port, gateway_id, number, added_ns, from_policy)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
	const struct store_service_target *target = fresh->target;

	query_bind_text(&query, 1, target->name);
	query_bind_number(&query, 2, target->protocol);
	query_bind_text(&query, 3, target->host);
	query_bind_number(&query, 4, target->port);
	query_bind_number(&query, 5, target->vip_port ? target->vip_port : target->port);
	query_bind_number(&query, 6, gateway_id);
	query_bind_number(&query, 7, number);
	query_bind_number(&query, 8, now_ns);
	query_bind_number(&query, 9, fresh->from_policy);
	return query_run(&query);
}

int services_insert(struct store *store, const struct services_new *fresh, uint64_t now_ns,
	struct store_service *ret_service)
{
	uint64_t gateway_id = 0;
	uint32_t number = 0;
	int err = check(fresh->target);

	if (err == 0)
		err = lookup_gateway(store, fresh->target->gateway, &gateway_id);
	if (err == 0)
		err = allocate_take(store, OVERLAY_SERVICES, now_ns, &number);
	if (err == 0)
		err = insert(store, fresh, gateway_id, number, now_ns);
	return err < 0 ? err : store_service_get(store, fresh->target->name, ret_service);
}

json_t *services_details(const struct store_service *service)
{
	return json_pack("{s:I, s:s, s:s, s:i, s:i, s:s, s:o, s:o}", "service",
		(json_int_t)service->id, "protocol", service->protocol == STORE_TCP ? "tcp" : "udp",
		"host", service->host, "port", (int)service->port, "vip_port",
		(int)service->vip_port, "gateway", service->gateway, "ipv4",
		act_address(&service->vip_ipv4), "ipv6", act_address(&service->vip_ipv6));
}

int store_service_add(struct store *store, const struct store_actor *by,
	const struct store_service_target *target, struct store_service *ret_service)
{
	AUTO_ACT struct act act = {0};
	struct store_service service = {0};
	const struct services_new fresh = {.target = target};
	int err = check(target);

	if (err == 0)
		err = act_begin(&act, store, by);
	if (err == 0)
		err = services_insert(store, &fresh, by->now_ns, &service);
	if (err == 0)
		err = act_commit(&act, "service.add", target->name, services_details(&service));
	if (err == 0)
		*ret_service = service;
	return err;
}

int services_change(struct store *store, uint64_t id, const struct store_service_target *target)
{
	AUTO_QUERY struct query query = query_of(store,
		"UPDATE services SET protocol = ?2, host = ?3, port = ?4, vip_port = ?5"
		" WHERE id = ?1");
	int err = check(target);

	if (err < 0)
		return err;
	query_bind_number(&query, 1, id);
	query_bind_number(&query, 2, target->protocol);
	query_bind_text(&query, 3, target->host);
	query_bind_number(&query, 4, target->port);
	query_bind_number(&query, 5, target->vip_port ? target->vip_port : target->port);
	return query_run(&query);
}

int services_delete(struct store *store, uint64_t id, uint64_t number, uint64_t now_ns)
{
	AUTO_QUERY struct query query = query_of(store, "DELETE FROM services WHERE id = ?1");

	query_bind_number(&query, 1, id);
	int err = query_run(&query);
	return err < 0 ? err : allocate_release(store, number, now_ns);
}

int store_service_remove(struct store *store, const struct store_actor *by, const char *name)
{
	AUTO_ACT struct act act = {0};
	struct store_service service = {0};
	uint64_t number = 0;
	int err = act_begin(&act, store, by);

	if (err == 0)
		err = services_get(store, name, &service, &number);
	if (err == 0)
		err = services_delete(store, service.id, number, by->now_ns);
	if (err < 0)
		return err;
	return act_commit(&act, "service.remove", name, services_details(&service));
}

int store_service_each(struct store *store, store_service_visit *visit, void *context)
{
	AUTO_QUERY struct query query = query_of(store, SELECT_SERVICES " ORDER BY services.name");
	struct store_service service = {0};
	int more;

	while ((more = query_next(&query)) > 0) {
		int stop = read_service(&query, &service);
		if (stop == 0)
			stop = visit(context, &service);
		if (stop != 0)
			return stop;
	}
	return more;
}
