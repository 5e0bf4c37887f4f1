"""Selectors as the kernel has them, and which policies should stand."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroute2.netlink import nlmsg

from ikecli.boundary.effects import Direction
from ikecli.dataplane.xfrm import messages as xfrm
from ikecli.dataplane.xfrm.cuts import Cut, cuts_of
from ikecli.dataplane.xfrm.marks import Marks
from ikecli.dataplane.xfrm.messages import XFRM_POLICY_OUT
from ikecli.dataplane.xfrm.policies import Layers, Policy, Template, policies_of
from ikecli.errors import Unavailable
from ikecli.intent import Selector

NEAR, FAR = Selector.of(ip_network("10.1.0.0/16")), Selector.of(ip_network("10.2.0.0/16"))


@given(st.integers(0, 65535), st.integers(0, 65535), st.integers(0, 65535))
def test_masked_ports_cover_a_range_and_nothing_else(first: int, last: int, port: int) -> None:
    first, last = sorted((first, last))
    local = Selector.of(ip_network("10.1.0.0/16"), 17, (first, last))
    hits = [cut for cut in cuts_of(local, FAR) if (port ^ cut.source_ports[0]) & cut.source_ports[1] == 0]
    assert len(hits) == (first <= port <= last)


def test_a_range_of_addresses_becomes_prefixes() -> None:
    local = Selector(ip_address("10.1.0.0"), ip_address("10.1.0.2"))
    assert [str(cut.source) for cut in cuts_of(local, FAR)] == ["10.1.0.0/31", "10.1.0.2/32"]


def test_a_pair_that_takes_too_many_is_refused() -> None:
    odd = Selector(ip_address("10.0.0.1"), ip_address("10.255.255.254"), 17, 1, 65534)
    with pytest.raises(Unavailable, match="more than 1024 policies"):
        cuts_of(odd, odd)


def test_icmp_keeps_type_and_code_where_they_are_both_ways() -> None:
    [cut] = cuts_of(Selector.of(ip_network("10.1.0.0/16"), 1, (0x0800, 0x08FF)), FAR)
    assert (cut.source_ports, cut.destination_ports) == ((8, 0xFFFF), (0, 0))
    assert cut.turned().source_ports == (8, 0xFFFF)


def test_messages_are_written_as_the_base_class_writes_them() -> None:
    [cut] = cuts_of(NEAR, FAR)
    template = Template(ip_address("192.0.2.1"), ip_address("192.0.2.2"), 7)
    policy = xfrm.userpolicymsg()
    policy["info"] = policies_of(cut, 1000, template, True, False)[0].info(77)
    policy["attrs"] = [("XFRMA_TMPL", xfrm.templates([template.structure(False)])), ("XFRMA_MARK", bytes(8))]
    gone = xfrm.userpolicyidmsg()
    gone["sel"], gone["index"], gone["dir"] = cut.selector(), 9, 1
    sa = xfrm.usersaidmsg()
    sa["id"] = {"daddr": bytes(16), "spi": b"abcd", "family": 2, "proto": 50}
    sa["attrs"] = [("XFRMA_ALG_AUTH", b"12345"), ("XFRMA_MTIMER_THRESH", 1)]
    for message in (policy, gone, sa):
        header = message["header"]
        header["type"], header["flags"], header["sequence_number"], header["pid"] = 0x13, 5, 3, 0
        message.reset()
        message.encode()
        ours = bytes(message.data)
        message.reset()
        nlmsg.encode(message)
        assert ours == bytes(message.data)


def layer(priority: int, reqid: int) -> list[Policy]:
    [cut] = cuts_of(NEAR, FAR)
    template = Template(ip_address("192.0.2.1"), ip_address("192.0.2.2"), reqid)
    return policies_of(cut, priority, template, True, False)


def test_a_child_lies_over_the_configuration_and_leaves_it_when_it_goes() -> None:
    layers = Layers()
    [ground], [child] = layer(1000, 1), layer(999, 2)
    assert layers.lay("", [ground]) == [(ground.place, ground)]
    assert layers.lay("2", [child]) == [(child.place, child)]
    assert layers.lay("2", []) == [(ground.place, ground)]
    assert layers.lay("", []) == [(ground.place, None)]


def test_a_new_configuration_goes_below_the_children() -> None:
    layers = Layers()
    [child], [ground] = layer(999, 2), layer(1000, 1)
    layers.lay("2", [child])
    assert layers.lay("", [ground]) == []
    assert layers.lay("2", []) == [(ground.place, ground)]


def test_of_two_lines_with_one_selector_the_first_holds() -> None:
    layers = Layers()
    [first], [second] = layer(1000, 1), layer(1002, 2)
    assert layers.lay("", [first, second]) == [(first.place, first)]


def test_a_group_lasts_as_long_as_its_connection_or_its_sas() -> None:
    marks = Marks()
    lasting, own = marks.group(0x1234, "M 10 outside", "M 10 outside"), marks.group(0x1234, ("M", 1), "M 10 outside")
    assert lasting.lasting
    assert not own.lasting
    assert own.reqid >> 16 == 0x1234
    own.ways[Direction.INBOUND] += 1
    assert marks.group(0x1234, ("M", 1), "M 10 outside") is own
    marks.drop(own)
    assert marks.of(own.reqid) is None
    assert marks.of(lasting.reqid) is lasting


def test_structures_have_the_sizes_and_places_of_the_kernel() -> None:
    sizes = {
        xfrm.selector: 56, xfrm.identifier: 24, xfrm.lifetime_cfg: 64, xfrm.lifetime_cur: 32, xfrm.usersa_info: 224,
        xfrm.usersa_id: 24, xfrm.userpolicy_info: 168, xfrm.user_tmpl: 64, xfrm.encap_tmpl: 24,
    }  # fmt: skip
    assert {one: one.packing.size for one in sizes} == sizes
    policy = layer(1000, 0x12340001)[0]
    octets = xfrm.userpolicy_info.pack(policy.info(0x12340001))
    assert octets[152:160] == (1000).to_bytes(4, "little") + 0x12340001.to_bytes(4, "little")
    assert octets[160] == XFRM_POLICY_OUT
    read = xfrm.userpolicy_info.unpack(octets)
    assert (read["sel"], read["priority"]) == (policy.cut.selector(), 1000)
    assert xfrm.userpolicy_info.pack(read) == octets


def test_a_message_is_read_as_it_was_written() -> None:
    message = xfrm.userpolicyidmsg()
    cut = Cut(ip_network("10.1.0.0/16"), ip_network("10.2.0.0/16"), 0, (0, 0), (0, 0))
    message["sel"], message["index"], message["dir"] = cut.selector(), 7, 1
    message["header"]["type"] = xfrm.XFRM_MSG_DELPOLICY
    message.encode()
    [read] = xfrm.MarshalXfrm().parse(message.data)
    assert (read["sel"], read["index"], read["dir"]) == (cut.selector(), 7, 1)
