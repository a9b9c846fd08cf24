/* SPDX-License-Identifier: ISC */
/* What is in the kernel beside rules and elements, and whether it all is as the model has it. */
#include "base/memory.h"
#include "gateway/enforce_state.h"
#include "net/conntrack.h"
#include "net/forwarding.h"
#include "net/loopback.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	REPORT_SIZE = 512,  /* one difference */
	REPORTED_EACH = 16, /* lines or elements that are told one by one; the others are counted */
};

/* Reports one difference. */
static void say(const struct enforce *enforce, const char *format, ...) printf_like(2, 3);

static void say(const struct enforce *enforce, const char *format, ...)
{
	char text[REPORT_SIZE];
	va_list values;

	va_start(values, format);
	(void)vsnprintf(text, sizeof text, format, values); /* cut if need be */
	va_end(values);
	enforce->report(enforce->context, text);
}

/* Whether an element of targets leads where a flow went. */
static bool leads_to(const struct nftset_element *element, const struct conntrack_flow *flow)
{
	struct nftset_element want = {0};

	elements_lead(&want, &flow->answerer, flow->answerer_port);
	return memcmp(want.data, element->data, sizeof want.data) == 0;
}

/* Whether it is this host's own to the controller. */
static bool is_to_controller(const struct model_tunnel *tunnel, const struct conntrack_flow *flow)
{
	bool is_ipv6 = flow->source.family == ADDRESS_IPV6;
	const struct address *own = is_ipv6 ? &tunnel->ipv6 : &tunnel->ipv4;
	const struct address *to = is_ipv6 ? &tunnel->controller_ipv6 : &tunnel->controller_ipv4;

	return flow->protocol == IPPROTO_TCP && flow->destination_port == tunnel->controller_port &&
	       address_equal(&flow->source, own) && address_equal(&flow->destination, to);
}

/* Whether a flow came from the overlay, and is not one that the model grants as it is. */
static bool is_denied(void *context, const struct conntrack_flow *flow)
{
	const struct enforce *enforce = context;
	const struct elements *elements = &enforce->elements;
	unsigned is_ipv6 = flow->source.family == ADDRESS_IPV6;

	if (!model_overlay_has(&enforce->tunnel, &flow->source) ||
		is_to_controller(&enforce->tunnel, flow))
		return false;
	struct nftset_element device = elements_device(&flow->source);
	const struct nftset_element *role =
		elements_find(elements, ELEMENTS_ROLES4 + is_ipv6, &device);
	if (!role)
		return true;
	struct nftset_element grant = elements_grant(
		elements_role(role), &flow->destination, flow->protocol, flow->destination_port);
	if (!elements_find(elements, ELEMENTS_GRANTS4 + is_ipv6, &grant))
		return true;
	struct nftset_element endpoint =
		elements_endpoint(&flow->destination, flow->protocol, flow->destination_port);
	const struct nftset_element *target =
		elements_find(elements, ELEMENTS_TARGETS4 + is_ipv6, &endpoint);
	return !target || !leads_to(target, flow);
}

int enforce_cut(struct enforce *enforce, size_t *ret_count)
{
	int result = conntrack_delete(is_denied, enforce, ret_count);
	return result < 0 ? enforce_failed(enforce, result, "deleting flows") : 0;
}

/* Whether a target is the host itself by its loopback. */
static bool is_loopback(const struct nftset_element *element, bool is_ipv4)
{
	if (is_ipv4)
		return element->data[0] == 127;
	return memcmp(element->data, &in6addr_loopback, sizeof in6addr_loopback) == 0;
}

/* What the targets of one family need. */
struct needs {
	bool loopback;
	bool forwarding;
};

static struct needs needs_of(const struct enforce *enforce, enum elements_set set)
{
	const struct elements_list *targets = &enforce->elements.lists[set];
	const struct model_tunnel *tunnel = &enforce->tunnel;
	bool is_ipv4 = set == ELEMENTS_TARGETS4;
	const struct address *own = is_ipv4 ? &tunnel->ipv4 : &tunnel->ipv6;
	struct needs needs = {0};

	for (size_t i = 0; i < targets->count; i++) {
		if (is_loopback(&targets->at[i], is_ipv4))
			needs.loopback = true;
		else if (memcmp(targets->at[i].data, own->bytes, is_ipv4 ? 4 : 16) != 0)
			needs.forwarding = true;
	}
	return needs;
}

