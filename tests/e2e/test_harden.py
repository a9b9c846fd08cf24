# SPDX-License-Identifier: ISC
"""A hardened host says nothing to strangers, works itself, and is found again as it was."""

import json
import os
import pathlib
import shutil
import signal
import socket
import time

import pytest

import hardening
from hardening import (ADDRESSES, CONTAINER, FOREIGN, MARK, PORT, ROUTER, SERVER, STRANGER,
                       STRANGER6, Site)
from lab import wait_until

VERSIONS = pytest.mark.parametrize("version", [4, 6], ids=["ipv4", "ipv6"])


@pytest.fixture
def site(lab):
    """A Site; skips where a program is missing."""
    for program in ("nft", "nmap"):
        if shutil.which(program) is None:
            pytest.skip(f"needs the program {program}")
    if not os.access(hardening.driver_path(), os.X_OK):
        pytest.skip(f"{hardening.driver_path()} is not built")
    return Site(lab)


def words(site):
    """`tacet harden` for a shell."""
    return " ".join(str(word) for word in site.driver())


def show_that_a_leak_is_seen(site, version):
    """The control: before, the host answers, and the capture counts it."""
    output = site.scan(version, "-sS", ports="7000-7099")
    assert "7000/tcp open" in output and "99 closed" in output
    assert len(site.said(version)) >= 100
    site.capture.clear()


@VERSIONS
@pytest.mark.parametrize("kind", ["-sS", "-sU"], ids=["tcp", "udp"])
def test_silence_on_all_ports(site, version, kind):
    site.listen(7000, 443)
    show_that_a_leak_is_seen(site, version)
    site.apply()
    site.confirm()
    site.capture.clear()
    output = site.scan(version, kind)
    assert " open " not in output and "closed" not in output
    _, server, stranger = ADDRESSES[version]
    assert site.capture.count(source=stranger, destination=server) >= 65535
    assert site.said() == []


@VERSIONS
def test_silence_of_other_scans(site, version):
    """Other flags, pings, protocols, traceroute: of a range of ports, for each takes its time."""
    site.listen(7000)
    show_that_a_leak_is_seen(site, version)
    site.apply()
    site.confirm()
    site.capture.clear()
    for kind in ("-sA", "-sN", "-sF", "-sX", "-sM", "-sW", "-sY", "-sZ"):
        site.scan(version, kind, ports="1-300,7000")
    site.stranger.ping(ADDRESSES[version][1], count=3, wait=0.3, check=False)
    site.stranger.run(["nmap", "-sO", "-n", "-Pn", "-T5", "--max-retries", 0, "--min-rate", 2000,
                       *(["-6"] if version == 6 else []), ADDRESSES[version][1]], timeout=60)
    assert site.capture.count(source=ADDRESSES[version][2]) >= 8 * 301 + 3 + 200
    assert site.said() == []


@VERSIONS
def test_own_connections_work(site, version):
    site.listen(7000, host=site.stranger)
    site.apply()
    stranger = ADDRESSES[version][2]
    assert site.tcp(7000, version, host=site.server, address=stranger, timeout=3)
    assert site.udp(7000, version, host=site.server, address=stranger, timeout=3)
    assert site.server.ping(stranger)
    assert not site.tcp(PORT + 1, version, host=site.server, address=stranger)
    site.server.ip("neighbour", "flush", "all")
    site.router.ip("neighbour", "flush", "all")
    assert site.tcp(7000, version, host=site.server, address=stranger, timeout=3)


@VERSIONS
def test_connections_that_were_there(site, version):
    """Those that the host has opened go on; those of strangers stop, and go on when undone."""
    site.listen(7000)
    site.listen(7000, host=site.stranger)
    family, server, stranger = ADDRESSES[version]
    own = site.server.socket(family, socket.SOCK_STREAM)
    his = site.stranger.socket(family, socket.SOCK_STREAM)
    for end, there in ((own, stranger), (his, server)):
        end.settimeout(2)
        end.connect((there, 7000))
        end.sendall(b"before")
        assert end.recv(64) == b"before"
    site.apply()
    own.sendall(b"after")
    assert own.recv(64) == b"after"
    his.settimeout(0.5)
    his.sendall(b"after")
    with pytest.raises(TimeoutError):
        his.recv(64)
    site.harden("--undo")
    his.settimeout(10)
    assert his.recv(64) == b"after"
    own.close()
    his.close()


