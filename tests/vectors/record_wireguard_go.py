#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Prints tests/vectors/wireguard_go.h: handshakes that a real wireguard-go took part in.

We are the other end, by handshake.py, with fixed keys and ephemerals: so a test can put our own
implementation in our place, and what it makes must be what wireguard-go has accepted. That it has
is seen by the data packet that it sends under the session.
Needs root, wireguard-go and wg. Runs in network and mount namespaces of its own, which end with it.
"""

import base64
import contextlib
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time

import handshake as noise

DEVICE = "tacetrec0"
THEIR_PORT = 40011
OUR_PORT = 40012
OUR_INDEX = 0x5EED1E55
INNER_THEIRS = "10.9.0.1"
INNER_OURS = "10.9.0.2"
TIMESTAMP = struct.pack(">QI", 0x400000000000000A + 1700000000, 0)
SAID = b"said by wireguard-go, heard by us"


def run(*command):
    subprocess.run(command, check=True)


def wait_for(path):
    for _ in range(100):
        if os.path.exists(path):
            return
        time.sleep(0.05)
    sys.exit(f"record_wireguard_go: {path} did not appear")


def key_file(folder, name, key):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(base64.b64encode(key))
    return path


@contextlib.contextmanager
def wireguard_go(private, our_public, psk):
    """A device with us as its peer."""
    daemon = subprocess.Popen(["wireguard-go", "-f", DEVICE], stdout=sys.stderr)
    try:
        wait_for(f"/var/run/wireguard/{DEVICE}.sock")
        with tempfile.TemporaryDirectory() as folder:
            run("wg", "set", DEVICE, "listen-port", str(THEIR_PORT),
                "private-key", key_file(folder, "private", private),
                "peer", base64.b64encode(our_public).decode(),
                "preshared-key", key_file(folder, "psk", psk),
                "endpoint", f"127.0.0.1:{OUR_PORT}", "allowed-ips", f"{INNER_OURS}/32")
        run("ip", "address", "add", f"{INNER_THEIRS}/24", "dev", DEVICE)
        run("ip", "link", "set", DEVICE, "up")
        yield
    finally:
        daemon.terminate()
        daemon.wait()


def say():
    """Something goes into the tunnel on their side."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as inner:
        inner.sendto(SAID, (INNER_OURS, 7))


def receive(outer, kind):
    """The next message of that type; for data, the next that is no keepalive."""
    while True:
        datagram = outer.recv(2048)
        if datagram[0] == kind and (kind != 4 or len(datagram) > 32):
            return datagram


def check_mac1(message, receiver_public):
    key = noise.hash_(noise.LABEL_MAC1, receiver_public)
    assert noise.mac(key, message[:-32]) == message[-32:-16]


def packet_of(message, key):
    counter, = struct.unpack("<Q", message[8:16])
    packet = noise.aead_open(key, counter, message[16:], b"")
    assert SAID in packet
    return packet


def as_responder(outer, ours, their_public):
    """wireguard-go calls us."""
    say()
    initiation = receive(outer, 1)
    check_mac1(initiation, noise.public_of(ours["private"]))
    state, caller = noise.initiation_open(ours["private"], initiation)
    assert caller["static"] == their_public
    response = noise.response(state, caller, ours["ephemeral"], ours["psk"], OUR_INDEX)
    outer.sendto(response, ("127.0.0.1", THEIR_PORT))
    data = receive(outer, 4)
    sending, receiving = state.split()[1], state.split()[0]
    return caller["timestamp"], initiation, response, data, packet_of(data, receiving), sending


def as_initiator(outer, ours, their_public):
    """We call wireguard-go."""
    initiation, state = noise.initiation(
        ours["private"], ours["ephemeral"], their_public, OUR_INDEX, TIMESTAMP)
    outer.sendto(initiation, ("127.0.0.1", THEIR_PORT))
    response = receive(outer, 2)
    check_mac1(response, noise.public_of(ours["private"]))
    noise.response_open(state, ours["private"], ours["ephemeral"], ours["psk"], response)
    sending, receiving = state.split()
    keepalive = noise.data(sending, *struct.unpack("<I", response[4:8]), 0, b"")
    outer.sendto(keepalive, ("127.0.0.1", THEIR_PORT))
    say()
    data = receive(outer, 4)
    return TIMESTAMP, initiation, response, data, packet_of(data, receiving), sending


def record(role, psk):
    their_private = noise.fixed("wireguard-go")
    their_public = noise.public_of(their_private)
    ours = {"private": noise.fixed("ours"), "ephemeral": noise.fixed("ephemeral"), "psk": psk}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outer:
        outer.bind(("127.0.0.1", OUR_PORT))
        outer.settimeout(20)
        with wireguard_go(their_private, noise.public_of(ours["private"]), psk):
            made = role(outer, ours, their_public)
    names = ("timestamp", "initiation", "response", "data", "packet", "sending")
    return {"our_private": ours["private"], "our_ephemeral": ours["ephemeral"],
            "their_public": their_public, "preshared_key": psk, **dict(zip(names, made))}


HEADER = """\
/* SPDX-License-Identifier: ISC */
/* clang-format off */
/* Recorded from wireguard-go by tests/vectors/record_wireguard_go.py; do not edit. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
"""


def main():
    if "inside" not in sys.argv:
        os.execvp("unshare", ["unshare", "--net", "--mount", sys.executable, sys.argv[0], "inside"])
    os.makedirs("/var/run/wireguard", exist_ok=True)
    run("mount", "-t", "tmpfs", "none", "/var/run/wireguard")
    run("ip", "link", "set", "lo", "up")
    recordings = [
        (f"{words}, {'with' if any(psk) else 'without'} psk", role is as_initiator,
         record(role, psk))
        for words, role in (("wireguard-go calls", as_responder), ("we call", as_initiator))
        for psk in (bytes(32), noise.fixed("psk"))]

    print(HEADER)
    print("struct recorded_handshake {\n\tconst char *name;\n\tbool we_initiate;")
    print("\tuint32_t our_index;")
    for field, value in recordings[0][2].items():
        print(f"\tuint8_t {field}[{len(value)}];")
    print("};\n\nstatic const struct recorded_handshake recorded_handshakes[] = {")
    for name, we_initiate, fields in recordings:
        print(f'{{\n\t.name = "{name}",\n\t.we_initiate = {str(we_initiate).lower()},')
        print(f"\t.our_index = {OUR_INDEX:#x},")
        for field, value in fields.items():
            print(noise.c_bytes(field, value))
        print("},")
    print("};")


if __name__ == "__main__":
    main()
