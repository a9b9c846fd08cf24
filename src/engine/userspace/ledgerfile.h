/* SPDX-License-Identifier: ISC */
/*
 * The ledger of peers' timestamps on disk (wireguard/ledger.h): a file for each public key of ours,
 * beside timestampfile.h's. A head, and a record of 64 bytes in each slot, overwritten in place: a
 * sector that was being written when the power failed holds the old record or the new one, and
 * neither was answered for yet.
 *
 *   head:   magic 32 | boot 16 | floor 12 | 0 4 | check 8 | ... | 16 x (reach 8 | check 8) at 256
 *   record: public key 32 | greatest 12 | 0 4 | lead 8 | check 8      from 512 on
 *
 * Numbers are little-endian. Whatever cannot be read makes everybody of whom nothing is known wait
 * until his clock is past the time of reading.
 */
#pragma once

#include "base/attributes.h"
#include "base/clock.h"
#include "wireguard/interface.h"

enum {
	BOOT_ID_SIZE = 16,
};

struct ledgerfile {
	const char *directory;	       /* borrowed; timestamps/ is there, or is made */
	uint8_t boot_id[BOOT_ID_SIZE]; /* of this boot; see ledgerfile_init() */
	char *path;		       /* owned; NULL: no key */
	int fd;			       /* what records are written to; -1: none */
};

/* What ledgerfile_load() found. */
enum ledgerfile_state {
	LEDGERFILE_SOUND,
	LEDGERFILE_MISSING,
	LEDGERFILE_DAMAGED, /* at least one record, or the head; the others are loaded */
};

/* Learns which boot this is, while files can still be opened. */
void ledgerfile_init(struct ledgerfile *file, const char *directory);

/* The file of this public key from now on; nothing is open. -ENOMEM. */
int ledgerfile_set_key(
	struct ledgerfile *file, const uint8_t public_key[static NOISE_KEY_SIZE]) must_check;

void ledgerfile_done(struct ledgerfile *file);

/* Reads what is there into the ledger. Blocks. -errno; -ENOMEM. */
int ledgerfile_load(const struct ledgerfile *file, struct ledger *ledger, struct moment now,
	enum ledgerfile_state *ret_state) must_check;

/* A whole new file, synced, in place of the old one: as it is, or as a program leaves it that ends
 * in order, so that nobody is refused afterwards. */
enum ledgerfile_mode { LEDGERFILE_GOING_ON, LEDGERFILE_SETTLED };

/* `reach_ns` is of INTERFACE_SHARDS_MAX shards. Blocks. -errno: the old file stays, and stays open.
 */
int ledgerfile_write(struct ledgerfile *file, struct ledger *ledger, enum ledgerfile_mode mode,
	const uint64_t *reach_ns) must_check;

/* Stores what a shard has to be stored, by one write each and one sync. Any thread. Blocks. */
int ledgerfile_store(
	const struct ledgerfile *file, unsigned shard, const struct unstored *unstored) must_check;
