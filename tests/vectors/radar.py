#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Packets of real scanners, and of ordinary programs, as a target saw them, for tests of the radar.

Run as root from the root:  /usr/bin/python3 tests/vectors/radar.py > tests/vectors/radar.inc
Takes two minutes. What each row should be called is in tests/lab/{scans,ordinary}.py.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lab import Lab  # noqa: E402
from lab.ordinary import ORDINARY  # noqa: E402
from lab.scans import SCANS, Stranger, settle  # noqa: E402

PACKETS_MAX, BYTES_MAX = 24, 96
HEAD = '''/* SPDX-License-Identifier: ISC */
/* Recorded from real tools by tests/vectors/radar.py; do not edit. */

#include <stdint.h>

/* Packets of one run: its kind, what it should be called, and each as "milliseconds hex". */
struct recorded_run {
	const char *kind, *tool, *scan;
	const char *packets[''' + str(PACKETS_MAX + 1) + '''];
};

static const struct recorded_run recorded_runs[] = {
'''
SILENCE = """table inet silence {
    chain in {
        type filter hook prerouting priority -450; policy drop;
        icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    }
}
"""


def thin(frames):
    """At most PACKETS_MAX of them: the first ones, and then some of all."""
    first = PACKETS_MAX // 2
    if len(frames) <= PACKETS_MAX:
        return frames
    rest = frames[first:]
    return frames[:first] + [rest[i * len(rest) // first] for i in range(first)]


def record(stranger, capture, kind, number):
    """One run; its packets as (milliseconds, bytes from the IP header on)."""
    source, source6 = f"10.77.1.{number}", f"fd77:{number:x}::1"
    stranger.near.add_address(f"{source}/32")
    stranger.near.add_address(f"{source6}/128")
    capture.clear()
    stranger.run(kind, source, source6)
    settle(stranger.link)
    frames = capture.frames(source=source if kind.version == 4 else source6)
    frames = [frame for frame in frames if frame.protocol != "arp"]
    stranger.near.remove_address(f"{source}/32")
    stranger.near.remove_address(f"{source6}/128")
    if not frames:
        sys.exit(f"radar.py: {kind.name} sent nothing")
    print(f"{kind.name}: {len(frames)} packets", file=sys.stderr)
    begin = frames[0].time
    return [(int((frame.time - begin) * 1000), frame.raw[14:14 + BYTES_MAX])
            for frame in thin(frames)]


def main():
    with Lab() as lab:
        near, far = lab.host("stranger"), lab.host("target")
        link = lab.link(near, far, left=["10.77.0.1/16", "fd77::1/16"],
                        right=["10.77.0.2/16", "fd77::2/16"])
        far.run(["nft", "-f", "-"], input=SILENCE)
        for address in ("10.77.0.2", "fd77::2"):
            near.ip("neighbour", "add", address, "lladdr", link.right.mac, "dev", "eth0")
        stranger = Stranger(near, far, link)
        stranger.link = link
        capture = link.right.capture(snap=BYTES_MAX + 14)
        print(HEAD, end="")
        for number, kind in enumerate(SCANS + ORDINARY, 10):
            missing = kind.missing()
            if missing:
                sys.exit(f"radar.py: {kind.name}: {missing}")
            rows = record(stranger, capture, kind, number)
            print(f'{{"{kind.name}", "{kind.tool}", "{kind.scan}", {{')
            for milliseconds, data in rows:
                print(f'\t"{milliseconds} {data.hex()}",')
            print("}},")
        print("};")


if __name__ == "__main__":
    main()
