/* SPDX-License-Identifier: ISC */
#include "store/sqlite/migrate.h"

#include "base/error.h"
#include "store/sqlite/act.h"
#include "store/sqlite/migrations/migrations.h"

#include <assert.h>
#include <stdio.h>

static const char *const migrations[] = {
	migration_0001,
	migration_0002,
	migration_0003,
	migration_0004,
	migration_0005,
};
_Static_assert(ARRAY_LENGTH(migrations) == STORE_SCHEMA, "each version has its migration");

int migrate_inspect(struct store *store, uint64_t *ret_version)
{
	uint64_t application = 0, version = 0, objects = 0;
	int err = query_ask(store, "PRAGMA application_id", &application);

	if (err == 0)
		err = query_ask(store, "PRAGMA user_version", &version);
	if (err == 0)
		err = query_ask(store, "SELECT count(*) FROM sqlite_schema", &objects);
	if (err < 0)
		return err;
	bool is_empty = application == 0 && version == 0 && objects == 0;
	if (!is_empty && application != STORE_APPLICATION_ID)
		return ERR_NOT_OURS;
	if (version > STORE_SCHEMA)
		return ERR_NEWER_SCHEMA;
	*ret_version = version;
	return 0;
}

/* One step, if nobody else made it meanwhile. */
static int step(struct store *store, const struct store_actor *by, unsigned to, unsigned target)
{
	AUTO_ACT struct act act = {0};
	char set_version[64] = "", object[16] = "";
	uint64_t version = 0;

	assert(to >= 1 && to <= ARRAY_LENGTH(migrations));
	int err = act_begin(&act, store, by);
	if (err == 0)
		err = migrate_inspect(store, &version);
	if (err != 0 || version >= to)
		return err;
	(void)snprintf(set_version, sizeof set_version, "PRAGMA user_version = %u", to);
	(void)snprintf(object, sizeof object, "%u", to); /* both fit any number */
	err = query_execute(store, migrations[to - 1]);
	if (err == 0)
		err = query_execute(store, set_version);
	if (err < 0)
		return err;
	if (to == target)
		return act_commit(&act, "schema.migrate", object,
			json_pack("{s:s}", "program", TACET_VERSION));
	return query_execute(store, "COMMIT");
}

int migrate_run(struct store *store, uint64_t now_ns, unsigned target)
{
	const struct store_actor by = {"tacet", STORE_WAY_SYSTEM, now_ns};
	uint64_t version = 0;
	int err = migrate_inspect(store, &version);

	for (unsigned to = (unsigned)version + 1; err == 0 && to <= target; to++)
		err = step(store, &by, to, target);
	return err;
}
