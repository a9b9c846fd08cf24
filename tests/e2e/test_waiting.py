# SPDX-License-Identifier: ISC
"""A gateway sends nothing to the address of a device that has gone (requirement R8)."""

import time

import pytest

import lab as laboratory
import story
from lab import Download, strangers, wait_until

PORT = 40004
LONGEST_S = 20  # since the last packet of the device that authenticated
WATCHED_S = 60


class Way:
    """A gateway and a device on a link, by one implementation; inside, 10.9.N.1 and 10.9.N.2."""

    def __init__(self, lab, number, implementation, options=()):
        self.gateway, self.device = lab.host(f"gateway{number}"), lab.host(f"device{number}")
        self.outer = [f"192.0.2.{10 * number + 1}", f"192.0.2.{10 * number + 2}"]
        self.inner = [f"10.9.{number}.1", f"10.9.{number}.2"]
        self.link = lab.link(self.gateway, self.device, left=[f"{self.outer[0]}/24"],
                             right=[f"{self.outer[1]}/24"])
        self.near = self.gateway.wireguard(addresses=[f"{self.inner[0]}/24"], listen_port=PORT,
                                           implementation=implementation, options=options)
        self.far = self.device.wireguard(addresses=[f"{self.inner[1]}/24"])
        self.near.add_peer(self.far, allowed_ips=[f"{self.inner[1]}/32"])
        self.far.add_peer(self.near, allowed_ips=[f"{self.inner[0]}/32"],
                          endpoint=f"{self.outer[0]}:{PORT}")
        self.device.wait_for_ping(self.inner[0], 15)
        self.capture = self.link.port(self.gateway).capture()

    def vanish(self):
        """The device has gone without a word; its address is there still. When that was."""
        self.gateway.ping(self.inner[1])
        self.far.kill()
        return time.time()

    def send(self, socket):
        """Something from inside for the device."""
        socket.sendto(b"are you there?", (self.inner[1], 9))

    def sent(self, since=0.0):
        """The frames to the device's address since then."""
        return [frame for frame in self.capture.frames(destination=self.outer[1], protocol="udp")
                if frame.time >= since]


@pytest.mark.skipif(laboratory.implementation_missing("wireguard-go") is not None,
                    reason="needs wireguard-go as the control")
def test_nothing_is_sent_to_who_has_gone(lab, ours):
    """Inside, packets for it go on: silence by ours, data and initiations by wireguard-go."""
    waiting = Way(lab, 1, "tacet-wg", ["--wait"])
    stock = Way(lab, 2, "wireguard-go")
    gone = {way: way.vanish() for way in (waiting, stock)}
    sockets = {way: way.gateway.socket() for way in gone}
    until = time.time() + WATCHED_S
    while time.time() < until:
        for way, socket in sockets.items():
            way.send(socket)
        time.sleep(0.25)  # a steady stream, not an event that is waited for
    for socket in sockets.values():
        socket.close()
    for way, when in gone.items():
        assert way.sent(when), "it is the right address, and was not given up at once"
    assert waiting.sent(gone[waiting] + LONGEST_S) == []
    control = stock.sent(gone[stock] + LONGEST_S)
    kinds = {frame.payload[0] for frame in control}
    assert strangers.INITIATION in kinds
    print(f"\nframes to who has gone, from its 20th second on: 0 by tacet-wg --wait,"
          f" {len(control)} by wireguard-go")


def test_tacetd_waits(lab):
    """The same on a gateway of Tacet's: the rest of a download of a device that was killed."""
    world = story.make(lab, "alice")
    world.web("alice")
    alice = world.enrol("alice", services=["intranet"])
    address = alice.host.address()
    capture = world.outer.port(world.server.host).capture()
    download = Download(alice.host, world.vip("intranet"))
    for title in ("parent", "control", "engine"):
        alice.kill(title)
    gone = time.time()
    time.sleep(WATCHED_S)  # nothing is waited for: TCP repeats itself meanwhile
    download.stop()
    frames = [frame.time - gone for frame in capture.frames(destination=address, protocol="udp")
              if frame.time > gone + 1]
    repeated = int(world.server.host.run(
        ["nstat", "-asz", "TcpRetransSegs"]).stdout.split("TcpRetransSegs")[1].split()[0])
    assert frames, "data goes there while it may be alive"
    assert max(frames) < LONGEST_S
    print(f"\n{len(frames)} frames to who has gone, the last after {max(frames):.1f} s;"
          f" {repeated} segments were repeated")


def test_who_is_there_is_reached(lab, ours):
    """One that waits to be called serves who lives as before."""
    way = Way(lab, 1, "tacet-wg", ["--wait"])
    began = time.monotonic()
    answered = 0
    while time.monotonic() - began < 25:
        answered += way.gateway.ping(way.inner[1], check=False, wait=1)
        time.sleep(0.5)  # a steady stream
    assert answered > 40
    wait_until(lambda: way.gateway.ping(way.inner[1], check=False), 5, "an answer")
