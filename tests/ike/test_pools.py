"""Pools lend each address once, keep it for who had it, and lose none."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest

from ikecli.ike import pools
from ikecli.ike.pools import Loan, Pools
from ikecli.intent import Identity, Pool

ANN, BOB, CY = (Identity.fqdn(name) for name in ("ann", "bob", "cy"))


def pool(*ranges: str, name: str = "P") -> Pool:
    spans = [one.split("-") for one in ranges]
    return Pool(name, tuple((ip_address(span[0]), ip_address(span[-1])) for span in spans))


def lend(of: Pools, owner: Identity, wish: str = "", names: tuple[str, ...] = ("P",), version: int = 4) -> str:
    loan = of.lend(names, version, owner, ip_address(wish) if wish else None)
    return str(loan.address) if loan else ""


def test_addresses_go_out_in_order_and_then_no_more() -> None:
    of = Pools([pool("10.0.0.1-10.0.0.2", "10.0.9.9")])
    assert [lend(of, ANN), lend(of, BOB), lend(of, CY), lend(of, ANN)] == ["10.0.0.1", "10.0.0.2", "10.0.9.9", ""]


def test_who_comes_back_has_the_same_address() -> None:
    of = Pools([pool("10.0.0.1-10.0.0.9")])
    assert [lend(of, ANN), lend(of, BOB)] == ["10.0.0.1", "10.0.0.2"]
    for last in (1, 2):
        of.give_back(Loan("P", IPv4Address(f"10.0.0.{last}")))
    assert lend(of, CY) == "10.0.0.3"
    assert [lend(of, BOB), lend(of, ANN)] == ["10.0.0.2", "10.0.0.1"]


def test_an_address_that_is_kept_goes_to_another_when_no_fresh_one_is_left() -> None:
    of = Pools([pool("10.0.0.1-10.0.0.2")])
    assert [lend(of, ANN), lend(of, BOB)] == ["10.0.0.1", "10.0.0.2"]
    of.give_back(Loan("P", IPv4Address("10.0.0.1")))
    assert lend(of, CY) == "10.0.0.1"
    assert lend(of, ANN) == ""


def test_an_address_that_came_back_rests_before_another_has_it() -> None:
    now = 0.0
    of = Pools([replace(pool("10.0.0.1-10.0.0.2"), rest=300)], lambda: now)
    assert [lend(of, ANN), lend(of, BOB)] == ["10.0.0.1", "10.0.0.2"]
    of.give_back(Loan("P", IPv4Address("10.0.0.1")))
    assert dict(of.free(("P",))) == {"P": 0}
    now = 299.0
    assert lend(of, CY) == ""
    assert lend(of, ANN) == "10.0.0.1"
    of.give_back(Loan("P", IPv4Address("10.0.0.1")))
    now = 599.0
    assert dict(of.free(("P",))) == {"P": 1}
    assert lend(of, CY) == "10.0.0.1"


def test_fresh_addresses_are_lent_while_more_than_are_kept_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "MAX_KEPT_ADDRESSES", 1)
    now = 0.0
    of = Pools([replace(pool("10.0.0.1-10.0.0.9"), rest=300)], lambda: now)
    for owner, address in ((ANN, "10.0.0.1"), (BOB, "10.0.0.2")):
        assert lend(of, owner) == address
        of.give_back(Loan("P", IPv4Address(address)))
        now += 1
    assert lend(of, CY) == "10.0.0.3"
    now = 300.5
    assert dict(of.free(("P",))) == {"P": 7}
    assert [lend(of, Identity.fqdn(name)) for name in ("dee", "eve")] == ["10.0.0.1", "10.0.0.4"]


def test_an_address_that_nobody_is_to_have_back_does_not_wait_behind_those_that_rest() -> None:
    of = Pools([replace(pool("10.0.0.1-10.0.0.2"), rest=300)])
    assert lend(of, ANN) == "10.0.0.1"
    of.give_back(Loan("P", IPv4Address("10.0.0.1")))
    server = Loan("", IPv4Address("10.0.0.2"), dhcp=True)
    assert of.claim(server, BOB)
    of.give_back(server)
    assert lend(of, CY) == "10.0.0.2"


@pytest.mark.parametrize(
    ("wish", "got"),
    [("10.0.0.5", "10.0.0.5"), ("10.0.0.1", "10.0.0.3"), ("10.0.0.2", "10.0.0.3"), ("10.9.9.9", "10.0.0.3")],
)
def test_a_wish_is_granted_where_nobody_else_has_the_address_or_is_to_have_it(wish: str, got: str) -> None:
    of = Pools([pool("10.0.0.1-10.0.0.9")])
    assert [lend(of, ANN), lend(of, BOB)] == ["10.0.0.1", "10.0.0.2"]
    of.give_back(Loan("P", IPv4Address("10.0.0.2")))
    assert lend(of, CY, wish) == got


def test_fresh_addresses_pass_over_one_that_was_wished_for() -> None:
    of = Pools([pool("10.0.0.1-10.0.0.3")])
    assert lend(of, ANN, "10.0.0.2") == "10.0.0.2"
    assert [lend(of, BOB), lend(of, CY), lend(of, CY)] == ["10.0.0.1", "10.0.0.3", ""]


def test_pools_are_tried_in_order_and_by_version() -> None:
    of = Pools([pool("10.0.0.1", name="A"), pool("10.0.1.1", name="B"), pool("2001:db8::1-2001:db8::ffff", name="C")])
    names = ("gone", "C", "A", "B")
    assert [lend(of, ANN, names=names), lend(of, BOB, names=names)] == ["10.0.0.1", "10.0.1.1"]
    assert lend(of, ANN, names=names, version=6) == "2001:db8::1"


def test_the_last_address_of_all_is_lent_too() -> None:
    of = Pools([pool("255.255.255.254-255.255.255.255")])
    assert [lend(of, ANN), lend(of, BOB), lend(of, CY)] == ["255.255.255.254", "255.255.255.255", ""]


def test_what_is_lent_stays_lent_when_a_pool_changes() -> None:
    of = Pools([pool("10.0.0.1-10.0.0.4")])
    assert [lend(of, ANN), lend(of, BOB)] == ["10.0.0.1", "10.0.0.2"]
    of.apply([pool("10.0.0.2-10.0.0.3")])
    assert [lend(of, CY), lend(of, CY)] == ["10.0.0.3", ""]
    of.give_back(Loan("P", IPv4Address("10.0.0.1")))
    assert lend(of, CY) == ""


def test_any_order_of_lending_and_giving_back_lends_none_twice_and_loses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "MAX_KEPT_ADDRESSES", 40)
    for seed in range(20):
        dice = random.Random(seed)
        of = Pools([pool("10.0.0.1-10.0.0.50", "10.0.2.0-10.0.2.49")])
        out: list[Loan] = []
        for _ in range(3000):
            if dice.random() < 0.55:
                wish = IPv4Address(f"10.0.{dice.choice((0, 2))}.{dice.randrange(60)}") if dice.random() < 0.3 else None
                loan = of.lend(("P",), 4, Identity.fqdn(str(dice.randrange(300))), wish)
                assert (loan is None) == (len(out) == 100), f"seed {seed}"
                out += [loan] if loan else []
            elif out:
                of.give_back(out.pop(dice.randrange(len(out))))
            assert max(Counter(out).values(), default=1) == 1, f"seed {seed}"
            assert of.free(("P",)) == (("P", 100 - len(out)),), f"seed {seed}"
        for loan in out:
            of.give_back(loan)
        (view,) = of.views()
        assert [(one.free, one.lent) for one in view.ranges] == [(50, 0), (50, 0)]


def test_many_identities_of_a_wide_pool_are_not_all_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "MAX_KEPT_ADDRESSES", 8)
    of = Pools([pool("2001:db8::-2001:db8::ffff:ffff:ffff:ffff")])
    for number in range(1000):
        loan = of.lend(("P",), 6, Identity.fqdn(str(number)), None)
        assert loan is not None
        of.give_back(loan)
    assert int(loan.address) < int(IPv6Address("2001:db8::8"))


def test_one_identity_does_not_empty_a_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "MAX_LOANS", 2)
    of = Pools([pool("10.0.0.1-10.0.0.9")])
    assert [lend(of, ANN) for _ in range(3)] == ["10.0.0.1", "10.0.0.2", ""]
    assert lend(of, BOB) == "10.0.0.3"
    of.give_back(Loan("P", ip_address("10.0.0.1")))
    assert lend(of, ANN) == "10.0.0.1"
    of.apply([pool("10.0.0.1-10.0.0.8")])
    assert lend(of, ANN) == ""
