/* SPDX-License-Identifier: ISC */
#include "harden/record.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char boot_path[] = "/proc/sys/kernel/random/boot_id";
static const char before_name[] = "before.json";

static const char *name_of(enum record_kind kind)
{
	return kind == RECORD_CONFIRMED ? "set.json" : "pending.json";
}

/* "<state>/harden/<name>"; -ENAMETOOLONG. */
static int path_of(const char *state, const char *name, char ret_path[static PATH_MAX])
{
	int size = snprintf(ret_path, PATH_MAX, "%s/harden/%s", state, name);
	return size < 0 || size >= PATH_MAX ? -ENAMETOOLONG : 0;
}

int record_lock(const char *state)
{
	char path[PATH_MAX];

	int result = path_of(state, "", path);
	if (result < 0)
		return result;
	if (mkdir(state, 0755) < 0 && errno != EEXIST)
		return -errno;
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	result = path_of(state, "lock", path);
	if (result < 0)
		return result;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX) == 0)
		return fd;
	result = -errno;
	(void)close(fd); /* nothing was written */
	return result;
}

/* Writes all of a text and sees it onto the disk. Consumes fd. */
static int write_out(int fd, const char *text)
{
	size_t size = strlen(text), done = 0;
	int result = 0;

	while (done < size && result == 0) {
		ssize_t count = write(fd, text + done, size - done);
		if (count < 0)
			result = -errno;
		else
			done += (size_t)count;
	}
	if (result == 0 && fsync(fd) < 0)
		result = -errno;
	if (close(fd) < 0 && result == 0)
		result = -errno;
	return result;
}

/* Sees the folder's entries onto the disk. */
static int sync_folder(const char *state)
{
	char path[PATH_MAX];

	int result = path_of(state, "", path);
	if (result < 0)
		return result;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fsync(fd) < 0)
		result = -errno;
	(void)close(fd); /* it was only read */
	return result;
}

/* Puts JSON in place of a file. Consumes root. */
static int write_json(const char *state, const char *name, json_t *root)
{
	char path[PATH_MAX], fresh[PATH_MAX];
	char *text = root ? json_dumps(root, JSON_INDENT(2) | JSON_SORT_KEYS) : NULL;

	json_decref(root);
	if (!text)
		return -ENOMEM;
	int result = path_of(state, name, path);
	if (result == 0)
		result = path_of(state, "fresh", fresh);
	if (result < 0)
		goto end;
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	result = fd < 0 ? -errno : write_out(fd, text);
	if (result == 0 && rename(fresh, path) < 0)
		result = -errno;
	if (result == 0)
		result = sync_folder(state);
end:
	free(text);
	return result;
}

/* -ENOENT; ERR_SYNTAX. Release by json_decref(). */
static int read_json(const char *state, const char *name, json_t **ret_root)
{
	char path[PATH_MAX];

	int result = path_of(state, name, path);
	if (result < 0)
		return result;
	if (access(path, R_OK) < 0)
		return -errno;
	json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
	if (!root)
		return ERR_SYNTAX;
	*ret_root = root;
	return 0;
}

static int remove_file(const char *state, const char *name)
{
	char path[PATH_MAX];

	int result = path_of(state, name, path);
	if (result < 0)
		return result;
	if (unlink(path) < 0)
		return errno == ENOENT ? 0 : -errno;
	return sync_folder(state);
}

/* ---- settings ---- */

static json_t *pack_settings(const struct settings *settings)
{
	json_t *object = json_object();

	for (size_t i = 0; i < settings->count; i++)
		if (json_object_set_new(object, settings->list[i].path,
			    json_integer(settings->list[i].value)) < 0) {
			json_decref(object);
			return NULL;
		}
	return object;
}

int record_write_before(const char *state, const struct settings *before)
{
	return write_json(state, before_name, pack_settings(before));
}

