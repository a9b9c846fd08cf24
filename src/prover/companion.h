/* SPDX-License-Identifier: ISC */
/*
 * What a host answers to anybody (or to a member), by which load on it could be felt: one probe,
 * how it is sent, and by which frames it is seen to leave and to be answered. Blocks nowhere. One
 * thread.
 */
#pragma once

#include "prover/scene.h"
#include "prover/sighting.h"
#include "prover/wire.h"

enum companion_kind {
	COMPANION_NONE,	  /* the host answers nothing: only what it emits counts */
	COMPANION_ICMP,	  /* an echo */
	COMPANION_UDP,	  /* a service that sends back the first two bytes: an echo, DNS */
	COMPANION_TCP,	  /* an open port: a SYN, answered by SYN/ACK or RST */
	COMPANION_CLOSED, /* a closed UDP port, answered by an ICMP error: its limiter is felt */
	COMPANION_MEMBER, /* an echo through our own tunnel, as a bystander sees it outside */
};

struct companion {
	enum companion_kind kind;
	uint16_t port;	       /* of UDP, TCP, closed */
	struct address inside; /* of a member's echo: whom it is sent to */
};

enum {
	COMPANION_TEXT_SIZE = 64,
	/* Ports that what is sent to the port comes from, and no companion's probe does. */
	COMPANION_OTHERS_FIRST = 20000,
	COMPANION_OTHERS = 8192,
};

/* "icmp", "udp:53", "tcp:22", "closed:9", "member:10.9.0.1". ERR_SYNTAX. */
int companion_parse(const char *text, struct companion *ret_companion) must_check;

/* As it is written; returns ret_text. */
char *companion_format(
	const struct companion *companion, char ret_text[static COMPANION_TEXT_SIZE]);

/* A companion that is asked. */
struct companion_asker {
	const struct companion *companion;
	const struct scene *scene;
	const struct scene_path *path; /* of the family that is asked in */
	struct wire *wire;
	int socket;   /* for what the kernel sends for us; -1: frames are ours */
	uint16_t own; /* our port of that socket */
};

/* Release by companion_close(). -errno. */
int companion_open(struct companion_asker *ret_asker, const struct companion *companion,
	const struct scene *scene, struct wire *wire) must_check;
void companion_close(struct companion_asker *asker);

/* Sends one probe. -errno. */
int companion_ask(struct companion_asker *asker, uint16_t serial) must_check;

/* Whether a frame of ours is that probe as it leaves; whether one of the target's answers it. */
bool companion_is_question(
	const struct companion_asker *asker, const struct sighting *sighting, uint16_t serial);
bool companion_is_answer(
	const struct companion_asker *asker, const struct sighting *sighting, uint16_t serial);

/* Whether a port is one of those that no companion's probe comes from. */
static inline bool companion_is_other(uint16_t port)
{
	return port >= COMPANION_OTHERS_FIRST && port < COMPANION_OTHERS_FIRST + COMPANION_OTHERS;
}

/* Whether it answers any probe of this companion, a late one too. */
bool companion_is_ours(const struct companion_asker *asker, const struct sighting *sighting);
