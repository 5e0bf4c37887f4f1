"""`show crypto ipsec sa`, as an ASA lays it out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from ikecli.boundary.outer import OuterView
from ikecli.boundary.views import ChildView, ConnectionView, FlowView, IpsecTotalsView
from ikecli.show import suites, text
from ikecli.show.flows import Block, blocks, kilobytes_left, overhead, received_wrong, seconds_left
from ikecli.show.options import Slots, detailed

_DF_WORDS: Final = {None: "copy", True: "set", False: "clear"}


def sa(views: Iterable[ConnectionView], slots: Slots) -> Iterator[str]:
    """`show crypto ipsec sa [detail]`: one block for each flow that has SAs."""
    found = (block for view in views for block in blocks(view) if block.children)
    interface = None
    for interface, group in groupby(found, key=lambda block: block.connection.nameif or block.connection.interface):
        yield f"interface: {interface}"
        for block in group:
            for child in reversed(block.children):
                yield from _block(block, child, detailed(slots))
                yield ""
    if interface is None:
        yield ""
        yield "There are no ipsec sas"


def df_bit(views: Iterable[OuterView], slots: Slots) -> Iterator[str]:
    """`show crypto ipsec df-bit NAMEIF`."""
    for view in views:
        yield f"df-bit {view.name} {_DF_WORDS[view.whole]}"


def fragmentation(views: Iterable[OuterView], slots: Slots) -> Iterator[str]:
    """`show crypto ipsec fragmentation NAMEIF`."""
    for view in views:
        yield f"fragmentation {view.name} {'after' if view.late else 'before'}-encryption"


def _entry(block: Block) -> FlowView:
    """The configured flow that led to this one."""
    flows = block.connection.flows
    return block.flow if block.flow in flows or len(flows) != 1 else flows[0]


def _block(block: Block, child: ChildView, detail: bool) -> Iterator[str]:
    view = block.connection
    local, remote = text.idents(block.flow, "asa")
    yield f"    Crypto map tag: {view.name}, seq num: {view.sequence}, local addr: {child.local}"
    yield ""
    if view.access_list:
        yield f"      access-list {view.access_list} extended {text.ace(_entry(block), 'asa')} "
    yield f"      local ident (addr/mask/prot/port): {local}"
    yield f"      remote ident (addr/mask/prot/port): {remote}"
    yield f"      current_peer: {child.remote}"
    yield ""
    yield ""
    yield from _counters(child, detail)
    yield ""
    here, there = f"{child.local}/{child.local_port}", f"{child.remote}/{child.remote_port}"
    total, front = overhead(child)
    yield f"      local crypto endpt.: {here}, remote crypto endpt.: {there}"
    yield f"      path mtu {view.mtu}, ipsec overhead {total}({front}), media mtu {view.mtu}"
    yield "      PMTU time remaining (sec): 0, DF policy: copy-df"
    yield f"      ICMP error validation: disabled, TFC packets: {'enabled' if child.tfc else 'disabled'}"
    yield f"      current outbound spi: {child.outbound_spi:08X}"
    yield f"      current inbound spi : {child.inbound_spi:08X}"
    yield ""
    yield from _sa(view, child, "inbound")
    yield from _sa(view, child, "outbound")


def _counters(child: ChildView, detail: bool) -> Iterator[str]:
    count = child.totals
    out, into = count.packets_out, count.packets_in
    yield f"      #pkts encaps: {out}, #pkts encrypt: {out}, #pkts digest: {out}"
    yield f"      #pkts decaps: {into}, #pkts decrypt: {into}, #pkts verify: {into}"
    yield "      #pkts compressed: 0, #pkts decompressed: 0"
    yield f"      #pkts not compressed: {out}, #pkts comp failed: 0, #pkts decomp failed: 0"
    yield "      #pre-frag successes: 0, #pre-frag failures: 0, #fragments created: 0"
    yield "      #PMTUs sent: 0, #PMTUs rcvd: 0, #decapsulated frgs needing reassembly: 0"
    yield f"      #TFC rcvd: {count.dummies_in}, #TFC sent: {count.dummies_out}"
    yield "      #Valid ICMP Errors rcvd: 0, #Invalid ICMP Errors rcvd: 0"
    if not detail:
        yield f"      #send errors: {count.errors_out}, #recv errors: {received_wrong(count)}"
        return
    yield "      #pkts no sa (send): 0, #pkts invalid sa (rcv): 0"
    yield f"      #pkts encaps failed (send): {count.errors_out}, #pkts decaps failed (rcv): {count.errors_in}"
    yield f"      #pkts invalid prot (rcv): 0, #pkts verify failed: {count.integrity_failures}"
    yield "      #pkts invalid identity (rcv): 0, #pkts invalid len (rcv): 0"
    yield "      #pkts invalid pad (rcv): 0,"
    yield "      #pkts replay rollover (send): 0, #pkts replay rollover (rcv): 0"
    yield f"      #pkts replay failed (rcv): {count.replays}"
    yield "      #pkts internal err (send): 0, #pkts internal err (rcv): 0"


def _settings(child: ChildView) -> str:
    parts = [
        "L2L, ",
        "Transport, " if child.transport else "Tunnel, ",
        " NAT-T-Encaps, " if child.encapsulated else "",
        f"PFS Group {child.group}, " if child.group is not None else "",
        "ESN, " if child.esn else "",
        "IKEv2, ",
    ]
    return "".join(parts)


def _sa(view: ConnectionView, child: ChildView, direction: str) -> Iterator[str]:
    inbound = direction == "inbound"
    spi = child.inbound_spi if inbound else child.outbound_spi
    octets = child.counters.octets_in if inbound else child.counters.octets_out
    yield f"    {direction} esp sas:"
    yield f"      spi: 0x{spi:08X} ({spi})"
    yield "         SA State: active"
    yield f"         transform: {suites.asa_transform(child)} "
    yield f"         in use settings ={{{_settings(child)}}}"
    yield f"         slot: 0, conn_id: {child.inbound_spi}, crypto-map: {view.name}"
    if child.kilobytes:
        left = f"{kilobytes_left(child, octets)}/{seconds_left(child)}"
        yield f"         sa timing: remaining key lifetime (kB/sec): ({left})"
    else:
        yield f"         sa timing: remaining key lifetime (sec): {seconds_left(child)}"
    yield f"         IV size: {suites.sizes(child.encryption, child.integrity)[0]} bytes"
    yield f"         replay detection support: {'Y' if child.replay_window else 'N'}"


def stats(views: Sequence[IpsecTotalsView], slots: Slots) -> Iterator[str]:
    """`show crypto ipsec stats`: what is counted here, in the lines that have it."""
    for view in views:
        count = view.counters
        yield ""
        yield "IPsec Global Statistics"
        yield "-----------------------"
        yield f"Active tunnels: {view.active}"
        yield f"Previous tunnels: {view.previous}"
        yield "Inbound"
        yield f"    Bytes: {count.octets_in}"
        yield f"    Packets: {count.packets_in}"
        yield f"    Dropped packets: {count.errors_in + count.replays + count.integrity_failures}"
        yield f"    Replay failures: {count.replays}"
        yield f"    Authentication failures: {count.integrity_failures}"
        yield f"    Decryptions: {count.packets_in}"
        yield "Outbound"
        yield f"    Bytes: {count.octets_out}"
        yield f"    Packets: {count.packets_out}"
        yield f"    Dropped packets: {count.errors_out}"
        yield f"    Encryptions: {count.packets_out}"
