/* SPDX-License-Identifier: ISC */
#include "control/member.h"

#include "base/base64.h"
#include "base/bytes.h"
#include "base/error.h"
#include "control/hostport.h"
#include "policy/name.h"

#include <stdio.h>
#include <string.h>

_Static_assert((int)MEMBER_KEY_SIZE == (int)BASE64_KEY_SIZE, "one kind of key");

void members_fail(struct members *members, int error, const char *name)
{
	if (members->error < 0)
		return;
	members->error = error;
	/* Both cut where it does not fit: the names are ours. */
	if (members->array)
		(void)snprintf(members->where, sizeof members->where, "%s[%zu]%s%s", members->array,
			members->index, *name ? "." : "", name);
	else
		(void)snprintf(members->where, sizeof members->where, "%s", name);
}

struct members members_of(const json_t *object)
{
	struct members members = {.object = object};

	if (!json_is_object(object))
		members_fail(&members, ERR_SYNTAX, "");
	return members;
}

struct members members_of_element(const json_t *array, const char *name, size_t index)
{
	struct members members = {
		.object = json_array_get(array, index), .array = name, .index = index};

	if (!json_is_object(members.object))
		members_fail(&members, ERR_SYNTAX, "");
	return members;
}

void members_only(struct members *members, const char *const names[], size_t count)
{
	size_t known = 0;

	for (size_t i = 0; i < count; i++)
		known += json_object_get(members->object, names[i]) != NULL;
	if (json_object_size(members->object) != known)
		members_fail(members, ERR_SYNTAX, "");
}

/* A string and its size; NULL and failure where it is none. */
static const char *text_of(struct members *members, const char *name, size_t *ret_size)
{
	const json_t *value = json_object_get(members->object, name);

	if (members->error == 0 && !json_is_string(value))
		members_fail(members, ERR_SYNTAX, name);
	if (members->error < 0)
		return NULL;
	*ret_size = json_string_length(value);
	return json_string_value(value);
}

void members_text(struct members *members, const char *name, char *ret_text, size_t room)
{
	size_t size = 0;
	const char *text = text_of(members, name, &size);

	if (!text)
		return;
	if (memchr(text, '\0', size))
		members_fail(members, ERR_SYNTAX, name);
	else if (size == 0 || size >= room)
		members_fail(members, ERR_RANGE, name);
	else
		memcpy(ret_text, text, size + 1);
}

void members_name(struct members *members, const char *name, char *ret_text, size_t room)
{
	size_t size = 0;
	const char *text = text_of(members, name, &size);

	if (text && !policy_name_is_valid(text, size))
		members_fail(members, ERR_NAME, name);
	members_text(members, name, ret_text, room);
}

void members_label(struct members *members, const char *name, char *ret_text, size_t room)
{
	size_t size = 0;
	const char *text = text_of(members, name, &size);

	if (text && !policy_label_is_valid(text, size))
		members_fail(members, ERR_LABEL, name);
	members_text(members, name, ret_text, room);
}

void members_hostport(struct members *members, const char *name, char *ret_text, size_t room)
{
	size_t size = 0;
	const char *text = text_of(members, name, &size);
	uint16_t port;
	int result = text ? hostport_parse(text, size, &port) : 0;

	if (result < 0)
		members_fail(members, result, name);
	members_text(members, name, ret_text, room);
}

void members_key(struct members *members, const char *name, uint8_t ret_key[static MEMBER_KEY_SIZE])
{
	uint8_t key[MEMBER_KEY_SIZE];
	size_t size = 0;
	const char *text = text_of(members, name, &size);

	if (!text)
		return;
	if (base64_key_parse(text, size, key) < 0 || bytes_are_zero(key, sizeof key))
		members_fail(members, ERR_KEY, name);
	else
		memcpy(ret_key, key, sizeof key);
	bytes_wipe(key, sizeof key);
}

void members_number(struct members *members, const char *name, uint64_t least, uint64_t greatest,
	uint64_t *ret_number)
{
	const json_t *value = json_object_get(members->object, name);
	json_int_t number = json_integer_value(value);

	if (members->error == 0 && !json_is_integer(value))
		members_fail(members, ERR_SYNTAX, name);
	if (members->error == 0 &&
		(number < 0 || (uint64_t)number < least || (uint64_t)number > greatest))
		members_fail(members, ERR_RANGE, name);
	if (members->error == 0)
		*ret_number = (uint64_t)number;
}

static bool is_within(const struct address *address, const struct prefix *prefix)
{
	struct prefix own = {.address = *address, .length = prefix->length};

	if (address->family != prefix->address.family)
		return false;
	prefix_normalize(&own);
	return address_equal(&own.address, &prefix->address);
}

void members_address(struct members *members, const char *name, const struct prefix *within,
	struct address *ret_address)
{
	struct address address;
	size_t size = 0;
	const char *text = text_of(members, name, &size);

	if (!text)
		return;
	if (address_parse(text, size, &address) < 0)
		members_fail(members, ERR_SYNTAX, name);
	else if (!is_within(&address, within))
		members_fail(members, ERR_RANGE, name);
	else
		*ret_address = address;
}

void members_prefix(struct members *members, const char *name, enum address_family family,
	struct prefix *ret_prefix)
{
	struct prefix prefix;
	size_t size = 0;
	const char *text = text_of(members, name, &size);

	if (!text)
		return;
	int result = prefix_parse(text, size, &prefix);
	if (result == 0 && prefix.address.family != family)
		result = ERR_SYNTAX;
	if (result < 0)
		members_fail(members, result, name);
	else
		*ret_prefix = prefix;
}

void members_word(struct members *members, const char *name, const char *const words[],
	size_t count, size_t *ret_index)
{
	size_t size = 0;
	const char *text = text_of(members, name, &size);

	if (!text)
		return;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[i], text) == 0 && strlen(words[i]) == size) {
			*ret_index = i;
			return;
		}
	}
	members_fail(members, ERR_UNKNOWN_WORD, name);
}

const json_t *members_array(struct members *members, const char *name, size_t most)
{
	const json_t *array = json_object_get(members->object, name);

	if (!json_is_array(array))
		members_fail(members, ERR_SYNTAX, name);
	else if (json_array_size(array) > most)
		members_fail(members, ERR_RANGE, name);
	return members->error < 0 ? NULL : array;
}
