/* SPDX-License-Identifier: ISC */
#include "priv/config_parse.h"

#include "base/error.h"
#include "base/number.h"
#include "net/tun.h"
#include "policy/near.h"
#include "policy/text.h"
#include "policy/tree.h"

#include <string.h>

struct reader {
	const struct tree *tree;
	struct policy_faults *faults;
	struct config *config;
};

struct key;

/* Takes the value of a key; whether it is one. */
typedef bool take(const struct key *key, const char *text, size_t size, void *ret_value);

/* A key of the file. A new one is a new row of the table. */
struct key {
	const char *word;
	const char *expected; /* for people */
	bool is_required;
	take *take;
	size_t at;		  /* where in struct config */
	size_t size;		  /* of the value there */
	uint32_t least, greatest; /* of a number */
};

static const char *const role_words[] = {
	[CONFIG_SERVER] = "server",
	[CONFIG_CLIENT] = "client",
	[CONFIG_GATEWAY] = "gateway",
};

static const char *const cookie_words[] = {
	[CONFIG_COOKIES_NEVER] = "never",
	[CONFIG_COOKIES_FAMILIAR] = "familiar",
	[CONFIG_COOKIES_ALWAYS] = "always",
};

/* A level that says nothing is not for a daemon. */
static const char *const level_words[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

static const char *const door_words[] = {
	[CONFIG_DOOR_AUTO] = "auto",
	[CONFIG_DOOR_OFF] = "off",
};

static const char *const reception_words[] = {
	[CONFIG_RECEPTION_NORMAL] = "normal",
	[CONFIG_RECEPTION_HIDDEN] = "hidden",
};

const char *config_door_word(enum config_door door)
{
	return door_words[door];
}

const char *config_reception_word(enum config_reception reception)
{
	return reception_words[reception];
}

const char *config_role_word(enum config_role role)
{
	return role_words[role];
}

const char *config_cookies_word(enum config_cookies cookies)
{
	return cookie_words[cookies];
}

const char *config_level_word(enum log_level level)
{
	return level_words[level] ? level_words[level] : "";
}

/* ---- values ---- */

/* Whether a word is among some, of which some may be missing. */
static bool find_word(const char *const *words, size_t count, const char *text, unsigned *ret_index)
{
	for (unsigned i = 0; i < count; i++) {
		if (words[i] && strcmp(words[i], text) == 0) {
			*ret_index = i;
			return true;
		}
	}
	return false;
}

static bool take_role(const struct key *key, const char *text, size_t size, void *ret_value)
{
	unsigned index;

	(void)key;
	if (strlen(text) != size || !find_word(role_words, ARRAY_LENGTH(role_words), text, &index))
		return false;
	*(enum config_role *)ret_value = (enum config_role)index;
	return true;
}

static bool take_cookies(const struct key *key, const char *text, size_t size, void *ret_value)
{
	unsigned index;

	(void)key;
	if (strlen(text) != size ||
		!find_word(cookie_words, ARRAY_LENGTH(cookie_words), text, &index))
		return false;
	*(enum config_cookies *)ret_value = (enum config_cookies)index;
	return true;
}

static bool take_level(const struct key *key, const char *text, size_t size, void *ret_value)
{
	unsigned index;

	(void)key;
	if (strlen(text) != size ||
		!find_word(level_words, ARRAY_LENGTH(level_words), text, &index))
		return false;
	*(enum log_level *)ret_value = (enum log_level)index;
	return true;
}

static bool take_door(const struct key *key, const char *text, size_t size, void *ret_value)
{
	unsigned index;

	(void)key;
	if (strlen(text) != size || !find_word(door_words, ARRAY_LENGTH(door_words), text, &index))
		return false;
	*(enum config_door *)ret_value = (enum config_door)index;
	return true;
}

static bool take_reception(const struct key *key, const char *text, size_t size, void *ret_value)
{
	unsigned index;

	(void)key;
	if (strlen(text) != size ||
		!find_word(reception_words, ARRAY_LENGTH(reception_words), text, &index))
		return false;
	*(enum config_reception *)ret_value = (enum config_reception)index;
	return true;
}

static bool take_radar(const struct key *key, const char *text, size_t size, void *ret_value)
{
	static const char *const words[] = {"off", "on"};
	unsigned index;

	(void)key;
	if (strlen(text) != size || !find_word(words, ARRAY_LENGTH(words), text, &index))
		return false;
	*(enum config_radar *)ret_value = index ? CONFIG_RADAR_ON : CONFIG_RADAR_OFF;
	return true;
}

/* Copies a text that has room. */
static bool take_text(const struct key *key, const char *text, size_t size, void *ret_value)
{
	if (size >= key->size)
		return false;
	memset(ret_value, 0, key->size);
	memcpy(ret_value, text, size);
	return true;
}

static bool take_interface(const struct key *key, const char *text, size_t size, void *ret_value)
{
	return strlen(text) == size && tun_name_check(text) == 0 &&
	       take_text(key, text, size, ret_value);
}

/* What useradd(8) takes. */
static bool take_user(const struct key *key, const char *text, size_t size, void *ret_value)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";

	if (size == 0 || strspn(text, allowed) != size)
		return false;
	return !strchr("0123456789-", text[0]) && take_text(key, text, size, ret_value);
}

