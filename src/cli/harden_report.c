/* SPDX-License-Identifier: ISC */
#include "cli/harden_report.h"

#include "base/clock.h"
#include "harden/face.h"
#include "harden/listener.h"
#include "harden/published.h"
#include "net/sysctl.h"

#include <inttypes.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	TIME_SIZE = 40,
	PLACE_COLUMNS = 28, /* of "192.0.2.1:8080" */
	OWNER_COLUMNS = 28, /* of "nginx (pid 812)" */
};

static const struct {
	const char *name, *meaning;
} counters[] = {
#define X(name, meaning) {#name, meaning},
	RULES_COUNTERS(X)
#undef X
};

/* ---- what can be reached ---- */

static const char *protocol_word(uint8_t protocol)
{
	if (protocol == IPPROTO_TCP)
		return "tcp";
	return protocol == IPPROTO_UDP ? "udp" : "raw";
}

/* The exception that leaves it reachable, at least for some; NULL: none. */
static const struct keep *keep_of(
	const struct harden_options *options, const struct listener *listener)
{
	for (size_t i = 0; i < options->keep_count; i++) {
		const struct keep *keep = &options->keeps[i];
		if (keep->protocol == listener->protocol && listener->port >= keep->port_least &&
			listener->port <= keep->port_greatest)
			return keep;
	}
	return NULL;
}

static void print_socket(const struct listener *listener, const char *remark)
{
	char text[ENDPOINT_TEXT_SIZE], owner[OWNER_NAME_SIZE + 24];
	struct endpoint where = {.remote = listener->address, .port = listener->port};

	if (listener->protocol == IPPROTO_RAW)
		(void)snprintf(text, sizeof text, "IP protocol %u", listener->port); /* fits */
	else
		(void)endpoint_format(&where, text);
	if (listener->owner.pid)
		(void)snprintf(owner, sizeof owner, "%s (pid %d)", listener->owner.name,
			listener->owner.pid); /* it fits */
	else
		(void)snprintf(owner, sizeof owner, "the kernel, or not to be seen"); /* it fits */
	printf("  %s  %-*s  %-*s%s%s\n", protocol_word(listener->protocol), PLACE_COLUMNS, text,
		*remark ? OWNER_COLUMNS : 0, owner, *remark ? "  " : "", remark);
}

static void print_reachable(const struct harden_place *place, const struct harden_options *options,
	const struct listener *listener)
{
	char remark[KEEP_TEXT_SIZE + 32] = "", text[KEEP_TEXT_SIZE];
	const struct keep *keep = keep_of(options, listener);

	if (place->port && listener->protocol == IPPROTO_UDP && listener->port == place->port)
		(void)snprintf(remark, sizeof remark,
			"stays: the tunnel, silent to strangers by itself"); /* it fits */
	else if (keep)
		(void)snprintf(remark, sizeof remark, "stays: --keep %s",
			keep_format(keep, text)); /* it fits */
	print_socket(listener, remark);
}

static void print_reached(const struct harden_place *place, const struct harden_options *options,
	const struct listeners *listeners, const struct published *published)
{
	size_t count = published->count;

	puts("Strangers can reach on this host now:");
	for (size_t i = 0; i < listeners->count; i++) {
		if (listeners->list[i].reach != LISTENER_STRANGERS)
			continue;
		print_reachable(place, options, &listeners->list[i]);
		count++;
	}
	for (size_t i = 0; i < published->count; i++)
		printf("  led elsewhere, as containers are  %s\n", published->rules[i]);
	if (count == 0)
		puts("  no service; but the kernel answers for all ports, and to pings");
}

static void print_unreached(const struct listeners *listeners)
{
	bool is_first = true;

	for (size_t i = 0; i < listeners->count; i++) {
		const struct listener *listener = &listeners->list[i];
		if (listener->reach == LISTENER_STRANGERS)
			continue;
		if (is_first)
			puts("\nOut of their reach already:");
		is_first = false;
		print_socket(listener, listener->reach == LISTENER_LOOPBACK
					       ? "this host alone"
					       : "devices of the overlay");
	}
}

/* ---- what will change ---- */

