# SPDX-License-Identifier: ISC
"""What the tests of enforcement share: the driver program, and a gateway with devices and services.

    alice ──tunnel──┐
                    gateway ──── lan (services whose configuration nobody touches)
    bob ────tunnel──┘
"""

import os
import pathlib
import re
import select
import subprocess

from lab import program_path, wait_until
from lab.lab import base36

# The socket of an interface is one for all namespaces: another process's tests have another name.
TUNNEL, PORT = f"tacet{base36(os.getpid())}", 40004
GATEWAY, GATEWAY6 = "10.9.0.1", "fd09::1"
DEVICES = {"alice": ("10.9.0.2", "fd09::2"), "bob": ("10.9.0.3", "fd09::3")}
LAN_GATEWAY, LAN_HOST = ("192.168.7.1", "2001:db8:7::1"), ("192.168.7.2", "2001:db8:7::2")
CONTROL, ENROL = 7001, 7002

NGINX_CONFIGURATION = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{ {listen} root {folder}/page; }}
}}
"""

# Sends back who asked and what; to "stream", datagrams for a minute, whatever comes back.
UDP_SERVICE = """
import socket, sys, threading, time
def stream(to):
    for number in range(20000):
        try:
            here.sendto(b"%d" % number, to)
        except PermissionError:  # the host's own rules refuse it
            pass
        time.sleep(0.003)
address, port = sys.argv[1], int(sys.argv[2])
here = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
here.bind((address, port))
print("ready", flush=True)
while True:
    data, to = here.recvfrom(2048)
    if data == b"stream":
        threading.Thread(target=stream, args=(to,), daemon=True).start()
    else:
        here.sendto(data + b" from " + to[0].encode(), to)
"""

TCP_SERVICE = """
import socket, sys
address, port = sys.argv[1], int(sys.argv[2])
here = socket.create_server((address, port),
                            family=socket.AF_INET6 if ":" in address else socket.AF_INET)
print("ready", flush=True)
while True:
    there, peer = here.accept()
    there.sendall(f"you are {peer[0]}".encode())
    there.close()
