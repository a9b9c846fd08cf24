/* SPDX-License-Identifier: ISC */
#include "wireguard/keypair.h"

#include "base/bytes.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

int keypair_new(struct peer *peer, const struct noise_keys *keys, uint32_t remote_index,
	uint64_t now_ns, struct keypair **ret_keypair)
{
	struct keypair *keypair = calloc(1, sizeof *keypair);
	if (!keypair)
		return -ENOMEM;

	int err = aead_new(keys->sending, &keypair->sending);
	if (err)
		goto err_keypair;
	err = aead_new(keys->receiving, &keypair->receiving);
	if (err)
		goto err_sending;
	keypair->peer = peer;
	keypair->remote_index = remote_index;
	keypair->is_initiator = keys->is_initiator;
	keypair->created_ns = now_ns;
	replay_reset(&keypair->replay);
	*ret_keypair = keypair;
	return 0;

err_sending:
	aead_free(keypair->sending);
err_keypair:
	free(keypair);
	return err;
}

void keypair_free(struct indextable *table, struct keypair *keypair)
{
	if (!keypair)
		return;
	indextable_remove(table, &keypair->index);
	aead_free(keypair->sending);
	aead_free(keypair->receiving);
	bytes_wipe(keypair, sizeof *keypair);
	free(keypair);
}

/* Whether the pair is younger than REJECT_AFTER_TIME (paper, 6.2). */
static bool is_fresh(const struct keypair *keypair, uint64_t now_ns)
{
	return now_ns < keypair->created_ns + REJECT_AFTER_TIME_NS;
}

bool keypair_may_send(const struct keypair *keypair, uint64_t now_ns)
{
	return keypair->sending_counter < REJECT_AFTER_MESSAGES && is_fresh(keypair, now_ns);
}

bool keypair_may_receive(const struct keypair *keypair, uint64_t now_ns)
{
	return is_fresh(keypair, now_ns);
}

/* Puts a pair, or NULL, into a slot; what was in it is freed. */
static void slot_set(struct keypair **slot, struct indextable *table, struct keypair *keypair)
{
	keypair_free(table, *slot);
	*slot = keypair;
}

/* We began: the pair is confirmed and used at once. One that waited gives way to it. */
static void add_as_initiator(
	struct keypairs *keypairs, struct indextable *table, struct keypair *fresh)
{
	if (keypairs->next) {
		slot_set(&keypairs->previous, table, keypairs->next);
		keypairs->next = NULL;
		slot_set(&keypairs->current, table, fresh);
		return;
	}
	slot_set(&keypairs->previous, table, keypairs->current);
	keypairs->current = fresh;
}

void keypairs_add(struct keypairs *keypairs, struct indextable *table, struct keypair *fresh)
{
	if (fresh->is_initiator) {
		add_as_initiator(keypairs, table, fresh);
		return;
	}
	slot_set(&keypairs->next, table, fresh);
	slot_set(&keypairs->previous, table, NULL);
}

bool keypairs_confirm(struct keypairs *keypairs, const struct keypair *used)
{
	if (!used || used != keypairs->next)
		return false;
	assert(!keypairs->previous); /* keypairs_add() has freed it */
	keypairs->previous = keypairs->current;
	keypairs->current = keypairs->next;
	keypairs->next = NULL;
	return true;
}

void keypairs_clear(struct keypairs *keypairs, struct indextable *table)
{
	slot_set(&keypairs->current, table, NULL);
	slot_set(&keypairs->previous, table, NULL);
	slot_set(&keypairs->next, table, NULL);
}
