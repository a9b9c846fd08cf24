# SPDX-License-Identifier: ISC
"""Lab: makes hosts, links and bridges, and removes all that was made."""

import os
import pathlib
import re
import shutil
import signal
import tempfile
import threading

from . import process
from .host import Bridge, Host, Link

NAME_PREFIX = "tacet"
INTERFACE_NAME_MAX = 15
SOCKET_FOLDER = "/var/run/wireguard"
TOOLS = ("ip", "ping", "wg")


def missing(*tools):
    """Why this machine cannot run a Lab (and these tools), as text; None if it can."""
    if os.geteuid() != 0:
        return "needs root (network namespaces)"
    for tool in (*TOOLS, *tools):
        if shutil.which(tool) is None:
            return f"needs the program {tool}"
    if not os.path.exists("/dev/net/tun"):
        return "needs /dev/net/tun"
    name = f"{NAME_PREFIX}-{os.getpid()}-probe"
    probe = process.run("lab", [], ["ip", "netns", "add", name], check=False)
    if probe.returncode != 0:
        return f"cannot make network namespaces: {probe.stderr.strip()}"
    process.run("lab", [], ["ip", "netns", "del", name])
    return None


class Lab:
    """A set of hosts and links that lives as long as its `with` block.

    directory: a temporary folder for the files of this lab. prefix: how the names of its
    namespaces begin (with our pid, so labs of several processes do not meet). While the block
    runs, SIGTERM and SIGHUP raise SystemExit in the main thread, so that they clean up too.
    """

    _count = 0

    def __init__(self):
        Lab._count += 1
        self.prefix = f"{NAME_PREFIX}-{os.getpid()}-{Lab._count}"
        self.directory = None
        self.hosts = []
        self.captures = []
        self.interfaces = []
        self.mounts = []
        self._handlers = {}

    def __enter__(self):
        remove_orphans()
        self.directory = tempfile.mkdtemp(prefix=f"{self.prefix}-")
        os.chmod(self.directory, 0o755)
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGHUP):
                self._handlers[number] = signal.signal(number, leave)
        return self

    def __exit__(self, kind, *_):
        blocked = signal.pthread_sigmask(
            signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
        try:
            if kind is not None and os.environ.get("TACET_LAB_KEEP"):
                self._keep(os.environ["TACET_LAB_KEEP"])
            self._remove()
        finally:
            for number, handler in self._handlers.items():
                signal.signal(number, handler)
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)

    def host(self, name):
        """A new Host. The name is unique in this lab: letters, digits, dashes."""
        host = Host(self, name)
        self.hosts.append(host)
        return host

    def link(self, a, b, /, *, left=(), right=(), mtu=None):
        """A new Link between hosts a (its left end) and b (its right end), up and usable.

        left and right are their addresses on it, such as "192.0.2.1/24" or "2001:db8::1/64".
        """
        return Link(a, b, left, right, mtu)

    def bridge(self, name="bridge"):
        """A new Bridge, to which hosts are attached."""
        return Bridge(self, name)

    def interface_name(self, stem="wg"):
        """An interface name that no other lab of this machine uses, beginning with stem.

        Userspace WireGuard puts its socket at /var/run/wireguard/<name>.sock, which
        all network namespaces of a machine share.
        """
        number = base36(len(self.interfaces))
        tail = f"-{base36(os.getpid())}{base36(Lab._count)}{number}"
        self.interfaces.append(stem[:INTERFACE_NAME_MAX - len(tail)] + tail)
        return self.interfaces[-1]

    def small_disk(self, path, size):
        """A file system in memory of so many bytes at a folder, which is made."""
        os.makedirs(path, mode=0o755, exist_ok=True)
        process.run("lab", [], ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "tacet",
                                path])
        self.mounts.append(str(path))

    def _remove(self):
        for host in self.hosts:
            for child in host.processes:
                child.stop(timeout=2.0)
        for capture in self.captures:
            capture.stop()
        remove_namespaces([host.namespace for host in self.hosts])
        for path in self.mounts:
            process.run("lab", [], ["umount", "-l", path], check=False)
        for name in self.interfaces:
            pathlib.Path(SOCKET_FOLDER, f"{name}.sock").unlink(missing_ok=True)
        shutil.rmtree(self.directory, ignore_errors=True)

    def _keep(self, folder):
        target = os.path.join(folder, os.path.basename(self.directory))
        shutil.copytree(self.directory, target, dirs_exist_ok=True)
        for capture in self.captures:
            capture.save(os.path.join(target, f"{capture.port}.pcap".replace(":", "-")))


def leave(number, _frame):
    """Signal handler: leave by an exception, through every `with` block."""
    raise SystemExit(128 + number)


def base36(number):
    """A number in digits and lower case letters."""
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = digits[digit] + text
        if number == 0:
            return text


def remove_namespaces(names):
    """End all processes in namespaces that a lab made, then remove these, and their sockets."""
    pids = {pid for name in names for pid in pids_in(name)}
    interfaces = {name: interfaces_in(name) for name in names}
    for number, patience in ((signal.SIGTERM, 2.0), (signal.SIGKILL, 2.0)):
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        try:
            process.wait_until(lambda: not any(map(process.is_alive, pids)), patience, "ends")
            break
        except process.WaitTimeout:
            continue
    for name in names:
        process.run("lab", [], ["ip", "netns", "del", name], check=False)
        shutil.rmtree(os.path.join(process.NETNS_FOLDER, name), ignore_errors=True)
        for interface in interfaces[name]:
            pathlib.Path(SOCKET_FOLDER, f"{interface}.sock").unlink(missing_ok=True)


def pids_in(namespace):
    """The pids of all processes in a namespace."""
    listed = process.run("lab", [], ["ip", "netns", "pids", namespace], check=False)
    return [int(pid) for pid in listed.stdout.split() if int(pid) != os.getpid()]


def interfaces_in(namespace):
    """The names of a namespace's devices that may have a socket of userspace WireGuard."""
    listed = process.run("lab", [], ["ip", "-n", namespace, "-o", "link"], check=False)
    names = re.findall(r"^\d+: ([^:@]+)", listed.stdout, re.MULTILINE)
    return [name for name in names if name != "lo" and not re.fullmatch(r"(eth|br)\d+", name)]


def remove_orphans():
    """Remove the namespaces and files of labs whose process was killed before it did so itself."""
    listed = process.run("lab", [], ["ip", "netns", "list"], check=False).stdout.split()
    pattern = re.compile(rf"{NAME_PREFIX}-(\d+)-.+")
    matches = filter(None, map(pattern.fullmatch, listed))
    gone = [match[0] for match in matches if not os.path.exists(f"/proc/{match[1]}")]
    remove_namespaces(gone)
    for folder in pathlib.Path(tempfile.gettempdir()).glob(f"{NAME_PREFIX}-*-*"):
        match = pattern.fullmatch(folder.name)
        if match and not os.path.exists(f"/proc/{match[1]}"):
            unmount_below(folder)
            shutil.rmtree(folder, ignore_errors=True)


def unmount_below(folder):
    """Unmounts what is mounted below a folder."""
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        paths = [line.split()[1] for line in mounts]
    for path in paths:
        if path.startswith(f"{folder}/"):
            process.run("lab", [], ["umount", "-l", path], check=False)
