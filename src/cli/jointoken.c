/* SPDX-License-Identifier: ISC */
#include "cli/jointoken.h"

#include "base/bytes.h"
#include "base/descriptor.h"
#include "base/error.h"
#include "base/log.h"
#include "cli/options.h"
#include "cli/prompt.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char missing[] =
	"which token? It is what tacet invite printed on the gateway: give it as an argument, or "
	"\"-\" and the token at stdin";

const char *jointoken_fault(int err)
{
	static const struct {
		int err;
		const char *text;
	} faults[] = {
		{ERR_UNKNOWN_WORD, "this is no token: one begins with \"tacet1-\""},
		{ERR_TRUNCATED, "this token is cut short: copy all of it"},
		{ERR_CHECKSUM, "this token is damaged, a character was changed or lost: copy it "
			       "again"},
		{ERR_VERSION, "this token is of a newer version of Tacet: update this host's"},
		{ERR_SYNTAX, "this token cannot be read, although it came undamaged: ask for a new "
			     "one"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(faults); i++) {
		if (faults[i].err == err)
			return faults[i].text;
	}
	return err_str(err);
}

/* The text, one byte longer than what may be one where it is too long. */
static enum cli_exit read_text(const struct cli *cli, const char *operand,
	char ret_text[static TOKEN_INPUT_MAX + 1], size_t *ret_size)
{
	if (!operand && prompt_line("Token of the invite:", ret_text, TOKEN_INPUT_MAX + 1)) {
		*ret_size = strlen(ret_text);
		return CLI_OK;
	}
	if (operand && strcmp(operand, "-") != 0) {
		*ret_size = strnlen(operand, TOKEN_INPUT_MAX + 1);
		memcpy(ret_text, operand, *ret_size);
		return CLI_OK;
	}
	ssize_t size = descriptor_read(STDIN_FILENO, ret_text, TOKEN_INPUT_MAX + 1);
	if (size < 0) {
		log_err((int)size, "cannot read the token at stdin");
		return CLI_FAILED;
	}
	if (size == 0)
		return options_refuse(cli, "%s", missing);
	*ret_size = (size_t)size;
	return CLI_OK;
}

static enum cli_exit parse(const char *text, size_t size, struct token *ret_token)
{
	struct token token;
	int err = size > TOKEN_INPUT_MAX ? ERR_UNKNOWN_WORD : token_parse(text, size, &token);

	if (err < 0) {
		log_err(0, "%s", jointoken_fault(err));
		return CLI_USAGE;
	}
	*ret_token = token;
	bytes_wipe(&token, sizeof token);
	return CLI_OK;
}

enum cli_exit jointoken_read(const struct cli *cli, const char *operand, struct token *ret_token)
{
	char text[TOKEN_INPUT_MAX + 1];
	size_t size = 0;
	enum cli_exit result = read_text(cli, operand, text, &size);

	if (result == CLI_OK)
		result = parse(text, size, ret_token);
	bytes_wipe(text, sizeof text);
	return result;
}
