# SPDX-License-Identifier: ISC
"""Whatever a stranger sends, the host does not send a single frame to him."""

import random
import socket

import pytest

from lab import strangers, wait_until
from pair import INNER_SERVER, MEMBER, PORT, SERVER, SERVER6, Pair

STRANGER, STRANGER6 = "192.0.2.66", "2001:db8::66"
ADDRESSES = {4: (socket.AF_INET, SERVER, STRANGER), 6: (socket.AF_INET6, SERVER6, STRANGER6)}
VERSIONS = pytest.mark.parametrize("version", [4, 6], ids=["ipv4", "ipv6"])
BURST = 64


class Field:
    """A pair with a session, and a stranger on the server's own Ethernet segment.

    The stranger has the server's link address in his tables from the beginning, and a different
    host's frames do not reach him: so not even a neighbour solicitation is due to him.
    """

    def __init__(self, lab, options=()):
        self.lab = lab
        self.pair = Pair(lab, options=options).join()
        self.server = self.pair.server
        self.stranger = lab.host("stranger")
        self.link = lab.link(self.server, self.stranger)
        self.near, self.far = self.link.left, self.link.right
        for address, port in ((f"{STRANGER}/32", self.far), (f"{STRANGER6}/128", self.far)):
            port.add_address(address)
        for address, stranger, prefix in ((SERVER, STRANGER, 32), (SERVER6, STRANGER6, 128)):
            self.stranger.ip("route", "add", f"{address}/{prefix}", "dev", self.far.name)
            self.stranger.ip("neighbour", "add", address, "lladdr", self.near.mac,
                             "dev", self.far.name, "nud", "permanent")
            self.server.ip("route", "add", f"{stranger}/{prefix}", "dev", self.near.name)
            self.server.ip("neighbour", "add", stranger, "lladdr", self.far.mac,
                           "dev", self.near.name, "nud", "permanent")
        self.pair.works()
        self.capture = self.link.capture()
        self.random = random.Random(2)
        self.key = self.pair.near.public_key

    def show_that_a_leak_is_seen(self, version):
        """The control: at a port where nobody listens, the host answers, and we see that."""
        family, server, stranger = ADDRESSES[version]
        with self.stranger.socket(family) as sender:
            sender.sendto(b"anyone?", (server, PORT + 9))
            self.capture.wait_for(source=self.near, destination=stranger)
        self.capture.clear()

    def send(self, datagrams, version):
        """Send datagrams in bursts which the server's socket can hold; then wait until all is read.

        Ends with a ping of the member through the tunnel: whatever lay before it in the
        server's queues has been dealt with when that is answered.
        """
        family, server, _ = ADDRESSES[version]
        before = self.drops()
        with self.stranger.socket(family) as sender:
            for start in range(0, len(datagrams), BURST):
                for datagram in datagrams[start:start + BURST]:
                    sender.sendto(datagram, (server, PORT))
                self.wait_until_read()
        for _ in range(2):
            self.pair.works()
        assert self.drops() == before, "the burst was too large for the server's socket"

    def drops(self):
        """How many datagrams the server's socket had no room for."""
        return sum(row["drops"] for row in self.server.udp_sockets() if row["port"] == PORT)

    def flood(self, version):
        """Initiations with a right mac1, all at once, which is load; losses are welcome.

        Returns how many.
        """
        datagrams = [strangers.initiation(self.key, self.random) for _ in range(4000)]
        family, server, _ = ADDRESSES[version]
        with self.stranger.socket(family) as sender:
            for datagram in datagrams:
                sender.sendto(datagram, (server, PORT))
        self.wait_until_read()
        self.pair.works()
        return len(datagrams)

    def wait_until_read(self):
        """Wait until the server's daemon has read all that came."""
        wait_until(lambda: not any(row["receive_queue"] for row in self.server.udp_sockets()
                                   if row["port"] == PORT), 20, "the server to read all datagrams")

    def assert_silence(self, version, sent):
        """All that was sent had come, and nothing went out to the stranger."""
        _, server, stranger = ADDRESSES[version]
        assert self.capture.count(source=stranger, destination=server) >= sent
        leaked = self.capture.frames(source=self.near, destination=stranger)
        assert not leaked, f"{len(leaked)} frames to the stranger, such as {leaked[:3]}"
        endpoint = self.pair.near.peer(self.pair.far).endpoint
        assert not endpoint.startswith((STRANGER, f"[{STRANGER6}"))


def last_payload(capture, kind, **criteria):
    """The newest datagram of a message type in a capture."""
    found = [frame.payload for frame in capture.frames(protocol="udp", **criteria)
             if frame.payload and frame.payload[0] == kind]
    return found[-1]


@pytest.fixture
def field(lab):
    """A Field."""
    return Field(lab)


@VERSIONS
def test_junk(field, version):
    field.show_that_a_leak_is_seen(version)
    datagrams = strangers.junk(2000, field.random)
    field.send(datagrams, version)
    field.assert_silence(version, len(datagrams))


@VERSIONS
def test_every_type_and_length(field, version):
    datagrams = strangers.shapes(200, field.random)
    field.send(datagrams, version)
    field.assert_silence(version, len(datagrams))


@VERSIONS
def test_initiations_with_a_wrong_mac1(field, version):
    other = strangers.with_mac1(bytes(148), field.key)
    datagrams = [strangers.message(strangers.INITIATION, 148, field.random) for _ in range(1000)]
    datagrams += [other[:-33] + b"\x01" + other[-32:], other[:-17] + b"\x00" + other[-16:]]
    field.send(datagrams, version)
    field.assert_silence(version, len(datagrams))


