/* SPDX-License-Identifier: ISC */
/*
 * Handshakes for each second of CPU, and how much of that is X25519. Responder and initiator go
 * from datagram to datagram, macs and session keys included; each needs four X25519 operations
 * (three shared secrets and a key pair). What those alone would allow is measured in turn in the
 * same run: by our x25519_shared(), and by libcrypto as `openssl speed ecdhx25519` does it. Exits
 * with 1 where the responder is below the bar.
 */
#include "base/attributes.h"
#include "base/clock.h"
#include "wireguard/cookie.h"
#include "wireguard/keypair.h"
#include "wireguard/noise.h"

#include <openssl/evp.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	ROUNDS = 11,	    /* odd: the median is one of them */
	HANDSHAKES = 1000,  /* in a round */
	DERIVATIONS = 4000, /* in a round */
	X25519_A_HANDSHAKE = 4,
	BAR_PERCENT = 60,
};

/* What is measured, each as operations a second of CPU. */
enum row {
	ROW_RESPONDER,
	ROW_INITIATOR,
	ROW_SHARED,
	ROW_LIBCRYPTO,
	ROW_COUNT,
};

static const char *const row_names[ROW_COUNT] = {
	[ROW_RESPONDER] = "handshakes, responder",
	[ROW_INITIATOR] = "handshakes, initiator",
	[ROW_SHARED] = "x25519_shared",
	[ROW_LIBCRYPTO] = "openssl speed ecdhx25519",
};

/* One end of the handshakes. */
struct end {
	struct noise_identity identity;
	struct noise_handshake handshake;
	struct cookie_checker checker;
	struct cookie_maker maker;
};

static struct end initiator, responder;
static struct indextable table; /* empty: keypairs here have no index */

static double cpu_seconds(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now))
		abort();
	return (double)now.tv_sec + (double)now.tv_nsec / NS_PER_S;
}

/* Stops the benchmark where a step has failed. */
static void need(bool done)
{
	if (done)
		return;
	fputs("micro_noise: a step has failed\n", stderr);
	exit(2);
}

static void end_init(struct end *end)
{
	uint8_t private_key[NOISE_KEY_SIZE];

	entropy_fill(entropy_kernel(), private_key, sizeof private_key);
	need(!noise_identity_set(&end->identity, private_key));
	cookie_checker_set_key(&end->checker, end->identity.public_key);
}

/* The end knows the other. */
static void end_meet(struct end *end, const struct end *other)
{
	noise_handshake_init(&end->handshake, &end->identity, other->identity.public_key);
	cookie_maker_set_key(&end->maker, other->identity.public_key);
}

/* The session's keys, made ready and freed. */
static void begin_session(struct end *end, uint64_t now_ns)
{
	uint32_t remote_index = end->handshake.remote_index;
	struct noise_keys keys;
	struct keypair *keypair;

	noise_keys_derive(&end->handshake, &keys);
	need(!keypair_new(NULL, &keys, remote_index, now_ns, &keypair));
	keypair_free(&table, keypair);
}

static void call(uint64_t now_ns, uint8_t ret_datagram[static MESSAGE_INITIATION_SIZE])
{
	struct message_initiation message;
	uint8_t timestamp[NOISE_TIMESTAMP_SIZE] = {0};

	store_be64(timestamp, now_ns);
	need(!noise_initiation_create(
		&initiator.handshake, &initiator.identity, entropy_kernel(), timestamp, &message));
	message_initiation_encode(&message, ret_datagram);
	cookie_macs_write(&initiator.maker, now_ns, ret_datagram, MESSAGE_INITIATION_SIZE);
}

static void answer(uint64_t now_ns, const uint8_t initiation[static MESSAGE_INITIATION_SIZE],
	uint8_t ret_datagram[static MESSAGE_RESPONSE_SIZE])
{
	struct message_initiation call;
	struct message_response message;
	struct noise_caller caller;

	need(cookie_mac1_is_valid(&responder.checker, initiation, MESSAGE_INITIATION_SIZE));
	message_initiation_decode(initiation, &call);
	need(!noise_initiation_open(&responder.identity, &call, &caller));
	need(!noise_initiation_consume(&responder.handshake, &call, &caller, now_ns));
	need(!noise_response_create(&responder.handshake, entropy_kernel(), &message));
	begin_session(&responder, now_ns);
	message_response_encode(&message, ret_datagram);
	cookie_macs_write(&responder.maker, now_ns, ret_datagram, MESSAGE_RESPONSE_SIZE);
}

