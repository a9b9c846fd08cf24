# SPDX-License-Identifier: ISC
"""Services as they are found in the world, none of which knows of us: nginx, PostgreSQL, sshd.

Each runs in a host of the lab, in a folder below the lab's, and ends with it.
"""

import os
import pathlib
import pwd
import socket
import threading
import time

from . import process

POSTGRES = pathlib.Path("/usr/lib/postgresql/15/bin")
SSHD = "/usr/sbin/sshd"
LARGE_BYTES = 64 << 30

NGINX_CONFIGURATION = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    types {{ text/html html; }}
    server {{ {listen} root {folder}/page; }}
}}
"""

SSHD_CONFIGURATION = """
ListenAddress {address}
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile {folder}/user_key.pub
PasswordAuthentication no
UsePAM no
StrictModes no
"""


def services_missing(*names):
    """Why these services ("nginx", "postgres", "sshd") cannot be started, as text, or None."""
    paths = {"nginx": ("/usr/sbin/nginx",), "postgres": (POSTGRES / "initdb", "/usr/bin/psql"),
             "sshd": (SSHD, "/usr/bin/ssh")}
    for name in names:
        for path in paths[name]:
            if not os.access(path, os.X_OK):
                return f"needs the program {path}"
    return None


def folder_for(host, name):
    """A new folder for a service of a host."""
    folder = pathlib.Path(host.lab.directory) / f"{name}-{host.name}"
    folder.mkdir(mode=0o755)
    return folder


def wait_listening(host, child, port, timeout=15.0):
    """Waits until something listens on a TCP port of a host."""
    def listens():
        if child.returncode is not None:
            raise RuntimeError(f"{child.command[0]} ended: {child.output}")
        return any(line.split()[3].endswith(f":{port}")
                   for line in host.run(["ss", "-Hltn"]).stdout.splitlines())
    process.wait_until(listens, timeout, f"{child.command[0]} to listen on {port}")


class Nginx:
    """A real nginx that listens on these addresses; folder, page (a folder), child."""

    def __init__(self, host, *listen, page=None, deadline=600.0):
        self.host = host
        self.folder = folder_for(host, "nginx")
        self.page = self.folder / "page"
        self.page.mkdir(mode=0o755)
        (self.page / "index.html").write_text(page or f"page of {host.name}\n")
        with open(self.page / "large", "wb") as large:
            large.truncate(LARGE_BYTES)
        configuration = self.folder / "nginx.conf"
        configuration.write_text(NGINX_CONFIGURATION.format(
            folder=self.folder, listen=" ".join(f"listen {at};" for at in listen)))
        self.child = host.spawn(["nginx", "-p", self.folder, "-c", configuration],
                                deadline=deadline)
        wait_listening(host, self.child, listen[-1].rsplit(":", 1)[-1])

    def requests(self):
        """The lines of its access log."""
        path = self.folder / "access.log"
        return path.read_text().splitlines() if path.exists() else []


class Postgres:
    """A real PostgreSQL of the user postgres with a database of its own; password, ask()."""

    password = "a password that the database alone knows"

    def __init__(self, host, *addresses, deadline=600.0):
        self.host = host
        self.folder = folder_for(host, "postgres")
        user = pwd.getpwnam("postgres")
        os.chown(self.folder, user.pw_uid, user.pw_gid)
        secret = self.folder / "password"
        secret.write_text(self.password + "\n")
        os.chown(secret, user.pw_uid, user.pw_gid)
        data = self.folder / "data"
        become = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
        host.run([*become, POSTGRES / "initdb", "-D", data, "-N", "-A", "scram-sha-256",
                  "--pwfile", secret, "--no-instructions", "-E", "UTF8", "--locale=C"], timeout=60)
        with open(data / "pg_hba.conf", "a", encoding="ascii") as rules:
            rules.write("host all all all scram-sha-256\n")
        self.child = host.spawn(
            [*become, POSTGRES / "postgres", "-D", data, "-F", "-k", self.folder,
             "-c", f"listen_addresses={','.join(addresses)}", "-c", "shared_buffers=8MB",
             "-c", "max_connections=20"], deadline=deadline)
        wait_listening(host, self.child, 5432)
        process.wait_until(lambda: "ready to accept connections" in self.child.output, 15,
                           "PostgreSQL to be ready")

    def ask(self, host, at, query, timeout=5):
        """What psql on a host gets for a query at an address or name; None: no connection."""
        result = host.run(["psql", "-h", at, "-U", "postgres", "-d", "postgres", "-tAc", query],
                          check=False, timeout=timeout + 10,
                          env={"PGPASSWORD": self.password, "PGCONNECT_TIMEOUT": timeout})
        return result.stdout.strip() if result.returncode == 0 else None


class Sshd:
    """A real sshd with keys of its own; login()."""

    def __init__(self, host, address="0.0.0.0", deadline=600.0):
        self.host = host
        self.folder = folder_for(host, "sshd")
        pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # as Debian's unit does
        for name in ("host_key", "user_key"):
            host.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / name])
        configuration = self.folder / "sshd_config"
        configuration.write_text(SSHD_CONFIGURATION.format(folder=self.folder, address=address))
        self.child = host.spawn([SSHD, "-D", "-e", "-f", configuration], deadline=deadline)
        wait_listening(host, self.child, 22)

    def login(self, host, at, command, timeout=8):
        """What a command prints that is run by ssh from a host; None: no login."""
        options = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                   "-o", "BatchMode=yes", "-o", f"ConnectTimeout={timeout}", "-F", "none",
                   "-o", "LogLevel=ERROR", "-i", self.folder / "user_key"]
        result = host.run(["ssh", *options, f"root@{at}", command], check=False,
                          timeout=timeout + 10)
        return result.stdout.strip() if result.returncode == 0 else None


# Sends back who asked and what, over UDP; counts all on its standard output.
ECHO = """
import socket, sys
address, port = sys.argv[1], int(sys.argv[2])
here = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
here.bind((address, port))
print("ready", flush=True)
while True:
    data, to = here.recvfrom(2048)
    print("asked", flush=True)
    here.sendto(data + b" from " + to[0].encode(), to)
