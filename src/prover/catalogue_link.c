/* SPDX-License-Identifier: ISC */
/* ARP and other frames. */
#include "prover/catalogue.h"

static const struct stimulus stimuli[] = {
	{.name = "arp.request",
		.what = "an ARP request, broadcast",
		.lesson = LESSON_ARP,
		.family = ADDRESS_IPV4,
		.layer = STIMULUS_LINK,
		.to = STIMULUS_TO_ANYBODY,
		.kind = 0x806,
		.payload = STIMULUS_DATA(
			"\x00\x01\x08\x00\x06\x04\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"
			"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		.fills = {{STIMULUS_FILL_OWN, 8}, {STIMULUS_FILL_SOURCE, 14},
			{STIMULUS_FILL_TARGET, 24}}},
	{.name = "arp.unicast",
		.what = "an ARP request to the host alone",
		.lesson = LESSON_ARP,
		.family = ADDRESS_IPV4,
		.layer = STIMULUS_LINK,
		.kind = 0x806,
		.payload = STIMULUS_DATA(
			"\x00\x01\x08\x00\x06\x04\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"
			"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		.fills = {{STIMULUS_FILL_OWN, 8}, {STIMULUS_FILL_SOURCE, 14},
			{STIMULUS_FILL_TARGET, 24}}},
	{.name = "arp.probe",
		.what = "an ARP probe: is the address free?",
		.lesson = LESSON_ARP,
		.family = ADDRESS_IPV4,
		.layer = STIMULUS_LINK,
		.to = STIMULUS_TO_ANYBODY,
		.kind = 0x806,
		.payload = STIMULUS_DATA(
			"\x00\x01\x08\x00\x06\x04\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"
			"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		.fills = {{STIMULUS_FILL_OWN, 8}, {STIMULUS_FILL_TARGET, 24}}},
	{.name = "arp.neighbour",
		.what = "an ARP request from an address of another network",
		.lesson = LESSON_ARP,
		.family = ADDRESS_IPV4,
		.layer = STIMULUS_LINK,
		.kind = 0x806,
		.payload = STIMULUS_DATA(
			"\x00\x01\x08\x00\x06\x04\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"
			"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		.fills = {{STIMULUS_FILL_OWN, 8}, {STIMULUS_FILL_NEIGHBOUR, 14},
			{STIMULUS_FILL_TARGET, 24}}},
	{.name = "arp.loopback",
		.what = "an ARP request for 127.0.0.1",
		.lesson = LESSON_ARP,
		.family = ADDRESS_IPV4,
		.layer = STIMULUS_LINK,
		.kind = 0x806,
		.payload = STIMULUS_DATA(
			"\x00\x01\x08\x00\x06\x04\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"
			"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		.fills = {{STIMULUS_FILL_OWN, 8}, {STIMULUS_FILL_SOURCE, 14},
			{STIMULUS_FILL_LOOPBACK, 24}}},
	{.name = "arp.overlay",
		.what = "an ARP request for an overlay address",
		.lesson = LESSON_OVERLAY,
		.family = ADDRESS_IPV4,
		.layer = STIMULUS_LINK,
		.kind = 0x806,
		.payload = STIMULUS_DATA(
			"\x00\x01\x08\x00\x06\x04\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"
			"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		.fills = {{STIMULUS_FILL_OWN, 8}, {STIMULUS_FILL_SOURCE, 14},
			{STIMULUS_FILL_OVERLAY, 24}}},
	{.name = "arp.self",
		.what = "an ARP request from the host's own address",
		.lesson = LESSON_ARP,
		.family = ADDRESS_IPV4,
		.layer = STIMULUS_LINK,
		.kind = 0x806,
		.payload = STIMULUS_DATA(
			"\x00\x01\x08\x00\x06\x04\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"
			"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		.fills = {{STIMULUS_FILL_OWN, 8}, {STIMULUS_FILL_TARGET, 14},
			{STIMULUS_FILL_TARGET, 24}}},
	{.name = "arp.announce",
		.what = "an ARP announcement of our address",
		.lesson = LESSON_ARP,
		.family = ADDRESS_IPV4,
		.layer = STIMULUS_LINK,
		.kind = 0x806,
		.payload = STIMULUS_DATA(
			"\x00\x01\x08\x00\x06\x04\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"
			"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		.fills = {{STIMULUS_FILL_OWN, 8}, {STIMULUS_FILL_SOURCE, 14},
			{STIMULUS_FILL_SOURCE, 24}}},
	{.name = "arp.reverse",
		.what = "a reverse ARP request",
		.lesson = LESSON_ARP,
		.family = ADDRESS_IPV4,
		.layer = STIMULUS_LINK,
		.kind = 0x8035,
		.payload = STIMULUS_DATA(
			"\x00\x01\x08\x00\x06\x04\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"
			"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		.fills = {{STIMULUS_FILL_OWN, 8}, {STIMULUS_FILL_OWN, 18}}},
	{.name = "arp.inverse",
		.what = "an inverse ARP request",
		.lesson = LESSON_ARP,
		.family = ADDRESS_IPV4,
		.layer = STIMULUS_LINK,
		.kind = 0x806,
		.payload = STIMULUS_DATA(
			"\x00\x01\x08\x00\x06\x04\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00"
			"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		.fills = {{STIMULUS_FILL_OWN, 8}, {STIMULUS_FILL_SOURCE, 14}}},
	{.name = "link.lldp",
		.what = "an LLDP frame",
		.lesson = LESSON_ARP,
		.family = ADDRESS_IPV4,
		.layer = STIMULUS_LINK,
		.kind = 0x88cc,
		.payload = STIMULUS_DATA(
			"\x02\x07\x04\x00\x00\x00\x00\x00\x00\x04\x02\x07"
			"1\x06\x02\x00x\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
			"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		.fills = {{STIMULUS_FILL_OWN, 3}}},
	{.name = "link.unknown",
		.what = "a frame of an ethertype for experiments",
		.lesson = LESSON_ARP,
		.family = ADDRESS_IPV4,
		.layer = STIMULUS_LINK,
		.kind = 0x88b5,
		.payload = STIMULUS_DATA(
			"tacet\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
			"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
			"\x00\x00\x00\x00\x00\x00\x00\x00\x00")},
	{.name = "link.eapol",
		.what = "an EAPOL start",
		.lesson = LESSON_ARP,
		.family = ADDRESS_IPV4,
		.layer = STIMULUS_LINK,
		.kind = 0x888e,
		.payload = STIMULUS_DATA(
			"\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
			"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
			"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")},
};

const struct catalogue_part catalogue_link = {stimuli, ARRAY_LENGTH(stimuli)};
