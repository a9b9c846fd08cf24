# SPDX-License-Identifier: ISC
"""The door in the kernel (docs/door.md): strangers never wake the daemon, members notice nothing."""

import base64
import random
import re
import socket
import time

import pytest

import story
from lab import strangers, wait_until
from lab.tacet import tacet_missing
from pair import INNER_MEMBER, INNER_SERVER, MEMBER, PORT, SERVER, SERVER6, Pair
from test_knock import knock_file
from test_strangers import ADDRESSES, STRANGER, STRANGER6, Field

KEY = base64.b64encode(b"\x05" * 32).decode()
KINDS = pytest.mark.parametrize("kind", ["tc", "xdp"])
UDP_SEGMENT = 103
WAKES_MAX = 20  # its own timers, while SLOW datagrams come
SLOW = 200


def counters(device):
    """What the door and the engine have counted, by word ("door.mac1-invalid", "drop.malformed")."""
    with socket.socket(socket.AF_UNIX) as stream:
        stream.connect(device.socket_path)
        stream.sendall(b"get=1\n\n")
        text = b""
        while not text.endswith(b"\n\n"):
            text += stream.recv(65536)
    return {line.split("=")[0]: int(line.split("=")[1]) for line in text.decode().splitlines()
            if re.match(r"(door|drop)\.", line)}


def dropped(device):
    """How many datagrams the door has dropped."""
    return sum(count for word, count in counters(device).items()
               if word.startswith("door.") and word != "door.let-in")


def wakes(device):
    """How often the daemon went to sleep of itself, which is as often as it was woken."""
    total = 0
    for pid in device.pids():
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            total += int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", file.read(), re.M)[1])
    return total


def delivered(host):
    """How many datagrams went to sockets of the host."""
    text = host.run(["cat", "/proc/net/snmp", "/proc/net/snmp6"]).stdout
    ipv4 = [line.split() for line in text.splitlines() if line.startswith("Udp:")]
    ipv6 = re.search(r"^Udp6InDatagrams\s+(\d+)", text, re.M)
    return int(ipv4[1][1]) + int(ipv6[1])


def doored(lab, kind, *options):
    """A Field whose server has a door."""
    return Field(lab, options=["--door", kind, *options])


def send_slowly(field, version=4):
    """Shaped datagrams one by one, so far apart that each would find the daemon asleep."""
    family, server, _ = ADDRESSES[version]
    with field.stranger.socket(family) as sender:
        for _ in range(SLOW):
            sender.sendto(strangers.message(strangers.INITIATION, 148, field.random),
                          (server, PORT))
            time.sleep(0.003)


def send(field, datagrams, version=4):
    """Sends as the stranger, and waits until all has been judged at the door, if there is one.

    A capture at the server sees nothing of what an XDP program drops.
    """
    family, server, stranger = ADDRESSES[version]
    near = field.pair.near

    def come():
        judged = [count for word, count in counters(near).items() if word.startswith("door.")] \
            if near.is_running() else []
        return sum(judged) if judged else field.capture.count(source=stranger, destination=server)
    before = come()
    with field.stranger.socket(family) as sender:
        for start in range(0, len(datagrams), 64):
            for datagram in datagrams[start:start + 64]:
                sender.sendto(datagram, (server, PORT))
    wait_until(lambda: come() >= before + len(datagrams), 20, "all datagrams to come")


def assert_silence(field, version=4):
    """Nothing went out to the stranger."""
    leaked = field.capture.frames(source=field.near, destination=ADDRESSES[version][2])
    assert not leaked, f"{len(leaked)} frames to the stranger, such as {leaked[:3]}"


@KINDS
@pytest.mark.parametrize("version", [4, 6], ids=["ipv4", "ipv6"])
def test_strangers_never_wake_the_daemon(ours, lab, kind, version):
    field = doored(lab, kind)
    datagrams = strangers.junk(1000, field.random) + strangers.shapes(170, field.random)
    datagrams += [strangers.message(strangers.INITIATION, 148, field.random) for _ in range(500)]
    datagrams += [strangers.response(field.key, field.random) for _ in range(500)]
    near = field.pair.near
    before = dropped(near), delivered(field.server)
    send(field, datagrams, version)
    asleep = wakes(near)
    send_slowly(field, version)
    assert wakes(near) - asleep < WAKES_MAX
    wait_until(lambda: dropped(near) - before[0] == len(datagrams) + SLOW, 10,
               "the door to count each of them, once")
    assert delivered(field.server) == before[1]
    field.pair.works()
    assert_silence(field, version)


def test_without_it_each_wakes_the_daemon(ours, lab):
    """The control: the same measure sees what a host without a door does."""
    field = Field(lab)
    near = field.pair.near
    before = delivered(field.server), wakes(near)
    send_slowly(field)
    wait_until(lambda: delivered(field.server) - before[0] >= SLOW, 10, "them to arrive")
    assert wakes(near) - before[1] > SLOW / 2 > WAKES_MAX


