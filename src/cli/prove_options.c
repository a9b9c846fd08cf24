/* SPDX-License-Identifier: ISC */
#include "cli/prove_options.h"

#include "base/base64.h"
#include "base/number.h"
#include "base/random.h"
#include "policy/fault.h"
#include "prover/place.h"
#include "wireguard/cookie.h"

#include <string.h>

enum {
	RATE = 200,
	RATE_GREATEST = 10000,
	TIMES = 3,
	TIMES_GREATEST = 200,
	BURST = 600, /* the kernel's engine answers from 520 on (docs/prove.md) */
	BURST_GREATEST = 20000,
	PATIENCE_S = 70, /* IPv6 gives up a fragment after 60 */
	PATIENCE_GREATEST_S = 600,
	PACE_MS = 1000, /* Linux allows one ICMP error a second to one address, after a few */
	PACE_GREATEST_MS = 60000,
	MAC_TEXT_SIZE = 17,
	LAB_RATE = 500,
	LAB_PATIENCE_S = 3, /* reassembly gives up after one there */
	PORT_GREATEST = 65535,
	TRIALS = 10000, /* requirement R10 */
	TRIALS_LEAST = 20,
	TRIALS_GREATEST = 1000000,
	CPU_GREATEST = 1023,
	CPU_ANY = CPU_GREATEST + 1,
};

/* As they stand on the command line. */
struct raw {
	const char *target, *target6, *key, *mac;
	uint64_t port, control_port, rate, times, burst, patience, pace;
	uint64_t trials, blind_port, closed_port, cpu;
	struct options_texts overlays, companions;
	bool has_no_scanners;
};

static enum cli_exit refuse_text(
	const struct cli *cli, const char *option, const char *text, const char *expected)
{
	return options_refuse(cli, "%s: found %s, expected %s", option,
		policy_show(text, strlen(text)).text, expected);
}

/* An address of one host; text NULL: none. */
static enum cli_exit read_target(
	const struct cli *cli, const char *name, const char *text, struct prove_options *options)
{
	struct address address;

	if (!text)
		return CLI_OK;
	if (address_parse(text, strlen(text), &address) < 0)
		return refuse_text(cli, name, text, "an IPv4 or IPv6 address");
	if (!place_is_host(&address))
		return refuse_text(cli, name, text, "the address of one host");
	struct address *place =
		address.family == ADDRESS_IPV6 ? &options->target6 : &options->target4;
	if (place->family != ADDRESS_NONE)
		return options_refuse(cli, "%s: one address of each family, of one host", name);
	*place = address;
	return CLI_OK;
}

static enum cli_exit read_key(const struct cli *cli, const char *text, struct scene *scene)
{
	uint8_t key[BASE64_KEY_SIZE];
	struct cookie_checker checker = {0};

	if (!text)
		return CLI_OK;
	if (base64_key_parse(text, strlen(text), key) < 0)
		return refuse_text(
			cli, "--server-key", text, "a public key as wg pubkey prints it");
	cookie_checker_set_key(&checker, key);
	memcpy(scene->mac1_key, checker.mac1_key, sizeof scene->mac1_key);
	scene->has_key = true;
	return CLI_OK;
}

/* Addresses, or prefixes of which the address counts: "10.9.0.1/24". */
static enum cli_exit read_overlays(
	const struct cli *cli, const struct options_texts *texts, struct scene *scene)
{
	for (size_t i = 0; i < texts->count; i++) {
		const char *text = texts->texts[i];
		struct address *address = &scene->overlays[scene->overlay_count];
		if (scene->overlay_count == SCENE_OVERLAYS_MAX)
			return options_refuse(cli, "--overlay: at most %d", SCENE_OVERLAYS_MAX);
		if (address_parse(text, strcspn(text, "/"), address) < 0)
			return refuse_text(cli, "--overlay", text, "an address");
		scene->overlay_count++;
	}
	return CLI_OK;
}

