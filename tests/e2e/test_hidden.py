# SPDX-License-Identifier: ISC
"""Hidden reception (docs/door.md): for the kernel there is no socket and no port, and all works."""

import hashlib
import random
import signal
import socket

import pytest

from lab import strangers, wait_until
from pair import (INNER_MEMBER, INNER_SERVER, INNER_SERVER6, MEMBER, PORT, SERVER, SERVER6,
                  Pair)
from test_door import assert_silence, counters, send
from test_strangers import STRANGER, Field

HIDDEN = ["--reception", "hidden"]


def listeners(host):
    """What the kernel says of UDP and raw sockets that anybody could find."""
    return host.run(["ss", "-Hanu"]).stdout


def start_again(pair, options):
    """The server's daemon, which is gone, comes back."""
    near = pair.near
    near.options = options
    near.start()
    near.set(private_key=near.private_key, listen_port=PORT)
    addresses, near.addresses = near.addresses, []
    near.up(addresses)
    near.add_peer(pair.far, allowed_ips=[f"{INNER_MEMBER}/32"])


def transfer(pair, size=4 << 20):
    """TCP both ways through the tunnel; the sums of what was sent and came."""
    data = random.Random(9).randbytes(size)
    with pair.server.socket(kind=socket.SOCK_STREAM) as listener:
        listener.bind((INNER_SERVER, 5001))
        listener.listen()
        with pair.member.socket(kind=socket.SOCK_STREAM) as client:
            client.settimeout(30)
            client.connect((INNER_SERVER, 5001))
            connection, _ = listener.accept()
            connection.settimeout(30)
            for giver, taker in ((client, connection), (connection, client)):
                got = hashlib.sha256()
                for start in range(0, len(data), 1 << 16):
                    giver.sendall(data[start:start + (1 << 16)])
                    left = min(1 << 16, len(data) - start)
                    while left:
                        piece = taker.recv(left)
                        got.update(piece)
                        left -= len(piece)
                assert got.digest() == hashlib.sha256(data).digest()
            connection.close()


@pytest.mark.parametrize("endpoint", [f"{SERVER}:{PORT}", f"[{SERVER6}]:{PORT}"],
                         ids=["ipv4", "ipv6"])
@pytest.mark.parametrize("workers", ["1", "3"])
def test_members_work(ours, lab, endpoint, workers):
    pair = Pair(lab, options=[*HIDDEN, "--workers", workers]).join(endpoint)
    pair.works()
    assert listeners(pair.server) == ""
    assert listeners(pair.member) == ""
    assert pair.member.ping(INNER_SERVER6)
    assert pair.member.ping(INNER_SERVER, size=1400)
    transfer(pair)
    names = ["UdpNoPorts", "Udp6NoPorts", "UdpInErrors", "IcmpOutDestUnreachs",
             "Icmp6OutDestUnreachs"]
    counts = pair.server.run(["nstat", "-asz", *names]).stdout.splitlines()[1:]
    wrong = [line for line in counts if line.split()[1] != "0"]
    assert not wrong


def test_checksums_are_right(ours, lab):
    """A stock socket at the other end takes all, so the kernel found them right; IPv4 has one."""
    scapy = pytest.importorskip("scapy.all")
    pair = Pair(lab, options=HIDDEN).join()
    pair.works()
    frames = pair.capture.frames(source=SERVER, protocol="udp")
    assert frames
    assert all(scapy.Ether(bytes(frame.raw))[scapy.UDP].chksum for frame in frames)


def test_500_of_500(ours, lab):
    """A burst of valid datagrams comes in whole; nothing goes out, no flow is known."""
    field = Field(lab, options=HIDDEN)
    near = field.pair.near
    recorded = [frame.payload for frame in field.pair.capture.frames(source=MEMBER, protocol="udp")
                if frame.payload[:1] == b"\x04" and len(frame.payload) < 200]
    field.server.run(["nft", "add table inet flows; add chain inet flows in "
                      "{ type filter hook prerouting priority 0; ct state new accept; }"])
    before = counters(near)
    send(field, [recorded[0]] * 500)
    wait_until(lambda: counters(near)["drop.counter-replayed"] -
               before["drop.counter-replayed"] == 500, 10, "500 to reach the engine")
    assert counters(near)["door.let-in"] - before["door.let-in"] >= 500
    flows = field.server.run(["cat", "/proc/net/nf_conntrack"], check=False)
    assert STRANGER not in flows.stdout
    assert_silence(field)


@pytest.mark.parametrize("version", [4, 6], ids=["ipv4", "ipv6"])
def test_strangers(ours, lab, version):
    """All shapes, at a port that nothing has; nothing is emitted, dead or alive."""
    field = Field(lab, options=HIDDEN)
    datagrams = strangers.junk(300, field.random) + strangers.shapes(170, field.random)
    datagrams += [strangers.initiation(field.key, field.random) for _ in range(300)]
    before = sum(count for word, count in counters(field.pair.near).items() if word[:5] == "door.")
    send(field, datagrams, version)
    after = sum(count for word, count in counters(field.pair.near).items() if word[:5] == "door.")
    assert after - before >= len(datagrams)
    field.pair.works()
    assert_silence(field, version)
    field.pair.near.kill()
    send(field, datagrams[:400], version)
    assert_silence(field, version)
    start_again(field.pair, HIDDEN)
    field.pair.works(timeout=30)
    assert_silence(field, version)


def test_back_to_normal(ours, lab):
    """Killed while hidden; who comes back without finds no wall in his way."""
    pair = Pair(lab, options=HIDDEN).join()
    pair.works()
    pair.near.stop(signal.SIGKILL)
    wait_until(lambda: not pair.near.device_exists(), 10, "the device to go")
    start_again(pair, [])
    pair.works(timeout=30)


def test_called_and_calling(ours, lab):
    """The hidden end calls, too, before it knows by which address; and the member roams."""
    pair = Pair(lab, options=HIDDEN).join()
    pair.works()
    pair.calls_and_follows()


def test_with_a_stock_member(ours, lab):
    """wireguard-go at the other end notices nothing."""
    pair = Pair(lab, options=HIDDEN)
    pair.far.stop()
    pair.far.implementation, pair.far.options = "wireguard-go", []
    pair.far.start()
    pair.far.set(private_key=pair.far.private_key)
    addresses, pair.far.addresses = pair.far.addresses, []
    pair.far.up(addresses)
    pair.join().works()
    transfer(pair, 1 << 20)
