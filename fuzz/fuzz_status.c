/* SPDX-License-Identifier: ISC */
/*
 * What people are shown of an answer: any JSON is printed as the status of either side, as tables
 * of devices and gateways, and as a stock client's configuration. Nothing but printable ASCII in
 * lines may reach the terminal, and no line of the configuration may be begun by the answer.
 */
#include "cli/devices.h"
#include "cli/gateways.h"
#include "cli/status.h"
#include "cli/stock.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run where something is not as it must be, with or without assertions. */
static void demand(bool holds)
{
	if (!holds)
		abort();
}

static void check_text(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		demand(text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~'));
}

/* Whether a line begins as lines of ours do. */
static bool is_ours(const char *line)
{
	static const char *const beginnings[] = {"\n", "[Interface]\n", "[Peer]\n", "# ",
		"PrivateKey = PRIVATE-KEY-OF-THE-DEVICE\n", "Address = ", "PublicKey = ",
		"Endpoint = ", "AllowedIPs = ", "PersistentKeepalive = 15\n"};

	for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
		if (strncmp(line, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	}
	return false;
}

static void check_configuration(const json_t *json)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	demand(out != NULL);
	stock_print(json, json, json_object_get(json, "services"), out);
	demand(fclose(out) == 0);
	check_text(text, size);
	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		demand(is_ours(line) && strchr(line, '\n'));
	free(text);
}

/* The others write to stdout, which is memory meanwhile. */
static void check_tables(const json_t *json)
{
	char *text = NULL;
	size_t size = 0;
	FILE *saved = stdout;

	stdout = open_memstream(&text, &size);
	demand(stdout != NULL);
	status_print_server(json);
	status_print_client(json);
	devices_print(json);
	gateways_print(json);
	demand(fclose(stdout) == 0);
	stdout = saved;
	check_text(text, size);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *json = json_loadb((const char *)data, size, 0, NULL);

	if (!json)
		return 0;
	check_tables(json);
	check_configuration(json);
	json_decref(json);
	return 0;
}
