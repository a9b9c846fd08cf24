/* SPDX-License-Identifier: ISC */
/* Parts of the text that both tables are made of. Internal to harden/. */
#pragma once

#include "harden/rules.h"

#include <stdio.h>

/* Which way a rule looks. */
enum rules_way {
	RULES_IN,
	RULES_OUT,
};

/* Counters, and for each a chain `drop_<name>` that counts, samples and drops. */
void rules_put_deaths(FILE *out, const struct rules *rules);

/*
 * Chains `shape4` and `shape6`, which look at the header, and `tunnel`, which lets datagrams of
 * WireGuard's shapes go on to `accept`. Where a packet passes the first two it returns.
 */
void rules_put_shapes(FILE *out, const struct rules *rules, const char *accept);

/* Chain `say`: what may leave from the tunnel's port goes on to `accept`. */
void rules_put_say(FILE *out, const struct rules *rules, const char *accept);

/* The connection of whoever hardens. */
void rules_put_session(FILE *out, const struct rules *rules, enum rules_way way);

/* A kept port by addresses and ports alone, of IPv4 and IPv6 where it does not say. */
void rules_put_keep(FILE *out, const struct keep *keep, enum rules_way way);

/* "ip", "ip6". */
const char *rules_family_word(const struct address *address);

/* "tcp", "udp". */
const char *rules_protocol_word(const struct keep *keep);

/* "22", "5000-5010". */
void rules_put_ports(FILE *out, const struct keep *keep);

/* "\"eth0\", \"eth1\"". */
void rules_put_names(FILE *out, const struct rules_faces *faces);

/* Whether a sealed host knows which interfaces have a table of the link: all others say nothing. */
bool rules_closes_others(const struct rules *rules);

/* The switch of tables that are not of IP: its key is one that all packets have. */
void rules_put_armed_link_set(FILE *out, const struct rules *rules);

/* The table of the link, unless there are no interfaces. */
void rules_put_link_table(FILE *out, const struct rules *rules);
