# SPDX-License-Identifier: ISC
"""What may break does, and nothing opens: processes die, rules vanish, disks fill."""

import contextlib
import json
import os
import shutil
import sqlite3
import struct
import time

import pytest

import story
from lab import Download, generate_private_key, public_key_of, wait_until

DAY_SECONDS = 86400


@pytest.fixture
def world(lab):
    """A World with alice, who may fetch a page; her invite's key has left the engine."""
    made = story.make(lab, "alice")
    made.web("alice")
    made.enrol("alice", services=["intranet"])
    wait_until(lambda: len(made.server.peers()) == 1, 5, "the one-time key to go")
    return made


def is_served(world, timeout=1):
    """Whether alice gets the page."""
    return world.members["alice"].fetch(f"http://{world.vip('intranet')}/", timeout) is not None


def test_gateway_restart_brings_the_device_back(world):
    vip = world.vip("intranet")
    world.server.stop()
    assert world.members["alice"].fetch(f"http://{vip}/", timeout=1) is None
    began = time.monotonic()
    world.server.start()
    wait_until(lambda: is_served(world), 30, "the page")
    print(f"\nback {time.monotonic() - began:.1f} s after the start of the gateway")
    world.members["alice"].wait_connected(services=["intranet"])


def test_device_that_restarts_is_back(world):
    alice = world.members["alice"]
    alice.stop()
    began = time.monotonic()
    alice.start()
    wait_until(lambda: is_served(world), 15, "the page")
    print(f"\nback {time.monotonic() - began:.1f} s after the start of the device")


def test_device_whose_clock_is_wrong_at_boot_is_heard(world, shift):
    """A day behind: it goes on from the timestamps it used last. Then right again."""
    alice = world.members["alice"]
    for env in (shift(-DAY_SECONDS), None):
        alice.stop()
        alice.start(env=env)
        wait_until(lambda: is_served(world), 15, "the page")


def test_device_roams(world):
    """Another network in the middle of a download: it goes on."""
    alice = world.members["alice"]
    download = Download(alice.host, world.vip("intranet"))
    port = alice.host.port(0)
    link = world.lab.link(alice.host, world.router, left=["198.19.0.10/24"],
                          right=["198.19.0.1/24"])
    port.down()
    alice.host.route("default", via="198.19.0.1")
    wait_until(lambda: download.is_flowing(1), 40, "the download to go on")
    assert world.server.device("alice", "alice")["endpoint"].startswith("198.19.0.10:")
    assert link.capture()
    download.stop()


def test_dead_control_process_stops_nothing(world):
    """Traffic goes on while it is dead and when it is back, and so does the administration."""
    server = world.server
    download = Download(world.members["alice"].host, world.vip("intranet"))
    former = server.processes()
    assert set(former) == {"parent", "engine", "control", "radar"}
    for _ in range(3):
        dead = server.kill("control")
        assert download.is_flowing(0.5)
        wait_until(lambda: server.processes().get("control") not in (None, dead), 10,
                   "a new control process")
        server.wait_ready()
        assert download.is_flowing(0.5)
    assert server.processes()["engine"] == former["engine"]
    server.revoke("alice", "alice")
    download.wait_stopped()
    download.stop()


def test_dead_engine_is_back_soon(world):
    server = world.server
    dead = server.kill("engine")
    began = time.monotonic()
    wait_until(lambda: server.processes().get("engine") not in (None, dead), 10, "an engine")
    wait_until(lambda: is_served(world), 20, "the page")
    print(f"\npage {time.monotonic() - began:.1f} s after the death of the engine")
    assert server.status()["engine"]["starts"] == 2


def test_dead_processes_of_a_device_are_replaced(world):
    alice = world.members["alice"]
    for title in ("engine", "control"):
        dead = alice.kill(title)
        wait_until(lambda: alice.processes().get(title) not in (None, dead), 10, f"a new {title}")
        wait_until(lambda: is_served(world), 20, "the page")
    alice.wait_ready()


