/* SPDX-License-Identifier: ISC */
#include "store/sqlite/query.h"

#include "base/error.h"

#include <errno.h>
#include <string.h>

/* Which constraint, in words that the caller of an act understands. */
static int constraint_error(int extended)
{
	switch (extended) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
		return ERR_EXISTS;
	case SQLITE_CONSTRAINT_FOREIGNKEY:
		return ERR_IN_USE;
	default:
		return ERR_DATABASE;
	}
}

/* Reading or writing failed: the system knows why, unless it is the content that is wrong. */
static int io_error(sqlite3 *handle, int extended)
{
	int number = handle ? sqlite3_system_errno(handle) : 0;

	switch (extended) {
	case SQLITE_IOERR_DATA:
	case SQLITE_IOERR_CORRUPTFS:
	case SQLITE_IOERR_SHORT_READ:
		return ERR_CORRUPT;
	case SQLITE_IOERR_NOMEM:
		return -ENOMEM;
	default:
		break;
	}
	if (number == ENOSPC || number == EDQUOT)
		return ERR_DISK_FULL;
	return number > 0 ? -number : -EIO;
}

static const struct {
	int result;
	int error;
} meanings[] = {
	{SQLITE_BUSY, ERR_LOCKED},
	{SQLITE_LOCKED, ERR_LOCKED},
	{SQLITE_PROTOCOL, ERR_LOCKED},
	{SQLITE_FULL, ERR_DISK_FULL},
	{SQLITE_CORRUPT, ERR_CORRUPT},
	{SQLITE_MISMATCH, ERR_CORRUPT},
	{SQLITE_NOTADB, ERR_NOT_OURS},
	{SQLITE_READONLY, ERR_READ_ONLY},
	{SQLITE_NOMEM, -ENOMEM},
	{SQLITE_TOOBIG, ERR_RANGE},
	{SQLITE_PERM, -EACCES},
};

int query_error(sqlite3 *handle, int result)
{
	int primary = result & 0xff;

	if (primary == SQLITE_CONSTRAINT)
		return constraint_error(result);
	if (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN)
		return io_error(handle, result);
	for (size_t i = 0; i < ARRAY_LENGTH(meanings); i++) {
		if (meanings[i].result == primary)
			return meanings[i].error;
	}
	return ERR_DATABASE;
}

/* Notes a failure, unless there was one before. */
static void note(struct query *query, int result)
{
	if (result != SQLITE_OK && query->error == 0)
		query->error = query_error(query->store->handle, result);
}

struct query query_of(struct store *store, const char *sql)
{
	struct query query = {.store = store};

	note(&query, sqlite3_prepare_v2(store->handle, sql, -1, &query.statement, NULL));
	return query;
}

void query_done(struct query *query)
{
	(void)sqlite3_finalize(query->statement); /* repeats what the last step has said */
	query->statement = NULL;
}

void query_bind_text(struct query *query, int parameter, const char *text)
{
	if (query->error == 0)
		note(query,
			sqlite3_bind_text(query->statement, parameter, text, -1, SQLITE_STATIC));
}

void query_bind_number(struct query *query, int parameter, uint64_t number)
{
	if (number > INT64_MAX && query->error == 0)
		query->error = ERR_RANGE;
	if (query->error == 0)
		note(query, sqlite3_bind_int64(query->statement, parameter, (int64_t)number));
}

void query_bind_bytes(struct query *query, int parameter, const uint8_t *bytes, size_t size)
{
	if (query->error == 0)
		note(query, sqlite3_bind_blob64(
				    query->statement, parameter, bytes, size, SQLITE_STATIC));
}

int query_next(struct query *query)
{
	if (query->error < 0)
		return query->error;
	int result = sqlite3_step(query->statement);
	if (result == SQLITE_ROW)
		return 1;
	if (result == SQLITE_DONE)
		return 0;
	note(query, result);
	return query->error;
}

int query_run(struct query *query)
{
	int err = query_next(query);

	return err > 0 ? ERR_DATABASE : err;
}

int query_one(struct query *query)
{
	int found = query_next(query);

	if (found < 0)
		return found;
	return found ? 0 : ERR_NOT_FOUND;
}

uint64_t query_number(struct query *query, int column)
{
	int64_t number = sqlite3_column_int64(query->statement, column);

	if (number < 0)
		query->error = ERR_CORRUPT;
	return number < 0 ? 0 : (uint64_t)number;
}

unsigned query_choice(struct query *query, int column, unsigned most)
{
	uint64_t number = query_number(query, column);

	if (number > most)
		query->error = ERR_CORRUPT;
	return number > most ? 0 : (unsigned)number;
}

const char *query_borrow_text(struct query *query, int column)
{
	const char *text = (const char *)sqlite3_column_text(query->statement, column);

	if (!text)
		return "";
	if (strlen(text) != (size_t)sqlite3_column_bytes(query->statement, column))
		query->error = ERR_CORRUPT; /* a zero inside: more is there than is seen */
	return text;
}

void query_text(struct query *query, int column, char *ret_text, size_t size)
{
	const char *text = query_borrow_text(query, column);
	size_t length = strnlen(text, size);

	if (length == size) {
		query->error = ERR_CORRUPT;
		length = 0;
	}
	memcpy(ret_text, text, length);
	ret_text[length] = '\0';
}

void query_bytes(struct query *query, int column, uint8_t *ret_bytes, size_t size)
{
	const void *bytes = sqlite3_column_blob(query->statement, column);

	if (bytes && (size_t)sqlite3_column_bytes(query->statement, column) == size) {
		memcpy(ret_bytes, bytes, size);
		return;
	}
	memset(ret_bytes, 0, size);
	if (sqlite3_column_type(query->statement, column) != SQLITE_NULL)
		query->error = ERR_CORRUPT;
}

uint64_t query_changes(struct store *store)
{
	return (uint64_t)sqlite3_changes64(store->handle);
}

int query_execute(struct store *store, const char *sql)
{
	int result = sqlite3_exec(store->handle, sql, NULL, NULL, NULL);

	return result == SQLITE_OK ? 0 : query_error(store->handle, result);
}

int query_ask(struct store *store, const char *sql, uint64_t *ret_number)
{
	AUTO_QUERY struct query query = query_of(store, sql);
	int err = query_one(&query);

	if (err < 0)
		return err;
	*ret_number = query_number(&query, 0);
	return query.error;
}
