# SPDX-License-Identifier: ISC
"""A gateway enforces: what is granted works, and all else is silent, at once."""

import os
import shutil
import socket
import statistics
import threading
import time

import pytest

import enforcement
from enforcement import (CONTROL, DEVICES, ENROL, GATEWAY, GATEWAY6, LAN_HOST, TCP_SERVICE, TUNNEL,
                         UDP_SERVICE, World)

VIPS = {name: (f"10.9.200.{i}", f"fd09::c8:{i}") for i, name in enumerate(
    ("web", "web6", "lanweb", "lanweb6", "udp", "udp6", "lanudp", "lanudp6", "own"), 1)}
TARGETS = {"web": "tcp 80 127.0.0.1 8080", "web6": "tcp 80 ::1 8080",
           "lanweb": f"tcp 80 {LAN_HOST[0]} 80", "lanweb6": f"tcp 80 {LAN_HOST[1]} 80",
           "udp": "udp 53 127.0.0.1 9000", "udp6": "udp 53 ::1 9000",
           "lanudp": f"udp 53 {LAN_HOST[0]} 9000", "lanudp6": f"udp 53 {LAN_HOST[1]} 9000",
           "own": "tcp 80 192.168.7.1 9001"}
SERVICES = [f"{i} {' '.join(VIPS[name])} {target}"
            for i, (name, target) in enumerate(TARGETS.items(), 1)]
ALL = [f"1 {i}" for i in range(1, len(SERVICES) + 1)]
SCANNED = "1-400,7000-7003,8080,9000,9001"


@pytest.fixture
def world(lab):
    """A World; skips where a program is missing."""
    for program in ("nginx", "nft", "curl", "nmap"):
        if shutil.which(program) is None:
            pytest.skip(f"needs the program {program}")
    if not os.access(enforcement.driver_path(), os.X_OK):
        pytest.skip(f"{enforcement.driver_path()} is not built")
    made = World(lab)
    yield made
    made.driver.close()


def url(name, path="/"):
    """A service by the virtual address of its family."""
    return f"http://[{VIPS[name][1]}]{path}" if name.endswith("6") else \
        f"http://{VIPS[name][0]}{path}"


def ask_udp(host, address, data=b"hello", port=53, timeout=1.0):
    """What a UDP service says; None where it is silent."""
    with host.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as here:
        here.settimeout(timeout)
        try:
            here.sendto(data, (address, port))
            return here.recv(2048).decode()
        except (TimeoutError, PermissionError):  # the latter: the host's own rules refuse it
            return None


def start_services(world):
    """All that TARGETS lead to."""
    world.nginx(world.gateway, "127.0.0.1:8080", "[::1]:8080")
    world.nginx(world.lan, "80", "[::]:80")
    for host, address in ((world.gateway, "127.0.0.1"), (world.gateway, "::1"),
                          (world.lan, LAN_HOST[0]), (world.lan, LAN_HOST[1])):
        world.service(host, UDP_SERVICE, address, 9000)
    world.service(world.gateway, TCP_SERVICE, "192.168.7.1", 9001)


def test_granted_services_work_and_nothing_else(world):
    start_services(world)
    world.describe(*ALL, services=SERVICES).apply()
    for name, host in (("web", "gateway"), ("web6", "gateway"), ("lanweb", "lan"),
                       ("lanweb6", "lan")):
        assert world.fetch("alice", url(name)) == f"page of {host}\n", name
    assert world.fetch("alice", url("own")) is None  # no HTTP, but see below
    with world.hosts["alice"].socket(kind=socket.SOCK_STREAM) as here:
        here.settimeout(3)
        here.connect((VIPS["own"][0], 80))
        assert here.recv(99) == b"you are 10.9.0.2"
    for name, asker in (("udp", "10.9.0.2"), ("udp6", "fd09::2"), ("lanudp", "192.168.7.1"),
                        ("lanudp6", "2001:db8:7::1")):
        vip = VIPS[name][name.endswith("6")]
        assert ask_udp(world.hosts["alice"], vip) == f"hello from {asker}", name
    # Bob has none of these, and the addresses of the other family lead nowhere.
    assert world.fetch("bob", url("web"), timeout=1) is None
    assert world.fetch("alice", f"http://[{VIPS['web'][1]}]/", timeout=1) is None
    # What is behind the gateway is reached by its virtual address only.
    world.hosts["alice"].ip("route", "add", "192.168.7.0/24", "dev", world.ends["alice"].name)
    world.ends["alice"].add_peer(world.near, allowed_ips=["0.0.0.0/0", "::/0"])
    assert world.fetch("alice", f"http://{LAN_HOST[0]}/", timeout=1) is None
    assert world.driver.ask("check").differences == 0


