/* SPDX-License-Identifier: ISC */
#include "prover/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	WORDS_MAX = 40,
	WORD_SIZE = 64,
};

/*
 * What is run: words apart by spaces; {} stand for: T target, P port, C control port, I interface,
 * S our address, M our link address, H that of the next hop.
 */
struct recipe {
	const char *program;
	uint8_t family;
	unsigned seconds; /* it is ended after that; Masscan does not end by itself everywhere */
	const char *line;
};

#define NMAP "nmap -n -Pn --send-ip --disable-arp-ping --max-retries 1 --host-timeout 30s -oG - "
static const struct recipe recipes[] = {
	{"nmap", ADDRESS_IPV4, 40, NMAP "-sS -p {P},{C} {T}"},
	{"nmap", ADDRESS_IPV4, 40, NMAP "-sA -p {P},{C} {T}"},
	{"nmap", ADDRESS_IPV4, 40, NMAP "-sU -p {P},{C} {T}"},
	{"nmap", ADDRESS_IPV4, 40, NMAP "-sO -p 1,6,17,47,50,132 {T}"},
	{"nmap", ADDRESS_IPV6, 40, NMAP "-6 -sS -p {P},{C} {T}"},
	{"nmap", ADDRESS_IPV6, 40, NMAP "-6 -sU -p {P},{C} {T}"},
	{"masscan", ADDRESS_IPV4, 8,
		"masscan {T} -p 22,80,443,{P},{C},U:53,U:161,U:{P},U:{C} --rate 100 --wait 2 -oL - "
		"--adapter {I} --adapter-ip {S} --adapter-mac {M} --router-mac {H}"},
	{"zmap", ADDRESS_IPV4, 15,
		"zmap -q -v 0 -p {P} -r 100 -c 2 -B 1M -b /dev/null -i {I} -S {S} -G {H} -o - {T}"},
	{"zmap", ADDRESS_IPV4, 15,
		"zmap -q -v 0 -M icmp_echoscan -r 100 -c 2 -b /dev/null -i {I} -S {S} -G {H} -o - "
		"{T}"},
	{"unicornscan", ADDRESS_IPV4, 15,
		"unicornscan -mT -i {I} -r 100 -R 2 -L 3 {T}:22,80,443,{P},{C}"},
	{"unicornscan", ADDRESS_IPV4, 15,
		"unicornscan -mU -i {I} -r 100 -R 2 -L 3 {T}:53,161,{P},{C}"},
};

/* The index-th recipe of the families that are there; NULL: there are fewer. */
static const struct recipe *recipe_at(const struct proof *proof, size_t index)
{
	for (size_t i = 0; i < ARRAY_LENGTH(recipes); i++) {
		if (!scene_path(&proof->scene, recipes[i].family)->is_there)
			continue;
		if (index-- == 0)
			return &recipes[i];
	}
	return NULL;
}

size_t scan_count(const struct proof *proof)
{
	size_t count = 0;

	while (recipe_at(proof, count))
		count++;
	return count;
}

static void format_mac(const uint8_t mac[static SCENE_MAC_SIZE], char ret_text[static WORD_SIZE])
{
	(void)snprintf(ret_text, WORD_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		mac[3], mac[4], mac[5]);
}

/* Writes what a letter stands for. */
static void value_of(const struct proof *proof, uint8_t family, char letter,
	char ret_text[static ADDRESS_TEXT_SIZE])
{
	const struct scene_path *path = scene_path(&proof->scene, family);

	switch (letter) {
	case 'T':
		(void)address_format(&path->target, ret_text);
		return;
	case 'S':
		(void)address_format(&path->source, ret_text);
		return;
	case 'I':
		(void)snprintf(ret_text, WORD_SIZE, "%s", path->interface);
		return;
	case 'M':
		format_mac(path->own, ret_text);
		return;
	case 'H':
		format_mac(path->hop, ret_text);
		return;
	default:
		(void)snprintf(ret_text, WORD_SIZE, "%d",
			letter == 'P' ? proof->scene.port : proof->scene.control_port);
	}
}

