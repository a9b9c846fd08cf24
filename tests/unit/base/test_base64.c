/* SPDX-License-Identifier: ISC */
#include "base/base64.h"

#include "base/error.h"
#include "tap.h"

/* Keys as bytes, counted up by a step from a first one, and as `wg` and base64(1) write them. */
static const struct {
	const char *name;
	uint8_t first, step;
	const char *text;
} keys[] = {
	{"zeros", 0, 0, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
	{"ones", 255, 0, "//////////////////////////////////////////8="},
	{"counted up", 0, 1, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="},
	{"by sevens", 3, 7, "AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dw="},
	{"by thirteens, down", 251, 243, "++7h1Me6raCThnlsX1JFOCseEQT36t3Qw7apnI+CdWg="},
};

static void test_keys(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
		uint8_t key[BASE64_KEY_SIZE], read[BASE64_KEY_SIZE] = {0};
		char text[BASE64_KEY_TEXT_SIZE];

		for (size_t j = 0; j < sizeof key; j++)
			key[j] = (uint8_t)(keys[i].first + j * keys[i].step);
		if (!tap_ok(strcmp(base64_key_format(key, text), keys[i].text) == 0, keys[i].name))
			printf("# %s\n", text);
		tap_is_int(base64_key_parse(text, strlen(text), read), 0, keys[i].name);
		tap_is_bytes(read, key, sizeof key, keys[i].name);
	}
}

/* One character of a good text changed at a place, or another length. */
static const struct {
	const char *name;
	size_t at;
	char character;
	size_t size;
} faults[] = {
	{"a character too few", 0, 'A', 43},
	{"nothing", 0, 'A', 0},
	{"a character too many", 0, 'A', 45},
	{"no padding", 43, 'A', 44},
	{"padding too early", 42, '=', 44},
	{"a bit behind the key", 42, 'B', 44},
	{"both bits behind the key", 42, 'D', 44},
	{"a minus, as in URLs", 7, '-', 44},
	{"an underscore, as in URLs", 7, '_', 44},
	{"a space", 0, ' ', 44},
	{"a line end", 20, '\n', 44},
	{"a zero", 20, '\0', 44},
	{"not ASCII", 20, '\xc3', 44},
	{"the character before A", 1, '@', 44},
	{"the character behind Z", 1, '[', 44},
	{"the character before a", 1, '`', 44},
	{"the character behind z", 1, '{', 44},
	{"the character behind 9", 1, ':', 44},
	{"the character between + and /", 1, '.', 44},
};

static void test_faults(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(faults); i++) {
		char text[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
		uint8_t read[BASE64_KEY_SIZE] = {0x47};

		text[faults[i].at] = faults[i].size == 44 ? faults[i].character : text[0];
		tap_is_int(base64_key_parse(text, faults[i].size, read), ERR_KEY, faults[i].name);
		tap_is_int(read[0], 0x47, "and the key is untouched");
	}
}

int main(void)
{
	test_keys();
	test_faults();
	return tap_done();
}