int record_read_before(const char *state, struct settings *ret_before)
{
	struct settings before = {0};
	const char *path;
	json_t *root = NULL, *value;

	int result = read_json(state, before_name, &root);
	if (result == -ENOENT) {
		*ret_before = before;
		return 0;
	}
	if (result < 0)
		return result;
	json_object_foreach(root, path, value)
	{
		json_int_t number = json_integer_value(value);
		if (!json_is_integer(value) || number < 0 || number > UINT32_MAX ||
			settings_add(&before, path, (uint32_t)number) < 0)
			result = ERR_SYNTAX;
	}
	json_decref(root);
	if (result < 0) {
		settings_done(&before);
		return result;
	}
	*ret_before = before;
	return 0;
}

int record_remove_before(const char *state)
{
	return remove_file(state, before_name);
}

/* ---- sets ---- */

static json_t *pack_keeps(const struct record *record)
{
	json_t *array = json_array();
	char text[KEEP_TEXT_SIZE];

	for (size_t i = 0; i < record->keep_count; i++)
		if (json_array_append_new(
			    array, json_string(keep_format(&record->keeps[i], text))) < 0)
			break; /* found when it is packed: the array is too short */
	return array;
}

static json_t *pack_faces(const struct rules_faces *faces)
{
	json_t *array = json_array();

	for (size_t i = 0; i < faces->count; i++)
		if (json_array_append_new(array, json_string(faces->names[i])) < 0)
			break; /* as above */
	return array;
}

static json_t *pack_neighbours(const struct neighbours *neighbours)
{
	char address[ADDRESS_TEXT_SIZE], mac[NEIGHBOUR_MAC_TEXT_SIZE];
	json_t *array = json_array();

	for (size_t i = 0; i < neighbours->count; i++) {
		const struct neighbour *one = &neighbours->list[i];
		(void)json_array_append_new(array,
			json_pack("{s:s, s:s*, s:b}", "address",
				address_format(&one->address, address), "link",
				one->has_mac ? neighbour_format_mac(one->mac, mac) : NULL, "named",
				one->is_named)); /* found when it is packed, as above */
	}
	return array;
}

static json_t *pack_session(const struct rules_session *session)
{
	char there[ADDRESS_TEXT_SIZE], here[ADDRESS_TEXT_SIZE];

	if (session->there.family == ADDRESS_NONE)
		return json_null();
	return json_pack("{s:s, s:i, s:s, s:i}", "there", address_format(&session->there, there),
		"port_there", session->port_there, "here", address_format(&session->here, here),
		"port_here", session->port_here);
}

static json_t *pack_peers(const struct rules_peers *peers)
{
	json_t *array = json_array();
	char address[ADDRESS_TEXT_SIZE], text[ADDRESS_TEXT_SIZE + 4];

	for (size_t i = 0; i < peers->count; i++) {
		(void)snprintf(text, sizeof text, "%s/%u",
			address_format(&peers->list[i].address, address),
			peers->list[i].length); /* it fits */
		if (json_array_append_new(array, json_string(text)) < 0)
			break; /* as above */
	}
	return array;
}

/* The parts that are lists; NULL: one of them has lost something. */
static json_t *pack_lists(const struct record *record)
{
	json_t *keeps = pack_keeps(record), *inside = pack_faces(&record->inside);
	json_t *outer = pack_faces(&record->outer);
	json_t *neighbours = pack_neighbours(&record->neighbours);
	json_t *peers = pack_peers(&record->peers);
	bool is_whole = json_array_size(keeps) == record->keep_count &&
			json_array_size(inside) == record->inside.count &&
			json_array_size(outer) == record->outer.count &&
			json_array_size(neighbours) == record->neighbours.count &&
			json_array_size(peers) == record->peers.count;

	/* Consumes what is packed, also on failure. */
	json_t *root = json_pack("{s:o, s:o, s:o, s:o, s:o}", "keep", keeps, "inside", inside,
		"outer", outer, "neighbours", neighbours, "peers", peers);
	if (is_whole)
		return root;
	json_decref(root);
	return NULL;
}

