# SPDX-License-Identifier: ISC
"""Super-packets at the TUN device: transfers arrive as they were sent, and supers were used."""

import array
import fcntl
import hashlib
import random
import shutil
import socket
import struct
import threading

import pytest

from pair import INNER_MEMBER, INNER_MEMBER6, INNER_SERVER, INNER_SERVER6, Pair

TCP_PORT = 5001
SIZE = 24 << 20
DATA = random.Random(1).randbytes(SIZE)
DIGEST = hashlib.sha256(DATA).hexdigest()
TIMEOUT = 60


def send(host, address, family):
    """Send all of DATA to an address, in pieces of many sizes."""
    dice = random.Random(2)
    with host.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(TIMEOUT)
        connection.connect((address, TCP_PORT))
        at = 0
        while at < SIZE:
            size = dice.choice((1, 100, 1368, 5000, 65536, 1 << 20))
            connection.sendall(DATA[at:at + size])
            at += size


def transfer(source, target, address):
    """The SHA-256 of what the target's end of a TCP connection received."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    digest = hashlib.sha256()
    with target.socket(family, socket.SOCK_STREAM) as listener:
        listener.settimeout(TIMEOUT)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, TCP_PORT))
        listener.listen(1)
        sender = threading.Thread(target=send, args=(source, address, family), daemon=True)
        sender.start()
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(TIMEOUT)
            while piece := connection.recv(1 << 20):
                digest.update(piece)
        sender.join(TIMEOUT)
    return digest.hexdigest()


def supers(capture, mtu, outgoing):
    """TCP frames longer than the MTU that went into the device (outgoing), or came out of it."""
    return sum(frame.protocol == "tcp" and frame.outgoing == outgoing and frame.length > mtu
               for frame in capture.frames())


SIOCETHTOOL = 0x8946
SWITCHES = {"tso": 0x1F, "tx": 0x17}  # ETHTOOL_STSO, ETHTOOL_STXCSUM


def switch_off(host, device, feature):
    """As `ethtool -K DEVICE FEATURE off`."""
    value = array.array("B", struct.pack("II", SWITCHES[feature], 0))
    request = struct.pack("16sP8x", device.name.encode(), value.buffer_info()[0])
    with host.socket() as control:
        fcntl.ioctl(control, SIOCETHTOOL, request)


def addresses(version):
    """Inner addresses (of the server, of the member)."""
    return (INNER_SERVER, INNER_MEMBER) if version == 4 else (INNER_SERVER6, INNER_MEMBER6)


@pytest.mark.parametrize("mtu, version", [(576, 4), (1280, 6), (1420, 4), (1420, 6), (9000, 4),
                                          (9000, 6)])
def test_transfers(ours, lab, mtu, version):
    """Both ways, with ECN; a capture on the devices shows segments longer than the MTU."""
    pair = Pair(lab, mtu=max(mtu, 1280)).join()
    for host, device in ((pair.server, pair.near), (pair.member, pair.far)):
        host.sysctl("net.ipv4.tcp_ecn", 1)
        if mtu < 1280:
            host.ip("link", "set", device.name, "mtu", str(mtu))
    pair.works()
    server, member = addresses(version)
    with pair.near.capture(128) as near, pair.far.capture(128) as far:
        assert transfer(pair.member, pair.server, server) == DIGEST
        assert supers(far, mtu, True) > 10
        assert supers(near, mtu, False) > 10
        near.clear(), far.clear()
        assert transfer(pair.server, pair.member, member) == DIGEST
        assert supers(near, mtu, True) > 10
        assert supers(far, mtu, False) > 10


def test_mtu_changes_between_transfers(ours, pair):
    pair.works()
    for mtu in (1420, 1280, 9000, 700, 1420):
        for host, device in ((pair.server, pair.near), (pair.member, pair.far)):
            host.ip("link", "set", device.name, "mtu", str(mtu))
        assert transfer(pair.member, pair.server, INNER_SERVER) == DIGEST


def test_without_offloads_of_the_device(ours, pair):
    """The administrator switches them off: packets come singly, checksums done or not."""
    pair.works()
    for feature in ("tso", "tx"):
        for host, device in ((pair.server, pair.near), (pair.member, pair.far)):
            switch_off(host, device, feature)
        with pair.far.capture(128) as far:
            assert transfer(pair.member, pair.server, INNER_SERVER) == DIGEST
            assert supers(far, 1420, True) == 0
        assert transfer(pair.server, pair.member, INNER_MEMBER) == DIGEST


@pytest.mark.parametrize("version", [4, 6])
def test_transfers_with_another_implementation(ours, lab, version):
    """An end that knows no offloads sees packets as any other."""
    if shutil.which("wireguard-go") is None:
        pytest.skip("needs wireguard-go")
    pair = Pair(lab, implementation="wireguard-go").join()
    pair.works()
    server, member = addresses(version)
    assert transfer(pair.member, pair.server, server) == DIGEST
    assert transfer(pair.server, pair.member, member) == DIGEST