@VERSIONS
def test_a_strangers_connection_does_not_come_back(site, version):
    """What the server goes on sending in it does not make it one of the host's own."""
    site.listen(7000)
    family, server, _ = ADDRESSES[version]
    his = site.stranger.socket(family, socket.SOCK_STREAM)
    his.settimeout(2)
    his.connect((server, 7000))
    his.sendall(b"before")
    assert his.recv(64) == b"before"
    # Data that the server sends again and again, since no answer comes.
    site.stranger.run(["nft", "add table inet t; add chain inet t i { type filter hook input "
                             "priority 0; policy drop; }"])
    his.sendall(b"more")
    site.apply()
    site.confirm()
    site.stranger.run(["nft", "delete table inet t"])
    site.capture.clear()
    his.settimeout(4)
    with pytest.raises(TimeoutError):
        his.recv(64)
    assert site.said() == []
    his.close()


def test_kept_ports(site):
    site.listen(22, 5000, 5001, 5002)
    site.stranger.port(0).add_address("198.51.100.77/24")
    site.apply("--keep", "tcp/22", "from", f"{STRANGER}/32", "--keep", "udp/5000-5001",
               "--keep", f"tcp/22 from {STRANGER6}/128")
    site.confirm()
    site.capture.clear()
    assert site.tcp(22) and site.tcp(22, 6)
    assert site.udp(5000) and site.udp(5001, 6)
    site.capture.clear()
    assert not site.udp(5002) and not site.tcp(5000) and not site.udp(22)
    with site.stranger.socket(socket.AF_INET, socket.SOCK_STREAM) as other:
        other.bind(("198.51.100.77", 0))
        other.settimeout(0.5)
        with pytest.raises(OSError):
            other.connect((SERVER, 22))
    assert site.said() == []
    assert site.capture.count(source=SERVER, destination="198.51.100.77") == 0


def test_former_state_with_foreign_rules(site):
    """Nothing of others' is touched, and their published port is as silent as all else."""
    container = site.add_container()
    site.server.run(["nft", "-f", "-"], input=FOREIGN)
    assert site.tcp(8080)
    before = site.snapshot()
    plan = site.apply().stdout
    assert "dnat to 172.17.0.2:80" in plan and "(docker0)" in plan
    during = site.rules()
    assert before[0] in during.replace("\n\n", "\n") or all(
        line in during for line in before[0].splitlines())
    site.confirm()
    site.capture.clear()
    assert not site.tcp(8080)
    assert not site.tcp(80, address=CONTAINER)
    assert site.said() == []
    # The container's own connections go on, and so do those between it and its host.
    site.listen(7000, host=site.stranger)
    site.listen(7001)
    assert site.tcp(7000, host=container, address=STRANGER, timeout=3)
    assert site.tcp(7001, host=container, address="172.17.0.1", timeout=3)
    assert site.tcp(80, host=site.server, address=CONTAINER, timeout=3)
    site.harden("--undo")
    assert site.snapshot() == before
    assert site.tcp(8080)


def test_a_kept_published_port(site):
    site.add_container()
    site.server.run(["nft", "-f", "-"], input=FOREIGN)
    site.apply("--keep", "tcp/8080")
    assert site.tcp(8080)


def test_taken_back_unless_confirmed(site):
    site.listen(7000)
    before = site.snapshot()
    # All that the login had is killed, as when a terminal is torn away.
    command = f"{words(site)} --yes --seconds 5; kill -9 -- -$$"
    site.server.run(["sh", "-c", command], check=False)
    assert not site.tcp(7000)
    assert site.snapshot()[1] != before[1]
    site.wait_until_open()
    assert site.snapshot() == before
    assert site.tcp(7000)
    refused = site.harden("--confirm", check=False)
    assert refused.returncode == 1 and "nothing to confirm" in refused.stderr


