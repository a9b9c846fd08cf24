/* SPDX-License-Identifier: ISC */
/*
 * What the processes of tacetd say to each other: this page is the architecture.
 *
 *                 TUNNEL, PLAN_*, PLAN_END            BEGIN, PEERS, ..., PEERS_END
 *	control  ------------------------->  parent  ------------------------->  engine
 *	(no root, no  <-------------------  (root, no   <-----------------------  (no root, no
 *	 raw sockets)  LISTENERS, PLAN_DONE   network     READY, PEERS_DONE        files, no new
 *	               REPORT, STATUS...      input)      STATUS...                sockets)
 *
 * control is the controller on a server, and what follows the controller elsewhere. A message is
 * a head and records of one type. Both ends are one program on one host, so records are structs;
 * but the parent believes no length, count, range or sequence: message_check() does the first two
 * for every message, by the table below; gateway/plan.h and its like the rest.
 *
 * A third child, radar, has one descriptor and nothing else (RADAR_BEGIN), and answers what it is
 * asked (RADAR_ASK); strangers' bytes are read there.
 *
 * A plan is all that shall be in force, whole, never a difference: BEGIN, records in the order of
 * the table, END. The parent makes the difference to what is in force.
 */
#pragma once

#include "base/address.h"
#include "base/attributes.h"

enum {
	MESSAGE_SIZE_MAX = 64 * 1024, /* bytes, with its head */
	MESSAGE_FDS_MAX = 8,	      /* descriptors with one message */
	MESSAGE_KEY_SIZE = 32,
	MESSAGE_NAME_SIZE = 64,	 /* with its zero */
	MESSAGE_HOST_SIZE = 256, /* of a DNS name, with its zero */
	MESSAGE_TEXT_SIZE = 512, /* of a line for people, with its zero */

	MESSAGE_PEERS_MAX = 1 << 17, /* in one plan; and so on */
	MESSAGE_PREFIXES_MAX = 1 << 18,
	MESSAGE_ROLES_MAX = 1 << 17,
	MESSAGE_DEVICES_MAX = 1 << 17,
	MESSAGE_SERVICES_MAX = 1 << 14,
	MESSAGE_GRANTS_MAX = 1 << 22,
	MESSAGE_NAMES_MAX = 1 << 14,
	MESSAGE_KNOCKS_MAX = 512,	 /* as wireguard/knock.h has them */
	MESSAGE_SIGHTINGS_MAX = 1 << 13, /* in one answer */
	MESSAGE_COUNTS_MAX = 1 << 10,
};

