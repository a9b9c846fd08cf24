# SPDX-License-Identifier: ISC
"""The stock `wg` in all its subcommands, against the interface's socket."""

import re
import socket
import time

import pytest

from lab import generate_preshared_key, generate_private_key, public_key_of, wait_until
from pair import INNER_SERVER, MEMBER, PORT, SERVER


@pytest.fixture
def device(lab):
    """An interface alone in a host."""
    return lab.host("host").wireguard()


def peer_key():
    """The public key of a peer that does not exist."""
    return public_key_of(generate_private_key())


def configure(device, command, text):
    """`wg setconf|addconf|syncconf` with a text."""
    return device.wg(command, device.name, "/dev/stdin", input=text)


def configuration(device):
    """`wg showconf`, its peers sorted, since their order is nobody's promise."""
    first, *peers = device.wg("showconf", device.name).stdout.strip().split("\n\n")
    return [first.strip(), *sorted(peer.strip() for peer in peers)]


def test_show_of_a_new_interface(device):
    dump = device.show()
    assert dump.private_key == device.private_key
    assert dump.public_key == device.public_key
    assert dump.fwmark == 0 and dump.peers == {}


def test_show_without_private_key(lab):
    device = lab.host("host").wireguard(private_key=None)
    dump = device.show()
    assert dump.private_key is None and dump.public_key is None


def test_private_key_taken_away(device):
    device.set(private_key="")
    assert device.show().private_key is None


def test_show_dump_of_a_peer_in_use(pair):
    preshared = generate_preshared_key()
    pair.near.add_peer(pair.far, preshared_key=preshared, keepalive=25)
    pair.far.add_peer(pair.near, preshared_key=preshared)
    before = int(time.time())
    pair.works()
    peer = pair.near.peer(pair.far)
    assert peer.preshared_key == preshared
    assert peer.endpoint.startswith(f"{MEMBER}:")
    assert sorted(peer.allowed_ips) == ["10.9.0.2/32", "fd00:9::2/128"]
    assert before - 1 <= peer.latest_handshake <= time.time() + 1
    assert peer.keepalive == 25
    # A ping is 84 bytes, 96 padded, 128 as a data message; a handshake adds 148 and 92.
    other = pair.far.peer(pair.near)
    assert other.sent >= 148 + 128 and other.received >= 92 + 128
    assert peer.received == other.sent and peer.sent == other.received


def test_show_for_people(pair):
    pair.near.set(fwmark=51)
    pair.near.add_peer(pair.far, preshared_key=generate_preshared_key(), keepalive=25)
    pair.near.add_peer(pair.far, preshared_key="")
    pair.works()
    pair.near.add_peer(pair.far, preshared_key=generate_preshared_key())
    text = pair.near.wg("show", pair.near.name).stdout
    for line in (f"interface: {pair.near.name}", f"public key: {pair.near.public_key}",
                 "private key: (hidden)", f"listening port: {PORT}", "fwmark: 0x33",
                 f"peer: {pair.far.public_key}", "preshared key: (hidden)",
                 f"endpoint: {MEMBER}:", "allowed ips: ", "latest handshake: ", "transfer: ",
                 "persistent keepalive: every 25 seconds"):
        assert line in text


@pytest.mark.parametrize("field, expected", [
    ("public-key", lambda p: p.near.public_key),
    ("private-key", lambda p: p.near.private_key),
    ("listen-port", lambda p: str(PORT)),
    ("fwmark", lambda p: "off"),
    ("peers", lambda p: p.far.public_key),
    ("preshared-keys", lambda p: f"{p.far.public_key}\t(none)"),
    ("endpoints", lambda p: f"{p.far.public_key}\t(none)"),
    ("latest-handshakes", lambda p: f"{p.far.public_key}\t0"),
    ("transfer", lambda p: f"{p.far.public_key}\t0\t0"),
    ("persistent-keepalive", lambda p: f"{p.far.public_key}\toff"),
])
def test_show_one_field(pair, field, expected):
    assert pair.near.wg("show", pair.near.name, field).stdout.strip() == expected(pair)