def test_dead_parent_opens_nothing(world, lab):
    """Its children end with it, the rules stay, and a new one takes over."""
    server = world.server
    world.members["bob"] = world.add_member("bob")
    server.add_user("bob")
    bob = world.enrol("bob")
    vip = world.vip("intranet")
    server.kill("parent")
    wait_until(lambda: not server.is_running(), 5, "the children to end")
    assert bob.fetch(f"http://{vip}/", timeout=1) is None
    server.process = None
    server.start()
    wait_until(lambda: is_served(world), 30, "the page")
    assert bob.fetch(f"http://{vip}/", timeout=1) is None


def test_rogue_peer_is_removed_and_reported(world):
    server = world.server
    rogue = public_key_of(generate_private_key())
    server.host.run(["wg", "set", server.interface, "peer", rogue, "allowed-ips", "100.80.99.1/32"])
    began = time.monotonic()
    wait_until(lambda: rogue not in server.peers(), 5, "the rogue peer to go")
    print(f"\nrogue peer gone after {time.monotonic() - began:.1f} s")
    wait_until(lambda: server.status()["enforcement"]["repaired"] > 0, 5, "the report")
    wait_until(lambda: rogue[:8] in server.log or "peer" in server.log, 5, "the log to say so")
    known = server.device("alice", "alice")["public_key"]
    server.host.run(["wg", "set", server.interface, "peer", known, "remove"])
    wait_until(lambda: known in server.peers(), 5, "the device's peer to be back")
    wait_until(lambda: is_served(world), 20, "the page")


DRIFT = {
    "element deleted": "flush map inet tacet roles4",
    "rule deleted": "flush chain inet tacet from_tunnel",
    "rule added": "insert rule inet tacet from_tunnel accept",
    "table deleted": "delete table inet tacet",
}


def rules(server):
    """The rules in force, in nft's own words, without counts; elements sorted."""
    listed = json.loads(server.host.run(["nft", "-s", "-j", "list", "table", "inet",
                                         "tacet"]).stdout)
    for thing in listed["nftables"]:
        for body in thing.values():
            for key in ("handle", "packets", "bytes"):
                body.pop(key, None)
            if "elem" in body:
                body["elem"].sort(key=str)
    return sorted(json.dumps(thing, sort_keys=True) for thing in listed["nftables"])


def test_drift_of_rules_is_repaired_and_reported(world):
    server = world.server
    before = rules(server)
    for name, command in DRIFT.items():
        count = server.status()["enforcement"]["repaired"]
        server.host.run(["nft", "-f", "-"], input=command + "\n")
        wait_until(lambda: rules(server) == before, 5, f"{name}: the rules to be back", 0.1)
        wait_until(lambda: server.status()["enforcement"]["repaired"] > count, 5, "the report")
        assert is_served(world, timeout=3)


def test_second_daemon_is_refused(world):
    """On the same configuration; the first does not notice."""
    server = world.server
    first = server.processes()
    second = server.host.run([story.laboratory.tacet_path("tacetd"), "-c", server.config, "-f"],
                             check=False, timeout=10)
    assert second.returncode not in (0, None)
    assert "run" in second.stderr
    assert server.processes() == first and server.status() and is_served(world)


