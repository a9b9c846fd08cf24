/* SPDX-License-Identifier: ISC */
/* A disk that lies: a clear error, or what was written; never a crash, never anything else. */
#include "base/error.h"
#include "dice.h"
#include "model.h"
#include "tap.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	ACTS = 400,
	ACTS_IN_LOG = 60, /* so few that all of them are in the log */
	ROUNDS = 400,
	FLIPS_MOST = 6,
};

/* A file in memory. */
struct image {
	uint8_t *bytes;
	size_t size;
};

static struct image load(const char *path)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	lab_must(fd >= 0 && fstat(fd, &status) == 0, "open a file");
	struct image image = {malloc((size_t)status.st_size + 1), (size_t)status.st_size};
	lab_must(image.bytes != NULL, "allocate");
	lab_must(read(fd, image.bytes, image.size) == (ssize_t)image.size, "read a file");
	lab_must(close(fd) == 0, "close");
	return image;
}

static void save(const char *path, const struct image *image)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	lab_must(fd >= 0, "make a file");
	lab_must(write(fd, image->bytes, image->size) == (ssize_t)image->size, "write a file");
	lab_must(close(fd) == 0, "close");
}

/* Damages a copy in one of several ways. */
static struct image damage(const struct image *sound, struct dice *dice)
{
	struct image image = {malloc(sound->size + 1), sound->size};
	size_t at = dice_roll(dice, sound->size);

	lab_must(image.bytes != NULL, "allocate");
	memcpy(image.bytes, sound->bytes, sound->size);
	switch (dice_roll(dice, 8)) {
	case 0: /* cut off */
		image.size = at;
		break;
	case 1: /* a sector of zeros */
		memset(image.bytes + at / 512 * 512, 0, sound->size - at < 512 ? 1 : 512);
		break;
	case 2: /* another page in its place */
		memcpy(image.bytes + at / 4096 * 4096,
			sound->bytes + dice_roll(dice, sound->size / 4096) * 4096, 4096);
		break;
	default:
		for (uint64_t n = 1 + dice_roll(dice, FLIPS_MOST); n > 0; n--)
			image.bytes[dice_roll(dice, sound->size)] ^=
				(uint8_t)(1 + dice_roll(dice, 255));
	}
	return image;
}

/* How the rounds went. */
struct tally {
	int refused; /* with an error that says what is wrong */
	int late;    /* not when it was opened, but when it was read */
	int sound;   /* opened, and all is as it was */
	int earlier; /* opened, and all is as it once was */
	int wrong;
};

static bool is_clear(int err)
{
	return err == ERR_CORRUPT || err == ERR_NOT_OURS;
}

/* What opening what is there leads to; `text` is what was written. */
static void judge(const char *path, const char *text, struct tally *tally)
{
	const struct store_actor by = lab_root(9);
	struct store *store;
	int err = store_open(path, STORE_EXISTING, LAB_NOW_NS, &store);

	if (err < 0) {
		tally->refused += is_clear(err);
		tally->wrong += !is_clear(err);
		if (!is_clear(err))
			printf("# %s\n", err_str(err));
		return;
	}
	char *is = model_text_of_store(store);
	if (!is)
		tally->late++;
	else if (!model_explains(store))
		tally->wrong++;
	else if (strcmp(is, text) == 0)
		tally->sound++;
	else
		tally->earlier++;
	free(is);
	err = store_setting_set(store, &by, "x", "y");
	if (err < 0 && !is_clear(err)) {
		printf("# an act: %s\n", err_str(err));
		tally->wrong++;
	}
	store_close(store);
}

static void say(const struct tally *tally)
{
	printf("# %d refused, %d as it was, %d as it once was\n", tally->refused, tally->sound,
		tally->earlier);
}

/* Damage to the database, which was closed in order. */
static void test_file(const struct lab *lab, const char *text)
{
	struct image sound = load(lab->path);
	struct tally tally = {0};
	struct dice dice = {7};
	char path[LAB_PATH_SIZE];

	lab_path(lab, "damaged.db", path);
	for (int i = 0; i < ROUNDS; i++) {
		struct image image = damage(&sound, &dice);

		save(path, &image);
		judge(path, text, &tally);
		free(image.bytes);
	}
	free(sound.bytes);
	say(&tally);
	tap_is_int(tally.wrong + tally.earlier + tally.late, 0,
		"a clear error when it is opened, or what was written");
	tap_ok(tally.refused > ROUNDS * 3 / 4, "mostly the former");
}

/* Each page where the one before belongs. */
static void test_misplaced(const struct lab *lab, const char *text)
{
	struct image sound = load(lab->path);
	struct tally tally = {0};
	uint8_t page[4096];
	char path[LAB_PATH_SIZE];

	lab_path(lab, "misplaced.db", path);
	for (size_t at = sizeof page; at < sound.size; at += sizeof page) {
		memcpy(page, sound.bytes + at, sizeof page);
		memcpy(sound.bytes + at, sound.bytes + at - sizeof page, sizeof page);
		save(path, &sound);
		judge(path, text, &tally);
		memcpy(sound.bytes + at, page, sizeof page);
	}
	free(sound.bytes);
	say(&tally);
	tap_is_int(tally.wrong + tally.earlier + tally.late, 0, "a page at another's place");
	tap_ok(tally.refused > 4 * tally.sound, "is refused, unless it is of no use");
}

/* Damage to the log of a store that was not closed: what SQLite cannot read it forgets. */
static void test_log(const struct lab *lab, const char *text)
{
	struct tally tally = {0};
	struct dice dice = {8};
	char path[LAB_PATH_SIZE], log_path[LAB_PATH_SIZE], log_of_sound[LAB_PATH_SIZE];

	(void)snprintf(log_of_sound, sizeof log_of_sound, "%s/store.db-wal", lab->directory);
	lab_path(lab, "killed.db", path);
	lab_path(lab, "killed.db-wal", log_path);
	struct image sound = load(lab->path), log = load(log_of_sound);
	for (int i = 0; i < ROUNDS / 4; i++) {
		struct image image = damage(&log, &dice);

		save(path, &sound);
		save(log_path, &image);
		judge(path, text, &tally);
		free(image.bytes);
	}
	free(sound.bytes);
	free(log.bytes);
	say(&tally);
	tap_is_int(tally.wrong + tally.late, 0,
		"a clear error, what was written, or a part from its beginning");
}

/* A store with a past; what there is, as text. */
static char *make(struct lab *lab, int acts)
{
	struct dice dice = {3};

	lab_open(lab);
	for (int i = 0; i < acts; i++)
		(void)dice_act(&dice, lab->store, NULL, LAB_NOW_NS + (uint64_t)i * LAB_SECOND);
	return model_text_of_store(lab->store);
}

int main(void)
{
	struct lab lab;
	char *text = make(&lab, ACTS_IN_LOG);

	test_log(&lab, text);
	free(text);
	lab_end(&lab);

	text = make(&lab, ACTS);
	store_close(lab.store);
	lab.store = NULL;
	test_file(&lab, text);
	test_misplaced(&lab, text);
	free(text);
	lab_end(&lab);
	return tap_done();
}
