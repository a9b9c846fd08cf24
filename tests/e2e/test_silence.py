# SPDX-License-Identifier: ISC
"""What nobody hears: a stranger nothing at all, a device nothing but what it has been granted."""

import time

import story
from lab import Echo, wait_until

EXCEPTION = "tcp/22 from 198.18.9.0/24"


def test_device_finds_its_granted_services_only(lab):
    """A whole scan by a member: the overlay's parts, other devices, the gateway; no answer."""
    world = story.make(lab, "bob")
    server = world.server
    world.web("alice", "bob")
    for number in range(4):
        server.add_service(f"other{number}", f"127.0.0.1:{8000 + number}")
    server.add_service("six", "[::1]:80")
    Echo(world.backend, story.BACKEND, 9000)
    server.add_service("names", f"{story.BACKEND}:9000", "--protocol", "udp")
    server.allow(alice=["intranet", "names"], bob=["other0"])
    bob = world.enrol("bob", services=["other0"])
    phone = story.Phone(world, "alice")
    vips, network = phone.vips, phone.network
    assert phone.fetch(f"http://{vips['intranet']}/")
    assert Echo.ask(phone.host, vips["names"], 9000)
    there = server.device("bob", "bob")
    theirs = bob.capture()
    capture = phone.end.capture()
    ports = "1-1000,7411,7412,9000,51820"
    targets = [vips["intranet"], vips["names"], vips["other0"], network["ipv4"], there["ipv4"]]
    story.scan(phone.host, *targets, ports=ports, rate=5000)
    story.scan(phone.host, vips["six"], network["ipv6"], there["ipv6"], ports=ports, rate=5000)
    everywhere = network["overlay_ipv4"].replace(".0.0/16", ".64-65.1-254")
    story.scan(phone.host, everywhere, ports="80", ways=("-sS",), rate=5000)
    for target in targets:
        phone.host.ping(target, check=False, wait=0.2)
    sent = sum(frame.outgoing for frame in capture.frames())
    assert sent > 12000
    # The control port is every device's: the netmap is there.
    assert story.answers(capture) <= {
        (vips["intranet"], 80), (vips["names"], 9000),
        (network["ipv4"], 7411), (network["ipv6"], 7411)}
    assert (vips["intranet"], 80) in story.answers(capture)
    assert theirs.count(source=phone.ipv4) + theirs.count(source=phone.ipv6) == 0
    print(f"\n{sent} packets of a scan by a device; answers from its own services only")


def harden(server, *words):
    """`tacet harden` and its confirmation."""
    said = server.tacet("harden", "--yes", *words)
    server.tacet("harden", "--confirm", "--force")
    return said.stdout


def test_stranger_hears_nothing(lab):
    """All ports of TCP and UDP, IPv4 and IPv6, by real nmap: not one packet but a member's."""
    world = story.make(lab, "alice")
    server = world.server
    world.web("alice")
    alice = world.enrol("alice", services=["intranet"])
    before = story.scan(world.stranger, story.SERVER, ports="22,80,443", ways=("-sS",), rate=1000)
    assert "80/tcp  open" in before and "443/tcp closed" in before
    said = harden(server)
    assert "nginx" in said and "80" in said
    capture = world.outer.left.capture(snap=96)
    here = world.stranger_link.left.capture(snap=96)
    began = time.monotonic()
    for target in (story.SERVER, story.SERVER6):
        report = story.scan(world.stranger, target, rate=25000)
        assert " open " not in report and " closed" not in report.replace("closed ports", "")
        world.stranger.ping(target, check=False, wait=0.2)
        assert alice.fetch("http://intranet.tacet/", check=True)
    heard = capture.count(source=world.stranger)
    leaked = capture.frames(source=server.host, destination=world.stranger)
    print(f"\n{heard} packets of a stranger in {time.monotonic() - began:.1f} s, "
          f"{len(leaked)} answers")
    assert heard > 4 * 65535 * 0.95
    assert not leaked, leaked[:10]
    # What came to the stranger at all is the router's.
    assert not [frame for frame in here.frames()
                if not frame.outgoing and frame.source in server.host.capture_keys()]
    assert world.stranger.run(["curl", "-sS", "--max-time", "1", f"http://{story.SERVER}/"],
                              check=False).returncode == 28
    assert server.status()["enforcement"]["hardened"]


