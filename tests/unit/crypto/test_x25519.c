/* SPDX-License-Identifier: ISC */
#include "base/error.h"
#include "crypto/x25519.h"
#include "hex.h"
#include "tap.h"

#define BASE_POINT "0900000000000000000000000000000000000000000000000000000000000000"

/* private times public gives shared; private times the base point gives own, where it is known. */
static const struct {
	const char *name;
	const char *private_key;
	const char *public_key;
	const char *shared;
	const char *own;
} rows[] = {
	{"RFC 7748, 5.2, first", "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
		"e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
		"c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552", NULL},
	{"RFC 7748, 5.2, second, with the highest bit set",
		"4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
		"e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
		"95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957", NULL},
	{"RFC 7748, 6.1, Alice", "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
		"de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
		"4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
		"8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"},
	{"RFC 7748, 6.1, Bob", "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
		"8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
		"4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
		"de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"},
	{"a public key not reduced: 2^255 - 10 is 9",
		"77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
		"f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a", NULL},
};

static void test_known_answers(void)
{
	uint8_t key[32], public[32], want[32], got[32];
	struct x25519_private *private;

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		from_hex(rows[i].private_key, key);
		tap_is_int(x25519_private_new(key, &private, got), 0, rows[i].name);
		if (rows[i].own) {
			from_hex(rows[i].own, want);
			tap_is_bytes(got, want, sizeof want, rows[i].name);
		}
		from_hex(rows[i].public_key, public);
		from_hex(rows[i].shared, want);
		tap_is_int(x25519_shared(private, public, got), 0, rows[i].name);
		tap_is_bytes(got, want, sizeof want, rows[i].name);
		x25519_private_free(private);
	}
}

/* RFC 7748, 5.2: k and u start as the base point; (k, u) becomes (k times u, k). */
static void test_iterations(void)
{
	uint8_t k[32], u[32], next[32], unused[32], want[32];
	struct x25519_private *private;
	int failures = 0;

	from_hex(BASE_POINT, k);
	from_hex(BASE_POINT, u);
	for (int i = 1; i <= 1000; i++) {
		failures += x25519_private_new(k, &private, unused) < 0;
		failures += x25519_shared(private, u, next) < 0;
		x25519_private_free(private);
		memcpy(u, k, sizeof u);
		memcpy(k, next, sizeof k);
		if (i == 1) {
			from_hex("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079",
				want);
			tap_is_bytes(k, want, sizeof want, "one iteration");
		}
	}
	from_hex("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51", want);
	tap_is_bytes(k, want, sizeof want, "a thousand iterations");
	tap_is_int(failures, 0, "none of them failed");
}

/* All points whose order divides 8, in every encoding that 32 bytes leave: cr.yp.to/ecdh.html. */
static const struct {
	const char *name;
	const char *point;
} weak[] = {
	{"0", "0000000000000000000000000000000000000000000000000000000000000000"},
	{"1", "0100000000000000000000000000000000000000000000000000000000000000"},
	{"order 8", "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"},
	{"order 8, the other", "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"},
	{"p - 1", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
	{"p", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
	{"p + 1", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
};

static void check_weak(struct x25519_private *private, const uint8_t point[32], const char *name)
{
	uint8_t shared[32], untouched[32];

	memset(shared, 9, sizeof shared);
	memset(untouched, 9, sizeof untouched);
	tap_is_int(x25519_shared(private, point, shared), ERR_WEAK_KEY, name);
	tap_is_bytes(shared, untouched, sizeof shared, name);
}

static void test_weak_points(void)
{
	uint8_t key[32], point[32], public[32], shared[32];
	struct x25519_private *private;

	from_hex(rows[0].private_key, key);
	tap_is_int(x25519_private_new(key, &private, public), 0, "a key to try weak points with");
	for (size_t i = 0; i < ARRAY_LENGTH(weak); i++) {
		from_hex(weak[i].point, point);
		check_weak(private, point, weak[i].name);
		point[31] |= 0x80; /* a bit that is not looked at: RFC 7748, section 5 */
		check_weak(private, point, weak[i].name);
	}
	from_hex(BASE_POINT, point);
	tap_is_int(x25519_shared(private, point, shared), 0, "a good point after weak ones");
	tap_is_bytes(shared, public, sizeof shared, "gives the right secret");
	x25519_private_free(private);
}

static void test_clamp(void)
{
	uint8_t key[32], clamped[32], public[32], public_of_clamped[32];
	struct x25519_private *private;

	memset(key, 0xff, sizeof key);
	memcpy(clamped, key, sizeof clamped);
	x25519_clamp(clamped);
	tap_is_int(clamped[0], 0xf8, "the lowest three bits are cleared");
	tap_is_int(clamped[31], 0x7f, "the highest bit is cleared");
	memset(key, 0, sizeof key);
	memcpy(clamped, key, sizeof clamped);
	x25519_clamp(clamped);
	tap_is_int(clamped[31], 0x40, "the second highest bit is set");
	tap_is_int(x25519_private_new(key, &private, public), 0, "a key that is all zero");
	x25519_private_free(private);
	tap_is_int(x25519_private_new(clamped, &private, public_of_clamped), 0, "and clamped");
	x25519_private_free(private);
	tap_is_bytes(public, public_of_clamped, sizeof public, "have the same public key");
}

/* Two keys in turn, for the thread has one place for the other side's key. */
static void test_two_at_once(void)
{
	uint8_t key[2][32], public[2][32], shared[2][32];
	struct x25519_private *private[2];

	from_hex(rows[2].private_key, key[0]);
	from_hex(rows[3].private_key, key[1]);
	bool done = x25519_private_new(key[0], &private[0], public[0]) == 0 &&
		    x25519_private_new(key[1], &private[1], public[1]) == 0;
	for (int i = 0; i < 3; i++) {
		done = done && x25519_shared(private[0], public[1], shared[0]) == 0 &&
		       x25519_shared(private[1], public[0], shared[1]) == 0 &&
		       memcmp(shared[0], shared[1], sizeof shared[0]) == 0;
	}
	tap_ok(done, "two keys in turn agree on one secret");
	x25519_private_free(private[0]);
	x25519_private_free(private[1]);
	x25519_private_free(NULL);
}

int main(void)
{
	test_known_answers();
	test_iterations();
	test_weak_points();
	test_clamp();
	test_two_at_once();
	return tap_done();
}
