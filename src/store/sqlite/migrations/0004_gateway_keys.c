/* SPDX-License-Identifier: ISC */
#include "store/sqlite/migrations/migrations.h"

/* What a gateway on a host of its own mixes into its tunnel to the controller; NULL: nothing. */
const char migration_0004[] =
	"ALTER TABLE gateways ADD COLUMN preshared_key BLOB CHECK (length(preshared_key) = 32);";