def test_no_lockout_without_the_watcher(site):
    """Killed, it does not keep the host closed: the kernel's own switch opens it."""
    site.listen(7000)
    before = site.snapshot()
    site.apply("--seconds", 5)
    for pid in wait_until(site.watchers, 5, "the watcher"):
        os.kill(pid, signal.SIGKILL)
    assert not site.tcp(7000)
    wait_until(lambda: site.tcp(7000), 15, "the host to be open again")
    assert json.loads(site.harden("--show", json=True).stdout)["in_force"] is False
    assert "not confirmed in time" in site.harden("--show").stdout
    late = site.harden("--confirm", check=False)
    assert late.returncode == 1 and "too late" in late.stderr
    assert site.snapshot() == before


def test_confirmed_from_a_new_login_only(site):
    """Also not by a new window, which came by the same SSH connection; sudo makes no new login."""
    driver = words(site)
    both = site.server.run(["sh", "-c", f"sleep 0.1; {driver} --yes && {driver} --confirm"],
                           check=False)
    assert both.returncode == 5 and "was there before" in both.stderr
    login = {"SSH_CONNECTION": f"{STRANGER} 40000 {SERVER} 22"}
    site.apply(env=login)
    window = site.harden("--confirm", env=login, check=False)
    assert window.returncode == 5 and "was there before" in window.stderr
    assert site.harden("--confirm", env={"SSH_CONNECTION": f"{STRANGER} 40001 {SERVER} 22"})
    assert json.loads(site.harden("--show", json=True).stdout)["stage"] == "confirmed"
    forced = site.server.run(
        ["sh", "-c", f"sleep 0.1; {driver} --yes && {driver} --confirm --force"])
    assert "Confirmed" in forced.stdout


def test_the_administrators_own_login(site):
    """It lives until he has confirmed, then it is cut; a kept one stays."""
    site.listen(22)
    his = site.stranger.socket(socket.AF_INET, socket.SOCK_STREAM)
    his.settimeout(2)
    his.connect((SERVER, 22))
    login = {"SSH_CONNECTION": f"{STRANGER} {his.getsockname()[1]} {SERVER} 22"}
    plan = site.apply(env=login).stdout
    assert "NOT KEPT" in plan and f"--keep tcp/22 from {STRANGER}" in plan
    his.sendall(b"still")
    assert his.recv(64) == b"still"
    assert not site.tcp(22)
    site.confirm()
    site.capture.clear()
    his.sendall(b"cut")
    with pytest.raises(TimeoutError):
        his.recv(64)
    assert site.said() == []
    his.close()
    assert "which is kept" in site.apply("--keep", "tcp/22", env=login).stdout


def test_after_a_reboot(site):
    """What was confirmed is put in force again, what was not is not."""
    site.listen(7000)
    before = site.snapshot()
    nothing = site.harden("--load")
    assert "not hardened" in nothing.stdout and not site.is_hardened()
    site.apply("--keep", "tcp/7000", "from", "203.0.113.0/24")
    site.confirm()
    hardened = site.rules()
    site.server.run(["nft", "flush", "ruleset"])
    assert "NOT HARDENED" in site.harden("--show").stdout
    for _ in range(2):
        site.harden("--load")
        assert site.rules() == hardened
    site.apply("--keep", "tcp/7000")
    path = pathlib.Path(site.state, "harden/pending.json")
    pending = json.loads(path.read_text())
    path.write_text(json.dumps({**pending, "boot": "another"}))
    site.server.run(["nft", "flush", "ruleset"])
    site.harden("--load")
    assert site.rules() == hardened and not path.exists()
    site.harden("--undo")
    assert site.snapshot() == before


def test_changed_in_one_step(site):
    """Other exceptions replace those before; unconfirmed, those come back; undo knows the start."""
    site.listen(7000, 7001)
    before = site.snapshot()
    site.apply("--keep", "tcp/7000")
    site.confirm()
    assert site.tcp(7000) and not site.tcp(7001)
    first = site.rules()
    site.apply("--keep", "tcp/7001", "--seconds", 5)
    assert site.tcp(7001) and not site.tcp(7000)
    wait_until(lambda: site.rules() == first, 15, "the exceptions before to be back")
    assert site.tcp(7000) and not site.tcp(7001)
    site.apply("--keep", "tcp/7001")
    site.confirm()
    assert site.tcp(7001) and not site.tcp(7000)
    site.harden("--undo")
    assert site.snapshot() == before


