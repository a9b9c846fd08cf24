/* SPDX-License-Identifier: ISC */
#include "gateway/ruleset.h"

#include <stdio.h>
#include <stdlib.h>

/* How the rules of a family are written. */
struct dialect {
	const char *ip;	  /* its headers */
	const char *icmp; /* type of an ICMP message */
	const char *icmp_protocol;
	char digit; /* behind the names of its sets */
	struct prefix overlay;
	struct address own, controller;
};

/* What a text is written for. */
struct writer {
	FILE *out;
	const struct model_tunnel *tunnel;
	struct dialect dialects[2]; /* of the families that the tunnel has */
	unsigned dialect_count;
};

/* Errors that end a flow, or shrink its packets: the only ICMP that passes, if it is of a flow. */
static const char *const icmp_errors[] = {
	"destination-unreachable", "time-exceeded", "parameter-problem"};

/* Declares what the rules look things up in, and count in. */
static void put_sets(const struct writer *w)
{
	static const char sets[] =
		"\tmap roles%1$c { type %2$s : classid; }\n"
		"\tset grants%1$c { type classid . %2$s . inet_proto . inet_service; }\n"
		"\tmap targets%1$c { type %2$s . inet_proto . inet_service : "
		"%2$s . inet_service; }\n";

	fputs("\tcounter denied { }\n"	   /* from the tunnel, not granted */
	      "\tcounter unmediated { }\n" /* granted, but without a target */
	      "\tcounter unasked { }\n"	   /* into the tunnel, no answer to a granted flow */
	      "\tcounter elsewhere { }\n"  /* overlay addresses by another interface */
	      "\tcounter foreign { }\n",   /* would have been forwarded between others */
		w->out);
	for (unsigned i = 0; i < 2; i++) {
		bool is_ipv4 = i == 0;
		fprintf(w->out, sets, is_ipv4 ? '4' : '6', is_ipv4 ? "ipv4_addr" : "ipv6_addr");
	}
}

enum direction {
	FROM_CONTROLLER,
	TO_CONTROLLER,
};

/* What is done to TCP between this host and its controller, where that is another. */
static void put_controller(const struct writer *w, enum direction direction, const char *verdict)
{
	bool is_from = direction == FROM_CONTROLLER;

	for (unsigned i = 0; i < w->dialect_count; i++) {
		const struct dialect *d = &w->dialects[i];
		char theirs[ADDRESS_TEXT_SIZE], ours[ADDRESS_TEXT_SIZE];

		if (d->controller.family == ADDRESS_NONE)
			continue;
		fprintf(w->out, "\t\t%s %s %s %s %s %s tcp %s %u %s\n", d->ip,
			is_from ? "saddr" : "daddr", address_format(&d->controller, theirs), d->ip,
			is_from ? "daddr" : "saddr", address_format(&d->own, ours),
			is_from ? "sport" : "dport", w->tunnel->controller_port, verdict);
	}
}

/* Judges each packet from the tunnel, without regard to flows, before one is made for it. */
static void put_from_tunnel(const struct writer *w)
{
	fputs("\tchain from_tunnel {\n\t\t" RULESET_SCRATCH " set none\n", w->out);
	put_controller(w, FROM_CONTROLLER, "accept");
	for (unsigned i = 0; i < w->dialect_count; i++) {
		const struct dialect *d = &w->dialects[i];
		fprintf(w->out, "\t\t" RULESET_SCRATCH " set %s saddr map @roles%c\n", d->ip,
			d->digit);
	}
	for (unsigned i = 0; i < w->dialect_count; i++) {
		const struct dialect *d = &w->dialects[i];
		fprintf(w->out,
			"\t\t" RULESET_SCRATCH
			" . %s daddr . meta l4proto . th dport @grants%c " RULESET_SCRATCH
			" set none accept\n",
			d->ip, d->digit);
		for (unsigned j = 0; j < ARRAY_LENGTH(icmp_errors); j++)
			fprintf(w->out,
				"\t\t" RULESET_SCRATCH " != none %s %s " RULESET_SCRATCH
				" set none accept\n",
				d->icmp, icmp_errors[j]);
		if (d->digit == '6')
			fputs("\t\t" RULESET_SCRATCH
			      " != none icmpv6 type packet-too-big " RULESET_SCRATCH
			      " set none accept\n",
				w->out);
	}
	fputs("\t\tcounter name \"denied\" drop\n\t}\n", w->out);
}

