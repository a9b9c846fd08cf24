# SPDX-License-Identifier: ISC
"""Several workers at both ends: traffic through all of them, changes under traffic, clean ends."""

import json
import random
import signal
import time

import pytest

import lab as laboratory
from lab import generate_private_key, public_key_of, wait_until

MEMBERS = 8
PORT, OTHER_PORT = 40004, 40005
SERVER = "192.0.2.1"
INNER_SERVER = "10.9.0.1"
WORKERS = pytest.mark.parametrize("workers", [2, 4])
PATIENCE = 10.0  # longest that a wg command may take while there is traffic


class Hub:
    """A server and MEMBERS members around a switch; all of them run so many workers.

    server: the server's WireGuard. members: the members'. Member i has the address 10.9.0.(10+i),
    and the server runs an iperf3 for it at port 5200+i.
    """

    def __init__(self, lab, workers):
        self.lab = lab
        options = ["--workers", workers]
        bridge = lab.bridge()
        self.host = lab.host("server")
        bridge.attach(self.host, [f"{SERVER}/24"])
        self.options = dict(foreground=True, options=options, env={"LOG_LEVEL": "info"})
        self.server = self.host.wireguard(addresses=[f"{INNER_SERVER}/24"], listen_port=PORT,
                                          **self.options)
        self.members = []
        for i in range(MEMBERS):
            host = lab.host(f"member{i}")
            bridge.attach(host, [f"192.0.2.{10 + i}/24"])
            member = host.wireguard(addresses=[f"{self.inner(i)}/24"], **self.options)
            member.add_peer(self.server, allowed_ips=["10.9.0.0/24"],
                            endpoint=f"{SERVER}:{PORT}")
            self.members.append(member)
        self.join()
        self.listeners = []
        self.listen()

    @staticmethod
    def inner(i):
        """The inner address of member i."""
        return f"10.9.0.{10 + i}"

    def join(self):
        """Tell the server of all members."""
        for i, member in enumerate(self.members):
            self.server.add_peer(member, allowed_ips=[f"{self.inner(i)}/32"])

    def listen(self):
        """Begin an iperf3 of the server for each member, in place of those before."""
        for listener in self.listeners:
            listener.kill()
        self.listeners = [self.host.spawn(["iperf3", "-s", "-p", 5200 + i])
                          for i in range(MEMBERS)]

    def call(self):
        """Have the server say something to each member: they learn its new port by that alone."""
        self.host.run(["sh", "-c", "".join(f"ping -c 1 -W 1 {self.inner(i)} & "
                                           for i in range(MEMBERS)) + "wait"])

    def works(self):
        """Wait until each member reaches the server."""
        for member in self.members:
            member.host.wait_for_ping(INNER_SERVER, 20.0)

    def flow(self, i, *words, seconds=2):
        """Begin an iperf3 of member i."""
        return self.members[i].host.spawn(["iperf3", "-c", INNER_SERVER, "-p", 5200 + i, "-J",
                                           "-t", seconds, "-l", "1200", *words])

    def flows(self, *words, seconds=2):
        """Begin an iperf3 of each member."""
        return [self.flow(i, *words, seconds=seconds) for i in range(MEMBERS)]

    def stop(self):
        """End all; each with exit code 0, and without a word that is not meant to be."""
        for device in [self.server, *self.members]:
            device.stop()
            end_is_clean(device)


def end_is_clean(device):
    """The daemon ended as it should."""
    assert device.process.returncode == 0, device.process.output
    assert "WARNING: " not in device.process.output, device.process.output
    assert "Sanitizer" not in device.process.output, device.process.output


def received(flow, patience=30.0):
    """How many bytes a flow brought to its receiver; it must have ended well."""
    assert flow.wait(patience) == 0, flow.output
    report = json.loads(flow.output)
    summary = report["end"].get("sum_received") or report["end"].get("sum")
    if summary:
        return summary["bytes"]
    # Now and then iperf3 3.12 ends well but without a summary: a receiver has counted by itself.
    assert "-R" in flow.command, flow.output
    return sum(interval["sum"]["bytes"] for interval in report["intervals"])


@pytest.fixture
def hub(lab, ours, workers):
    """A Hub where all members reach the server."""
    reason = laboratory.missing("iperf3")
    if reason:
        pytest.skip(reason)
    made = Hub(lab, workers)
    made.works()
    return made


