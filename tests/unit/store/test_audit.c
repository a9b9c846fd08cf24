/* SPDX-License-Identifier: ISC */
/* What verification finds, and what it says that it cannot. */
#include "base/error.h"
#include "store/chain.h"
#include "store_lab.h"
#include "tap.h"

#include <sqlite3.h>
#include <stdio.h>

enum {
	ENTRIES = 20,
};

/* A log of ENTRIES entries. */
static void open_log(struct lab *lab)
{
	const struct store_actor by = lab_root(1);
	char name[32];

	lab_open(lab);
	for (uint64_t i = lab_entries(lab->store); i < ENTRIES; i++) {
		(void)snprintf(name, sizeof name, "group-%u", (unsigned)i);
		lab_must(store_group_add(lab->store, &by, name) == 0, "add");
	}
}

#define DROP_TRIGGERS                                                                              \
	"DROP TRIGGER audit_appends; DROP TRIGGER audit_keeps; DROP TRIGGER audit_holds;"          \
	"DROP TRIGGER audit_head_grows; DROP TRIGGER audit_head_stays;"

static const struct {
	const char *name;
	const char *sql;
	enum store_audit_fault fault;
	uint64_t sequence;
} tamperings[] = {
	{"nothing", "SELECT 1", STORE_AUDIT_SOUND, ENTRIES},
	{"actor", "UPDATE audit SET actor = 'eve' WHERE sequence = 7", STORE_AUDIT_ALTERED, 7},
	{"time", "UPDATE audit SET at_ns = at_ns + 1 WHERE sequence = 1", STORE_AUDIT_ALTERED, 1},
	{"way", "UPDATE audit SET way = 'tunnel' WHERE sequence = 20", STORE_AUDIT_ALTERED, 20},
	{"act", "UPDATE audit SET act = 'x' WHERE sequence = 7", STORE_AUDIT_ALTERED, 7},
	{"object", "UPDATE audit SET object = 'x' WHERE sequence = 7", STORE_AUDIT_ALTERED, 7},
	{"details", "UPDATE audit SET details = '{}' WHERE sequence = 7", STORE_AUDIT_ALTERED, 7},
	{"text moved from one field to the next",
		"UPDATE audit SET act = 'group.addg', object = substr(object, 2)"
		" WHERE sequence = 9",
		STORE_AUDIT_ALTERED, 9},
	{"a zero and more behind a text",
		"UPDATE audit SET actor = actor || char(0) || 'x' WHERE sequence = 7",
		STORE_AUDIT_ALTERED, 7},
	{"a negative time", "UPDATE audit SET at_ns = -1 WHERE sequence = 7", STORE_AUDIT_ALTERED,
		7},
	{"previous hash", "UPDATE audit SET previous = zeroblob(32) WHERE sequence = 7",
		STORE_AUDIT_ALTERED, 7},
	{"hash", "UPDATE audit SET hash = zeroblob(32) WHERE sequence = 7", STORE_AUDIT_ALTERED, 7},
	{"two entries, the first is named",
		"UPDATE audit SET actor = 'eve' WHERE sequence IN (12, 5)", STORE_AUDIT_ALTERED, 5},
	{"one deleted", "DELETE FROM audit WHERE sequence = 7", STORE_AUDIT_MISSING, 7},
	{"the first deleted", "DELETE FROM audit WHERE sequence = 1", STORE_AUDIT_MISSING, 1},
	{"the last deleted", "DELETE FROM audit WHERE sequence = 20", STORE_AUDIT_TRUNCATED, 20},
	{"the end deleted", "DELETE FROM audit WHERE sequence > 12", STORE_AUDIT_TRUNCATED, 13},
	{"all deleted", "DELETE FROM audit", STORE_AUDIT_TRUNCATED, 1},
	{"one deleted and the others moved up",
		"DELETE FROM audit WHERE sequence = 7;"
		"UPDATE audit SET sequence = -(sequence - 1) WHERE sequence > 7;"
		"UPDATE audit SET sequence = -sequence WHERE sequence < 0",
		STORE_AUDIT_REORDERED, 7},
	{"two exchanged",
		"UPDATE audit SET sequence = 99 WHERE sequence = 7;"
		"UPDATE audit SET sequence = 7 WHERE sequence = 8;"
		"UPDATE audit SET sequence = 8 WHERE sequence = 99",
		STORE_AUDIT_REORDERED, 7},
	{"one doubled at the end",
		"INSERT INTO audit SELECT 21, at_ns, actor, way, act, object, details, previous,"
		" hash FROM audit WHERE sequence = 20",
		STORE_AUDIT_REORDERED, 21},
	{"the head set back", "UPDATE audit_head SET sequence = 19", STORE_AUDIT_APPENDED, 20},
	{"the head's hash", "UPDATE audit_head SET hash = zeroblob(32)", STORE_AUDIT_REWRITTEN, 20},
	{"the head deleted", "DELETE FROM audit_head", STORE_AUDIT_APPENDED, 1},
};

