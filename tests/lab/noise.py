# SPDX-License-Identifier: ISC
"""An initiation made by hand (paper, 5.4.2), so that its timestamp is of our choice."""

import base64
import hashlib
import hmac
import os
import struct

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from . import strangers

CONSTRUCTION = b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"
IDENTIFIER = b"WireGuard v1 zx2c4 Jason@zx2c4.com"
TAI_EPOCH_SECONDS = (1 << 62) + 10


def digest(data):
    """BLAKE2s of 32 bytes."""
    return hashlib.blake2s(data).digest()


def keyed(key, data):
    """HMAC with BLAKE2s."""
    return hmac.new(key, data, hashlib.blake2s).digest()


def derive(chaining_key, data):
    """The first two outputs of the key derivation: a new chaining key, and a key."""
    secret = keyed(chaining_key, data)
    first = keyed(secret, b"\x01")
    return first, keyed(secret, first + b"\x02")


def seal(key, plain, associated):
    """ChaCha20-Poly1305 with the nonce 0."""
    return ChaCha20Poly1305(key).encrypt(bytes(12), plain, associated)


def raw(public_key):
    """The 32 bytes of a public key."""
    return public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def tai64n(time_ns):
    """A timestamp of 12 bytes from nanoseconds since 1970."""
    return struct.pack(">QI", TAI_EPOCH_SECONDS + time_ns // 10**9, time_ns % 10**9)


def initiation(private_key, server_key, time_ns):
    """An initiation of the holder of a private key to a server's public key (both in base64)."""
    static = X25519PrivateKey.from_private_bytes(base64.b64decode(private_key))
    server = X25519PublicKey.from_public_bytes(base64.b64decode(server_key))
    ephemeral = X25519PrivateKey.generate()
    chaining = digest(CONSTRUCTION)
    transcript = digest(digest(chaining + IDENTIFIER) + raw(server))

    body = bytes([strangers.INITIATION, 0, 0, 0]) + os.urandom(4) + raw(ephemeral.public_key())
    transcript = digest(transcript + raw(ephemeral.public_key()))
    chaining, _ = derive(chaining, raw(ephemeral.public_key()))
    for secret, plain in ((ephemeral, raw(static.public_key())), (static, tai64n(time_ns))):
        chaining, key = derive(chaining, secret.exchange(server))
        sealed = seal(key, plain, transcript)
        transcript = digest(transcript + sealed)
        body += sealed
    return strangers.with_mac1(body + bytes(2 * strangers.MAC_SIZE), server_key)
