/* SPDX-License-Identifier: ISC */
#include "cli/stock.h"

#include "cli/member.h"
#include "cli/text.h"

#include <string.h>

enum {
	KEEPALIVE_S = 15, /* as deviceplan.h has it */
};

/* Whether the device may reach the service of that name. */
static bool may_reach(const json_t *device, const char *name)
{
	size_t index;
	json_t *item;

	json_array_foreach(member_get(device, "services"), index, item)
	{
		const char *granted =
			json_is_object(item) ? member_text(item, "name") : json_string_value(item);
		if (granted && strcmp(granted, name) == 0)
			return true;
	}
	return false;
}

/* A member's text that fills a line of the file and cannot begin another. */
static void print_text(const json_t *object, const char *name, FILE *out)
{
	AUTO_TEXT char *text = text_escape(member_text(object, name));

	(void)fputs(text, out);
}

/* "100.80.128.1/32": one address of either family as a prefix. */
static void print_host(const json_t *object, const char *name, FILE *out)
{
	print_text(object, name, out);
	(void)fputs(strchr(member_text(object, name), ':') ? "/128" : "/32", out);
}

static void print_allowed(const json_t *device, const json_t *services, FILE *out)
{
	bool is_first = true;
	size_t index;
	json_t *service;

	json_array_foreach(services, index, service)
	{
		if (!may_reach(device, member_text(service, "name")))
			continue;
		(void)fputs(is_first ? "AllowedIPs = " : ", ", out);
		print_host(service, "vip", out);
		is_first = false;
	}
	(void)fputs(is_first ? "# AllowedIPs = nothing: the policy grants it nothing yet\n" : "\n",
		out);
}

/* Names, which a stock client does not learn. */
static void print_names(
	const json_t *device, const json_t *network, const json_t *services, FILE *out)
{
	size_t index;
	json_t *service;

	json_array_foreach(services, index, service)
	{
		if (!may_reach(device, member_text(service, "name")))
			continue;
		(void)fputs("# ", out);
		print_text(service, "name", out);
		(void)fputs(".", out);
		print_text(network, "name", out);
		(void)fputs(" is ", out);
		print_text(service, "vip", out);
		(void)fputs("\n", out);
	}
}

void stock_print(const json_t *device, const json_t *network, const json_t *services, FILE *out)
{
	(void)fputs("[Interface]\n# the private half of ", out);
	print_text(device, "public_key", out);
	(void)fputs("\nPrivateKey = PRIVATE-KEY-OF-THE-DEVICE\nAddress = ", out);
	print_host(device, "ipv4", out);
	(void)fputs(", ", out);
	print_host(device, "ipv6", out);
	(void)fputs("\n\n[Peer]\nPublicKey = ", out);
	print_text(network, "server_key", out);
	(void)fputs("\nEndpoint = ", out);
	print_text(network, "endpoint", out);
	(void)fputs("\n", out);
	print_allowed(device, services, out);
	(void)fprintf(out, "PersistentKeepalive = %d\n", KEEPALIVE_S);
	print_names(device, network, services, out);
}