"""


class Echo:
    """A service over UDP that answers with what it was sent, and from whom."""

    def __init__(self, host, address, port, deadline=600.0):
        self.child = host.spawn(["/usr/bin/python3", "-c", ECHO, address, port], deadline=deadline)
        self.child.wait_for_output("ready")

    @property
    def asked(self):
        """How often it was asked."""
        return self.child.output.count("asked")

    @staticmethod
    def ask(host, address, port, data=b"hello", timeout=1.0):
        """What it answers; None where it is silent."""
        with host.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as here:
            here.settimeout(timeout)
            try:
                here.sendto(data, (address, port))
                return here.recv(2048).decode()
            except OSError:  # nothing came, or there is no route
                return None


class Download(threading.Thread):
    """A device that reads a large file as fast as it comes, and keeps the time of the last byte.

    last (monotonic seconds), received (bytes).
    """

    def __init__(self, host, address, port=80, timeout=10.0):
        super().__init__(daemon=True)
        self.here = host.socket(socket.AF_INET6 if ":" in address else socket.AF_INET,
                                socket.SOCK_STREAM)
        self.here.settimeout(timeout)
        self.here.connect((address, port))
        self.here.sendall(b"GET /large HTTP/1.0\r\n\r\n")
        self.here.settimeout(0.02)
        self.last = 0.0
        self.received = 0
        self._ended = threading.Event()
        self.start()
        process.wait_until(lambda: self.received > 100000, timeout, "a download to run")

    def run(self):
        buffer = bytearray(1 << 18)
        while not self._ended.is_set():
            try:
                size = self.here.recv_into(buffer)
            except TimeoutError:
                continue
            except OSError:
                return
            if size == 0:
                return
            self.last = time.monotonic()
            self.received += size

    def is_flowing(self, seconds=0.4):
        """Whether bytes come within this time."""
        before = self.received
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.received > before:
                return True
            time.sleep(0.01)
        return False

    def wait_stopped(self, quiet=0.6, timeout=10.0):
        """Waits until nothing has come for `quiet` seconds; when the last byte came."""
        process.wait_until(lambda: time.monotonic() - self.last > quiet, timeout,
                           "a download to stop")
        return self.last

    def stop(self):
        """Ends it."""
        self._ended.set()
        self.join()
        self.here.close()
