# SPDX-License-Identifier: ISC
"""Knock keys in a network that runs: who knows which, and who gets in by it (docs/knock.md)."""

import json
import pathlib
import random
import threading
import time


import story
from lab import (Echo, Gateway, Refused, generate_private_key, noise, public_key_of, strangers,
                 tacet, wait_until)

CLOCKSHIFT = pathlib.Path(__file__).parent.parent / "lab" / "clockshift.c"
BUDGET_BURST = 100  # of src/wireguard/receive.c


def knock_of(device, gateway=0):
    """The epoch and key by which a device, on its disk, calls a gateway: the controller's first."""
    path = device.state / "control" / "device.json"
    assert path.stat().st_mode & 0o777 == 0o600
    knock = json.loads(path.read_text())["netmap"]["gateways"][gateway]["knock"]
    return knock["epoch"], knock["key"]


def counters(server):
    """What the status says of the knock."""
    return server.api("GET", "/v1/knock")


def rotate(server, times=1):
    """Has new keys made; the newest epoch."""
    for _ in range(times):
        epoch = server.api("POST", "/v1/knock/rotate")["epoch"]
    return epoch


def send_all(host, datagrams):
    """Sends them to the server's port, a little slower than its socket takes them."""
    with host.socket() as sender:
        for number, datagram in enumerate(datagrams):
            sender.sendto(datagram, (story.SERVER, tacet.PORT))
            if number % 50 == 49:
                time.sleep(0.01)


def initiations(server, count, knock=None):
    """Of a stranger who knows the public key, and perhaps a knock."""
    chance = random.Random(11)
    key = server.status()["public_key"]
    plain = [strangers.initiation(key, chance) for _ in range(count)]
    return [strangers.with_knock(one, *knock) for one in plain] if knock else plain


def is_back(device, timeout=10):
    """Has a device begin anew, so that it has to shake hands."""
    if device.is_running():
        device.stop()
    device.start()
    return device.wait_connected(timeout)


def test_stranger_is_counted(lab):
    """Required is what a network begins with; a stranger costs a hash, and is counted exactly."""
    world = story.make(lab)
    server = world.server
    capture = world.outer.capture()
    assert counters(server)["mode"] == "required"
    def is_asked():
        """Before its engine is up, it counts what comes as something else."""
        send_all(world.stranger, initiations(server, 1))
        return counters(server)["missing"]
    wait_until(is_asked, 10, "the engine to ask for knocks", 0.1)
    time.sleep(0.2)  # the last of these may be under way
    before = counters(server)["missing"]
    send_all(world.stranger, initiations(server, 200))
    wait_until(lambda: counters(server)["missing"] == before + 200, 5, "200 to be counted")
    knock = server.status()["knock"]
    assert knock["over_budget"] == 0 and knock["epochs"] == 1
    assert capture.count(source=story.SERVER, protocol="udp") == 0
    said = server.tacet("status").stdout
    assert "required" in said and "1 accepted" in said


def test_who_is_out_has_the_budget_only(lab):
    """A removed device's keys are served from the budget; who is away with one still gets in."""
    world = story.make(lab, "alice", "bob", "carol")
    server = world.server
    world.web("alice", "bob", "carol")
    alice, bob, carol = (world.enrol(name, services=["intranet"]) for name in world.members)
    theirs = knock_of(bob)
    wait_until(lambda: knock_of(alice) == theirs == knock_of(carol), 5, "all to have one key")
    alice.stop()
    bob.stop()
    server.revoke("bob", "bob")
    wait_until(lambda: knock_of(carol) != theirs, 5, "who is there to be told the next key")
    knock = counters(server)
    assert (knock["epochs"], knock["budgeted"]) == (2, 1)
    send_all(world.stranger, initiations(server, 400, theirs))
    wait_until(lambda: counters(server)["over_budget"] > 0, 5, "the budget to be used up")
    assert counters(server)["missing"] == 0
    over = counters(server)["over_budget"]
    assert over <= 400 - BUDGET_BURST
    # One whose key nobody else had is no stranger's any more.
    is_back(carol)
    is_back(alice, 20)
    assert knock_of(alice) == knock_of(carol)
    assert alice.fetch("http://intranet.tacet/") == "page of server\n"


