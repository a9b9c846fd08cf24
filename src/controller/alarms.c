/* SPDX-License-Identifier: ISC */
#include "controller/alarms.h"

#include "controller/answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

void alarms_printable(char *text)
{
	for (; *text; text++) {
		if (*text < ' ' || *text > '~')
			*text = '?';
	}
}

void alarms_raise(struct controller *controller, const char *format, ...)
{
	struct alarms *alarms = &controller->alarms;
	struct alarm *alarm = &alarms->kept[alarms->count++ % ALARMS_KEPT];
	va_list values;

	va_start(values, format);
	(void)vsnprintf(alarm->text, sizeof alarm->text, format, values); /* may be cut */
	va_end(values);
	alarms_printable(alarm->text);
	alarm->at_ns = clock_now().realtime_ns;
	log_warn(0, "%s", alarm->text);
}

/* A service of an older store, or of another program's hand. */
static void list_services(const struct world *world, json_t *list)
{
	for (size_t i = 0; i < world->service_count; i++) {
		if (!world->services[i].has_target)
			answer_append(
				list, json_sprintf("the service %s is not in force: its target %s "
						   "has to be the address of one host",
					      world->services[i].store.name,
					      world->services[i].store.host));
	}
}

static void list_conditions(const struct controller *controller, json_t *list)
{
	const struct rollout *rollout = &controller->rollout;

	if (rollout->failure[0])
		answer_append(list, json_sprintf("what is stored is not in force, it is tried "
						 "again: %s",
					    rollout->failure));
	if (rollout->fault_count > 0)
		answer_append(
			list, json_sprintf("the policy names what is not there, which is granted "
					   "nothing (%zu in all): %s",
				      rollout->fault_count, rollout->faults));
	if (controller->world.policy_version > 0 && !controller->world.document)
		answer_append(list, json_string("the policy that is stored cannot be read, all is "
						"denied: apply it again"));
	if (controller->live.is_fresh && !controller->live.status.is_engine_up)
		answer_append(list, json_string("the engine is down, it is started again"));
	if (controller->owes_expiry)
		answer_append(list, json_string("invites have expired, which cannot be written to "
						"the database: is the disk full?"));
	list_services(&controller->world, list);
}

json_t *alarms_list(const struct controller *controller)
{
	const struct alarms *alarms = &controller->alarms;
	size_t kept = alarms->count < ALARMS_KEPT ? alarms->count : ALARMS_KEPT;
	json_t *list = json_array();

	list_conditions(controller, list);
	for (size_t i = 1; i <= kept; i++) {
		const struct alarm *alarm = &alarms->kept[(alarms->count - i) % ALARMS_KEPT];
		time_t seconds = (time_t)(alarm->at_ns / NS_PER_S);
		char at[32] = "";
		struct tm utc;

		if (gmtime_r(&seconds, &utc))
			(void)strftime(at, sizeof at, "%Y-%m-%d %H:%M:%SZ ", &utc);
		answer_append(list, json_sprintf("%s%s", at, alarm->text));
	}
	return list;
}