/* Takes in how one setting went: counts and reports a change. -errno. */
static int take(struct enforce *enforce, int result, const char *what, int *count)
{
	if (result == -ENODEV) /* the tunnel is not there yet; the rules wait for it */
		return 0;
	if (result < 0)
		return enforce_failed(enforce, result, what);
	if (result > 0)
		say(enforce, "set: %s", what);
	*count += result > 0;
	return 0;
}

static int settle_ipv4(struct enforce *enforce, int *count)
{
	const char *name = enforce->tunnel.interface;
	struct needs needs = needs_of(enforce, ELEMENTS_TARGETS4);
	int result;

	if (needs.loopback)
		result = take(enforce, loopback_admit_ipv4(name),
			"targets at 127.0.0.1 can be reached from the tunnel", count);
	else
		result = take(enforce, loopback_refuse_ipv4(name),
			"127.0.0.1 cannot be reached from the tunnel", count);
	if (needs.forwarding && result == 0)
		result = take(enforce, forwarding_enable_ipv4(), "IPv4 is forwarded", count);
	return result;
}

static int settle_ipv6(struct enforce *enforce, int *count)
{
	const char *name = enforce->tunnel.interface;
	struct needs needs = needs_of(enforce, ELEMENTS_TARGETS6);
	int result;

	if (needs.loopback)
		result = take(enforce, loopback_admit_ipv6(name),
			"targets at ::1 can be reached from the tunnel", count);
	else
		result = take(enforce, loopback_refuse_ipv6(name),
			"::1 cannot be reached from the tunnel", count);
	if (needs.forwarding && result == 0)
		result = take(enforce, forwarding_enable_ipv6(), "IPv6 is forwarded", count);
	return result;
}

int enforce_settle(struct enforce *enforce)
{
	int count = 0;
	int ipv4 = 0, ipv6 = 0;

	if (enforce->tunnel.ipv4.family != ADDRESS_NONE)
		ipv4 = settle_ipv4(enforce, &count);
	if (enforce->tunnel.ipv6.family != ADDRESS_NONE)
		ipv6 = settle_ipv6(enforce, &count);
	if (ipv4 < 0 || ipv6 < 0)
		return ipv4 < 0 ? ipv4 : ipv6;
	return count;
}

/* A line of a listing, and the thing that it belongs to (a line that begins with one tab). */
struct line {
	const char *text;
	size_t size;
	const char *section;
	size_t section_size;
};

/* Moves to the next line; false at the end. Begin with text NULL. */
static bool next_line(const char *listing, struct line *line)
{
	const char *at = line->text ? line->text + line->size : listing;

	at += line->text && *at == '\n';
	if (*at == '\0')
		return false;
	line->text = at;
	line->size = strcspn(at, "\n");
	if (at[0] == '\t' && at[1] != '\t' && at[1] != '}') {
		line->section = at;
		line->section_size = line->size;
	}
	return true;
}

static bool is_same_line(const struct line *a, const struct line *b)
{
	return a->size == b->size && memcmp(a->text, b->text, a->size) == 0 &&
	       a->section_size == b->section_size &&
	       (a->section_size == 0 || memcmp(a->section, b->section, a->section_size) == 0);
}

/* Whether a line says something, other than that something ends. */
static bool has_words(const struct line *line)
{
	size_t skip = strspn(line->text, "\t");
	return skip < line->size && line->text[skip] != '}';
}

static bool listing_has(const char *listing, const struct line *line)
{
	struct line other = {0};

	while (next_line(listing, &other)) {
		if (is_same_line(line, &other))
			return true;
	}
	return false;
}

/* The length of a line without the brace that may end it. */
static int words_of(const char *line)
{
	size_t size = strcspn(line, "{\n");
	return (int)(size > 0 && line[size - 1] == ' ' ? size - 1 : size);
}

/* Reports a line: what it belongs to, and it. */
static void say_line(const struct enforce *enforce, const char *what, const struct line *line)
{
	static const char brace[] = " {";
	size_t skip = strspn(line->text, "\t");
	size_t section = line->section_size;

	if (skip > 1 && section > sizeof brace)
		say(enforce, "%s: %.*s: %.*s", what, (int)(section - sizeof brace),
			line->section + 1, (int)(line->size - skip), line->text + skip);
	else
		say(enforce, "%s: %.*s", what, words_of(line->text + skip), line->text + skip);
}

