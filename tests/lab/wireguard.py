# SPDX-License-Identifier: ISC
"""WireGuard interfaces by a chosen userspace implementation, driven by the stock `wg`."""

import os
import pathlib
import shutil
import signal
import socket
import tempfile

from . import process

SOCKET_FOLDER = "/var/run/wireguard"
TREE = pathlib.Path(__file__).resolve().parents[2]
IMPLEMENTATIONS = ("tacet-wg", "wireguard-go")


def default_implementation():
    """What host.wireguard() starts unless told: TACET_LAB_IMPLEMENTATION, or tacet-wg."""
    return os.environ.get("TACET_LAB_IMPLEMENTATION", "tacet-wg")


def program_path(implementation):
    """Where the program of an implementation is: TACET_WG or build/ for ours, PATH for others."""
    if implementation == "tacet-wg":
        built = TREE / "build" / "src" / "tacet-wg" / "tacet-wg"
        return os.path.abspath(os.environ.get("TACET_WG", built))
    return shutil.which(implementation) or implementation


def implementation_missing(implementation):
    """Why an implementation cannot be started, as text; None if it can."""
    path = program_path(implementation)
    if os.access(path, os.X_OK):
        return None
    hint = " (build first, or set TACET_WG)" if implementation == "tacet-wg" else ""
    return f"needs the program {path}{hint}"


def generate_private_key():
    """A new private key in base64, by `wg genkey`."""
    return process.run("lab", [], ["wg", "genkey"]).stdout.strip()


def generate_preshared_key():
    """A new pre-shared key in base64, by `wg genpsk`."""
    return process.run("lab", [], ["wg", "genpsk"]).stdout.strip()


def public_key_of(private_key):
    """The public key of a private one, both in base64, by `wg pubkey`."""
    return process.run("lab", [], ["wg", "pubkey"], input=private_key + "\n").stdout.strip()


class PeerDump:
    """A peer line of `wg show dump`.

    public_key, preshared_key (None: none), endpoint ("address:port" or None), allowed_ips (list),
    latest_handshake (seconds since 1970, 0: never), received, sent (bytes), keepalive (seconds, 0:
    off).
    """

    def __init__(self, fields):
        (self.public_key, preshared_key, endpoint, allowed_ips, handshake, received, sent,
         keepalive) = fields
        self.preshared_key = None if preshared_key == "(none)" else preshared_key
        self.endpoint = None if endpoint == "(none)" else endpoint
        self.allowed_ips = [] if allowed_ips == "(none)" else allowed_ips.split(",")
        self.latest_handshake = int(handshake)
        self.received = int(received)
        self.sent = int(sent)
        self.keepalive = 0 if keepalive == "off" else int(keepalive)


class DeviceDump:
    """`wg show <interface> dump`: private_key, public_key (None: none), listen_port, fwmark (0:
    off), peers (a dict of PeerDump by public key, in the order shown)."""

    def __init__(self, text):
        first, *rest = [line.split("\t") for line in text.splitlines()]
        private_key, public_key, listen_port, fwmark = first
        self.private_key = None if private_key == "(none)" else private_key
        self.public_key = None if public_key == "(none)" else public_key
        self.listen_port = int(listen_port)
        self.fwmark = 0 if fwmark == "off" else int(fwmark, 0)
        self.peers = {fields[0]: PeerDump(fields) for fields in rest}


