/* SPDX-License-Identifier: ISC */
#include "store/sqlite/migrations/migrations.h"

/* Whether a service was defined by the policy, which then takes it away again; 0: by command. */
const char migration_0003[] =
	"ALTER TABLE services ADD COLUMN"
	" from_policy INTEGER NOT NULL DEFAULT 0 CHECK (from_policy BETWEEN 0 AND 1);";
