/* SPDX-License-Identifier: ISC */
/* tacet init: a network, with this host as its controller and first gateway. */
#include "base/base64.h"
#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "cli/ask.h"
#include "cli/found.h"
#include "cli/options.h"
#include "cli/prompt.h"
#include "cli/start.h"
#include "control/hostport.h"
#include "net/tun.h"
#include "policy/fault.h"
#include "policy/name.h"
#include "store/word.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct wishes {
	const char *endpoint;
	const char *name;
	const char *overlay_ipv4;
	const char *interface;
	bool no_start;
};

static const char next_steps[] =
	"What to do next:\n"
	"  tacet harden                                      make this host silent to strangers\n"
	"  tacet service add intranet --target 127.0.0.1:80  what can be reached\n"
	"  tacet user add alice --group engineers            who there is\n"
	"  tacet policy apply policy.yaml                    who may reach what, see "
	"tacet-policy(5)\n"
	"  tacet invite alice                                a token for a device of alice's\n";

static const char endpoint_question[] =
	"By which address and UDP port do devices call this host? It goes into invites.\n"
	"A name or an address, as gw.example.net:51820:";

static enum cli_exit take_endpoint(const struct cli *cli, const struct wishes *wishes,
	struct founding *ret_founding, uint16_t *ret_port)
{
	struct store_network *network = &ret_founding->network;
	const char *given = wishes->endpoint;

	if (!given && !prompt_line(endpoint_question, network->endpoint, sizeof network->endpoint))
		return options_refuse(cli, "--endpoint HOST:PORT is missing: by which address and "
					   "UDP port devices call this host; it goes into invites");
	if (!given)
		given = network->endpoint;
	int err = hostport_parse(given, strlen(given), ret_port);
	if (err == 0 && strlen(given) >= sizeof network->endpoint)
		err = ERR_RANGE;
	if (err < 0)
		return options_refuse(cli,
			"--endpoint: found %s, expected a name or an address, and a port, as "
			"gw.example.net:51820 or [2001:db8::1]:51820",
			policy_show(given, strlen(given)).text);
	if (given != network->endpoint)
		(void)snprintf(network->endpoint, sizeof network->endpoint, "%s", given); /* fits */
	return CLI_OK;
}

static enum cli_exit take_network(
	const struct cli *cli, const struct wishes *wishes, struct store_network *ret_network)
{
	const char *overlay = wishes->overlay_ipv4;

	store_network_draw(entropy_kernel(), ret_network);
	if (word_check_label(wishes->name) < 0) /* services are named <service>.<network> */
		return options_refuse(cli, "--name: found %s, expected " POLICY_LABEL_RULE,
			policy_show(wishes->name, strlen(wishes->name)).text);
	(void)snprintf(ret_network->name, sizeof ret_network->name, "%s", wishes->name); /* fits */
	if (!overlay)
		return CLI_OK;
	int err = prefix_parse(overlay, strlen(overlay), &ret_network->overlay.ipv4);
	if (err == 0)
		err = overlay_check(&ret_network->overlay);
	if (err < 0)
		return options_refuse(cli,
			"--overlay-ipv4: found %s, expected a prefix of 8 to 24 bits, as "
			"100.80.0.0/16",
			policy_show(overlay, strlen(overlay)).text);
	return CLI_OK;
}

/* The configuration: what is there, or the default with what was wished. */
static enum cli_exit take_config(const struct cli *cli, const struct wishes *wishes, uint16_t port,
	struct config *ret_config)
{
	const char *interface = wishes->interface;

	*ret_config = cli->config;
	if (interface && tun_name_check(interface) < 0)
		return options_refuse(cli,
			"--interface: found %s, expected 1 to 15 of [a-zA-Z0-9_=+.-]",
			policy_show(interface, strlen(interface)).text);
	if (cli->has_config && interface && strcmp(interface, ret_config->interface) != 0)
		return options_refuse(cli, "--interface: %s says %s: change it there",
			cli->config_path, ret_config->interface);
	if (cli->has_config)
		return CLI_OK;
	ret_config->role = CONFIG_SERVER;
	ret_config->listen = port;
	if (interface)
		(void)snprintf(ret_config->interface, sizeof ret_config->interface, "%s",
			interface); /* tun_name_check() saw that it fits */
	return CLI_OK;
}

