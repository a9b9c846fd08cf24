/* SPDX-License-Identifier: ISC */
/*
 * A peer: one public key, its sessions, what may come from it and go to it. Made, changed and
 * freed by its interface (interface.h); others may read the fields that are named as such.
 */
#pragma once

#include "wireguard/allowedips.h"
#include "wireguard/cookie.h"
#include "wireguard/deadlines.h"
#include "wireguard/keypair.h"
#include "wireguard/knock.h"
#include "wireguard/ledger.h"
#include "wireguard/noise.h"
#include "wireguard/packet.h"
#include "wireguard/peertable.h"
#include "wireguard/timers.h"

struct interface;

struct peer {
	/* for anyone to read */
	struct peertable_entry by_key;	    /* its public key */
	struct endpoint endpoint;	    /* where it was last heard; family NONE: not known */
	struct allowedips_owner allowedips; /* see allowedips_next() */
	struct timers timers;		    /* persistent keepalive, last handshake */
	uint64_t rx_bytes, tx_bytes;	    /* on the wire, authenticated only */
	bool waits;			    /* it calls us, and never we it: peer_is_heard() */
	uint64_t heard_ns;		    /* monotonic, when data of it authenticated last */
	struct peer *older, *newer;	    /* all peers of the interface, as they were added */

	struct interface *shard; /* to which it belongs, for life */

	/* the shard's own */
	struct noise_handshake handshake;
	struct ledger_entry *ledger_entry; /* borrowed of the interface's ledger */
	struct indextable_entry handshake_index;
	struct cookie_maker cookie;
	bool sent_cookie;	/* in the last initiation, in place of the knock */
	struct knock_key knock; /* class NONE: the interface's */
	struct keypairs keypairs;
	struct packet_list staged; /* inner packets that wait for a session */
	struct deadline deadline;
};
