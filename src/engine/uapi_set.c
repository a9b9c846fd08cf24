/* SPDX-License-Identifier: ISC */
#include "engine/uapi.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	FIRST_PEERS = 4,    /* room that is made for the first peer */
	FIRST_PREFIXES = 2, /* room that is made for a peer's first prefix */
	SHOWN_MAX = 48,	    /* bytes of a value that a complaint shows */
	SHOWN_SIZE = 4 * SHOWN_MAX + 4,
};

/* Where in a request a key may stand. */
enum place {
	OF_DEVICE, /* before the first peer */
	OF_PEER,   /* after a public key */
	ANYWHERE,
};

/* A key of the protocol. `take` reads its value. -errno or ERR_*. */
struct key {
	const char *name;
	enum place place;
	bool is_secret; /* its value is never shown */
	int (*take)(struct uapi_set *set, const char *value, size_t size);
};

void uapi_set_init(struct uapi_set *set)
{
	*set = (struct uapi_set){0};
}

void uapi_set_done(struct uapi_set *set)
{
	engine_change_done(&set->change);
	bytes_wipe(set, sizeof *set);
}

/* The peer whose lines are being read. */
static struct engine_peer_change *last_peer(struct uapi_set *set)
{
	return &set->change.peers[set->change.peer_count - 1];
}

/* Makes room for one more peer. What moves is wiped where it was. -ENOSPC. */
static int reserve_peer(struct uapi_set *set)
{
	struct engine_change *change = &set->change;

	if (change->peer_count == UAPI_PEERS_MAX)
		return -ENOSPC;
	if (change->peer_count < set->peer_capacity)
		return 0;
	size_t capacity = set->peer_capacity ? 2 * set->peer_capacity : FIRST_PEERS;
	struct engine_peer_change *peers = memory_new(capacity, sizeof *peers);
	if (change->peers) {
		memcpy(peers, change->peers, change->peer_count * sizeof *peers);
		bytes_wipe(change->peers, change->peer_count * sizeof *peers);
	}
	free(change->peers);
	change->peers = peers;
	set->peer_capacity = capacity;
	return 0;
}

/* Makes room for one more prefix of the peer, the last one. -ENOSPC. */
static int reserve_prefix(struct uapi_set *set, struct engine_peer_change *peer)
{
	if (set->prefix_total == UAPI_PREFIXES_MAX)
		return -ENOSPC;
	if (peer->prefix_count < set->prefix_capacity)
		return 0;
	set->prefix_capacity = set->prefix_capacity ? 2 * set->prefix_capacity : FIRST_PREFIXES;
	peer->prefixes = memory_grow(peer->prefixes, set->prefix_capacity, sizeof *peer->prefixes);
	return 0;
}

static int take_key(const char *value, size_t size, uint8_t ret_key[static NOISE_KEY_SIZE])
{
	return hex_parse(value, size, ret_key, NOISE_KEY_SIZE) < 0 ? ERR_KEY : 0;
}

/* A switch has only one position: it is not given, or true. */
static int take_true(const char *value, size_t size, bool *ret_switch)
{
	if (size != 4 || memcmp(value, "true", 4) != 0)
		return ERR_SYNTAX;
	*ret_switch = true;
	return 0;
}

static int take_private_key(struct uapi_set *set, const char *value, size_t size)
{
	set->change.sets_private_key = true;
	return take_key(value, size, set->change.private_key);
}

static int take_listen_port(struct uapi_set *set, const char *value, size_t size)
{
	uint64_t port;

	int result = number_parse(value, size, UINT16_MAX, &port);
	if (result < 0)
		return result;
	set->change.sets_listen_port = true;
	set->change.listen_port = (uint16_t)port;
	return 0;
}

static int take_fwmark(struct uapi_set *set, const char *value, size_t size)
{
	uint64_t mark;

	int result = number_parse(value, size, UINT32_MAX, &mark);
	if (result < 0)
		return result;
	set->change.sets_mark = true;
	set->change.mark = (uint32_t)mark;
	return 0;
}

static int take_replace_peers(struct uapi_set *set, const char *value, size_t size)
{
	return take_true(value, size, &set->change.replaces_peers);
}

/* Opens a peer; the same may be opened several times, each is a change of its own. */
static int take_public_key(struct uapi_set *set, const char *value, size_t size)
{
	struct engine_peer_change peer = {0};

	int result = take_key(value, size, peer.public_key);
	if (result == 0)
		result = reserve_peer(set);
	if (result < 0)
		return result;
	set->change.peers[set->change.peer_count++] = peer;
	set->prefix_capacity = 0;
	return 0;
}

static int take_remove(struct uapi_set *set, const char *value, size_t size)
{
	return take_true(value, size, &last_peer(set)->is_removed);
}

static int take_update_only(struct uapi_set *set, const char *value, size_t size)
{
	return take_true(value, size, &last_peer(set)->is_update_only);
}

static int take_preshared_key(struct uapi_set *set, const char *value, size_t size)
{
	last_peer(set)->sets_preshared_key = true;
	return take_key(value, size, last_peer(set)->preshared_key);
}

static int take_endpoint(struct uapi_set *set, const char *value, size_t size)
{
	last_peer(set)->sets_endpoint = true;
	return endpoint_parse(value, size, &last_peer(set)->endpoint);
}

static int take_keepalive(struct uapi_set *set, const char *value, size_t size)
{
	struct engine_peer_change *peer = last_peer(set);
	uint64_t seconds;

	int result = number_parse(value, size, UINT16_MAX, &seconds);
	if (result < 0)
		return result;
	peer->sets_persistent_keepalive = true;
	peer->persistent_keepalive_s = (uint16_t)seconds;
	return 0;
}