@VERSIONS
def test_initiations_with_a_right_mac1(ours, field, version):
    """He who knows the public key gets no cookie either, however much load he makes."""
    sent = field.flood(version)
    field.assert_silence(version, sent)


def test_cookies_for_whom_wants_them(ours, lab):
    """Switched on, they are sent under load, as by stock WireGuard: which the capture then sees."""
    field = Field(lab, options=["--cookies", "always"])
    field.flood(4)
    leaked = field.capture.frames(source=field.near, destination=STRANGER)
    assert {frame.payload[0] for frame in leaked} == {strangers.COOKIE_REPLY}


@VERSIONS
def test_silence_of_several_workers(ours, lab, version):
    field = Field(lab, options=["--workers", "4"])
    sent = field.flood(version)
    datagrams = strangers.shapes(160, field.random) + strangers.junk(500, field.random)
    field.send(datagrams, version)
    field.assert_silence(version, sent + len(datagrams))


def test_a_new_member_gets_in_after_a_flood(ours, field):
    field.send([strangers.initiation(field.key, field.random) for _ in range(2000)], 4)
    pair = field.pair
    pair.far.kill()
    pair.far.start()
    pair.far.set(private_key=pair.far.private_key)
    pair.far.up(["10.9.0.2/24"])
    pair.join()
    pair.works(timeout=30)
    field.assert_silence(4, 2000)


@VERSIONS
def test_messages_for_a_live_session(field, version):
    """He reads the wire, knows the indices of the live session, and cannot authenticate."""
    index = last_payload(field.pair.capture, strangers.DATA, source=MEMBER)[4:8]
    datagrams = [strangers.message(strangers.DATA, size, field.random, receiver=index)
                 for size in range(32, 1400, 3)]
    datagrams += [strangers.response(field.key, field.random, receiver=index) for _ in range(200)]
    datagrams += [strangers.message(strangers.COOKIE_REPLY, 64, field.random, receiver=index)
                  for _ in range(200)]
    field.send(datagrams, version)
    field.assert_silence(version, len(datagrams))


@VERSIONS
def test_recorded_messages_of_a_member(field, version):
    """A recorded initiation and recorded data, replayed from the stranger's address."""
    recorded = [frame.payload for frame in field.pair.capture.frames(source=MEMBER, protocol="udp")
                if len(frame.payload) < 200]
    kinds = {payload[0] for payload in recorded}
    assert {strangers.INITIATION, strangers.DATA} <= kinds
    datagrams = recorded * 20
    field.send(datagrams, version)
    field.assert_silence(version, len(datagrams))


@pytest.mark.parametrize("change", ["mac1", "insides"])
def test_changed_messages_of_a_member(field, change):
    """One bit of a recorded initiation is changed; the mac1 is made right again, or not."""
    recorded = last_payload(field.pair.capture, strangers.INITIATION, source=MEMBER)
    datagrams = []
    for place in range(4, len(recorded)):
        body = bytearray(recorded)
        body[place] ^= 1 << (place % 8)
        datagrams.append(bytes(body) if change == "mac1"
                         else strangers.with_mac1(bytes(body), field.key))
    field.send(datagrams, 4)
    field.assert_silence(4, len(datagrams))


def test_a_real_wireguard_with_an_unknown_key(field):
    """A whole, right handshake initiation, from a key that the server does not know."""
    visitor = field.stranger.wireguard(addresses=["10.8.0.2/24"])
    visitor.add_peer(field.key, allowed_ips=["10.8.0.1/32", f"{INNER_SERVER}/32"],
                     endpoint=f"{SERVER}:{PORT}")
    field.stranger.ping("10.8.0.1", check=False, wait=0.3)
    field.capture.wait_for(source=STRANGER, destination=SERVER, protocol="udp")
    visitor.stop()
    field.wait_until_read()
    field.pair.works()
    field.assert_silence(4, 1)
    assert set(field.pair.near.show().peers) == {field.pair.far.public_key}


def test_a_member_without_the_preshared_key(field):
    """The server answers a known key's initiation; without the psk nothing comes after that."""
    pair = field.pair
    pair.near.add_peer(pair.far, preshared_key="A" * 42 + "E=")
    before = pair.near.peer(pair.far).latest_handshake
    pair.far.kill()
    pair.far.start()
    pair.far.set(private_key=pair.far.private_key)
    pair.far.up(["10.9.0.2/24"])
    pair.join()
    pair.capture.clear()
    assert not pair.member.ping(INNER_SERVER, check=False, wait=1)
    assert pair.near.peer(pair.far).latest_handshake == before
    assert not [frame for frame in pair.capture.frames(source=SERVER, protocol="udp")
                if frame.payload[0] == strangers.DATA]


def test_silent_before_it_has_a_key(lab):
    """An interface without private key, without peers: no answer to anything."""
    field = Field(lab)
    field.pair.near.remove_peer(field.pair.far)
    field.pair.near.set(private_key="")
    field.capture.clear()
    family, server, _ = ADDRESSES[4]
    datagrams = strangers.shapes(160, field.random) + \
        [strangers.initiation(field.key, field.random) for _ in range(100)]
    with field.stranger.socket(family) as sender:
        for start in range(0, len(datagrams), BURST):
            for datagram in datagrams[start:start + BURST]:
                sender.sendto(datagram, (server, PORT))
            field.wait_until_read()
    field.pair.near.show()
    assert field.capture.count(source=STRANGER) >= len(datagrams)
    assert field.capture.count(source=field.near, destination=STRANGER) == 0