def test_sealed_server(lab):
    """Members work as before; the daemon sees to it that it stays so, at new interfaces too, and says
    which level is in force."""
    world = story.make(lab, "alice")
    server = world.server
    world.web("alice")
    alice = world.enrol("alice", services=["intranet"])
    assert server.status()["silence"]["level"] == "open"
    harden(server, "--level", "sealed")
    assert alice.fetch("http://intranet.tacet/", check=True)
    silence = server.status()["silence"]
    assert silence["level"] == "sealed"
    assert "guard on the way out knows the daemon by its mark" in silence["reasons"]
    assert f"silence       {silence['text']}" in server.tacet("status").stdout

    def rules():
        return sorted(server.host.run(["nft", "-s", "list", "chains"]).stdout.splitlines())

    before = rules()
    for change in (["nft", "delete", "table", "netdev", "tacet_harden"],
                   ["nft", "flush", "ruleset"],
                   ["ip", "link", "add", "late0", "type", "veth", "peer", "name", "late1"]):
        server.host.run(change)
        if change[0] == "nft":
            wait_until(lambda: rules() == before, 10, f"the rules to be back after {change}")
    wait_until(lambda: "late0" in str(rules()), 10, "the new interface to be guarded")
    assert alice.fetch("http://intranet.tacet/", check=True)
    assert server.status()["enforcement"]["repaired"] >= 3
    assert server.status()["silence"]["level"] == "sealed"


def test_hardening_can_be_undone(lab):
    """To the very rules that were there before, those of others included."""
    world = story.make(lab)
    server = world.server
    world.web()
    server.host.run(["nft", "-f", "-"], input="""
        table ip others {
            chain c {
                type filter hook input priority 5
                tcp dport 80 accept
            }
        }
    """)
    before = server.host.run(["nft", "-s", "list", "ruleset"]).stdout
    harden(server, "--keep", EXCEPTION)
    assert server.host.run(["nft", "-s", "list", "ruleset"]).stdout != before
    server.tacet("harden", "--undo")
    assert server.host.run(["nft", "-s", "list", "ruleset"]).stdout == before
    assert world.stranger.run(["curl", "-sS", "--max-time", "2", f"http://{story.SERVER}/"]).stdout


def test_unconfirmed_hardening_ends_by_itself(lab):
    """The dead man's switch: whoever locked himself out is let in again."""
    world = story.make(lab)
    server = world.server
    world.web()
    url = f"http://{story.SERVER}/"
    before = server.host.run(["nft", "-s", "list", "ruleset"]).stdout
    server.tacet("harden", "--yes", "--seconds", "5")
    assert world.stranger.run(["curl", "-sS", "--max-time", "1", url], check=False).returncode == 28
    wait_until(lambda: server.host.run(["nft", "-s", "list", "ruleset"]).stdout == before, 15,
               "the former rules", 0.2)
    assert world.stranger.run(["curl", "-sS", "--max-time", "2", url]).stdout


def test_exception_stays_open_for_whom_it_is(lab):
    world = story.make(lab)
    server = world.server
    world.web()
    friend, _ = world.add_host("friend")
    harden(server, "--keep", f"tcp/80 from {friend.address()}/32")
    url = f"http://{story.SERVER}/"
    assert friend.run(["curl", "-sS", "--max-time", "3", url]).stdout == "page of server\n"
    assert world.stranger.run(["curl", "-sS", "--max-time", "1", url], check=False).returncode == 28


def test_dead_daemon_is_as_silent(lab):
    """After a kill of all processes the tunnel's port does not say that nobody listens."""
    world = story.make(lab)
    server = world.server
    harden(server)
    for pid in server.processes().values():
        server.host.run(["kill", "-9", pid], check=False)
    wait_until(lambda: not server.is_running(), 5, "all to be dead")
    capture = world.outer.left.capture()
    story.scan(world.stranger, story.SERVER, ports="22,80,7411,7412,51820", rate=100)
    story.scan(world.stranger, story.SERVER6, ports="22,80,7411,7412,51820", rate=100)
    assert capture.count(source=world.stranger) > 15
    assert not capture.frames(source=server.host, destination=world.stranger)


def test_overlay_addresses_answer_in_the_tunnel_only(lab):
    """A stranger whose router leads the overlay here, before any hardening, hears nothing of it."""
    world = story.make(lab, "alice")
    server = world.server
    world.web("alice")
    network = server.api("GET", "/v1/network")
    world.router.route(network["overlay_ipv4"], via=story.SERVER)
    world.router.route(network["overlay_ipv6"], via=story.SERVER6)
    here = world.stranger_link.left.capture()
    for targets in ((network["ipv4"], world.vip("intranet")), (network["ipv6"],)):
        story.scan(world.stranger, *targets, ports="1-100,7411,7412", rate=2000)
    assert here.count() > 200
    overlay = (network["ipv4"].rsplit(".", 2)[0], network["ipv6"].rsplit("::", 1)[0])
    assert not [frame for frame in here.frames()
                if not frame.outgoing and (frame.source or "").startswith(overlay)]
