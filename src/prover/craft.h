/* SPDX-License-Identifier: ISC */
/*
 * Makes a frame of a stimulus: pure, the same each time for the same arguments. The tag goes where
 * an answer brings it back: source port, ICMP identifier, IP identification, fragment
 * identification, flow label.
 */
#pragma once

#include "prover/packet.h"
#include "prover/scene.h"
#include "prover/stimulus.h"

enum {
	CRAFT_TAG_FIRST = 20000, /* tags are source ports, too */
};

/* Why a stimulus cannot be sent in this scene. */
enum craft_result {
	CRAFT_OK,
	CRAFT_NO_FAMILY,   /* no address of the family was given */
	CRAFT_NOT_ON_LINK, /* a router is between */
	CRAFT_NO_OVERLAY,
	CRAFT_NO_KEY,
	CRAFT_NO_RECORD, /* nothing of the type was recorded */
};

/* What differs between the frames of one stimulus. */
struct craft {
	uint16_t tag;
	uint16_t port;	       /* in place of STIMULUS_PORT */
	uint32_t serial;       /* of the frame: what is pseudo-random follows it */
	const uint8_t *record; /* for STIMULUS_RECORDED: the datagram; NULL: there is none */
	size_t record_size;
};

/* Whether it can be sent; the words for it. */
enum craft_result craft_check(const struct scene *scene, const struct stimulus *stimulus);
const char *craft_result_text(enum craft_result result);

/* Makes the frame of a stimulus that craft_check() says is good. */
void craft_frame(const struct scene *scene, const struct stimulus *stimulus,
	const struct craft *craft, struct packet *ret_packet);