/* What comes in: before flows are looked up, and after, for ICMP. */
static void put_authorise(const struct writer *w)
{
	const char *tunnel = w->tunnel->interface;

	fprintf(w->out,
		"\tchain authorise {\n"
		"\t\ttype filter hook prerouting priority -300; policy accept;\n"
		"\t\tiifname \"%s\" goto from_tunnel\n",
		tunnel);
	for (unsigned i = 0; i < w->dialect_count; i++) {
		const struct dialect *d = &w->dialects[i];
		char text[ADDRESS_TEXT_SIZE];
		(void)address_format(&d->overlay.address, text);
		fprintf(w->out,
			"\t\tiifname != \"lo\" %1$s daddr %2$s/%3$u counter name \"elsewhere\" "
			"drop\n"
			"\t\tiifname != \"lo\" %1$s saddr %2$s/%3$u counter name \"elsewhere\" "
			"drop\n",
			d->ip, text, d->overlay.length);
	}
	fputs("\t}\n\tchain relate {\n"
	      "\t\ttype filter hook prerouting priority -190; policy accept;\n",
		w->out);
	for (unsigned i = 0; i < w->dialect_count; i++)
		fprintf(w->out,
			"\t\tiifname \"%s\" meta l4proto %s ct state != related "
			"counter name \"denied\" drop\n",
			tunnel, w->dialects[i].icmp_protocol);
	put_controller(w, FROM_CONTROLLER, "ct direction original counter name \"denied\" drop");
	fputs("\t}\n", w->out);
}

/* Leads what is granted to its target, before chains of others may lead it elsewhere. */
static void put_mediate(const struct writer *w)
{
	fputs("\tchain mediate {\n\t\ttype nat hook prerouting priority -105; policy accept;\n",
		w->out);
	for (unsigned i = 0; i < w->dialect_count; i++) {
		const struct dialect *d = &w->dialects[i];
		fprintf(w->out,
			"\t\tiifname \"%s\" dnat %s to %s daddr . meta l4proto . th dport "
			"map @targets%c\n",
			w->tunnel->interface, d->ip, d->ip, d->digit);
	}
	fprintf(w->out,
		"\t}\n\tchain hide {\n"
		"\t\ttype nat hook postrouting priority 95; policy accept;\n"
		"\t\tiifname \"%s\" ct status dnat masquerade\n\t}\n",
		w->tunnel->interface);
}

/* Where packets from the tunnel may end: here, and on the way to other hosts. */
static void put_deliver(const struct writer *w)
{
	const char *tunnel = w->tunnel->interface;

	fputs("\tchain deliver {\n\t\tct status dnat accept\n", w->out);
	for (unsigned i = 0; i < w->dialect_count; i++) {
		const struct dialect *d = &w->dialects[i];
		char text[ADDRESS_TEXT_SIZE];
		fprintf(w->out, "\t\t%s daddr %s accept\n", d->ip, address_format(&d->own, text));
	}
	fprintf(w->out,
		"\t\tcounter name \"unmediated\" drop\n\t}\n"
		"\tchain input {\n\t\ttype filter hook input priority -10; policy accept;\n"
		"\t\tiifname \"%1$s\" goto deliver\n\t}\n"
		"\tchain forward {\n\t\ttype filter hook forward priority -10; policy accept;\n"
		"\t\tiifname \"%1$s\" oifname != \"%1$s\" ct status dnat accept\n"
		"\t\tiifname \"%1$s\" counter name \"unmediated\" drop\n"
		"\t\toifname \"%1$s\" accept\n",
		tunnel);
	if (w->tunnel->forwards_for_tunnel_only)
		fputs("\t\tcounter name \"foreign\" drop\n", w->out);
	fputs("\t}\n", w->out);
}

