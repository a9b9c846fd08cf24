/* SPDX-License-Identifier: ISC */
#include "store/knock.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/number.h"
#include "base/random.h"
#include "store/sqlite/act.h"
#include "store/sqlite/knocks.h"
#include "store/sqlite/settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KEY_MODE SETTINGS_NETWORK "knock"
#define KEY_ROTATION SETTINGS_NETWORK "knock-rotation"

enum {
	NUMBER_TEXT_SIZE = 24,
	GIVEN_MEANWHILE_MAX = 8192, /* between a backup and the end of what it replaces */
	NEWEST_KEPT = 2,	    /* whoever has them: one is in use, and one on its way */
};

static const char *const modes[] = {
	[KNOCK_OFF] = "off",
	[KNOCK_PREFERRED] = "preferred",
	[KNOCK_REQUIRED] = "required",
};

/* ---- what is asked for ---- */

/* What was never set is as a new network has it. */
static int get_text(struct store *store, const char *key, char ret_text[static NUMBER_TEXT_SIZE])
{
	int err = settings_get(store, key, ret_text, NUMBER_TEXT_SIZE);

	if (err == ERR_NOT_FOUND)
		ret_text[0] = '\0';
	return err == ERR_NOT_FOUND ? 0 : err;
}

static int parse_mode(const char *text, enum knock_mode *ret_mode)
{
	for (size_t i = 0; i < ARRAY_LENGTH(modes); i++) {
		if (strcmp(text, modes[i]) == 0) {
			*ret_mode = (enum knock_mode)i;
			return 0;
		}
	}
	return ERR_CORRUPT;
}

int store_knock_get_rules(struct store *store, struct store_knock_rules *ret_rules)
{
	struct store_knock_rules rules = {KNOCK_REQUIRED, STORE_KNOCK_ROTATION_S};
	char mode[NUMBER_TEXT_SIZE] = "", rotation[NUMBER_TEXT_SIZE] = "";
	uint64_t seconds = 0;
	int err = get_text(store, KEY_MODE, mode);

	if (err == 0)
		err = get_text(store, KEY_ROTATION, rotation);
	if (err == 0 && *mode)
		err = parse_mode(mode, &rules.mode);
	if (err < 0)
		return err;
	if (*rotation) {
		if (number_parse(rotation, strlen(rotation), STORE_KNOCK_ROTATION_MAX_S, &seconds) <
			0)
			return ERR_CORRUPT;
		rules.rotation_s = (uint32_t)seconds;
	}
	*ret_rules = rules;
	return 0;
}

int store_knock_set_rules(
	struct store *store, const struct store_actor *by, const struct store_knock_rules *rules)
{
	AUTO_ACT struct act act = {0};
	char rotation[NUMBER_TEXT_SIZE];

	if (rules->rotation_s < STORE_KNOCK_ROTATION_MIN_S ||
		rules->rotation_s > STORE_KNOCK_ROTATION_MAX_S)
		return ERR_RANGE;
	(void)snprintf(rotation, sizeof rotation, "%" PRIu32, rules->rotation_s); /* fits */
	int err = act_begin(&act, store, by);
	if (err == 0)
		err = settings_put(store, KEY_MODE, modes[rules->mode]);
	if (err == 0)
		err = settings_put(store, KEY_ROTATION, rotation);
	if (err < 0)
		return err;
	return act_commit(&act, "network.knock", modes[rules->mode],
		json_pack("{s:I}", "rotation_s", (json_int_t)rules->rotation_s));
}

/* ---- making ---- */

/* Runs a statement of numbers; those that it does not have are not bound. */
static int run(struct store *store, const char *sql, const uint64_t *numbers, int count)
{
	AUTO_QUERY struct query query = query_of(store, sql);

	for (int i = 0; i < count; i++)
		query_bind_number(&query, i + 1, numbers[i]);
	return query_run(&query);
}

static int ask(struct store *store, const char *sql, uint64_t *ret_number)
{
	return query_ask(store, sql, ret_number);
}

