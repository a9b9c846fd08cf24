/* SPDX-License-Identifier: ISC */
/* tacet join: this host becomes a device or gateway of a network, by the token of an invite. */
#include "client/join.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "cli/joinfiles.h"
#include "cli/jointoken.h"
#include "cli/options.h"
#include "cli/reach.h"
#include "cli/start.h"
#include "cli/stop.h"
#include "cli/text.h"
#include "client/devicename.h"
#include "control/hostport.h"
#include "policy/name.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

struct wishes {
	const char *name;
	const char *endpoint; /* of a gateway */
	bool no_start;
	bool again;
};

/* ---- may it be done? ---- */

static bool is_there(const struct config *config, const char *file)
{
	char path[CONFIG_PATH_SIZE];

	return access(config_state_path(config, file, path), F_OK) == 0;
}

static bool is_server(const struct cli *cli)
{
	return (cli->has_config && cli->config.role == CONFIG_SERVER) ||
	       is_there(&cli->config, CONFIG_SERVER_KEY) || is_there(&cli->config, CONFIG_DATABASE);
}

/* What it is already; NULL: nothing. */
static const char *find_joined(const struct config *config)
{
	if (is_there(config, CONFIG_DEVICE))
		return CONFIG_DEVICE;
	return is_there(config, CONFIG_GATEWAY_FILE) ? CONFIG_GATEWAY_FILE : NULL;
}

/* By --again it can be what it was, with another invite, but nothing else. */
static enum cli_exit check_role(
	const struct cli *cli, const struct wishes *wishes, const struct token *token)
{
	bool is_gateway = token->kind == TOKEN_GATEWAY;
	enum config_role role = is_gateway ? CONFIG_GATEWAY : CONFIG_CLIENT;
	uint16_t port;

	if (is_gateway && !wishes->endpoint)
		return options_refuse(cli,
			"this token lets in a gateway: --endpoint HOST:PORT is missing, by which "
			"devices call this host over UDP");
	if (is_gateway && hostport_parse(wishes->endpoint, strlen(wishes->endpoint), &port) < 0)
		return options_refuse(cli, "--endpoint: HOST:PORT, as gw2.example.net:51820");
	if (is_gateway && wishes->name)
		return options_refuse(cli, "--name: a gateway has the name of its invite");
	if (!is_gateway && wishes->endpoint)
		return options_refuse(cli, "--endpoint: this token lets in a device, which nobody "
					   "calls; tacet invite --gateway NAME makes others");
	if (cli->has_config && cli->config.role != role) {
		log_err(0,
			"%s: this host is configured to be something else, and the token lets in "
			"a %s: by another configuration it can: --config FILE",
			cli->config_path, is_gateway ? "gateway" : "device");
		return CLI_FAILED;
	}
	return CLI_OK;
}

static enum cli_exit check_host(const struct cli *cli, const struct wishes *wishes)
{
	const char *joined = find_joined(&cli->config);

	if (geteuid() != 0) {
		log_err(0, "only root may make a tunnel: sudo tacet join TOKEN");
		return CLI_NOT_ALLOWED;
	}
	if (is_server(cli)) {
		log_err(0,
			"%s: this host is a server of a network already: it cannot join one "
			"as well (by another configuration it can: --config FILE)",
			cli->config.state);
		return CLI_FAILED;
	}
	if (joined && !wishes->again) {
		log_err(0,
			"%s/%s: this host has joined a network already: see tacet status; to give "
			"that up and use the new token: tacet join --again TOKEN",
			cli->config.state, joined);
		return CLI_FAILED;
	}
	return CLI_OK;
}

/* ---- who will it be? ---- */

static enum cli_exit name_device(
	const struct cli *cli, const struct wishes *wishes, struct enrolment *enrolment)
{
	char host[HOST_NAME_MAX + 1] = "";

	if (wishes->endpoint)
		(void)snprintf(enrolment->endpoint, sizeof enrolment->endpoint, "%s",
			wishes->endpoint); /* fits, as it is valid */
	if (!wishes->name) {
		if (gethostname(host, sizeof host - 1) < 0)
			host[0] = '\0'; /* it has none */
		(void)devicename_of_host(host, enrolment->name);
		return CLI_OK;
	}
	if (!policy_name_is_valid(wishes->name, strlen(wishes->name)))
		return options_refuse(cli, "--name: a device's name is %s", POLICY_NAME_RULE);
	(void)snprintf(enrolment->name, sizeof enrolment->name, "%s", wishes->name); /* fits */
	return CLI_OK;
}