#define ALLOW "PRAGMA ignore_check_constraints = ON;" DROP_TRIGGERS

static void test_tampering(void)
{
	char sql[1024];

	for (size_t i = 0; i < ARRAY_LENGTH(tamperings); i++) {
		struct lab lab;

		open_log(&lab);
		(void)snprintf(sql, sizeof sql, "%s%s", ALLOW, tamperings[i].sql);
		lab_sql(&lab, sql);
		struct store_audit_verdict verdict = lab_verify(lab.store);
		tap_is_int(verdict.fault, tamperings[i].fault, tamperings[i].name);
		tap_is_int((intmax_t)verdict.sequence, (intmax_t)tamperings[i].sequence,
			tamperings[i].name);
		lab_end(&lab);
	}
}

/* As long as the triggers are there, SQL refuses. */
static const char *const refused[] = {
	"UPDATE audit SET actor = 'eve' WHERE sequence = 7",
	"DELETE FROM audit WHERE sequence = 7",
	"DELETE FROM audit",
	"INSERT OR REPLACE INTO audit SELECT sequence, at_ns, 'eve', way, act, object, details,"
	" previous, hash FROM audit WHERE sequence = 7",
	"UPDATE OR REPLACE audit SET actor = 'eve' WHERE sequence = 7",
	"REPLACE INTO audit SELECT sequence, at_ns, 'eve', way, act, object, details,"
	" previous, hash FROM audit WHERE sequence = 20",
	"UPDATE audit_head SET sequence = 3",
	"DELETE FROM audit_head",
};

static void test_triggers(void)
{
	struct lab lab;

	open_log(&lab);
	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++)
		tap_is_int(lab_try_sql(&lab, refused[i]), SQLITE_CONSTRAINT, refused[i]);
	tap_ok(lab_is_sound(lab.store), "it is sound");
	lab_end(&lab);
}

/* Whoever is root may write a log anew that is sound; who kept a head finds it. */
static void test_witness(void)
{
	const struct store_actor by = lab_root(2);
	struct store_audit_head early, late, foreign = {.sequence = 3, .hash = {1}};
	struct store_audit_verdict verdict;
	struct lab lab, other;

	open_log(&lab);
	lab_must(store_audit_head(lab.store, &early) == 0, "head");
	lab_must(store_group_add(lab.store, &by, "more") == 0, "add");
	lab_must(store_audit_head(lab.store, &late) == 0, "head");
	tap_is_int(store_audit_verify(lab.store, &early, &verdict), 0, "an early head");
	tap_is_int(verdict.fault, STORE_AUDIT_SOUND, "is found");
	tap_is_int(store_audit_verify(lab.store, &foreign, &verdict), 0, "a foreign head");
	tap_is_int(verdict.fault, STORE_AUDIT_REWRITTEN, "is not");
	tap_is_int((intmax_t)verdict.sequence, 3, "entry 3 was another");
	open_log(&other);
	tap_ok(lab_is_sound(other.store), "another log is sound by itself");
	tap_is_int(store_audit_verify(other.store, &late, &verdict), 0, "with a later head");
	tap_is_int(verdict.fault, STORE_AUDIT_TRUNCATED, "it was cut");
	tap_is_int((intmax_t)verdict.sequence, ENTRIES + 1, "behind its end");
	tap_is_int(
		store_audit_verify(other.store, &early, &verdict), 0, "with a head of its length");
	tap_is_int(verdict.fault, STORE_AUDIT_REWRITTEN, "it is another");
	lab_end(&lab);
	lab_end(&other);
}