def test_no_moment_of_silence_broken(site):
    """While it is replaced again and again, a scan sees nothing."""
    site.listen(7000)
    site.apply()
    site.confirm()
    site.capture.clear()
    scan = site.stranger.spawn(["nmap", "-Pn", "-n", "-sS", "-T5", "--max-retries", 0,
                                "--min-rate", 5000, "--max-rate", 10000, "-p", "1-20000", SERVER])
    for number in range(10):
        site.apply("--keep", f"udp/{6000 + number}")
        site.confirm()
    scan.wait(timeout=30)
    assert site.capture.count(source=STRANGER) >= 20000
    assert site.said() == []


@pytest.mark.parametrize("lost", ["way_in", "way_out"])
def test_each_lock_alone(site, lost):
    """Without the filter on the way in, or the guard on the way out, nothing is said either."""
    site.listen(7000)
    site.apply()
    site.confirm()
    hooks = {"way_in": "prerouting", "way_out": "postrouting"}
    site.server.run(["nft", f"flush chain inet tacet_harden {lost}; add chain inet tacet_harden "
                            f"{lost} {{ type filter hook {hooks[lost]} priority -150; "
                            "policy accept; }"])
    site.capture.clear()
    for version in (4, 6):
        for kind in ("-sS", "-sU", "-sA", "-sX"):
            site.scan(version, kind, ports="1-1000,7000")
        site.stranger.ping(ADDRESSES[version][1], count=3, wait=0.3, check=False)
    assert site.capture.count(source=STRANGER) >= 4000
    assert site.said() == []


def test_the_tunnels_port(site):
    """WireGuard's shapes reach the socket, nothing else does; flows are not tracked."""
    here = site.server.socket(socket.AF_INET6)
    here.bind(("::", PORT))
    here.settimeout(1)
    site.apply()
    shapes = {148: 1, 92: 2, 64: 3, 32: 4, 48: 4, 1400: 4}
    with site.stranger.socket(socket.AF_INET) as sender:
        for size in (0, 1, 31, 32, 48, 64, 92, 147, 148, 149, 1400):
            for kind in (0, 1, 2, 3, 4, 5):
                body = bytes([kind, 0, 0, 0]).ljust(size, b"\x55")[:size]
                sender.sendto(body, (SERVER, PORT))
        sender.sendto(b"\x01\x00\x00\x00".ljust(148), (SERVER, PORT))
    got = []
    while not got or got[-1][1] != 0x20:
        data = here.recv(2048)
        got.append((len(data), data[8], data[0]))
    assert {(size, kind) for size, _, kind in got} == {
        *shapes.items(), (64, 4), (92, 4), (147, 4), (148, 4), (149, 4)}
    site.capture.clear()
    data = b"\x04\0\0\0".ljust(64)
    with pytest.raises(PermissionError):  # not with the daemon's mark
        here.sendto(data, (f"::ffff:{STRANGER}", 40000))
    here.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, MARK)
    for kind, size in ((3, 64), (1, 147), (2, 93), (4, 31), (5, 148)):
        with pytest.raises(PermissionError):  # of another shape, or a cookie reply
            here.sendto(bytes([kind, 0, 0, 0]).ljust(size), (f"::ffff:{STRANGER}", 40000))
    here.sendto(data, (f"::ffff:{STRANGER}", 40000))
    site.capture.wait_for(source=SERVER, destination=STRANGER, protocol="udp")
    assert site.capture.count(source=SERVER, destination=STRANGER) == 1
    assert json.loads(site.harden("--show", json=True).stdout)["dropped"]["forged"] == 6
    table = site.server.run(["cat", "/proc/net/nf_conntrack"], check=False).stdout
    assert f"port={PORT}" not in table
    here.close()


