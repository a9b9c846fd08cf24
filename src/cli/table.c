/* SPDX-License-Identifier: ISC */
#include "cli/table.h"

const struct cli_entry table_commands[] = {
	{
		.words = "init",
		.arguments = "[--endpoint HOST:PORT] [--name NETWORK]",
		.summary = "set up a network with this host as its server",
		.options =
			"  --endpoint HOST:PORT   how devices call this host over UDP; asked for\n"
			"  --name NETWORK         what services end with (default: tacet)\n"
			"  --overlay-ipv4 PREFIX  addresses in the tunnel (default: "
			"100.80.0.0/16)\n"
			"  --interface NAME       of the tunnel (default: tacet0)\n"
			"  --no-start             do not start tacetd\n",
		.run = cli_init,
	},
	{
		.words = "harden",
		.arguments = "[--level LEVEL] [--keep PROTOCOL/PORT [from PREFIX]]... [--yes]",
		.summary = "make this host silent to strangers; taken back unless confirmed",
		.options =
			"  --level standard|sealed\n"
			"               what this host may say: connections of its own, or the "
			"tunnel "
			"alone\n"
			"               (default: the one that is confirmed, or standard)\n"
			"  --keep PROTOCOL/PORT[-PORT] [from PREFIX]\n"
			"               what strangers, or those from there, go on reaching\n"
			"  --neighbour ADDRESS\n"
			"               on the link: spoken to as the routers are\n"
			"  --engine tacet|kernel\n"
			"               who moves the tunnel's packets (default: what the "
			"interface "
			"is)\n"
			"  --peer PREFIX\n"
			"               from where members of the kernel's engine call: others get "
			"no "
			"answer\n"
			"  --seconds N  until it is taken back, unless it is confirmed (default: "
			"60)\n"
			"  --yes        do not ask\n"
			"  --confirm    it stays; from a new login\n"
			"  --force      confirm from any login, as at the console\n"
			"  --undo       take it back, at any time\n"
			"  --show       what is in force\n"
			"  --load       put in force what was confirmed, as at boot\n",
		.run = cli_harden,
	},
	{
		.words = "prove",
		.arguments = "TARGET --port PORT | --lab | --list | --explain STIMULUS",
		.summary = "from outside: does a host of yours stay silent, whatever it is sent?",
		.options =
			"  --target6 ADDRESS       its IPv6 address, too\n"
			"  --port PORT             the tunnel's\n"
			"  --control-port PORT     one that the firewall drops (default: the "
			"next)\n"
			"  --server-key KEY        the public key: valid mac1, bursts\n"
			"  --overlay ADDRESS       inside the tunnel; may be repeated\n"
			"  --recorded FILE         a capture whose handshakes are replayed\n"
			"  --i-own-this-host ADDRESS\n"
			"                          do not ask; the very address, each of two\n"
			"  --interface NAME        by this one\n"
			"  --mac ADDRESS           of a host on the link that does not answer ARP\n"
			"  --rate N                frames a second (default: 200)\n"
			"  --times N               each stimulus (default: 3)\n"
			"  --burst N               frames in a burst (default: 600)\n"
			"  --patience SECONDS      for reassembly to time out (default: 70)\n"
			"  --pace MS               after an ICMP error, for its limiter (default: "
			"1000)\n"
			"  --only GLOB             stimuli of such names\n"
			"  --no-scanners           without Nmap, Masscan, ZMap, Unicornscan\n"
			"  --lab                   hosts on this machine instead: default, usual "
			"firewall, hardened\n"
			"  --thorough              can the port be told from a dropped one by "
			"load? "
			"With:\n"
			"  --companion WHAT        what the host answers: icmp, udp:PORT, "
			"tcp:PORT,\n"
			"                          closed:PORT, member:ADDRESS; may be repeated\n"
			"  --trials N              of each cell and arm (default: 10000)\n"
			"  --blind-port PORT       another one that the firewall drops (default: "
			"the "
			"next)\n"
			"  --closed-port PORT      one that says that it is closed: must be told\n"
			"  --cpu N                 keep to this processor\n"
			"  --json-file FILE        write it as JSON, too\n"
			"  --html FILE             write it as one page, too\n"
			"  --list                  all stimuli\n"
			"  --explain STIMULUS      what it is, what an answer tells, how to stop "
			"it\n",
		.run = cli_prove,
	},
	{
		.words = "join",
		.arguments = "[TOKEN | -] [--name NAME | --endpoint HOST:PORT]",
		.summary = "make this host a device, or gateway, of a network, by the token of an "
			   "invite",
		.options = "  TOKEN        what tacet invite printed; - reads it at stdin\n"
			   "  --name NAME  of this device (default: this host's)\n"
			   "  --endpoint HOST:PORT  how devices call this gateway over UDP\n"
			   "  --again      even if it is a device already\n"
			   "  --no-start   do not start tacetd\n",
		.run = cli_join,
	},
	{
		.words = "up",
		.arguments = "",
		.summary = "start tacetd, and say what this device may use once it is connected",
		.run = cli_up,
	},
	{
		.words = "down",
		.arguments = "",
		.summary = "stop tacetd: no tunnel until it is started again",
		.run = cli_down,
	},
	{
		.words = "status",
		.arguments = "",
		.summary = "who is connected and what is enforced; on a device, what it may use",
		.run = cli_status,
	},
	{
		.words = "radar",
		.arguments = "[--live] [--since TIME] [--all]",
		.summary = "who looked at this host, with what, when; what died silently",
		.options = "  --live        go on, and print what is new\n"
			   "  --since TIME  heard of since then: 30m, 2d\n"
			   "  --all         also what was sent by no known tool\n"
			   "  --clear       print it, and forget it\n",
		.run = cli_radar,
	},
	{
		.words = "user add",
		.arguments = "NAME [--group GROUP]...",
		.summary = "add a user",
		.options = "  --group GROUP  a group that the user is in; one that is not there is "
			   "made\n",
		.run = cli_user_add,
	},
	{
		.words = "user remove",
		.arguments = "NAME",
		.summary = "remove a user, and revoke the user's devices",
		.run = cli_user_remove,
	},
	{
		.words = "user list",
		.arguments = "",
		.summary = "list users and their groups",
		.run = cli_user_list,
	},
	{
		.words = "group add",
		.arguments = "NAME",
		.summary = "add a group",
		.run = cli_group_add,
	},
	{
		.words = "group remove",
		.arguments = "NAME",
		.summary = "remove a group",
		.run = cli_group_remove,
	},
	{
		.words = "group list",
		.arguments = "",
		.summary = "list groups and who is in them",
		.run = cli_group_list,
	},
	{
		.words = "group join",
		.arguments = "GROUP USER",
		.summary = "put a user into a group",
		.run = cli_group_join,
	},
	{
		.words = "group leave",
		.arguments = "GROUP USER",
		.summary = "take a user out of a group",
		.run = cli_group_leave,
	},
	{
		.words = "gateway list",
		.arguments = "",
		.summary = "list gateways, and whether they enforce what is granted",
		.run = cli_gateway_list,
	},
	{
		.words = "gateway remove",
		.arguments = "NAME",
		.summary = "remove a gateway behind which no service stands",
		.run = cli_gateway_remove,
	},
	{
		.words = "service add",
		.arguments = "NAME --target ADDRESS:PORT [--gateway GATEWAY]",
		.summary = "add a service that is there already, as the gateway sees it",
		.options =
			"  --target ADDRESS:PORT  where the gateway finds it\n"
			"  --udp                  it is spoken to by UDP; --protocol udp likewise\n"
			"  --port N               port in the tunnel (default: that of the "
			"target)\n"
			"  --gateway GATEWAY      behind which gateway (default: this host's)\n",
		.run = cli_service_add,
	},
	{
		.words = "service remove",
		.arguments = "NAME",
		.summary = "remove a service",
		.run = cli_service_remove,
	},
	{
		.words = "service list",
		.arguments = "",
		.summary = "list services",
		.run = cli_service_list,
	},
	{
		.words = "policy apply",
		.arguments = "FILE",
		.summary = "put a policy in force, as a whole or not at all",
		.run = cli_policy_apply,
	},
	{
		.words = "policy check",
		.arguments = "FILE",
		.summary = "say what is wrong with a policy, or what it would change",
		.run = cli_policy_check,
	},
	{
		.words = "policy show",
		.arguments = "[--version N]",
		.summary = "print the policy that is in force",
		.options = "  --version N  a former one\n",
		.run = cli_policy_show,
	},
	{
		.words = "invite",
		.arguments = "USER | --gateway NAME [--expires TIME] [--approve] [--qr]",
		.summary = "print a token by which one new device, or gateway, joins, once",
		.options = "  --expires TIME  how long it is good, as 30m, 1h or 2d (default: 1h)\n"
			   "  --approve       the device waits for tacet device approve\n"
			   "  --qr            draw a QR code, too\n"
			   "  --gateway NAME  for a new gateway, in place of USER\n",
		.run = cli_invite,
	},
	{
		.words = "invite list",
		.arguments = "[--all]",
		.summary = "list invites that are open",
		.options = "  --all  also those that are over\n",
		.run = cli_invite_list,
	},
	{
		.words = "invite revoke",
		.arguments = "ID",
		.summary = "end an invite",
		.run = cli_invite_revoke,
	},
	{
		.words = "device list",
		.arguments = "[--all]",
		.summary = "list devices",
		.options = "  --all  also those that were revoked\n",
		.run = cli_device_list,
	},
	{
		.words = "device approve",
		.arguments = "USER/DEVICE",
		.summary = "let a device in that waits for it",
		.run = cli_device_approve,
	},
	{
		.words = "device quarantine",
		.arguments = "USER/DEVICE",
		.summary = "take all services away from a device, until it is released",
		.run = cli_device_quarantine,
	},
	{
		.words = "device release",
		.arguments = "USER/DEVICE",
		.summary = "end a quarantine",
		.run = cli_device_release,
	},
	{
		.words = "device add",
		.arguments = "USER NAME --public-key KEY",
		.summary = "add a stock WireGuard client, and print its configuration",
		.options = "  --public-key KEY  of the device, as wg pubkey prints it\n",
		.run = cli_device_add,
	},
	{
		.words = "knock",
		.arguments = "[--mode required | preferred | off] [--every TIME] [--rotate]",
		.summary = "what an initiation has to prove before it costs anything",
		.options =
			"  --mode required   without a knock it dies: no stock WireGuard client\n"
			"  --mode preferred  without one it is served from a small budget\n"
			"  --mode off        none is looked at\n"
			"  --every TIME      a new key at least so often, 1m to 90d (default: "
			"24h)\n"
			"  --rotate          a new key now\n",
		.run = cli_knock,
	},
	{
		.words = "revoke",
		.arguments = "USER [--device NAME] [--yes]",
		.summary = "revoke a device for good, or all of a user's; flows are cut at once",
		.options = "  --device NAME  this one only\n"
			   "  --yes          all of them, without asking\n",
		.run = cli_revoke,
	},
	{
		.words = "audit show",
		.arguments = "[--last N] [--act ACT]",
		.summary = "show who did what, and when",
		.options = "  --last N       the last ones (default: 20)\n"
			   "  --act ACT      device.revoke, or device for all of device.*\n"
			   "  --actor ACTOR  by whom\n"
			   "  --object NAME  on what\n",
		.run = cli_audit_show,
	},
	{
		.words = "audit verify",
		.arguments = "[--sequence N --hash HASH]",
		.summary = "check that no entry was altered or is missing; without tacetd as well",
		.options = "  --sequence N --hash HASH  a head that was kept on another host\n",
		.run = cli_audit_verify,
	},
	{
		.words = "backup",
		.arguments = "FILE",
		.summary = "write all of the state into one file",
		.run = cli_backup,
	},
	{
		.words = "restore",
		.arguments = "FILE",
		.summary = "put a backup in place of the state; tacetd must not run",
		.run = cli_restore,
	},
	{0},
};