/*
 * Judges each packet into the tunnel by the flow that it answers: while that is granted. The port
 * of a flow can be compared only behind a test of the protocol (nft 1.0.6), hence two rules.
 */
static void put_to_tunnel(const struct writer *w)
{
	static const char *const protocols[] = {"tcp", "udp"};

	fputs("\tchain to_tunnel {\n\t\t" RULESET_SCRATCH " set none\n", w->out);
	put_controller(w, TO_CONTROLLER, "accept");
	fputs("\t\tct direction original counter name \"unasked\" drop\n", w->out);
	for (unsigned i = 0; i < w->dialect_count; i++)
		fprintf(w->out, "\t\t" RULESET_SCRATCH " set ct original %s saddr map @roles%c\n",
			w->dialects[i].ip, w->dialects[i].digit);
	for (unsigned i = 0; i < w->dialect_count; i++) {
		const struct dialect *d = &w->dialects[i];
		for (unsigned j = 0; j < ARRAY_LENGTH(protocols); j++)
			fprintf(w->out,
				"\t\tmeta l4proto %s " RULESET_SCRATCH " . ct original %s daddr . "
				"meta l4proto . ct original proto-dst @grants%c " RULESET_SCRATCH
				" set none accept\n",
				protocols[j], d->ip, d->digit);
		fprintf(w->out,
			"\t\t" RULESET_SCRATCH
			" != none meta l4proto %s ct state related " RULESET_SCRATCH
			" set none accept\n",
			d->icmp_protocol);
	}
	fprintf(w->out,
		"\t\tcounter name \"unasked\" drop\n\t}\n"
		"\tchain emit {\n\t\ttype filter hook postrouting priority -300; policy accept;\n"
		"\t\toifname \"%s\" goto to_tunnel\n\t}\n",
		w->tunnel->interface);
}

/* Nobody on a link is told that this host has an overlay address. */
static void put_link_table(const struct writer *w)
{
	char text[ADDRESS_TEXT_SIZE];

	fputs("table " RULESET_LINK_TABLE " {\n\tchain ask {\n"
	      "\t\ttype filter hook input priority 0; policy accept;\n",
		w->out);
	if (w->tunnel->ipv4.family != ADDRESS_NONE)
		fprintf(w->out, "\t\tiifname != \"%s\" arp daddr ip %s/%u drop\n",
			w->tunnel->interface,
			address_format(&w->tunnel->overlay_ipv4.address, text),
			w->tunnel->overlay_ipv4.length);
	fputs("\t}\n}\n", w->out);
}

/* What is done to what is there. */
static void put_start(FILE *out, enum ruleset_start start)
{
	static const char *const tables[] = {RULESET_TABLE, RULESET_LINK_TABLE};
	const char *verb = start == RULESET_RENEW ? "flush" : "delete";

	for (unsigned i = 0; i < ARRAY_LENGTH(tables); i++)
		fprintf(out, "add table %s\n%s table %s\n", tables[i], verb, tables[i]);
}

static struct writer writer_for(FILE *out, const struct model_tunnel *tunnel)
{
	struct writer w = {.out = out, .tunnel = tunnel};

	if (tunnel->ipv4.family != ADDRESS_NONE)
		w.dialects[w.dialect_count++] = (struct dialect){"ip", "icmp type", "icmp", '4',
			tunnel->overlay_ipv4, tunnel->ipv4, tunnel->controller_ipv4};
	if (tunnel->ipv6.family != ADDRESS_NONE)
		w.dialects[w.dialect_count++] = (struct dialect){"ip6", "icmpv6 type", "ipv6-icmp",
			'6', tunnel->overlay_ipv6, tunnel->ipv6, tunnel->controller_ipv6};
	return w;
}

