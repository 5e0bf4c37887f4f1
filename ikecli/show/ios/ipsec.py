"""`show crypto ipsec sa` and `show crypto ipsec transform-set`, as IOS lays them out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from ikecli.boundary.views import ChildView, ConnectionView, IkeSaView, IpsecProfileView, TransformSetView
from ikecli.show import suites, text
from ikecli.show.flows import Block, blocks, kilobytes_left, plaintext_mtu, received_wrong, seconds_left
from ikecli.show.ios.crypto_map import idle_time, terms
from ikecli.show.options import Slots, detailed


def sa(views: Iterable[ConnectionView], slots: Slots) -> Iterator[str]:
    """`show crypto ipsec sa [detail]`: one block for each flow of each crypto-map entry, up or down."""
    for interface, group in groupby(views, key=lambda view: view.interface):
        yield ""
        yield f"interface: {interface}"
        tag = ("", "")
        for connection in group:
            if tag != (connection.name, connection.local):
                tag = (connection.name, connection.local)
                yield f"    Crypto map tag: {connection.name}, local addr {text.address(connection.local)}"
            for block in blocks(connection):
                yield ""
                yield from _block(block, detailed(slots))


def _block(block: Block, detail: bool) -> Iterator[str]:
    local, remote = text.idents(block.flow)
    yield f"   protected vrf: {block.connection.inner_vrf or '(none)'}"
    yield f"   local  ident (addr/mask/prot/port): {local}"
    yield f"   remote ident (addr/mask/prot/port): {remote}"
    yield f"   current_peer {text.address(block.peer)} port {block.port}"
    yield "     PERMIT, flags={origin_is_acl,}"
    yield from _counters(block, detail)
    yield ""
    yield from _endpoints(block)
    yield ""
    for direction in ("inbound", "outbound"):
        yield f"     {direction} esp sas:"
        for child in reversed(block.children):
            yield from _sa(block, child, direction == "inbound", detail)
        yield ""
        yield f"     {direction} ah sas:"
        yield ""
        yield f"     {direction} pcp sas:"
        yield ""


def _counters(block: Block, detail: bool) -> Iterator[str]:
    count = block.counters
    out, into = count.packets_out, count.packets_in
    yield f"    #pkts encaps: {out}, #pkts encrypt: {out}, #pkts digest: {out}"
    yield f"    #pkts decaps: {into}, #pkts decrypt: {into}, #pkts verify: {into}"
    yield "    #pkts compressed: 0, #pkts decompressed: 0"
    yield "    #pkts not compressed: 0, #pkts compr. failed: 0"
    yield "    #pkts not decompressed: 0, #pkts decompress failed: 0"
    if not detail:
        yield f"    #send errors {count.errors_out}, #recv errors {received_wrong(count)}"
        return
    yield "    #pkts no sa (send) 0, #pkts invalid sa (rcv) 0"
    yield f"    #pkts encaps failed (send) {count.errors_out}, #pkts decaps failed (rcv) {count.errors_in}"
    yield f"    #pkts invalid prot (recv) 0, #pkts verify failed: {count.integrity_failures}"
    yield "    #pkts invalid identity (recv) 0, #pkts invalid len (rcv) 0"
    yield "    #pkts replay rollover (send): 0, #pkts replay rollover (rcv) 0"
    yield f"    ##pkts replay failed (rcv): {count.replays}"
    yield "    #pkts tagged (send): 0, #pkts untagged (rcv): 0"
    yield "    #pkts not tagged (send): 0, #pkts not untagged (rcv): 0"
    yield "    #pkts internal err (send): 0, #pkts internal err (recv) 0"


def _endpoints(block: Block) -> Iterator[str]:
    child, mtu = block.newest, block.connection.mtu
    local, remote, ip = text.address(block.local), text.address(block.peer), "ipv6" if ":" in block.local else "ip"
    if ip == "ipv6":
        yield f"     local crypto endpt.: {local},"
        yield f"     remote crypto endpt.: {remote}"
    else:
        yield f"     local crypto endpt.: {local}, remote crypto endpt.: {remote}"
    room = plaintext_mtu(child, mtu) if child is not None else mtu
    yield f"     plaintext mtu {room}, path mtu {mtu}, {ip} mtu {mtu}, {ip} mtu idb {block.connection.interface}"
    spi = child.outbound_spi if child is not None else 0
    yield f"     current outbound spi: 0x{spi:X}({spi})"
    yield f"     PFS (Y/N): {pfs(child)}"


def pfs(child: ChildView | None) -> str:
    """Print the key exchanges that a Child SA had of its own."""
    if child is None or child.group is None:
        return "N, DH group: none"
    alone = suites.is_kem(child.group)
    further = suites.further((child.group, *child.additional) if alone else child.additional, "ios")
    return ", ".join(["Y", f"DH group: {'none' if alone else f'group{child.group}'}", *further])


def settings(child: ChildView) -> str:
    """Print the mode of a Child SA as `in use settings` has it."""
    mode = "Transport" if child.transport else "Tunnel"
    return f"{mode}{' UDP-Encaps' if child.encapsulated else ''}, {'esn' if child.esn else ''}"


def _sa(block: Block, child: ChildView, inbound: bool, detail: bool) -> Iterator[str]:
    spi = child.inbound_spi if inbound else child.outbound_spi
    octets = child.counters.octets_in if inbound else child.counters.octets_out
    iv, _, _, _ = suites.sizes(child.encryption, child.integrity)
    yield f"      spi: 0x{spi:X}({spi})"
    yield f"        transform: {suites.transform(child)} ,"
    yield f"        in use settings ={{{settings(child)}}}"
    yield f"        conn id: {spi}, flow_id: SW:{spi}, sibling_flags 80000000, crypto map: {block.connection.name}"
    if child.kilobytes:
        left = f"{kilobytes_left(child, octets)}/{seconds_left(child)}"
        yield f"        sa timing: remaining key lifetime (k/sec): ({left})"
    else:
        yield f"        sa timing: remaining key lifetime (sec): {seconds_left(child)}"
        yield "        Kilobyte Volume Rekey has been disabled"
    yield f"        IV size: {iv} bytes"
    window = f"  replay window size: {child.replay_window}" if detail and child.replay_window else ""
    yield f"        replay detection support: {'Y' if child.replay_window else 'N'}{window}"
    yield "        Status: ACTIVE(ACTIVE)"


def transform_set(views: Sequence[TransformSetView], slots: Slots) -> Iterator[str]:
    """`show crypto ipsec transform-set`."""
    for view in views:
        yield f"Transform set {view.name}: {{ {view.transforms}  }} "
        yield f"   will negotiate = {{ {'Transport' if view.transport else 'Tunnel'},  }}, "
        yield ""


def count(views: Iterable[IkeSaView], slots: Slots) -> Iterator[str]:
    """`show crypto ipsec sa count`: those of one direction each; one of the same flows as another is being rekeyed."""
    active = rekeying = 0
    for view in views:
        active += 2 * len(view.children)
        rekeying += 2 * (len(view.children) - len({(child.connection, child.flows) for child in view.children}))
    yield f"IPsec SA total: {active}, active: {active}, rekeying: {rekeying}, unused: 0, invalid: 0"


def lifetime(views: Sequence[IpsecProfileView], slots: Slots) -> Iterator[str]:
    """`show crypto ipsec security-association [lifetime | idle-time]`."""
    for view in views:
        volume = f"{view.kilobytes} kilobytes/" if view.kilobytes else ""
        if slots.get("only") != "idle-time":
            yield f"Security association lifetime: {volume}{view.lifetime} seconds"
        if slots.get("only") == "idle-time" or view.idle:
            yield f"Security association idletime: {f'{view.idle} seconds' if view.idle else 'disabled'}"


def profile(views: Sequence[IpsecProfileView], slots: Slots) -> Iterator[str]:
    """`show crypto ipsec profile`."""
    for view in views:
        yield f"IPSEC profile {view.name}"
        if view.profile:
            yield f"\tIKEv2 Profile: {view.profile}"
        if view.kilobytes:
            yield f"\tSecurity association lifetime: {view.kilobytes} kilobytes/{view.lifetime} seconds"
        else:
            yield "\tKilobyte Volume Rekey has been disabled."
            yield f"\tSecurity association lifetime:{view.lifetime} seconds"
        yield from idle_time(view)
        yield "\tDualstack (Y/N): N"
        yield ""
        yield f"\tResponder-Only (Y/N): {'Y' if view.responder_only else 'N'}"
        yield from terms(view)
        yield ""