def test_backup_and_restore(world, tmp_path):
    """A backup is one file; restored, it is what was then, and the log tells."""
    server = world.server
    backup = tmp_path / "backup.db"
    server.tacet("backup", backup)
    assert backup.stat().st_mode & 0o777 == 0o600
    server.add_user("mallory")
    server.stop()
    server.tacet("restore", backup)
    server.start()
    assert [user["name"] for user in server.api("GET", "/v1/users")["users"]] == ["alice"]
    assert server.audit("store.restore")
    assert server.tacet("audit", "verify").returncode == 0
    wait_until(lambda: is_served(world), 30, "the page")
    damaged = tmp_path / "damaged.db"
    content = bytearray(backup.read_bytes())
    content[len(content) // 2:] = os.urandom(len(content) - len(content) // 2)
    damaged.write_bytes(content)
    server.stop()
    assert server.tacet("restore", damaged, check=False).returncode != 0
    server.start()
    assert [user["name"] for user in server.api("GET", "/v1/users")["users"]] == ["alice"]


def siphash(key, data):
    """SipHash-2-4 of whole words."""
    mask = (1 << 64) - 1
    v = [key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
         key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573]

    def turn(x, bits):
        return (x << bits | x >> 64 - bits) & mask

    def rounds(number):
        for _ in range(number):
            v[0] = v[0] + v[1] & mask
            v[2] = v[2] + v[3] & mask
            v[1], v[3] = turn(v[1], 13) ^ v[0], turn(v[3], 16) ^ v[2]
            v[0] = turn(v[0], 32) + v[3] & mask
            v[2] = v[2] + v[1] & mask
            v[3], v[1] = turn(v[3], 21) ^ v[0], turn(v[1], 17) ^ v[2]
            v[2] = turn(v[2], 32)
    for word in [*struct.unpack(f"<{len(data) // 8}Q", data), (len(data) & 255) << 56]:
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 255
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def seal(path, page_size=4096):
    """Writes the checksums of a database's pages, as the store does: other programs do not."""
    content = bytearray(path.read_bytes())
    changed = 0
    for offset in range(0, len(content), page_size):
        page = content[offset:offset + page_size - 8]
        found = struct.pack("<Q", siphash((0x7461636574207061 ^ offset, 0x67652063686b7375), page))
        changed += found != content[offset + page_size - 8:offset + page_size]
        content[offset + page_size - 8:offset + page_size] = found
    path.write_bytes(content)
    return changed


def test_altered_audit_log_is_found(world):
    """By hand, below our feet, and all looks as before; the first wrong entry is named."""
    server = world.server
    server.stop()
    path = server.state / "control/tacet.db"
    database = sqlite3.connect(path)
    triggers = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' "
                                "AND tbl_name = 'audit'").fetchall()
    for name, _ in triggers:
        database.execute(f"DROP TRIGGER {name}")
    database.execute("UPDATE audit SET actor = 'nobody' WHERE sequence = 3")
    for _, sql in triggers:
        database.execute(sql)
    database.commit()
    database.close()
    assert 0 < seal(path) < 20
    owner = path.parent.stat()
    for file in path.parent.iterdir():
        os.chown(file, owner.st_uid, owner.st_gid)
    result = server.tacet("audit", "verify", check=False)  # without tacetd, too
    assert result.returncode == 5, result.stderr
    server.start()
    result = server.tacet("audit", "verify", check=False)
    assert result.returncode == 5
    assert "3" in result.stdout + result.stderr and "altered" in result.stdout + result.stderr
    server.revoke("alice", "alice")  # it can be acted still


def test_full_disk_is_said_and_leaves_nothing_half_done(lab):
    world = story.make(lab, "alice", prepare=False)
    server = world.server
    lab.small_disk(server.state, 16 << 20)
    server.init()
    server.start()
    world.web("alice")
    alice = world.enrol("alice", services=["intranet"])
    ballast = server.state / "ballast"
    with open(ballast, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass
    users = server.api("GET", "/v1/users")["users"]
    last = server.audit()[-1]["sequence"]
    failed = None
    for number in range(2000):
        result = server.tacet("user", "add", f"user{number}", check=False)
        if result.returncode != 0:
            failed = result
            break
    assert failed is not None and "full" in failed.stderr, failed and failed.stderr
    entries = server.audit()
    added = server.api("GET", "/v1/users")["users"]
    assert len(added) - len(users) == number == entries[-1]["sequence"] - last
    assert is_served(world)
    ballast.unlink()
    server.tacet("user", "add", "later")
    assert server.tacet("audit", "verify").returncode == 0
    server.revoke("alice", "alice")
    assert alice.fetch(f"http://{world.vip('intranet')}/", timeout=1) is None


def test_corrupt_database_is_said(world):
    """The control process cannot serve; the data path and the rules stay as they were."""
    server = world.server
    server.stop()
    path = server.state / "control/tacet.db"
    kept = path.with_suffix(".kept")
    shutil.copy2(path, kept)
    with open(path, "r+b") as file:
        file.seek(100)
        file.write(os.urandom(8192))
    server.spawn()
    wait_until(lambda: "damaged" in server.process.output or "database" in server.process.output,
               15, "the log to say so")
    assert server.tacet("user", "list", check=False).returncode != 0
    if server.is_running():
        server.stop()
    server.process = None
    shutil.copy2(kept, path)
    owner = kept.parent.stat()
    os.chown(path, owner.st_uid, owner.st_gid)
    server.start()
    wait_until(lambda: is_served(world), 30, "the page")