static void print_kept(const struct harden_place *place, const struct harden_options *options)
{
	char text[KEEP_TEXT_SIZE];

	puts("  What stays reachable:");
	if (place->port)
		printf("    udp/%u for datagrams of WireGuard's shape: the tunnel, which answers "
		       "members only\n",
			place->port);
	for (size_t i = 0; i < options->keep_count; i++)
		printf("    %s\n", keep_format(&options->keeps[i], text));
	if (!place->port && options->keep_count == 0)
		puts("    nothing");
	if (if_nametoindex(place->tunnel) == 0)
		printf("  THERE IS NO TUNNEL YET (no interface %s): without tacet init nobody gets "
		       "in "
		       "but by what is kept.\n",
			place->tunnel);
}

/* Whether a login came through the tunnel: it was to one of the tunnel's addresses. */
static bool is_inside(const struct harden_place *place, const struct rules_session *ssh)
{
	struct face_addresses addresses;
	bool is = false;

	if (face_read_addresses(&addresses) < 0)
		return false;
	for (size_t i = 0; i < addresses.count && !is; i++)
		is = strcmp(addresses.list[i].name, place->tunnel) == 0 &&
		     address_equal(&addresses.list[i].address, &ssh->here);
	face_addresses_done(&addresses);
	return is;
}

static void print_login(const struct harden_place *place, const struct harden_options *options)
{
	char there[ADDRESS_TEXT_SIZE];
	struct login login;

	if (login_read(&login) < 0 || login.ssh.there.family == ADDRESS_NONE)
		return;
	(void)address_format(&login.ssh.there, there);
	printf("\nThis login comes by SSH from %s to port %u, ", there, login.ssh.port_here);
	if (is_inside(place, &login.ssh))
		puts("through the tunnel: it goes on, and new ones can be made.");
	else if (options->level == RULES_SEALED &&
		 !neighbours_has(&options->neighbours, &login.ssh.there) &&
		 neighbour_is_on_link(&login.ssh.there, place->tunnel))
		printf("FROM THE LINK, where a sealed host speaks to routers alone.\nIt lives "
		       "until "
		       "you confirm, then IT IS CUT, unless you keep it: --neighbour %s --keep "
		       "tcp/%u from %s\n",
			there, login.ssh.port_here, there);
	else if (keep_any_covers(options->keeps, options->keep_count, IPPROTO_TCP,
			 login.ssh.port_here, &login.ssh.there))
		puts("which is kept: it goes on, and new ones can be made.");
	else
		printf("WHICH IS NOT KEPT. It lives until you confirm, then IT IS CUT.\n"
		       "No new login can be made this way. Confirm by one through the tunnel or "
		       "at the console, or keep\nit: --keep tcp/%u from %s\n",
			login.ssh.port_here, there);
}

static void print_routed(const struct rules_faces *inside)
{
	uint32_t ipv4 = 0, ipv6 = 0;

	/* What cannot be read is taken for off: it is a remark, no more. */
	if (sysctl_read("ipv4/ip_forward", &ipv4) < 0)
		ipv4 = 0;
	if (sysctl_read("ipv6/conf/all/forwarding", &ipv6) < 0)
		ipv6 = 0;
	if (ipv4 == 0 && ipv6 == 0)
		return;
	char *names = face_join(inside);
	printf("  This host is a router. What comes from bridges of its own containers and virtual "
	       "machines (%s)\n  goes on; what it routes for other hosts ends.\n",
		names);
	free(names);
}

static const char standard_text[] =
	"  Connections that this host opens itself go on working, old ones and new ones.\n"
	"  Connections that others opened, and that are not kept, stop.\n"
	"  On the link it answers its routers and whom it has spoken to; nobody else learns that "
	"it "
	"is there.";

static const char sealed_text[] =
	"  CONNECTIONS THAT THIS HOST OPENS ITSELF STOP: updates, names (DNS), time (NTP), mail, "
	"containers'.\n"
	"  So does what configures it: DHCP and routers' advertisements. Its addresses and routes "
	"must be static.\n"
	"  Nothing leaves but the tunnel's datagrams and answers to what is kept; on the link it "
	"speaks to its\n  routers and to the neighbours that are named, nobody else learns that it "
	"is there.";

/* What its engine says to strangers by itself, and what is done about that. */
static void print_kernel(const struct harden_options *options)
{
	puts("  The kernel moves the tunnel's packets: its cookie replies do not leave, and "
	     "sessions "
	     "begin at most\n  100 times a second.");
	if (options->peers.count == 0)
		puts("  A RECORDED INITIATION IS ANSWERED after a restart, as WireGuard does it: "
		     "say "
		     "from where members\n  call (--peer PREFIX), so that others are not.");
}

