/* SPDX-License-Identifier: ISC */
/*
 * tacet.conf(5): where things are and who we run as. What the network is (addresses, endpoint) is
 * the database's. Written once by `tacet init` or `tacet join`; read by every program and process.
 */
#pragma once

#include "base/attributes.h"
#include "base/log.h"

#include <stdbool.h>
#include <stdint.h>

#define CONFIG_PATH "/etc/tacet/tacet.conf" /* unless TACET_CONFIG or --config says otherwise */

enum {
	CONFIG_FILE_MAX = 64 * 1024, /* bytes */
	CONFIG_PATH_SIZE = 256,	     /* of a path with its zero */
	CONFIG_WORD_SIZE = 32,	     /* of a name of a user or interface with its zero */
	CONFIG_ERROR_SIZE = 1024,
};

enum config_role {
	CONFIG_SERVER,	/* controller and gateway */
	CONFIG_CLIENT,	/* a device */
	CONFIG_GATEWAY, /* a gateway whose controller is another host */
};

/* Who gets a cookie reply while under load, where no knock is asked for (docs/knock.md). */
enum config_cookies {
	CONFIG_COOKIES_NEVER,
	CONFIG_COOKIES_FAMILIAR, /* addresses with a live session */
	CONFIG_COOKIES_ALWAYS,	 /* as stock WireGuard */
};

/* The door in the kernel (docs/door.md). */
enum config_door {
	CONFIG_DOOR_AUTO, /* where it can be had */
	CONFIG_DOOR_OFF,
};

/* How the tunnel's datagrams are read (docs/door.md). */
enum config_reception {
	CONFIG_RECEPTION_NORMAL, /* by UDP sockets */
	CONFIG_RECEPTION_HIDDEN, /* before the kernel sees them: it has no socket and no port */
};

/* Whether who looks is recorded (docs/radar.md). */
enum config_radar {
	CONFIG_RADAR_OFF,
	CONFIG_RADAR_ON,
};

struct config {
	char path[CONFIG_PATH_SIZE];  /* of the file that was read */
	enum config_role role;	      /* role: server | client | gateway */
	char interface[16];	      /* interface: tacet0 */
	char state[CONFIG_PATH_SIZE]; /* state: /var/lib/tacet */
	char run[CONFIG_PATH_SIZE];   /* run: /run/tacet */
	char hosts[CONFIG_PATH_SIZE]; /* hosts: /etc/hosts, where a device writes names; "": nowhere
				       */
	uint16_t listen;	      /* listen: 51820, UDP; 0: any (a device) */
	uint16_t control_port;	      /* control-port: 7411, TCP inside the tunnel */
	uint16_t enrol_port;	      /* enrol-port: 7412 */
	uint16_t workers;	      /* workers: 1 */
	uint32_t mark;		      /* mark: MARK_DAEMON, of the tunnel's datagrams */
	enum config_cookies cookies;  /* cookies: never | familiar | always */
	enum config_door door;	      /* door: auto | off */
	enum config_reception reception;     /* reception: normal | hidden */
	char engine_user[CONFIG_WORD_SIZE];  /* engine-user: tacet-engine */
	char control_user[CONFIG_WORD_SIZE]; /* control-user: tacet-control */
	char radar_user[CONFIG_WORD_SIZE];   /* radar-user: tacet-radar */
	enum config_radar radar;	     /* radar: on | off */
	enum log_level log;		     /* log: error | warning | info | debug */
};

/* What holds where the file does not say otherwise. */
void config_default(struct config *ret_config);

/*
 * Reads the file. -errno: it cannot be read; ERR_SYNTAX: it is wrong, and ret_error says in lines
 * of "path:line:column: what was found, what was expected" all that is.
 */
int config_read(const char *path, struct config *ret_config,
	char ret_error[static CONFIG_ERROR_SIZE]) must_check;

/* Writes all of it, with comments, mode 0644, in one step. -errno. */
int config_write(const struct config *config, const char *path) must_check;

/* "<state>/<name>" or "<run>/<name>"; returns ret_path. Aborts where it does not fit. */
char *config_state_path(
	const struct config *config, const char *name, char ret_path[static CONFIG_PATH_SIZE]);
char *config_run_path(
	const struct config *config, const char *name, char ret_path[static CONFIG_PATH_SIZE]);

/* Files below state and run. */
#define CONFIG_DATABASE "control/tacet.db"  /* server: of control_user, in a folder of its own */
#define CONFIG_SERVER_KEY "server.key"	    /* server: the private key, 0600 root, in base64 */
#define CONFIG_DEVICE_KEY "device.key"	    /* client: the same */
#define CONFIG_DEVICE "control/device.json" /* client: who we are, of control_user */
#define CONFIG_GATEWAY_KEY "gateway.key"    /* gateway: as a device has them */
#define CONFIG_GATEWAY_FILE "control/gateway.json" /* gateway: who we are */
#define CONFIG_GATEWAY_PLAN                                                                        \
	"control/plan.json"	      /* gateway: what was told last, 0600: it has keys            \
				       */
#define CONFIG_ENGINE_FOLDER "engine" /* timestamps, of engine_user */
#define CONFIG_SOCKET "control.sock"  /* the local socket, 0600 root */
#define CONFIG_PID "tacetd.pid"
