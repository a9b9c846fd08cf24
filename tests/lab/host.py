# SPDX-License-Identifier: ISC
"""Hosts (network namespaces), and what joins them: ports, links, bridges."""

import ctypes
import os
import socket
import threading

from . import process
from .capture import Capture
from .wireguard import WireGuard

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


class Host:
    """A network namespace of its own with `lo` up. Made by Lab.host().

    name is what the test called it; namespace is its name for `ip netns`;
    ports are its ends of links, in order of making (eth0, eth1, ...).
    """

    def __init__(self, lab, name):
        self.lab = lab
        self.name = name
        self.namespace = f"{lab.prefix}-{name}"
        self.ports = []
        self.processes = []
        process.run("lab", [], ["ip", "netns", "add", self.namespace])
        self.ip("link", "set", "lo", "up")
        self.sysctl("net.ipv4.conf.all.promote_secondaries", 1)
        for family in ("all", "default"):
            self.sysctl(f"net.ipv6.conf.{family}.accept_dad", 0)
            self.sysctl(f"net.ipv6.conf.{family}.accept_ra", 0)

    def __repr__(self):
        return self.name

    # Commands.

    def run(self, command, *, check=True, timeout=30.0, input=None, env=None, cwd=None):
        """Run a command (a list of words) here to its end; return a Result.

        Raises CommandError, with all that it printed, if it fails (unless check=False) or does
        not end within `timeout` seconds. `input` is text or bytes for its stdin; `env` adds to
        the environment (a value of None takes a variable away).
        """
        return process.run(self.name, self._prefix(), command, check=check, timeout=timeout,
                           input=input, env=self._environment(env), cwd=cwd)

    def spawn(self, command, *, deadline=120.0, env=None, cwd=None):
        """Start a command here in the background; return a Process.

        It is killed `deadline` seconds from now, or ended when the Lab ends.
        """
        child = process.Process(self.name, self._prefix(), command, self.lab.directory,
                                deadline=deadline, env=self._environment(env), cwd=cwd)
        self.processes.append(child)
        return child

    def ip(self, *words, check=True):
        """Run `ip words...` here; return the Result."""
        return self.run(["ip", *words], check=check)

    def hosts_file(self):
        """A file that commands here see as /etc/hosts, and nobody else; its path."""
        folder = os.path.join(process.NETNS_FOLDER, self.namespace)
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, "hosts")
        if not os.path.exists(path):
            with open(path, "w", encoding="ascii") as file:
                file.write("127.0.0.1\tlocalhost\n::1\tlocalhost\n")
        return path

    def pids(self):
        """The pids of all processes in this host, whoever started them."""
        listed = process.run("lab", [], ["ip", "netns", "pids", self.namespace], check=False)
        return [int(pid) for pid in listed.stdout.split()]

    def ping(self, address, *, count=1, size=None, wait=1.0, check=True, timeout=30.0):
        """Ping an address; True if every request was answered within `wait` seconds each.

        With check (the default) no answer raises CommandError; without, it returns False.
        """
        words = ["ping", "-n", "-c", count, "-W", wait, "-i", "0.01"]
        if size is not None:
            words += ["-s", size, "-M", "dont"]
        result = self.run([*words, address], check=check, timeout=timeout)
        return result.returncode == 0

    def wait_for_ping(self, address, timeout=10.0, **options):
        """Wait until a ping of address is answered."""
        process.wait_until(lambda: self.ping(address, check=False, **options), timeout,
                           f"{self.name} to be answered by {address}")

    # The inside of the namespace, from Python.

    def inside(self, function, *arguments):
        """Call a function in a thread that is in this namespace; return what it returns.

        Sockets that it opens stay in this namespace; what it reads below
        /proc/thread-self/net and /proc/sys/net is this namespace's.
        """
        outcome = {}

        def work():
            try:
                with open(f"/run/netns/{self.namespace}", "rb") as handle:
                    if libc.setns(handle.fileno(), CLONE_NEWNET) != 0:
                        number = ctypes.get_errno()
                        raise OSError(number, os.strerror(number), self.namespace)
                outcome["value"] = function(*arguments)
            except BaseException as error:  # handed to the caller below
                outcome["error"] = error
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        if "error" in outcome:
            raise outcome["error"]
        return outcome["value"]

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_DGRAM, protocol=0):
        """A socket in this namespace, for use from Python; the caller closes it."""
        return self.inside(socket.socket, family, kind, protocol)

    def sysctl(self, name, value=None):
        """Read (without value) or write a sysctl of this namespace, such as net.ipv4.ip_forward."""
        path = "/proc/sys/" + name.replace(".", "/")

        def access():
            with open(path, "r" if value is None else "w", encoding="ascii") as file:
                return file.read().strip() if value is None else file.write(str(value))
        return self.inside(access)

    def udp_sockets(self):
        """The UDP sockets here as dicts: port, receive_queue (bytes waiting), drops."""
        def read():
            rows = []
            for table in ("udp", "udp6"):
                with open(f"/proc/thread-self/net/{table}", encoding="ascii") as file:
                    rows += [line.split() for line in list(file)[1:]]
            return rows
        return [{"port": int(row[1].rsplit(":", 1)[1], 16),
                 "receive_queue": int(row[4].split(":")[1], 16),
                 "drops": int(row[12])} for row in self.inside(read)]

    # Network.

    def port(self, index=0):
        """The index-th port of this host."""
        return self.ports[index]

    def address(self, version=4):
        """The first outer address of this IP version, without prefix length."""
        for port in self.ports:
            for address in port.addresses:
                if (":" in address) == (version == 6):
                    return address.split("/")[0]
        raise LookupError(f"{self.name} has no IPv{version} address")

    def route(self, destination, via=None, port=None):
        """Add a route ("default", "10.0.0.0/8", ...; IPv6 by its form) via an address or a port."""
        version = "-6" if ":" in (via or "") + destination else "-4"
        self.ip(version, "route", "add", destination, *(["via", via] if via else []),
                *(["dev", port.name] if port else []))

    def forward(self):
        """Make this host a router for IPv4 and IPv6."""
        self.sysctl("net.ipv4.ip_forward", 1)
        self.sysctl("net.ipv6.conf.all.forwarding", 1)

    def wireguard(self, name="wg", **options):
        """A running WireGuard interface here; options and result as WireGuard.create() has them."""
        return WireGuard.create(self, name, **options)

    def capture_keys(self):
        """All outer addresses, as text: what Capture compares sources and destinations with."""
        return {address.split("/")[0] for port in self.ports for address in port.addresses}

    def _environment(self, extra):
        """Our daemons keep what outlives them in the folder of the lab, not in the machine's."""
        return {"TACET_STATE_DIRECTORY": f"{self.lab.directory}/state", **(extra or {})}

    def _prefix(self):
        return ["ip", "netns", "exec", self.namespace]


