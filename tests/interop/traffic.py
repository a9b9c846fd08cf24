# SPDX-License-Identifier: ISC
"""What the tests here send through tunnels: files, echoes, iperf3; and doing several at once."""

import hashlib
import json
import os
import socket
import threading

from lab import strangers

BLOCK_BYTES = 1 << 20
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
IPERF_PORT = 5201


def at_once(**calls):
    """Call functions without arguments at the same time; return a dict of what they returned.

    If any failed, raises an AssertionError that tells all failures by name.
    """
    results, errors = {}, {}

    def work(name, call):
        try:
            results[name] = call()
        except Exception as error:  # told below
            errors[name] = error
    threads = [threading.Thread(target=work, args=item) for item in calls.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise AssertionError("\n".join(f"{name}: {error}" for name, error in errors.items()))
    return results


def version_of(address):
    """4 or 6."""
    return 6 if ":" in address else 4


def listen(host, address):
    """A listening TCP socket in a host, at a port of the kernel's choice."""
    listener = host.socket(FAMILY[version_of(address)], socket.SOCK_STREAM)
    listener.bind((address, 0))
    listener.listen()
    listener.settimeout(60)
    return listener


def send_file(sender, receiver, address, size):
    """Send `size` random bytes by TCP to an address of receiver; raise if others arrive."""
    digests = {}

    def receive(listener):
        digest, block = hashlib.sha256(), bytearray(BLOCK_BYTES)
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(60)
            while count := connection.recv_into(block):
                digest.update(memoryview(block)[:count])
        digests["received"] = digest.hexdigest()

    def send(port):
        digest = hashlib.sha256()
        with sender.socket(FAMILY[version_of(address)], socket.SOCK_STREAM) as connection:
            connection.settimeout(60)
            connection.connect((address, port))
            for start in range(0, size, BLOCK_BYTES):
                block = os.urandom(min(BLOCK_BYTES, size - start))
                digest.update(block)
                connection.sendall(block)
        digests["sent"] = digest.hexdigest()

    with listen(receiver, address) as listener:
        at_once(receive=lambda: receive(listener), send=lambda: send(listener.getsockname()[1]))
    assert digests["sent"] == digests["received"]


class Echo:
    """A UDP echo: a server at an address of one host, and a client in another.

    Use it in a `with` block. The client's datagrams must not be fragmented (DF).
    """

    def __init__(self, client, server, address):
        version = version_of(address)
        self.server = server.socket(FAMILY[version])
        self.server.bind((address, 0))
        self.server.settimeout(0.2)
        self.client = client.socket(FAMILY[version])
        # IP_MTU_DISCOVER and IPV6_MTU_DISCOVER: IP_PMTUDISC_DO; Python has no names for them.
        for end in (self.client, self.server):
            end.setsockopt(*((socket.IPPROTO_IP, 10, 2) if version == 4
                             else (socket.IPPROTO_IPV6, 23, 2)))
        self.client.settimeout(5)
        self.client.connect(self.server.getsockname()[:2])
        self._is_over = False
        self._thread = threading.Thread(target=self._answer)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._is_over = True
        self._thread.join()
        self.server.close()
        self.client.close()

    def ask(self, payload):
        """Send a datagram and check that its echo is the same."""
        self.client.send(payload)
        assert self.client.recv(1 << 16) == payload

    def _answer(self):
        while not self._is_over:
            try:
                payload, sender = self.server.recvfrom(1 << 16)
                self.server.sendto(payload, sender)
            except socket.timeout:
                continue


class Iperf:
    """One iperf3 between two hosts: its server runs from now on, the client when asked."""

    def __init__(self, client, server, address):
        self.client, self.address = client, address
        self.server = server.spawn(["iperf3", "-s", "-1", "--forceflush", "-B", address],
                                   deadline=300)
        self.server.wait_for_output("Server listening")

    def command(self, *options):
        """The client's command line."""
        return ["iperf3", "-c", self.address, "--json", *options]

    def run(self, *options, timeout=120):
        """Run the client to its end; return what iperf3 says of it all at the end."""
        report = self.client.run(self.command(*options), timeout=timeout)
        return read_report(report.stdout)


def read_report(text):
    """The part `end` of an iperf3 report in JSON; raises what it says is wrong."""
    report = json.loads(text)
    assert "error" not in report, report["error"]
    return report["end"]


class Flood:
    """Initiations of right shape and mac1, made from the public key alone, from a host until
    the `with` block ends: bursts of `burst` at a time, every `pause` seconds."""

    def __init__(self, host, address, port, public_key, burst=1000, pause=0.2):
        self.socket = host.socket(FAMILY[version_of(address)])
        self.to = (address, port)
        self.datagrams = [strangers.initiation(public_key) for _ in range(burst)]
        self.pause = pause
        self.sent = 0
        self._over = threading.Event()
        self._first = threading.Event()
        self._thread = threading.Thread(target=self._send)

    def __enter__(self):
        self._thread.start()
        self._first.wait()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()
        self.socket.close()

    def _send(self):
        while not self._over.is_set():
            for datagram in self.datagrams:
                self.socket.sendto(datagram, self.to)
            self.sent += len(self.datagrams)
            self._first.set()
            self._over.wait(self.pause)