/* Addresses and routes that will not be renewed end all, in a sealed host. */
static bool is_configured_by_others(const struct rules_faces *outer)
{
	char path[SETTING_PATH_SIZE];
	uint32_t accepts = 0;

	for (size_t i = 0; i < outer->count; i++) {
		(void)snprintf(
			path, sizeof path, "ipv6/conf/%s/accept_ra", outer->names[i]); /* it fits */
		if (sysctl_read(path, &accepts) == 0 && accepts != 0)
			return true;
	}
	return false;
}

static void print_neighbours(const struct harden_options *options, const struct rules_faces *outer)
{
	char address[ADDRESS_TEXT_SIZE], mac[NEIGHBOUR_MAC_TEXT_SIZE];
	struct neighbours neighbours = options->neighbours;

	if (neighbours_update(&neighbours, outer, NEIGHBOUR_LOOK) < 0)
		return; /* it is found out when it is applied */
	for (size_t i = 0; i < neighbours.count; i++) {
		const struct neighbour *one = &neighbours.list[i];
		printf("    %s %s%s%s\n", one->is_named ? "neighbour" : "router",
			address_format(&one->address, address),
			one->has_mac ? " at " : ", which is asked for its link address",
			one->has_mac ? neighbour_format_mac(one->mac, mac) : "");
	}
	if (options->level == RULES_SEALED && is_configured_by_others(outer))
		puts("  THIS HOST TAKES ROUTERS' ADVERTISEMENTS: what they gave it (IPv6 "
		     "addresses, "
		     "the default route)\n  will run out. Make it static first: ip -6 address, ip "
		     "-6 route.");
}

static void print_change(const struct harden_place *place, const struct harden_options *options,
	const struct rules_faces *inside, const struct rules_faces *outer)
{
	printf("\nWhat will change (level %s):\n", rules_level_word(options->level));
	printf("  All else that comes by any interface but lo and %s is dropped without an answer, "
	       "before routing,\n  for IPv4 and IPv6: services, containers' published ports, "
	       "pings. Nothing leaves in answer either.\n",
		place->tunnel);
	print_kept(place, options);
	if (options->level == RULES_SEALED)
		puts(sealed_text);
	else
		puts(standard_text);
	print_neighbours(options, outer);
	if (options->engine == RULES_ENGINE_KERNEL)
		print_kernel(options);
	print_routed(inside);
	print_login(place, options);
	printf("\nUnless it is confirmed within %u seconds, from a new login, by\n"
	       "    tacet harden --confirm\nall will be as it is now.\n",
		options->seconds);
}

int harden_report_plan(const struct harden_place *place, const struct harden_options *options,
	char ret_error[static HARDEN_ERROR_SIZE])
{
	struct listeners listeners = {0};
	struct published published = {0};
	struct rules_faces inside, outer;
	struct nftables *nftables;

	int result = nftables_open(&nftables);
	if (result < 0)
		return result;
	result = published_read(nftables, &published);
	if (result < 0)
		(void)snprintf(ret_error, HARDEN_ERROR_SIZE, "%s",
			nftables_error(nftables)); /* cut: the beginning says most */
	nftables_close(nftables);
	if (result == 0)
		result = face_read(place->tunnel, NULL, &inside, &outer);
	if (result == 0)
		result = listener_list(place->tunnel, &listeners);
	if (result == 0) {
		print_reached(place, options, &listeners, &published);
		print_unreached(&listeners);
		print_change(place, options, &inside, &outer);
	}
	published_done(&published);
	listener_list_done(&listeners);
	return result;
}

/* ---- what is in force ---- */

static const char *stage_word(enum harden_stage stage)
{
	switch (stage) {
	case HARDEN_OFF:
		return "off";
	case HARDEN_PENDING:
		return "pending";
	case HARDEN_LAPSED:
		return "lapsed";
	case HARDEN_CONFIRMED:
		return "confirmed";
	case HARDEN_UNKNOWN:
		return "unknown";
	}
	return "";
}

static json_t *pack_neighbours(const struct harden_state *state)
{
	char address[ADDRESS_TEXT_SIZE], mac[NEIGHBOUR_MAC_TEXT_SIZE];
	json_t *array = json_array();

	for (size_t i = 0; i < state->record.neighbours.count; i++) {
		const struct neighbour *one = &state->record.neighbours.list[i];
		(void)json_array_append_new(
			array, json_pack("{s:s, s:s*, s:b}", "address",
				       address_format(&one->address, address), "link",
				       one->has_mac ? neighbour_format_mac(one->mac, mac) : NULL,
				       "named", one->is_named)); /* shown less */
	}
	return array;
}

