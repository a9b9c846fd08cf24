/* SPDX-License-Identifier: ISC */
/*
 * Enforcement for tests and benchmarks: reads commands from stdin, a line each, answers each by
 * one line that begins with "ok" or "error", after lines of what it was asked for.
 *
 *   tunnel NAME IPV4/LENGTH|- IPV6/LENGTH|- CONTROL-PORT ENROL-PORT router|host
 *   role NUMBER enrolled|invited
 *   device IPV4|- IPV6|- ROLE
 *   service ID VIP4|- VIP6|- tcp|udp PORT TARGET TARGET-PORT
 *   grant ROLE SERVICE
 *   clear                            forgets all of these
 *   fill DEVICES SERVICES ROLES PER  a model of that size: each role reaches PER services
 *   apply | check | remove           what enforce.h has
 *   text | change                    the whole as text; what differs since the last of both
 *   flows                            how many flows the kernel knows that came from the overlay
 *   memory                           this process's peak, in KiB
 */
#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "gateway/enforce.h"
#include "gateway/ruleset.h"
#include "net/conntrack.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum {
	LINE_SIZE = 512,
	WORD_SIZE = 64,
	ARRAY_MAX = 1 << 20, /* things of a kind in one model */
};

/* The model that is being read, and what it was when it was last written as text. */
static struct {
	struct model model;
	struct model_role *roles;
	struct model_device *devices;
	struct model_service *services;
	struct model_grant *grants;
	struct elements written;
	struct enforce *enforce;
	uint64_t began_ns;
} driver;

static void answer_error(const char *what, int code)
{
	printf("error %s: %s\n", what, err_str(code));
}

/* Answers a command that worked, with the time that it took. */
static void answer(const char *format, ...) printf_like(1, 2);

static void answer(const char *format, ...)
{
	uint64_t took_ns = clock_now().monotonic_ns - driver.began_ns;
	va_list values;

	printf("ok ms=%.3f ", (double)took_ns / NS_PER_MS);
	va_start(values, format);
	vprintf(format, values);
	va_end(values);
	puts("");
}

/* "-" is none; aborts on anything that is no address. */
static struct address read_address(const char *word)
{
	struct address address = {0};

	if (strcmp(word, "-") != 0 && address_parse(word, strlen(word), &address) < 0)
		abort();
	return address;
}

/* Reads "10.9.0.1/16" as an address and the prefix that it is in. */
static void read_overlay(const char *word, struct address *ret_address, struct prefix *ret_prefix)
{
	char text[WORD_SIZE];

	*ret_address = (struct address){0};
	*ret_prefix = (struct prefix){0};
	if (strcmp(word, "-") == 0)
		return;
	(void)snprintf(text, sizeof text, "%.*s", (int)strcspn(word, "/"), word);
	*ret_address = read_address(text);
	if (prefix_parse(word, strlen(word), ret_prefix) < 0)
		abort();
}

static bool read_tunnel(const char *line)
{
	struct model_tunnel *tunnel = &driver.model.tunnel;
	char ipv4[WORD_SIZE], ipv6[WORD_SIZE], kind[WORD_SIZE];

	if (sscanf(line, "tunnel %15s %63s %63s %" SCNu16 " %" SCNu16 " %63s", tunnel->interface,
		    ipv4, ipv6, &tunnel->control_port, &tunnel->enrol_port, kind) != 6)
		return false;
	read_overlay(ipv4, &tunnel->ipv4, &tunnel->overlay_ipv4);
	read_overlay(ipv6, &tunnel->ipv6, &tunnel->overlay_ipv6);
	tunnel->forwards_for_tunnel_only = strcmp(kind, "host") == 0;
	return true;
}

static bool read_role(const char *line)
{
	struct model_role *role = &driver.roles[driver.model.role_count];
	char kind[WORD_SIZE];

	if (sscanf(line, "role %" SCNu32 " %63s", &role->number, kind) != 2)
		return false;
	role->kind = strcmp(kind, "invited") == 0 ? MODEL_ROLE_INVITED : MODEL_ROLE_ENROLLED;
	driver.model.role_count++;
	return true;
}

