/* SPDX-License-Identifier: ISC */
#include "store/network.h"

#include "base/error.h"
#include "store/sqlite/act.h"
#include "store/sqlite/allocate.h"
#include "store/sqlite/settings.h"
#include "store/word.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_NAME SETTINGS_NETWORK "name"
#define KEY_ENDPOINT SETTINGS_NETWORK "endpoint"
#define KEY_IPV4 SETTINGS_NETWORK "ipv4"
#define KEY_IPV6 SETTINGS_NETWORK "ipv6"
#define KEY_SERVER_KEY SETTINGS_NETWORK "server-key"

enum {
	PREFIX_TEXT_SIZE = ADDRESS_TEXT_SIZE + 4,
	ULA_LENGTH = 48,
	ULA_FIRST_BYTE = 0xfd, /* RFC 4193, 3.1: locally assigned */
};

static const char *prefix_format(
	const struct prefix *prefix, char ret_text[static PREFIX_TEXT_SIZE])
{
	char address[ADDRESS_TEXT_SIZE];

	(void)snprintf(ret_text, PREFIX_TEXT_SIZE, "%s/%u",
		address_format(&prefix->address, address), prefix->length); /* fits */
	return ret_text;
}

void store_network_draw(struct entropy entropy, struct store_network *ret_network)
{
	struct prefix *ipv6 = &ret_network->overlay.ipv6;

	if (prefix_parse(
		    STORE_OVERLAY_IPV4, strlen(STORE_OVERLAY_IPV4), &ret_network->overlay.ipv4) < 0)
		abort(); /* a constant of ours */
	*ipv6 = (struct prefix){.address.family = ADDRESS_IPV6, .length = ULA_LENGTH};
	entropy_fill(entropy, ipv6->address.bytes, ULA_LENGTH / 8);
	ipv6->address.bytes[0] = ULA_FIRST_BYTE;
}

static int check(const struct store_network *network)
{
	int err = word_check_name(network->name);

	if (err == 0)
		err = word_check_host(network->endpoint);
	if (err == 0)
		err = word_check_host(network->server_key);
	return err < 0 ? err : overlay_check(&network->overlay);
}

static int put_all(struct store *store, const struct store_network *network)
{
	char ipv4[PREFIX_TEXT_SIZE], ipv6[PREFIX_TEXT_SIZE];
	const char *const settings[][2] = {
		{KEY_NAME, network->name},
		{KEY_ENDPOINT, network->endpoint},
		{KEY_IPV4, prefix_format(&network->overlay.ipv4, ipv4)},
		{KEY_IPV6, prefix_format(&network->overlay.ipv6, ipv6)},
		{KEY_SERVER_KEY, network->server_key},
	};
	int err = 0;

	for (size_t i = 0; err == 0 && i < ARRAY_LENGTH(settings); i++)
		err = settings_put(store, settings[i][0], settings[i][1]);
	return err;
}

int store_network_init(
	struct store *store, const struct store_actor *by, const struct store_network *network)
{
	AUTO_ACT struct act act = {0};
	char ipv4[PREFIX_TEXT_SIZE], ipv6[PREFIX_TEXT_SIZE];
	struct overlay present;
	int err = check(network);

	if (err == 0)
		err = act_begin(&act, store, by);
	if (err < 0)
		return err;
	err = allocate_overlay(store, &present);
	if (err != ERR_NO_NETWORK)
		return err < 0 ? err : ERR_EXISTS;
	err = put_all(store, network);
	if (err < 0)
		return err;
	return act_commit(&act, "network.init", network->name,
		json_pack("{s:s, s:s, s:s, s:s}", "endpoint", network->endpoint, "server_key",
			network->server_key, "ipv4", prefix_format(&network->overlay.ipv4, ipv4),
			"ipv6", prefix_format(&network->overlay.ipv6, ipv6)));
}

/* The controller's own host is a gateway, too, and is called there. */
static int move_first_gateway(struct store *store, const char *endpoint)
{
	AUTO_QUERY struct query query =
		query_of(store, "UPDATE gateways SET endpoint = ?1 WHERE number = 1");

	query_bind_text(&query, 1, endpoint);
	return query_run(&query);
}

int store_network_set_endpoint(
	struct store *store, const struct store_actor *by, const char *endpoint)
{
	AUTO_ACT struct act act = {0};
	struct store_network network;
	int err = word_check_host(endpoint);

	if (err == 0)
		err = act_begin(&act, store, by);
	if (err == 0)
		err = store_network_get(store, &network);
	if (err == 0)
		err = settings_put(store, KEY_ENDPOINT, endpoint);
	if (err == 0)
		err = move_first_gateway(store, endpoint);
	if (err < 0)
		return err;
	return act_commit(&act, "network.endpoint", network.name,
		json_pack("{s:s, s:s}", "endpoint", endpoint, "former", network.endpoint));
}

static int get_prefix(struct store *store, const char *key, struct prefix *ret_prefix)
{
	char text[PREFIX_TEXT_SIZE];
	int err = settings_get(store, key, text, sizeof text);

	if (err < 0)
		return err;
	return prefix_parse(text, strlen(text), ret_prefix) < 0 ? ERR_CORRUPT : 0;
}

int allocate_overlay(struct store *store, struct overlay *ret_overlay)
{
	struct overlay overlay;

	if (!store->has_overlay) {
		int err = get_prefix(store, KEY_IPV4, &overlay.ipv4);
		if (err == 0)
			err = get_prefix(store, KEY_IPV6, &overlay.ipv6);
		if (err < 0)
			return err == ERR_NOT_FOUND ? ERR_NO_NETWORK : err;
		if (overlay_check(&overlay) < 0)
			return ERR_CORRUPT;
		store->overlay = overlay;
		/* inside an act it may yet be taken back */
		store->has_overlay = sqlite3_get_autocommit(store->handle);
	}
	*ret_overlay = store->overlay;
	return 0;
}

int store_network_get(struct store *store, struct store_network *ret_network)
{
	struct store_network network = {0};
	int err = allocate_overlay(store, &network.overlay);

	if (err == 0)
		err = settings_get(store, KEY_NAME, network.name, sizeof network.name);
	if (err == 0)
		err = settings_get(store, KEY_ENDPOINT, network.endpoint, sizeof network.endpoint);
	if (err == 0)
		err = settings_get(
			store, KEY_SERVER_KEY, network.server_key, sizeof network.server_key);
	if (err < 0)
		return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
	*ret_network = network;
	return 0;
}
