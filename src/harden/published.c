/* SPDX-License-Identifier: ISC */
#include "harden/published.h"

#include "base/memory.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What leads elsewhere: nft's own statement, and iptables' target where nft cannot translate it. */
static const char *const words[] = {" dnat ", "\tdnat ", " redirect", "DNAT"};

/* Tables that are ours: services of the overlay, for its devices only. */
static const char *const own_tables[] = {"inet tacet ", "arp tacet "};

/* Whether a piece of text has a word in it. */
static bool has(const char *text, size_t size, const char *word)
{
	return memmem(text, size, word, strlen(word)) != NULL;
}

static bool is_own(const char *table)
{
	for (size_t i = 0; i < ARRAY_LENGTH(own_tables); i++)
		if (strncmp(table, own_tables[i], strlen(own_tables[i])) == 0)
			return true;
	return false;
}

static bool leads_elsewhere(const char *line, size_t size)
{
	for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
		if (has(line, size, words[i]))
			return true;
	return false;
}

static void add(struct published *found, const char *table, const char *line, size_t size)
{
	char *text;

	while (size > 0 && (*line == '\t' || *line == ' ')) {
		line++;
		size--;
	}
	int length = (int)strcspn(table, "{\n");
	if (asprintf(&text, "%.*s: %.*s", length > 0 ? length - 1 : 0, table, (int)size, line) < 0)
		abort(); /* as memory_new() does */
	found->rules = memory_grow(found->rules, found->count + 1, sizeof *found->rules);
	found->rules[found->count++] = text;
}

struct published published_find(const char *listing)
{
	static const char start[] = "table ";
	struct published found = {0};
	const char *table = "";

	for (const char *line = listing; *line;) {
		size_t size = strcspn(line, "\n");
		if (strncmp(line, start, sizeof start - 1) == 0)
			table = line + sizeof start - 1;
		else if (!is_own(table) && leads_elsewhere(line, size))
			add(&found, table, line, size);
		line += size + (line[size] == '\n');
	}
	return found;
}

int published_read(struct nftables *nftables, struct published *ret_published)
{
	char *listing;

	int result = nftables_list_all(nftables, &listing);
	if (result < 0)
		return result;
	*ret_published = published_find(listing);
	free(listing);
	return 0;
}

void published_done(struct published *published)
{
	for (size_t i = 0; i < published->count; i++)
		free(published->rules[i]);
	free(published->rules);
	*published = (struct published){0};
}
