# SPDX-License-Identifier: ISC
"""A gateway on a host of its own: the controller decides, it enforces, also while it is alone."""

import random
import socket
import time

import pytest

import story
from lab import Download, Gateway, Nginx, strangers, tacet, wait_until

NAME = "berlin"


class Field:
    """A story's World with a second gateway host, berlin, and a page behind each gateway."""

    def __init__(self, lab, *members):
        self.world = story.make(lab, *members)
        self.server = self.world.server
        self.world.web(*members)
        host, self.link = self.world.add_host("far")
        self.far = Gateway(host)
        self.page = Nginx(host, "127.0.0.1:80")

    def join(self):
        """Has berlin enrol; its page is the service wiki."""
        self.far.join(self.server.invite_gateway(NAME))
        self.far.wait_connected()
        self.server.add_service("wiki", "127.0.0.1:80", "--gateway", NAME)
        return self

    def page_of(self, member, service, timeout=2):
        """What a member gets of a service, by its virtual address."""
        return self.world.members[member].fetch(f"http://{self.world.vip(service)}/", timeout)


@pytest.fixture
def field(lab):
    """Both gateways, and alice, who may fetch both pages."""
    made = Field(lab, "alice").join()
    made.server.allow(alice=["intranet", "wiki"])
    made.world.enrol("alice", services=["intranet", "wiki"])
    return made


def test_policy_decides_for_both(lab):
    """Each member reaches what the policy says, behind whichever gateway, and no more."""
    field = Field(lab, "alice", "bob").join()
    server = field.server
    server.allow(alice=["intranet", "wiki"], bob=["intranet"])
    alice = field.world.enrol("alice", services=["intranet", "wiki"])
    bob = field.world.enrol("bob", services=["intranet"])
    assert alice.fetch("http://intranet.tacet/", check=True) == "page of server\n"
    assert alice.fetch("http://wiki.tacet/", check=True) == "page of far\n"
    assert bob.fetch("http://intranet.tacet/", check=True) == "page of server\n"
    assert field.page_of("bob", "wiki", timeout=1) is None
    # The far gateway holds the keys of those alone who have something to do there.
    keys = {name: server.device(name, name)["public_key"] for name in ("alice", "bob")}
    assert keys["alice"] in field.far.peers() and keys["bob"] not in field.far.peers()

    began = time.monotonic()
    server.allow(alice=["intranet"], bob=["intranet", "wiki"])
    bob.wait_connected(services=["intranet", "wiki"])
    wait_until(lambda: field.page_of("bob", "wiki", timeout=1), 10, "bob's new page")
    print(f"\na grant at the far gateway, in use after {time.monotonic() - began:.2f} s")
    assert field.page_of("alice", "wiki", timeout=1) is None
    assert keys["alice"] not in field.far.peers()
    assert field.page_of("alice", "intranet") == "page of server\n"


def test_revocation_cuts_at_the_far_gateway(field):
    """A running download through it ends within a second, and the answer says that it has."""
    download = Download(field.world.members["alice"].host, field.world.vip("wiki"))
    began = time.monotonic()
    answer = field.server.json("revoke", "alice", "--device", "alice")
    answered = time.monotonic()
    last = download.wait_stopped()
    download.stop()
    print(f"\nrevocation: answered after {(answered - began) * 1000:.0f} ms, last byte after "
          f"{max(0, last - began) * 1000:.0f} ms")
    assert last - began < 1
    assert "behind" not in answer
    assert last < answered + 0.1
    assert field.server.gateway(NAME)["current"]


def test_goes_on_without_the_controller(field):
    """It enforces what it has, after a restart too; what has changed meanwhile arrives."""
    world, far = field.world, field.far
    alice = world.members["alice"]
    download = Download(alice.host, world.vip("wiki"))
    key = field.server.device("alice", "alice")["public_key"]
    field.server.stop()
    assert download.is_flowing(1)
    wait_until(lambda: not far.status()["connected"], 60, "the gateway to miss its controller")
    assert "silence" in far.status() and download.is_flowing(1)
    wait_until(lambda: not alice.status()["connected"], 60, "the device to miss it")
    end = time.monotonic() + 10  # it calls the controller anew; sessions with others go on
    while time.monotonic() < end:
        assert download.is_flowing(1)
    download.stop()

    far.stop()
    far.start()
    assert not far.status()["connected"] and far.status()["plan"]["in_force"]
    wait_until(lambda: alice.fetch("http://wiki.tacet/", timeout=1), 30, "the page, after that")
    assert key in far.peers()

    field.server.start()
    wait_until(lambda: (field.server.gateway(NAME) or {}).get("connected"), 30,
               "the gateway to come back")
    assert field.server.json("revoke", "alice", "--device", "alice").get("behind") is None
    assert key not in far.peers()
    assert alice.fetch("http://wiki.tacet/", timeout=1) is None