def test_show_interfaces_and_all(device):
    assert device.name in device.wg("show", "interfaces").stdout.split()
    lines = device.wg("show", "all", "dump").stdout.splitlines()
    assert any(line.startswith(f"{device.name}\t{device.private_key}") for line in lines)


def test_set_peer_changes_what_is_named_only(device):
    key, preshared = peer_key(), generate_preshared_key()
    device.add_peer(key, allowed_ips=["10.1.0.0/16", "fd01::/64"], endpoint="192.0.2.7:7",
                    preshared_key=preshared, keepalive=30)
    device.add_peer(key, keepalive=40)
    peer = device.peer(key)
    assert (peer.endpoint, peer.preshared_key, peer.keepalive) == ("192.0.2.7:7", preshared, 40)
    assert sorted(peer.allowed_ips) == ["10.1.0.0/16", "fd01::/64"]
    device.add_peer(key, allowed_ips=["10.2.0.0/16"], preshared_key="", keepalive=0,
                    endpoint="[2001:db8::7]:8")
    peer = device.peer(key)
    assert (peer.endpoint, peer.preshared_key, peer.keepalive) == ("[2001:db8::7]:8", None, 0)
    assert peer.allowed_ips == ["10.2.0.0/16"]
    device.wg("set", device.name, "peer", key, "allowed-ips", "")
    assert device.peer(key).allowed_ips == []


def test_allowed_ips_are_masked_and_move_between_peers(device):
    one, two = peer_key(), peer_key()
    device.add_peer(one, allowed_ips=["10.1.2.3/16", "fd01::9/64", "0.0.0.0/0"])
    assert sorted(device.peer(one).allowed_ips) == ["0.0.0.0/0", "10.1.0.0/16", "fd01::/64"]
    device.add_peer(two, allowed_ips=["10.1.0.0/16"])
    assert device.peer(two).allowed_ips == ["10.1.0.0/16"]
    assert sorted(device.peer(one).allowed_ips) == ["0.0.0.0/0", "fd01::/64"]


def test_remove_peer(device):
    one, two = peer_key(), peer_key()
    device.add_peer(one, allowed_ips=["10.1.0.0/16"])
    device.add_peer(two, allowed_ips=["10.2.0.0/16"])
    device.remove_peer(one)
    assert list(device.show().peers) == [two]
    device.remove_peer(one)


def test_many_peers_and_many_allowed_ips(device):
    keys = [peer_key() for _ in range(20)]
    text = "[Interface]\n" + "".join(
        f"[Peer]\nPublicKey = {key}\nAllowedIPs = "
        + ", ".join(f"10.{number}.{net}.0/24" for net in range(100)) + "\n"
        for number, key in enumerate(keys))
    configure(device, "setconf", text)
    peers = device.show().peers
    assert set(peers) == set(keys)
    assert all(len(peer.allowed_ips) == 100 for peer in peers.values())


def test_showconf_and_setconf_round_trip(device):
    device.set(listen_port=PORT, fwmark=0x1234)
    for number in range(3):
        device.add_peer(peer_key(), allowed_ips=[f"10.{number}.0.0/16"], keepalive=number,
                        preshared_key=generate_preshared_key(), endpoint=f"192.0.2.{number}:9")
    text, parts = device.wg("showconf", device.name).stdout, configuration(device)
    assert "FwMark = 0x1234" in text and f"ListenPort = {PORT}" in text
    configure(device, "setconf", f"[Interface]\nPrivateKey = {generate_private_key()}\n")
    assert device.show().peers == {} and device.show().public_key != device.public_key
    configure(device, "setconf", text)
    assert configuration(device) == parts


def test_addconf_keeps_the_others(device):
    one, two = peer_key(), peer_key()
    device.add_peer(one, allowed_ips=["10.1.0.0/16"])
    configure(device, "addconf", f"[Peer]\nPublicKey = {two}\nAllowedIPs = 10.2.0.0/16\n")
    assert set(device.show().peers) == {one, two}
    assert device.show().public_key == device.public_key


