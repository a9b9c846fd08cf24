/* SPDX-License-Identifier: ISC */
#include "controller/answer.h"

#include "base/base64.h"
#include "base/error.h"
#include "base/number.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GREATEST_NUMBER (UINT64_C(1) << 53) /* that every reader of JSON can hold */

static const char *const kinds[] = {
	[ANSWER_TEXT] = "a text",
	[ANSWER_NUMBER] = "a whole number",
	[ANSWER_FLAG] = "true or false",
	[ANSWER_TEXTS] = "a list of texts",
	[ANSWER_KEY] = "a key of 44 characters in base64",
};

static bool are_texts(const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (!json_is_string(json_array_get(list, i)))
			return false;
	}
	return json_is_array(list);
}

static bool read_text(const json_t *json, const char **ret_text)
{
	const char *text = json_string_value(json);

	if (!text || strlen(text) != json_string_length(json))
		return false; /* a zero would cut it */
	*ret_text = text;
	return true;
}

static bool read_number(const json_t *json, uint64_t *ret_number)
{
	json_int_t value = json_integer_value(json);

	if (!json_is_integer(json) || value < 0 || (uint64_t)value > GREATEST_NUMBER)
		return false;
	*ret_number = (uint64_t)value;
	return true;
}

static bool read_flag(const json_t *json, bool *ret_flag)
{
	*ret_flag = json_is_true(json);
	return json_is_boolean(json);
}

static bool read_texts(const json_t *json, const json_t **ret_list)
{
	*ret_list = json;
	return are_texts(json);
}

static bool read_key(const json_t *json, uint8_t ret_key[static STORE_KEY_SIZE])
{
	const char *text = json_string_value(json);

	return text && base64_key_parse(text, json_string_length(json), ret_key) == 0;
}

static bool read_member(const json_t *json, const struct answer_member *member)
{
	switch (member->kind) {
	case ANSWER_TEXT:
		return read_text(json, member->ret_value);
	case ANSWER_NUMBER:
		return read_number(json, member->ret_value);
	case ANSWER_FLAG:
		return read_flag(json, member->ret_value);
	case ANSWER_TEXTS:
		return read_texts(json, member->ret_value);
	case ANSWER_KEY:
		return read_key(json, member->ret_value);
	}
	return false;
}

/* The first member that the table does not have; NULL: none. */
static const char *find_unknown(
	const json_t *body, const struct answer_member *members, size_t count)
{
	const union {
		const json_t *borrowed;
		json_t *walked; /* jansson walks none that is const, though it changes nothing */
	} object = {body};
	const char *key;
	json_t *value;

	json_object_foreach(object.walked, key, value)
	{
		size_t at = 0;

		while (at < count && strcmp(members[at].name, key) != 0)
			at++;
		if (at == count)
			return key;
	}
	return NULL;
}

static bool read_known(
	struct server_request *request, const json_t *body, const struct answer_member *member)
{
	const json_t *json = json_object_get(body, member->name);

	if (!json && member->is_optional)
		return true;
	if (json && read_member(json, member))
		return true;
	server_refuse(request, ERR_SYNTAX, "%s in the request: expected %s%s", member->name,
		kinds[member->kind], json ? "" : ", found nothing");
	return false;
}

bool answer_read(struct server_request *request, const json_t *body,
	const struct answer_member *members, size_t count)
{
	const char *unknown = find_unknown(body, members, count);

	if (unknown) {
		server_refuse(request, ERR_SYNTAX, "%s in the request: it is not known here",
			ANSWER_SHOWN(unknown));
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (!read_known(request, body, &members[i]))
			return false;
	}
	return true;
}

bool answer_query_number(
	struct server_request *request, const char *name, uint64_t greatest, uint64_t *ret_number)
{
	const char *text = server_query(request, name);
	int err = text ? number_parse(text, strlen(text), greatest, ret_number) : 0;

	if (err < 0)
		server_refuse(request, err, "?%s= in the request: expected a number up to %llu",
			name, (unsigned long long)greatest);
	return err == 0;
}

bool answer_word_number(struct server_request *request, const char *word, uint64_t *ret_number)
{
	int err = number_parse(word, strlen(word), GREATEST_NUMBER, ret_number);

	if (err < 0)
		server_refuse(
			request, err, "%s in the path: expected a number", ANSWER_SHOWN(word));
	return err == 0;
}

bool answer_query_flag(const struct server_request *request, const char *name)
{
	const char *text = server_query(request, name);

	return text && strcmp(text, "1") == 0;
}

struct store_actor answer_actor(
	const struct server_request *request, char ret_name[static ANSWER_ACTOR_SIZE])
{
	uid_t uid = server_peer(request)->uid;

	/* who that is is not known in here: there is no file of users in the sandbox */
	if (uid == 0)
		(void)snprintf(ret_name, ANSWER_ACTOR_SIZE, "root");
	else
		(void)snprintf(ret_name, ANSWER_ACTOR_SIZE, "uid %u", (unsigned)uid);
	return (struct store_actor){ret_name, STORE_WAY_LOCAL, clock_now().realtime_ns};
}

void answer_refuse(struct server_request *request, int err, const char *doing, ...)
{
	char text[MESSAGE_TEXT_SIZE];
	va_list values;

	va_start(values, doing);
	(void)vsnprintf(text, sizeof text, doing, values); /* may be cut */
	va_end(values);
	if (err == ERR_CORRUPT || err == ERR_DATABASE || err == ERR_DISK_FULL)
		log_err(err, "cannot %s", text);
	server_refuse(request, err, "cannot %s: %s", text, err_str(err));
}

/* jansson gives NULL for what is not UTF-8, or where there is no memory: neither is to be. */
static json_t *must_have(json_t *json)
{
	if (!json)
		abort();
	return json;
}

json_t *answer_key(const uint8_t key[static STORE_KEY_SIZE])
{
	char text[BASE64_KEY_TEXT_SIZE];

	return must_have(json_string(base64_key_format(key, text)));
}

json_t *answer_address(const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];

	return must_have(json_string(address_format(address, text)));
}

json_t *answer_prefix(const struct prefix *prefix)
{
	char text[ADDRESS_TEXT_SIZE];

	return must_have(json_sprintf(
		"%s/%u", address_format(&prefix->address, text), (unsigned)prefix->length));
}

json_t *answer_seconds(uint64_t ns)
{
	return must_have(json_integer((json_int_t)(ns / NS_PER_S)));
}

json_t *answer_endpoint(const struct endpoint *endpoint)
{
	char text[ENDPOINT_TEXT_SIZE];

	if (endpoint->remote.family == ADDRESS_NONE)
		return json_null();
	return must_have(json_string(endpoint_format(endpoint, text)));
}

void answer_append(json_t *list, json_t *what)
{
	if (json_array_append_new(list, must_have(what)) < 0)
		abort();
}