def answers_to(capture):
    """Who sent something that came in by a tunnel, with its port."""
    return {(frame.source, frame.source_port) for frame in capture.frames() if not frame.outgoing}


def scan(host, *targets):
    """Scans by real nmap: TCP, UDP and protocols, whether somebody answers or not."""
    version = ["-6"] if ":" in targets[0] else []
    for how in (["-sS", "-p", SCANNED], ["-sA", "-p", "1-100"], ["-sU", "-p", "1-100"]):
        host.run(["nmap", *version, "-Pn", "-n", "--send-ip", "--max-retries", "0",
                  "--min-rate", "3000", "--disable-arp-ping", *how, *targets], timeout=120)
    for target in targets:
        host.ping(target, check=False, wait=0.3)


def test_what_is_not_granted_is_silent(world):
    """Ports, virtual addresses, other devices and the gateway itself: not one packet back."""
    start_services(world)
    world.service(world.gateway, TCP_SERVICE, "0.0.0.0", 22)
    world.service(world.gateway, TCP_SERVICE, GATEWAY, CONTROL)
    world.service(world.gateway, TCP_SERVICE, GATEWAY, ENROL)
    world.describe("1 1", "1 6", services=SERVICES).apply()
    alice = world.ends["alice"].capture()
    bob = world.ends["bob"].capture()
    assert world.fetch("alice", url("web"))  # the capture sees what comes
    assert answers_to(alice) == {(VIPS["web"][0], 80)}
    alice.clear()
    scan(world.hosts["alice"], GATEWAY, *(v[0] for v in VIPS.values()), DEVICES["bob"][0],
         "10.9.77.77")
    scan(world.hosts["alice"], GATEWAY6, *(v[1] for v in VIPS.values()), DEVICES["bob"][1])
    sent = sum(frame.outgoing for frame in alice.frames())
    assert sent > 5000
    assert answers_to(alice) == {(VIPS["web"][0], 80), (VIPS["udp6"][1], 53),
                                 (GATEWAY, CONTROL), (GATEWAY6, CONTROL)}
    assert bob.count() == 0
    print(f"\n{sent} packets of a scan by a device: none to others, none back but from what is "
          "granted")


def test_invited_device_reaches_the_enrolment_port_only(world):
    start_services(world)
    world.service(world.gateway, TCP_SERVICE, "0.0.0.0", CONTROL)
    world.service(world.gateway, TCP_SERVICE, "0.0.0.0", ENROL)
    world.describe("1 1", roles=("1 enrolled", "2 invited"), services=SERVICES).apply()
    capture = world.ends["bob"].capture()
    scan(world.hosts["bob"], GATEWAY, VIPS["web"][0], DEVICES["alice"][0])
    assert answers_to(capture) == {(GATEWAY, ENROL)}
    for name, port in (("alice", CONTROL), ("bob", ENROL)):
        with world.hosts[name].socket(kind=socket.SOCK_STREAM) as here:
            here.settimeout(3)
            here.connect((GATEWAY, port))
            assert here.recv(99).startswith(b"you are 10.9.0.")


def test_nothing_enters_the_tunnel_uninvited(world):
    """From the gateway itself, and from a neighbour who has a route, to devices and to overlay
    addresses: nothing enters, and nobody answers."""
    start_services(world)
    world.describe(*ALL, services=SERVICES).apply()
    assert world.fetch("alice", url("web"))
    capture = world.ends["alice"].capture()
    outside = world.lan_link.right.capture()
    world.lan.route("10.9.0.0/16", via="192.168.7.1")
    world.lan.route("fd09::/64", via="2001:db8:7::1")
    for host in (world.gateway, world.lan):
        for address in (DEVICES["alice"][0], DEVICES["alice"][1]):
            host.ping(address, check=False, wait=0.3)
            ask_udp(host, address, timeout=0.1)
    world.lan.run(["nmap", "-Pn", "-n", "-sS", "-p", SCANNED, "--max-retries", "0",
                   "--min-rate", "3000", GATEWAY,
                   VIPS["web"][0], VIPS["lanweb"][0]], timeout=60)
    world.lan.ping(GATEWAY, check=False, wait=0.3)
    world.lan.ping(GATEWAY6, check=False, wait=0.3)
    world.lan.ip("route", "replace", "10.9.0.0/16", "dev", "eth0")  # now by ARP
    world.lan.ping(GATEWAY, check=False, wait=0.3)
    assert [frame for frame in capture.frames() if not frame.outgoing] == []
    overlay = ("10.9.", "fd09:")
    answers = [frame for frame in outside.frames()
               if not frame.outgoing and (frame.source or "").startswith(overlay)]
    assert answers == []
    assert outside.count(destination=GATEWAY, protocol="arp") > 0  # it was asked for