/* Type, who says it (C control, P parent, E engine, R radar), record, fewest and most records. */
#define MESSAGE_LIST(X)                                                                            \
	/* the first word of a control process: who this host is in the overlay */                 \
	X(MESSAGE_TUNNEL, C, struct message_tunnel, 1, 1)                                          \
	/* its listening sockets: descriptors in the order of enum message_listener */             \
	X(MESSAGE_LISTENERS, P, struct message_listeners, 1, 1)                                    \
	/* a plan */                                                                               \
	X(MESSAGE_PLAN_BEGIN, C, struct message_plan, 1, 1)                                        \
	X(MESSAGE_PLAN_PEERS, C, struct message_peer, 1, UINT16_MAX)                               \
	X(MESSAGE_PLAN_PREFIXES, C, struct message_prefix, 1, UINT16_MAX)                          \
	X(MESSAGE_PLAN_ROLES, C, struct message_role, 1, UINT16_MAX)                               \
	X(MESSAGE_PLAN_DEVICES, C, struct message_device, 1, UINT16_MAX)                           \
	X(MESSAGE_PLAN_SERVICES, C, struct message_service, 1, UINT16_MAX)                         \
	X(MESSAGE_PLAN_GRANTS, C, struct message_grant, 1, UINT16_MAX)                             \
	X(MESSAGE_PLAN_NAMES, C, struct message_name, 1, UINT16_MAX)                               \
	X(MESSAGE_PLAN_KNOCKS, C, struct message_knock, 1, UINT16_MAX)                             \
	X(MESSAGE_PLAN_END, C, struct message_plan, 1, 1)                                          \
	X(MESSAGE_PLAN_DONE, P, struct message_done, 1, 1)                                         \
	/* something that was found not to be as planned, and was repaired: for the log */         \
	X(MESSAGE_REPORT, P, struct message_text, 1, 1)                                            \
	/* to the engine: who it is, with the memory of the door in the kernel if there is one */  \
	X(MESSAGE_ENGINE_BEGIN, P, struct message_engine, 1, 1)                                    \
	X(MESSAGE_ENGINE_READY, E, struct message_ready, 1, 1)                                     \
	/* its peers, whole; it makes the difference */                                            \
	X(MESSAGE_PEERS_BEGIN, P, struct message_plan, 1, 1)                                       \
	X(MESSAGE_PEERS, P, struct message_peer, 1, UINT16_MAX)                                    \
	X(MESSAGE_PREFIXES, P, struct message_prefix, 1, UINT16_MAX)                               \
	X(MESSAGE_KNOCKS, P, struct message_knock, 1, UINT16_MAX)                                  \
	X(MESSAGE_PEERS_END, P, struct message_plan, 1, 1)                                         \
	X(MESSAGE_PEERS_DONE, E, struct message_done, 1, 1)                                        \
	/* a difference between its peers and the last PEERS, found by itself and repaired */      \
	X(MESSAGE_ENGINE_REPORT, E, struct message_text, 1, 1)                                     \
	/* control asks the parent, which asks the engine; answers go the same way back */         \
	X(MESSAGE_STATUS_ASK, CP, struct message_ask, 1, 1)                                        \
	X(MESSAGE_STATUS_PEERS, EP, struct message_peer_status, 1, UINT16_MAX)                     \
	X(MESSAGE_STATUS_END, EP, struct message_status, 1, 1)                                     \
	/* to the radar: the descriptor of what the kernel samples */                              \
	X(MESSAGE_RADAR_BEGIN, P, struct message_ask, 1, 1)                                        \
	/* control asks the parent, which asks engine and radar; answers go the same way back */   \
	X(MESSAGE_RADAR_ASK, CP, struct message_radar_ask, 1, 1)                                   \
	X(MESSAGE_RADAR_COUNTS, EP, struct message_count, 1, UINT16_MAX)                           \
	X(MESSAGE_RADAR_SIGHTINGS, RP, struct message_sighting, 1, UINT16_MAX)                     \
	X(MESSAGE_RADAR_END, EPR, struct message_radar, 1, 1)

/* Not message_type: that is wireguard/messages.h, which the engine's process has, too. */
enum message_kind {
#define X(name, sender, record, least, most) name,
	MESSAGE_LIST(X)
#undef X
		MESSAGE_TYPES, /* how many there are */
};

/* Which process; as bits in the table, where a type may have two senders. */
enum message_sender {
	MESSAGE_FROM_C = 1,
	MESSAGE_FROM_P = 2,
	MESSAGE_FROM_E = 4,
	MESSAGE_FROM_R = 8,
	MESSAGE_FROM_CP = MESSAGE_FROM_C | MESSAGE_FROM_P,
	MESSAGE_FROM_EP = MESSAGE_FROM_E | MESSAGE_FROM_P,
	MESSAGE_FROM_RP = MESSAGE_FROM_R | MESSAGE_FROM_P,
	MESSAGE_FROM_EPR = MESSAGE_FROM_E | MESSAGE_FROM_P | MESSAGE_FROM_R,
};

/* In front of the records of each message. */
struct message_head {
	uint16_t type; /* enum message_kind */
	uint16_t count;
	uint32_t size; /* of the records in bytes: count times that of one */
};

/* ---- records; texts are zero-terminated, what is not used is zero ---- */

struct message_tunnel {
	struct prefix overlay_ipv4, overlay_ipv6;
	struct address ipv4, ipv6; /* our own, within */
	uint16_t control_port;	   /* TCP, on our own addresses; 0: no listeners (not a server) */
	uint16_t enrol_port;
	/* whom a gateway calls that is no server, at that TCP port; ADDRESS_NONE: others */
	struct address controller_ipv4, controller_ipv6;
	uint16_t controller_port;
};

