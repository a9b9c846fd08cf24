# SPDX-License-Identifier: ISC
"""Tacet itself on hosts of a lab: servers and devices, each with a folder of its own.

    server = Server(host, endpoint="192.0.2.10:51820")
    server.init()
    server.start()
    server.tacet("user", "add", "alice")
    device = Device(laptop)
    device.join(server.invite("alice"))
    device.fetch("http://intranet.tacet/")

Below the folder lie tacet.conf, state and run; nothing else is written, but names in the hosts file
of the namespace, which the lab makes and removes. Environment: TACET and TACETD are the paths of
the programs (default: those of the build that tacet-wg comes from).
"""

import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket

from . import process
from .wireguard import program_path

PORT, CONTROL_PORT, ENROL_PORT = 51820, 7411, 7412
TOKEN = re.compile(r"\btacet1-[0-9A-Za-z-]+")
PROCESSES = ("parent", "engine", "control", "radar")


def tacet_path(name):
    """Where the program tacet or tacetd is: TACET, TACETD, or the build of tacet-wg."""
    folder = {"tacet": "cli", "tacetd": "tacetd"}[name]
    built = pathlib.Path(program_path("tacet-wg")).parents[1] / folder / name
    return os.path.abspath(os.environ.get(name.upper(), built))


def tacet_missing():
    """Why Tacet cannot be started here, as text; None if it can."""
    for name in ("tacet", "tacetd"):
        if not os.access(tacet_path(name), os.X_OK):
            return f"needs the program {tacet_path(name)} (build first, or set {name.upper()})"
    return None


class Refused(AssertionError):
    """The local API answered with another status than 2xx; status and answer (parsed JSON)."""

    def __init__(self, request, status, answer):
        self.status, self.answer = status, answer
        super().__init__(f"{request}: {status} {answer}")


class LocalConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path, timeout):
        super().__init__("tacet", timeout=timeout)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Node:
    """A host on which tacetd runs: host, label, folder, state, run, interface, config (a path)."""

    role = None

    def __init__(self, host, label=None, **settings):
        self.host = host
        self.label = label or host.name
        self.interface = host.lab.interface_name("tacet")
        self.folder = pathlib.Path(host.lab.directory) / f"{self.role}-{self.label}"
        self.folder.mkdir(mode=0o755)
        self.state, self.run = self.folder / "state", self.folder / "run"
        self.config = self.folder / "tacet.conf"
        self.socket_path = self.run / "control.sock"
        self.process = None
        self.settings = {"role": self.role, "interface": self.interface, "state": self.state,
                         "run": self.run, "log": "info", **settings}
        self.configure()

    def __repr__(self):
        return f"<{self.role} {self.label}>"

    # Configuration and programs.

    def configure(self, **settings):
        """Writes tacet.conf, with these settings besides (or instead of) the former ones."""
        self.settings.update(settings)
        self.config.write_text("".join(f"{key.replace('_', '-')}: {value}\n"
                                       for key, value in self.settings.items()))

    @property
    def environment(self):
        """What our programs find in their environment."""
        return {"TACET_CONFIG": self.config, "TACETD": tacet_path("tacetd")}

    def tacet(self, *words, check=True, timeout=60.0, input=None, env=None):
        """Runs `tacet words...` here; the Result."""
        return self.host.run([tacet_path("tacet"), *words], check=check, timeout=timeout,
                             input=input, env={**self.environment, **(env or {})})

    def json(self, *words, **options):
        """Runs `tacet words... --json`; what it printed, parsed."""
        return json.loads(self.tacet(*words, "--json", **options).stdout)

    def api(self, method, path, body=None, *, text=None, timeout=60.0):
        """Asks the local API; the answer, parsed (bytes where it is not JSON).

        Raises Refused at another status than 2xx, OSError where nobody answers.
        """
        connection = LocalConnection(self.socket_path, timeout)
        try:
            content = text if text is not None else None if body is None else json.dumps(body)
            kind = {"Content-Type": "text/plain" if text is not None else "application/json"}
            connection.request(method, path, content, kind if content is not None else {})
            answer = connection.getresponse()
            data = answer.read()
        except http.client.HTTPException as error:  # it died while it answered
            raise ConnectionError(f"{method} {path}: {error!r}") from error
        finally:
            connection.close()
        if answer.getheader("Content-Type", "").startswith("application/json"):
            data = json.loads(data) if data else None
        if not 200 <= answer.status < 300:
            raise Refused(f"{method} {path}", answer.status, data)
        return data

    def status(self):
        """GET /v1/status."""
        return self.api("GET", "/v1/status", timeout=10)

    # The daemon.

    def spawn(self, *, deadline=600.0, env=None):
        """Starts tacetd in the foreground and does not wait for it; self.process."""
        self.process = self.host.spawn([tacet_path("tacetd"), "-c", self.config, "-f"],
                                       env={**self.environment, **(env or {})},
                                       deadline=deadline)
        return self.process

    def start(self, *, timeout=15.0, deadline=600.0, env=None):
        """Starts tacetd in the foreground (its log: self.log) and waits until it answers."""
        self.spawn(deadline=deadline, env=env)
        self.wait_ready(timeout)
        return self

    def wait_ready(self, timeout=15.0):
        """Waits until the local API answers a request for the status."""
        def ready():
            if self.process is not None and self.process.returncode is not None:
                raise RuntimeError(f"tacetd of {self} ended: {self.process.output}")
            try:
                return self.status()
            except Refused:  # it is starting
                return False
        try:
            return process.wait_until(ready, timeout, f"{self} to answer")
        except process.WaitTimeout as error:
            raise process.WaitTimeout(f"{error}\n--- log\n{self.log}") from None

    @property
    def log(self):
        """What tacetd has said, if it was started by start()."""
        return self.process.output if self.process else "(in the background: no log)"

    def processes(self):
        """The pids of tacetd's processes by what they are: parent, engine, control, radar."""
        found = {}
        for pid in self.host.pids():
            words = command_of(pid)
            if str(self.config) not in words or not words[0].startswith(("tacetd", "/")):
                continue
            if os.path.basename(words[0]).rstrip(":") != "tacetd":
                continue
            title = next((word for word in words[1:3] if word in PROCESSES), "parent")
            found[title] = pid
        return found

    def kill(self, title):
        """SIGKILL to one process; returns its pid, or None where it does not run."""
        pid = self.processes().get(title)
        if pid is not None:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                return None
        return pid

    def is_running(self):
        """Whether a process of tacetd runs."""
        return bool(self.processes())

    def stop(self, timeout=10.0):
        """Ends tacetd by SIGTERM to its parent, and waits until all its processes are gone."""
        pid = self.processes().get("parent")
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
        process.wait_until(lambda: not self.is_running(), timeout, f"{self} to end")
        if self.process is not None:
            self.process.wait(timeout)
            self.process = None

    def capture(self, snap=256):
        """A Capture of the packets in the tunnel, recording when this returns."""
        from .capture import Capture
        capture = Capture(TunnelPort(self), snap)
        self.host.lab.captures.append(capture)
        return capture


class TunnelPort:
    """The tunnel's interface, as a capture wants it."""

    def __init__(self, node):
        self.host, self.name = node.host, node.interface

    def __repr__(self):
        return f"{self.host.name}:{self.name}"