/* Reports the lines of one listing that the other has not. How many. */
static int say_lines(
	const struct enforce *enforce, const char *what, const char *of, const char *not_in)
{
	struct line line = {0};
	int count = 0;

	while (next_line(of, &line)) {
		if (!has_words(&line) || listing_has(not_in, &line))
			continue;
		if (count++ < REPORTED_EACH)
			say_line(enforce, what, &line);
	}
	if (count > REPORTED_EACH)
		say(enforce, "%s: and %d lines more", what, count - REPORTED_EACH);
	return count;
}

/* Compares one table's listing with what it should be; reports. How many differences. */
static int compare_listing(const struct enforce *enforce, const char *want, const char *have)
{
	if (strcmp(want, have) == 0)
		return 0;
	if (*have == '\0') {
		say(enforce, "gone: %.*s", words_of(want), want);
		return 1;
	}
	int count = say_lines(enforce, "missing", want, have);
	count += say_lines(enforce, "foreign", have, want);
	if (count > 0)
		return count;
	say(enforce, "foreign: rules are repeated or in another order");
	return 1;
}

/* Compares the rules of both tables; reports. The number of differences; -errno. */
static int compare_rules(struct enforce *enforce)
{
	static const char *const tables[] = {RULESET_TABLE, RULESET_LINK_TABLE};
	const char *const want[] = {enforce->listing, enforce->link_listing};
	int count = 0;

	for (unsigned i = 0; i < ARRAY_LENGTH(tables); i++) {
		char *have;
		int result = nftables_list(enforce->nftables, tables[i], &have);
		if (result < 0)
			return enforce_failed(enforce, result, nftables_error(enforce->nftables));
		count += compare_listing(enforce, want[i], have);
		free(have);
	}
	return count;
}

/* Reports that are being made of elements. */
struct telling {
	const struct enforce *enforce;
	size_t told;
};

static void say_element(void *context, enum elements_set set, enum elements_change change,
	const struct nftset_element *element)
{
	struct telling *telling = context;
	char text[ELEMENT_TEXT_SIZE];

	if (telling->told++ >= REPORTED_EACH)
		return;
	say(telling->enforce, "%s: %s: %s", change == ELEMENTS_ADD ? "missing" : "foreign",
		elements_sets[set].name, element_format(set, element, text));
}

/* Compares the elements; reports. The number of differences; -errno. */
static int compare_elements(struct enforce *enforce)
{
	struct telling telling = {.enforce = enforce};
	struct elements have;

	int result = enforce_read(enforce, &have);
	if (result < 0)
		return result;
	size_t count = elements_compare(&have, &enforce->elements, say_element, &telling);
	elements_done(&have);
	if (count > REPORTED_EACH)
		say(enforce, "and %zu elements more", count - REPORTED_EACH);
	return (int)count;
}

/* Rules and elements; flows too if there were any differences. The number of them; -errno. */
static int check_firewall(struct enforce *enforce)
{
	struct enforce_result done;
	uint32_t generation;
	size_t cut;

	int result = nftset_generation(&generation);
	if (result < 0)
		return enforce_failed(enforce, result, "asking for the generation");
	if (generation == enforce->generation && !enforce->has_lingering)
		return 0;
	int rules = compare_rules(enforce);
	if (rules < 0)
		return rules;
	int elements = compare_elements(enforce);
	if (elements < 0)
		return elements;
	bool is_right = rules == 0 && elements == 0;
	enforce->generation = is_right ? generation : 0;
	if (!is_right)
		result = enforce_write(enforce, &enforce->tunnel, &enforce->elements, &done);
	if (result == 0 && (!is_right || enforce->has_lingering)) {
		result = enforce_cut(enforce, &cut);
		enforce->has_lingering = result < 0;
	}
	return result < 0 ? result : rules + elements;
}

int enforce_check(struct enforce *enforce)
{
	enforce->error[0] = '\0';
	if (!enforce->is_loaded)
		return 0;
	int firewall = check_firewall(enforce);
	if (firewall < 0)
		return firewall;
	int settings = enforce_settle(enforce);
	return settings < 0 ? settings : firewall + settings;
}
