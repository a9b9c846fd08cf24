/* SPDX-License-Identifier: ISC */
/* From messages to a plan; what each record may say is in plan_check.c. */
#include "gateway/plan.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "gateway/plan_check.h"
#include "wireguard/knock.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Where the records of one type go. */
struct row {
	const char *what;   /* of which there is one more */
	size_t head, array; /* offsets of its count in message_plan, its array in plan_received */
	size_t from_size, to_size; /* of a record as it comes, as it is kept */
	uint32_t most;
	bool is_gateways, is_devices; /* who may have it */
	/* Checks a record and keeps it; an error, and what is wrong. */
	int (*take)(const struct plan_intake *intake, const void *record, void *to,
		const char **ret_why);
};

#define ROW(name, from, to, most, gateways, devices)                                               \
	{                                                                                          \
#name, offsetof(struct message_plan, name), offsetof(struct plan_received, name),  \
			sizeof(from), sizeof(to), (most), (gateways), (devices), plan_take_##name  \
	}

/* In the order in which they come. */
static const struct row rows[] = {
	ROW(peers, struct message_peer, struct message_peer, MESSAGE_PEERS_MAX, true, true),
	ROW(prefixes, struct message_prefix, struct message_prefix, MESSAGE_PREFIXES_MAX, true,
		true),
	ROW(roles, struct message_role, struct model_role, MESSAGE_ROLES_MAX, true, false),
	ROW(devices, struct message_device, struct model_device, MESSAGE_DEVICES_MAX, true, false),
	ROW(services, struct message_service, struct model_service, MESSAGE_SERVICES_MAX, true,
		false),
	ROW(grants, struct message_grant, struct model_grant, MESSAGE_GRANTS_MAX, true, false),
	ROW(names, struct message_name, struct message_name, MESSAGE_NAMES_MAX, false, true),
	ROW(knocks, struct message_knock, struct message_knock, MESSAGE_KNOCKS_MAX, true, false),
};
_Static_assert(MESSAGE_PLAN_END - MESSAGE_PLAN_BEGIN - 1 == ARRAY_LENGTH(rows), "a row each type");
_Static_assert(MESSAGE_PLAN_KNOCKS - MESSAGE_PLAN_BEGIN == ARRAY_LENGTH(rows), "in their order");

static uint32_t *count_in(struct message_plan *head, const struct row *row)
{
	return (uint32_t *)(void *)((char *)head + row->head);
}

static void **array_in(struct plan_received *plan, const struct row *row)
{
	return (void **)(void *)((char *)plan + row->array);
}

void plan_free(struct plan_received *plan)
{
	if (!plan)
		return;
	if (plan->peers)
		bytes_wipe(plan->peers, plan->head.peers * sizeof *plan->peers);
	if (plan->knocks)
		bytes_wipe(plan->knocks, plan->head.knocks * sizeof *plan->knocks);
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		free(*array_in(plan, &rows[i]));
	free(plan);
}

struct model plan_model(const struct plan_received *plan, const struct model_tunnel *tunnel)
{
	return (struct model){
		.tunnel = *tunnel,
		.roles = plan->roles,
		.role_count = plan->head.roles,
		.devices = plan->devices,
		.device_count = plan->head.devices,
		.services = plan->services,
		.service_count = plan->head.services,
		.grants = plan->grants,
		.grant_count = plan->head.grants,
	};
}

void plan_intake_init(
	struct plan_intake *intake, enum plan_kind kind, const struct model_tunnel *tunnel)
{
	*intake = (struct plan_intake){.kind = kind, .tunnel = *tunnel};
}

void plan_intake_done(struct plan_intake *intake)
{
	plan_free(intake->plan);
	intake->plan = NULL;
}

/* Voids the plan; the first fault is the one that is told. */
static void refuse(struct plan_intake *intake, int fault, const char *format, ...)
	printf_like(3, 4);
static void refuse(struct plan_intake *intake, int fault, const char *format, ...)
{
	va_list values;

	if (intake->fault)
		return;
	intake->fault = fault;
	va_start(values, format);
	(void)vsnprintf(intake->why, sizeof intake->why, format, values); /* may be cut */
	va_end(values);
}

