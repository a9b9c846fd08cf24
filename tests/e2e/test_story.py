# SPDX-License-Identifier: ISC
"""The story on real parts: on-board, mediate, deny, revoke, prove."""

import time

import pytest

import story
from lab import Download, Echo, Postgres, Sshd, wait_until

POLICY = """
rules:
  - who: [engineers]
    may: [intranet, db]
"""


def test_the_whole_story(lab):
    """As the issue tells it, with names, a page, a database and a login behind the gateway."""
    world = story.make(lab, "laptop", services=("nginx", "postgres", "sshd"))
    server, laptop = world.server, world.members["laptop"]
    world.web(listen=("127.0.0.1:80",))
    database = Postgres(world.backend, story.BACKEND)
    sshd = Sshd(world.backend)
    server.add_service("db", f"{story.BACKEND}:5432")
    server.add_service("shell", f"{story.BACKEND}:22")
    server.add_user("alice", "engineers")
    laptop.join(server.invite("alice"))
    laptop.wait_connected(services=[])
    # Nothing is granted yet: no names, and no way even for who knows the addresses.
    assert laptop.fetch("http://intranet.tacet/", timeout=1) is None
    assert laptop.fetch(f"http://{world.vip('intranet')}/", timeout=1) is None

    began = time.monotonic()
    server.apply(POLICY)
    laptop.wait_connected(services=["db", "intranet"])
    print(f"\npolicy to the device's names: {time.monotonic() - began:.3f} s")
    assert laptop.fetch("http://intranet.tacet/", check=True) == "page of server\n"
    assert database.ask(laptop.host, "db.tacet", "select 6 * 7") == "42"
    assert sshd.login(laptop.host, world.vip("shell"), "hostname", timeout=1) is None
    assert "shell" not in laptop.host.run(["cat", "/etc/hosts"]).stdout
    server.apply(POLICY.replace("db]", "db, shell]"))
    laptop.wait_connected(services=["db", "intranet", "shell"])
    assert sshd.login(laptop.host, "shell.tacet", "echo $((6 * 7))") == "42"

    download = Download(laptop.host, world.vip("intranet"))
    began = time.monotonic()
    server.revoke("alice", "laptop")
    last = download.wait_stopped()
    print(f"revocation to the last byte: {max(0, last - began) * 1000:.0f} ms")
    assert last - began < 1
    download.stop()
    assert laptop.fetch(f"http://{world.vip('intranet')}/", timeout=1) is None
    assert server.device("alice", "laptop")["state"] == "revoked"
    assert server.tacet("audit", "verify").returncode == 0
    acts = [entry["act"] for entry in server.audit()]
    order = ["network.init", "service.add", "user.add", "invite.create", "invite.redeem",
             "policy.apply", "device.revoke"]
    assert [acts.index(act) for act in order] == sorted(acts.index(act) for act in order)


def test_policy_opens_exactly_what_it_says(lab):
    """Two users, TCP and UDP, IPv4 and IPv6 targets; what one loses stops at once."""
    world = story.make(lab, "alice", "bob")
    server = world.server
    world.web("alice", "bob")
    server.add_service("six", "[::1]:80")
    server.add_service("names", f"{story.BACKEND}:9000", "--protocol", "udp")
    Echo(world.backend, story.BACKEND, 9000)
    server.allow(alice=["intranet", "six", "names"], bob=["six"])
    alice = world.enrol("alice", services=["intranet", "six", "names"])
    bob = world.enrol("bob", services=["six"])
    for device in (alice, bob):
        assert device.fetch("http://six.tacet/", check=True) == "page of server\n"
    assert alice.fetch("http://intranet.tacet/", check=True)
    vip = world.vip("names")
    assert Echo.ask(alice.host, vip, 9000) == "hello from 10.0.0.1"  # hidden behind the gateway
    assert bob.fetch(f"http://{world.vip('intranet')}/", timeout=1) is None
    assert Echo.ask(bob.host, vip, 9000) is None

    download = Download(alice.host, world.vip("intranet"))
    kept = Download(bob.host, world.vip("six"))
    server.allow(alice=["names"], bob=["six"])
    download.wait_stopped()
    assert kept.is_flowing()
    assert alice.fetch(f"http://{world.vip('intranet')}/", timeout=1) is None
    assert Echo.ask(alice.host, vip, 9000)
    alice.wait_connected(services=["names"])
    for each in (download, kept):
        each.stop()