@pytest.mark.parametrize("mode, reason", [("required", "door.knock-missing"), ("preferred", "")])
def test_knock(ours, lab, mode, reason):
    """Who knows the public key alone: dropped where a knock is required, else the engine judges."""
    file = knock_file(lab, "knock", f"mode {mode}", f"accept 7 {KEY}", f"send 7 {KEY}")
    field = doored(lab, "tc", *file)
    near = field.pair.near
    before = counters(near)
    send(field, [strangers.initiation(field.key, field.random) for _ in range(300)])
    if reason:
        wait_until(lambda: counters(near)[reason] - before[reason] == 300, 10, "300 to be dropped")
    else:
        wait_until(lambda: counters(near)["door.let-in"] - before["door.let-in"] >= 300, 10,
                   "300 to be let in")
    field.pair.works()
    assert_silence(field)


@KINDS
def test_members_come_in_both_ways_and_roam(ours, lab, kind):
    pair = Pair(lab, options=["--door", kind]).join()
    pair.works()
    pair.calls_and_follows()


def test_of_several_workers(ours, lab):
    field = doored(lab, "tc", "--workers", "3")
    near = field.pair.near
    before = dropped(near)
    send(field, strangers.shapes(100, field.random))
    wait_until(lambda: dropped(near) > before, 10, "the door to count")
    field.pair.works()


def test_replays_die_in_the_engine(ours, lab):
    """Recorded datagrams of a live session are let in, and die behind it."""
    field = doored(lab, "tc")
    near = field.pair.near
    recorded = [frame.payload for frame in field.pair.capture.frames(source=MEMBER, protocol="udp")
                if frame.payload and frame.payload[0] == strangers.DATA and
                len(frame.payload) < 200][-5:]
    before = counters(near)
    send(field, recorded * 10)
    wait_until(lambda: counters(near)["drop.counter-replayed"] -
               before["drop.counter-replayed"] == len(recorded) * 10, 10, "the replays to die")
    assert_silence(field)


@pytest.mark.parametrize("options", [["--door", "tc"], ["--door", "xdp"], []],
                         ids=["tc", "xdp", "none"])
def test_headers_that_make_the_kernel_complain(ours, lab, options):
    """An unknown destination option to the port: without a door the kernel reports it."""
    scapy = pytest.importorskip("scapy.all")
    field = Field(lab, options=options)
    frame = scapy.Ether(dst=field.near.mac, src=field.far.mac) / \
        scapy.IPv6(src=STRANGER6, dst=SERVER6) / \
        scapy.IPv6ExtHdrDestOpt(options=[scapy.HBHOptUnknown(otype=0x9e, optdata=b"1234")]) / \
        scapy.UDP(sport=4000, dport=PORT) / strangers.message(strangers.DATA, 64)
    with field.stranger.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind((field.far.name, 0))
        sender.send(bytes(frame))
    if options:
        wait_until(lambda: counters(field.pair.near)["door.header"] == 1, 10, "it to die")
        assert_silence(field, 6)
    else:
        field.capture.wait_for(source=field.near, destination=STRANGER6)


def test_killed_and_started_again(ours, lab):
    """Who is dead is as silent as who lives, and who comes back works, with a door or without."""
    field = doored(lab, "tc")
    near, far = field.pair.near, field.pair.far
    recorded = [frame.payload for frame in field.pair.capture.frames(source=MEMBER, protocol="udp")
                if frame.payload and frame.payload[0] in (strangers.INITIATION, strangers.DATA)]
    near.kill()
    send(field, recorded[:50] + strangers.shapes(150, field.random))
    assert_silence(field)
    for options in (["--door", "tc"], []):
        near.options = options
        near.start()
        near.set(private_key=near.private_key, listen_port=PORT)
        addresses, near.addresses = near.addresses, []
        near.up(addresses)
        near.add_peer(far, allowed_ips=[f"{INNER_MEMBER}/32"])
        field.pair.works(timeout=30)
        near.stop()
        filters = field.server.run(["tc", "filter", "show", "dev", field.near.name, "ingress"])
        assert "door_tc" not in filters.stdout


