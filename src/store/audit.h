/* SPDX-License-Identifier: ISC */
/*
 * The audit log: who did what, when and by which way, each entry bound to the one before by a hash.
 * docs/audit.md says byte by byte how, and what verification cannot find.
 */
#pragma once

#include "crypto/blake2s.h"
#include "store/store.h"

struct store_audit_entry {
	uint64_t sequence; /* 1 is the first */
	uint64_t at_ns;	   /* realtime */
	const char *actor;
	const char *way;     /* "system", "local", "tunnel" */
	const char *act;     /* "device.revoke" */
	const char *object;  /* what it was done to: "alice/laptop" */
	const char *details; /* JSON with sorted keys */
	uint8_t previous[BLAKE2S_HASH_SIZE];
	uint8_t hash[BLAKE2S_HASH_SIZE];
};

/* Where the log ends. Zero: it is empty. */
struct store_audit_head {
	uint64_t sequence;
	uint8_t hash[BLAKE2S_HASH_SIZE];
};

/* Which entries to show; what is zero or NULL does not matter. */
struct store_audit_filter {
	uint64_t after_sequence;
	uint64_t from_ns, until_ns; /* from included, until not */
	const char *actor;
	const char *act; /* "device.revoke", or "device" for all of device.* */
	const char *object;
	uint64_t last; /* no more than that many, the last ones */
};

/* Borrows the entry for the call; not 0: stop, and give that back. It may look up, not act. */
typedef int store_audit_visit(void *context, const struct store_audit_entry *entry);

/* Visits entries in order. */
int store_audit_show(struct store *store, const struct store_audit_filter *filter,
	store_audit_visit *visit, void *context) must_check;

enum store_audit_fault {
	STORE_AUDIT_SOUND,
	STORE_AUDIT_ALTERED,   /* the entry is not what its hash says */
	STORE_AUDIT_REORDERED, /* the entry is whole, but under another number */
	STORE_AUDIT_UNLINKED,  /* the entry is whole, but does not follow from the one before */
	STORE_AUDIT_MISSING,   /* there is no such entry, but there are later ones */
	STORE_AUDIT_TRUNCATED, /* there is no such entry nor a later one, but there was */
	STORE_AUDIT_APPENDED,  /* an entry behind the head */
	STORE_AUDIT_REWRITTEN, /* the entry is not the one that the witness saw */
};

/* What verification found first. */
struct store_audit_verdict {
	enum store_audit_fault fault;
	uint64_t sequence; /* of the entry at fault; sound: of the last */
};

/*
 * Walks the whole log. `witness` is a head kept elsewhere (a backup's, a printed one) or NULL; with
 * it a log that was cut or rewritten as a whole is found too. 0 with a verdict, whatever it is.
 */
int store_audit_verify(struct store *store, const struct store_audit_head *witness,
	struct store_audit_verdict *ret_verdict) must_check;

/* What a person reads of a fault; static. */
const char *store_audit_fault_str(enum store_audit_fault fault);

/* The head, to be kept elsewhere. */
int store_audit_head(struct store *store, struct store_audit_head *ret_head) must_check;
