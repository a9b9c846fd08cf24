/* SPDX-License-Identifier: ISC */
/*
 * `tacet`: one table of commands, one file a command. A command prints what people read to stdout,
 * or JSON with --json; errors go to stderr as "tacet: what failed, on what, why, what to do".
 */
#pragma once

#include "priv/config.h"

#include <stdbool.h>

/* Exit codes, as tacet(1) lists them. */
enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1,	     /* it was tried, and failed or was refused */
	CLI_USAGE = 2,	     /* the command line is wrong; nothing was done */
	CLI_NOT_RUNNING = 3, /* tacetd does not answer, or this is not a host of ours yet */
	CLI_NOT_ALLOWED = 4, /* not root */
	CLI_REFUSED = 5,     /* by the policy, a check or a verification: the answer is no */
	CLI_SILENT = 6,	     /* the gateway does not answer */
};

struct cli_entry;

/* What is common to all commands. */
struct cli {
	struct config config; /* as read; the default where there is no file yet */
	bool has_config;      /* there is a file */
	bool wants_json;      /* --json */
	const char *config_path;
	const struct cli_entry *entry; /* the command's line of the table */
};

/* argv[0] is the command's last word; argv[argc] is NULL. */
typedef enum cli_exit cli_command(const struct cli *cli, int argc, char **argv);

/* One line of the table. */
struct cli_entry {
	const char *words;     /* "user add" */
	const char *arguments; /* "NAME [--group GROUP]..." */
	const char *summary;   /* one line for --help */
	const char *options;   /* lines for its own --help; NULL: there is nothing more to say */
	cli_command *run;
};

cli_command cli_init, cli_harden, cli_join, cli_up, cli_down, cli_status;
cli_command cli_user_add, cli_user_remove, cli_user_list;
cli_command cli_group_add, cli_group_remove, cli_group_list, cli_group_join, cli_group_leave;
cli_command cli_gateway_list, cli_gateway_remove;
cli_command cli_service_add, cli_service_remove, cli_service_list;
cli_command cli_policy_apply, cli_policy_check, cli_policy_show;
cli_command cli_invite, cli_invite_list, cli_invite_revoke;
cli_command cli_device_list, cli_device_approve, cli_device_quarantine, cli_device_release,
	cli_device_add;
cli_command cli_revoke, cli_prove, cli_knock, cli_radar;
cli_command cli_audit_show, cli_audit_verify, cli_backup, cli_restore;
