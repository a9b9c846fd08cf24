#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""WireGuard's handshake, written from the paper (5.4) on code that is not Tacet's.

As a program it prints tests/vectors/handshake.h: whole handshakes from fixed keys, byte for byte.
As a module it is the other end for record_wireguard_go.py.
Uses Python's hashlib and hmac, and the package "cryptography"; HChaCha20 is written out below.
"""

import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CONSTRUCTION = b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"
IDENTIFIER = b"WireGuard v1 zx2c4 Jason@zx2c4.com"
LABEL_MAC1 = b"mac1----"
LABEL_COOKIE = b"cookie--"


def dh(private, public):
    return X25519PrivateKey.from_private_bytes(private).exchange(
        X25519PublicKey.from_public_bytes(public))


def public_of(private):
    key = X25519PrivateKey.from_private_bytes(private).public_key()
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def hash_(*parts):
    return hashlib.blake2s(b"".join(parts)).digest()


def mac(key, data):
    return hashlib.blake2s(data, key=key, digest_size=16).digest()


def hmac_(key, data):
    return hmac.new(key, data, hashlib.blake2s).digest()


def kdf(n, key, data):
    extracted = hmac_(key, data)
    outputs = [hmac_(extracted, b"\x01")]
    for i in range(2, n + 1):
        outputs.append(hmac_(extracted, outputs[-1] + bytes([i])))
    return outputs


def nonce_of(counter):
    return bytes(4) + struct.pack("<Q", counter)


def aead(key, counter, plain, associated):
    return ChaCha20Poly1305(key).encrypt(nonce_of(counter), plain, associated)


def aead_open(key, counter, sealed, associated):
    return ChaCha20Poly1305(key).decrypt(nonce_of(counter), sealed, associated)


def hchacha20(key, nonce):
    """draft-irtf-cfrg-xchacha-03, 2.2."""
    x = list(struct.unpack("<16I", b"expand 32-byte k" + key + nonce))

    def quarter(a, b, c, d):
        for into, add, turned, bits in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            x[into] = (x[into] + x[add]) & 0xFFFFFFFF
            mixed = x[turned] ^ x[into]
            x[turned] = ((mixed << bits) | (mixed >> (32 - bits))) & 0xFFFFFFFF

    for _ in range(10):
        for i in range(4):
            quarter(i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return struct.pack("<8I", *x[:4], *x[12:])


def xaead(key, nonce, plain, associated):
    subkey = hchacha20(key, nonce[:16])
    return ChaCha20Poly1305(subkey).encrypt(bytes(4) + nonce[16:], plain, associated)


class State:
    """Hash and chaining key of one end, and the key that was mixed last."""

    def __init__(self, responder_public):
        self.chaining_key = hash_(CONSTRUCTION)
        self.hash = hash_(hash_(self.chaining_key, IDENTIFIER), responder_public)
        self.key = None

    def ephemeral(self, public):
        self.hash = hash_(self.hash, public)
        self.chaining_key, = kdf(1, self.chaining_key, public)

    def secret(self, shared):
        self.chaining_key, self.key = kdf(2, self.chaining_key, shared)

    def psk(self, key):
        self.chaining_key, tau, self.key = kdf(3, self.chaining_key, key)
        self.hash = hash_(self.hash, tau)

    def encrypt(self, plain):
        sealed = aead(self.key, 0, plain, self.hash)
        self.hash = hash_(self.hash, sealed)
        return sealed

    def decrypt(self, sealed):
        plain = aead_open(self.key, 0, sealed, self.hash)
        self.hash = hash_(self.hash, sealed)
        return plain

    def split(self):
        return kdf(2, self.chaining_key, b"")


def with_macs(message, receiver_public, cookie=None):
    message += mac(hash_(LABEL_MAC1, receiver_public), message)
    return message + (mac(cookie, message) if cookie else bytes(16))


def initiation(private, ephemeral, responder_public, index, timestamp, cookie=None):
    """Returns the message and the initiator's state."""
    state = State(responder_public)
    public_ephemeral = public_of(ephemeral)
    state.ephemeral(public_ephemeral)
    state.secret(dh(ephemeral, responder_public))
    sealed_static = state.encrypt(public_of(private))
    state.secret(dh(private, responder_public))
    sealed_timestamp = state.encrypt(timestamp)
    message = struct.pack("<II", 1, index) + public_ephemeral + sealed_static + sealed_timestamp
    return with_macs(message, responder_public, cookie), state


def initiation_open(private, message):
    """Returns the responder's state, and what was in the message."""
    state = State(public_of(private))
    ephemeral = message[8:40]
    state.ephemeral(ephemeral)
    state.secret(dh(private, ephemeral))
    static = state.decrypt(message[40:88])
    state.secret(dh(private, static))
    timestamp = state.decrypt(message[88:116])
    index, = struct.unpack("<I", message[4:8])
    return state, {"ephemeral": ephemeral, "static": static, "timestamp": timestamp, "index": index}