def test_rotation_loses_nothing(lab):
    """Forty keys while datagrams go to and fro, one at a time: each is answered."""
    world = story.make(lab, "alice")
    server = world.server
    server.add_user("alice")
    Echo(world.backend, story.BACKEND, 9000)
    server.add_service("names", f"{story.BACKEND}:9000", "--protocol", "udp")
    server.allow(alice=["names"])
    alice = world.enrol("alice", services=["names"])
    vip, made = world.vip("names"), []
    thread = threading.Thread(target=lambda: made.append(rotate(server, 40)))
    thread.start()
    answered = asked = 0
    while thread.is_alive():
        asked += 1
        answered += Echo.ask(alice.host, vip, 9000) is not None
    thread.join()
    assert answered == asked > 40
    first = knock_of(alice)[1]
    assert first not in server.log and first not in alice.log
    wait_until(lambda: knock_of(alice)[0] == made[0], 5, "alice to have the newest key")


def test_away_for_long(lab):
    """More keys than there is room for, restarts between: who was away gets in by its last."""
    world = story.make(lab, "alice")
    server = world.server
    world.web("alice")
    alice = world.enrol("alice", services=["intranet"])
    first = knock_of(alice)[0]
    alice.stop()
    rotate(server, 200)
    server.kill("control")
    wait_until(lambda: answers(server), 10, "the controller to be there again")
    rotate(server, 200)
    server.stop()
    server.start()
    newest = rotate(server, 100)
    assert newest - first >= 500
    assert counters(server)["epochs"] == 448
    is_back(alice)
    wait_until(lambda: knock_of(alice)[0] == newest, 5, "alice to have the newest key")
    assert counters(server)["missing"] == 0


def answers(server):
    """Whether the controller answers now."""
    try:
        return server.status()
    except (OSError, Refused):
        return False


def test_killed_while_it_rotates(lab):
    """The controller dies at any moment of making and telling keys: nobody is locked out."""
    world = story.make(lab, "alice")
    server = world.server
    world.web("alice")
    alice = world.enrol("alice", services=["intranet"])
    chance = random.Random(3)

    def go_on():
        try:
            rotate(server, 50)
        except (OSError, Refused):
            pass  # it was killed
    for _ in range(5):
        thread = threading.Thread(target=go_on)
        thread.start()
        time.sleep(chance.uniform(0.02, 0.3))  # any moment is as good
        server.kill("control")
        alice.kill("control")
        thread.join()
        wait_until(lambda: answers(server), 10, "the controller to be there again")
        is_back(alice)
    assert counters(server)["missing"] == 0


def test_clock_is_wrong(lab):
    """The controller's clock is a month back, then a month ahead: one key more, nobody is out."""
    world = story.make(lab, "alice")
    server = world.server
    world.web("alice")
    alice = world.enrol("alice", services=["intranet"])
    library = f"{lab.directory}/clockshift.so"
    server.host.run(["gcc", "-shared", "-fPIC", "-O2", "-o", library, CLOCKSHIFT])
    epochs = [rotate(server)]
    for days in (-30, 30, 0):
        server.stop()
        server.start(env={"LD_PRELOAD": library, "CLOCKSHIFT_SECONDS": days * 24 * 3600})
        is_back(alice)
        rotate(server)
        epochs.append(counters(server)["newest"])
        wait_until(lambda: knock_of(alice)[0] == epochs[-1], 5, "alice to have the newest key")
        is_back(alice)
    made = [after - before for before, after in zip(epochs, epochs[1:])]
    assert made == [1, 2, 1]  # ahead, one was due at once
    assert counters(server)["missing"] == 0


def test_restored(lab, tmp_path):
    """A backup knows less than the devices do: they come in all the same, and are told anew."""
    world = story.make(lab, "alice")
    server = world.server
    world.web("alice")
    alice = world.enrol("alice", services=["intranet"])
    server.tacet("backup", tmp_path / "backup.db")
    newest = rotate(server, 3)
    wait_until(lambda: knock_of(alice)[0] == newest, 5, "alice to have the newest key")
    alice.stop()
    server.stop()
    assert "tacet knock --mode required" in server.tacet("restore", tmp_path / "backup.db").stdout
    server.start()
    assert counters(server)["mode"] == "preferred"
    is_back(alice)
    wait_until(lambda: knock_of(alice)[0] == counters(server)["newest"], 5, "alice to be told")
    server.tacet("knock", "--mode", "required")
    is_back(alice)