/* Tampering is found, but does not keep anybody from revoking a device. */
static void test_goes_on(void)
{
	const struct store_actor by = lab_root(3);
	struct lab lab;

	open_log(&lab);
	lab_sql(&lab, ALLOW "DELETE FROM audit WHERE sequence > 12");
	tap_is_int(store_group_add(lab.store, &by, "after"), 0, "an act after a cut");
	tap_is_int(lab_verify(lab.store).fault, STORE_AUDIT_MISSING, "the gap stays");
	tap_is_int((intmax_t)lab_verify(lab.store).sequence, 13, "where it was cut");
	lab_end(&lab);
	open_log(&lab);
	lab_sql(&lab, ALLOW "DELETE FROM audit_head");
	tap_is_int(store_group_add(lab.store, &by, "after"), 0, "an act without a head");
	tap_ok(!lab_is_sound(lab.store), "it is not sound for that");
	lab_end(&lab);
}

static int note_sequence(void *context, const struct store_audit_entry *entry)
{
	uint64_t *sequences = context;

	sequences[++sequences[0]] = entry->sequence;
	return 0;
}

static const struct {
	const char *name;
	struct store_audit_filter filter;
	uint64_t count, first, last;
} filters[] = {
	{"all", {0}, ENTRIES, 1, ENTRIES},
	{"the last two", {.last = 2}, 2, ENTRIES - 1, ENTRIES},
	{"more than there are", {.last = 99}, ENTRIES, 1, ENTRIES},
	{"behind one", {.after_sequence = 18}, 2, 19, 20},
	{"one act", {.act = "network.init"}, 1, 2, 2},
	{"acts on groups", {.act = "group"}, ENTRIES - 3, 4, ENTRIES},
	{"not by half a word", {.act = "grou"}, 0, 0, 0},
	{"an object", {.object = "group-7"}, 1, 8, 8},
	{"an actor", {.actor = "tacet"}, 1, 1, 1},
	{"before a time", {.until_ns = LAB_NOW_NS + 1}, 3, 1, 3},
	{"from a time", {.from_ns = LAB_NOW_NS + 1}, ENTRIES - 3, 4, ENTRIES},
	{"several", {.act = "group", .last = 1, .until_ns = LAB_NOW_NS * 2}, 1, ENTRIES, ENTRIES},
};

static void test_show(void)
{
	struct lab lab;

	open_log(&lab);
	for (size_t i = 0; i < ARRAY_LENGTH(filters); i++) {
		uint64_t seen[ENTRIES + 1] = {0};

		tap_is_int(store_audit_show(lab.store, &filters[i].filter, note_sequence, seen), 0,
			filters[i].name);
		tap_is_int((intmax_t)seen[0], (intmax_t)filters[i].count, filters[i].name);
		tap_ok(seen[0] ? seen[1] == filters[i].first && seen[seen[0]] == filters[i].last
			       : filters[i].first == 0,
			filters[i].name);
	}
	lab_end(&lab);
}

/* The encoding of docs/audit.md, hashed by another's BLAKE2s: see there for the command. */
static void test_known(void)
{
	static const uint8_t known[BLAKE2S_HASH_SIZE] = {0x60, 0xb0, 0x07, 0xfd, 0x41, 0x23, 0x57,
		0xc3, 0x58, 0x07, 0x62, 0x07, 0xa0, 0x48, 0x91, 0xcf, 0x09, 0xf1, 0xa4, 0xe2, 0x8f,
		0x9c, 0x49, 0xe0, 0x60, 0xa5, 0xc6, 0x23, 0x93, 0x06, 0xe5, 0x7c};
	struct store_audit_entry entry = {
		.sequence = 2,
		.at_ns = 1780000000123456789,
		.actor = "root",
		.way = "local",
		.act = "user.add",
		.object = "alice",
		.details = "{\"groups\":[\"engineers\"],\"user\":1}",
	};
	uint8_t hash[BLAKE2S_HASH_SIZE];

	memset(entry.previous, 0x11, sizeof entry.previous);
	tap_is_int(chain_hash(&entry, hash), 0, "hash an entry");
	tap_is_bytes(hash, known, sizeof hash, "as docs/audit.md says");
}

int main(void)
{
	test_known();
	test_tampering();
	test_triggers();
	test_witness();
	test_goes_on();
	test_show();
	return tap_done();
}
