/* SPDX-License-Identifier: ISC */
/*
 * When a peer must act by itself (paper, 6; kernel timers.c). Events come in, named in the past
 * tense; deadlines come out. What to do about a timer that is due, the interface knows.
 */
#pragma once

#include "base/random.h"
#include "wireguard/messages.h"

#include <stdbool.h>

enum timer {
	TIMER_RETRANSMIT_HANDSHAKE, /* no response to our initiation */
	TIMER_SEND_KEEPALIVE,	    /* data came in, and nothing went out since */
	TIMER_NEW_HANDSHAKE,	    /* data went out, and nothing came in since */
	TIMER_ZERO_KEY_MATERIAL,    /* the last session is long over */
	TIMER_PERSISTENT_KEEPALIVE, /* nothing went either way for the configured time */
	TIMER_COUNT,
};

#define TIMER_OFF UINT64_MAX

struct timers {
	uint64_t due_ns[TIMER_COUNT];	  /* monotonic; TIMER_OFF: not running */
	uint64_t persistent_keepalive_ns; /* interval; 0: off */
	bool is_steady; /* the persistent keepalive is sent whatever else passes meanwhile */
	uint64_t last_handshake_sent_ns;     /* when we last sent a handshake message; 0: never */
	uint64_t last_handshake_complete_ns; /* realtime, for people; 0: never */
	uint32_t handshake_attempts;	     /* retransmissions of the initiation under way */
	bool needs_another_keepalive;	     /* data came in while a keepalive was pending */
	bool has_sent_last_minute_handshake; /* renewal on receiving was begun for this session */
};

/* All off, nothing sent yet. */
void timers_init(struct timers *timers);

/* Stops all; the persistent interval stays. */
void timers_stop(struct timers *timers);

/* 0: off. */
void timers_set_persistent_keepalive(struct timers *timers, uint16_t seconds);

/* Events. */
void timers_started(struct timers *timers, uint64_t now_ns); /* by the interface */
void timers_data_sent(struct timers *timers, uint64_t now_ns, struct entropy entropy);
void timers_data_received(struct timers *timers, uint64_t now_ns);
void timers_any_authenticated_packet_sent(struct timers *timers);
void timers_any_authenticated_packet_received(struct timers *timers);
void timers_any_authenticated_packet_traversed(struct timers *timers, uint64_t now_ns);
void timers_handshake_initiated(struct timers *timers, uint64_t now_ns, struct entropy entropy);
void timers_handshake_completed(struct timers *timers, uint64_t realtime_ns);
void timers_identity_changed(struct timers *timers); /* no need to wait with a handshake */
void timers_session_derived(struct timers *timers, uint64_t now_ns);
void timers_handshake_given_up(struct timers *timers, uint64_t now_ns);
void timers_keepalive_expired(struct timers *timers, uint64_t now_ns);
void timers_persistent_keepalive_expired(struct timers *timers, uint64_t now_ns);

/* Whether an initiation may be sent: none was for REKEY_TIMEOUT. */
bool timers_may_initiate(const struct timers *timers, uint64_t now_ns);

/* Whether the initiation under way has been repeated often enough. */
bool timers_handshake_is_hopeless(const struct timers *timers);

/* The earliest deadline; TIMER_OFF: none. */
uint64_t timers_next_ns(const struct timers *timers);

/* One timer that is due, switched off by this; TIMER_COUNT: none. */
enum timer timers_take_due(struct timers *timers, uint64_t now_ns);