/* The least number that was never given, and whose epoch no key goes by any more. */
static int next_number(struct store *store, uint64_t *ret_number)
{
	uint64_t number = 0, taken = 1;
	int err = ask(store,
		"SELECT 1 + coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'knocks'), 0)",
		&number);

	for (; err == 0 && taken; number += taken != 0) {
		AUTO_QUERY struct query query = query_of(
			store, "SELECT count(*) FROM knocks WHERE (number & 65535) = (?1 & 65535)");
		query_bind_number(&query, 1, number);
		err = query_one(&query);
		taken = err == 0 ? query_number(&query, 0) : 0;
	}
	if (err == 0)
		*ret_number = number;
	return err;
}

static int insert(struct store *store, bool is_joining, uint64_t now_ns, uint64_t *ret_number)
{
	AUTO_QUERY struct query query = query_of(store,
		"INSERT INTO knocks (number, key, joining, made_ns) VALUES (?1, ?2, ?3, ?4)");
	uint8_t key[KNOCK_KEY_SIZE];
	uint64_t number = 0;
	int err = next_number(store, &number);

	if (err < 0)
		return err;
	entropy_fill(entropy_kernel(), key, sizeof key);
	query_bind_number(&query, 1, number);
	query_bind_bytes(&query, 2, key, sizeof key);
	query_bind_number(&query, 3, is_joining);
	query_bind_number(&query, 4, now_ns);
	err = query_run(&query);
	bytes_wipe(key, sizeof key);
	if (err == 0)
		*ret_number = number;
	return err;
}

/*
 * Needed is what a device or gateway says it has, and all that it was told since: an answer may
 * have been lost.
 */
#define IS_NEEDED_BY(table, gateway, condition)                                                    \
	"EXISTS (SELECT 1 FROM " table " AS holders WHERE " condition                              \
	" knock_told > 0 AND (knock_has = knocks.number OR (knock_has < knocks.number AND"         \
	" EXISTS (SELECT 1 FROM knock_known WHERE gateway = " gateway                              \
	" AND holder = holders.id AND knocks.number BETWEEN first AND last))))"

/* At most `most` members' keys stay. */
static int trim(struct store *store, uint64_t most)
{
	static const char unneeded[] =
		"DELETE FROM knocks WHERE number IN (SELECT number FROM knocks WHERE joining = 0"
		" AND number NOT IN (SELECT number FROM knocks WHERE joining = 0"
		" ORDER BY number DESC LIMIT ?2)"
		" AND NOT " IS_NEEDED_BY("devices", "0", "state <> 3 AND") " AND NOT " IS_NEEDED_BY(
			"gateways", "1", "") " ORDER BY number LIMIT ?1)";
	static const char oldest[] =
		"DELETE FROM knocks WHERE number IN (SELECT number FROM knocks WHERE joining = 0"
		" ORDER BY number LIMIT ?1)";
	static const char how_many[] = "SELECT count(*) FROM knocks WHERE joining = 0";
	uint64_t count = 0;
	int err = ask(store, how_many, &count);

	if (err == 0 && count > most)
		err = run(store, unneeded, (const uint64_t[]){count - most, NEWEST_KEPT}, 2);
	if (err == 0)
		err = ask(store, how_many, &count);
	if (err == 0 && count > most)
		err = run(store, oldest, (const uint64_t[]){count - most}, 1);
	return err;
}

int knocks_make(struct store *store, uint64_t now_ns)
{
	uint64_t number = 0;
	int err = trim(store, STORE_KNOCKS_MEMBER_MAX - 1);

	return err < 0 ? err : insert(store, false, now_ns, &number);
}

int store_knock_rotate(struct store *store, const struct store_actor *by)
{
	AUTO_ACT struct act act = {0};
	char object[NUMBER_TEXT_SIZE];
	uint64_t number = 0;
	int err = act_begin(&act, store, by);

	if (err == 0)
		err = knocks_make(store, by->now_ns);
	if (err == 0)
		err = ask(store, "SELECT max(number) FROM knocks WHERE joining = 0", &number);
	if (err < 0)
		return err;
	(void)snprintf(object, sizeof object, "%" PRIu64, number); /* fits */
	return act_commit(&act, "knock.rotate", object,
		json_pack("{s:i}", "epoch", (int)store_knock_epoch(number)));
}

/* Keys that no open invite carries are good for nothing. */
static int drop_joining(struct store *store)
{
	return run(store,
		"DELETE FROM knocks WHERE joining = 1 AND NOT EXISTS"
		" (SELECT 1 FROM invites WHERE knock = knocks.number AND state = 0)",
		NULL, 0);
}