class WireGuard:
    """A WireGuard interface in a host, and the daemon that serves it.

    host, name (of the interface, unique on this machine), implementation, private_key and
    public_key (None if created with private_key=None), addresses (inner, with prefix lengths),
    process (a Process when in the foreground, else None).
    """

    def __init__(self, host, name, implementation):
        self.host = host
        self.name = name
        self.implementation = implementation
        self.program = program_path(implementation)
        self.options = []
        self.private_key = self.public_key = None
        self.addresses = []
        self.process = None

    def __repr__(self):
        return f"{self.host.name}:{self.name} ({self.implementation})"

    @classmethod
    def create(cls, host, name="wg", *, implementation=None, foreground=False, addresses=(),
               private_key="generate", listen_port=None, fwmark=None, mtu=None, env=None,
               exact_name=False, program=None, options=(), deadline=600.0):
        """Start a daemon in host, wait until it answers, configure the interface, set it up.

        name: the stem of the interface's name (exact_name=True takes it as it is).
        implementation: "tacet-wg", "wireguard-go", or None for default_implementation().
        foreground: keep it as self.process, its log in self.process.output, killed
        past `deadline`; otherwise it goes to the background by itself.
        addresses: inner ones, such as "10.9.0.1/24". private_key: base64, "generate" or None.
        env: added to its environment. program: its path, instead of program_path().
        options: words for its command line, such as ["--workers", "4"].
        """
        interface = name if exact_name else host.lab.interface_name(name)
        device = cls(host, interface, implementation or default_implementation())
        device.options = list(options)
        device.start(foreground=foreground, env=env, program=program, deadline=deadline)
        if private_key == "generate":
            private_key = generate_private_key()
        if private_key is not None or listen_port is not None or fwmark is not None:
            device.set(private_key=private_key, listen_port=listen_port, fwmark=fwmark)
        device.up(addresses, mtu)
        return device

    # The daemon.

    @property
    def socket_path(self):
        """Where the daemon listens for configuration."""
        return f"{SOCKET_FOLDER}/{self.name}.sock"

    def start(self, *, foreground=False, env=None, program=None, deadline=600.0):
        """Start the daemon and wait until it answers; for a restart too (it knows nothing then)."""
        self.program = program or program_path(self.implementation)
        environment = {"LOG_LEVEL": "debug" if foreground else None,
                       "WG_PROCESS_FOREGROUND": None, **(env or {})}
        if foreground:
            self.process = self.host.spawn([self.program, "-f", *self.options, self.name], env=environment,
                                           deadline=deadline)
        else:
            self.process = None
            self.host.run([self.program, *self.options, self.name], env=environment)
        try:
            process.wait_until(self._is_ready, 10.0, f"{self} to answer")
        except process.WaitTimeout as error:
            log = self.process.output if self.process else "(in the background: no log)"
            raise process.WaitTimeout(f"{error}\n--- log\n{log}") from None

    def pids(self):
        """The pids of the daemon of this interface (one, unless it is gone)."""
        return [pid for pid in self.host.pids() if self._is_daemon(pid)]

    def is_running(self):
        """Whether the daemon runs."""
        return bool(self.pids())

    def send_signal(self, number):
        """Send the daemon a signal."""
        for pid in self.pids():
            os.kill(pid, number)

    def stop(self, number=signal.SIGTERM, timeout=10.0):
        """End the daemon by a signal and wait until it is gone, and its sockets with it."""
        pids = self.pids()
        self.send_signal(number)
        self.wait_gone(timeout)
        process.wait_until(lambda: not any(map(process.is_alive, pids)), timeout,
                           f"{self} to close")

    def kill(self):
        """SIGKILL to the daemon; waits until it and the device are gone. Its socket file stays."""
        self.stop(signal.SIGKILL)
        process.wait_until(lambda: not self.device_exists(), 10.0, f"the device of {self} to go")

    def wait_gone(self, timeout=10.0):
        """Wait until the daemon has ended (in the foreground: also for its exit code)."""
        process.wait_until(lambda: not self.is_running(), timeout, f"{self} to end")
        if self.process is not None:
            self.process.wait(timeout)

    def device_exists(self, host=None):
        """Whether the network device exists (in another host, if given)."""
        return (host or self.host).ip("link", "show", self.name, check=False).returncode == 0

    # The device.

    def up(self, addresses=(), mtu=None, host=None):
        """Add addresses, set the MTU, set the device up (in another host, if it was moved)."""
        where = host or self.host
        for address in addresses:
            nodad = ["nodad"] if ":" in address else []
            where.ip("address", "add", address, "dev", self.name, *nodad)
            self.addresses.append(address)
        where.ip("link", "set", self.name, *(["mtu", mtu] if mtu else []), "up")

    def down(self):
        """Set the device down."""
        self.host.ip("link", "set", self.name, "down")

    def capture(self, snap=256):
        """A Capture of the inner packets of this interface, recording when this returns."""
        from .capture import Capture
        capture = Capture(self, snap)
        self.host.lab.captures.append(capture)
        return capture

    # Configuration, by stock wg.

    def wg(self, *words, check=True, input=None):
        """Run `wg words...` in the host (from anywhere: the socket is a file); the Result."""
        return self.host.run(["wg", *words], check=check, input=input)

    def set(self, *, private_key=None, listen_port=None, fwmark=None, check=True):
        """`wg set` of the interface's own settings; the Result. Empty private_key: none."""
        words = []
        if listen_port is not None:
            words += ["listen-port", listen_port]
        if fwmark is not None:
            words += ["fwmark", fwmark]
        if private_key is not None:
            words += ["private-key", self._secret_file(private_key)]
        result = self.wg("set", self.name, *words, check=check)
        if private_key is not None and result.returncode == 0:
            self.private_key = private_key or None
            self.public_key = public_key_of(private_key) if private_key else None
        return result

    def add_peer(self, peer, *, allowed_ips=None, endpoint=None, preshared_key=None,
                 keepalive=None, check=True):
        """`wg set peer`, to add or to change one; the Result.

        peer: a WireGuard, or a public key in base64. endpoint: "192.0.2.1:40004" or
        "[2001:db8::1]:40004". preshared_key: base64; empty: none.
        """
        words = ["peer", key_of(peer)]
        if preshared_key is not None:
            words += ["preshared-key", self._secret_file(preshared_key)]
        if endpoint is not None:
            words += ["endpoint", endpoint]
        if keepalive is not None:
            words += ["persistent-keepalive", keepalive]
        if allowed_ips is not None:
            words += ["allowed-ips", ",".join(allowed_ips)]
        return self.wg("set", self.name, *words, check=check)

    def remove_peer(self, peer):
        """`wg set peer ... remove`; the Result."""
        return self.wg("set", self.name, "peer", key_of(peer), "remove")

    def show(self):
        """`wg show dump`, parsed into a DeviceDump."""
        return DeviceDump(self.wg("show", self.name, "dump").stdout)

    def peer(self, peer):
        """The PeerDump of one peer (a WireGuard or a public key)."""
        return self.show().peers[key_of(peer)]

    def wait_for_handshake(self, peer, after=0, timeout=10.0):
        """Wait until the latest handshake with a peer is later than `after` (seconds, whole)."""
        process.wait_until(lambda: self.peer(peer).latest_handshake > after, timeout,
                           f"a handshake of {self} with {key_of(peer)}")

    def _secret_file(self, secret):
        handle, path = tempfile.mkstemp(prefix="secret-", dir=self.host.lab.directory)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secret + "\n" if secret else "")
        return path

    def _is_ready(self):
        if self.process is not None and self.process.returncode is not None:
            raise RuntimeError(f"{self} ended at once:\n{self.process.output}")
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(self.socket_path)
        return self.wg("show", self.name, check=False).returncode == 0

    def _is_daemon(self, pid):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().rstrip(b"\0").decode(errors="replace").split("\0")
        except (FileNotFoundError, ProcessLookupError):
            return False
        return words[-1] == self.name and \
            os.path.basename(words[0]) == os.path.basename(self.program)


def key_of(peer):
    """The public key in base64 of a WireGuard or of a text that is one already."""
    return peer if isinstance(peer, str) else peer.public_key