def test_wrong_policy_changes_nothing(lab):
    world = story.make(lab, "alice")
    world.web("alice")
    alice = world.enrol("alice", services=["intranet"])
    result = world.server.apply("rules:\n  - who: [alise]\n    may: [intranet]\n", check=False)
    assert result.returncode != 0
    assert "policy.yaml:2:11" in result.stderr and "did you mean alice" in result.stderr
    assert alice.fetch("http://intranet.tacet/", check=True)
    assert world.server.api("GET", "/v1/policy")["version"] == 1


@pytest.mark.parametrize("act", ["quarantine", "group"])
def test_other_ways_to_lose_a_grant(lab, act):
    """A quarantined device and a user who leaves the group lose what they had; it comes back."""
    world = story.make(lab, "alice")
    server = world.server
    world.web()
    server.add_user("alice", "engineers")
    server.allow(engineers=["intranet"])
    alice = world.enrol("alice", services=["intranet"])
    there, back = {
        "quarantine": (lambda: server.act("quarantine", "alice", "alice"),
                       lambda: server.act("release", "alice", "alice")),
        "group": (lambda: server.tacet("group", "leave", "engineers", "alice"),
                  lambda: server.tacet("group", "join", "engineers", "alice")),
    }[act]
    download = Download(alice.host, world.vip("intranet"))
    there()
    download.wait_stopped()
    download.stop()
    alice.wait_connected(services=[])
    back()
    alice.wait_connected(services=["intranet"])
    assert alice.fetch("http://intranet.tacet/", check=True)


def test_status_on_both_sides(lab):
    world = story.make(lab, "alice")
    server = world.server
    world.web("alice")
    alice = world.enrol("alice", services=["intranet"])
    assert alice.fetch("http://intranet.tacet/", check=True)
    said = server.json("status")
    assert said["role"] == "server" and said["engine"]["up"]
    device, = said["devices"]
    assert (device["user"], device["services"]) == ("alice", ["intranet"])
    assert device["endpoint"].startswith("198.18.") and device["rx_bytes"] > 0
    assert time.time() - device["last_handshake"] < 60
    said = alice.json("status")
    assert said["role"] == "client" and said["connected"] and said["user"] == "alice"
    for node in (server, alice):
        text = node.tacet("status").stdout
        assert "intranet" in text or "alice" in text
    # A gateway that is gone: what was tried, and what its silence may mean, in words.
    server.stop()

    def says_why():
        said = alice.tacet("status", check=False).stdout
        return all(word in said for word in ("UDP", "revoked", "down", "tried", server.endpoint))
    wait_until(says_why, 90, "the device to say what silence may mean", 0.5)
    assert alice.status()["silence"]["tried"] > 0


def test_client_goes_down_and_up(lab):
    """Names and routes go with the tunnel and come back; who we are stays."""
    world = story.make(lab, "alice")
    world.web("alice")
    alice = world.enrol("alice", services=["intranet"])
    routes = alice.host.ip("route").stdout
    assert alice.interface in routes
    default = [line for line in routes.splitlines() if line.startswith("default")]
    assert default and alice.interface not in default[0]
    alice.tacet("down")
    wait_until(lambda: not alice.is_running(), 10, "tacetd to end")
    assert "intranet" not in alice.host.run(["cat", "/etc/hosts"]).stdout
    assert alice.interface not in alice.host.ip("route").stdout
    alice.process = None
    alice.tacet("up")
    alice.wait_connected(services=["intranet"])
    assert alice.fetch("http://intranet.tacet/", check=True)