class Download(threading.Thread):
    """A device that reads as fast as it comes, and keeps the time of the last byte."""

    def __init__(self, host, connected, request):
        super().__init__(daemon=True)
        self.here = connected
        self.here.settimeout(0.02)
        self.last = 0.0
        self.count = 0
        self.ended = threading.Event()
        self.here.sendall(request)
        self.start()

    def run(self):
        while not self.ended.is_set():
            try:
                data = self.here.recv(1 << 16)
            except TimeoutError:
                continue
            except OSError:
                return
            if not data:
                return
            self.last = time.monotonic()
            self.count += 1

    def stop(self):
        """Ends it without a word to the other side that would matter."""
        self.ended.set()
        self.join()
        self.here.close()


def connect(host, address, port, kind):
    """A connected socket in a host."""
    here = host.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
    here.settimeout(5)
    here.connect((address, port))
    return here


FLOWS = {
    "loopback": (VIPS["web"][0], 80, socket.SOCK_STREAM, b"GET /large HTTP/1.0\r\n\r\n"),
    "loopback6": (VIPS["web6"][1], 80, socket.SOCK_STREAM, b"GET /large HTTP/1.0\r\n\r\n"),
    "lan": (VIPS["lanweb"][0], 80, socket.SOCK_STREAM, b"GET /large HTTP/1.0\r\n\r\n"),
    "lan6": (VIPS["lanweb6"][1], 80, socket.SOCK_STREAM, b"GET /large HTTP/1.0\r\n\r\n"),
    "udp": (VIPS["udp"][0], 53, socket.SOCK_DGRAM, b"stream"),
    "lanudp6": (VIPS["lanudp6"][1], 53, socket.SOCK_DGRAM, b"stream"),
}


def begin_flow(world, flow, kind="alice"):
    """Starts one flow of FLOWS and waits until it runs."""
    address, port, how, request = FLOWS[flow]
    host = world.hosts[kind]
    download = Download(host, connect(host, address, port, how), request)
    deadline = time.monotonic() + 5
    while download.count < 5:
        assert time.monotonic() < deadline, f"{flow} does not run"
        if how == socket.SOCK_DGRAM and not download.count:
            download.here.send(request)  # the one before may have been lost
        time.sleep(0.05)
    return download


def test_revocation_cuts_running_flows(world):
    """From the word to the last byte that passes: at most a second. 24 times, of all kinds."""
    start_services(world)
    delays = []
    for flow in list(FLOWS) * 4:
        world.describe(*ALL, services=SERVICES).apply()
        download = begin_flow(world, flow)
        time.sleep(0.05)
        world.describe(*ALL, services=SERVICES, devices=("bob",))
        began = time.monotonic()
        answer = world.apply()
        time.sleep(0.6)
        quiet_since = time.monotonic() - 0.4
        assert download.last < quiet_since, f"{flow} still runs"
        assert answer.cut >= 1
        assert world.driver.ask("flows").flows == 0
        delays.append(max(0.0, download.last - began))
        download.stop()
    delays.sort()
    print(f"\nrevocation to last byte, {len(delays)} flows: p50 "
          f"{statistics.median(delays) * 1000:.1f} ms, p99 {delays[-1] * 1000:.1f} ms")
    assert delays[-1] <= 1.0


def test_flow_that_conntrack_still_knows_does_not_pass(world):
    """Elements alone decide, in both directions: a missing grant stops a stream that nobody cut."""
    start_services(world)
    world.describe(*ALL, services=SERVICES).apply()
    for flow in ("udp", "lanudp6", "lan"):
        download = begin_flow(world, flow)
        known = world.driver.ask("flows").flows
        family = 6 if flow.endswith("6") else 4
        device = DEVICES["alice"][family == 6]
        world.gateway.run(["nft", "delete", "element", "inet", "tacet", f"roles{family}",
                           f"{{ {device} }}"])
        time.sleep(0.3)
        last = download.last
        time.sleep(0.5)
        assert download.last == last, flow
        assert world.driver.ask("flows").flows >= known > 0
        answer = world.driver.ask("check")
        assert answer.differences == 1
        assert answer.reports == [f"missing: roles{family}: {device} : 0:1"]
        deadline = time.monotonic() + 10  # TCP sends again later and later
        while download.last == last:
            assert time.monotonic() < deadline, f"{flow} does not go on after the repair"
            time.sleep(0.01)
        download.stop()


