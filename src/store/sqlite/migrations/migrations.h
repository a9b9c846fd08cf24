/* SPDX-License-Identifier: ISC */
/*
 * The schema, step by step: migration N brings a database of version N - 1 to N. One that has been
 * released is never changed again; a file of SQL each, and a frozen copy in its test.
 */
#pragma once

extern const char migration_0001[]; /* all that the first release keeps */
extern const char migration_0002[]; /* sessions */
extern const char migration_0003[]; /* services that the policy defines */
extern const char migration_0004[]; /* pre-shared keys of gateways */
extern const char migration_0005[]; /* knock keys */
