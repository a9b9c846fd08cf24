/* SPDX-License-Identifier: ISC */
/*
 * Fills the database of a server that does not run: users with one device each, in one team and
 * one division, and services. For bench/zerotrust.
 *
 *	fill_store DATABASE USERS TEAMS DIVISIONS SERVICES
 */
#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/number.h"
#include "store/device.h"
#include "store/service.h"
#include "store/user.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	COUNT_MAX = 100000,
	LABEL_SIZE = 32,
};

enum argument {
	ARGUMENT_DATABASE = 1,
	ARGUMENT_USERS,
	ARGUMENT_TEAMS,
	ARGUMENT_DIVISIONS,
	ARGUMENT_SERVICES,
	ARGUMENTS,
};

static struct store_actor by = {"bench", STORE_WAY_SYSTEM, 0};

static void must(int result, const char *what, unsigned number)
{
	if (result >= 0)
		return;
	(void)fprintf(stderr, "fill_store: cannot %s %u: %s\n", what, number, err_str(result));
	exit(1);
}

/* The name of the number-th of a kind; returns ret_label. */
static const char *label(const char *kind, unsigned number, char ret_label[static LABEL_SIZE])
{
	(void)snprintf(ret_label, LABEL_SIZE, "%s%u", kind, number); /* fits */
	return ret_label;
}

static void add_user(struct store *store, unsigned number, unsigned teams, unsigned divisions)
{
	char name[LABEL_SIZE], team[LABEL_SIZE], division[LABEL_SIZE];
	const char *const groups[] = {label("team", number % teams, team),
		label("division", number % teams % divisions, division)};
	uint8_t key[STORE_KEY_SIZE] = {0};
	const struct store_enrolment enrolment = {.name = "laptop", .public_key = key};
	struct store_device device;

	label("user", number, name);
	must(store_user_add(store, &by, name, groups, 2), "add user", number);
	for (size_t at = 0; at < sizeof key; at += 8) /* as spread as real ones */
		store_be64(key + at, (number + 1 + at) * 0x9e3779b97f4a7c15);
	must(store_device_add(store, &by, name, &enrolment, &device), "add device", number);
}

static void add_service(struct store *store, unsigned number)
{
	char name[LABEL_SIZE], host[LABEL_SIZE];
	struct store_service service;

	(void)snprintf(host, sizeof host, "10.0.%u.%u", 1 + number / 250, 1 + number % 250);
	const struct store_service_target target = {.name = label("service", number, name),
		.protocol = STORE_TCP,
		.host = host,
		.port = 80,
		.gateway = "gateway"};
	must(store_service_add(store, &by, &target, &service), "add service", number);
}

int main(int argc, char **argv)
{
	uint64_t counts[ARGUMENTS];
	struct store *store;

	if (argc != ARGUMENTS) {
		(void)fprintf(
			stderr, "usage: fill_store DATABASE USERS TEAMS DIVISIONS SERVICES\n");
		return 2;
	}
	for (int i = ARGUMENT_USERS; i < ARGUMENTS; i++)
		must(number_parse(argv[i], strlen(argv[i]), COUNT_MAX, &counts[i]), "read number",
			(unsigned)i);
	by.now_ns = clock_now().realtime_ns;
	must(store_open(argv[ARGUMENT_DATABASE], STORE_EXISTING, by.now_ns, &store), "open file",
		1);
	for (unsigned i = 0; i < counts[ARGUMENT_SERVICES]; i++)
		add_service(store, i);
	for (unsigned i = 0; i < counts[ARGUMENT_USERS]; i++)
		add_user(store, i, (unsigned)counts[ARGUMENT_TEAMS],
			(unsigned)counts[ARGUMENT_DIVISIONS]);
	store_close(store);
	return 0;
}
