/* SPDX-License-Identifier: ISC */
#include "engine/userspace/ledgerfile.h"

#include "base/descriptor.h"
#include "base/error.h"
#include "base/number.h"
#include "base/random.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MAGIC_SIZE = 32,
	FLOOR_AT = MAGIC_SIZE + BOOT_ID_SIZE,
	HEAD_CHECK_AT = FLOOR_AT + 16,
	REACH_AT = 256,
	REACH_SIZE = 16,
	HEAD_SIZE = 512,
	GREATEST_AT = NOISE_KEY_SIZE,
	LEAD_AT = GREATEST_AT + 16,
	CHECK_AT = LEAD_AT + 8,
	RECORD_SIZE = CHECK_AT + 8,
	CHUNK_RECORDS = 1024,
	BOOT_TEXT_SIZE = 36,
};
_Static_assert(RECORD_SIZE == 64 && HEAD_SIZE % RECORD_SIZE == 0, "records do not cross sectors");
_Static_assert(REACH_AT + REACH_SIZE * INTERFACE_SHARDS_MAX == HEAD_SIZE, "the head is full");

static const char magic[MAGIC_SIZE] = "tacet: timestamps of peers, 1\n";

/* Tells damage, nothing else: whoever can write the file needs no collisions. */
static uint64_t checksum(const uint8_t *bytes, size_t size)
{
	static const struct siphash_key key = {0x7461636574, 1};

	return siphash(&key, bytes, size);
}

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define AUTO_CLOSE __attribute__((cleanup(close_fd)))

/* ---- which boot, which file ---- */

/* Where it cannot be told, it is a boot of its own: then a restart refuses a little more. */
void ledgerfile_init(struct ledgerfile *file, const char *directory)
{
	char text[BOOT_TEXT_SIZE] = {0};
	size_t digits = 0;

	*file = (struct ledgerfile){.directory = directory, .fd = -1};
	AUTO_CLOSE int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text);
	for (ssize_t i = 0; i < size; i++) {
		if (text[i] != '-' && digits < (size_t)size)
			text[digits++] = text[i];
	}
	if (digits < 2 * BOOT_ID_SIZE ||
		hex_parse(text, 2 * BOOT_ID_SIZE, file->boot_id, BOOT_ID_SIZE) < 0)
		entropy_fill(entropy_kernel(), file->boot_id, sizeof file->boot_id);
}

static void close_file(struct ledgerfile *file)
{
	close_fd(&file->fd);
	file->fd = -1;
}

int ledgerfile_set_key(struct ledgerfile *file, const uint8_t public_key[static NOISE_KEY_SIZE])
{
	char name[2 * NOISE_KEY_SIZE + 1];
	char *path = NULL;

	hex_format(public_key, NOISE_KEY_SIZE, name);
	if (asprintf(&path, "%s/timestamps/%s.peers", file->directory, name) < 0)
		return -ENOMEM;
	ledgerfile_done(file);
	file->path = path;
	return 0;
}

void ledgerfile_done(struct ledgerfile *file)
{
	free(file->path);
	file->path = NULL;
	close_file(file);
}

/* ---- reading ---- */

/* What the head says. */
struct head {
	bool is_sound;
	bool is_this_boot;
	uint64_t until_ns; /* nothing was accepted after this, by the clock of its boot */
	uint8_t floor[NOISE_TIMESTAMP_SIZE];
};

static void head_read(
	const struct ledgerfile *file, const uint8_t *bytes, uint64_t now_ns, struct head *head)
{
	uint64_t reach_ns = 0;

	*head = (struct head){0};
	head->is_sound = memcmp(bytes, magic, MAGIC_SIZE) == 0 &&
			 load_le64(bytes + HEAD_CHECK_AT) == checksum(bytes, HEAD_CHECK_AT);
	for (const uint8_t *at = bytes + REACH_AT; at < bytes + HEAD_SIZE; at += REACH_SIZE) {
		if (bytes_are_zero(at, REACH_SIZE))
			continue;
		if (load_le64(at + 8) != checksum(at, 8))
			head->is_sound = false;
		else if (load_le64(at) > reach_ns)
			reach_ns = load_le64(at);
	}
	if (!head->is_sound)
		return;
	memcpy(head->floor, bytes + FLOOR_AT, sizeof head->floor);
	head->is_this_boot = memcmp(bytes + MAGIC_SIZE, file->boot_id, BOOT_ID_SIZE) == 0;
	head->until_ns = head->is_this_boot && now_ns < reach_ns ? now_ns : reach_ns;
}