/* Nothing is ever written over. */
static enum cli_exit check_host(const struct cli *cli)
{
	char space[CONFIG_PATH_SIZE];
	const char *trace;

	if (geteuid() != 0) {
		log_err(0, "init: only root may set up a server: sudo tacet init ...");
		return CLI_NOT_ALLOWED;
	}
	if (cli->has_config && cli->config.role != CONFIG_SERVER) {
		log_err(0,
			"init: %s says that this host is a device: a server needs another host, "
			"or another configuration (--config)",
			cli->config_path);
		return CLI_FAILED;
	}
	trace = found_trace(&cli->config, space);
	if (!trace)
		return CLI_OK;
	log_err(0,
		"init: %s: there is a network on this host already, and nothing was changed: "
		"see tacet status. To begin anew, move %s away first",
		trace, cli->config.state);
	return CLI_FAILED;
}

static enum cli_exit print_json(const struct founding *founding)
{
	char key[BASE64_KEY_TEXT_SIZE];
	json_auto_t *json = json_pack("{s:s, s:s, s:s}", "name", founding->network.name, "endpoint",
		founding->network.endpoint, "server_key",
		base64_key_format(founding->public_key, key));

	return ask_print(json);
}

static void print_done(const struct cli *cli, const struct founding *founding, bool runs)
{
	const struct overlay *overlay = &founding->network.overlay;
	char key[BASE64_KEY_TEXT_SIZE], ipv4[ADDRESS_TEXT_SIZE], ipv6[ADDRESS_TEXT_SIZE];

	printf("The network %s is there. Devices call it at %s, UDP, by the public key\n%s\n",
		founding->network.name, founding->network.endpoint,
		base64_key_format(founding->public_key, key));
	printf("Addresses in it: %s/%u, %s/%u. State: %s. Configuration: %s.\n",
		address_format(&overlay->ipv4.address, ipv4), overlay->ipv4.length,
		address_format(&overlay->ipv6.address, ipv6), overlay->ipv6.length,
		founding->config->state, cli->config_path);
	if (runs)
		printf("tacetd runs.\n\n%s", next_steps);
	else
		printf("tacetd does not run yet: start it by tacetd -c %s\n\n%s", cli->config_path,
			next_steps);
}

/* The network is made; a daemon that does not start takes nothing of it away. */
static enum cli_exit complete(
	const struct cli *cli, const struct wishes *wishes, const struct founding *founding)
{
	struct cli with_config = *cli;

	with_config.config = *founding->config;
	with_config.has_config = true;
	bool runs = !wishes->no_start && start_daemon(&with_config) == 0;
	if (cli->wants_json)
		(void)print_json(founding); /* then the exit code */
	else
		print_done(cli, founding, runs);
	return runs || wishes->no_start ? CLI_OK : CLI_FAILED;
}

enum cli_exit cli_init(const struct cli *cli, int argc, char **argv)
{
	struct wishes wishes = {.name = "tacet"};
	const struct options_entry entries[] = {
		{.name = "endpoint", .kind = OPTIONS_TEXT, .ret = &wishes.endpoint},
		{.name = "name", .kind = OPTIONS_TEXT, .ret = &wishes.name},
		{.name = "overlay-ipv4", .kind = OPTIONS_TEXT, .ret = &wishes.overlay_ipv4},
		{.name = "interface", .kind = OPTIONS_TEXT, .ret = &wishes.interface},
		{.name = "no-start", .kind = OPTIONS_FLAG, .ret = &wishes.no_start},
	};
	const struct options_table table = {entries, ARRAY_LENGTH(entries), 0, 0};
	struct config config;
	struct founding founding = {.config = &config,
		.config_path = cli->config_path,
		.writes_config = !cli->has_config};
	uint16_t port = 0;
	char **words;

	if (!options_read(cli, argc, argv, &table, &words))
		return CLI_USAGE;
	enum cli_exit result = check_host(cli);
	if (result == CLI_OK)
		result = take_network(cli, &wishes, &founding.network);
	if (result == CLI_OK)
		result = take_endpoint(cli, &wishes, &founding, &port);
	if (result == CLI_OK)
		result = take_config(cli, &wishes, port, &config);
	if (result == CLI_OK)
		result = found_network(&founding);
	return result == CLI_OK ? complete(cli, &wishes, &founding) : result;
}
