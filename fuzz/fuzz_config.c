/* SPDX-License-Identifier: ISC */
/*
 * tacet.conf(5): any bytes are read. What is wrong must be said in clean lines that lie in the
 * file; what is right must be whole, within its limits, and read the same once it is written.
 */
#include "base/error.h"
#include "net/tun.h"
#include "priv/config_parse.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	AGAIN_EVERY = 64, /* files that are written are slow */
};

/* Ends the run where something is not as it must be, with or without assertions. */
static void demand(bool holds)
{
	if (!holds)
		abort();
}

static void check_faults(const struct policy_faults *faults, const uint8_t *data, size_t size)
{
	size_t lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	for (size_t i = 0; i < faults->count; i++) {
		const struct policy_fault *fault = &faults->list[i];

		demand(strncmp(fault->text, "found ", 6) == 0);
		demand(strlen(fault->text) < POLICY_FAULT_TEXT_SIZE - 1);
		for (const char *at = fault->text; *at; at++)
			demand(*at >= ' ' && *at <= '~');
		demand(fault->at.line >= 1 && fault->at.line <= lines && fault->at.column >= 1);
		demand(i == 0 || fault[-1].at.line <= fault->at.line);
	}
}

/* A text of `size` bytes has its zero, and nothing behind it. */
static void check_text(const char *text, size_t size)
{
	const char *end = memchr(text, '\0', size);

	demand(end != NULL);
	for (const char *at = text; at < end; at++)
		demand(*at >= ' ' && *at <= '~');
	for (; end < text + size; end++)
		demand(*end == '\0');
}

static void check_config(const struct config *config)
{
	demand(config->role == CONFIG_SERVER || config->role == CONFIG_CLIENT ||
		config->role == CONFIG_GATEWAY);
	demand(config->path[0] == '\0' && tun_name_check(config->interface) == 0);
	check_text(config->state, sizeof config->state);
	check_text(config->run, sizeof config->run);
	check_text(config->hosts, sizeof config->hosts);
	check_text(config->engine_user, sizeof config->engine_user);
	check_text(config->control_user, sizeof config->control_user);
	check_text(config->radar_user, sizeof config->radar_user);
	demand(config->state[0] == '/' && config->run[0] == '/');
	demand(config->hosts[0] == '/' || config->hosts[0] == '\0');
	demand(config->engine_user[0] && config->control_user[0] && config->radar_user[0]);
	demand(config->control_port && config->control_port != config->enrol_port);
	demand(config->workers >= 1 && config->workers <= TUN_QUEUES_MAX);
	demand(config->log >= LOG_LEVEL_ERROR && config->log <= LOG_LEVEL_DEBUG);
}

static void check_written(const struct config *config)
{
	static char folder[] = "/tmp/tacet-fuzz-config-XXXXXX", path[sizeof folder + 8];
	char error[CONFIG_ERROR_SIZE];
	struct config again;

	demand(mkdtemp(folder) != NULL);
	memcpy(path, folder, sizeof folder - 1);
	memcpy(path + sizeof folder - 1, "/conf", 6);
	demand(config_write(config, path) == 0);
	demand(config_read(path, &again, error) == 0);
	memset(again.path, 0, sizeof again.path);
	demand(memcmp(config, &again, sizeof again) == 0);
	(void)unlink(path);
	(void)rmdir(folder);
	memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned good;
	struct policy_faults faults = {0};
	struct config config;
	int result = config_parse(data, size, &faults, &config);

	demand(result == 0 || result == ERR_SYNTAX);
	demand((result == 0) == !policy_faults_exist(&faults));
	check_faults(&faults, data, size);
	if (result == 0)
		check_config(&config);
	if (result == 0 && good++ % AGAIN_EVERY == 0)
		check_written(&config);
	policy_faults_done(&faults);
	return 0;
}