def command_of(pid):
    """The words of a process's command line; empty where it has ended."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().rstrip(b"\0").decode(errors="replace").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return [""]


class Server(Node):
    """Controller and gateway. endpoint: where devices call it, "192.0.2.10:51820"."""

    role = "server"

    def __init__(self, host, label=None, *, endpoint=None, listen=PORT, **settings):
        super().__init__(host, label, listen=listen, **settings)
        self.endpoint = endpoint or f"{host.address()}:{listen}"

    def init(self, *words, check=True):
        """`tacet init --endpoint ... --no-start`; the Result."""
        return self.tacet("init", "--endpoint", self.endpoint, "--no-start", *words, check=check)

    def invite(self, user, *words, expires="1h"):
        """A token for a user who is there."""
        return self.json("invite", user, "--expires", expires, *words)["token"]

    def invite_gateway(self, name, *words, expires="1h"):
        """A token for a new gateway."""
        return self.json("invite", "--gateway", name, "--expires", expires, *words)["token"]

    def gateway(self, name):
        """What the controller says of a gateway, or None."""
        gateways = self.api("GET", "/v1/gateways")["gateways"]
        return next((gateway for gateway in gateways if gateway["name"] == name), None)

    def add_user(self, name, *groups):
        """`tacet user add`."""
        return self.tacet("user", "add", name, *(word for group in groups
                                                  for word in ("--group", group)))

    def add_service(self, name, target, *words):
        """`tacet service add`."""
        return self.tacet("service", "add", name, "--target", target, *words)

    def apply(self, text, *words, check=True):
        """`tacet policy apply` of a text; the Result."""
        path = self.folder / "policy.yaml"
        path.write_text(text)
        return self.tacet("policy", "apply", path, *words, check=check)

    def revoke(self, user, device, check=True):
        """`tacet revoke`; the Result."""
        return self.tacet("revoke", user, "--device", device, check=check)

    def act(self, verb, user, device):
        """`tacet device approve|quarantine|release`."""
        return self.tacet("device", verb, f"{user}/{device}")

    def allow(self, **rules):
        """Applies a policy of rules alone: allow(alice=["intranet"], engineers=["db"])."""
        lines = [f"  - who: [{who}]\n    may: [{', '.join(may)}]\n" for who, may in rules.items()]
        return self.apply("rules:\n" + "".join(lines) if lines else "")

    def device(self, user, name):
        """What the controller says of a device, or None."""
        for device in self.api("GET", "/v1/devices?all=1")["devices"]:
            if (device["user"], device["name"]) == (user, name):
                return device
        return None

    def service(self, name):
        """What the controller says of a service."""
        services = self.api("GET", "/v1/services")["services"]
        return next(service for service in services if service["name"] == name)

    def audit(self, act=None):
        """The entries of the audit log (of an act), oldest first."""
        entries = self.api("GET", "/v1/audit")["entries"]
        return [entry for entry in entries if act in (None, entry["act"])]

    def peers(self):
        """The public keys that the engine knows, by the stock wg."""
        return set(self.host.run(["wg", "show", self.interface, "peers"]).stdout.split())


class Gateway(Node):
    """A gateway whose controller is another host. endpoint: where devices call it."""

    role = "gateway"

    def __init__(self, host, label=None, *, endpoint=None, listen=PORT, **settings):
        super().__init__(host, label, listen=listen, **settings)
        self.endpoint = endpoint or f"{host.address()}:{listen}"

    def join(self, token, *words, start=True, check=True, timeout=60.0):
        """`tacet join`, then tacetd in the foreground unless told; the Result of the join."""
        result = self.tacet("join", token, "--endpoint", self.endpoint, "--no-start", *words,
                            check=check, timeout=timeout)
        if start and result.returncode == 0:
            self.start()
        return result

    def wait_connected(self, timeout=15.0):
        """Waits until the controller has answered, and what it told is in force."""
        def connected():
            status = self.status()
            return status["connected"] and status["plan"]["in_force"]
        try:
            process.wait_until(connected, timeout, f"{self} to be connected")
        except process.WaitTimeout as error:
            raise process.WaitTimeout(f"{error}\n--- log\n{self.log}") from None
        return self

    def peers(self):
        """The public keys that the engine knows, by the stock wg."""
        return set(self.host.run(["wg", "show", self.interface, "peers"]).stdout.split())


class Device(Node):
    """A device. Names of services go to the hosts file of its namespace."""

    role = "client"

    def __init__(self, host, label=None, **settings):
        settings.setdefault("hosts", host.hosts_file())
        super().__init__(host, label, listen=0, **settings)

    def join(self, token, *words, start=True, check=True, timeout=60.0):
        """`tacet join`, then tacetd in the foreground unless told; the Result of the join."""
        result = self.tacet("join", token, "--name", self.label, "--no-start", *words, check=check,
                            timeout=timeout)
        if start and result.returncode == 0:
            self.start()
        return result

    def forget(self):
        """Ends tacetd and forgets who this device is, as a new machine would."""
        if self.is_running():
            self.stop()
        for folder in (self.state, self.run):
            shutil.rmtree(folder, ignore_errors=True)

    def wait_connected(self, timeout=15.0, services=None):
        """Waits until the gateway has answered (and these services are known, by name)."""
        def connected():
            status = self.status()
            names = sorted(service["name"] for service in status["services"])
            return status["connected"] and (services is None or names == sorted(services))
        try:
            process.wait_until(connected, timeout, f"{self} to be connected")
        except process.WaitTimeout as error:
            raise process.WaitTimeout(f"{error}\n--- log\n{self.log}") from None
        return self

    def fetch(self, url, timeout=3, check=False):
        """What curl gets from a URL; None where nothing answers."""
        result = self.host.run(["curl", "-sS", "-g", "--max-time", timeout, url], check=check,
                               timeout=timeout + 10)
        return result.stdout if result.returncode == 0 else None