int knocks_of_token(struct store *store, uint64_t now_ns, uint64_t *ret_number)
{
	uint64_t clean = 0, count = 0;
	int err = drop_joining(store);

	if (err == 0)
		err = ask(store, "SELECT count(*) FROM knocks WHERE joining = 1", &count);
	if (err == 0)
		err = ask(store,
			"SELECT coalesce(max(number), 0) FROM knocks WHERE joining = 1 AND"
			" NOT EXISTS (SELECT 1 FROM invites WHERE knock = knocks.number AND state "
			"<> 0)",
			&clean);
	if (err == 0 && clean == 0 && count >= STORE_KNOCKS_JOINING_MAX)
		err = ask(store, "SELECT max(number) FROM knocks WHERE joining = 1", &clean);
	if (err < 0)
		return err;
	if (clean == 0)
		return insert(store, true, now_ns, ret_number);
	*ret_number = clean;
	return 0;
}

int knocks_restored(struct store *store)
{
	struct store_knock_rules rules = {0};
	int err = store_knock_get_rules(store, &rules);

	if (err == 0 && rules.mode == KNOCK_REQUIRED)
		err = settings_put(store, KEY_MODE, modes[KNOCK_PREFERRED]);
	if (err < 0)
		return err;
	return run(store, "UPDATE sqlite_sequence SET seq = seq + ?1 WHERE name = 'knocks'",
		(const uint64_t[]){GIVEN_MEANWHILE_MAX}, 1);
}

/* ---- who is out ---- */

/* What they knew is marked by now: the next is made where the newest is. */
static int make_if_spoiled(struct store *store, uint64_t now_ns)
{
	uint64_t spoiled = 0;
	int err = ask(store,
		"SELECT coalesce((SELECT spoiled FROM knocks WHERE joining = 0"
		" ORDER BY number DESC LIMIT 1), 0)",
		&spoiled);

	return err == 0 && spoiled ? knocks_make(store, now_ns) : err;
}

#define SPOIL_KNOWN_TO(holders)                                                                    \
	"UPDATE knocks SET spoiled = 1 WHERE joining = 0 AND EXISTS (SELECT 1 FROM knock_known"    \
	" WHERE gateway = 0 AND holder " holders " AND number BETWEEN first AND last)"
#define FORGET_WHAT_WAS_TOLD_TO(holders)                                                           \
	"DELETE FROM knock_known WHERE gateway = 0 AND holder " holders
#define DEVICES_OF "IN (SELECT id FROM devices WHERE user_id = ?1)"

static int spoil(struct store *store, const char *const statements[2], uint64_t id, uint64_t now_ns)
{
	int err = run(store, statements[0], &id, 1);

	if (err == 0)
		err = run(store, statements[1], &id, 1);
	return err < 0 ? err : make_if_spoiled(store, now_ns);
}

int knocks_without_device(struct store *store, uint64_t id, uint64_t now_ns)
{
	static const char *const statements[] = {
		SPOIL_KNOWN_TO("= ?1"), FORGET_WHAT_WAS_TOLD_TO("= ?1")};

	return spoil(store, statements, id, now_ns);
}

int knocks_without_user(struct store *store, uint64_t user_id, uint64_t now_ns)
{
	static const char *const statements[] = {
		SPOIL_KNOWN_TO(DEVICES_OF), FORGET_WHAT_WAS_TOLD_TO(DEVICES_OF)};

	return spoil(store, statements, user_id, now_ns);
}

int knocks_without_gateway(struct store *store, uint64_t id, uint64_t now_ns)
{
	static const char *const statements[] = {
		"UPDATE knocks SET spoiled = 1 WHERE joining = 0 AND ?1 = ?1",
		"DELETE FROM knock_known WHERE gateway = 1 AND holder = ?1"};

	return spoil(store, statements, id, now_ns);
}

/* ---- who knows what ---- */

/* One telling after the other: a network of thousands is told at once, so all is prepared once. */
struct teller {
	struct query device, gateway; /* what was told last */
	struct query lengthen;	      /* a range that ends at the key before, or later */
	struct query add;	      /* a range of one */
	struct query before;	      /* the members' key before a number */
	uint64_t number, previous;    /* that it was asked for last, and what it gave */
};