static bool read_device(const char *line)
{
	struct model_device *device = &driver.devices[driver.model.device_count];
	char ipv4[WORD_SIZE], ipv6[WORD_SIZE];

	if (sscanf(line, "device %63s %63s %" SCNu32, ipv4, ipv6, &device->role) != 3)
		return false;
	device->ipv4 = read_address(ipv4);
	device->ipv6 = read_address(ipv6);
	driver.model.device_count++;
	return true;
}

static bool read_service(const char *line)
{
	struct model_service *service = &driver.services[driver.model.service_count];
	char ipv4[WORD_SIZE], ipv6[WORD_SIZE], protocol[WORD_SIZE], target[WORD_SIZE];

	if (sscanf(line, "service %" SCNu32 " %63s %63s %63s %" SCNu16 " %63s %" SCNu16,
		    &service->id, ipv4, ipv6, protocol, &service->port, target,
		    &service->target_port) != 7)
		return false;
	service->vip_ipv4 = read_address(ipv4);
	service->vip_ipv6 = read_address(ipv6);
	service->target = read_address(target);
	service->protocol = strcmp(protocol, "udp") == 0 ? IPPROTO_UDP : IPPROTO_TCP;
	driver.model.service_count++;
	return true;
}

static bool read_grant(const char *line)
{
	struct model_grant *grant = &driver.grants[driver.model.grant_count];

	if (sscanf(line, "grant %" SCNu32 " %" SCNu32, &grant->role, &grant->service) != 2)
		return false;
	driver.model.grant_count++;
	return true;
}

static bool clear(const char *line)
{
	(void)line;
	driver.model.role_count = 0;
	driver.model.device_count = 0;
	driver.model.service_count = 0;
	driver.model.grant_count = 0;
	return true;
}

/* The n-th address of an IPv4 and of an IPv6 overlay that begin at 10.64.0.0 and fd09::. */
static struct address nth(enum address_family family, uint32_t n)
{
	struct address address = read_address(family == ADDRESS_IPV4 ? "10.64.0.0" : "fd09::");

	store_be32(address.bytes + (family == ADDRESS_IPV4 ? 0 : 12),
		n + (family == ADDRESS_IPV4 ? 0x0a400000 : 0));
	return address;
}

static void fill_service(uint32_t i)
{
	bool is_ipv4 = i % 4 != 0; /* one in four has a target by IPv6 */

	driver.services[i] = (struct model_service){.id = i + 1,
		.vip_ipv4 = nth(ADDRESS_IPV4, 0x80000 + i),
		.vip_ipv6 = nth(ADDRESS_IPV6, 0x80000 + i),
		.protocol = i % 8 == 1 ? IPPROTO_UDP : IPPROTO_TCP,
		.port = 80,
		.target = read_address(is_ipv4 ? "192.168.0.0" : "2001:db8::"),
		.target_port = 8080};
	store_be16(driver.services[i].target.bytes + (is_ipv4 ? 2 : 14), (uint16_t)(i + 1));
}

static bool fill(const char *line)
{
	uint32_t devices, services, roles, per;
	struct model *model = &driver.model;

	if (sscanf(line, "fill %" SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNu32, &devices, &services,
		    &roles, &per) != 4)
		return false;
	(void)clear(line);
	for (uint32_t i = 0; i < roles; i++)
		driver.roles[model->role_count++] = (struct model_role){.number = i + 1};
	for (uint32_t i = 0; i < services; i++)
		fill_service(i);
	model->service_count = services;
	for (uint32_t i = 0; i < devices; i++)
		driver.devices[model->device_count++] =
			(struct model_device){.ipv4 = nth(ADDRESS_IPV4, 16 + i),
				.ipv6 = nth(ADDRESS_IPV6, 16 + i),
				.role = i % roles + 1};
	for (uint32_t i = 0; i < roles * per; i++)
		driver.grants[model->grant_count++] = (struct model_grant){
			.role = i / per + 1, .service = (i / per * 7 + i % per) % services + 1};
	return true;
}

