/* SPDX-License-Identifier: ISC */
#include "store/audit.h"

#include "base/error.h"
#include "store/chain.h"
#include "store/sqlite/entries.h"

#include <string.h>

static const char *const faults[] = {
	[STORE_AUDIT_SOUND] = "sound",
	[STORE_AUDIT_ALTERED] = "altered: it is not what its hash says",
	[STORE_AUDIT_REORDERED] = "reordered: it is whole, but its number was another",
	[STORE_AUDIT_UNLINKED] = "replaced, or the one before was: it does not follow",
	[STORE_AUDIT_MISSING] = "missing: there are later ones",
	[STORE_AUDIT_TRUNCATED] = "truncated: it and all that followed are gone",
	[STORE_AUDIT_APPENDED] = "appended: no act of this program wrote it",
	[STORE_AUDIT_REWRITTEN] = "rewritten: it was another when the head was kept",
};

const char *store_audit_fault_str(enum store_audit_fault fault)
{
	return (size_t)fault < ARRAY_LENGTH(faults) ? faults[fault] : "unknown";
}

/* Where a walk over the log is. */
struct walk {
	struct store_audit_head at;		/* the last entry that was found sound */
	struct store_audit_head head;		/* where the database says that the log ends */
	const struct store_audit_head *witness; /* NULL: none */
	struct store_audit_verdict verdict;
};

static void blame(struct walk *walk, enum store_audit_fault fault, uint64_t sequence)
{
	walk->verdict = (struct store_audit_verdict){.fault = fault, .sequence = sequence};
}

/* An entry whose hash is wrong under its number: is it right under another? */
static enum store_audit_fault classify(const struct walk *walk, struct store_audit_entry entry)
{
	uint8_t hash[BLAKE2S_HASH_SIZE];

	for (entry.sequence = 1; entry.sequence <= walk->head.sequence; entry.sequence++) {
		if (chain_hash(&entry, hash) == 0 && memcmp(hash, entry.hash, sizeof hash) == 0)
			return STORE_AUDIT_REORDERED;
	}
	return STORE_AUDIT_ALTERED;
}

/* Judges the next entry. -ENOMEM. */
static int step(struct walk *walk, const struct store_audit_entry *entry)
{
	uint64_t expected = walk->at.sequence + 1;
	const struct store_audit_head *witness = walk->witness;
	uint8_t hash[BLAKE2S_HASH_SIZE];

	if (entry->sequence != expected) {
		blame(walk, STORE_AUDIT_MISSING, expected);
		return 0;
	}
	int err = chain_hash(entry, hash);
	if (err < 0)
		return err;
	if (memcmp(hash, entry->hash, sizeof hash) != 0)
		blame(walk, classify(walk, *entry), expected);
	else if (memcmp(entry->previous, walk->at.hash, sizeof hash) != 0)
		blame(walk, STORE_AUDIT_UNLINKED, expected);
	else if (expected > walk->head.sequence)
		blame(walk, STORE_AUDIT_APPENDED, expected);
	else if (witness && witness->sequence == expected &&
		 memcmp(witness->hash, hash, sizeof hash) != 0)
		blame(walk, STORE_AUDIT_REWRITTEN, expected);
	walk->at.sequence = expected;
	memcpy(walk->at.hash, entry->hash, sizeof hash);
	return 0;
}

/* All entries are sound: is it all of them, and the ones that the head says? */
static void judge_end(struct walk *walk)
{
	uint64_t last = walk->at.sequence;

	if (last < walk->head.sequence || (walk->witness && last < walk->witness->sequence))
		blame(walk, STORE_AUDIT_TRUNCATED, last + 1);
	else if (memcmp(walk->at.hash, walk->head.hash, BLAKE2S_HASH_SIZE) != 0)
		blame(walk, STORE_AUDIT_REWRITTEN, last);
	else
		blame(walk, STORE_AUDIT_SOUND, last);
}

/* One snapshot of log and head: acts of others meanwhile do not matter. */
static int walk_all(struct store *store, struct walk *walk)
{
	AUTO_QUERY struct query query = query_of(store, SELECT_ENTRIES " ORDER BY sequence");
	struct store_audit_entry entry;
	int err = 0;
	int more = query_next(&query);

	if (more < 0)
		return more;
	err = store_audit_head(store, &walk->head);
	for (; err == 0 && more > 0 && walk->verdict.fault == STORE_AUDIT_SOUND;
		more = query_next(&query)) {
		err = entries_read(&query, &entry);
		if (err == 0)
			err = step(walk, &entry);
		if (err == ERR_CORRUPT) {
			blame(walk, STORE_AUDIT_ALTERED, walk->at.sequence + 1);
			return 0;
		}
	}
	if (err < 0 || more < 0)
		return err < 0 ? err : more;
	if (walk->verdict.fault == STORE_AUDIT_SOUND)
		judge_end(walk);
	return 0;
}

int store_audit_verify(struct store *store, const struct store_audit_head *witness,
	struct store_audit_verdict *ret_verdict)
{
	struct walk walk = {.witness = witness};
	int err = walk_all(store, &walk);

	if (err == 0)
		*ret_verdict = walk.verdict;
	return err;
}
