# SPDX-License-Identifier: ISC
"""Datagrams as a stranger makes them, who knows no more than the server's public key.

The layouts are those of the WireGuard paper, section 5.4. Nothing here can authenticate.
"""

import base64
import hashlib
import random

INITIATION, RESPONSE, COOKIE_REPLY, DATA = 1, 2, 3, 4
SIZES = {INITIATION: 148, RESPONSE: 92, COOKIE_REPLY: 64}
DATA_SIZE_MIN = 32
MAC_SIZE = 16


def with_mac1(message, public_key):
    """An initiation or response with a mac1 that is right for its receiver, and mac2 zero."""
    key = hashlib.blake2s(b"mac1----" + base64.b64decode(public_key)).digest()
    body = message[:-2 * MAC_SIZE]
    return body + hashlib.blake2s(body, key=key, digest_size=MAC_SIZE).digest() + bytes(MAC_SIZE)


def with_knock(message, epoch, key):
    """An initiation with a knock (docs/knock.md) of that epoch, by a key in base64."""
    mac1, body = message[-2 * MAC_SIZE:-MAC_SIZE], message[:-MAC_SIZE]
    tag = hashlib.blake2s(body, key=base64.b64decode(key), digest_size=MAC_SIZE).digest()
    place = bytes(a ^ b for a, b in zip(epoch.to_bytes(2, "little"), mac1))
    return body + place + tag[:MAC_SIZE - 2]


def message(kind, size, rng=random, receiver=None):
    """Random bytes of any size with a type and reserved zeros; receiver: the index, if any."""
    body = bytearray(rng.randbytes(max(size, 4)))
    body[0:4] = bytes([kind, 0, 0, 0])
    if receiver is not None:
        offset = 8 if kind == RESPONSE else 4
        body[offset:offset + 4] = receiver
    return bytes(body[:size])


def initiation(public_key, rng=random):
    """An initiation of right shape and mac1, its insides random."""
    return with_mac1(message(INITIATION, SIZES[INITIATION], rng), public_key)


def response(public_key, rng=random, receiver=None):
    """A response of right shape and mac1, its insides random."""
    return with_mac1(message(RESPONSE, SIZES[RESPONSE], rng, receiver), public_key)


def junk(number, rng=random, size_max=1400):
    """Random datagrams of random sizes, the empty one included."""
    return [rng.randbytes(rng.randint(0, size_max)) for _ in range(number)]


def shapes(size_max=200, rng=random):
    """Every type, known or not, in every size up to size_max; also with reserved bytes set."""
    datagrams = [message(kind, size, rng)
                 for kind in (0, INITIATION, RESPONSE, COOKIE_REPLY, DATA, 5, 255)
                 for size in range(size_max + 1)]
    for kind in (INITIATION, RESPONSE, COOKIE_REPLY, DATA):
        for place in (1, 2, 3):
            body = bytearray(message(kind, SIZES.get(kind, 64), rng))
            body[place] = 1
            datagrams.append(bytes(body))
    return datagrams