/* One record into the ledger. ERR_SYNTAX: it is damaged. */
static int record_read(const struct head *head, const uint8_t *bytes, struct ledger *ledger)
{
	uint8_t bound[NOISE_TIMESTAMP_SIZE];
	struct horizon horizon;

	if (bytes_are_zero(bytes, RECORD_SIZE))
		return 0; /* nobody's */
	if (load_le64(bytes + CHECK_AT) != checksum(bytes, CHECK_AT))
		return ERR_SYNTAX;
	memcpy(horizon.greatest, bytes + GREATEST_AT, sizeof horizon.greatest);
	horizon.lead_ns = (int64_t)load_le64(bytes + LEAD_AT);
	horizon_bound(&horizon, head->until_ns, bound);
	return ledger_remember(
		ledger, bytes, bound, head->is_this_boot ? horizon.lead_ns : HORIZON_NO_LEAD);
}

/* All records; more than there can be are damage. */
static int read_records(
	int fd, const struct head *head, struct ledger *ledger, enum ledgerfile_state *state)
{
	uint8_t chunk[CHUNK_RECORDS * RECORD_SIZE];
	ssize_t size;

	while ((size = descriptor_read(fd, chunk, sizeof chunk)) > 0) {
		if (size % RECORD_SIZE != 0 || ledger->entries.count > LEDGER_ENTRIES_MAX)
			*state = LEDGERFILE_DAMAGED;
		if (ledger->entries.count > LEDGER_ENTRIES_MAX)
			return 0;
		for (ssize_t at = 0; at + RECORD_SIZE <= size; at += RECORD_SIZE) {
			int err = record_read(head, chunk + at, ledger);
			if (err == ERR_SYNTAX)
				*state = LEDGERFILE_DAMAGED;
			else if (err < 0)
				return err;
		}
	}
	return (int)size;
}

int ledgerfile_load(const struct ledgerfile *file, struct ledger *ledger, struct moment now,
	enum ledgerfile_state *ret_state)
{
	uint8_t bytes[HEAD_SIZE];
	struct head head;
	AUTO_CLOSE int fd = open(file->path, O_RDONLY | O_CLOEXEC);

	*ret_state = LEDGERFILE_MISSING;
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	ssize_t size = descriptor_read(fd, bytes, sizeof bytes);
	if (size < 0)
		return (int)size;
	*ret_state = LEDGERFILE_DAMAGED;
	if (size < HEAD_SIZE)
		return 0;
	head_read(file, bytes, now.monotonic_ns, &head);
	if (!head.is_sound)
		return 0; /* without it records do not say where the lines are */
	*ret_state = LEDGERFILE_SOUND;
	int err = read_records(fd, &head, ledger, ret_state);
	if (err == 0)
		ledger_raise_floor(ledger, head.floor);
	return err;
}

/* ---- writing ---- */

static int write_at(int fd, const uint8_t *bytes, size_t size, off_t at)
{
	ssize_t written = pwrite(fd, bytes, size, at);

	if (written < 0)
		return -errno;
	return (size_t)written == size ? 0 : -ENOSPC;
}

static void reach_encode(uint64_t reach_ns, uint8_t ret_bytes[static REACH_SIZE])
{
	store_le64(ret_bytes, reach_ns);
	store_le64(ret_bytes + 8, checksum(ret_bytes, 8));
}

static void record_encode(const struct ledger_entry *entry, uint8_t ret_bytes[static RECORD_SIZE])
{
	memset(ret_bytes, 0, RECORD_SIZE);
	memcpy(ret_bytes, entry->by_key.public_key, NOISE_KEY_SIZE);
	memcpy(ret_bytes + GREATEST_AT, entry->stored.greatest, NOISE_TIMESTAMP_SIZE);
	store_le64(ret_bytes + LEAD_AT, (uint64_t)entry->stored.lead_ns);
	store_le64(ret_bytes + CHECK_AT, checksum(ret_bytes, CHECK_AT));
}