static void print_json(const struct harden_state *state)
{
	char text[KEEP_TEXT_SIZE];
	json_t *keeps = json_array(), *dropped = json_object();
	bool is_in_force = state->stage == HARDEN_PENDING || state->stage == HARDEN_CONFIRMED ||
			   state->stage == HARDEN_UNKNOWN;

	for (size_t i = 0; i < state->record.keep_count; i++)
		(void)json_array_append_new(keeps,
			json_string(keep_format(&state->record.keeps[i], text))); /* shown less */
	for (size_t i = 0; i < ARRAY_LENGTH(counters); i++)
		(void)json_object_set_new(dropped, counters[i].name,
			json_integer((json_int_t)state->dropped[i])); /* shown less */
	json_t *root = json_pack("{s:b, s:s, s:s, s:b, s:I, s:i, s:o, s:o}", "in_force",
		is_in_force, "stage", stage_word(state->stage), "level",
		rules_level_word(state->record.level), "saved", state->is_saved, "since",
		(json_int_t)state->record.applied_s, "seconds_left", (int)state->left_s, "keep",
		keeps, "dropped", dropped);
	if (root)
		(void)json_object_set_new(
			root, "neighbours", pack_neighbours(state)); /* as above */
	char *out = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
	if (!out)
		abort(); /* as memory_new() does */
	puts(out);
	free(out);
	json_decref(root);
}

static const char *format_time(uint64_t unix_s, char ret_text[static TIME_SIZE])
{
	time_t seconds = (time_t)unix_s;
	struct tm parts;

	if (!localtime_r(&seconds, &parts) ||
		strftime(ret_text, TIME_SIZE, "%Y-%m-%d %H:%M:%S", &parts) == 0)
		ret_text[0] = '\0';
	return ret_text;
}

static void print_stage(const struct harden_state *state)
{
	const char *level = rules_level_word(state->record.level);
	char since[TIME_SIZE];

	(void)format_time(state->record.applied_s, since);
	switch (state->stage) {
	case HARDEN_OFF:
		puts(state->is_saved ? "NOT HARDENED, though it was confirmed: tacet harden --load "
				       "puts it in force again."
				     : "Not hardened: strangers are answered. See tacet harden.");
		return;
	case HARDEN_PENDING:
		printf("Hardened (%s) since %s, NOT CONFIRMED: it ends in %u seconds, unless "
		       "tacet harden --confirm\nis given in a new login.\n",
			level, since, state->left_s);
		return;
	case HARDEN_LAPSED:
		puts("NOT HARDENED: it was not confirmed in time. tacet harden --undo clears away "
		     "what is left of it.");
		return;
	case HARDEN_CONFIRMED:
		printf("Hardened (%s) since %s, confirmed: in force after a reboot too.\n", level,
			since);
		return;
	case HARDEN_UNKNOWN:
		puts("Hardened, but nothing is written down about it: tacet harden --undo, then "
		     "harden again.");
		return;
	}
}

static void print_neighbour(const struct neighbour *neighbour)
{
	char address[ADDRESS_TEXT_SIZE], mac[NEIGHBOUR_MAC_TEXT_SIZE];

	printf("  %s: %s%s%s\n", neighbour->is_named ? "neighbour" : "router",
		address_format(&neighbour->address, address),
		neighbour->has_mac ? " at " : ", link address not known",
		neighbour->has_mac ? neighbour_format_mac(neighbour->mac, mac) : "");
}

void harden_report_state(const struct cli *cli, const struct harden_state *state)
{
	char text[KEEP_TEXT_SIZE];

	if (cli->wants_json) {
		print_json(state);
		return;
	}
	print_stage(state);
	if (state->stage == HARDEN_OFF || state->stage == HARDEN_LAPSED)
		return;
	if (cli->config.listen)
		printf("  kept: udp/%u, the tunnel\n", cli->config.listen);
	for (size_t i = 0; i < state->record.keep_count; i++)
		printf("  kept: %s\n", keep_format(&state->record.keeps[i], text));
	for (size_t i = 0; i < state->record.neighbours.count; i++)
		print_neighbour(&state->record.neighbours.list[i]);
	for (size_t i = 0; i < ARRAY_LENGTH(counters); i++)
		printf("  dropped: %10" PRIu64 " packets %s\n", state->dropped[i],
			counters[i].meaning);
}
