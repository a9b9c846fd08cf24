/* SPDX-License-Identifier: ISC */
#include "store/sqlite/migrations/migrations.h"

/* Room only: a user's authenticated period on a device; nothing writes it yet. */
const char migration_0002[] =
	"CREATE TABLE sessions ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,"
	" device_id INTEGER NOT NULL REFERENCES devices (id),"
	" method TEXT NOT NULL," /* how the user proved who they are */
	" started_ns INTEGER NOT NULL,"
	" ends_ns INTEGER NOT NULL,"
	" ended_ns INTEGER" /* NULL: not ended before its time */
	") STRICT;"
	"CREATE INDEX sessions_live ON sessions (device_id, ends_ns) WHERE ended_ns IS NULL;";
