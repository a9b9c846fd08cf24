/* SPDX-License-Identifier: ISC */
/*
 * Gives out the numbers of store/overlay.h, inside an act. First those that never were given, in a
 * row; once a part is used up, those that rested for long enough, the longest first. Either is one
 * look-up in an index, however many there are.
 */
#pragma once

#include "store/sqlite/query.h"

/* Where all addresses come from. ERR_NO_NETWORK. */
int allocate_overlay(struct store *store, struct overlay *ret_overlay) must_check;

/* Takes a number of a part. ERR_NO_ADDRESS, ERR_NO_NETWORK. */
int allocate_take(struct store *store, enum overlay_part part, uint64_t now_ns,
	uint32_t *ret_number) must_check;

/* Lays a number to rest. */
int allocate_release(struct store *store, uint64_t number, uint64_t now_ns) must_check;

/* The addresses of the number in this column of a row. ERR_CORRUPT sticks to the query. */
void allocate_addresses(
	struct query *query, int column, struct address *ret_ipv4, struct address *ret_ipv6);
