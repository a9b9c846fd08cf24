/* SPDX-License-Identifier: ISC */
/*
 * Enrolment: a tunnel with the one-time key of an invite, by the engine in this process and an
 * interface of its own, one request through it, and the interface is gone again. For programs that
 * have nothing else to do: blocks, needs CAP_NET_ADMIN.
 */
#pragma once

#include "client/device.h"
#include "client/silence.h"
#include "control/enrolment.h"
#include "control/problem.h"
#include "control/token.h"

enum {
	JOIN_PATIENCE_MS = 15000,
};

#define JOIN_INTERFACE "tacet-join"

struct join {
	const struct token *token;
	const struct enrolment *enrolment;
	const char *interface; /* to be made; there must be none of that name */
	const char *folder;    /* of timestamps; made where it is not there; left behind */
	uint32_t mark;	       /* of the tunnel's datagrams; 0: none */
	unsigned patience_ms;
};

/* What happened, also when it failed. */
struct join_report {
	const char *step;	 /* static: what was being done last, "make the interface" */
	struct endpoint address; /* where it was sent to; ADDRESS_NONE: the name leads nowhere */
	uint32_t tried;		 /* questions without an answer */
	uint64_t handshake_s;	 /* Unix time; 0: none was completed */
	uint64_t tx_bytes, rx_bytes;
	struct problem problem;	      /* what the controller said; code 0: nothing */
	char where[NETMAP_NAME_SIZE]; /* in the netmap, where that is refused */
};

/*
 * Enrols. The netmap that came back was checked, and is of the token's network and server.
 * ERR_SILENT: no answer; ERR_REFUSED, and what the controller says (ERR_INVITE_*...): see
 * ret_report->problem; ERR_SYNTAX, ERR_RANGE: the answer is no netmap; ERR_AUTHENTICATION: it is
 * one of another network or server; -ENOENT: the endpoint does not resolve; -EEXIST: there is such
 * an interface, or another has our routes; -EPERM; -errno. *ret_report is set in any case. Release
 * by device_done().
 */
int join_enrol(const struct join *join, struct device *ret_device,
	struct join_report *ret_report) must_check;
