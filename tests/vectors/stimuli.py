#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Frames that src/prover/craft.h must make, by Scapy (Debian: python3-scapy), which is not ours.

Run from the root:  /usr/bin/python3 tests/vectors/stimuli.py > tests/vectors/stimuli.h
Each row names a stimulus of the catalogue. The scene: we are 192.0.2.66 and 2001:db8:1::66 with
link address 02:00:00:00:00:66, the target 192.0.2.10 and 2001:db8:1::10 with 02:00:00:00:00:10,
port 40004, overlay 10.9.0.1 and fd09::1; the tag is 20004, the serial 1.
"""

from scapy.all import (
    ARP, Ether, HBHOptUnknown, ICMP, ICMPv6EchoRequest, ICMPv6MLQuery, ICMPv6ND_NS,
    ICMPv6NDOptSrcLLAddr, IP, IPOption, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, PadN, Raw, RouterAlert, TCP, UDP, raw)

TAG, PORT = 20004, 40004
ETHER = Ether(src='02:00:00:00:00:66', dst='02:00:00:00:00:10')
ALL = Ether(src='02:00:00:00:00:66', dst='ff:ff:ff:ff:ff:ff')
SOLICITED = Ether(src='02:00:00:00:00:66', dst='33:33:ff:00:00:10')
OURS, OURS6, HOST, HOST6 = '192.0.2.66', '2001:db8:1::66', '192.0.2.10', '2001:db8:1::10'


def ip(**more):
    return IP(**{'src': OURS, 'dst': HOST, 'id': TAG, 'ttl': 64, **more})


def ip6(**more):
    return IPv6(**{'src': OURS6, 'dst': HOST6, 'fl': TAG, 'hlim': 64, **more})


def tcp(port, flags, **more):
    return TCP(sport=TAG, dport=port, seq=TAG << 16 | 1, ack=TAG if 'A' in flags else 0,
               flags=flags, **{'window': 1024, **more})


def udp(port, data=b''):
    return UDP(sport=TAG, dport=port) / Raw(data)


ECHO = b'tacet'
ABC = bytes(range(0x40, 0x60))
ROWS = {
    'arp.request': ALL / ARP(op=1, hwsrc='02:00:00:00:00:66', psrc=OURS, pdst=HOST),
    'arp.probe': ALL / ARP(op=1, hwsrc='02:00:00:00:00:66', psrc='0.0.0.0', pdst=HOST),
    'arp.overlay': ETHER / ARP(op=1, hwsrc='02:00:00:00:00:66', psrc=OURS, pdst='10.9.0.1'),
    'ipv4.icmp.echo': ETHER / ip() / ICMP(id=TAG, seq=1) / ECHO,
    'ipv4.icmp.timestamp': ETHER / ip(proto=1) / Raw(
        raw(ICMP(type=13, id=TAG, seq=1, ts_ori=0, ts_rx=0, ts_tx=0))),
    'ipv4.udp.closed': ETHER / ip() / udp(40001, ECHO),
    'ipv4.udp.traceroute.one': ETHER / ip(ttl=1) / udp(33434, ABC),
    'ipv4.port.udp.empty': ETHER / ip() / udp(PORT),
    'ipv4.port.speaks.nmap': ETHER / ip() / udp(PORT, b'C' * 300),
    'ipv4.tcp.closed.syn': ETHER / ip() / tcp(40001, 'S'),
    'ipv4.tcp.closed.xmas': ETHER / ip() / tcp(40001, 'FPU'),
    'ipv4.tcp.closed.syn-ack': ETHER / ip() / tcp(40001, 'SA'),
    'ipv4.tcp.syn.443': ETHER / ip() / tcp(443, 'S', options=[('MSS', 1460)]),
    'ipv4.tcp.mirai.23': ETHER / ip() / TCP(
        sport=TAG, dport=23, seq=0xc000020a, flags='S', window=14600),
    'ipv4.protocol.gre': ETHER / ip(proto=47) / Raw(b'\0\0\x08\0' + bytes(16)),
    'ipv4.option.record-route': ETHER / ip(
        options=IPOption(b'\x07\x0b\x04' + bytes(9))) / ICMP(id=TAG, seq=1) / ECHO,
    'ipv4.overlay.echo': ETHER / ip(dst='10.9.0.1') / ICMP(id=TAG, seq=1) / ECHO,
    'ipv4.forged.loopback.syn': ETHER / ip(src='127.0.0.1') / tcp(22, 'S'),
    'ipv6.icmp.echo': ETHER / ip6() / ICMPv6EchoRequest(id=TAG, seq=1, data=ECHO),
    'ipv6.icmp.echo.nodes': ETHER / ip6(dst='ff02::1') / ICMPv6EchoRequest(
        id=TAG, seq=1, data=ECHO),
    'ipv6.udp.closed': ETHER / ip6() / udp(40001, ECHO),
    'ipv6.tcp.closed.null': ETHER / ip6() / tcp(40001, ''),
    'ipv6.neighbour.solicit': SOLICITED / ip6(dst='ff02::1:ff00:10', hlim=255) / ICMPv6ND_NS(
        tgt=HOST6) / ICMPv6NDOptSrcLLAddr(lladdr='02:00:00:00:00:66'),
    'ipv6.groups.v1': ETHER / ip6(src='fe80::ff:fe00:66', dst='ff02::1', hlim=1)
    / IPv6ExtHdrHopByHop(options=[RouterAlert(), PadN(optdata=b'')]) / ICMPv6MLQuery(mrd=1),
    'ipv6.extension.destination': ETHER / ip6() / IPv6ExtHdrDestOpt(
        options=[HBHOptUnknown(otype=0x9e, optdata=bytes(4))]) / ICMPv6EchoRequest(
        id=TAG, seq=1, data=ECHO),
    'ipv6.extension.routing': ETHER / ip6() / IPv6ExtHdrRouting(
        type=253, segleft=1, len=0, addresses=[]) / ICMPv6EchoRequest(id=TAG, seq=1, data=ECHO),
    'ipv6.fragment.atomic': ETHER / ip6() / IPv6ExtHdrFragment(id=TAG) / ICMPv6EchoRequest(
        id=TAG, seq=1, data=ECHO),
}


def main():
    print('/* SPDX-License-Identifier: ISC */')
    print('/* Made by stimuli.py, which says how; do not edit. */')
    print('/* clang-format off */')
    print('#pragma once\n')
    print('static const struct {\n\tconst char *name, *frame;\n} stimuli[] = {')
    for name, packet in ROWS.items():
        text = raw(packet).hex()
        print(f'\t{{"{name}",')
        for at in range(0, len(text), 64):
            print(f'\t\t"{text[at:at + 64]}"', end='},\n' if at + 64 >= len(text) else '\n')
    print('};')


if __name__ == '__main__':
    main()
