/* SPDX-License-Identifier: ISC */
#include "store/sqlite/migrations/migrations.h"

/*
 * Knock keys, and whom they were told to, as ranges of numbers. A network that was there before has
 * devices that know none: it is preferred there, required in new ones.
 */
const char migration_0005[] =
	"CREATE TABLE knocks ("
	" number INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,"
	" key BLOB NOT NULL CHECK (length(key) = 32),"
	" joining INTEGER NOT NULL CHECK (joining BETWEEN 0 AND 1),"
	" spoiled INTEGER NOT NULL DEFAULT 0 CHECK (spoiled BETWEEN 0 AND 1),"
	" made_ns INTEGER NOT NULL"
	") STRICT;"

	"CREATE TABLE knock_known ("
	" gateway INTEGER NOT NULL CHECK (gateway BETWEEN 0 AND 1),"
	" holder INTEGER NOT NULL," /* id of the device, or gateway */
	" first INTEGER NOT NULL,"
	" last INTEGER NOT NULL CHECK (last >= first),"
	" PRIMARY KEY (gateway, holder, first)"
	") STRICT, WITHOUT ROWID;"

	"ALTER TABLE devices ADD COLUMN knock_told INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE devices ADD COLUMN knock_has INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE gateways ADD COLUMN knock_told INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE gateways ADD COLUMN knock_has INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE invites ADD COLUMN knock INTEGER NOT NULL DEFAULT 0;" /* 0: without */
	"CREATE INDEX invites_knock ON invites (knock) WHERE knock > 0;"

	"INSERT INTO settings (key, value) SELECT 'network.knock', 'preferred'"
	" WHERE EXISTS (SELECT 1 FROM settings WHERE key = 'network.name');";
