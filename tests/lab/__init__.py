# SPDX-License-Identifier: ISC
"""A laboratory of network namespaces: hosts, links, captures and WireGuard interfaces.

    from lab import Lab, wait_until

    with Lab() as lab:
        server, member = lab.host("server"), lab.host("member")
        link = lab.link(server, member, left=["192.0.2.1/24"], right=["192.0.2.2/24"])
        capture = link.capture()

        wg_server = server.wireguard("wg0", addresses=["10.9.0.1/24"], listen_port=40004)
        wg_member = member.wireguard("wg0", addresses=["10.9.0.2/24"])
        wg_server.add_peer(wg_member, allowed_ips=["10.9.0.2/32"])
        wg_member.add_peer(wg_server, allowed_ips=["10.9.0.1/32"], endpoint="192.0.2.1:40004")

        member.ping("10.9.0.1")
        assert capture.count(source=member, destination=server, protocol="udp") > 0

Everything that a Lab made is gone when its block ends, however it ends: processes (by pid),
namespaces, devices, sockets and files. It needs root; `missing()` says what a machine lacks.

Files: lab.py (Lab), host.py (Host, Port, Link, Bridge), process.py (commands, background
processes, waiting), capture.py (Capture, Frame), wireguard.py (WireGuard, keys, `wg show dump`),
strangers.py (datagrams as somebody makes them who knows no more than a public key), tacet.py
(Server, Device: Tacet itself), services.py (nginx, PostgreSQL, sshd and what reads from them).

Importing it: below tests/ pytest finds it by tests/conftest.py; a program elsewhere puts the
tests folder of the tree into sys.path first.

Environment: TACET_WG is the path of the program under test (default: the one in build/), TACET
and TACETD those of Tacet (default: of the same build);
TACET_LAB_IMPLEMENTATION is what host.wireguard() starts unless told (default: tacet-wg);
TACET_LAB_KEEP is a folder which receives captures and logs of every Lab that ended in an error.
"""

from .capture import Capture, CaptureError, Frame
from .host import Bridge, Host, Link, Port
from .lab import Lab, missing
from . import strangers
from .oracles import USUAL_FIREWALL, Questioner, recorded_initiation
from .process import CommandError, Process, Result, WaitTimeout, wait_until
from .services import Download, Echo, Nginx, Postgres, Sshd, services_missing
from .tacet import Device, Gateway, Refused, Server, tacet_missing, tacet_path
from .wireguard import (IMPLEMENTATIONS, DeviceDump, PeerDump, WireGuard, default_implementation,
                        generate_preshared_key, generate_private_key, implementation_missing,
                        program_path, public_key_of)

__all__ = [
    "Bridge", "Capture", "CaptureError", "CommandError", "Device", "DeviceDump", "Download", "Echo",
    "Frame", "Host", "IMPLEMENTATIONS", "Lab", "Link", "Nginx", "PeerDump", "Port", "Postgres",
    "Process", "Questioner", "Refused", "Result", "Server", "Sshd", "USUAL_FIREWALL", "WaitTimeout", "WireGuard",
    "default_implementation", "generate_preshared_key", "generate_private_key",
    "implementation_missing", "missing", "program_path", "public_key_of", "recorded_initiation", "services_missing",
    "strangers", "tacet_missing", "tacet_path", "wait_until",
]
