/* SPDX-License-Identifier: ISC */
/*
 * The seam behind which state is kept: SQLite today, room for PostgreSQL behind the same functions.
 * One header a noun: user, group, device, gateway, service, invite, policytext, setting, network,
 * audit. One thread a store; calls block on the disk.
 *
 * An act is one function call, one transaction and one entry in the audit log: all of it is on the
 * disk when it returns 0, none of it is there when it fails. Each act may also give ERR_DISK_FULL,
 * ERR_LOCKED, ERR_CORRUPT and ERR_DATABASE; each look-up the latter three.
 */
#pragma once

#include "base/attributes.h"

#include <stddef.h>
#include <stdint.h>

struct store;

/* Sizes in bytes; those of texts with their zero. */
enum {
	STORE_KEY_SIZE = 32,	/* of WireGuard: public, private, pre-shared */
	STORE_NAME_SIZE = 64,	/* of a user, group, device, gateway or service */
	STORE_ACTOR_SIZE = 128, /* of who acts */
	STORE_HOST_SIZE = 262,	/* of a host name, and of host:port */
};

/* By which way an act came in. */
enum store_way {
	STORE_WAY_SYSTEM, /* tacetd by itself: an expiry */
	STORE_WAY_LOCAL,  /* the local socket */
	STORE_WAY_TUNNEL, /* the interface inside the tunnel */
};

/* Who acts, by which way, and when: what the audit log says of an act. */
struct store_actor {
	const char *name; /* printable ASCII: "root", "alice/laptop" */
	enum store_way way;
	uint64_t now_ns; /* realtime */
};

enum store_mode {
	STORE_CREATE,	 /* made where it is not there, mode 0600 */
	STORE_EXISTING,	 /* -ENOENT where it is not there */
	STORE_READ_ONLY, /* as that; every act gives ERR_READ_ONLY; nothing is migrated */
};

/*
 * Opens the database, checks its structure, and brings it to this program's schema. Release by
 * store_close(). -errno, ERR_NOT_OURS, ERR_NEWER_SCHEMA, ERR_OLDER_SCHEMA (read-only), ERR_CORRUPT,
 * ERR_LOCKED, ERR_DISK_FULL.
 */
int store_open(const char *path, enum store_mode mode, uint64_t now_ns,
	struct store **ret_store) must_check;

/* Accepts NULL. */
void store_close(struct store *store);

/*
 * Writes one consistent file, mode 0600, in place of what is at `path` once it is complete. An act:
 * its entry is in the backup. -errno.
 */
int store_backup(struct store *store, const struct store_actor *by, const char *path) must_check;

/*
 * Puts a backup in place of the database at `path`, which nobody may have open (ERR_LOCKED); the
 * old one stays as <path>.replaced. The backup is checked first: ERR_CORRUPT, ERR_AUDIT,
 * ERR_NOT_OURS, ERR_NEWER_SCHEMA leave everything as it was. Writes an entry that names the head
 * that was replaced.
 */
int store_restore(
	const char *backup_path, const struct store_actor *by, const char *path) must_check;
