# SPDX-License-Identifier: ISC
"""The laboratory itself: it counts right, and leaves nothing behind."""

import os
import pathlib
import signal
import subprocess
import sys

import pytest

from lab import CommandError, Lab, WaitTimeout, wait_until
from lab.process import is_alive

TESTS = pathlib.Path(__file__).resolve().parents[1]
PROGRAM = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it
sys.path.insert(0, sys.argv[1])
from lab import Lab
with Lab() as lab:
    host = lab.host("host")
    device = host.wireguard()
    child = host.spawn(["sleep", "60"])
    print(host.namespace, device.socket_path, lab.directory, device.pids()[0], child.pid)
    sys.stdout.flush()
    if sys.argv[2] == "exception":
        raise RuntimeError("on purpose")
    time.sleep(30)
"""


@pytest.mark.parametrize("end", ["SIGTERM", "SIGINT", "SIGHUP", "exception"])
def test_nothing_is_left(lab, end):
    del lab  # asks whether this machine can run one
    with subprocess.Popen([sys.executable, "-c", PROGRAM, TESTS, end], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        words = child.stdout.readline().split()
        namespace, path, directory, *pids = words
        if end != "exception":
            child.send_signal(getattr(signal, end))
        assert child.wait(20) != 0
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True)
    assert namespace not in listed.stdout
    assert not os.path.exists(path) and not os.path.exists(directory)
    assert not [pid for pid in pids if is_alive(int(pid))]


def test_what_a_killed_lab_left_the_next_one_removes(lab):
    del lab
    with subprocess.Popen([sys.executable, "-c", PROGRAM, TESTS, "SIGKILL"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        namespace, path, directory, *_ = child.stdout.readline().split()
        child.kill()
    with Lab():
        listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True)
        assert namespace not in listed.stdout
        assert not os.path.exists(path) and not os.path.exists(directory)


def test_capture_counts_every_frame(lab):
    left, right = lab.host("left"), lab.host("right")
    link = lab.link(left, right, left=["192.0.2.1/24", "2001:db8::1/64"],
                    right=["192.0.2.2/24", "2001:db8::2/64"])
    capture = link.capture()
    for version, address in ((2, "192.0.2.2"), (10, "2001:db8::2")):
        with left.socket(version) as sender:
            for number in range(2000):
                sender.sendto(b"%d" % number, (address, 9))
    assert capture.count(source=left, destination=right, protocol="udp", port=9) == 4000
    assert capture.count(source=link.left, destination=link.right, port=9) == 4000
    assert capture.count(source=right, destination=left, protocol="udp") == 0
    assert capture.count(source=right, destination=left, protocol="icmp") > 0
    path = pathlib.Path(lab.directory) / "some.pcap"
    capture.save(path)
    if subprocess.run(["which", "tcpdump"], capture_output=True, check=False).returncode == 0:
        read = subprocess.run(["tcpdump", "-nr", path, "udp dst port 9"], capture_output=True,
                              text=True, check=True)
        assert len(read.stdout.splitlines()) == 4000


def test_a_failed_command_says_all(lab):
    host = lab.host("host")
    with pytest.raises(CommandError) as error:
        host.run(["sh", "-c", "echo one; echo two >&2; exit 3"])
    assert all(part in str(error.value) for part in ("host", "rc=3", "one", "two", "exit 3"))
    with pytest.raises(CommandError) as error:
        host.run(["sh", "-c", "echo before; sleep 60"], timeout=0.3)
    assert "no end within 0.3 s" in str(error.value) and "before" in str(error.value)


def test_a_background_process_has_a_deadline(lab):
    child = lab.host("host").spawn(["sleep", "60"], deadline=0.2)
    child.wait(5)
    assert child.expired


def test_waiting_has_a_deadline():
    with pytest.raises(WaitTimeout, match="for a miracle"):
        wait_until(lambda: False, 0.05, "a miracle")


def test_hosts_file_is_the_namespaces_own_and_goes():
    with Lab() as lab:
        host, other = lab.host("a"), lab.host("b")
        path = host.hosts_file()
        with open(path, "a", encoding="ascii") as file:
            file.write("192.0.2.1 somebody.example\n")
        assert "somebody" in host.run(["getent", "hosts", "somebody.example"]).stdout
        assert "somebody" not in other.run(["cat", "/etc/hosts"]).stdout
        host.run(["sh", "-c", "echo 192.0.2.2 another.example >>/etc/hosts"])
        assert "another" in pathlib.Path(path).read_text()
    assert not os.path.exists(os.path.dirname(path))


def test_small_disk_is_full_soon_and_goes():
    with Lab() as lab:
        folder = os.path.join(lab.directory, "small")
        lab.small_disk(folder, 1 << 20)
        result = lab.host("a").run(["dd", "if=/dev/zero", f"of={folder}/file", "bs=64k"],
                                   check=False)
        assert result.returncode != 0 and "No space left" in result.stderr
    assert not os.path.exists(folder)
    with open("/proc/self/mounts", encoding="ascii") as mounts:
        assert folder not in mounts.read()
