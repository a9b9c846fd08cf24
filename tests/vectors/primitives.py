#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Known answers for src/crypto/blake2s.h and src/base/siphash.h, by implementations not ours.

Run from the root:  tests/vectors/primitives.py > tests/vectors/primitives.h
BLAKE2s is Python's own, HMAC Python's, KDF the paper's section 5.4 over them, SipHash OpenSSL's.
In every row byte i of a key is i, byte i of an input is i modulo 256, and nothing is secret.
"""

import hashlib
import hmac
import subprocess


def run(size, start=0):
    return bytes((start + i) % 256 for i in range(size))


def blake2s_hmac(key, data):
    return hmac.new(key, data, hashlib.blake2s).digest()


def kdf(key, data, n):
    secret = blake2s_hmac(key, data)
    outputs = []
    for i in range(1, n + 1):
        last = outputs[-1] if outputs else b""
        outputs.append(blake2s_hmac(secret, last + bytes([i])))
    return outputs


def siphash(size):
    """Output as OpenSSL prints it: eight bytes, the least one first."""
    answer = subprocess.run(
        ["openssl", "mac", "-macopt", "hexkey:" + run(16).hex(), "-macopt", "size:8", "SIPHASH"],
        input=run(size), capture_output=True, check=True)
    return answer.stdout.decode().strip().lower()


def literal(value):
    if isinstance(value, list):
        return "{\n\t\t" + ",\n\t\t".join(literal(x) for x in value) + ",\n\t}"
    return f'"{value}"' if isinstance(value, str) else str(value)


def table(declaration, rows):
    print(f"\nstatic const {declaration}[] = {{")
    for row in rows:
        print("\t{" + ", ".join(literal(x) for x in row) + "},")
    print("};")


def main():
    print("/* SPDX-License-Identifier: ISC */")
    print("/* Made by primitives.py, which says how; do not edit. */")
    print("/* clang-format off */")
    print("#pragma once")
    print("\n#include <stddef.h>")
    table("struct {\n\tsize_t input;\n\tconst char *output;\n} vectors_hash",
          [(n, hashlib.blake2s(run(n)).hexdigest())
           for n in (0, 1, 31, 32, 33, 63, 64, 65, 96, 127, 128, 129, 255, 1024)])
    table("struct {\n\tsize_t key, input;\n\tconst char *output;\n} vectors_mac",
          [(k, n, hashlib.blake2s(run(n), key=run(k), digest_size=16).hexdigest())
           for k in (1, 16, 31, 32) for n in (0, 1, 63, 64, 65, 116, 128, 148, 1024)])
    table("struct {\n\tsize_t key, input;\n\tconst char *output;\n} vectors_hmac",
          [(k, n, blake2s_hmac(run(k), run(n)).hex())
           for k in (0, 1, 32, 63, 64) for n in (0, 1, 32, 64, 65, 1024)])
    table("struct {\n\tsize_t input;\n\tconst char *output[3];\n} vectors_kdf",
          [(n, [x.hex() for x in kdf(run(32), run(n), 3)]) for n in (0, 1, 32, 64, 100)])
    table("struct {\n\tsize_t input;\n\tconst char *output;\n} vectors_siphash",
          [(n, siphash(n)) for n in range(64)])


main()