static enum cli_exit make_keys(struct device_key *key, struct enrolment *enrolment)
{
	int err = device_key_make(key, enrolment->public_key);

	if (err < 0) {
		log_err(err, "cannot make keys for this host");
		return CLI_FAILED;
	}
	memcpy(enrolment->preshared_key, key->preshared_key, sizeof enrolment->preshared_key);
	return CLI_OK;
}

/* ---- what failed? ---- */

static enum cli_exit say_silent(
	const struct token *token, const struct join_report *report, uint64_t since_s)
{
	const struct silence silence = {
		.endpoint = token->endpoint,
		.address = report->address,
		.now_s = clock_now().realtime_ns / NS_PER_S,
		.invite_expires_s = token->expires_s,
		.tx_bytes = report->tx_bytes,
		.lacks_knock = bytes_are_zero(token->knock_key, sizeof token->knock_key),
		.has_tunnel = report->handshake_s != 0,
	};
	struct silence_hints hints;
	char address[ENDPOINT_TEXT_SIZE] = "no address", span[SILENCE_SPAN_SIZE];

	if (report->address.remote.family != ADDRESS_NONE)
		(void)endpoint_format(&report->address, address);
	log_err(0,
		"the gateway does not answer: asked %u times within %s at %s (%s, UDP), "
		"%llu bytes sent, %llu received, handshake: %s",
		report->tried, silence_span(silence.now_s - since_s, span), token->endpoint,
		address, (unsigned long long)report->tx_bytes, (unsigned long long)report->rx_bytes,
		report->handshake_s ? "completed" : "none");
	silence_explain(&silence, &hints);
	(void)fputs("It is silent to whom it does not know, so this is what it may mean, the "
		    "likeliest first:\n",
		stderr);
	for (unsigned i = 0; i < hints.count; i++)
		(void)fprintf(stderr, "  - %s\n", hints.text[i]);
	(void)fputs("This host is as it was before.\n", stderr);
	return CLI_SILENT;
}

static enum cli_exit say_refused(const struct problem *problem)
{
	AUTO_TEXT char *text = text_escape(problem->text);

	log_err(0, "the gateway refused: %s", text);
	if (problem->code == ERR_INVITE_USED)
		(void)fputs("If it was not you who used it: tell the administrator now.\n", stderr);
	return CLI_FAILED;
}

static enum cli_exit say_failed(int err, const struct token *token, struct join_report *report)
{
	if (err == ERR_AUTHENTICATION)
		log_err(0, "the answer is of another network or server than the token's: refused");
	else if (err == ERR_SYNTAX || err == ERR_RANGE)
		log_err(err, "the gateway's answer is not understood%s%s: is this program older?",
			*report->where ? " at " : "", report->where);
	else if (err == -EEXIST)
		log_err(0,
			"cannot %s: there is an interface " JOIN_INTERFACE
			" already, or another has a route to %s's network: see ip route",
			report->step, token->endpoint);
	else
		log_err(err, "cannot %s%s%s", report->step, *report->problem.text ? ": " : "",
			report->problem.text);
	return CLI_FAILED;
}

/* ---- the enrolment ---- */

static enum cli_exit enrol(const struct joinfiles *files, const struct token *token,
	const struct enrolment *enrolment, struct device *ret_device)
{
	const struct join join = {
		.token = token,
		.enrolment = enrolment,
		.interface = JOIN_INTERFACE,
		.folder = files->folder,
		.mark = files->config->mark,
		.patience_ms = JOIN_PATIENCE_MS,
	};
	struct join_report report;
	uint64_t since_s = clock_now().realtime_ns / NS_PER_S;

	int err = join_enrol(&join, ret_device, &report);
	if (err == 0)
		return CLI_OK;
	if (err == ERR_SILENT || err == -ENOENT)
		return say_silent(token, &report, since_s);
	if (err == ERR_REFUSED)
		return say_refused(&report.problem);
	return say_failed(err, token, &report);
}