/* Descriptors of MESSAGE_LISTENERS; those that are not there are left out, so see `present`. */
enum message_listener {
	MESSAGE_LISTENER_LOCAL, /* the Unix socket for administrators */
	MESSAGE_LISTENER_CONTROL_IPV4,
	MESSAGE_LISTENER_CONTROL_IPV6,
	MESSAGE_LISTENER_ENROL_IPV4,
	MESSAGE_LISTENER_ENROL_IPV6,
	MESSAGE_LISTENERS_ALL, /* how many there can be */
};

struct message_listeners {
	uint32_t present; /* bit i: enum message_listener i is among the descriptors, in order */
};

/* BEGIN says what is to come, END the same again. */
struct message_plan {
	uint64_t version; /* of the plan, counted up by its maker */
	uint32_t peers, prefixes, roles, devices, services, grants, names, knocks;
	uint32_t knock_mode; /* what is asked of initiations to us: enum knock_mode */
	uint32_t reserved;
};

/* A knock key: one that is accepted, or what initiations to a peer carry. */
struct message_knock {
	uint16_t epoch;
	uint8_t class; /* enum knock_class; KNOCK_NONE: there is none, all is zero */
	uint8_t reserved;
	uint8_t key[MESSAGE_KEY_SIZE];
};

/* A peer of the engine. Its prefixes are the next prefix_count of the prefixes. */
struct message_peer {
	uint8_t public_key[MESSAGE_KEY_SIZE];
	uint8_t preshared_key[MESSAGE_KEY_SIZE]; /* zero: none */
	struct endpoint endpoint;		 /* remote ADDRESS_NONE: it calls us */
	uint32_t prefix_count;
	uint16_t keepalive_s; /* 0: off; who is called has one, whether it has an endpoint or not */
	uint16_t reserved;
	struct message_knock knock; /* of initiations to it */
};

struct message_prefix {
	struct prefix prefix;
};

/* As gateway/model.h has them. */
struct message_role {
	uint32_t number;
	uint32_t kind; /* enum model_role_kind */
};

struct message_device {
	struct address ipv4, ipv6;
	uint32_t role;
};

struct message_service {
	uint32_t id;
	struct address vip_ipv4, vip_ipv6;
	struct address target;
	uint16_t port, target_port;
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP */
	uint8_t reserved[3];
};

struct message_grant {
	uint32_t role, service;
};

/* A name that a device knows a service by, "intranet.tacet". */
struct message_name {
	char name[MESSAGE_HOST_SIZE];
	struct address address;
};

struct message_done {
	uint64_t version; /* of the plan */
	int32_t error;	  /* 0, -errno, ERR_*: then the former plan is in force */
	uint32_t added, deleted, flows_cut;
	char text[MESSAGE_TEXT_SIZE]; /* what failed, for people */
};

struct message_text {
	char text[MESSAGE_TEXT_SIZE]; /* one printable line */
};

/* Holds the private key: wiped on both sides once it is sent or taken. */
struct message_engine {
	uint8_t private_key[MESSAGE_KEY_SIZE];
	uint32_t mark;	      /* SO_MARK; 0: none */
	uint16_t listen_port; /* 0: any */
	uint16_t workers;
	/* of the door: its descriptors are those of enum message_door; 0 processors: there is none
	 */
	uint32_t door_live_bits, door_processors;
};

/* Descriptors of MESSAGE_ENGINE_BEGIN: maps of struct keeper_maps, and a program. */
enum message_door {
	MESSAGE_DOOR_SHARED,
	MESSAGE_DOOR_LIVE,
	MESSAGE_DOOR_COUNTS,
	MESSAGE_DOOR_MAPS,		      /* so many without hidden reception */
	MESSAGE_DOOR_TAP = MESSAGE_DOOR_MAPS, /* with it: what selects for its packet sockets */
	MESSAGE_DOOR_ALL,
};

struct message_ready {
	uint16_t listen_port;
	uint16_t reserved;
};

struct message_ask {
	uint64_t nonce; /* comes back in MESSAGE_STATUS_END */
};

