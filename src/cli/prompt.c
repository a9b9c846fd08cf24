/* SPDX-License-Identifier: ISC */
#include "cli/prompt.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool prompt_line(const char *question, char *ret_line, size_t size)
{
	if (!isatty(STDIN_FILENO))
		return false;
	(void)fprintf(stderr, "%s ", question);
	(void)fflush(stderr);
	if (!fgets(ret_line, (int)size, stdin))
		return false;
	char *end = strchr(ret_line, '\n');
	if (!end)
		return false;
	*end = '\0';
	return true;
}

enum prompt_answer prompt_confirm(const char *question)
{
	char line[8] = "";

	if (!isatty(STDIN_FILENO))
		return PROMPT_NOBODY;
	(void)fprintf(stderr, "%s [y/N]", question);
	if (!prompt_line("", line, sizeof line))
		return PROMPT_NO;
	return strcmp(line, "y") == 0 || strcmp(line, "yes") == 0 ? PROMPT_YES : PROMPT_NO;
}