static off_t slot_at(uint32_t slot)
{
	return (off_t)HEAD_SIZE + (off_t)slot * RECORD_SIZE;
}

/* A file that is written whole. */
struct image {
	uint8_t *bytes;
	enum ledgerfile_mode mode;
};

static void image_add(void *context, struct ledger_entry *entry)
{
	const struct image *image = context;

	if (!entry->has_peer && bytes_are_zero(entry->latest, sizeof entry->latest))
		return;
	memcpy(entry->stored.greatest, entry->latest, sizeof entry->latest);
	if (image->mode == LEDGERFILE_SETTLED)
		entry->stored.lead_ns = HORIZON_NO_LEAD;
	record_encode(entry, image->bytes + slot_at(entry->slot));
}

static void head_encode(const struct ledgerfile *file, const struct ledger *ledger,
	const uint64_t *reach_ns, uint8_t *bytes)
{
	memcpy(bytes, magic, MAGIC_SIZE);
	memcpy(bytes + MAGIC_SIZE, file->boot_id, BOOT_ID_SIZE);
	memcpy(bytes + FLOOR_AT, ledger->floor, sizeof ledger->floor);
	store_le64(bytes + HEAD_CHECK_AT, checksum(bytes, HEAD_CHECK_AT));
	for (unsigned i = 0; i < INTERFACE_SHARDS_MAX; i++)
		reach_encode(reach_ns[i], bytes + REACH_AT + i * REACH_SIZE);
}

static int open_directory(const struct ledgerfile *file)
{
	char path[PATH_MAX];
	int size = snprintf(path, sizeof path, "%s/timestamps", file->directory);

	if (size < 0 || (size_t)size >= sizeof path)
		return -ENAMETOOLONG;
	if (mkdir(file->directory, 0700) < 0 && errno != EEXIST)
		return -errno;
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Writes and syncs `fresh`, and has it take the place of `name`; the descriptor or -errno. */
static int replace(
	int directory, const char *fresh, const char *name, const uint8_t *bytes, size_t size)
{
	int fd = openat(directory, fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int err = write_at(fd, bytes, size, 0);
	if (err == 0 && (fsync(fd) < 0 || renameat(directory, fresh, directory, name) < 0 ||
				fsync(directory) < 0))
		err = -errno;
	if (err < 0)
		close(fd);
	return err < 0 ? err : fd;
}

int ledgerfile_write(struct ledgerfile *file, struct ledger *ledger, enum ledgerfile_mode mode,
	const uint64_t *reach_ns)
{
	char fresh[NAME_MAX];
	const char *name = strrchr(file->path, '/') + 1;
	size_t size = (size_t)slot_at(ledger->slot_count);

	AUTO_CLOSE int directory = open_directory(file);
	if (directory < 0)
		return directory;
	struct image image = {.bytes = calloc(1, size), .mode = mode};
	if (!image.bytes)
		return -ENOMEM;
	head_encode(file, ledger, reach_ns, image.bytes);
	ledger_walk(ledger, image_add, &image);
	(void)snprintf(fresh, sizeof fresh, "%s.new", name); /* the name has a known length */
	int fd = replace(directory, fresh, name, image.bytes, size);
	free(image.bytes);
	if (fd < 0)
		return fd;
	close_file(file);
	file->fd = fd;
	return 0;
}

int ledgerfile_store(const struct ledgerfile *file, unsigned shard, const struct unstored *unstored)
{
	uint8_t bytes[RECORD_SIZE];

	if (file->fd < 0)
		return -EBADF;
	reach_encode(unstored->reach_ns, bytes);
	int err = write_at(file->fd, bytes, REACH_SIZE, REACH_AT + (off_t)shard * REACH_SIZE);
	if (err < 0)
		return err;
	for (struct ledger_entry *entry = unstored->first; entry; entry = entry->next_unstored) {
		record_encode(entry, bytes);
		err = write_at(file->fd, bytes, RECORD_SIZE, slot_at(entry->slot));
		if (err < 0)
			return err;
	}
	return fdatasync(file->fd) < 0 ? -errno : 0;
}