/* Enrols and writes down who we are; nothing is left of it where it fails. */
static enum cli_exit become(const struct cli *cli, const struct token *token,
	struct enrolment *enrolment, struct device *ret_device)
{
	struct joinfiles files;
	struct device_key key;
	enum cli_exit result = make_keys(&key, enrolment);

	if (result != CLI_OK)
		return result;
	result = joinfiles_begin(&files, &cli->config, cli->config_path, &key);
	if (result == CLI_OK)
		result = enrol(&files, token, enrolment, ret_device);
	if (result == CLI_OK) {
		result = joinfiles_finish(&files, ret_device, !cli->has_config);
		if (result != CLI_OK)
			log_err(0, "the invite is used up, and this host has not kept what it got: "
				   "ask for a new one");
	}
	joinfiles_end(&files, result);
	bytes_wipe(&key, sizeof key);
	return result;
}

/* One that runs would hold the routes that are needed. */
static enum cli_exit replace(const struct cli *cli, const struct token *token,
	struct enrolment *enrolment, struct device *ret_device)
{
	int stopped = stop_daemon(cli);

	if (stopped < 0 && stopped != ERR_NOT_FOUND)
		return CLI_FAILED; /* it has said why */
	enum cli_exit result = become(cli, token, enrolment, ret_device);
	if (result != CLI_OK && stopped == 0 && start_daemon(cli) < 0)
		log_err(0, "what was there before could not be started again: tacet up");
	return result;
}

static enum cli_exit finish(
	const struct cli *cli, const struct wishes *wishes, const struct device *device)
{
	const struct netmap *netmap = &device->netmap;

	bool is_gateway = cli->config.role == CONFIG_GATEWAY;

	if (!cli->wants_json && is_gateway)
		printf("This host has joined %s as gateway %s.\n", netmap->network, netmap->device);
	else if (!cli->wants_json)
		printf("This host has joined %s as %s/%s.\n", netmap->network, netmap->user,
			netmap->device);
	if (wishes->no_start) {
		if (!cli->wants_json)
			puts("Nothing was started: tacet up does.");
		return CLI_OK;
	}
	(void)fflush(stdout); /* what is started may write, too */
	if (start_daemon(cli) < 0)
		return CLI_FAILED; /* it has said why */
	return reach_wait(cli, REACH_PATIENCE_MS);
}

static enum cli_exit join(
	const struct cli *cli, const struct wishes *wishes, const struct token *token)
{
	struct cli as_device = *cli; /* as it will be configured */
	struct enrolment enrolment = {0};
	struct device device = {0};

	enum cli_exit result = name_device(cli, wishes, &enrolment);
	if (result != CLI_OK)
		return result;
	if (!cli->has_config && token->kind == TOKEN_GATEWAY) {
		as_device.config.role = CONFIG_GATEWAY;
	} else if (!cli->has_config) {
		as_device.config.role = CONFIG_CLIENT;
		as_device.config.listen = 0;
	}
	result = replace(&as_device, token, &enrolment, &device);
	as_device.has_config = true;
	if (result == CLI_OK)
		result = finish(&as_device, wishes, &device);
	device_done(&device);
	bytes_wipe(&enrolment, sizeof enrolment);
	return result;
}

enum cli_exit cli_join(const struct cli *cli, int argc, char **argv)
{
	struct wishes wishes = {0};
	const struct options_entry entries[] = {
		{.name = "name", .kind = OPTIONS_TEXT, .ret = &wishes.name},
		{.name = "endpoint", .kind = OPTIONS_TEXT, .ret = &wishes.endpoint},
		{.name = "no-start", .kind = OPTIONS_FLAG, .ret = &wishes.no_start},
		{.name = "again", .kind = OPTIONS_FLAG, .ret = &wishes.again},
	};
	const struct options_table table = {entries, ARRAY_LENGTH(entries), 0, 1};
	struct token token;
	char **operands;

	if (!options_read(cli, argc, argv, &table, &operands))
		return CLI_USAGE;
	enum cli_exit result = jointoken_read(cli, operands[0], &token);
	if (result != CLI_OK)
		return result;
	result = check_role(cli, &wishes, &token);
	if (result == CLI_OK)
		result = check_host(cli, &wishes);
	if (result == CLI_OK)
		result = join(cli, &wishes, &token);
	bytes_wipe(&token, sizeof token);
	return result;
}