@VERSIONS
def test_a_dead_daemon(site, version):
    """Nobody listens at the tunnel's port: the kernel's word for that does not leave."""
    site.apply()
    site.confirm()
    site.capture.clear()
    family, server, _ = ADDRESSES[version]
    with site.stranger.socket(family) as sender:
        for kind, size in ((1, 148), (2, 92), (3, 64), (4, 32), (4, 1200)):
            sender.sendto(bytes([kind, 0, 0, 0]).ljust(size), (server, PORT))
    site.stranger.ping(server, count=2, wait=0.3, check=False)
    assert site.capture.count(source=ADDRESSES[version][2], protocol="udp", port=PORT) == 5
    assert site.said() == []
    shown = json.loads(site.harden("--show", json=True).stdout)
    assert shown["dropped"]["unsaid"] >= 1


def send_oracles(site):
    """All of them to the tunnel's port, an open and a closed one; what the server said to each."""
    said = {}
    sockets = {4: site.router.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW),
               6: site.router.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)}
    site.router.ping(SERVER, check=False, wait=0.3)
    for port in (PORT, 7000, 9):
        for name, packet in hardening.oracles(port).items():
            site.capture.clear()
            version = packet[0] >> 4
            sockets[version].sendto(
                packet, (SERVER, 0) if version == 4 else (hardening.SERVER6, 0))
            # Fragments are complained about when they have waited for long enough.
            time.sleep(2.2 if "first" in name and port != 9 else 0.1)
            said[name, port] = [frame for frame in site.capture.frames(source=site.link.right)
                                if frame.protocol in ("icmp", "icmp6")
                                and not is_neighbourly(frame)]
    for one in sockets.values():
        one.close()
    return said


def is_neighbourly(frame):
    """Neighbour discovery, which the host must do."""
    return frame.protocol == "icmp6" and frame.raw[14 + 40] in (133, 135, 136, 143)


def test_packets_that_find_the_port_elsewhere(site):
    """Options, extension headers and fragments: a kernel complains, and tells the port by that."""
    site.server.sysctl("net.ipv4.ipfrag_time", 1)
    site.server.sysctl("net.ipv6.ip6frag_time", 1)
    site.server.sysctl("net.ipv4.icmp_ratelimit", 0)
    site.server.sysctl("net.ipv6.icmp.ratelimit", 0)
    here = site.server.socket(socket.AF_INET6)
    here.bind(("::", PORT))
    site.listen(7000)
    before = send_oracles(site)
    silent = [key for key, said in before.items() if not said]
    assert not [key for key in silent if "first" not in key[0] or key[1] != 9], silent
    site.apply()
    site.confirm()
    after = send_oracles(site)
    assert not any(after.values()), [key for key, said in after.items() if said]
    here.close()


def test_routers_and_groups_are_heard(site):
    """A router's advertisement configures the host as before."""
    site.server.sysctl("net.ipv6.conf.eth0.accept_ra", 2)
    site.server.ip("-6", "route", "del", "default")
    site.apply()
    site.confirm()
    advertisement = bytes([134, 0, 0, 0, 64, 0]) + (1800).to_bytes(2, "big") + bytes(8)
    with site.router.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as sender:
        index = site.router.inside(socket.if_nametoindex, site.link.left.name)
        sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        sender.sendto(advertisement, ("ff02::1", 0, 0, index))
    wait_until(lambda: "proto ra" in site.server.ip("-6", "route").stdout, 5, "a route")


def test_a_login_is_found_behind_sudo(site):
    """Which takes SSH_CONNECTION away: it is found in the processes above."""
    command = f"env -u SSH_CONNECTION {words(site)} --yes; true"
    plan = site.server.run(["sh", "-c", command],
                           env={"SSH_CONNECTION": f"{STRANGER} 40000 {SERVER} 22"}).stdout
    assert f"by SSH from {STRANGER} to port 22" in plan


@VERSIONS
def test_members_use_the_tunnel(site, version):
    """Handshakes after the hardening and long packets pass; what is inside is reached there only."""
    family, server, _ = ADDRESSES[version]
    near = site.server.wireguard(addresses=["10.9.0.1/24"], listen_port=PORT, fwmark=MARK)
    far = site.stranger.wireguard(addresses=["10.9.0.2/24"])
    site.tunnel = near.name
    site.listen(7000)
    site.apply()
    site.confirm()
    near.add_peer(far, allowed_ips=["10.9.0.2/32"])
    endpoint = f"[{server}]:{PORT}" if version == 6 else f"{server}:{PORT}"
    far.add_peer(near, allowed_ips=["10.9.0.1/32"], endpoint=endpoint)
    site.stranger.wait_for_ping("10.9.0.1")
    assert site.stranger.ping("10.9.0.1", size=1372)
    assert site.tcp(7000, address="10.9.0.1", timeout=3)
    assert not site.tcp(7000, version)
    assert family == socket.AF_INET or site.capture.count(destination=STRANGER6) > 0


