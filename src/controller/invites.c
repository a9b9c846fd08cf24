/* SPDX-License-Identifier: ISC */
#include "store/invite.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/random.h"
#include "control/netmap.h"
#include "control/token.h"
#include "controller/answer.h"
#include "controller/expiry.h"
#include "controller/knocks.h"
#include "controller/rollout.h"
#include "controller/routes.h"
#include "crypto/x25519.h"

#include <stdio.h>
#include <string.h>

enum {
	EXPIRES_DEFAULT_S = 3600,
	EXPIRES_MAX_S = 30 * 24 * 3600,
};

static const char *const kinds[] = {
	[STORE_INVITE_DEVICE] = "device",
	[STORE_INVITE_GATEWAY] = "gateway",
};

static const char *const states[] = {
	[STORE_INVITE_OPEN] = "open",
	[STORE_INVITE_REDEEMED] = "redeemed",
	[STORE_INVITE_EXPIRED] = "expired",
	[STORE_INVITE_REVOKED] = "revoked",
};

static int list_invite(void *context, const struct store_invite *invite)
{
	answer_append(context,
		json_pack("{s:I, s:s, s:s, s:s, s:o, s:o, s:b}", "id", (json_int_t)invite->id,
			"kind", kinds[invite->kind], "subject", invite->subject, "state",
			states[invite->state], "created", answer_seconds(invite->created_ns),
			"expires", answer_seconds(invite->expires_ns), "needs_approval",
			invite->needs_approval));
	return 0;
}

void api_invites_get(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct controller *controller = context;
	json_t *list = json_array();
	enum store_invite_scope scope =
		answer_query_flag(request, "all") ? STORE_INVITES_ALL : STORE_INVITES_OPEN;
	int err = store_invite_each(controller->store, scope, list_invite, list);

	(void)words;
	(void)body;
	if (err < 0) {
		json_decref(list);
		answer_refuse(request, err, "list invites");
		return;
	}
	server_answer(request, 200, json_pack("{s:o}", "invites", list));
}

/* What an administrator asks for. */
struct wish {
	const char *user, *gateway;
	uint64_t expires_s;
	bool approve;
};

/* The secrets of an invite; wiped by whoever has made them. */
struct secrets {
	uint8_t private_key[X25519_KEY_SIZE], preshared_key[STORE_KEY_SIZE];
	uint8_t public_key[X25519_KEY_SIZE];
};

static int draw(struct secrets *ret_secrets)
{
	struct x25519_private *private = NULL;

	entropy_fill(entropy_kernel(), ret_secrets->private_key, sizeof ret_secrets->private_key);
	entropy_fill(
		entropy_kernel(), ret_secrets->preshared_key, sizeof ret_secrets->preshared_key);
	x25519_clamp(ret_secrets->private_key);
	int err = x25519_private_new(ret_secrets->private_key, &private, ret_secrets->public_key);
	if (err == 0)
		x25519_private_free(private);
	return err;
}

/* Texts of the store fit: both sizes are of the same names. */
#define COPY_TEXT(to, from) (void)snprintf((to), sizeof(to), "%.*s", (int)sizeof(to) - 1, (from))

/* The token is text that holds the secrets: jansson's copy of it is freed, not wiped. */
static json_t *encode_token(const struct controller *controller, const struct store_invite *invite,
	const struct secrets *secrets)
{
	const struct world *world = &controller->world;
	const struct store_gateway *gateway = &world->gateways[0];
	char text[TOKEN_TEXT_SIZE];
	struct token token = {
		.kind = invite->kind == STORE_INVITE_GATEWAY ? TOKEN_GATEWAY : TOKEN_DEVICE,
		.ipv4 = invite->ipv4,
		.ipv6 = invite->ipv6,
		.server_ipv4 = gateway->ipv4,
		.server_ipv6 = gateway->ipv6,
		.enrol_port = controller->config->enrol_port,
		.expires_s = invite->expires_ns / NS_PER_S,
	};

	COPY_TEXT(token.network, world->network.name);
	COPY_TEXT(token.endpoint, world->network.endpoint);
	memcpy(token.server_key, gateway->public_key, sizeof token.server_key);
	memcpy(token.one_time_key, secrets->private_key, sizeof token.one_time_key);
	memcpy(token.preshared_key, secrets->preshared_key, sizeof token.preshared_key);
	const struct store_knock *knock = world_knock(world, invite->knock);
	if (knock) {
		memcpy(token.knock_key, knock->key, sizeof token.knock_key);
		token.knock_epoch = store_knock_epoch(knock->number);
	}
	json_t *json = json_pack("{s:I, s:s, s:o}", "id", (json_int_t)invite->id, "token",
		token_format(&token, text), "expires", answer_seconds(invite->expires_ns));
	bytes_wipe(&token, sizeof token);
	bytes_wipe(text, sizeof text);
	return json;
}