def test_mode_is_changed_at_once(lab):
    """Within a second, and sessions go on: a stock client comes in, and stays until it calls anew."""
    world = story.make(lab, "alice")
    server = world.server
    world.web("alice")
    phone = story.Phone(world, "alice")
    url = f"http://{phone.vips['intranet']}/"
    assert phone.fetch(url) == "page of server\n"
    began = time.monotonic()
    said = server.tacet("knock", "--mode", "required").stdout
    assert time.monotonic() - began < 1
    assert "alice/phone knows no knock key" in said
    assert phone.fetch(url) == "page of server\n"
    phone.renew()
    assert phone.fetch(url) is None
    server.tacet("knock", "--mode", "off")
    send_all(world.stranger, initiations(server, 50))
    wait_until(lambda: phone.fetch(url, 6) == "page of server\n", 12, "the phone to get in")
    assert [entry["object"] for entry in server.audit("network.knock")] == [
        "preferred", "required", "off"]


def test_stock_client_is_warned_of(lab):
    """Who adds a stock client hears that it cannot connect."""
    world = story.make(lab)
    world.server.add_user("alice")
    key = public_key_of(generate_private_key())
    result = world.server.tacet("device", "add", "alice", "phone", "--public-key", key)
    assert "does not knock" in result.stderr and "PublicKey" in result.stdout


def test_gateway_of_its_own(lab):
    """A gateway that is cut off has older keys: devices still use one there that it takes."""
    world = story.make(lab, "alice")
    server = world.server
    world.web("alice")
    host, _ = world.add_host("far")
    far = Gateway(host)
    far.join(server.invite_gateway("berlin"))
    far.wait_connected()
    Echo(host, "127.0.0.1", 9000)
    server.add_service("wiki", "127.0.0.1:9000", "--gateway", "berlin", "--protocol", "udp")
    server.allow(alice=["intranet", "wiki"])
    alice = world.enrol("alice", services=["intranet", "wiki"])
    vip = world.vip("wiki")
    wait_until(lambda: Echo.ask(alice.host, vip, 9000), 10, "the far gateway to take a knock")
    # Away from its controller, and only from it.
    server.host.run(["ip", "route", "add", "blackhole", f"{host.address()}/32"])
    newest = rotate(server, 3)
    wait_until(lambda: knock_of(alice)[0] == newest, 10, "alice to have the newest key")
    assert knock_of(alice, 1)[0] < newest
    assert (far.state / "control" / "plan.json").stat().st_mode & 0o777 == 0o600
    is_back(alice)
    wait_until(lambda: Echo.ask(alice.host, vip, 9000), 10, "the far gateway to take an older one")
    server.host.run(["ip", "route", "del", "blackhole", f"{host.address()}/32"])
    wait_until(lambda: knock_of(alice, 1)[0] == newest, 60, "the far gateway to be up to date")
    is_back(alice)
    wait_until(lambda: Echo.ask(alice.host, vip, 9000), 10, "the far gateway to take the newest")


def test_members_connect_during_a_flood(lab):
    """A hundred of a hundred, while initiations with valid mac1 and without a knock flood in."""
    world = story.make(lab, "alice")
    server = world.server
    world.web("alice")
    alice = world.enrol("alice", services=["intranet"])
    knock = knock_of(alice)
    keys = [generate_private_key() for _ in range(100)]
    for number, key in enumerate(keys):
        server.api("POST", "/v1/devices", {"user": "alice", "name": f"d{number}",
                                           "public_key": public_key_of(key)})
    flood = initiations(server, 3000)
    server_key = server.status()["public_key"]
    ended, sent = threading.Event(), [0]

    def pour():
        with world.stranger.socket() as sender:
            while not ended.is_set():
                for datagram in flood:
                    sender.sendto(datagram, (story.SERVER, tacet.PORT))
                sent[0] += len(flood)
    thread = threading.Thread(target=pour)
    thread.start()
    began = time.monotonic()
    try:
        longest = max(connects(alice.host, key, server_key, knock) for key in keys)
    finally:
        ended.set()
        thread.join()
    rate = sent[0] / (time.monotonic() - began)
    assert longest < 5
    assert counters(server)["missing"] > 1000
    print(f"\n100 of 100 members connected during {rate:.0f} initiations a second without a knock;"
          f" the slowest took {longest:.2f} s")


def connects(host, key, server_key, knock, patience=5):
    """How long a handshake takes; a try each second, as what is lost is lost."""
    began = time.monotonic()
    with host.socket() as sender:
        sender.settimeout(1)
        while time.monotonic() - began < patience:
            message = noise.initiation(key, server_key, time.time_ns())
            sender.sendto(strangers.with_knock(message, *knock), (story.SERVER, tacet.PORT))
            try:
                if sender.recv(2048)[0] == strangers.RESPONSE:
                    return time.monotonic() - began
            except TimeoutError:
                continue
    raise AssertionError("a member could not connect")
