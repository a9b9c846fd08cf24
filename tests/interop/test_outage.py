# SPDX-License-Identifier: ISC
"""The other end cannot be reached for a while; and what both ends say in order to stay in touch."""

import time

from duo import (CALLERS, INNER_MEMBER, INNER_SERVER, KEEPALIVE_SIZE, OURS, PORT, THEIRS, Duo)
from lab import strangers, wait_until
from traffic import FAMILY, at_once

OUTAGE_SECONDS = 17.0  # longer than it takes to notice (15 s)
RETRY_SECONDS = 5.4
PASSIVE_SECONDS = 10
ETHERNET_IP_UDP = 14 + 20 + 8


CUT = "add table inet cut; " \
    "add chain inet cut input { type filter hook input priority 0; }; " \
    "add rule inet cut input iifname eth0 drop"


def cut(duo):
    """What either end sends is lost, without a word."""
    for host in (duo.member, duo.server):
        host.run(["nft", CUT])


def mend(duo):
    """The way is free again."""
    for host in (duo.member, duo.server):
        host.run(["nft", "delete table inet cut"])


def unplug(duo):
    """The link goes down."""
    duo.link.right.down()


def plug(duo):
    """The link comes up."""
    duo.link.right.up()


def outage(duo, begin, end, had_session):
    """Traffic during an outage, and how long after its end it is answered."""
    if had_session:
        duo.works()
    begin(duo)
    stream = duo.member.spawn(["ping", "-n", "-q", "-i", "0.2", INNER_SERVER[4]])
    time.sleep(OUTAGE_SECONDS)  # this is the event: so much time without the other
    assert not duo.member.ping(INNER_SERVER[4], check=False, wait=0.1)
    end(duo)
    began = time.monotonic()
    duo.member.wait_for_ping(INNER_SERVER[4], 30, wait=0.2)
    took = time.monotonic() - began
    stream.stop()
    duo.server.ping(INNER_MEMBER[6])
    return took


def test_unreachable_for_a_while(lab):
    """From the beginning and in a session, lost on the way and link down; all at once."""
    rows = {}
    for caller in (OURS, THEIRS):
        for begin, end in ((cut, mend), (unplug, plug)):
            for had_session in (False, True):
                name = f"{'we' if caller == OURS else 'they'}-{begin.__name__}-{int(had_session)}-"
                rows[name] = (Duo(lab, caller, name=name).join(), begin, end, had_session)
    took = at_once(**{name: lambda row=row: outage(*row) for name, row in rows.items()})
    assert all(seconds <= RETRY_SECONDS + 2 for seconds in took.values()), took


class Datagrams:
    """One-way UDP inside a tunnel: the receiver's socket is open, and nobody answers."""

    def __init__(self, sender, receiver, address):
        family = FAMILY[6 if ":" in address else 4]
        self.receiver, self.sender = receiver.socket(family), sender.socket(family)
        self.receiver.bind((address, 0))
        self.sender.connect(self.receiver.getsockname()[:2])

    def send(self, payload=b"one way"):
        """Send one datagram."""
        self.sender.send(payload)

    def close(self):
        """Close both sockets."""
        self.sender.close()
        self.receiver.close()


def keepalives(duo, port):
    """The keepalives that a port of a duo's link sent, oldest first."""
    return [frame for frame in duo.capture.frames(source=port, protocol="udp")
            if frame.payload[0] == strangers.DATA
            and frame.length == ETHERNET_IP_UDP + KEEPALIVE_SIZE]


def stay_passive(duo, from_server):
    """Data one way only: its receiver says after 10 s that it is there, and once."""
    if from_server:
        datagrams = Datagrams(duo.server, duo.member, INNER_MEMBER[4])
        port = duo.link.right
    else:
        datagrams = Datagrams(duo.member, duo.server, INNER_SERVER[4])
        port = duo.link.left
    duo.works()
    duo.capture.clear()
    for _ in range(3):
        datagrams.send()
    data = duo.capture.wait_for(source=duo.link.left if from_server else duo.link.right,
                                protocol="udp")  # three in one frame, where they make a run
    wait_until(lambda: keepalives(duo, port), PASSIVE_SECONDS + 3, "a keepalive", interval=0.1)
    after = keepalives(duo, port)[0].time - data[0].time
    time.sleep(2)  # no second one follows, and no new session is begun
    datagrams.close()
    assert len(keepalives(duo, port)) == 1 and duo.begun() == (0, 0)
    return after


def test_passive_keepalive(lab):
    """Whoever receives, whoever called."""
    rows = {}
    for caller in (OURS, THEIRS):
        for from_server in (False, True):
            name = f"{'we' if caller == OURS else 'they'}-{'down' if from_server else 'up'}-"
            rows[name] = (Duo(lab, caller, name=name).join(), from_server)
    after = at_once(**{name: lambda row=row: stay_passive(*row) for name, row in rows.items()})
    assert all(abs(seconds - PASSIVE_SECONDS) < 0.5 for seconds in after.values()), after


@CALLERS
def test_persistent_keepalive(lab, caller):
    """Every second, to begin with by a session that no inner packet asked for."""
    duo = Duo(lab, caller).join(keepalive=1)
    duo.capture.wait_for(source=duo.server, protocol="udp", timeout=5)
    wait_until(lambda: len(keepalives(duo, duo.link.right)) >= 5, 10, "five keepalives")
    times = [frame.time for frame in keepalives(duo, duo.link.right)]
    gaps = [later - earlier for earlier, later in zip(times[1:], times[2:])]
    assert all(0.8 < gap < 1.6 for gap in gaps), gaps
    assert duo.begun() == (1, 0)
    duo.server.ping(INNER_MEMBER[4])  # he who was called knows the way
    duo.far.add_peer(duo.near, keepalive=0)
    duo.capture.clear()
    time.sleep(2.5)  # it stopped
    assert len(keepalives(duo, duo.link.right)) <= 1


@CALLERS
def test_persistent_keepalive_of_the_called(lab, caller):
    """He who was called keeps the way open from his side."""
    duo = Duo(lab, caller).join().works()
    duo.near.add_peer(duo.far, keepalive=1)
    wait_until(lambda: len(keepalives(duo, duo.link.left)) >= 3, 10, "three keepalives")
    assert duo.near.peer(duo.far).keepalive == 1 and duo.begun() == (1, 0)
    assert duo.near.show().listen_port == PORT