/* Makes room for what is announced. It is not touched, so costs nothing, until it is there. */
static void make_room(struct plan_intake *intake, const struct row *row)
{
	uint32_t count = *count_in(&intake->plan->head, row);
	bool may_have = intake->kind == PLAN_OF_DEVICE ? row->is_devices : row->is_gateways;

	if (count > row->most)
		refuse(intake, ERR_RANGE, "%u %s, at most %u", count, row->what, row->most);
	else if (count > 0 && !may_have)
		refuse(intake, ERR_RANGE, "it has %s, which are none of this host's", row->what);
	else if (count > 0)
		*array_in(intake->plan, row) = memory_new(count, row->to_size);
}

static void begin(struct plan_intake *intake, const struct message_plan *head)
{
	bool is_early = intake->plan != NULL;

	plan_intake_done(intake);
	intake->plan = memory_new(1, sizeof *intake->plan);
	intake->plan->head = *head;
	intake->so_far = (struct message_plan){.version = head->version};
	intake->fault = 0;
	intake->why[0] = '\0';
	if (is_early)
		refuse(intake, -EPROTO, "it began before the former one ended");
	if (head->knock_mode > KNOCK_REQUIRED)
		refuse(intake, ERR_RANGE, "what it asks of initiations is unknown");
	if (head->reserved)
		refuse(intake, ERR_RANGE, "a reserved number is not zero");
	for (size_t i = 0; i < ARRAY_LENGTH(rows) && !intake->fault; i++)
		make_room(intake, &rows[i]);
}

static void take_records(struct plan_intake *intake, const struct plan_part *part)
{
	const struct row *row = &rows[part->type - MESSAGE_PLAN_BEGIN - 1];
	uint32_t *taken = count_in(&intake->so_far, row);
	const char *from = part->records;
	char *to = *array_in(intake->plan, row);

	if (part->type < intake->last)
		refuse(intake, -EPROTO, "%s come too late", row->what);
	if (part->count > *count_in(&intake->plan->head, row) - *taken)
		refuse(intake, ERR_TRAILING, "more %s than announced", row->what);
	for (size_t i = 0; i < part->count && !intake->fault; i++, (*taken)++) {
		const char *why = "it cannot be";
		int err = row->take(
			intake, from + i * row->from_size, to + *taken * row->to_size, &why);
		if (err < 0)
			refuse(intake, err, "%s: number %u: %s", row->what, *taken + 1, why);
	}
}

/* Whether all has come that was announced, and BEGIN and END say the same. */
static void check_whole(struct plan_intake *intake, const struct message_plan *head)
{
	const char *why = "it cannot be";

	if (memcmp(head, &intake->plan->head, sizeof *head) != 0)
		refuse(intake, -EPROTO, "its end says other than its beginning");
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		if (*count_in(&intake->so_far, &rows[i]) !=
			*count_in(&intake->plan->head, &rows[i]))
			refuse(intake, ERR_TRUNCATED, "fewer %s than announced", rows[i].what);
	}
	if (intake->fault)
		return;
	int err = plan_check_peers(intake->plan, &why);
	if (err == 0)
		err = plan_check_knocks(intake->plan, &why);
	if (err < 0)
		refuse(intake, err, "%s", why);
}

int plan_intake_take(struct plan_intake *intake, const struct plan_part *part,
	struct plan_received **ret_plan, uint64_t *ret_version)
{
	if (part->type == MESSAGE_PLAN_BEGIN) {
		begin(intake, part->records);
		intake->last = part->type;
		return 0;
	}
	if (!intake->plan) {
		begin(intake, &(const struct message_plan){0});
		refuse(intake, -EPROTO, "it has no beginning");
	}
	if (part->type != MESSAGE_PLAN_END) {
		take_records(intake, part);
		intake->last = part->type;
		return 0;
	}
	const struct message_plan *end = part->records;
	check_whole(intake, end);
	if (intake->fault) {
		*ret_version = end->version;
		plan_intake_done(intake);
		return intake->fault;
	}
	*ret_plan = intake->plan;
	intake->plan = NULL;
	return 1;
}
