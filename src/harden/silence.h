/* SPDX-License-Identifier: ISC */
/*
 * How silent this host is, and why: facts in, words out. Pure. Who knows a fact fills it in; zero
 * is always the weaker, so that what nobody has said does not sound like silence.
 */
#pragma once

#include "harden/rules.h"

enum silence_knock {
	SILENCE_KNOCK_OFF,	 /* who has the public key is looked at */
	SILENCE_KNOCK_PREFERRED, /* members are, also without it */
	SILENCE_KNOCK_REQUIRED,
};

/* Where datagrams that no member sends die. */
enum silence_door {
	SILENCE_DOOR_ENGINE, /* it checks them itself: no BPF */
	SILENCE_DOOR_KERNEL, /* before a socket exists */
};

enum silence_reception {
	SILENCE_RECEPTION_NORMAL,
	SILENCE_RECEPTION_HIDDEN, /* the kernel has no socket for the port */
};

struct silence_facts {
	bool is_hardened;	/* its rules are in the kernel and judge */
	enum rules_level level; /* where it is */
	bool guards_link; /* the table of the link is there: ARP, neighbour discovery, raw senders
			   */
	bool has_mark;	  /* another program cannot speak from the tunnel's port */
	enum silence_knock knock;
	enum silence_door door;
	enum silence_reception reception;
};

enum {
	SILENCE_REASONS = 5,
	SILENCE_TEXT_SIZE = 512,
};

struct silence {
	const char *level;		      /* "open", "standard", "sealed" */
	const char *reasons[SILENCE_REASONS]; /* static texts */
};

struct silence silence_judge(const struct silence_facts *facts);

/* "sealed: host hardened (sealed), ..."; returns ret_text. */
char *silence_format(const struct silence *silence, char ret_text[static SILENCE_TEXT_SIZE]);