def test_changed_target_cuts_flows_to_the_old_one(world):
    start_services(world)
    world.describe(*ALL, services=SERVICES).apply()
    download = begin_flow(world, "loopback")
    moved = [SERVICES[0].replace("127.0.0.1 8080", f"{LAN_HOST[0]} 80"), *SERVICES[1:]]
    answer = world.describe(*ALL, services=moved).apply()
    assert (answer.added, answer.deleted) == (1, 1) and answer.cut >= 1
    time.sleep(0.3)
    last = download.last
    time.sleep(0.4)
    assert download.last == last
    download.stop()
    assert world.fetch("alice", url("web")) == "page of lan\n"


def test_unchanged_flows_live_through_changes(world):
    """Other people's changes, repairs and a new process: a running download does not notice."""
    start_services(world)
    world.describe(*ALL, services=SERVICES).apply()
    download = begin_flow(world, "lan")
    for _ in range(5):
        world.describe(*ALL, "2 1", services=SERVICES).apply()
        world.describe(*ALL, services=SERVICES, devices=("alice",)).apply()
    world.gateway.run(["nft", "flush", "chain", "inet", "tacet", "forward"])
    assert world.driver.ask("check").differences > 0
    world.driver.kill()
    world.driver = enforcement.Driver(world.gateway)
    answer = world.describe(*ALL, services=SERVICES).apply()
    assert (answer.added, answer.deleted, answer.cut) == (2, 0, 0)
    count = download.count
    time.sleep(0.3)
    assert download.count > count
    download.stop()


DRIFT = {
    "element deleted": ["delete element inet tacet grants4 { 0:1 . 10.9.200.1 . tcp . 80 }"],
    "element added": ["add element inet tacet grants4 { 0:2 . 10.9.200.1 . tcp . 80 }"],
    "role of a device changed": ["delete element inet tacet roles4 { 10.9.0.3 }",
                                 "add element inet tacet roles4 { 10.9.0.3 : 0:1 }"],
    "target changed": ["delete element inet tacet targets4 { 10.9.200.1 . tcp . 80 }",
                       "add element inet tacet targets4 "
                       "{ 10.9.200.1 . tcp . 80 : 192.168.7.2 . 80 }"],
    "map flushed": ["flush map inet tacet roles6"],
    "rule added": ["insert rule inet tacet from_tunnel accept"],
    "rule repeated": ["add rule inet tacet deliver ct status dnat accept"],
    "chain flushed": ["flush chain inet tacet to_tunnel"],
    "table's rules flushed": ["flush table inet tacet"],
    "policy changed": ["add chain inet tacet input "
                       "{ type filter hook input priority -10; policy drop; }"],
    "chain added": ["add chain inet tacet rogue "
                    "{ type filter hook prerouting priority -301; policy drop; }"],
    "table deleted": ["delete table inet tacet"],
    "link table deleted": ["delete table arp tacet"],
    "everything flushed": ["flush ruleset"],
}


def listing(world):
    """Both tables as nft lists them, without counters; elements in order."""
    text = world.gateway.run(["nft", "-s", "-j", "list", "ruleset"]).stdout
    import json
    things = []
    for thing in json.loads(text)["nftables"]:
        for body in thing.values():
            body.pop("handle", None)
            body.pop("packets", None)
            body.pop("bytes", None)
            if "elem" in body:
                body["elem"] = sorted(map(json.dumps, body["elem"]))
        things.append(json.dumps(thing, sort_keys=True))
    return things


def test_drift_is_repaired_and_reported(world):
    start_services(world)
    world.describe(*ALL, services=SERVICES).apply()
    before = listing(world)
    for name, commands in DRIFT.items():
        world.gateway.run(["nft", "-f", "-"], input="\n".join(commands) + "\n")
        assert listing(world) != before, name
        answer = world.driver.ask("check")
        assert answer.differences > 0 and answer.reports, name
        print(f"{name}: {answer.ms:.1f} ms: {'; '.join(answer.reports[:3])}")
        assert sorted(listing(world)) == sorted(before), name
        assert world.driver.ask("check").differences == 0, name
        assert world.fetch("alice", url("web")) == "page of gateway\n", name
        assert world.fetch("bob", url("web"), timeout=0.3) is None, name
    world.gateway.sysctl(f"net.ipv4.conf.{TUNNEL}.route_localnet", 0)
    world.gateway.ip("-6", "route", "del", "local", "::1", "dev", TUNNEL, "table", "local")
    assert world.driver.ask("check").differences == 2
    assert world.fetch("alice", url("web")) and world.fetch("alice", url("web6"))


