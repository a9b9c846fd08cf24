/* SPDX-License-Identifier: ISC */
#include "store/setting.h"

#include "base/error.h"
#include "store/sqlite/act.h"
#include "store/sqlite/settings.h"
#include "store/word.h"

#include <string.h>

int settings_put(struct store *store, const char *key, const char *value)
{
	AUTO_QUERY struct query query =
		query_of(store, "INSERT INTO settings (key, value) VALUES (?1, ?2)"
				" ON CONFLICT (key) DO UPDATE SET value = excluded.value");

	query_bind_text(&query, 1, key);
	query_bind_text(&query, 2, value);
	return query_run(&query);
}

int settings_get(struct store *store, const char *key, char *ret_value, size_t size)
{
	AUTO_QUERY struct query query =
		query_of(store, "SELECT value FROM settings WHERE key = ?1");

	query_bind_text(&query, 1, key);
	int err = query_one(&query);
	if (err < 0)
		return err;
	query_text(&query, 0, ret_value, size);
	return query.error;
}

int store_setting_set(
	struct store *store, const struct store_actor *by, const char *key, const char *value)
{
	AUTO_ACT struct act act = {0};
	int err = word_check_name(key);

	if (err < 0)
		return err;
	if (strncmp(key, SETTINGS_NETWORK, strlen(SETTINGS_NETWORK)) == 0)
		return ERR_WRONG_STATE;
	if (strnlen(value, STORE_SETTING_SIZE) == STORE_SETTING_SIZE)
		return ERR_RANGE;
	err = act_begin(&act, store, by);
	if (err == 0)
		err = settings_put(store, key, value);
	if (err < 0)
		return err;
	return act_commit(&act, "setting.set", key, json_pack("{s:s}", "value", value));
}

int store_setting_get(
	struct store *store, const char *key, char ret_value[static STORE_SETTING_SIZE])
{
	return settings_get(store, key, ret_value, STORE_SETTING_SIZE);
}

int store_setting_each(struct store *store, store_setting_visit *visit, void *context)
{
	AUTO_QUERY struct query query =
		query_of(store, "SELECT key, value FROM settings ORDER BY key");
	int more;

	while ((more = query_next(&query)) > 0) {
		const char *key = query_borrow_text(&query, 0);
		const char *value = query_borrow_text(&query, 1);
		if (query.error < 0)
			return query.error;
		int stop = visit(context, key, value);
		if (stop != 0)
			return stop;
	}
	return more;
}