static void accept_answer(uint64_t now_ns, const uint8_t response[static MESSAGE_RESPONSE_SIZE])
{
	struct message_response message;

	need(cookie_mac1_is_valid(&initiator.checker, response, MESSAGE_RESPONSE_SIZE));
	message_response_decode(response, &message);
	need(!noise_response_consume(&initiator.handshake, &initiator.identity, &message));
	begin_session(&initiator, now_ns);
}

/* Both ends take turns, each on its own clock. */
static void measure_handshakes(double *ret_responder, double *ret_initiator)
{
	static uint64_t now_ns;
	uint8_t initiation[MESSAGE_INITIATION_SIZE], response[MESSAGE_RESPONSE_SIZE];
	double calling = 0, answering = 0;

	for (int i = 0; i < HANDSHAKES; i++) {
		now_ns += NS_PER_S;
		double start = cpu_seconds();
		call(now_ns, initiation);
		double called = cpu_seconds();
		answer(now_ns, initiation, response);
		double answered = cpu_seconds();
		accept_answer(now_ns, response);
		calling += called - start + cpu_seconds() - answered;
		answering += answered - called;
	}
	*ret_responder = HANDSHAKES / answering;
	*ret_initiator = HANDSHAKES / calling;
}

static double measure_shared(void)
{
	uint8_t shared[X25519_KEY_SIZE];
	double start = cpu_seconds();

	for (int i = 0; i < DERIVATIONS; i++)
		need(!x25519_shared(
			initiator.identity.private, responder.identity.public_key, shared));
	return DERIVATIONS / (cpu_seconds() - start);
}

static double measure_libcrypto(void)
{
	uint8_t shared[X25519_KEY_SIZE];
	size_t size = sizeof shared;
	EVP_PKEY *private = EVP_PKEY_new_raw_private_key(
		EVP_PKEY_X25519, NULL, initiator.identity.private_key, X25519_KEY_SIZE);
	EVP_PKEY *public = EVP_PKEY_new_raw_public_key(
		EVP_PKEY_X25519, NULL, responder.identity.public_key, X25519_KEY_SIZE);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(private, NULL);

	need(context && EVP_PKEY_derive_init(context) == 1 &&
		EVP_PKEY_derive_set_peer(context, public) == 1);
	double start = cpu_seconds();
	for (int i = 0; i < DERIVATIONS; i++)
		need(EVP_PKEY_derive(context, shared, &size) == 1);
	double seconds = cpu_seconds() - start;
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(public);
	EVP_PKEY_free(private);
	return DERIVATIONS / seconds;
}

static int compare(const void *a, const void *b)
{
	double difference = *(const double *)a - *(const double *)b;

	return (difference > 0) - (difference < 0);
}

/* Prints a row and returns its median; sorts the rounds. */
static double report(enum row row, double rounds[static ROUNDS])
{
	qsort(rounds, ROUNDS, sizeof *rounds, compare);
	printf("%-24s %8.0f a CPU second (%.0f to %.0f in %d rounds)\n", row_names[row],
		rounds[ROUNDS / 2], rounds[0], rounds[ROUNDS - 1], ROUNDS);
	return rounds[ROUNDS / 2];
}

/* Of what X25519 alone would allow. */
static double percent(double handshakes, double derivations)
{
	return 100 * handshakes * X25519_A_HANDSHAKE / derivations;
}

int main(void)
{
	double rounds[ROW_COUNT][ROUNDS], median[ROW_COUNT];

	need(!indextable_init(&table));
	end_init(&initiator);
	end_init(&responder);
	end_meet(&initiator, &responder);
	end_meet(&responder, &initiator);
	for (int i = 0; i < ROUNDS; i++) {
		measure_handshakes(&rounds[ROW_RESPONDER][i], &rounds[ROW_INITIATOR][i]);
		rounds[ROW_SHARED][i] = measure_shared();
		rounds[ROW_LIBCRYPTO][i] = measure_libcrypto();
	}
	for (int row = 0; row < ROW_COUNT; row++)
		median[row] = report(row, rounds[row]);
	for (int row = ROW_RESPONDER; row <= ROW_INITIATOR; row++)
		printf("%-24s %8.1f %% of x25519_shared / 4, %.1f %% of openssl speed / 4\n",
			row_names[row], percent(median[row], median[ROW_SHARED]),
			percent(median[row], median[ROW_LIBCRYPTO]));
	indextable_done(&table);
	double reached = percent(median[ROW_RESPONDER], median[ROW_LIBCRYPTO]);
	printf("bar: responder at least %d %%: %s\n", BAR_PERCENT,
		reached >= BAR_PERCENT ? "reached" : "missed");
	return reached >= BAR_PERCENT ? 0 : 1;
}