/* An absolute path that can be written in one line; what is there is seen when it is used. */
static bool take_path(const struct key *key, const char *text, size_t size, void *ret_value)
{
	if (size == 0 || text[0] != '/')
		return false;
	for (size_t i = 0; i < size; i++) {
		if (text[i] < ' ' || text[i] > '~')
			return false;
	}
	return take_text(key, text, size, ret_value);
}

static bool take_path_or_none(const struct key *key, const char *text, size_t size, void *ret_value)
{
	return size == 0 ? take_text(key, text, size, ret_value)
			 : take_path(key, text, size, ret_value);
}

static bool take_number(const struct key *key, const char *text, size_t size, void *ret_value)
{
	uint64_t number;

	if (number_parse(text, size, key->greatest, &number) < 0 || number < key->least)
		return false;
	if (key->size == sizeof(uint16_t))
		*(uint16_t *)ret_value = (uint16_t)number;
	else
		*(uint32_t *)ret_value = (uint32_t)number;
	return true;
}

/* ---- keys ---- */

#define FIELD(field)                                                                               \
	.at = offsetof(struct config, field), .size = sizeof(((struct config *)0)->field)
#define PATH_EXPECTED "an absolute path of at most 255 visible characters"
#define USER_EXPECTED "a user's name: 1 to 31 of a-z 0-9 _ -, beginning with a letter or _"
#define KEYS_EXPECTED                                                                              \
	"role, interface, state, run, hosts, listen, control-port, enrol-port, workers, mark, "    \
	"cookies, door, reception, engine-user, control-user, radar-user, radar or log"

static const struct key keys[] = {
	{"role", "server, client or gateway", true, take_role, FIELD(role)},
	{"interface", "an interface's name: 1 to 15 of a-z A-Z 0-9 _ = + . -", false,
		take_interface, FIELD(interface)},
	{"state", PATH_EXPECTED, false, take_path, FIELD(state)},
	{"run", PATH_EXPECTED, false, take_path, FIELD(run)},
	{"hosts", PATH_EXPECTED ", or \"\" for none", false, take_path_or_none, FIELD(hosts)},
	{"listen", "a port from 0 to 65535, 0 for any", false, take_number, FIELD(listen), 0,
		UINT16_MAX},
	{"control-port", "a port from 1 to 65535", false, take_number, FIELD(control_port), 1,
		UINT16_MAX},
	{"enrol-port", "a port from 1 to 65535", false, take_number, FIELD(enrol_port), 1,
		UINT16_MAX},
	{"workers", "a number from 1 to 16", false, take_number, FIELD(workers), 1, TUN_QUEUES_MAX},
	{"mark", "a number from 0 to 4294967295", false, take_number, FIELD(mark), 0, UINT32_MAX},
	{"cookies", "never, familiar or always", false, take_cookies, FIELD(cookies)},
	{"door", "auto or off", false, take_door, FIELD(door)},
	{"reception", "normal or hidden", false, take_reception, FIELD(reception)},
	{"engine-user", USER_EXPECTED, false, take_user, FIELD(engine_user)},
	{"control-user", USER_EXPECTED, false, take_user, FIELD(control_user)},
	{"radar-user", USER_EXPECTED, false, take_user, FIELD(radar_user)},
	{"radar", "on or off", false, take_radar, FIELD(radar)},
	{"log", "error, warning, info or debug", false, take_level, FIELD(log)},
};
_Static_assert(TUN_QUEUES_MAX == 16, "as in what is expected of workers");
_Static_assert(CONFIG_PATH_SIZE == 256 && CONFIG_WORD_SIZE == 32, "as in what is expected");
_Static_assert(sizeof(((struct config *)0)->interface) == TUN_NAME_SIZE, "the kernel's names");

/* What a node is, for people. */
static struct policy_shown show(const struct reader *reader, const struct tree_node *node)
{
	static const struct policy_shown list = {"a list"}, map = {"a mapping"},
					 nothing = {"nothing"};

	if (node->kind == TREE_LIST)
		return list;
	if (node->kind == TREE_MAP)
		return map;
	if (node->size == 0 && node->is_plain)
		return nothing;
	return policy_show(reader->tree->text + node->text, node->size);
}

/* Whether the node is of a kind; a fault where it is not. */
static bool expect(const struct reader *reader, const struct tree_node *node, enum tree_kind kind,
	const char *expected)
{
	if (node->kind == kind)
		return true;
	if (node->kind != TREE_REFUSED) /* complained about */
		policy_faults_add(reader->faults, POLICY_FAULT_TYPE, node->at,
			"found %s, expected %s", show(reader, node).text, expected);
	return false;
}

