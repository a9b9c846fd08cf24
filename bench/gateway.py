# SPDX-License-Identifier: ISC
"""A gateway with many devices: handshakes, a storm of them, active peers, memory."""

import json
import os
import socket
import subprocess
import tempfile
import time

from lab import Lab, WireGuard

PORT, GATEWAY, DEVICES = 4000, "192.0.2.1", "192.0.2.2"
CALLERS_NET, INNER = "198.18.0.0/15", "10.255.255.1/8"
# fewer at a time than make wireguard-go think that it is under load (128), and answer by cookies
STEADY_PEERS, STEADY_WINDOW, STEADY_REPEATS, STEADY_ROUNDS = 1000, 100, 3, 2
STORM_PEERS, STORM_ROUNDS = 10000, 1
ACTIVE_RATE, ACTIVE_SECONDS = 40000, 2
INNER_PORT = 9


FAVOURED = """printf %s "$0" >/proc/self/autogroup || renice -n "$0" $$ >/dev/null; exec "$@" """


class Gateway(WireGuard):
    """An interface by any program that is started as `COMMAND INTERFACE`, with many peers."""

    def begin(self, command, config, nice):
        """Start it, set its peers, wait until it has them."""
        before = set(self.host.pids())
        self.host.run([*command, self.name])
        deadline = time.monotonic() + 10
        while self.wg("show", self.name, check=False).returncode != 0:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self} does not answer")
            time.sleep(0.05)
        self.daemons = sorted(set(self.host.pids()) - before)
        for pid in self.daemons:
            with open(f"/proc/{pid}/autogroup", "w", encoding="ascii") as file:
                file.write(str(nice))
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(60)
            connection.connect(self.socket_path)
            connection.sendall(config)
            answer = connection.recv(4096)
        if answer.strip() != b"errno=0":
            raise RuntimeError(f"{self}: set: {answer!r}")
        self.up([INNER], 1420)


class Run:
    """A fresh gateway and the host of the devices, for one measurement."""

    def __init__(self, lab, command, callers, count, nice):
        self.callers, self.nice = callers, nice
        self.gateway_host, self.devices = lab.host("gateway"), lab.host("devices")
        lab.link(self.gateway_host, self.devices, left=[f"{GATEWAY}/24"], right=[f"{DEVICES}/24"])
        self.gateway_host.ip("route", "add", CALLERS_NET, "via", DEVICES)
        self.devices.ip("route", "add", "local", CALLERS_NET, "dev", "lo")
        self.devices.wait_for_ping(GATEWAY)
        config = subprocess.run([callers, "config", str(count), str(PORT)], capture_output=True,
                                check=True).stdout
        self.gateway = Gateway(self.gateway_host, lab.interface_name(), "gateway")
        self.gateway.begin(command, config, nice)

    def call(self, mode, *words):
        """What callers printed; None: not all came back."""
        command = ["sh", "-c", FAVOURED, self.nice, self.callers, mode, self.devices.namespace, GATEWAY, PORT, *words,
                   *self.gateway.daemons]
        result = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                                timeout=120, check=False, start_new_session=True)
        if result.returncode not in (0, 3):
            raise RuntimeError(f"callers: {result.stderr.strip()}")
        return json.loads(result.stdout) if result.stdout else {}


def steady(run):
    """Handshakes a CPU second of the gateway, some at a time."""
    found = run.call("call", STEADY_PEERS, STEADY_WINDOW, STEADY_REPEATS)
    if found["done"] < found["wanted"]:
        raise RuntimeError(f"handshakes: {found}")
    return found["done"] / found["cpu_seconds"]


def storm(run):
    """Seconds until all that call at once are back."""
    found = run.call("call", STORM_PEERS, STORM_PEERS, 1)
    if found["done"] < found["wanted"]:
        raise RuntimeError(f"a storm: {found}")
    return found["seconds"]


def active(run):
    """CPU nanoseconds of the gateway by the packet, from many peers in turn."""
    def open_sink():
        sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sink.bind((INNER.split("/", maxsplit=1)[0], INNER_PORT))
        return sink
    with run.gateway_host.inside(open_sink):
        before = received(run)
        found = run.call("send", STORM_PEERS, STEADY_WINDOW, ACTIVE_RATE, ACTIVE_SECONDS)
        came = received(run) - before
    if came < 0.5 * found["sent"]:
        raise RuntimeError(f"active peers: {came} packets came of {found['sent']}")
    return found["cpu_seconds"] / came * 1e9


def received(run):
    """Packets that the gateway's interface has handed to its host."""
    shown = run.gateway_host.ip("-s", "-j", "link", "show", "dev", run.gateway.name).stdout
    return json.loads(shown)[0]["stats64"]["rx"]["packets"]


MEASUREMENTS = (
    ("handshakes", steady, STEADY_PEERS, STEADY_ROUNDS),
    ("storm", storm, STORM_PEERS, STORM_ROUNDS),
    ("active", active, STORM_PEERS, 1),
)


def measure_memory(name, memory):
    """[(row, value)] of bench/memory."""
    with tempfile.NamedTemporaryFile() as file:
        subprocess.run([memory, "--only", name, "--json", file.name], capture_output=True,
                       check=False, timeout=300)
        rows = json.load(file)
    return [("memory", rows[name]["peer"]), ("configure", rows[name]["set"] / rows[name]["count"] * 100000)]


def measure_gateway(name, command, callers, memory, nice, problems):
    """[(row, value)], each row as often as it was measured."""
    found = []
    for row, measurement, count, repeats in MEASUREMENTS:
        for _ in range(repeats):
            try:
                with Lab() as lab:
                    found.append((row, measurement(Run(lab, command, callers, count, nice))))
            except (AssertionError, RuntimeError, OSError, subprocess.SubprocessError) as error:
                problems.append(f"{name}: {row}: {error}")
    if os.path.basename(command[0]) == name:  # bench/memory knows no other
        try:
            found += measure_memory(name, memory)
        except (KeyError, ValueError, subprocess.SubprocessError) as error:
            problems.append(f"{name}: memory: {error}")
    return found
