/* SPDX-License-Identifier: ISC */
#include "store_lab.h"

#include "base/bytes.h"
#include "store/sqlite/checksum.h"

#include <errno.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void lab_must(bool held, const char *what)
{
	if (held)
		return;
	(void)fprintf(stderr, "cannot %s: %s\n", what, strerror(errno));
	abort();
}

void lab_begin(struct lab *lab)
{
	const char *parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	*lab = (struct lab){0};
	(void)snprintf(lab->directory, sizeof lab->directory, "%s/tacet-store.XXXXXX", parent);
	lab_must(mkdtemp(lab->directory) != NULL, "make a directory");
	lab_path(lab, "store.db", lab->path);
}

void lab_setup(struct lab *lab)
{
	const struct store_actor by = lab_root(0);
	struct store_network network = {
		.name = "tacet", .endpoint = "gw.example.net:51820", .server_key = "server.key"};
	struct store_gateway gateway;
	uint8_t key[STORE_KEY_SIZE];

	lab_must(store_open(lab->path, STORE_CREATE, LAB_NOW_NS, &lab->store) == 0, "open a store");
	store_network_draw(entropy_kernel(), &network);
	lab_must(store_network_init(lab->store, &by, &network) == 0, "set up a network");
	lab_key('g', 0, key);
	lab_must(store_gateway_add(lab->store, &by, "gw", key, "gw.example.net:51820", &gateway) ==
			 0,
		"add a gateway");
}

void lab_open(struct lab *lab)
{
	lab_begin(lab);
	lab_setup(lab);
}

struct store *lab_reopen(const struct lab *lab, enum store_mode mode)
{
	struct store *store;

	lab_must(store_open(lab->path, mode, LAB_NOW_NS, &store) == 0, "open the store again");
	return store;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	return remove(path);
}

void lab_end(struct lab *lab)
{
	store_close(lab->store);
	lab_must(nftw(lab->directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS) == 0,
		"remove the directory");
}

void lab_path(const struct lab *lab, const char *name, char ret_path[static LAB_PATH_SIZE])
{
	int size = snprintf(ret_path, LAB_PATH_SIZE, "%s/%s", lab->directory, name);

	lab_must(size < LAB_PATH_SIZE, "name a file");
}

struct store_actor lab_root(uint64_t seconds)
{
	return (struct store_actor){"root", STORE_WAY_LOCAL, LAB_NOW_NS + seconds * LAB_SECOND};
}

void lab_key(char kind, uint64_t number, uint8_t ret_key[static STORE_KEY_SIZE])
{
	memset(ret_key, 0x5a, STORE_KEY_SIZE);
	ret_key[0] = (uint8_t)kind;
	store_be64(ret_key + 8, number);
}

int lab_invite(struct store *store, const char *user, uint64_t number, uint64_t lifetime_s,
	struct store_invite *ret_invite)
{
	const struct store_actor by = lab_root(0);
	uint8_t key[STORE_KEY_SIZE], preshared_key[STORE_KEY_SIZE];
	const struct store_invite_request request = {
		.kind = STORE_INVITE_DEVICE,
		.subject = user,
		.public_key = key,
		.preshared_key = preshared_key,
		.expires_ns = by.now_ns + lifetime_s * LAB_SECOND,
	};

	lab_key('i', number, key);
	lab_key('p', number, preshared_key);
	return store_invite_create(store, &by, &request, ret_invite);
}

int lab_redeem(struct store *store, uint64_t invite, uint64_t device, const char *name,
	struct store_device *ret_device)
{
	const struct store_actor by = {"join", STORE_WAY_TUNNEL, LAB_NOW_NS + LAB_SECOND};
	uint8_t one_time_key[STORE_KEY_SIZE], key[STORE_KEY_SIZE];
	const struct store_enrolment enrolment = {.name = name, .public_key = key};

	lab_key('i', invite, one_time_key);
	lab_key('d', device, key);
	return store_invite_redeem(store, &by, one_time_key, &enrolment, ret_device);
}

struct store_audit_verdict lab_verify(struct store *store)
{
	struct store_audit_verdict verdict;

	lab_must(store_audit_verify(store, NULL, &verdict) == 0, "verify");
	return verdict;
}

bool lab_is_sound(struct store *store)
{
	return lab_verify(store).fault == STORE_AUDIT_SOUND;
}

uint64_t lab_entries(struct store *store)
{
	struct store_audit_head head;

	lab_must(store_audit_head(store, &head) == 0, "read the head");
	return head.sequence;
}

static sqlite3 *open_raw(const struct lab *lab)
{
	sqlite3 *handle;

	lab_must(sqlite3_open_v2(lab->path, &handle, SQLITE_OPEN_READWRITE, CHECKSUM_VFS) ==
			 SQLITE_OK,
		"open the file");
	(void)sqlite3_busy_timeout(handle, 1000);
	return handle;
}

int lab_try_sql(const struct lab *lab, const char *sql)
{
	sqlite3 *handle = open_raw(lab);
	int result = sqlite3_exec(handle, sql, NULL, NULL, NULL);

	(void)sqlite3_close(handle);
	return result;
}

void lab_sql(const struct lab *lab, const char *sql)
{
	int result = lab_try_sql(lab, sql);

	if (result != SQLITE_OK)
		(void)fprintf(stderr, "%s: %s\n", sql, sqlite3_errstr(result));
	lab_must(result == SQLITE_OK, "run SQL");
}

int64_t lab_ask(const struct lab *lab, const char *sql)
{
	sqlite3 *handle = open_raw(lab);
	sqlite3_stmt *statement;

	lab_must(sqlite3_prepare_v2(handle, sql, -1, &statement, NULL) == SQLITE_OK &&
			 sqlite3_step(statement) == SQLITE_ROW,
		sql);
	int64_t number = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(handle);
	return number;
}
