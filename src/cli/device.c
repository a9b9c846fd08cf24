/* SPDX-License-Identifier: ISC */
/* tacet device list, approve, quarantine, release, add. */
#include "base/log.h"
#include "cli/act.h"
#include "cli/ask.h"
#include "cli/devices.h"
#include "cli/member.h"
#include "cli/options.h"
#include "cli/stock.h"

#include <stdio.h>
#include <string.h>

static void print_devices(const json_t *answer, char *const *words)
{
	(void)words; /* there are none */
	devices_print(member_get(answer, "devices"));
}

enum cli_exit cli_device_list(const struct cli *cli, int argc, char **argv)
{
	static const struct act act = {
		.method = "GET", .path = "/v1/devices", .takes_all = true, .print = print_devices};

	return act_run(cli, argc, argv, &act);
}

static void print_approved(const json_t *answer, char *const *words)
{
	(void)answer; /* is empty; likewise below */
	printf("%s/%s is let in.\n", words[0], words[1]);
}

enum cli_exit cli_device_approve(const struct cli *cli, int argc, char **argv)
{
	static const struct act act = {.method = "POST",
		.path = "/v1/devices/{}/{}/approve",
		.operands = 2,
		.is_joined = true,
		.print = print_approved};

	return act_run(cli, argc, argv, &act);
}

static void print_quarantined(const json_t *answer, char *const *words)
{
	(void)answer;
	printf("%s/%s is quarantined: it stays connected and reaches no service.\n", words[0],
		words[1]);
}

enum cli_exit cli_device_quarantine(const struct cli *cli, int argc, char **argv)
{
	static const struct act act = {.method = "POST",
		.path = "/v1/devices/{}/{}/quarantine",
		.operands = 2,
		.is_joined = true,
		.print = print_quarantined};

	return act_run(cli, argc, argv, &act);
}

static void print_released(const json_t *answer, char *const *words)
{
	(void)answer;
	printf("%s/%s is released: it reaches what the policy grants.\n", words[0], words[1]);
}

enum cli_exit cli_device_release(const struct cli *cli, int argc, char **argv)
{
	static const struct act act = {.method = "POST",
		.path = "/v1/devices/{}/{}/release",
		.operands = 2,
		.is_joined = true,
		.print = print_released};

	return act_run(cli, argc, argv, &act);
}

/* The network and its services, which the configuration is made of. */
static enum cli_exit print_configuration(const struct cli *cli, const json_t *device)
{
	json_auto_t *network = NULL, *services = NULL, *knock = NULL;

	enum cli_exit result = ask_get(cli, "/v1/network", &network);
	if (result == CLI_OK)
		result = ask_get(cli, "/v1/knock", &knock);
	if (result == CLI_OK)
		result = ask_get(cli, "/v1/services", &services);
	if (result == CLI_OK)
		stock_print(device, network, member_get(services, "services"), stdout);
	if (result == CLI_OK && strcmp(member_text(knock, "mode"), "required") == 0)
		log_warn(0, "this network requires a knock, and a stock WireGuard client does not "
			    "knock: it cannot connect before tacet knock --mode preferred");
	return result;
}

enum cli_exit cli_device_add(const struct cli *cli, int argc, char **argv)
{
	const char *public_key = NULL;
	const struct options_entry entries[] = {
		{.name = "public-key", .kind = OPTIONS_TEXT, .ret = &public_key},
	};
	const struct options_table table = {entries, ARRAY_LENGTH(entries), 2, 2};
	json_auto_t *device = NULL;
	char **words;

	if (!options_read(cli, argc, argv, &table, &words))
		return CLI_USAGE;
	if (!public_key)
		return options_refuse(cli, "whose key? --public-key KEY is missing (wg genkey and "
					   "wg pubkey, on the device)");
	json_t *body = json_pack(
		"{s:s, s:s, s:s}", "user", words[0], "name", words[1], "public_key", public_key);
	enum cli_exit result = ask_act(cli, "POST", "/v1/devices", body, &device);
	if (result != CLI_OK || cli->wants_json)
		return result == CLI_OK ? ask_print(device) : result;
	return print_configuration(cli, device);
}
