/* SPDX-License-Identifier: ISC */
#include "cli/auditfile.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/number.h"
#include "cli/database.h"
#include "cli/file.h"

static json_t *answer_of(
	const struct store_audit_verdict *verdict, const struct store_audit_head *head)
{
	char hash[2 * sizeof head->hash + 1];

	hex_format(head->hash, sizeof head->hash, hash);
	return json_pack("{s:s, s:I, s:s}", "fault", store_audit_fault_str(verdict->fault),
		"sequence", (json_int_t)verdict->sequence, "hash", hash);
}

static int verify(const char *path, const struct store_audit_head *witness, json_t **ret_answer)
{
	struct store_audit_verdict verdict;
	struct store_audit_head head;
	struct store *store = NULL;

	int err = store_open(path, STORE_READ_ONLY, clock_now().realtime_ns, &store);
	if (err < 0)
		return err;
	err = store_audit_verify(store, witness, &verdict);
	if (err == 0)
		err = store_audit_head(store, &head);
	if (err == 0)
		*ret_answer = answer_of(&verdict, &head);
	store_close(store);
	return err;
}

enum cli_exit auditfile_verify(
	const struct cli *cli, const struct store_audit_head *witness, json_t **ret_answer)
{
	char path[CONFIG_PATH_SIZE];
	enum cli_exit result = database_act_as_owner(cli);

	if (result != CLI_OK)
		return result;
	int err = verify(database_path(cli, path), witness, ret_answer);
	file_act_as_root();
	if (err == 0)
		return CLI_OK;
	log_err(err, "%s: cannot verify the audit log", path);
	return CLI_FAILED;
}