struct message_peer_status {
	uint8_t public_key[MESSAGE_KEY_SIZE];
	struct endpoint endpoint;
	uint64_t last_handshake_ns; /* realtime; 0: never */
	uint64_t rx_bytes, tx_bytes;
};

/* What there is to know of silence (enums of harden/silence.h); 0 is always the weaker. */
struct message_silence {
	uint8_t is_hardened; /* the tables of tacet harden are in the kernel */
	uint8_t level;
	uint8_t guards_link;
	uint8_t has_mark;
	uint8_t knock;
	uint8_t door;
	uint8_t reception;
	uint8_t reserved;
};

struct message_status {
	uint64_t nonce;
	uint64_t plan_version;	/* in force */
	uint64_t planned_ns;	/* realtime, since when */
	uint64_t repaired;	/* differences found and repaired since the start */
	uint64_t dropped;	/* packets that died in the engine, of all kinds */
	uint64_t knock_missing; /* of these, initiations without a knock */
	uint64_t knock_budget;	/* and those beyond the budget */
	uint64_t door_dropped;	/* in the kernel, before the engine */
	uint32_t engine_starts; /* 1: it never died */
	uint16_t listen_port;
	uint8_t is_engine_up;
	uint8_t reserved;
	struct message_silence silence;
	uint32_t door;	      /* enum door_kind: where in the kernel datagrams are judged */
	uint32_t door_places; /* at how many interfaces */
	char door_why[MESSAGE_NAME_SIZE]; /* why it is DOOR_NONE, for people */
};

struct message_radar_ask {
	uint64_t nonce;	 /* comes back in MESSAGE_RADAR_END */
	uint64_t clears; /* 1: forget who looked, once it was told */
};

/* Where packets die. */
enum message_place {
	MESSAGE_PLACE_LINK,   /* in front of the kernel, before anything looks at them */
	MESSAGE_PLACE_HOST,   /* in its firewall */
	MESSAGE_PLACE_DOOR,   /* in the door to the engine, in the kernel */
	MESSAGE_PLACE_ENGINE, /* in the engine */
	MESSAGE_PLACES,
};

/* Packets that died silently, by place and reason, since the place was made. */
struct message_count {
	char name[MESSAGE_NAME_SIZE];
	uint64_t packets;
	uint32_t place; /* enum message_place */
	uint32_t reserved;
};

/* Who looked: a campaign, as radar/campaign.h has it. */
struct message_sighting {
	struct address source; /* IPv6: the first 64 bits */
	uint8_t tool, scan;    /* enum recognise_tool, enum recognise_scan */
	uint8_t confidence;    /* percent */
	uint16_t port_least, port_greatest;
	uint32_t ports; /* how many different ones; 0: the two above mean nothing */
	uint32_t reserved;
	uint64_t first_ns, last_ns; /* realtime */
	uint64_t packets;	    /* that were sampled */
};

/* Engine and radar fill in what is theirs; the parent the rest. */
struct message_radar {
	uint64_t nonce;
	uint64_t sampled;   /* packets that were looked at */
	uint64_t unsampled; /* that came faster than they were taken */
	uint64_t unread;    /* that are of no protocol that is read */
	uint64_t forgotten; /* sightings that went to make room */
	uint32_t starts;    /* of the radar's process; 1: it never died */
	uint8_t is_on;	    /* by the configuration */
	uint8_t is_up;
	uint8_t is_hardened; /* without the rules nothing is sampled */
	uint8_t reserved;
};

/*
 * Whether `size` bytes are a whole message of the table from that sender: type, sender, count and
 * length. ERR_TRUNCATED, ERR_TRAILING, ERR_RANGE: type or count; ERR_UNKNOWN_WORD: not the
 * sender's.
 */
int message_check(const void *bytes, size_t size, enum message_sender sender,
	struct message_head *ret_head) must_check;

/* Its name, for logs; static. */
const char *message_name(enum message_kind type);

/* Whether a text field has a zero, is printable ASCII before it, and zero behind it. */
bool message_text_is_fine(const char *text, size_t size);