/* Opens a text to be written; no memory: abort, as memory_new(). */
static FILE *open_text(char **ret_text, size_t *ret_size)
{
	FILE *out = open_memstream(ret_text, ret_size);
	if (!out)
		abort();
	return out;
}

char *ruleset_text(const struct model_tunnel *tunnel, enum ruleset_start start)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_text(&text, &size);
	struct writer w = writer_for(out, tunnel);

	put_start(out, start);
	if (start != RULESET_REMOVE) {
		fputs("table " RULESET_TABLE " {\n", out);
		put_sets(&w);
		put_from_tunnel(&w);
		put_authorise(&w);
		put_mediate(&w);
		put_deliver(&w);
		put_to_tunnel(&w);
		fputs("}\n", out);
		put_link_table(&w);
	}
	if (fclose(out) != 0 || !text)
		abort();
	return text;
}

/* A text of changes: elements of one set and kind share a command. */
struct changes {
	FILE *out;
	bool is_open;		     /* a command has begun */
	enum elements_set set;	     /* its set */
	enum elements_change change; /* its kind */
};

static void put_change(void *context, enum elements_set set, enum elements_change change,
	const struct nftset_element *element)
{
	struct changes *c = context;
	char text[ELEMENT_TEXT_SIZE];

	if (c->is_open && (c->set != set || c->change != change)) {
		fputs(" }\n", c->out);
		c->is_open = false;
	}
	if (c->is_open)
		fputs(", ", c->out);
	else
		fprintf(c->out, "%s element " RULESET_TABLE " %s { ",
			change == ELEMENTS_ADD ? "add" : "delete", elements_sets[set].name);
	fputs(element_format(set, element, text), c->out);
	c->is_open = true;
	c->set = set;
	c->change = change;
}

char *ruleset_change_text(const struct elements *from, const struct elements *to)
{
	char *text = NULL;
	size_t size;
	struct changes changes = {.out = open_text(&text, &size)};

	(void)elements_compare(from, to, put_change, &changes); /* the count is in the text */
	if (changes.is_open)
		fputs(" }\n", changes.out);
	if (fclose(changes.out) != 0 || !text)
		abort();
	return text;
}

/* Whether a line of a listing begins something that the text has. */
static bool is_ours(const char *line, size_t size)
{
	static const char *const ours[] = {"counter denied", "counter unmediated",
		"counter unasked", "counter elsewhere", "counter foreign", "map roles4",
		"map roles6", "set grants4", "set grants6", "map targets4", "map targets6",
		"chain from_tunnel", "chain authorise", "chain relate", "chain mediate",
		"chain hide", "chain deliver", "chain input", "chain forward", "chain to_tunnel",
		"chain emit"};

	for (unsigned i = 0; i < ARRAY_LENGTH(ours); i++) {
		size_t length = strlen(ours[i]);
		if (size == length + 2 && strncmp(line, ours[i], length) == 0)
			return true;
	}
	return false;
}

/* Whether a line within a thing is one that it has: sets have a type and nothing else. */
static bool is_in_ours(const char *thing, const char *line, size_t size)
{
	static const char policy[] = "policy accept;";
	bool is_set = strncmp(thing, "set ", 4) == 0 || strncmp(thing, "map ", 4) == 0;
	bool is_type = strncmp(line, "type ", 5) == 0;

	if (is_set)
		return is_type;
	return !is_type || (size >= sizeof policy && strncmp(line + size - (sizeof policy - 1),
							     policy, sizeof policy - 1) == 0);
}

/* Each thing of a table begins with one tab and a word, and ends its line with " {". */
bool ruleset_is_ours(const char *listing)
{
	const char *thing = "";

	for (const char *at = listing; (at = strstr(at, "\n\t"));) {
		const char *line = at + 2;
		at = line;
		if (*line == '}')
			continue;
		if (*line == '\t') {
			line++;
			if (!is_in_ours(thing, line, strcspn(line, "\n")))
				return false;
			continue;
		}
		thing = line;
		if (!is_ours(line, strcspn(line, "\n")))
			return false;
	}
	return true;
}