class Port:
    """One end of a link: host, name (of the device), mac, addresses (with prefix lengths)."""

    def __init__(self, host, name, addresses):
        self.host = host
        self.name = name
        self.addresses = []
        self.mac = host.run(["cat", f"/sys/class/net/{name}/address"]).stdout.strip()
        host.ports.append(self)
        self.up()
        for address in addresses:
            self.add_address(address)

    def __repr__(self):
        return f"{self.host.name}:{self.name}"

    def add_address(self, address):
        """Add an address such as "192.0.2.1/24" or "2001:db8::1/64"; usable at once."""
        nodad = ["nodad"] if ":" in address else []
        self.host.ip("address", "add", address, "dev", self.name, *nodad)
        self.addresses.append(address)

    def remove_address(self, address):
        """Take an address away that add_address() added."""
        self.host.ip("address", "del", address, "dev", self.name)
        self.addresses.remove(address)

    def up(self):
        """Set the device up."""
        self.host.ip("link", "set", self.name, "up")

    def down(self):
        """Set the device down (routes over it and IPv6 addresses go, as always in Linux)."""
        self.host.ip("link", "set", self.name, "down")

    def capture(self, snap=256, only=None):
        """A Capture of this port, recording when this returns; ended with the Lab."""
        capture = Capture(self, snap, only)
        self.host.lab.captures.append(capture)
        return capture

    def capture_keys(self):
        """The link address: what Capture compares sources and destinations with."""
        return {self.mac}


class Link:
    """A veth pair between two hosts; left and right are its Ports."""

    def __init__(self, left, right, left_addresses, right_addresses, mtu=None):
        names = [f"eth{len(host.ports)}" for host in (left, right)]
        if left is right:
            names[1] = f"eth{len(left.ports) + 1}"
        process.run("lab", [], ["ip", "link", "add", names[0], "netns", left.namespace, "type",
                                "veth", "peer", "name", names[1], "netns", right.namespace])
        for host, name in zip((left, right), names):
            if mtu is not None:
                host.ip("link", "set", name, "mtu", mtu)
        self.left = Port(left, names[0], [])
        self.right = Port(right, names[1], [])
        for port, addresses in ((self.left, left_addresses), (self.right, right_addresses)):
            for address in addresses:
                port.add_address(address)

    def port(self, host):
        """The end of this link that is in host."""
        return self.left if self.left.host is host else self.right

    def capture(self, snap=256):
        """A Capture of this link (at its left end), recording when this returns."""
        return self.left.capture(snap)


class Bridge:
    """An Ethernet switch in a namespace of its own. Made by Lab.bridge()."""

    def __init__(self, lab, name):
        self.host = lab.host(name)
        self.host.ip("link", "add", "br0", "type", "bridge")
        self.host.ip("link", "set", "br0", "up")

    def attach(self, host, addresses=(), mtu=None):
        """Plug a host in; returns the Link, whose left end is the host's."""
        link = Link(host, self.host, addresses, (), mtu)
        self.host.ip("link", "set", link.right.name, "master", "br0")
        return link