static void write_command(const struct proof *proof, const struct recipe *recipe,
	char ret_command[static PROOF_COMMAND_SIZE])
{
	size_t size = 0;

	for (const char *at = recipe->line; *at && size + WORD_SIZE < PROOF_COMMAND_SIZE; at++) {
		if (*at != '{') {
			ret_command[size++] = *at;
			continue;
		}
		char value[ADDRESS_TEXT_SIZE];
		value_of(proof, recipe->family, at[1], value);
		memcpy(ret_command + size, value, strlen(value));
		size += strlen(value);
		at += 2;
	}
	ret_command[size] = '\0';
}

/* Cuts the command into words, in place; the last is NULL. */
static void cut(char *command, char *ret_words[static WORDS_MAX])
{
	size_t count = 0;
	char *rest = command, *word;

	while (count + 1 < WORDS_MAX && (word = strsep(&rest, " ")))
		ret_words[count++] = word;
	ret_words[count] = NULL;
}

static int spawn(char *const words[], int output, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	int err = posix_spawn_file_actions_init(&actions);

	if (err != 0)
		return -err;
	err = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (err == 0)
		err = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (err == 0)
		err = posix_spawn_file_actions_addopen(
			&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (err == 0)
		err = posix_spawnp(ret_pid, words[0], &actions, NULL, words, environ);
	(void)posix_spawn_file_actions_destroy(&actions); /* never fails on Linux */
	return -err;
}

int scan_start(
	const struct proof *proof, size_t index, struct proof_scan *row, struct scan *ret_scan)
{
	const struct recipe *recipe = recipe_at(proof, index);
	char command[PROOF_COMMAND_SIZE], *words[WORDS_MAX];
	int ends[2];

	if (!recipe)
		return -ERANGE;
	*row = (struct proof_scan){.program = recipe->program};
	write_command(proof, recipe, row->command);
	memcpy(command, row->command, sizeof command);
	cut(command, words);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	*ret_scan =
		(struct scan){.row = row, .pid = -1, .output = ends[0], .seconds = recipe->seconds};
	int err = spawn(words, ends[1], &ret_scan->pid);
	(void)close(ends[1]); /* nothing was written here */
	if (err == 0 && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0) {
		row->was_there = true;
		return 1;
	}
	(void)close(ends[0]);
	return err == -ENOENT || err == 0 ? 0 : err;
}

bool scan_go_on(struct scan *scan)
{
	char rest[512];
	size_t room = sizeof scan->text - 1 - scan->size;
	ssize_t size = room > 0 ? read(scan->output, scan->text + scan->size, room)
				: read(scan->output, rest, sizeof rest);

	if (size > 0 && room > 0)
		scan->size += (size_t)size;
	if (size != 0)
		return true;
	scan->row->ended = true;
	return false;
}

void scan_find_word(const char *text, uint16_t port, char ret_word[static PROOF_WORD_SIZE])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz|-";
	char wanted[16];

	ret_word[0] = '\0';
	const char *at = strstr(text, "Ports: ");
	if (!at)
		return;
	(void)snprintf(wanted, sizeof wanted, " %u/", port);
	at = strstr(at, wanted);
	if (!at)
		return;
	at += strlen(wanted);
	size_t size = strspn(at, letters);
	if (size >= PROOF_WORD_SIZE)
		return;
	memcpy(ret_word, at, size);
	ret_word[size] = '\0';
}

void scan_end(struct scan *scan, const struct proof *proof)
{
	if (!scan->row->ended)
		(void)kill(scan->pid, SIGTERM); /* our child: it is there until we wait for it */
	(void)close(scan->output);
	while (waitpid(scan->pid, NULL, 0) < 0 && errno == EINTR)
		;
	scan->text[scan->size] = '\0';
	scan_find_word(scan->text, proof->scene.port, scan->row->word);
	scan_find_word(scan->text, proof->scene.control_port, scan->row->control_word);
}
