# SPDX-License-Identifier: ISC
"""Gigabytes through the tunnel, both ways, and not one bit of them wrong."""

from duo import CALLERS, INNER_MEMBER, INNER_SERVER, OURS, Duo, program_with_options
from traffic import Iperf, at_once, send_file

GIBIBYTE = 1 << 30
FILE_BYTES = 256 << 20
WINDOW = "128K"  # no more than fits into the socket of wireguard-go, which keeps the kernel's size
CHECKSUM_ERRORS = ("TcpInCsumErrors", "UdpInCsumErrors", "Icmp6InCsumErrors", "Udp6InCsumErrors")


def without_capture(duo):
    """Nobody looks at the outer datagrams here, and there are a million of them."""
    duo.capture.stop()
    return duo


def checksum_errors(duo):
    """How many inner segments arrived with a wrong checksum, at both ends."""
    total = 0
    for host in (duo.member, duo.server):
        for line in host.run(["nstat", "-a", "-s", "-z"]).stdout.splitlines():
            name, *values = line.split()
            total += int(values[0]) if name in CHECKSUM_ERRORS else 0
    return total


@CALLERS
def test_gibibyte(lab, caller):
    """1 GiB from him who calls, who is of either implementation; then some the other way."""
    duo = without_capture(Duo(lab, caller).join())
    for address, size, way in ((INNER_SERVER[4], GIBIBYTE, []),
                               (INNER_SERVER[6], GIBIBYTE // 8, ["--reverse"])):
        report = Iperf(duo.member, duo.server, address).run(
            "-n", str(size), "-w", WINDOW, *way, timeout=240)
        # Reversed, what lies in the receiver's buffer at the end is not counted.
        assert report["sum_sent"]["bytes"] >= size
        assert report["sum_received"]["bytes"] >= 0.97 * size
    assert checksum_errors(duo) == 0


@CALLERS
def test_file(lab, caller):
    """A file of the caller's, with a sum over it; then one each way at once."""
    duo = without_capture(Duo(lab, caller).join(outer=6))
    send_file(duo.member, duo.server, INNER_SERVER[4], FILE_BYTES)
    at_once(up=lambda: send_file(duo.member, duo.server, INNER_SERVER[6], FILE_BYTES // 8),
            down=lambda: send_file(duo.server, duo.member, INNER_MEMBER[4], FILE_BYTES // 8))
    assert checksum_errors(duo) == 0


def test_file_with_two_workers(lab):
    """The same with more than one of our threads at work."""
    duo = without_capture(Duo(
        lab, OURS, far_options={"program": program_with_options(lab, "--workers=2")}).join())
    send_file(duo.member, duo.server, INNER_SERVER[4], FILE_BYTES // 4)
    send_file(duo.server, duo.member, INNER_MEMBER[4], FILE_BYTES // 4)
