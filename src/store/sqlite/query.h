/* SPDX-License-Identifier: ISC */
/*
 * One SQL statement and its rows. The first failure sticks, so that a caller binds all, reads all
 * and asks once; a row that cannot be what we wrote is ERR_CORRUPT. Only files of this folder.
 */
#pragma once

#include "store/overlay.h"
#include "store/store.h"

#include <sqlite3.h>

#include <stdbool.h>

/* What is behind store.h. */
struct store {
	sqlite3 *handle;
	enum store_mode mode;
	bool has_overlay;	/* it is known; it never changes once it is set */
	struct overlay overlay; /* where all addresses come from */
};

struct query {
	struct store *store;
	sqlite3_stmt *statement;
	int error; /* of ours; sticks */
};

/* A query; release by query_done(), or let AUTO_QUERY. */
struct query query_of(struct store *store, const char *sql);
void query_done(struct query *query);

#define AUTO_QUERY __attribute__((cleanup(query_done)))

/* Parameters are numbered from 1. Texts and bytes are borrowed until the query is done. */
void query_bind_text(struct query *query, int parameter, const char *text);
void query_bind_number(struct query *query, int parameter, uint64_t number);
/* NULL bytes are SQL's NULL. */
void query_bind_bytes(struct query *query, int parameter, const uint8_t *bytes, size_t size);

/* 1: there is a row; 0: no more; else ERR_* of store.h, ERR_EXISTS, ERR_IN_USE. */
int query_next(struct query *query) must_check;

/* Runs a query that has no rows: 0 or as query_next(). */
int query_run(struct query *query) must_check;

/* As query_next(), for one row that has to be there: 0, or ERR_NOT_FOUND. */
int query_one(struct query *query) must_check;

/* Columns of the row, numbered from 0. NULL reads as 0, an empty text, zeros. */
uint64_t query_number(struct query *query, int column);
/* A number of at most `most`; anything else is ERR_CORRUPT. */
unsigned query_choice(struct query *query, int column, unsigned most);
/* Borrowed until query_next(); never NULL. */
const char *query_borrow_text(struct query *query, int column);
/* What does not fit is ERR_CORRUPT. */
void query_text(struct query *query, int column, char *ret_text, size_t size);
/* Exactly `size` bytes, or NULL. */
void query_bytes(struct query *query, int column, uint8_t *ret_bytes, size_t size);

/* How many rows the last statement that was run has changed. */
uint64_t query_changes(struct store *store);

/* Runs SQL that has neither parameters nor rows of interest. */
int query_execute(struct store *store, const char *sql) must_check;

/* The number that a statement such as "PRAGMA user_version" gives. */
int query_ask(struct store *store, const char *sql, uint64_t *ret_number) must_check;

/* What a result of SQLite's means to us. */
int query_error(sqlite3 *handle, int result);