@WORKERS
def test_traffic(hub, workers):
    for words in ([], ["-R"], ["-u", "-b", "5M"], ["-u", "-b", "5M", "-R"]):
        flows = hub.flows(*words)
        for i, flow in enumerate(flows):
            assert received(flow) > 100_000, f"member {i}, {words}: {flow.output}"
    peers = hub.server.show().peers
    assert all(peers[member.public_key].received > 1_000_000 for member in hub.members)
    hub.stop()


@WORKERS
def test_member_to_member(hub, workers):
    """Through the server: in by the shard of one member, out by that of another."""
    hub.host.forward()
    for i in range(MEMBERS):
        hub.members[i].host.ping(hub.inner((i + 3) % MEMBERS), count=20)
    hub.stop()


class Asker:
    """`wg show` in a loop, as a process of its own."""

    def __init__(self, hub):
        self.process = hub.host.spawn(
            ["sh", "-c", f"while :; do timeout {PATIENCE:g} wg show {hub.server.name} dump "
             ">/dev/null || exit 7; done"])

    def end(self):
        """It never failed, nor waited too long."""
        assert self.process.returncode is None, self.process.output
        self.process.kill()


def change(hub, choice, keys):
    """One change of configuration, which leaves the members' tunnels as they are."""
    what = choice.randrange(6)
    began = time.monotonic()
    if what == 0:
        hub.server.set(listen_port=choice.choice([PORT, OTHER_PORT]))
        hub.call()
    elif what == 1:
        key = public_key_of(generate_private_key())
        hub.server.add_peer(key, allowed_ips=[f"10.10.0.{choice.randrange(256)}/32"],
                            endpoint="192.0.2.250:9")
        keys.append(key)
    elif what == 2 and keys:
        hub.server.remove_peer(keys.pop(choice.randrange(len(keys))))
    elif what == 3:
        i = choice.randrange(MEMBERS)
        hub.server.add_peer(hub.members[i], allowed_ips=[f"{hub.inner(i)}/32"],
                            keepalive=choice.randrange(1, 60))
    elif what == 4:
        hub.host.ip("link", "set", hub.server.name, "mtu", choice.choice([1280, 1420]))
    else:
        hub.server.show()
    assert time.monotonic() - began < PATIENCE, f"change {what}"


@WORKERS
def test_changes_under_traffic(hub, workers):
    choice, keys, asker = random.Random(workers), [], Asker(hub)
    flows = [hub.flow(i, *(["-R"] if i % 2 else []), seconds=8) for i in range(MEMBERS)]
    until = time.monotonic() + 8
    while time.monotonic() < until:
        change(hub, choice, keys)
    for flow in flows:
        assert received(flow) > 100_000, flow.output
    asker.end()
    assert set(hub.server.show().peers) == {member.public_key for member in hub.members} | set(keys)
    hub.stop()


@WORKERS
def test_removal_under_traffic(hub, workers):
    """A member that is removed and comes again goes on, with sessions begun anew."""
    flows = hub.flows(seconds=6)
    for _ in range(3):
        for member in hub.members:
            hub.server.remove_peer(member)
        assert not hub.server.show().peers
        hub.join()
        time.sleep(0.2)
    hub.works()
    for flow in flows:
        flow.kill()
    hub.stop()


@WORKERS
def test_end_under_traffic(hub, workers):
    """No worker may reach for another that has ended already."""
    for number in [signal.SIGTERM, signal.SIGINT] * 2:
        flows = hub.flows("-u", "-b", "20M", seconds=20)
        before = hub.server.peer(hub.members[0]).received
        wait_until(lambda: hub.server.peer(hub.members[0]).received > before + 100_000, 15.0,
                   "traffic")
        hub.server.stop(number)
        end_is_clean(hub.server)
        for flow in flows:
            flow.kill()
        hub.server.start(foreground=True, env=hub.options["env"])
        hub.server.set(private_key=hub.server.private_key, listen_port=PORT)
        hub.server.addresses.clear()
        hub.server.up([f"{INNER_SERVER}/24"])
        hub.join()
        for member in hub.members:  # otherwise they would find out in 15 s
            member.down()
            member.up()
        hub.listen()
        hub.works()


def test_most_workers(lab, ours):
    """The most that the command line allows."""
    hub = Hub(lab, 16)
    hub.works()
    hub.stop()
