# SPDX-License-Identifier: ISC
"""Three ways lead to the same rules: the whole text, texts of differences one after the other, and
what enforce_apply() does by netlink. nft(8) is the judge: it loads the texts and lists all three."""

import json
import os
import random

import pytest

import enforcement
from enforcement import CONTROL, ENROL, GATEWAY, GATEWAY6, TUNNEL

STEPS = 250
SEED = 20261122


def listing(host):
    """Our tables as nft lists them: things in order, elements sorted, no handles and counts."""
    things = []
    text = host.run(["nft", "-j", "list", "ruleset"]).stdout
    for thing in json.loads(text)["nftables"]:
        for body in thing.values():
            for volatile in ("handle", "packets", "bytes"):
                body.pop(volatile, None)
            if "elem" in body:
                body["elem"] = sorted(map(json.dumps, body["elem"]))
        things.append(json.dumps(thing, sort_keys=True))
    return sorted(things)


def random_model(dice):
    """Lines of a model that is like the others before and after it, in part."""
    lines = ["clear", f"tunnel {TUNNEL} {GATEWAY}/16 {GATEWAY6}/64 {CONTROL} {ENROL} host"]
    roles = dice.sample(range(1, 9), dice.randint(0, 6)) + dice.sample([70000, 0xFFFFFFFE], 1)
    invited = {role for role in roles if dice.random() < 0.2}
    lines += [f"role {role} {'invited' if role in invited else 'enrolled'}" for role in roles]
    for number in dice.sample(range(2, 40), dice.randint(0, 30)):
        ipv4 = f"10.9.0.{number}" if dice.random() < 0.9 else "-"
        ipv6 = f"fd09::{number:x}" if dice.random() < 0.9 else "-"
        lines.append(f"device {ipv4} {ipv6} {dice.choice(roles)}")
    services = dice.sample(range(1, 30), dice.randint(0, 20))
    for number in services:
        target = dice.choice(["127.0.0.1", "::1", "192.168.7.2", "2001:db8::7"])
        lines.append(f"service {number} 10.9.200.{number} fd09::c8:{number:x} "
                     f"{dice.choice(['tcp', 'udp'])} {dice.choice([53, 80, 65535])} {target} "
                     f"{dice.randint(1, 3)}")
    for role in set(roles) - invited:
        lines += [f"grant {role} {number}" for number in services if dice.random() < 0.4]
    return lines


def test_all_ways_lead_to_the_same(lab):
    if not os.access(enforcement.driver_path(), os.X_OK):
        pytest.skip(f"{enforcement.driver_path()} is not built")
    whole, step, kernel = lab.host("whole"), lab.host("step"), lab.host("kernel")
    driver = enforcement.Driver(kernel)
    dice = random.Random(SEED)
    changed = 0
    for number in range(STEPS):
        driver.say(*random_model(dice))
        driver.ask("apply")
        change = driver.ask("change").text
        text = driver.ask("text").text
        if number == 0:
            step.run(["nft", "-f", "-"], input="\n".join(text) + "\n")
        else:
            step.run(["nft", "-f", "-"], input="\n".join(change) + "\n")
        whole.run(["nft", "-f", "-"], input="\n".join(text) + "\n")
        changed += len(change)
        want = listing(whole)
        assert listing(step) == want, f"seed {SEED}, step {number}"
        assert listing(kernel) == want, f"seed {SEED}, step {number}"
        if number % 50 == 0:
            assert driver.ask("check").differences == 0
    driver.close()
    assert changed > STEPS
    print(f"\n{STEPS} random models, {changed} commands of differences: all listings equal")
