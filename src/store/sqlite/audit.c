/* SPDX-License-Identifier: ISC */
#include "store/audit.h"

#include "store/sqlite/entries.h"

int entries_read(struct query *query, struct store_audit_entry *ret_entry)
{
	ret_entry->sequence = query_number(query, 0);
	ret_entry->at_ns = query_number(query, 1);
	ret_entry->actor = query_borrow_text(query, 2);
	ret_entry->way = query_borrow_text(query, 3);
	ret_entry->act = query_borrow_text(query, 4);
	ret_entry->object = query_borrow_text(query, 5);
	ret_entry->details = query_borrow_text(query, 6);
	query_bytes(query, 7, ret_entry->previous, BLAKE2S_HASH_SIZE);
	query_bytes(query, 8, ret_entry->hash, BLAKE2S_HASH_SIZE);
	return query->error;
}

/* Of those that match the last `last`, and these in order. 0: all. */
#define SELECT_FILTERED                                                                            \
	"SELECT * FROM (" SELECT_ENTRIES " WHERE sequence > ?1"                                    \
	" AND at_ns >= ?2 AND (?3 = 0 OR at_ns < ?3)"                                              \
	" AND (?4 IS NULL OR actor = ?4)"                                                          \
	" AND (?5 IS NULL OR act = ?5 OR substr(act, 1, length(?5) + 1) = ?5 || '.')"              \
	" AND (?6 IS NULL OR object = ?6)"                                                         \
	" ORDER BY sequence DESC LIMIT iif(?7 = 0, -1, ?7)) ORDER BY sequence"

int store_audit_show(struct store *store, const struct store_audit_filter *filter,
	store_audit_visit *visit, void *context)
{
	AUTO_QUERY struct query query = query_of(store, SELECT_FILTERED);
	struct store_audit_entry entry;
	int more;

	query_bind_number(&query, 1, filter->after_sequence);
	query_bind_number(&query, 2, filter->from_ns);
	query_bind_number(&query, 3, filter->until_ns);
	query_bind_text(&query, 4, filter->actor);
	query_bind_text(&query, 5, filter->act);
	query_bind_text(&query, 6, filter->object);
	query_bind_number(&query, 7, filter->last);
	while ((more = query_next(&query)) > 0) {
		int stop = entries_read(&query, &entry);
		if (stop == 0)
			stop = visit(context, &entry);
		if (stop != 0)
			return stop;
	}
	return more;
}

int store_audit_head(struct store *store, struct store_audit_head *ret_head)
{
	AUTO_QUERY struct query query = query_of(store, "SELECT sequence, hash FROM audit_head");
	struct store_audit_head head = {0};
	int found = query_next(&query);

	if (found > 0) {
		head.sequence = query_number(&query, 0);
		query_bytes(&query, 1, head.hash, sizeof head.hash);
	}
	if (found < 0 || query.error < 0)
		return query.error;
	*ret_head = head;
	return 0;
}
