# SPDX-License-Identifier: ISC
"""The bars of the Zero Trust provider, measured: for bench/zerotrust, and small ones in tests.

Each function asserts what has to be right and returns figures. Whether a figure is good enough is
for who asks.
"""

import os
import pathlib
import random
import re
import shutil
import signal
import socket
import threading
import time

import story
from lab import Device, Download, Echo, Nginx, Refused, strangers, tacet, wait_until
from lab.wireguard import program_path

DENIED_PORT, ALLOWED_PORT = 9000, 9001
FETCHED_BYTES = 128 << 20


def percentile(values, share):
    """The value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


# Revocation.

def revocations(world, count):
    """Revokes a device in the middle of a download, again and again; seconds to the last byte.

    From the start of the command to the last byte that the device receives, by one clock, while
    another device downloads all the time.
    """
    world.web("alice", "bob")
    bob = world.enrol("bob", services=["intranet"])
    vip = world.vip("intranet")
    other = Download(bob.host, vip)
    alice = world.members["alice"]
    delays, commands = [], []
    for number in range(count):
        world.enrol("alice", services=["intranet"])
        download = Download(alice.host, vip)
        time.sleep(random.uniform(0.02, 0.1))
        assert download.is_flowing()
        began = time.monotonic()
        world.server.revoke("alice", "alice")
        commands.append(time.monotonic() - began)
        delays.append(max(0.0, download.wait_stopped(quiet=1.2 if number < 3 else 0.3) - began))
        download.stop()
        assert other.is_flowing(1.0), "the other device's download stopped"
        alice.forget()
    other.stop()
    return delays, commands


# A policy for many.

def many_rules(rules, teams, divisions, services):
    """The text of a policy: four of five rules for a team, one for a division."""
    lines = ["rules:"]
    for number in range(rules):
        who = f"division{number % divisions}" if number % 5 == 4 else f"team{number % teams}"
        may = ", ".join(f"service{(number * 7 + i * 131) % services}" for i in range(5))
        lines.append(f"  - who: [{who}]\n    may: [{may}]")
    return "\n".join(lines) + "\n"


def fill(server, devices, teams, divisions, services):
    """Fills the database of a server that does not run, in memory, and puts it back."""
    path = server.state / "control/tacet.db"
    owner = path.parent.stat()
    memory = pathlib.Path(server.folder) / "memory"
    server.host.lab.small_disk(memory, 1 << 30)
    shutil.copy(path, memory / "tacet.db")
    program = pathlib.Path(program_path("tacet-wg")).parents[2] / "bench/fill_store"
    server.host.run([program, memory / "tacet.db", devices, teams, divisions, services],
                    timeout=600)
    shutil.copy(memory / "tacet.db", path)
    os.chown(path, owner.st_uid, owner.st_gid)


def memory_of(pids):
    """Resident memory in MiB of processes: now, and the sum of the greatest of each."""
    now = peak = 0
    for pid in pids:
        text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        now += int(re.search(r"VmRSS:\s+(\d+)", text)[1])
        peak += int(re.search(r"VmHWM:\s+(\d+)", text)[1])
    return now / 1024, peak / 1024


def timed(function, *arguments, **options):
    """What a function returns, and the seconds it took."""
    began = time.monotonic()
    value = function(*arguments, **options)
    return value, time.monotonic() - began


def policy_for_many(world, devices=10000, services=1000, rules=500, teams=100):
    """A policy for many devices, applied; then single changes. Figures by name."""
    server, divisions = world.server, max(1, teams // 10)
    server.init()
    figures = {}
    _, figures["fill s"] = timed(fill, server, devices, teams, divisions, services)
    _, figures["start s"] = timed(server.start, timeout=120)
    text = many_rules(rules, teams, divisions, services)
    answer, figures["apply ms"] = timed(server.api, "PUT", "/v1/policy", text=text)
    figures["roles"], figures["grants"] = answer["roles"], answer["grants"]
    plan = server.status()["plan"]
    assert (plan["devices"], plan["services"]) == (devices, services), plan
    changes = {
        "revoke a device": ("DELETE", "/v1/devices/user7/laptop"),
        "quarantine": ("POST", "/v1/devices/user8/laptop/quarantine"),
        "release": ("POST", "/v1/devices/user8/laptop/release"),
        "join a group": ("POST", "/v1/groups/team3/members", {"user": "user9"}),
        "add a service": ("POST", "/v1/services", {"name": "new", "target": "10.9.9.9:80"}),
        "add a user": ("POST", "/v1/users", {"name": "new", "groups": ["team1"]}),
        "invite": ("POST", "/v1/invites", {"user": "new", "expires_s": 3600}),
    }
    for name, request in changes.items():
        _, figures[f"{name} ms"] = timed(server.api, *request)
    changed = text.replace("may: [service0,", "may: [service1, service0,", 1)
    assert changed != text
    _, figures["one rule ms"] = timed(server.api, "PUT", "/v1/policy", text=changed)
    _, figures["the same again ms"] = timed(server.api, "PUT", "/v1/policy", text=changed)
    figures["MiB"], figures["peak MiB"] = memory_of(server.processes().values())
    for name in list(figures):
        if name.endswith(" ms"):
            figures[name] *= 1000
    check_enforced(server)
    return figures


# Throughput.

def speed(host, url, size=FETCHED_BYTES):
    """Bytes a second of one fetch by curl."""
    result = host.run(["curl", "-sS", "-o", "/dev/null", "-r", f"0-{size - 1}", "-w",
                       "%{size_download} %{speed_download}", url], timeout=120)
    got, rate = result.stdout.split()
    assert int(got) == size, result.stdout
    return float(rate)


def mediation(world, rounds, size=FETCHED_BYTES):
    """Fetches by a service's virtual address, and from the same nginx by a tunnel of the same
    engine (tacet-wg) between two hosts on a like link that nothing mediates, in turn; pairs of
    bytes a second."""
    world.web("alice")
    alice = world.enrol("alice", services=["intranet"])
    host, _ = world.add_host("plain-server")
    there, _ = world.add_host("plain-member")
    near = host.wireguard(listen_port=40004, addresses=["10.77.0.1/24"],
                          implementation="tacet-wg")
    far = there.wireguard(addresses=["10.77.0.2/24"], implementation="tacet-wg")
    near.add_peer(far, allowed_ips=["10.77.0.2/32"])
    far.add_peer(near, allowed_ips=["10.77.0.1/32"], endpoint=f"{host.address()}:40004")
    for node in (near, world.server):
        mtu = host.run(["cat", f"/sys/class/net/{near.name}/mtu"]).stdout if node is near else \
            world.server.host.run(["cat", f"/sys/class/net/{world.server.interface}/mtu"]).stdout
        assert mtu.strip() == "1420", f"{node}: another MTU: {mtu}"
    Nginx(host, "10.77.0.1:80")
    pairs = []
    for number in range(rounds + 1):
        pair = (speed(alice.host, f"http://{world.vip('intranet')}/large", size),
                speed(there, "http://10.77.0.1/large", size))
        if number:  # the first warms up
            pairs.append(pair)
    return pairs


# Enrolments.

def check_enrolled(server, names, user="alice"):
    """That exactly these devices are there, none twice, and in force."""
    devices = server.api("GET", "/v1/devices?all=1")["devices"]
    assert sorted(device["name"] for device in devices) == sorted(names)
    for field in ("public_key", "ipv4", "ipv6"):
        assert len({device[field] for device in devices}) == len(devices), field
    assert all(device["user"] == user and device["state"] == "active" for device in devices)
    invites = server.api("GET", "/v1/invites?all=1")["invites"]
    assert {invite["state"] for invite in invites} == {"redeemed"} and len(invites) == len(names)
    wait_until(lambda: server.peers() == {device["public_key"] for device in devices}, 5,
               "the engine to have all of them and nobody else")
    assert server.tacet("audit", "verify").returncode == 0
    assert not server.audit("invite.reuse")


def token_for(server, user="alice"):
    """A token by the API."""
    return server.api("POST", "/v1/invites", {"user": user, "expires_s": 3600})["token"]


def enrolments_in_a_row(world, count):
    """Devices that join one after the other, on one host; seconds of each."""
    server = world.server
    server.add_user("alice")
    host, _ = world.add_host("crowd")
    seconds = []
    for number in range(count):
        device = Device(host, f"device{number}")
        token = token_for(server)
        result = device.join(token, start=False)
        seconds.append(result.seconds)
        shutil.rmtree(device.folder)
    check_enrolled(server, [f"device{number}" for number in range(count)])
    return seconds


def enrolments_at_once(world, count):
    """Devices on as many hosts that join at the same time; seconds of all, and of the slowest."""
    server = world.server
    server.add_user("alice")
    devices = [Device(world.add_host(f"crowd{number}")[0], f"device{number}")
               for number in range(count)]
    tokens = [token_for(server) for _ in devices]
    results = {}

    def join(device, token):
        results[device.label] = device.join(token, start=False, check=False, timeout=120)
    threads = [threading.Thread(target=join, args=pair) for pair in zip(devices, tokens)]
    _, total = timed(lambda: [*map(threading.Thread.start, threads),
                              *map(threading.Thread.join, threads)])
    failed = {name: result for name, result in results.items() if result.returncode != 0}
    assert not failed, [result.stderr for result in failed.values()]
    check_enrolled(server, [device.label for device in devices])
    return total, max(result.seconds for result in results.values())


# Death at random.

def elements(server, name):
    """How many elements a set or map of our table has."""
    listed = server.host.run(["nft", "list", "set" if name.startswith("grants") else "map", "inet",
                              "tacet", name]).stdout
    found = re.search(r"elements = \{(.*?)\}", listed, re.DOTALL)
    return found[1].count(",") + 1 if found else 0


def check_enforced(server):
    """That the kernel and the engine hold what the database says, and nothing needs repair."""
    devices = server.api("GET", "/v1/devices")["devices"]
    live = [device for device in devices if device["state"] == "active"]
    invites = server.api("GET", "/v1/invites")["invites"]
    in_force = sum(device["state"] != "revoked" for device in devices) + len(invites)
    wait_until(lambda: len(server.peers()) == in_force, 6,
               f"{in_force} peers in the engine")
    assert {device["public_key"] for device in live} <= server.peers()
    assert elements(server, "roles4") >= len(live)
    before = server.status()["enforcement"]["repaired"]
    time.sleep(5.5)  # longer than from one comparison to the next
    assert server.status()["enforcement"]["repaired"] == before, server.log[-2000:]


class Outsiders:
    """A stranger who probes, and a member who asks for what is denied, all the time.

    denied: an Echo that nobody may reach; allowed: one that the member may, to see that the probe
    is alive; asked (of the allowed one), answered (by the denied one), knocked (how many rounds the
    stranger probed).
    """

    def __init__(self, world, phone):
        self.world, self.phone = world, phone
        self.denied = Echo(world.server.host, "127.0.0.1", DENIED_PORT, deadline=1200)
        self.allowed = Echo(world.server.host, "127.0.0.1", ALLOWED_PORT, deadline=1200)
        self.server_key = world.server.api("GET", "/v1/network")["server_key"]
        self.asked = self.answered = self.knocked = 0
        self.capture = world.outer.left.capture(snap=96)
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._knock), threading.Thread(target=self._ask)]
        for thread in self._threads:
            thread.start()

    def stop(self):
        """Ends both; asserts what has to be true of what they saw."""
        self._ended.set()
        for thread in self._threads:
            thread.join()
        leaked = self.capture.frames(source=self.world.server.host,
                                     destination=self.world.stranger)
        assert not leaked, leaked[:10]
        assert (self.denied.asked, self.answered) == (0, 0), "a denied packet passed"
        assert self.asked > 0 and self.knocked > 0
        assert self.capture.count(source=self.world.stranger) > 0

    def _knock(self):
        here = self.world.stranger.socket()
        while not self._ended.wait(0.05):
            self.knocked += 1
            here.sendto(strangers.initiation(self.server_key), (story.SERVER, tacet.PORT))
            here.sendto(b"hello", (story.SERVER, tacet.PORT))
            here.sendto(b"hello", (story.SERVER, 53))
            for port in (22, 80, 7411):
                with self.world.stranger.socket(kind=socket.SOCK_STREAM) as probe:
                    probe.setblocking(False)
                    probe.connect_ex((story.SERVER, port))
        here.close()

    def _ask(self):
        while not self._ended.wait(0.02):
            if Echo.ask(self.phone.host, self.phone.vips["denied"], DENIED_PORT, timeout=0.01):
                self.answered += 1
            if Echo.ask(self.phone.host, self.phone.vips["allowed"], ALLOWED_PORT, timeout=0.2):
                self.asked += 1
            else:
                self.phone.renew()


class Load:
    """Downloads by a member and acts by an administrator; acts (how many succeeded), received.

    The member is a stock client that calls again as soon as nothing comes.
    """

    def __init__(self, world, phone):
        self.world, self.phone = world, phone
        self.acts = self.failed = self.received = 0
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._download),
                         threading.Thread(target=self._administrate)]
        for thread in self._threads:
            thread.start()

    def stop(self):
        """Ends both."""
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _download(self):
        while not self._ended.is_set():
            try:
                download = Download(self.phone.host, self.phone.vips["intranet"], timeout=0.5)
            except (OSError, AssertionError):
                self.phone.renew()
                continue
            while not self._ended.is_set() and download.is_flowing(0.3):
                pass
            self.received += download.received
            download.stop()
            self.phone.renew()

    def _administrate(self):
        number = 0
        while not self._ended.wait(0.01):
            number += 1
            user, service = f"user{number}", f"service{number}"
            for request in (("POST", "/v1/users", {"name": user, "groups": ["crowd"]}),
                            ("POST", "/v1/services", {"name": service, "target": "10.0.0.7:1"}),
                            ("POST", "/v1/invites", {"user": user, "expires_s": 3600}),
                            ("DELETE", f"/v1/services/{service}"),
                            ("DELETE", f"/v1/users/{user}")):
                try:
                    self.world.server.api(*request, timeout=10)
                    self.acts += 1
                except (OSError, Refused):  # it was killed: done, or not at all
                    self.failed += 1
                    time.sleep(0.05)


def deaths(world, count, pause=(0.05, 0.6), seed=None):
    """Kills random processes at random moments under load; figures by name.

    Afterwards: the database and its log are sound, what is enforced is what is stored, no packet
    passed that policy denies, and none went to a stranger.
    """
    seed = seed if seed is not None else random.randrange(1 << 32)
    print(f"seed {seed}")
    dice, server = random.Random(seed), world.server
    world.web("alice")
    server.add_service("denied", f"127.0.0.1:{DENIED_PORT}", "--protocol", "udp")
    server.add_service("allowed", f"127.0.0.1:{ALLOWED_PORT}", "--protocol", "udp")
    for user in ("mallory", "carol"):
        server.add_user(user)
    server.allow(alice=["intranet"], carol=["intranet"], mallory=["allowed"])
    world.enrol("alice", services=["intranet"])
    curious, busy = story.Phone(world, "mallory"), story.Phone(world, "carol", "busy")
    server.tacet("harden", "--yes")
    server.tacet("harden", "--confirm", "--force")
    outsiders, load = Outsiders(world, curious), Load(world, busy)
    killed = dict.fromkeys(tacet.PROCESSES, 0)
    try:
        while sum(killed.values()) < count:
            title = dice.choices(tacet.PROCESSES, (1, 2, 3, 1))[0]
            killed[title] += server.kill(title) is not None
            time.sleep(dice.uniform(*pause))
            if server.processes().get("parent") is None:
                wait_until(lambda: not server.is_running(), 10, "the children to end")
                server.spawn(deadline=1200)
            assert server.process.returncode in (None, -signal.SIGKILL), server.log[-3000:]
    finally:
        load.stop()
    server.wait_ready(30)
    vip = world.vip("intranet")
    back, seconds = timed(lambda: wait_until(
        lambda: world.members["alice"].fetch(f"http://{vip}/", timeout=1), 60, "the page"))
    assert back == "page of server\n"
    outsiders.stop()
    assert server.tacet("audit", "verify").returncode == 0
    copy = server.folder / "after.db"
    server.tacet("backup", copy)
    check_database(copy)
    check_enforced(server)
    assert outsiders.denied.asked == 0
    return {**{f"killed {title}": number for title, number in killed.items()},
            "acts": load.acts, "acts that failed": load.failed,
            "MiB downloaded": load.received >> 20, "denied probes alive": outsiders.asked,
            "rounds of the stranger": outsiders.knocked, "back after s": seconds}


def check_database(path):
    """By another program: the database is whole, and no act is half done."""
    import sqlite3
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    database.close()