def test_reload_of_the_hosts_rules_is_repaired_soon(world):
    """`nft flush ruleset` opens the gateway until the next check; with five checks a second, by a
    clock of the driver's own pace, that is a moment."""
    start_services(world)
    world.describe(*ALL, services=SERVICES).apply()
    times, idle = [], []
    for _ in range(10):
        world.gateway.run(["nft", "flush", "ruleset"])
        began = time.monotonic()
        time.sleep(0.2)
        assert world.driver.ask("check").differences > 0
        times.append(time.monotonic() - began)
        assert world.fetch("bob", url("web"), timeout=0.3) is None
        assert world.driver.ask("check").differences == 0
        idle.append(world.driver.ask("check").ms)
    print(f"\nopen for at most {max(times) * 1000:.0f} ms; a check without a change: "
          f"{statistics.median(idle):.3f} ms")
    assert max(times) < 1


def test_rogue_grant_is_cut_with_its_flows(world):
    start_services(world)
    world.describe(*ALL, services=SERVICES).apply()
    world.gateway.run(["nft", "add element inet tacet grants4 { 0:2 . 10.9.200.1 . tcp . 80 }"])
    download = begin_flow(world, "loopback", "bob")
    answer = world.driver.ask("check")
    assert answer.reports == ["foreign: grants4: 0:2 . 10.9.200.1 . tcp . 80"]
    time.sleep(0.3)
    last = download.last
    time.sleep(0.4)
    assert download.last == last and world.driver.ask("flows").flows == 0
    download.stop()


def test_marks_are_the_administrators(world):
    """Marks of packets and of connections that others set come through, and none is set by us."""
    start_services(world)
    world.gateway.run(["nft", "-f", "-"], input=f"""
        table inet other {{
            chain early {{ type filter hook prerouting priority -350;
                iifname "{TUNNEL}" meta mark set 0xdeadbeef
            }}
            chain middle {{ type filter hook prerouting priority -150;
                iifname "{TUNNEL}" meta mark 0xdeadbeef counter name seen ct mark set 0xcafe
            }}
            chain last {{ type filter hook postrouting priority 300;
                oifname "{TUNNEL}" ct mark != 0xcafe counter name lost
            }}
            counter seen {{ }}
            counter lost {{ }}
        }}
    """)
    world.describe(*ALL, services=SERVICES).apply()
    assert world.fetch("alice", url("web")) and world.fetch("alice", url("lanweb6"))
    counters = world.gateway.run(["nft", "list", "counters"]).stdout
    seen, lost = (counters.split(f"counter {name} {{")[1].split()[1] for name in ("seen", "lost"))
    assert int(seen) >= 8 and int(lost) == 0


def test_refused_models_change_nothing(world):
    start_services(world)
    world.describe(*ALL, services=SERVICES).apply()
    before = listing(world)
    wrong = {
        "a role that is not there": ["grant 77 1"], "a service that is not there": ["grant 1 77"],
        "a grant twice": ["grant 1 1"], "a device twice": ["device 10.9.0.2 - 1"],
        "a device outside": ["device 10.10.0.2 - 1"], "the gateway's own": ["device 10.9.0.1 - 1"],
        "a target in the overlay": ["service 99 10.9.200.99 - tcp 80 10.9.0.3 80"],
        "port 0": ["service 99 10.9.200.99 - tcp 0 127.0.0.1 80"],
        "an address of many": ["service 99 10.9.200.99 - tcp 80 224.0.0.1 80"],
    }
    for name, lines in wrong.items():
        world.describe(*ALL, services=SERVICES)
        world.driver.say(*lines)
        assert world.driver.try_to("apply").error, name
        assert listing(world) == before, name


def test_host_that_was_no_router_is_none_for_others(world):
    """Forwarding is needed for targets on other hosts; strangers get no use of it."""
    start_services(world)
    world.describe(*ALL, services=SERVICES).apply()
    assert world.fetch("alice", url("lanweb"))
    world.lan.route("203.0.113.0/24", via="192.168.7.1")
    capture = world.hosts["alice"].port(0).capture()
    world.lan.ping("203.0.113.6", check=False, wait=0.3)
    assert capture.count(source=LAN_HOST[0]) == 0