def test_syncconf_keeps_the_session(pair):
    pair.works()
    extra = peer_key()
    pair.near.add_peer(extra, allowed_ips=["10.7.0.0/16"])
    before = pair.near.peer(pair.far)
    configure(pair.near, "syncconf",
              f"[Interface]\nPrivateKey = {pair.near.private_key}\nListenPort = {PORT}\n"
              f"[Peer]\nPublicKey = {pair.far.public_key}\nAllowedIPs = 10.9.0.2/32\n")
    after = pair.near.peer(pair.far)
    assert set(pair.near.show().peers) == {pair.far.public_key}
    assert (after.latest_handshake, after.endpoint) == (before.latest_handshake, before.endpoint)
    assert after.received >= before.received > 0
    pair.capture.clear()
    assert pair.member.ping(INNER_SERVER, count=3)
    assert not [frame for frame in pair.capture.frames(protocol="udp") if frame.payload[0] != 4]


def test_own_public_key_as_peer_is_passed_over(device):
    device.add_peer(device.public_key, allowed_ips=["10.1.0.0/16"], check=False)
    assert device.public_key not in device.show().peers
    device.add_peer(peer_key())
    assert len(device.show().peers) == 1


def talk(device, text):
    """Say a text to the socket, half-close, and return all that it says."""
    with socket.socket(socket.AF_UNIX) as stream:
        stream.settimeout(10)
        stream.connect(device.socket_path)
        stream.sendall(text.encode())
        answer = b""
        while not re.search(rb"errno=-?\d+\n\n", answer):
            part = stream.recv(65536)
            if not part:
                break
            answer += part
    return answer.decode()


@pytest.mark.parametrize("request_text", [
    "set=1\nnonsense=1\n\n",
    "set=1\nprivate_key=00\n\n",
    "set=1\nprivate_key=" + "x" * 64 + "\n\n",
    "set=1\nlisten_port=65536\n\n",
    "set=1\nlisten_port=-1\n\n",
    "set=1\npublic_key=" + "11" * 32 + "\nallowed_ip=10.0.0.0/33\n\n",
    "set=1\npublic_key=" + "11" * 32 + "\nendpoint=nowhere\n\n",
    "set=1\npublic_key=" + "11" * 32 + "\npersistent_keepalive_interval=65536\n\n",
    "set=1\nallowed_ip=10.0.0.0/8\n\n",
])
def test_socket_refuses_what_it_does_not_understand(device, request_text):
    answer = talk(device, request_text)
    assert re.fullmatch(r"errno=-?[1-9]\d*\n\n", answer), answer
    assert device.show().private_key == device.private_key


def test_socket_survives_broken_and_idle_clients(ours, device):
    idle = [socket.socket(socket.AF_UNIX) for _ in range(8)]
    try:
        for number, stream in enumerate(idle):
            stream.connect(device.socket_path)
            if number % 2:
                stream.sendall(b"set=1\nlisten_port=9")
        assert device.show().public_key == device.public_key
    finally:
        for stream in idle:
            stream.close()
    assert device.show().public_key == device.public_key


def test_socket_takes_a_request_in_pieces(device):
    with socket.socket(socket.AF_UNIX) as stream:
        stream.settimeout(10)
        stream.connect(device.socket_path)
        for byte in b"get=1\n\n":
            stream.sendall(bytes([byte]))
        answer = b""
        while not answer.endswith(b"errno=0\n\n"):
            part = stream.recv(65536)
            assert part, answer
            answer += part
    assert b"private_key=" in answer


def test_socket_is_for_root_only(device):
    refused = device.host.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                               "wg", "show", device.name], check=False)
    assert refused.returncode != 0


def test_endpoint_of_a_peer_is_tried_at_once_with_keepalive(pair):
    """A peer with a keepalive gets a handshake though nothing is sent to it."""
    pair.far.add_peer(pair.near, keepalive=10)
    pair.far.wait_for_handshake(pair.near)
    wait_until(lambda: pair.near.peer(pair.far).endpoint, 10, "the server to learn the endpoint")
    assert pair.far.peer(pair.near).endpoint == f"{SERVER}:{PORT}"
