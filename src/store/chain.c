/* SPDX-License-Identifier: ISC */
#include "store/chain.h"

#include "base/bytes.h"
#include "base/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	LABEL_SIZE = 16,
	NUMBERS_SIZE = 16, /* sequence and time */
	LENGTH_SIZE = 4,   /* before each text */
};

/* What is hashed here and nowhere else; padded by zeros. */
static const char label[LABEL_SIZE] = "tacet-audit-v1";

/* Writes length and text; returns what is behind them. */
static uint8_t *put_text(uint8_t *at, struct bytes text)
{
	store_be32(at, (uint32_t)text.size);
	memcpy(at + LENGTH_SIZE, text.at, text.size);
	return at + LENGTH_SIZE + text.size;
}

static struct bytes bytes_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

int chain_hash(const struct store_audit_entry *entry, uint8_t ret_hash[static BLAKE2S_HASH_SIZE])
{
	const struct bytes texts[] = {
		bytes_of(entry->actor),
		bytes_of(entry->way),
		bytes_of(entry->act),
		bytes_of(entry->object),
		bytes_of(entry->details),
	};
	size_t size = LABEL_SIZE + NUMBERS_SIZE;

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		if (texts[i].size > UINT32_MAX)
			return ERR_RANGE;
		size += LENGTH_SIZE + texts[i].size;
	}
	uint8_t *encoded = malloc(size);
	if (!encoded)
		return -ENOMEM;
	memcpy(encoded, label, LABEL_SIZE);
	store_be64(encoded + LABEL_SIZE, entry->sequence);
	store_be64(encoded + LABEL_SIZE + 8, entry->at_ns);
	uint8_t *at = encoded + LABEL_SIZE + NUMBERS_SIZE;
	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
		at = put_text(at, texts[i]);
	blake2s_hash((struct bytes){encoded, size},
		(struct bytes){entry->previous, BLAKE2S_HASH_SIZE}, ret_hash);
	free(encoded);
	return 0;
}