int record_write(const char *state, enum record_kind kind, const struct record *record,
	const char *rules, const struct settings *settings)
{
	json_t *root = pack_lists(record);
	json_t *more = json_pack("{s:i, s:s, s:s, s:o, s:I, s:I, s:I, s:s, s:s, s:o}", "version", 1,
		"level", rules_level_word(record->level), "engine",
		rules_engine_word(record->engine), "session", pack_session(&record->session),
		"applied_s", (json_int_t)record->applied_s, "applied_ns",
		(json_int_t)record->applied_ns, "deadline_ns", (json_int_t)record->deadline_ns,
		"boot", record->boot, "ruleset", rules, "settings", pack_settings(settings));

	if (!root || !more || json_object_update(root, more) < 0) {
		json_decref(root);
		root = NULL;
	}
	json_decref(more);
	return write_json(state, name_of(kind), root);
}

static int unpack_keeps(const json_t *array, struct record *record)
{
	size_t count = json_array_size(array);

	if (!json_is_array(array) || count > KEEPS_MAX)
		return ERR_SYNTAX;
	for (size_t i = 0; i < count; i++) {
		const char *text = json_string_value(json_array_get(array, i));
		if (!text || keep_parse(text, strlen(text), &record->keeps[i]) < 0)
			return ERR_SYNTAX;
	}
	record->keep_count = count;
	return 0;
}

static int unpack_faces(const json_t *array, struct rules_faces *faces)
{
	size_t count = json_array_size(array);

	if (!json_is_array(array) || count > RULES_FACES_MAX)
		return ERR_SYNTAX;
	for (size_t i = 0; i < count; i++) {
		const char *name = json_string_value(json_array_get(array, i));
		if (!name || !rules_name_is_fine(name))
			return ERR_SYNTAX;
		(void)snprintf(faces->names[i], IF_NAMESIZE, "%s", name); /* it fits */
	}
	faces->count = count;
	return 0;
}

static int unpack_neighbour(json_t *object, struct neighbour *neighbour)
{
	const char *address, *mac = NULL;
	int is_named;

	if (json_unpack(object, "{s:s, s?s, s:b}", "address", &address, "link", &mac, "named",
		    &is_named) < 0 ||
		address_parse(address, strlen(address), &neighbour->address) < 0)
		return ERR_SYNTAX;
	if (mac && neighbour_parse_mac(mac, neighbour->mac) < 0)
		return ERR_SYNTAX;
	neighbour->has_mac = mac != NULL;
	neighbour->is_named = is_named;
	return 0;
}

/* None: they were not written down yet. */
static int unpack_neighbours(const json_t *array, struct neighbours *neighbours)
{
	size_t count = json_array_size(array);

	if (!array)
		return 0;
	if (!json_is_array(array) || count > NEIGHBOURS_MAX)
		return ERR_SYNTAX;
	for (size_t i = 0; i < count; i++)
		if (unpack_neighbour(json_array_get(array, i), &neighbours->list[i]) < 0)
			return ERR_SYNTAX;
	neighbours->count = count;
	return 0;
}

static int unpack_peers(const json_t *array, struct rules_peers *peers)
{
	size_t count = json_array_size(array);

	if (!json_is_array(array) || count > RULES_PEERS_MAX)
		return ERR_SYNTAX;
	for (size_t i = 0; i < count; i++) {
		const char *text = json_string_value(json_array_get(array, i));
		if (!text || prefix_parse(text, strlen(text), &peers->list[i]) < 0)
			return ERR_SYNTAX;
	}
	peers->count = count;
	return 0;
}

