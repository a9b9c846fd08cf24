# SPDX-License-Identifier: ISC
"""Start, background and foreground, the ways to end, and errors that a person understands."""

import base64
import os
import signal
import socket
import subprocess

import pytest

import lab as laboratory
from lab import generate_preshared_key, wait_until
from pair import PORT, SERVER, Pair

BACKGROUND_AND_FOREGROUND = pytest.mark.parametrize("foreground", [False, True],
                                                    ids=["background", "foreground"])


def program():
    """The program under test."""
    return laboratory.program_path(laboratory.default_implementation())


def is_listening(name):
    """Whether somebody listens at the socket. Asked without wg, which removes one that is bound
    already and not yet listened at (wireguard-tools, ipc-uapi-unix.h)."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.connect(f"/var/run/wireguard/{name}.sock")
    return True


def remove_device(device):
    """`ip link del`."""
    device.host.ip("link", "del", device.name)


def remove_socket(device):
    """The socket file is unlinked."""
    os.unlink(device.socket_path)


CAUSES = {
    "SIGTERM": lambda device: device.send_signal(signal.SIGTERM),
    "SIGINT": lambda device: device.send_signal(signal.SIGINT),
    "link-deletion": remove_device,
    "socket-removal": remove_socket,
}


@BACKGROUND_AND_FOREGROUND
@pytest.mark.parametrize("cause", CAUSES)
def test_clean_end(lab, cause, foreground):
    device = lab.host("host").wireguard(foreground=foreground)
    assert device.is_running() and device.device_exists()
    CAUSES[cause](device)
    device.wait_gone()
    assert not os.path.exists(device.socket_path)
    assert not device.device_exists()
    if foreground:
        assert device.process.returncode == 0


@pytest.mark.parametrize("cause", CAUSES)
def test_clean_end_in_use(pair, cause):
    """The same with a session, packets under way and a client at the socket."""
    pair.works()
    CAUSES[cause](pair.far)
    pair.far.wait_gone()
    assert not os.path.exists(pair.far.socket_path)
    assert not pair.far.device_exists()


def test_foreground_by_environment(lab):
    host = lab.host("host")
    name = lab.interface_name()
    child = host.spawn([program(), name], env={"WG_PROCESS_FOREGROUND": "1"})
    wait_until(lambda: is_listening(name), 10, "a listener")
    host.run(["wg", "show", name])
    assert child.returncode is None
    child.send_signal(signal.SIGTERM)
    assert child.wait() == 0


@pytest.mark.parametrize("option", ["-f", "--foreground"])
def test_foreground_by_option(lab, option):
    host = lab.host("host")
    name = lab.interface_name()
    child = host.spawn([program(), option, name])
    wait_until(lambda: is_listening(name), 10, "a listener")
    host.run(["wg", "show", name])
    assert child.returncode is None
    child.send_signal(signal.SIGINT)
    assert child.wait() == 0


def test_background_returns_when_ready(lab):
    """As soon as the command has returned, device and socket are there: scripts count on it."""
    host = lab.host("host")
    for _ in range(5):
        name = lab.interface_name()
        host.run([program(), name])
        host.run(["wg", "show", name])
        host.ip("link", "set", name, "up")


def test_start_while_wg_asks(lab, ours):
    """wg removes a socket that refuses it: ours must not be seen before it listens."""
    host = lab.host("host")
    asker = host.spawn(["sh", "-c", "while :; do wg show all dump >/dev/null 2>&1; done"])
    for _ in range(20):
        name = lab.interface_name()
        host.run([program(), name])
        host.run(["wg", "show", name])
    assert asker.returncode is None
    asker.kill()


def test_background_lets_go_of_pipe_and_folder(lab):
    """$(tacet-wg wg0) returns, and the daemon holds no folder that somebody may unmount."""
    host = lab.host("host")
    name = lab.interface_name()
    ended = subprocess.run(["ip", "netns", "exec", host.namespace, program(), name], timeout=15,
                           stdin=subprocess.DEVNULL, capture_output=True, check=True,
                           cwd=lab.directory, env=dict(os.environ, LOG_LEVEL="silent"))
    assert ended.returncode == 0
    (daemon,) = [pid for pid in host.pids() if os.readlink(f"/proc/{pid}/exe") == program()]
    if laboratory.default_implementation() == "tacet-wg":
        assert os.getsid(daemon) != os.getsid(0)
        assert os.readlink(f"/proc/{daemon}/cwd") == "/"


@pytest.mark.parametrize("level, speaks", [("debug", True), ("verbose", True), ("silent", False)])
def test_log_level(lab, level, speaks):
    if not speaks and laboratory.default_implementation() == "wireguard-go":
        pytest.skip("wireguard-go prints a banner even when silent")
    device = lab.host("host").wireguard(foreground=True, env={"LOG_LEVEL": level})
    device.stop()
    assert bool(device.process.output.strip()) == speaks


def test_log_tells_no_secret(lab):
    """Nor does anything that a stranger sends get into the log as it is."""
    pair = Pair(lab, foreground=True).join()
    preshared = generate_preshared_key()
    pair.near.add_peer(pair.far, preshared_key=preshared)
    pair.far.add_peer(pair.near, preshared_key=preshared)
    pair.works()
    with pair.member.socket() as stranger:
        stranger.sendto(b"\x1b[31mfor your terminal\n", (SERVER, PORT))
    pair.works()
    for device in (pair.near, pair.far):
        log = device.process.output
        for secret in (device.private_key, preshared):
            assert secret not in log
            assert base64.b64decode(secret).hex() not in log.lower()
        assert "\x1b" not in log


def test_killed_and_started_again(lab):
    """A killed daemon leaves its socket file; the next one replaces it."""
    device = lab.host("host").wireguard(listen_port=40004)
    device.kill()
    assert not device.device_exists()
    device.start()
    device.set(private_key=device.private_key, listen_port=40004)
    assert device.show().listen_port == 40004


def test_many_in_one_host(lab):
    host = lab.host("host")
    devices = [host.wireguard() for _ in range(4)]
    ports = {device.show().listen_port for device in devices}
    devices[0].stop()
    assert not devices[0].device_exists()
    assert all(device.show().private_key == device.private_key for device in devices[1:])
    assert len(ports - {0}) >= 1


# Errors.

def refused(lab, host, words, *must_say, env=None, prefix=()):
    """The program must end at once, not with 0, and say why in words that contain must_say."""
    result = host.run([*prefix, program(), *words], check=False, timeout=15, env=env)
    assert result.returncode not in (0, None)
    assert result.returncode > 0, f"ended by signal {-result.returncode}"
    said = result.stderr.lower()
    assert any(word in said for word in must_say), result.stderr
    assert "traceback" not in said and "goroutine" not in said
    return result


@BACKGROUND_AND_FOREGROUND
def test_name_in_use_by_wireguard(lab, ours, foreground):
    device = lab.host("host").wireguard()
    refused(lab, device.host, [*["-f"] * foreground, device.name], "in use", "exists", "busy")
    assert device.show().private_key == device.private_key
    assert device.device_exists()


@BACKGROUND_AND_FOREGROUND
def test_name_in_use_in_another_host(lab, ours, foreground):
    """The socket is shared by all namespaces: a second daemon must not take it from the first."""
    device = lab.host("host").wireguard()
    other = lab.host("other")
    refused(lab, other, [*["-f"] * foreground, device.name], "in use", "exists", "busy")
    assert device.show().private_key == device.private_key
    assert not device.device_exists(other)


@BACKGROUND_AND_FOREGROUND
def test_name_in_use_by_another_device(lab, ours, foreground):
    host = lab.host("host")
    name = lab.interface_name()
    host.ip("link", "add", name, "type", "veth", "peer", "name", "other0")
    refused(lab, host, [*["-f"] * foreground, name], "in use", "exists", "busy", "not a tun")
    assert not os.path.exists(f"/var/run/wireguard/{name}.sock")


@BACKGROUND_AND_FOREGROUND
@pytest.mark.parametrize("name", ["sixteen-letters-", "a/b", "../x", "", ".", "..", "with space",
                                  "tab\tbed", "per%cent", "co:lon", "x" * 300])
def test_bad_name(lab, ours, name, foreground):
    host = lab.host("host")
    refused(lab, host, [*["-f"] * foreground, name], "name")
    assert not host.run(["ip", "-o", "link", "show", "type", "tun"]).stdout


# Nobody, who finds the program all the same where it was built below a folder of root's.
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
          "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]


@BACKGROUND_AND_FOREGROUND
def test_not_root(lab, ours, foreground):
    host = lab.host("host")
    host.run([*NOBODY, program(), "--version"])
    name = lab.interface_name()
    refused(lab, host, [*["-f"] * foreground, name], "root", "permi", "privilege", prefix=NOBODY)
    assert not os.path.exists(f"/var/run/wireguard/{name}.sock")


@BACKGROUND_AND_FOREGROUND
def test_no_tun_device(lab, ours, foreground):
    host = lab.host("host")
    name = lab.interface_name()
    refused(lab, host, [*["-f"] * foreground, name], "/dev/net/tun",
            prefix=["unshare", "--mount", "sh", "-c",
                    'mount -t tmpfs none /dev/net && exec "$@"', "sh"])
    assert not os.path.exists(f"/var/run/wireguard/{name}.sock")


@pytest.mark.parametrize("words", [["--nonsense"], ["--nonsense", "wg0"], ["-x", "wg0"],
                                   ["wg0", "wg1"], []])
def test_wrong_command_line(lab, ours, words):
    result = refused(lab, lab.host("host"), words, "usage", "option", "argument", "name", "--help")
    assert result.stdout == ""


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help(lab, ours, option):
    result = lab.host("host").run([program(), option])
    assert "usage" in result.stdout.lower() and "foreground" in result.stdout
    assert result.stderr == ""


def test_version(lab):
    result = lab.host("host").run([program(), "--version"])
    assert any(digit in result.stdout for digit in "0123456789")


def test_help_and_version_need_no_root(lab, ours):
    for option in ("--help", "--version"):
        lab.host("host" + option.strip("-")).run([*NOBODY, program(), option])