static void apply(void)
{
	struct enforce_result done;
	int result = enforce_apply(driver.enforce, &driver.model, &done);

	if (result < 0)
		printf("error %d %s\n", result, enforce_error(driver.enforce));
	else
		answer("added=%zu deleted=%zu cut=%zu", done.added, done.deleted, done.flows_cut);
}

static void check(void)
{
	int result = enforce_check(driver.enforce);

	if (result < 0)
		printf("error %d %s\n", result, enforce_error(driver.enforce));
	else
		answer("differences=%d", result);
}

static void take_away(void)
{
	int result = enforce_remove(driver.enforce);

	if (result < 0)
		printf("error %d %s\n", result, enforce_error(driver.enforce));
	else
		answer("removed");
}

/* Writes the rules and elements, or what differs from the elements that were written last. */
static void write_text(bool whole)
{
	static const struct elements none;
	struct elements elements;

	int result = elements_build(&driver.model, &elements);
	if (result < 0) {
		answer_error("model", result);
		return;
	}
	char *rules = ruleset_text(&driver.model.tunnel, RULESET_REPLACE);
	char *change = ruleset_change_text(whole ? &none : &driver.written, &elements);
	printf("%s%s", whole ? rules : "", change);
	free(rules);
	free(change);
	elements_done(&driver.written);
	driver.written = elements;
	answer("elements=%zu", elements_count(&elements));
}

static void write_whole(void)
{
	write_text(true);
}

static void write_change(void)
{
	write_text(false);
}

static bool is_from_overlay(void *context, const struct conntrack_flow *flow)
{
	(void)context;
	return model_overlay_has(&driver.model.tunnel, &flow->source);
}

static void count_flows(void)
{
	size_t count;
	int result = conntrack_count(is_from_overlay, NULL, &count);

	if (result < 0)
		answer_error("flows", result);
	else
		answer("flows=%zu", count);
}

static void tell_memory(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) < 0)
		abort();
	answer("peak_kib=%ld", usage.ru_maxrss);
}

static void report(void *context, const char *what)
{
	(void)context;
	printf("report %s\n", what);
}

/* Commands that say something of the model. */
static const struct {
	const char *word;
	bool (*read)(const char *line);
} readers[] = {
	{"tunnel ", read_tunnel},
	{"role ", read_role},
	{"device ", read_device},
	{"service ", read_service},
	{"grant ", read_grant},
	{"fill ", fill},
	{"clear", clear},
};

/* Commands that do something. */
static const struct {
	const char *word;
	void (*run)(void);
} commands[] = {
	{"apply", apply},
	{"check", check},
	{"remove", take_away},
	{"text", write_whole},
	{"change", write_change},
	{"flows", count_flows},
	{"memory", tell_memory},
};

static void run_command(const char *line)
{
	for (size_t i = 0; i < ARRAY_LENGTH(readers); i++) {
		if (strncmp(line, readers[i].word, strlen(readers[i].word)) != 0)
			continue;
		if (!readers[i].read(line))
			printf("error cannot read: %s\n", line);
		return; /* these are many: no answer */
	}
	for (size_t i = 0; i < ARRAY_LENGTH(commands); i++) {
		if (strcmp(line, commands[i].word) == 0) {
			commands[i].run();
			return;
		}
	}
	printf("error no such command: %s\n", line);
}

int main(void)
{
	char line[LINE_SIZE];

	driver.roles = memory_new(ARRAY_MAX, sizeof *driver.roles);
	driver.devices = memory_new(ARRAY_MAX, sizeof *driver.devices);
	driver.services = memory_new(ARRAY_MAX, sizeof *driver.services);
	driver.grants = memory_new(ARRAY_MAX, sizeof *driver.grants);
	driver.model.roles = driver.roles;
	driver.model.devices = driver.devices;
	driver.model.services = driver.services;
	driver.model.grants = driver.grants;
	if (enforce_open(report, NULL, &driver.enforce) < 0)
		return 1;
	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = '\0';
		driver.began_ns = clock_now().monotonic_ns;
		run_command(line);
		(void)fflush(stdout); /* the reader waits for it */
	}
	enforce_close(driver.enforce);
	elements_done(&driver.written);
	free(driver.roles);
	free(driver.devices);
	free(driver.services);
	free(driver.grants);
	return 0;
}
