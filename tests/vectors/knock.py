#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The knock, written from docs/knock.md on code that is not Tacet's: prints tests/vectors/knock.h.

Uses Python's hashlib alone.
"""

import hashlib
import struct

MESSAGE_SIZE, MAC_SIZE, EPOCH_SIZE = 148, 16, 2
EPOCHS = (0, 1, 255, 256, 0x1234, 65535)


def keyed(key, data):
    return hashlib.blake2s(data, key=key, digest_size=MAC_SIZE).digest()


def knock(epoch, key, message):
    """The mac2 of an initiation (its first 132 bytes, mac1 at the end of them)."""
    mac1 = message[-MAC_SIZE:]
    named = bytes(a ^ b for a, b in zip(struct.pack("<H", epoch), mac1))
    return named + keyed(key, message)[:MAC_SIZE - EPOCH_SIZE]


def initiation(number, public_key):
    """The first 132 bytes of an initiation: the insides are no matter here, mac1 is right."""
    body = struct.pack("<II", 1, 0x01020304 * (number + 1))
    while len(body) < MESSAGE_SIZE - 2 * MAC_SIZE:
        body += hashlib.blake2s(body + bytes([number])).digest()
    body = body[:MESSAGE_SIZE - 2 * MAC_SIZE]
    return body + keyed(hashlib.blake2s(b"mac1----" + public_key).digest(), body)


def c_bytes(data):
    rows = [data[i:i + 12] for i in range(0, len(data), 12)]
    return "{" + ",\n\t\t\t".join(", ".join(f"0x{byte:02x}" for byte in row) for row in rows) + "}"


def main():
    public_key = hashlib.blake2s(b"a responder's public key").digest()
    print("/* SPDX-License-Identifier: ISC */")
    print("/* Initiations with knocks; made by tests/vectors/knock.py, do not edit. */")
    print("#pragma once\n\n#include <stdint.h>\n")
    print("/* clang-format off */")
    print("static const struct {\n\tuint16_t epoch;\n\tuint8_t key[32];\n"
          "\tuint8_t datagram[148];\n} knock_vectors[] = {")
    for number, epoch in enumerate(EPOCHS):
        key = hashlib.blake2s(b"epoch" + struct.pack("<H", epoch)).digest()
        message = initiation(number, public_key)
        print(f"\t{{\n\t\t{epoch},\n\t\t{c_bytes(key)},")
        print(f"\t\t{c_bytes(message + knock(epoch, key, message))},\n\t}},")
    print("};\n/* clang-format on */")


if __name__ == "__main__":
    main()