/* "02:00:00:00:00:10". */
static enum cli_exit read_mac(
	const struct cli *cli, const char *text, struct prove_options *options)
{
	if (!text)
		return CLI_OK;
	size_t size = strlen(text);
	for (size_t i = 0; i < SCENE_MAC_SIZE; i++) {
		bool is_good = size == MAC_TEXT_SIZE && (i == 0 || text[3 * i - 1] == ':') &&
			       hex_parse(text + 3 * i, 2, &options->mac[i], 1) == 0;
		if (!is_good)
			return refuse_text(
				cli, "--mac", text, "a link address as 02:00:00:00:00:10");
	}
	options->has_mac = true;
	return CLI_OK;
}

static enum cli_exit check_numbers(
	const struct cli *cli, const struct raw *raw, struct prove_options *options)
{
	uint64_t control = raw->control_port;

	if (raw->port == 0)
		return options_refuse(cli, "--port: which port is the tunnel's?");
	if (control == 0)
		control = raw->port == PORT_GREATEST ? raw->port - 1 : raw->port + 1;
	if (control == raw->port)
		return options_refuse(cli, "--control-port: it is the port itself");
	if (raw->rate == 0 || raw->times == 0 || raw->burst == 0)
		return options_refuse(cli, "--rate, --times and --burst are at least 1");
	options->scene.port = (uint16_t)raw->port;
	options->scene.control_port = (uint16_t)control;
	options->proof.rate = (unsigned)raw->rate;
	options->proof.times = (unsigned)raw->times;
	options->proof.burst = (unsigned)raw->burst;
	options->proof.patience_s = (unsigned)raw->patience;
	options->proof.pace_ms = (unsigned)raw->pace;
	options->proof.has_scanners = !raw->has_no_scanners;
	return CLI_OK;
}

static enum cli_exit read_companions(
	const struct cli *cli, const struct options_texts *texts, struct thorough_options *thorough)
{
	for (size_t i = 0; i < texts->count; i++) {
		const char *text = texts->texts[i];
		if (thorough->companion_count == THOROUGH_COMPANIONS_MAX)
			return options_refuse(
				cli, "--companion: at most %d", THOROUGH_COMPANIONS_MAX);
		struct companion *companion = &thorough->companions[thorough->companion_count++];
		if (companion_parse(text, companion) < 0)
			return refuse_text(cli, "--companion", text,
				"icmp, udp:PORT, tcp:PORT, closed:PORT, member:ADDRESS or none");
	}
	if (texts->count == 0)
		thorough->companions[thorough->companion_count++] =
			(struct companion){.kind = COMPANION_NONE};
	return CLI_OK;
}

/* The port behind the control port that is neither of the two. */
static uint64_t another_port(const struct scene *scene)
{
	uint64_t port = scene->control_port;

	do
		port = port == PORT_GREATEST ? 1 : port + 1;
	while (port == scene->port);
	return port;
}

static enum cli_exit check_thorough(
	const struct cli *cli, const struct raw *raw, struct prove_options *options)
{
	struct thorough_options *thorough = &options->thorough;
	uint64_t blind = raw->blind_port ? raw->blind_port : another_port(&options->scene);

	if (!options->is_thorough)
		return CLI_OK;
	if (raw->trials < TRIALS_LEAST)
		return options_refuse(cli, "--trials: at least %d", TRIALS_LEAST);
	if (blind == options->scene.port || blind == options->scene.control_port)
		return options_refuse(cli, "--blind-port: one that is dropped, and no other's");
	if (raw->closed_port == options->scene.port)
		return options_refuse(cli, "--closed-port: it is the port itself");
	thorough->trials = (unsigned)raw->trials;
	thorough->blind_port = (uint16_t)blind;
	thorough->closed_port = (uint16_t)raw->closed_port;
	thorough->cpu = raw->cpu == CPU_ANY ? -1 : (int)raw->cpu;
	thorough->seed = entropy_u64(entropy_kernel());
	return read_companions(cli, &raw->companions, thorough);
}

/* A host of its own, without limiters and with little patience: it can be asked fast. */
static enum cli_exit check_lab(
	const struct cli *cli, const struct raw *raw, struct prove_options *options)
{
	if (raw->target || raw->target6 || options->is_thorough)
		return options_refuse(cli, "--lab: it makes its hosts itself: no target, and no "
					   "--thorough");
	if (raw->times == 0 || raw->burst == 0)
		return options_refuse(cli, "--times and --burst are at least 1");
	options->proof.rate = LAB_RATE;
	options->proof.times = (unsigned)raw->times;
	options->proof.burst = (unsigned)raw->burst;
	options->proof.patience_s = LAB_PATIENCE_S;
	return CLI_OK;
}