def test_a_narrow_path_of_the_tunnel(site):
    """Routers of IPv6 cannot cut: what they say of the tunnel's datagrams is heard, no more."""
    here = site.server.socket(socket.AF_INET6)
    here.bind(("::", PORT))
    site.apply()
    quoted = (b"\x60\0\0\0" + (64).to_bytes(2, "big") + b"\x11\x40" +
              socket.inet_pton(socket.AF_INET6, hardening.SERVER6) +
              socket.inet_pton(socket.AF_INET6, STRANGER6))
    with site.router.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as sender:
        for port, mtu in ((PORT + 1, 1280), (PORT, 1300)):
            segment = port.to_bytes(2, "big") + b"\x9c\x40\0\x40\0\0"
            sender.sendto(bytes([2, 0, 0, 0]) + mtu.to_bytes(4, "big") + quoted +
                          segment.ljust(64, b"\0"), (hardening.SERVER6, 0))
    wait_until(lambda: "mtu 1300" in site.server.ip("-6", "route", "get", STRANGER6).stdout, 5,
               "the path to be known")
    here.close()


def test_a_narrow_container(site):
    """Whom a container asked is told that his answer was too long for it; strangers are not."""
    container = site.add_container()
    for host, name in ((site.server, "docker0"), (container, "eth0")):
        host.ip("link", "set", name, "mtu", "1300")
    site.apply()
    site.confirm()
    with site.stranger.socket(socket.AF_INET) as far, \
            container.socket(socket.AF_INET) as near:
        far.bind((STRANGER, 9000))
        far.settimeout(5)
        site.stranger.route("172.17.0.0/16", "198.51.100.254")
        site.router.route("172.17.0.0/16", SERVER)
        near.sendto(b"hello", (STRANGER, 9000))
        _, address = far.recvfrom(64)
        far.sendto(bytes(1400), address)
        site.capture.wait_for(source=SERVER, destination=STRANGER, protocol="icmp")
        site.capture.clear()
        far.sendto(bytes(1400), (CONTAINER, 9))
        assert not site.stranger.ping(CONTAINER, size=1400, check=False, wait=0.3)
        assert site.said() == []


def test_what_is_listed(site):
    """Each socket with its program; what is out of reach is told from what is not."""
    for where, port in (("0.0.0.0", 8000), ("127.0.0.1", 8002)):
        site.server.spawn(["python3", "-m", "http.server", "--bind", where, port])
    site.server.ip("tuntap", "add", "dev", "tacet0", "mode", "tun")
    site.server.ip("address", "add", "10.9.0.1/24", "dev", "tacet0")
    site.server.ip("link", "set", "tacet0", "up")
    site.server.spawn(["python3", "-m", "http.server", "--bind", "10.9.0.1", "8001"])
    site.listen(7000)
    wait_until(lambda: site.server.run(["ss", "-tln"]).stdout.count("800") >= 3, 10, "listeners")
    plan = site.apply("--keep", "tcp/7000").stdout
    reached, rest = plan.split("Out of their reach already:")
    out, _ = rest.split("What will change (level ")
    assert "0.0.0.0:8000" in reached and "python3 (pid " in reached
    assert "[::]:7000" in reached and "stays: --keep tcp/7000" in reached
    assert "127.0.0.1:8002" in out and "this host alone" in out
    assert "10.9.0.1:8001" in out and "devices of the overlay" in out