def test_interface_that_comes_later(ours, lab):
    pair = Pair(lab, options=["--door", "tc"]).join()
    pair.works()
    stranger = lab.host("late")
    link = lab.link(pair.server, stranger, left=["198.51.100.1/24"], right=["198.51.100.2/24"])
    wait_until(lambda: "door_tc" in pair.server.run(
        ["tc", "filter", "show", "dev", link.left.name, "ingress"]).stdout, 10,
        "the door to be at the new interface")
    before = dropped(pair.near)
    with stranger.socket() as sender:
        for _ in range(100):
            sender.sendto(b"anyone?", ("198.51.100.1", PORT))
    wait_until(lambda: dropped(pair.near) - before == 100, 10, "100 to be dropped")
    pair.server.run(["tc", "filter", "del", "dev", link.left.name, "ingress"])
    wait_until(lambda: "door_tc" in pair.server.run(
        ["tc", "filter", "show", "dev", link.left.name, "ingress"]).stdout, 15,
        "the door to be put back")


def test_forwarded_datagrams_are_none_of_its_business(ours, lab):
    """The server routes to another host whose tunnel has the same port."""
    pair = Pair(lab, options=["--door", "tc"]).join()
    pair.works()
    other = lab.host("other")
    lab.link(pair.server, other, left=["198.51.100.1/24"], right=["198.51.100.2/24"])
    pair.server.run(["sysctl", "-qw", "net.ipv4.ip_forward=1"])
    pair.member.ip("route", "add", "198.51.100.0/24", "via", SERVER)
    other.ip("route", "add", "default", "via", "198.51.100.1")
    with other.socket() as receiver, pair.member.socket() as sender:
        receiver.bind(("0.0.0.0", PORT))
        receiver.settimeout(10)
        sender.sendto(b"none of yours", ("198.51.100.2", PORT))
        assert receiver.recv(100) == b"none of yours"


def test_super_packets(ours, lab):
    """Segments that come as one packet are judged by the first, and counted each."""
    field = doored(lab, "tc")
    near = field.pair.near
    before = dropped(near)
    with field.stranger.socket() as sender:
        sender.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 148)
        sender.sendto(random.Random(1).randbytes(148 * 20), (SERVER, PORT))
    wait_until(lambda: dropped(near) - before == 20, 10, "20 to be dropped")


def test_transfer(ours, lab):
    """A member's TCP goes through at full size."""
    pair = Pair(lab, options=["--door", "tc"]).join()
    pair.works()
    with pair.server.socket(kind=socket.SOCK_STREAM) as listener:
        listener.bind((INNER_SERVER, 5000))
        listener.listen()
        with pair.member.socket(kind=socket.SOCK_STREAM) as client:
            client.settimeout(20)
            client.connect((INNER_SERVER, 5000))
            connection, _ = listener.accept()
            data = random.Random(3).randbytes(1 << 20)
            got = bytearray()
            for start in range(0, len(data), 1 << 16):
                client.sendall(data[start:start + (1 << 16)])
                while len(got) < start + (1 << 16):
                    got += connection.recv(1 << 16)
            assert bytes(got) == data


def founded(lab, **settings):
    """A server of tacetd with these settings, a member and a stranger."""
    reason = tacet_missing()
    if reason:
        pytest.skip(reason)
    world = story.World(lab, "alice", prepare=False)
    world.server.configure(**settings)
    world.server.init()
    world.server.start()
    wait_until(lambda: world.server.status()["engine"]["up"], 10, "the engine")
    return world


def door_of(world):
    """What tacetd says of its door."""
    return world.server.status()["engine"]["door"]


@pytest.mark.parametrize("settings, at", [({}, "tc"), ({"reception": "hidden"}, "hidden"),
                                          ({"door": "off"}, "none")])
def test_tacetd(ours, lab, settings, at):
    """The confined engine feeds the door; members join; what strangers send is counted there."""
    world = founded(lab, **settings)
    server = world.server
    assert door_of(world)["at"] == at
    assert bool(door_of(world)["why"]) == (at == "none")
    world.web("alice")
    world.enrol("alice", services=["intranet"])
    before = door_of(world)["dropped"]
    capture = world.stranger_link.capture()

    def knock_at():
        with world.stranger.socket() as sender:
            for _ in range(200):
                sender.sendto(strangers.message(strangers.INITIATION, 148),
                              (story.SERVER, server.settings["listen"]))
    knock_at()
    if at == "none":
        assert door_of(world)["dropped"] == 0
        return
    wait_until(lambda: door_of(world)["dropped"] - before == 200, 10, "200 to be counted")
    if at == "hidden":
        assert str(server.settings["listen"]) not in server.host.run(["ss", "-Hanu"]).stdout
    server.kill("engine")
    knock_at()
    wait_until(lambda: server.status()["engine"]["up"] and
               server.status()["engine"]["starts"] == 2, 20, "another engine")
    wait_until(lambda: world.members["alice"].fetch(f"http://{world.vip('intranet')}/", 1), 30,
               "the page")
    knock_at()
    assert capture.count(source=story.SERVER) == 0
    server.stop()
    filters = server.host.run(["tc", "filter", "show", "dev", world.outer.left.name, "ingress"])
    assert "door_" not in filters.stdout