static void teller_done(struct teller *teller)
{
	query_done(&teller->device);
	query_done(&teller->gateway);
	query_done(&teller->lengthen);
	query_done(&teller->add);
	query_done(&teller->before);
}

static struct teller teller_of(struct store *store)
{
	return (struct teller){
		.device = query_of(store, "UPDATE devices SET knock_told = max(knock_told, ?2),"
					  " knock_has = max(knock_has, ?3) WHERE id = ?1"),
		.gateway = query_of(store, "UPDATE gateways SET knock_told = max(knock_told, ?2),"
					   " knock_has = max(knock_has, ?3) WHERE id = ?1"),
		.lengthen = query_of(store,
			"UPDATE knock_known SET last = ?3 WHERE gateway = ?1 AND holder = ?2"
			" AND last < ?3 AND last >= ?4"),
		.add = query_of(store,
			"INSERT INTO knock_known SELECT ?1, ?2, ?3, ?3 WHERE NOT EXISTS"
			" (SELECT 1 FROM knock_known WHERE gateway = ?1 AND holder = ?2"
			" AND ?3 BETWEEN first AND last)"),
		.before = query_of(store, "SELECT coalesce(max(number), 0) FROM knocks"
					  " WHERE joining = 0 AND number < ?1"),
	};
}

/* Runs a statement once more. */
static int run_again(struct query *query, const uint64_t *numbers, int count)
{
	(void)sqlite3_reset(query->statement); /* what it gave was looked at */
	for (int i = 0; i < count; i++)
		query_bind_number(query, i + 1, numbers[i]);
	return query_run(query);
}

/* Most are told the same number. */
static int find_previous(struct teller *teller, uint64_t number)
{
	if (teller->number == number)
		return 0;
	(void)sqlite3_reset(teller->before.statement); /* as above */
	query_bind_number(&teller->before, 1, number);
	int err = query_one(&teller->before);
	if (err < 0)
		return err;
	teller->previous = query_number(&teller->before, 0);
	teller->number = number;
	return teller->before.error;
}

static int tell(struct store *store, struct teller *teller, const struct store_knock_news *news)
{
	const uint64_t heads[] = {news->holder, news->told, news->has};
	int err = run_again(
		news->is_gateway ? &teller->gateway : &teller->device, heads, ARRAY_LENGTH(heads));

	if (err < 0 || news->told == 0 || query_changes(store) == 0)
		return err; /* or it is gone */
	err = find_previous(teller, news->told);
	const uint64_t range[] = {news->is_gateway, news->holder, news->told, teller->previous};
	if (err == 0)
		err = run_again(&teller->lengthen, range, ARRAY_LENGTH(range));
	if (err < 0 || query_changes(store) > 0)
		return err;
	return run_again(&teller->add, range, ARRAY_LENGTH(range) - 1);
}

int store_knock_tell(struct store *store, const struct store_knock_news *news, size_t count)
{
	static const struct store_actor by = {"tacetd", STORE_WAY_SYSTEM, 0};
	AUTO_ACT struct act act = {0};
	int err = act_begin(&act, store, &by);

	if (err < 0)
		return err;
	__attribute__((cleanup(teller_done))) struct teller teller = teller_of(store);
	for (size_t i = 0; err == 0 && i < count; i++)
		err = tell(store, &teller, &news[i]);
	return err < 0 ? err : query_execute(store, "COMMIT");
}

int store_knock_each(struct store *store, store_knock_visit *visit, void *context)
{
	AUTO_QUERY struct query query = query_of(
		store, "SELECT number, key, joining, spoiled, made_ns FROM knocks ORDER BY number");
	struct store_knock knock = {0};
	int more, stop = 0;

	while (stop == 0 && (more = query_next(&query)) > 0) {
		knock.number = query_number(&query, 0);
		query_bytes(&query, 1, knock.key, sizeof knock.key);
		knock.is_joining = query_choice(&query, 2, 1) != 0;
		knock.is_spoiled = query_choice(&query, 3, 1) != 0;
		knock.made_ns = query_number(&query, 4);
		stop = query.error < 0 ? query.error : visit(context, &knock);
	}
	bytes_wipe(&knock, sizeof knock);
	return stop ? stop : more;
}