static enum cli_exit check(
	const struct cli *cli, const struct raw *raw, struct prove_options *options)
{
	if (options->wants_list || options->explain)
		return CLI_OK;
	if (options->is_lab)
		return check_lab(cli, raw, options);
	if (!raw->target)
		return options_refuse(cli, "which host?");
	enum cli_exit code = check_numbers(cli, raw, options);
	if (code == CLI_OK)
		code = read_target(cli, "the target", raw->target, options);
	if (code == CLI_OK)
		code = read_target(cli, "--target6", raw->target6, options);
	if (code == CLI_OK)
		code = read_key(cli, raw->key, &options->scene);
	if (code == CLI_OK)
		code = read_overlays(cli, &raw->overlays, &options->scene);
	if (code == CLI_OK)
		code = read_mac(cli, raw->mac, options);
	if (code == CLI_OK)
		code = check_thorough(cli, raw, options);
	return code;
}

enum cli_exit prove_options_read(
	const struct cli *cli, int argc, char **argv, struct prove_options *ret_options)
{
	struct raw raw = {.rate = RATE,
		.times = TIMES,
		.burst = BURST,
		.patience = PATIENCE_S,
		.pace = PACE_MS,
		.trials = TRIALS,
		.cpu = CPU_ANY};
	struct prove_options *options = ret_options;
	char **operands;

	*options = (struct prove_options){0};
	const struct options_entry entries[] = {
		{"target6", OPTIONS_TEXT, &raw.target6, 0},
		{"port", OPTIONS_NUMBER, &raw.port, PORT_GREATEST},
		{"control-port", OPTIONS_NUMBER, &raw.control_port, PORT_GREATEST},
		{"server-key", OPTIONS_TEXT, &raw.key, 0},
		{"overlay", OPTIONS_TEXTS, &raw.overlays, 0},
		{"recorded", OPTIONS_TEXT, &options->recorded, 0},
		{"i-own-this-host", OPTIONS_TEXTS, &options->owned, 0},
		{"interface", OPTIONS_TEXT, &options->interface, 0},
		{"mac", OPTIONS_TEXT, &raw.mac, 0},
		{"rate", OPTIONS_NUMBER, &raw.rate, RATE_GREATEST},
		{"times", OPTIONS_NUMBER, &raw.times, TIMES_GREATEST},
		{"burst", OPTIONS_NUMBER, &raw.burst, BURST_GREATEST},
		{"patience", OPTIONS_NUMBER, &raw.patience, PATIENCE_GREATEST_S},
		{"pace", OPTIONS_NUMBER, &raw.pace, PACE_GREATEST_MS},
		{"only", OPTIONS_TEXT, &options->proof.only, 0},
		{"no-scanners", OPTIONS_FLAG, &raw.has_no_scanners, 0},
		{"lab", OPTIONS_FLAG, &options->is_lab, 0},
		{"thorough", OPTIONS_FLAG, &options->is_thorough, 0},
		{"companion", OPTIONS_TEXTS, &raw.companions, 0},
		{"trials", OPTIONS_NUMBER, &raw.trials, TRIALS_GREATEST},
		{"blind-port", OPTIONS_NUMBER, &raw.blind_port, PORT_GREATEST},
		{"closed-port", OPTIONS_NUMBER, &raw.closed_port, PORT_GREATEST},
		{"cpu", OPTIONS_NUMBER, &raw.cpu, CPU_GREATEST},
		{"json-file", OPTIONS_TEXT, &options->json_path, 0},
		{"html", OPTIONS_TEXT, &options->html_path, 0},
		{"list", OPTIONS_FLAG, &options->wants_list, 0},
		{"explain", OPTIONS_TEXT, &options->explain, 0},
	};
	const struct options_table table = {entries, ARRAY_LENGTH(entries), 0, 1};

	if (!options_read(cli, argc, argv, &table, &operands))
		return CLI_USAGE;
	raw.target = operands[0];
	return check(cli, &raw, options);
}