/* Prefixes are replaced by those that follow; what came before in this request is void. */
static int take_replace_allowed_ips(struct uapi_set *set, const char *value, size_t size)
{
	struct engine_peer_change *peer = last_peer(set);

	int result = take_true(value, size, &peer->replaces_allowedips);
	if (result < 0)
		return result;
	set->prefix_total -= peer->prefix_count;
	peer->prefix_count = 0;
	return 0;
}

/* "address/length", or with a minus before it to take it away. */
static int take_allowed_ip(struct uapi_set *set, const char *value, size_t size)
{
	struct engine_prefix_change change = {.is_removed = size > 0 && value[0] == '-'};
	struct engine_peer_change *peer = last_peer(set);

	if (size == 0 || !memchr(value, '/', size))
		return ERR_SYNTAX;
	int result =
		prefix_parse(value + change.is_removed, size - change.is_removed, &change.prefix);
	if (result == 0)
		result = reserve_prefix(set, peer);
	if (result < 0)
		return result;
	peer->prefixes[peer->prefix_count++] = change;
	set->prefix_total++;
	return 0;
}

static int take_protocol_version(struct uapi_set *set, const char *value, size_t size)
{
	(void)set; /* there is one version only: nothing to keep */
	return size == 1 && value[0] == '1' ? 0 : ERR_RANGE;
}

/* Those that come most often first. */
static const struct key keys[] = {
	{"allowed_ip", OF_PEER, false, take_allowed_ip},
	{"public_key", ANYWHERE, true, take_public_key},
	{"preshared_key", OF_PEER, true, take_preshared_key},
	{"endpoint", OF_PEER, false, take_endpoint},
	{"persistent_keepalive_interval", OF_PEER, false, take_keepalive},
	{"replace_allowed_ips", OF_PEER, false, take_replace_allowed_ips},
	{"remove", OF_PEER, false, take_remove},
	{"update_only", OF_PEER, false, take_update_only},
	{"protocol_version", OF_PEER, false, take_protocol_version},
	{"private_key", OF_DEVICE, true, take_private_key},
	{"listen_port", OF_DEVICE, false, take_listen_port},
	{"fwmark", OF_DEVICE, false, take_fwmark},
	{"replace_peers", OF_DEVICE, false, take_replace_peers},
};

/* NULL: there is no such key. */
static const struct key *key_find(const char *name, size_t size)
{
	for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
		if (strlen(keys[i].name) == size && memcmp(keys[i].name, name, size) == 0)
			return &keys[i];
	}
	return NULL;
}

/* Writes outside bytes so that they cannot be taken for anything else; cut where they are long. */
static const char *show(const char *bytes, size_t size, char ret_text[static SHOWN_SIZE])
{
	char *to = ret_text;

	for (size_t i = 0; i < size && i < SHOWN_MAX; i++) {
		unsigned char byte = (unsigned char)bytes[i];
		if (byte >= ' ' && byte <= '~' && byte != '\\')
			*to++ = (char)byte;
		else
			to += snprintf(to, 5, "\\x%02x", byte);
	}
	memcpy(to, size > SHOWN_MAX ? "..." : "", size > SHOWN_MAX ? 4 : 1);
	return ret_text;
}

/* Puts what is wrong with the line into words. `code` is ours or -errno; 0: only the words. */
static void complain(struct uapi_set *set, int code, const char *what, const char *shown)
{
	(void)snprintf(set->complaint, sizeof set->complaint, "line %zu: %s%s%s%s%s",
		set->line_number, what, *shown ? ": " : "", shown, code ? ": " : "",
		code ? err_str(code) : ""); /* cut is fine */
}

/* Whether unknown words may be shown: a key in the wrong place has digits, capitals or signs. */
static bool is_no_secret(const char *word, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (word[i] != '_' && (word[i] < 'a' || word[i] > 'z'))
			return false;
	}
	return true;
}

/* Says that a key is not one, or not here. */
static int refuse_key(struct uapi_set *set, const struct key *key, const char *name, size_t size)
{
	char shown[SHOWN_SIZE];

	if (key)
		complain(set, 0, key->name,
			key->place == OF_PEER ? "it comes before any public_key"
					      : "it comes after a public_key");
	else
		complain(set, 0, "not a key of this protocol",
			is_no_secret(name, size) ? show(name, size, shown) : "");
	return -EINVAL;
}

/* Puts what is wrong with a value into words; the errno for it. */
static int refuse_value(
	struct uapi_set *set, int code, const struct key *key, const char *value, size_t size)
{
	char shown[SHOWN_SIZE];

	complain(set, code, key->name, key->is_secret ? "" : show(value, size, shown));
	return code == -ENOSPC ? code : -EINVAL;
}

int uapi_set_line(struct uapi_set *set, const char *line, size_t size)
{
	const char *equals = size ? memchr(line, '=', size) : NULL;

	set->line_number++;
	if (size > UAPI_LINE_MAX) {
		complain(set, -EMSGSIZE, "a line", "");
		return -EMSGSIZE;
	}
	if (!equals) {
		complain(set, 0, "not written as key=value", "");
		return -EPROTO;
	}
	size_t key_size = (size_t)(equals - line);
	const char *value = equals + 1;
	size_t value_size = size - key_size - 1;
	const struct key *key = key_find(line, key_size);
	enum place here = set->change.peer_count ? OF_PEER : OF_DEVICE;
	if (!key || (key->place != ANYWHERE && key->place != here))
		return refuse_key(set, key, line, key_size);
	int result = key->take(set, value, value_size);
	return result < 0 ? refuse_value(set, result, key, value, value_size) : 0;
}