def response(state, caller, ephemeral, psk, index, cookie=None):
    """Returns the message; the state is then that of a complete handshake."""
    public_ephemeral = public_of(ephemeral)
    state.ephemeral(public_ephemeral)
    state.secret(dh(ephemeral, caller["ephemeral"]))
    state.secret(dh(ephemeral, caller["static"]))
    state.psk(psk)
    message = struct.pack("<III", 2, index, caller["index"]) + public_ephemeral + state.encrypt(b"")
    return with_macs(message, caller["static"], cookie)


def response_open(state, private, ephemeral, psk, message):
    """Completes the initiator's state."""
    public_ephemeral = message[12:44]
    state.ephemeral(public_ephemeral)
    state.secret(dh(ephemeral, public_ephemeral))
    state.secret(dh(private, public_ephemeral))
    state.psk(psk)
    state.decrypt(message[44:60])


def data(key, receiver, counter, packet):
    packet += bytes(-len(packet) % 16)
    return struct.pack("<IIQ", 4, receiver, counter) + aead(key, counter, packet, b"")


def cookie_of(secret, address, port):
    return mac(secret, address + struct.pack(">H", port))


def cookie_reply(message, receiver_public, nonce, cookie):
    """The receiver's answer to a handshake message that it gives a cookie for."""
    sealed = xaead(hash_(LABEL_COOKIE, receiver_public), nonce, cookie, message[-32:-16])
    return struct.pack("<I", 3) + message[4:8] + nonce + sealed


def c_bytes(name, value, indent="\t"):
    lines = [f"{indent}.{name} = {{"]
    for at in range(0, len(value), 12):
        lines.append(f"{indent}\t" + ", ".join(f"0x{b:02x}" for b in value[at:at + 12]) + ",")
    return "\n".join(lines + [f"{indent}}},"])


def fixed(seed):
    """Bytes without meaning, the same ones each time."""
    return hashlib.sha256(b"tacet " + seed.encode()).digest()


def vector(name, psk):
    """One handshake with all that belongs to it, as a dict in the order of struct vector."""
    v = {key: fixed(name + key) for key in (
        "initiator_private", "initiator_ephemeral", "responder_private", "responder_ephemeral")}
    responder_public = public_of(v["responder_private"])
    v["preshared_key"] = psk
    v["timestamp"] = struct.pack(">QI", 0x400000000000000A + 1700000000, 0x1000000)
    v["secret"] = fixed(name + "secret")
    v["cookie_nonce"] = fixed(name + "nonce")[:24]
    cookie = cookie_of(v["secret"], bytes([192, 0, 2, 7]), 51820)
    cookie_ipv6 = cookie_of(v["secret"], bytes.fromhex("20010db8" + "00" * 11 + "07"), 51821)
    numbers = {"initiator_index": 0x11223344, "responder_index": 0xA1B2C3D4}

    args = (v["initiator_private"], v["initiator_ephemeral"], responder_public,
            numbers["initiator_index"], v["timestamp"])
    v["initiation"], state = initiation(*args)
    v["initiation_mac2"] = initiation(*args, cookie)[0]
    v["initiation_mac2_ipv6"] = initiation(*args, cookie_ipv6)[0]
    v["cookie_reply"] = cookie_reply(v["initiation"], responder_public, v["cookie_nonce"], cookie)
    responder, caller = initiation_open(v["responder_private"], v["initiation"])
    v["response"] = response(
        responder, caller, v["responder_ephemeral"], psk, numbers["responder_index"])
    response_open(state, v["initiator_private"], v["initiator_ephemeral"], psk, v["response"])
    v["initiator_sends"], v["responder_sends"] = state.split()
    assert [v["initiator_sends"], v["responder_sends"]] == responder.split()
    v["packet"] = bytes(range(0x30, 0x50))
    v["data"] = data(v["initiator_sends"], numbers["responder_index"], 7, v["packet"])
    return numbers, v


HEADER = """\
/* SPDX-License-Identifier: ISC */
/* clang-format off */
/* Whole handshakes. Made by tests/vectors/handshake.py; do not edit. */
#pragma once

#include <stdint.h>
"""


def check_hchacha20():
    """draft-irtf-cfrg-xchacha-03, 2.2.1."""
    made = hchacha20(bytes(range(32)), bytes.fromhex("000000090000004a0000000031415927"))
    assert made.hex() == "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc"


def main():
    check_hchacha20()
    vectors = [("without psk", *vector("plain", bytes(32))),
               ("with psk", *vector("psk", fixed("psk")))]
    print(HEADER)
    print("struct handshake_vector {\n\tconst char *name;")
    for field in vectors[0][1]:
        print(f"\tuint32_t {field};")
    for field, value in vectors[0][2].items():
        print(f"\tuint8_t {field}[{len(value)}];")
    print("};\n\nstatic const struct handshake_vector handshake_vectors[] = {")
    for name, numbers, fields in vectors:
        print(f'{{\n\t.name = "{name}",')
        for field, value in numbers.items():
            print(f"\t.{field} = {value:#x},")
        for field, value in fields.items():
            print(c_bytes(field, value))
        print("},")
    print("};")


if __name__ == "__main__":
    main()