static void create(struct controller *controller, struct server_request *request,
	const struct wish *wish, const struct secrets *secrets)
{
	char actor[ANSWER_ACTOR_SIZE];
	const struct store_actor by = answer_actor(request, actor);
	const char *subject = wish->gateway ? wish->gateway : wish->user;
	const struct store_invite_request wanted = {
		.kind = wish->gateway ? STORE_INVITE_GATEWAY : STORE_INVITE_DEVICE,
		.subject = subject,
		.public_key = secrets->public_key,
		.preshared_key = secrets->preshared_key,
		.expires_ns = by.now_ns + wish->expires_s * NS_PER_S,
		.needs_approval = wish->approve,
	};
	struct store_invite invite = {0};
	int err = store_invite_create(controller->store, &by, &wanted, &invite);

	if (err == ERR_NOT_FOUND) {
		server_refuse(request, err,
			"no user named %s: tacet user add adds one, tacet user list shows them",
			ANSWER_SHOWN(wish->user));
		return;
	}
	if (err < 0) {
		answer_refuse(request, err, "invite %s", ANSWER_SHOWN(subject));
		return;
	}
	world_add_invite(&controller->world, &invite);
	knocks_changed(controller);
	expiry_set(controller);
	rollout_answer(controller, request,
		&(struct rollout_answer){.json = encode_token(controller, &invite, secrets)});
	bytes_wipe(&invite, sizeof invite);
}

/* Whether it can be granted; refused where not. */
static bool is_fine(
	const struct world *world, struct server_request *request, const struct wish *wish)
{
	if (!wish->user == !wish->gateway || (wish->gateway && wish->approve)) {
		server_refuse(request, ERR_SYNTAX,
			"the request: expected user or gateway, and approve with user only");
		return false;
	}
	if (wish->gateway && world->gateway_count >= NETMAP_GATEWAYS_MAX) {
		server_refuse(request, ERR_NO_ADDRESS, "there are %d gateways, which is the most",
			NETMAP_GATEWAYS_MAX);
		return false;
	}
	if (wish->expires_s < 1 || wish->expires_s > EXPIRES_MAX_S) {
		server_refuse(request, ERR_RANGE,
			"expires_s in the request: expected 1 to %d seconds, which are 30 days",
			EXPIRES_MAX_S);
		return false;
	}
	return true;
}

void api_invites_post(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	const struct world *world = &((struct controller *)context)->world;
	struct wish wish = {.expires_s = EXPIRES_DEFAULT_S};
	const struct answer_member members[] = {
		{"user", ANSWER_TEXT, true, &wish.user},
		{"gateway", ANSWER_TEXT, true, &wish.gateway},
		{"expires_s", ANSWER_NUMBER, true, &wish.expires_s},
		{"approve", ANSWER_FLAG, true, &wish.approve},
	};
	struct secrets secrets = {0};

	(void)words;
	if (!answer_read(request, body, members, ARRAY_LENGTH(members)) ||
		!is_fine(world, request, &wish))
		return;
	int err = draw(&secrets);
	if (err < 0)
		answer_refuse(request, err, "make a one-time key");
	else
		create(context, request, &wish, &secrets);
	bytes_wipe(&secrets, sizeof secrets);
}

void api_invites_delete(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct controller *controller = context;
	char actor[ANSWER_ACTOR_SIZE];
	const struct store_actor by = answer_actor(request, actor);
	uint64_t id = 0;

	(void)body;
	if (!answer_word_number(request, words[0], &id))
		return;
	int err = store_invite_revoke(controller->store, &by, id);
	if (err < 0) {
		server_refuse(request, err, "cannot revoke invite %llu: %s", (unsigned long long)id,
			err == ERR_NOT_FOUND	 ? "there is none: tacet invite list shows them"
			: err == ERR_WRONG_STATE ? "it was used, has expired or was revoked already"
						 : err_str(err));
		return;
	}
	world_remove_invite(&controller->world, id);
	rollout_answer(controller, request, &(struct rollout_answer){.json = json_object()});
}