def test_another_address_is_tried(lab):
    """A name leads to two addresses, and one of them to nobody: the gateway is found all the same."""
    field = Field(lab, "alice")
    alice, real = field.world.members["alice"], field.far.host.address()
    dead = alice.host.address().rsplit(".", 1)[0] + ".77"  # the nearest, so it comes first
    for host in (alice.host, field.server.host):
        with open(host.hosts_file(), "a", encoding="ascii") as hosts:
            hosts.write(f"{dead} far.test\n{real} far.test\n")
    field.far.endpoint = f"far.test:{tacet.PORT}"
    field.join()
    field.server.allow(alice=["intranet", "wiki"])
    field.world.enrol("alice", services=["intranet", "wiki"])
    assert field.page_of("alice", "intranet")
    wait_until(lambda: field.page_of("alice", "wiki", timeout=1), 30, "the page of the far gateway")


def test_one_that_cannot_be_reached_is_named(field):
    """A revocation waits a second for it, not longer, and says that it is behind."""
    field.far.host.port(0).down()
    began = time.monotonic()
    said = field.server.tacet("revoke", "alice", "--device", "alice")
    assert 0.9 < time.monotonic() - began < 2
    assert NAME in said.stderr
    assert not field.server.gateway(NAME)["current"]


def test_invite_and_removal(lab):
    """Good once, raises an alarm the second time; a gateway without services can be removed."""
    field = Field(lab, "alice")
    server, far = field.server, field.far
    token = server.invite_gateway(NAME)
    refused = field.world.members["alice"].tacet("join", token, check=False)
    assert refused.returncode == 2 and "--endpoint" in refused.stderr
    far.join(token, start=False)
    assert (far.state / "gateway.key").stat().st_mode & 0o777 == 0o600
    thief = Gateway(field.world.add_host("thief")[0])
    assert thief.join(token, check=False).returncode != 0
    far.start()
    far.wait_connected()
    plan = far.state / "control" / "plan.json"
    assert plan.stat().st_mode & 0o777 == 0o600
    server.add_service("wiki", "127.0.0.1:80", "--gateway", NAME)
    refused = server.tacet("gateway", "remove", NAME, check=False)
    assert refused.returncode == 1 and "wiki" not in refused.stderr
    assert "service list" in refused.stderr
    server.tacet("service", "remove", "wiki")
    key = server.gateway(NAME)["public_key"]
    assert key in server.peers()
    server.tacet("gateway", "remove", NAME)
    assert key not in server.peers() and server.gateway(NAME) is None
    assert server.tacet("gateway", "remove", "gateway", check=False).returncode == 1


def test_strangers_hear_nothing_from_either(field):
    """Whatever they send to the tunnels' ports; and nothing of ours listens outside them."""
    generator = random.Random(5)
    stranger = field.world.stranger
    ends = {story.SERVER: field.server, field.far.host.address(): field.far}
    keys = {address: field.server.gateway(name)["public_key"]
            for address, name in zip(ends, ("gateway", NAME))}
    capture = field.world.stranger_link.left.capture(snap=96)
    sent = 0
    with stranger.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for address in ends:
            datagrams = strangers.junk(100, generator) + \
                [strangers.initiation(keys[address], generator) for _ in range(100)] + \
                [strangers.response(keys[address], generator) for _ in range(20)]
            for datagram in datagrams:
                sender.sendto(datagram, (address, tacet.PORT))
                sent += 1
    for node in ends.values():  # what came before has been dealt with then
        assert field.page_of("alice", "intranet" if node is field.server else "wiki")
    heard = {frame.source_port for frame in capture.frames() if not frame.outgoing}
    assert sent == 440 and tacet.PORT not in heard
    for address in ends:
        for port in (tacet.CONTROL_PORT, tacet.ENROL_PORT):
            with stranger.socket(socket.AF_INET, socket.SOCK_STREAM) as caller:
                caller.settimeout(1)
                with pytest.raises(OSError):
                    caller.connect((address, port))
    # On the far host we listen at nothing but the tunnel's port; nginx is the test's.
    listening = field.far.host.run(["ss", "-Hltn"]).stdout.splitlines()
    assert [line.split()[3] for line in listening] == ["127.0.0.1:80"]