"""


def driver_path():
    """Where the build that tacet-wg comes from has the driver."""
    built = pathlib.Path(program_path("tacet-wg")).parents[2] / "tests/e2e/enforce_driver"
    return os.environ.get("TACET_ENFORCE_DRIVER", str(built))


class Answer:
    """What the driver said: reports, text (a list of lines), error, and numbers by their name."""

    def __init__(self, lines):
        self.last = lines[-1]
        self.reports = [line[7:] for line in lines[:-1] if line.startswith("report ")]
        self.text = [line for line in lines[:-1] if not line.startswith("report ")]
        self.error = self.last[6:] if self.last.startswith("error ") else None
        self.numbers = {key: float(value)
                        for key, value in re.findall(r"(\w+)=([\d.]+)", self.last)}

    def __getattr__(self, name):
        return self.numbers[name]


class Driver:
    """A running enforce_driver in a host."""

    def __init__(self, host):
        self._rest = b""
        # Popen itself: a Process of the lab has no stdin.
        self._popen = subprocess.Popen(["ip", "netns", "exec", host.namespace, driver_path()],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)

    def close(self):
        """Ends it. What it put in force stays."""
        self._popen.stdin.close()
        self._popen.wait(10)
        self._popen.stdout.close()

    def kill(self):
        """Ends it by force."""
        self._popen.kill()
        self._popen.wait(10)

    def say(self, *lines):
        """Sends lines that have no answer."""
        self._popen.stdin.write("".join(f"{line}\n" for line in lines).encode())

    def ask(self, command, timeout=60):
        """Sends a command; its Answer. An error raises AssertionError."""
        answer = self.try_to(command, timeout)
        assert answer.error is None, answer.error
        return answer

    def try_to(self, command, timeout=60):
        """Sends a command; its Answer, also if that is an error."""
        self.say(command)
        lines = []
        while not lines or not lines[-1].startswith(("ok ", "error ")):
            lines.append(self._line(timeout))
        return Answer(lines)

    def _line(self, timeout):
        while b"\n" not in self._rest:
            assert select.select([self._popen.stdout], [], [], timeout)[0], "the driver is silent"
            more = os.read(self._popen.stdout.fileno(), 65536)
            assert more, "the driver has ended"
            self._rest += more
        line, self._rest = self._rest.split(b"\n", 1)
        return line.decode()


class World:
    """A gateway with two devices by tacet-wg, a host behind it, and services on both."""

    def __init__(self, lab):
        self.lab = lab
        self.gateway, self.lan = lab.host("gateway"), lab.host("lan")
        self.lan_link = lab.link(self.gateway, self.lan,
                                 left=[f"{LAN_GATEWAY[0]}/24", f"{LAN_GATEWAY[1]}/64"],
                                 right=[f"{LAN_HOST[0]}/24", f"{LAN_HOST[1]}/64"])
        self.near = self.gateway.wireguard(TUNNEL, exact_name=True, listen_port=PORT,
                                           addresses=[f"{GATEWAY}/16", f"{GATEWAY6}/64"])
        self.hosts, self.ends = {}, {}
        for number, name in enumerate(DEVICES, 1):
            self._add_device(name, number)
        self.driver = Driver(self.gateway)

    def _add_device(self, name, number):
        host = self.hosts[name] = self.lab.host(name)
        outer = f"203.0.113.{number * 4 + 1}"
        self.lab.link(self.gateway, host, left=[f"{outer}/30"],
                      right=[f"203.0.113.{number * 4 + 2}/30"])
        ipv4, ipv6 = DEVICES[name]
        end = self.ends[name] = host.wireguard(addresses=[f"{ipv4}/16", f"{ipv6}/64"])
        self.near.add_peer(end, allowed_ips=[f"{ipv4}/32", f"{ipv6}/128"])
        end.add_peer(self.near, allowed_ips=["10.9.0.0/16", "fd09::/64"],
                     endpoint=f"{outer}:{PORT}")

    def describe(self, *grants, roles=("1 enrolled", "2 enrolled"), devices=("alice", "bob"),
                 services=()):
        """Tells the driver a model: alice in the first role, bob in the second."""
        lines = ["clear", f"tunnel {TUNNEL} {GATEWAY}/16 {GATEWAY6}/64 {CONTROL} {ENROL} host"]
        lines += [f"role {role}" for role in roles]
        for name, role in zip(("alice", "bob"), roles):
            if name in devices:
                lines.append(f"device {' '.join(DEVICES[name])} {role.split()[0]}")
        lines += [f"service {service}" for service in services]
        lines += [f"grant {grant}" for grant in grants]
        self.driver.say(*lines)
        return self

    def apply(self):
        """Puts what was described in force."""
        return self.driver.ask("apply")

    def nginx(self, host, *listen):
        """A real nginx in a host; returns its folder, with a page and a large file."""
        folder = pathlib.Path(self.lab.directory) / f"nginx-{host.name}"
        (folder / "page").mkdir(parents=True)
        (folder / "page/index.html").write_text(f"page of {host.name}\n")
        with open(folder / "page/large", "wb") as large:
            large.truncate(64 << 30)
        for path in (folder, folder / "page"):
            path.chmod(0o755)
        configuration = folder / "nginx.conf"
        configuration.write_text(NGINX_CONFIGURATION.format(
            folder=folder, listen=" ".join(f"listen {at};" for at in listen)))
        child = host.spawn(["nginx", "-p", folder, "-c", configuration], deadline=300)
        wait_until(lambda: child.returncode is not None or len(
            host.run(["ss", "-Hltn"]).stdout.splitlines()) >= len(listen), 10, "nginx")
        assert child.returncode is None, child.output
        return folder

    def service(self, host, text, address, port):
        """A small service in a host."""
        child = host.spawn(["/usr/bin/python3", "-c", text, address, port], deadline=300)
        child.wait_for_output("ready")
        return child

    def fetch(self, name, url, timeout=3):
        """What a device gets from a URL; None where nothing answers."""
        result = self.hosts[name].run(
            ["curl", "-sS", "-g", "--max-time", timeout, "--connect-timeout", timeout, url],
            check=False, timeout=timeout + 5)
        return result.stdout if result.returncode == 0 else None
