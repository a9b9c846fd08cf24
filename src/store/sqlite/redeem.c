/* SPDX-License-Identifier: ISC */
/*
 * Redemption. All of it happens with the database taken for writing, so that of any number of
 * processes that try the same invite the first finds it open, and the others find it used.
 */
#include "store/invite.h"

#include "base/bytes.h"
#include "base/error.h"
#include "store/sqlite/devices.h"
#include "store/sqlite/gateways.h"
#include "store/sqlite/invites.h"
#include "store/sqlite/revoke.h"
#include "store/word.h"

/* Whether the invite may be redeemed now, and by this kind. */
static int judge(const struct store_invite *invite, enum store_invite_kind kind, uint64_t now_ns)
{
	if (invite->kind != kind)
		return ERR_WRONG_STATE;
	switch (invite->state) {
	case STORE_INVITE_OPEN:
		break;
	case STORE_INVITE_REDEEMED:
		return ERR_INVITE_USED;
	case STORE_INVITE_EXPIRED:
		return ERR_INVITE_EXPIRED;
	case STORE_INVITE_REVOKED:
		return ERR_INVITE_REVOKED;
	}
	return invite->expires_ns <= now_ns ? ERR_INVITE_EXPIRED : 0;
}

/* Finds and judges; the row is there after ERR_INVITE_USED too. */
static int find(struct act *act, const uint8_t one_time_key[static STORE_KEY_SIZE],
	enum store_invite_kind kind, struct invites_row *ret_row)
{
	int err = invites_get(act->store, one_time_key, ret_row);

	return err < 0 ? err : judge(&ret_row->invite, kind, act->by->now_ns);
}

/* Writes down that another tried a used invite. ERR_INVITE_USED once that is on the disk. */
static int refuse(struct act *act, const struct store_invite *invite,
	const uint8_t public_key[static STORE_KEY_SIZE])
{
	int err = act_commit(act, "invite.reuse", invite->subject,
		json_pack("{s:I, s:o}", "invite", (json_int_t)invite->id, "public_key",
			act_key(public_key)));

	return err < 0 ? err : ERR_INVITE_USED;
}

/* Somebody comes with a used invite: its own device again, or another. */
static int answer_device(struct act *act, const struct store_invite *invite,
	const uint8_t public_key[static STORE_KEY_SIZE], struct store_device *ret_device)
{
	struct store_device device = {0};
	int err = devices_of_invite(act->store, invite->id, &device);

	if (err < 0)
		return err;
	if (device.state == STORE_DEVICE_REVOKED ||
		!bytes_equal(device.public_key, public_key, STORE_KEY_SIZE))
		return refuse(act, invite, public_key);
	*ret_device = device;
	return STORE_INVITE_AGAIN;
}

/* The open invite becomes a device. */
static int make_device(struct act *act, const struct invites_row *row,
	const struct store_enrolment *enrolment, struct store_device *ret_device)
{
	const struct devices_owner owner = {
		.user_id = row->user_id,
		.invite_id = row->invite.id,
		.state = row->invite.needs_approval ? STORE_DEVICE_PENDING : STORE_DEVICE_ACTIVE,
	};
	char object[ACT_OBJECT_SIZE];
	int err = devices_insert(act->store, &owner, enrolment, act->by->now_ns, ret_device);

	if (err == 0)
		err = revoke_invite(
			act->store, row->invite.id, STORE_INVITE_REDEEMED, act->by->now_ns);
	if (err < 0)
		return err;
	return act_commit(act, "invite.redeem",
		act_object(row->invite.subject, enrolment->name, object),
		devices_details(ret_device));
}

int store_invite_redeem(struct store *store, const struct store_actor *by,
	const uint8_t one_time_key[static STORE_KEY_SIZE], const struct store_enrolment *enrolment,
	struct store_device *ret_device)
{
	AUTO_ACT struct act act = {0};
	struct invites_row row = {0};
	struct store_device device = {0};
	int err = act_begin(&act, store, by);

	if (err != 0)
		return err;
	err = find(&act, one_time_key, STORE_INVITE_DEVICE, &row);
	if (err == ERR_INVITE_USED)
		return answer_device(&act, &row.invite, enrolment->public_key, ret_device);
	if (err == 0)
		err = make_device(&act, &row, enrolment, &device);
	if (err == 0)
		*ret_device = device;
	bytes_wipe(&row, sizeof row);
	return err;
}

/* As answer_device(); a gateway that was removed meanwhile is another. */
static int answer_gateway(struct act *act, const struct store_invite *invite,
	const uint8_t public_key[static STORE_KEY_SIZE], struct store_gateway *ret_gateway)
{
	struct store_gateway gateway = {0};
	int err = gateways_of_invite(act->store, invite->id, &gateway);

	if (err < 0 && err != ERR_NOT_FOUND)
		return err;
	if (err == ERR_NOT_FOUND || !bytes_equal(gateway.public_key, public_key, STORE_KEY_SIZE))
		return refuse(act, invite, public_key);
	*ret_gateway = gateway;
	return STORE_INVITE_AGAIN;
}

static int make_gateway(struct act *act, const struct store_invite *invite,
	const struct gateways_new *fresh, struct store_gateway *ret_gateway)
{
	int err = gateways_insert(act->store, fresh, act->by->now_ns, ret_gateway);

	if (err == 0)
		err = revoke_invite(act->store, invite->id, STORE_INVITE_REDEEMED, act->by->now_ns);
	if (err < 0)
		return err;
	return act_commit(act, "invite.redeem", fresh->name, gateways_details(ret_gateway));
}

int store_invite_redeem_gateway(struct store *store, const struct store_actor *by,
	const uint8_t one_time_key[static STORE_KEY_SIZE],
	const struct store_gateway_enrolment *enrolment, struct store_gateway *ret_gateway)
{
	AUTO_ACT struct act act = {0};
	struct invites_row row = {0};
	struct store_gateway gateway = {0};
	int err = word_check_host(enrolment->endpoint);

	if (err == 0)
		err = act_begin(&act, store, by);
	if (err != 0)
		return err;
	err = find(&act, one_time_key, STORE_INVITE_GATEWAY, &row);
	if (err == ERR_INVITE_USED)
		return answer_gateway(&act, &row.invite, enrolment->public_key, ret_gateway);
	const struct gateways_new fresh = {row.invite.subject, enrolment->public_key,
		enrolment->preshared_key, enrolment->endpoint, row.invite.id};
	if (err == 0)
		err = make_gateway(&act, &row.invite, &fresh, &gateway);
	if (err == 0)
		*ret_gateway = gateway;
	bytes_wipe(&gateway, sizeof gateway);
	bytes_wipe(&row, sizeof row);
	return err;
}
