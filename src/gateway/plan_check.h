/* SPDX-License-Identifier: ISC */
/* What each record of a plan may say. Internal to plan.c. */
#pragma once

#include "gateway/plan.h"

/* Each checks one record and keeps it in *to. ERR_*, and in words of *ret_why what is wrong. */
int plan_take_peers(const struct plan_intake *intake, const void *record, void *to,
	const char **ret_why) must_check;
int plan_take_prefixes(const struct plan_intake *intake, const void *record, void *to,
	const char **ret_why) must_check;
int plan_take_roles(const struct plan_intake *intake, const void *record, void *to,
	const char **ret_why) must_check;
int plan_take_devices(const struct plan_intake *intake, const void *record, void *to,
	const char **ret_why) must_check;
int plan_take_services(const struct plan_intake *intake, const void *record, void *to,
	const char **ret_why) must_check;
int plan_take_grants(const struct plan_intake *intake, const void *record, void *to,
	const char **ret_why) must_check;
int plan_take_names(const struct plan_intake *intake, const void *record, void *to,
	const char **ret_why) must_check;
int plan_take_knocks(const struct plan_intake *intake, const void *record, void *to,
	const char **ret_why) must_check;

/* Whether peers and prefixes fit each other: each key and each prefix once, and sums. ERR_*. */
int plan_check_peers(const struct plan_received *plan, const char **ret_why) must_check;

/* Whether each epoch is there once. ERR_*. */
int plan_check_knocks(const struct plan_received *plan, const char **ret_why) must_check;