static const struct key *find_key(const char *text, size_t size)
{
	for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
		if (strlen(keys[i].word) == size && memcmp(keys[i].word, text, size) == 0)
			return &keys[i];
	}
	return NULL;
}

static void unknown_key(const struct reader *reader, const struct tree_node *node)
{
	struct near near = near_begin(reader->tree->text + node->text, node->size);

	for (size_t i = 0; i < ARRAY_LENGTH(keys); i++)
		near_offer(&near, keys[i].word);
	policy_faults_add(reader->faults, POLICY_FAULT_UNKNOWN_KEY, node->at,
		"found %s, expected %s%s%s%s", show(reader, node).text, KEYS_EXPECTED,
		near.found ? "; did you mean " : "", near.found ? near.found : "",
		near.found ? "?" : "");
}

/* Reads one key; the words of its value are no directives of anybody's: class TYPE. */
static void read_value(
	const struct reader *reader, const struct key *key, const struct tree_node *value)
{
	if (!expect(reader, value, TREE_TEXT, key->expected))
		return;
	/* Nothing at all is not the empty text, which has to be written "". */
	bool is_missing = value->is_plain && value->size == 0;
	if (!is_missing && key->take(key, reader->tree->text + value->text, value->size,
				   (char *)reader->config + key->at))
		return;
	policy_faults_add(reader->faults, POLICY_FAULT_TYPE, value->at, "found %s, expected %s",
		show(reader, value).text, key->expected);
}

/* Reads one key that was not `seen` yet. */
static void read_key(const struct reader *reader, const struct tree_node *node,
	const struct tree_node *value, uint32_t *seen)
{
	if (!expect(reader, node, TREE_TEXT, KEYS_EXPECTED))
		return;
	const struct key *key = find_key(reader->tree->text + node->text, node->size);
	if (!key) {
		unknown_key(reader, node);
		return;
	}
	uint32_t bit = UINT32_C(1) << (key - keys);
	if (*seen & bit)
		policy_faults_add(reader->faults, POLICY_FAULT_DUPLICATE, node->at,
			"found %s twice, expected it once", key->word);
	else
		read_value(reader, key, value);
	*seen |= bit;
}
_Static_assert(ARRAY_LENGTH(keys) <= 32, "a bit for each key");

/* What has to be there, and what does not go together. */
static void check_whole(const struct reader *reader, struct policy_place at, uint32_t seen)
{
	for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
		if (keys[i].is_required && !(seen >> i & 1))
			policy_faults_add(reader->faults, POLICY_FAULT_MISSING_KEY, at,
				"found no %s, expected it with %s", keys[i].word, keys[i].expected);
	}
	if (reader->config->control_port == reader->config->enrol_port)
		policy_faults_add(reader->faults, POLICY_FAULT_CONFLICT, at,
			"found %u for both control-port and enrol-port, expected two ports",
			reader->config->control_port);
}

static void read_tree(const struct reader *reader)
{
	static const struct policy_place beginning = {1, 1};
	const struct tree *tree = reader->tree;
	const struct tree_node *root = tree_node(tree, tree->root), *value;
	bool is_empty = !root || (root->kind == TREE_TEXT && root->is_plain && root->size == 0);
	uint32_t seen = 0;

	if (!is_empty && !expect(reader, root, TREE_MAP, KEYS_EXPECTED))
		return;
	const struct tree_node *key = is_empty ? NULL : tree_node(tree, root->first);
	for (; key; key = tree_node(tree, value->next)) {
		value = tree_node(tree, key->next);
		read_key(reader, key, value, &seen);
	}
	check_whole(reader, is_empty ? beginning : root->at, seen);
}

int config_parse(
	const void *bytes, size_t size, struct policy_faults *faults, struct config *ret_config)
{
	const uint8_t *at = size ? bytes : (const uint8_t *)"";
	const size_t skip = text_skip(at, size);
	struct config config;
	struct tree tree;

	if (size > CONFIG_FILE_MAX) {
		policy_faults_add(faults, POLICY_FAULT_TOO_LARGE, (struct policy_place){1, 1},
			"found more than %d bytes, expected at most those", CONFIG_FILE_MAX);
		return ERR_SYNTAX;
	}
	text_check(at + skip, size - skip, faults);
	if (policy_faults_exist(faults))
		return ERR_SYNTAX;
	int result = tree_parse(at + skip, size - skip, faults, &tree);
	config_default(&config);
	if (result == 0)
		read_tree(&(struct reader){.tree = &tree, .faults = faults, .config = &config});
	tree_done(&tree);
	policy_faults_sort(faults);
	if (result < 0)
		return result;
	if (policy_faults_exist(faults))
		return ERR_SYNTAX;
	*ret_config = config;
	return 0;
}