/* What those before us did not write down. */
static int unpack_later(json_t *root, struct record *record)
{
	json_t *outer = NULL, *neighbours = NULL, *peers = NULL;
	const char *engine = NULL;

	if (json_unpack(root, "{s?o, s?o, s?o, s?s}", "outer", &outer, "neighbours", &neighbours,
		    "peers", &peers, "engine", &engine) < 0)
		return ERR_SYNTAX;
	int result = engine ? rules_engine_parse(engine, &record->engine) : 0;
	if (result == 0 && outer)
		result = unpack_faces(outer, &record->outer);
	if (result == 0 && peers)
		result = unpack_peers(peers, &record->peers);
	return result < 0 ? ERR_SYNTAX : unpack_neighbours(neighbours, &record->neighbours);
}

static int unpack_session(json_t *object, struct rules_session *session)
{
	const char *there, *here;
	int port_there, port_here;

	if (json_is_null(object))
		return 0;
	if (json_unpack(object, "{s:s, s:i, s:s, s:i}", "there", &there, "port_there", &port_there,
		    "here", &here, "port_here", &port_here) < 0)
		return ERR_SYNTAX;
	if (address_parse(there, strlen(there), &session->there) < 0 ||
		address_parse(here, strlen(here), &session->here) < 0 || port_there < 0 ||
		port_there > UINT16_MAX || port_here < 0 || port_here > UINT16_MAX)
		return ERR_SYNTAX;
	session->port_there = (uint16_t)port_there;
	session->port_here = (uint16_t)port_here;
	return 0;
}

static int unpack(json_t *root, struct record *record)
{
	json_t *keeps, *inside, *session;
	json_int_t applied_s, applied_ns, deadline_ns;
	const char *boot, *level;
	int version;

	if (json_unpack(root, "{s:i, s:s, s:o, s:o, s:o, s:I, s:I, s:I, s:s}", "version", &version,
		    "level", &level, "keep", &keeps, "inside", &inside, "session", &session,
		    "applied_s", &applied_s, "applied_ns", &applied_ns, "deadline_ns", &deadline_ns,
		    "boot", &boot) < 0)
		return ERR_SYNTAX;
	if (version != 1 || rules_level_parse(level, &record->level) < 0)
		return ERR_VERSION;
	if (strlen(boot) >= sizeof record->boot || applied_s < 0 || applied_ns < 0 ||
		deadline_ns < 0)
		return ERR_SYNTAX;
	(void)snprintf(record->boot, sizeof record->boot, "%s", boot); /* it fits */
	record->applied_s = (uint64_t)applied_s;
	record->applied_ns = (uint64_t)applied_ns;
	record->deadline_ns = (uint64_t)deadline_ns;
	int result = unpack_keeps(keeps, record);
	if (result == 0)
		result = unpack_faces(inside, &record->inside);
	if (result == 0)
		result = unpack_later(root, record);
	if (result == 0)
		result = unpack_session(session, &record->session);
	return result;
}

int record_read(const char *state, enum record_kind kind, struct record *ret_record)
{
	struct record record = {.level = RULES_STANDARD};
	json_t *root = NULL;

	int result = read_json(state, name_of(kind), &root);
	if (result < 0)
		return result;
	result = unpack(root, &record);
	json_decref(root);
	if (result == 0)
		*ret_record = record;
	return result;
}

bool record_is_there(const char *state, enum record_kind kind)
{
	char path[PATH_MAX];

	return path_of(state, name_of(kind), path) == 0 && access(path, F_OK) == 0;
}

int record_remove(const char *state, enum record_kind kind)
{
	return remove_file(state, name_of(kind));
}

int record_boot(char ret_boot[static RECORD_BOOT_SIZE])
{
	int fd = open(boot_path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	ssize_t size = read(fd, ret_boot, RECORD_BOOT_SIZE - 1);
	int result = size < 0 ? -errno : 0;
	(void)close(fd); /* it was only read */
	if (result < 0)
		return result;
	ret_boot[size] = '\0';
	ret_boot[strcspn(ret_boot, "\n")] = '\0';
	return 0;
}
