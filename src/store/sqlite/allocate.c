/* SPDX-License-Identifier: ISC */
#include "store/sqlite/allocate.h"

#include "base/error.h"

/* The number behind the greatest that was ever given of the part; 0: they are used up. */
static int find_fresh(struct store *store, enum overlay_part part, uint64_t *ret_number)
{
	uint32_t first = overlay_first(&store->overlay, part);
	uint32_t last = overlay_last(&store->overlay, part);
	AUTO_QUERY struct query query =
		query_of(store, "SELECT max(number) FROM addresses WHERE number BETWEEN ?1 AND ?2");

	query_bind_number(&query, 1, first);
	query_bind_number(&query, 2, last);
	int err = query_one(&query);
	if (err < 0)
		return err;
	uint64_t greatest = query_number(&query, 0); /* 0: none */
	if (greatest == last)
		*ret_number = 0;
	else
		*ret_number = greatest ? greatest + 1 : first;
	return query.error;
}

/* The number that has rested longest. ERR_NO_ADDRESS: not long enough. */
static int find_rested(
	struct store *store, enum overlay_part part, uint64_t now_ns, uint64_t *ret_number)
{
	uint64_t rest_ns = overlay_rest_ns(part);
	AUTO_QUERY struct query query = query_of(store,
		"SELECT number FROM addresses"
		" WHERE part = ?1 AND resting_since_ns IS NOT NULL AND resting_since_ns <= ?2"
		" ORDER BY resting_since_ns LIMIT 1");

	query_bind_number(&query, 1, part);
	query_bind_number(&query, 2, now_ns > rest_ns ? now_ns - rest_ns : 0);
	int err = query_one(&query);
	if (err < 0)
		return err == ERR_NOT_FOUND ? ERR_NO_ADDRESS : err;
	*ret_number = query_number(&query, 0);
	return query.error;
}

static int mark_taken(struct store *store, enum overlay_part part, uint64_t number)
{
	AUTO_QUERY struct query query =
		query_of(store, "INSERT INTO addresses (number, part) VALUES (?1, ?2)"
				" ON CONFLICT (number) DO UPDATE SET resting_since_ns = NULL");

	query_bind_number(&query, 1, number);
	query_bind_number(&query, 2, part);
	return query_run(&query);
}

int allocate_take(
	struct store *store, enum overlay_part part, uint64_t now_ns, uint32_t *ret_number)
{
	struct overlay overlay;
	uint64_t number = 0;
	int err = allocate_overlay(store, &overlay);

	if (err == 0)
		err = find_fresh(store, part, &number);
	if (err == 0 && number == 0)
		err = find_rested(store, part, now_ns, &number);
	if (err == 0)
		err = mark_taken(store, part, number);
	if (err == 0)
		*ret_number = (uint32_t)number;
	return err;
}

int allocate_release(struct store *store, uint64_t number, uint64_t now_ns)
{
	AUTO_QUERY struct query query =
		query_of(store, "UPDATE addresses SET resting_since_ns = ?1 WHERE number = ?2");

	query_bind_number(&query, 1, now_ns);
	query_bind_number(&query, 2, number);
	return query_run(&query);
}

void allocate_addresses(
	struct query *query, int column, struct address *ret_ipv4, struct address *ret_ipv6)
{
	struct overlay overlay;
	uint64_t number = query_number(query, column);
	int err = allocate_overlay(query->store, &overlay);

	if (err < 0 || number > overlay_last(&overlay, OVERLAY_DEVICES)) {
		query->error = err == 0 || err == ERR_NO_NETWORK ? ERR_CORRUPT : err;
		return;
	}
	*ret_ipv4 = overlay_ipv4(&overlay, (uint32_t)number);
	*ret_ipv6 = overlay_ipv6(&overlay, (uint32_t)number);
}
