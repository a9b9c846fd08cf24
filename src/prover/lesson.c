/* SPDX-License-Identifier: ISC */
#include "prover/lesson.h"

#include "base/attributes.h"

#include <assert.h>

#define INGRESS                                                                                    \
	"Drop at netdev ingress all but datagrams of exact WireGuard shape to the port "           \
	"(tacet harden); a guard at netdev egress backs it up."

static const struct lesson_text texts[LESSON_COUNT] = {
	[LESSON_ARP] = {"ARP",
		"The host is there, its network card's maker, which addresses it has (the "
		"overlay's too): neighbours find hosts that drop everything else.",
		"Answer the router's link address alone: netdev ingress drops other ARP. "
		"arp_ignore=2 and arp_filter=1 hide the overlay's addresses."},
	[LESSON_NEIGHBOUR] = {"neighbour discovery",
		"The host is there, its link address, and which addresses it has, for anybody "
		"on the link, whatever the firewall's usual rules say.",
		"Let neighbour discovery in from the router's link address alone, at netdev "
		"ingress; \"ip6 nexthdr icmpv6 accept\" is too wide."},
	[LESSON_AUTOCONFIGURATION] = {"autoconfiguration",
		"Anybody on the link can give the host an address or a route, and sees it say "
		"so aloud.",
		"accept_ra=0, autoconf=0, accept_redirects=0; take router advertisements from "
		"the router's link address alone."},
	[LESSON_GROUPS] = {"multicast groups",
		"The host is there, and which groups it listens to, from which its services "
		"and addresses can be read.",
		INGRESS " A guard on the way out stops reports that nobody asked for."},
	[LESSON_ECHO] = {"echo and timestamps",
		"The host is there and up; its distance, its clock, and by the answer's fields "
		"its system.",
		INGRESS " icmp_echo_ignore_all=1 for both families is a help."},
	[LESSON_ICMP] = {"other ICMP",
		"The host is there; which ICMP types it handles tells its system.", INGRESS},
	[LESSON_CLOSED_UDP] = {"closed UDP ports",
		"The host is there, and every port that does not say \"unreachable\" is open: "
		"the silent tunnel stands out.",
		"Drop, never reject, and before the host looks for a socket. " INGRESS},
	[LESSON_SERVICE] = {"services that answer",
		"A service, its version, often the host's name and its neighbours; some can be "
		"abused to amplify attacks.",
		"Stop the service or bind it to the tunnel's address. " INGRESS},
	[LESSON_TCP] = {"TCP",
		"The host is there; closed ports are told from filtered ones, and the reset's "
		"fields tell the system.",
		"Drop, never reject. " INGRESS},
	[LESSON_FINGERPRINT] = {"system fingerprints",
		"The kernel's kind and version, by Nmap's own probes.", INGRESS},
	[LESSON_PROTOCOL] = {"IP protocols",
		"The host is there; which protocols it handles tells what runs on it (IPsec, "
		"OSPF, VRRP).",
		INGRESS},
	[LESSON_OPTION] = {"IPv4 options",
		"A filter that lets the packet in because of its port leaves its bad option to "
		"the kernel, which complains: the tunnel's port is found. Where it complains for "
		"any port, the host is.",
		"Accept an IPv4 header of five words only, at netdev ingress: options are "
		"looked at before INPUT."},
	[LESSON_HEADER] = {"broken headers",
		"The host is there; how it treats malformed packets tells its system.", INGRESS},
	[LESSON_FRAGMENT] = {"fragments",
		"\"Time exceeded\" 30 or 60 seconds after a lone first fragment: reassembly comes "
		"before INPUT, so the host is found, and, with a filter in front, the port.",
		"Drop every fragment at netdev ingress, before reassembly. Keep the tunnel's MTU "
		"right, since members' outer packets must not be fragmented either."},
	[LESSON_EXTENSION] = {"IPv6 extension headers",
		"The kernel complains about an unknown option, routing type or bad fragment "
		"of a packet that the filter let in by its port: one packet finds the tunnel.",
		"Accept IPv6 only with UDP as its very next header, at netdev ingress."},
	[LESSON_OVERLAY] = {"overlay from outside",
		"The addresses inside the tunnel, and that this host has them (Linux answers "
		"for any of its addresses on any interface).",
		"Drop at ingress what is not for the outer address. " INGRESS},
	[LESSON_FORWARDING] = {"forwarding",
		"The host is a router; by its errors also what it can reach.",
		"Filter before routing (netdev ingress), not in FORWARD: errors such as \"no "
		"route\" and \"time exceeded\" are made before that."},
	[LESSON_FORGED] = {"forged sources",
		"The host answers packets that cannot be, and can be made to send to others.",
		"rp_filter=1, and: " INGRESS},
	[LESSON_SHAPE] = {"datagrams at the port",
		"Something listens at the port, or (port unreachable) nothing does while the "
		"filter lets it in: the daemon is down, or the port is not the tunnel's.",
		"The guard on the way out (netdev egress) stops errors even while the daemon is "
		"down. A service other than WireGuard on that port is the operator's choice."},
	[LESSON_MAC1] = {"with the public key",
		"Who knows the public key alone can tell that WireGuard runs here, by cookie "
		"replies under load.",
		"cookies = never (Tacet's default); in front of another engine drop messages of "
		"type 3 on the way out."},
	[LESSON_REPLAY] = {"replayed handshakes",
		"Who has recorded one initiation can have it answered after a restart, and moves "
		"the peer's endpoint to himself.",
		"The greatest timestamp of each peer must outlive restarts (Tacet keeps it on "
		"disk before it answers); in front of another engine let messages of type 2 out "
		"to known addresses only."},
};

const struct lesson_text *lesson_text(enum lesson lesson)
{
	assert((unsigned)lesson < ARRAY_LENGTH(texts) && texts[lesson].group);
	return &texts[lesson];
}
