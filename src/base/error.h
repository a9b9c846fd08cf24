/* SPDX-License-Identifier: ISC */
/*
 * Errors are int: 0 or positive is success, negative is -errno or one of ours below -1000.
 */
#pragma once

/* Name, code, what a person reads. */
#define ERROR_LIST(X)                                                                              \
	X(ERR_TRUNCATED, -1001, "the input ends too early")                                        \
	X(ERR_TRAILING, -1002, "there is something behind the end of the input")                   \
	X(ERR_SYNTAX, -1003, "it is not written as expected")                                      \
	X(ERR_RANGE, -1004, "the number is out of range")                                          \
	X(ERR_KEY, -1005, "a key is 32 bytes, written as 64 hexadecimal digits")                   \
	X(ERR_WEAK_KEY, -1006, "the public key is of low order, no secret can be agreed with it")  \
	X(ERR_AUTHENTICATION, -1007, "the authentication tag is wrong")                            \
	X(ERR_CRYPTO, -1008, "the cryptographic library failed")                                   \
	X(ERR_UNKNOWN_WORD, -1009, "the word is not known")                                        \
	X(ERR_NO_PRIVATE_KEY, -1010, "no private key is set")                                      \
	X(ERR_TIMESTAMPS, -1011, "the timestamps that are reserved are used up")                   \
	X(ERR_NOT_FOUND, -1101, "there is none of that name")                                      \
	X(ERR_EXISTS, -1102, "there is one of that name or key already")                           \
	X(ERR_IN_USE, -1103, "something else needs it still")                                      \
	X(ERR_WRONG_STATE, -1104, "its state does not allow that")                                 \
	X(ERR_NAME, -1105, "a name is 1 to 63 of a-z 0-9 - . _ @ and begins with letter or digit") \
	X(ERR_NO_NETWORK, -1106, "no network is set up yet")                                       \
	X(ERR_NO_ADDRESS, -1107, "all addresses of the overlay are taken, or rest")                \
	X(ERR_INVITE_USED, -1108, "the invite was used by another: it may have been stolen")       \
	X(ERR_INVITE_EXPIRED, -1109, "the invite has expired")                                     \
	X(ERR_INVITE_REVOKED, -1110, "the invite was revoked")                                     \
	X(ERR_AUDIT, -1111, "the audit log was altered or cut")                                    \
	X(ERR_CORRUPT, -1112, "the database is damaged: restore a backup")                         \
	X(ERR_DISK_FULL, -1113, "the disk is full, nothing was changed")                           \
	X(ERR_LOCKED, -1114, "another process holds the database")                                 \
	X(ERR_READ_ONLY, -1115, "the database is open for reading only")                           \
	X(ERR_NOT_OURS, -1116, "the file is no database of this program, or its head is damaged")  \
	X(ERR_NEWER_SCHEMA, -1117, "the database is of a newer version of this program")           \
	X(ERR_OLDER_SCHEMA, -1118, "the database is of an older version and not yet brought up")   \
	X(ERR_DATABASE, -1119, "the database failed")                                              \
	X(ERR_LABEL, -1120, "a service or gateway is named by 1 to 63 of a-z 0-9 -, as in DNS")    \
	X(ERR_CHECKSUM, -1301, "a character of it was changed or lost: copy it again")             \
	X(ERR_VERSION, -1302, "it was made by a newer version of this program")                    \
	X(ERR_REFUSED, -1303, "the controller refused it")                                         \
	X(ERR_SILENT, -1304, "the gateway is silent")                                              \
	X(ERR_NOT_CONFIRMED, -1305, "it was not confirmed in time")                                \
	X(ERR_POLICY, -1201, "the policy is refused as a whole")

enum error {
#define X(name, code, text) name = code,
	ERROR_LIST(X)
#undef X
};

/* The words for any code of ours or negative errno; never NULL, static, thread-safe. */
const char *err_str(int code);