def test_show(site):
    assert "Not hardened" in site.harden("--show").stdout
    site.apply("--keep", "tcp/22", "from", "192.0.2.0/24")
    shown = json.loads(site.harden("--show", json=True).stdout)
    assert shown["stage"] == "pending" and 50 <= shown["seconds_left"] <= 60
    site.confirm()
    site.tcp(7000)
    shown = json.loads(site.harden("--show", json=True).stdout)
    assert shown["in_force"] and shown["stage"] == "confirmed" and shown["saved"]
    assert shown["keep"] == ["tcp/22 from 192.0.2.0/24"]
    assert shown["dropped"]["unasked"] >= 1
    assert abs(shown["since"] - time.time()) < 60
    text = site.harden("--show").stdout
    assert "confirmed" in text and "kept: tcp/22 from 192.0.2.0/24" in text


@pytest.mark.parametrize("words, code, says", [
    (["--confirm"], 1, "nothing to confirm"),
    (["--undo"], 1, "nothing to undo"),
    ([], 5, "no terminal to ask on"),
    (["--keep"], 2, "needs what to keep"),
    (["--keep", "icmp/8", "--yes"], 2, "the protocol is tcp or udp"),
    (["--keep", "tcp/0", "--yes"], 2, "a port is 1 to 65535"),
    (["--keep", "tcp/22-21", "--yes"], 2, "a range goes upwards"),
    (["--keep", "tcp/22", "from", "192.0.2.0/33"], 2, "at most 32 or 128"),
    (["--keep", "tcp/22", "from"], 2, "from where"),
    (["--keep", "tcp/ssh"], 2, "for example --keep tcp/22 from 192.0.2.0/24"),
    (["--seconds", "4"], 2, "a number from 5"),
    (["--seconds", "soon"], 2, "a number from 5"),
    (["--level", "silent", "--yes"], 2, "standard or sealed"),
    (["--level"], 2, "standard or sealed"),
    (["--neighbour", "eth0", "--yes"], 2, "such as 192.0.2.7"),
    (["--engine", "go", "--yes"], 2, "tacet or kernel"),
    (["--peer", "192.0.2.0/33", "--yes"], 2, "from where members call"),
    (["--show", "--level", "sealed"], 2, "go with none of"),
    (["--sure"], 2, "no such option"),
    (["--undo", "--yes"], 2, "go with none of"),
    (["--undo", "--show"], 2, "at a time"),
    (["--show", "--force"], 2, "with --confirm only"),
])
def test_wrong_words(site, words, code, says):
    result = site.harden(*words, check=False)
    assert result.returncode == code and says in result.stderr
    assert not site.is_hardened()


def test_undone_twice(site):
    site.apply()
    site.harden("--undo")
    again = site.harden("--undo", check=False)
    assert again.returncode == 1 and "not hardened" in again.stderr


def test_only_root(site):
    driver = f"{site.lab.directory}/driver"
    shutil.copy(hardening.driver_path(), driver)
    result = site.server.run(["setpriv", "--reuid=65534", "--clear-groups", driver,
                              *site.driver()[1:], "--yes"], check=False)
    assert result.returncode == 4 and "only root" in result.stderr


def test_without_the_right(site):
    """Root in a container, which may not touch the firewall, is told so."""
    result = site.server.run(["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin",
                              *site.driver(), "--yes"], check=False)
    assert result.returncode == 1 and "CAP_NET_ADMIN" in result.stderr
    assert not site.is_hardened()


def test_a_late_interface(site):
    """One that comes after the hardening is as silent."""
    site.listen(7000)
    site.apply()
    site.confirm()
    other = site.lab.host("other")
    link = site.lab.link(site.server, other, left=["203.0.113.1/24"], right=["203.0.113.2/24"])
    capture = link.capture()
    assert not site.tcp(7000, host=other, address="203.0.113.1")
    assert not other.ping("203.0.113.1", check=False, wait=0.3)
    spoken = [frame for frame in capture.frames(source=link.left) if frame.protocol not in (
        "arp", "icmp6")]
    assert spoken == []
    assert site.server.ping("203.0.113.2")


def test_router_goes_on(site):
    """The router beside it reaches nothing either, but knows the host's address on the link."""
    site.apply()
    assert not site.router.ping(SERVER, check=False, wait=0.3)
    assert site.router.run(["ip", "neighbour", "show", SERVER]).stdout.strip().endswith(
        ("REACHABLE", "DELAY", "STALE"))
    assert site.server.ping(ROUTER)
