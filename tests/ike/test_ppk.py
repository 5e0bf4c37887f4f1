"""Post-quantum preshared keys in IKE_AUTH (RFC 8784) and in IKE_INTERMEDIATE (RFC 9867)."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from ipaddress import IPv4Network

import pytest

from ikecli.boundary.events import AuthenticationFailed, KeysDerived, MessageSent, PpkUsed
from ikecli.crypto import ppk_mixed
from ikecli.ike import occasions
from ikecli.ike.limits import HALF_OPEN_SECONDS
from ikecli.ike.tasks.ppk import UsePpk
from ikecli.ike.window import Want
from ikecli.intent import IkeProposal, Intent, Ppk
from ikecli.numbers import TransformType, named
from ikecli.secret import Secret
from tests.ike.chart import rekey_ike
from tests.ike.chart import rest as settle
from tests.ike.pair import LEFT, RIGHT, End, Pair, ike_proposal, intent, profile
from tests.ike.test_additional import further
from tests.ike.test_ike_rekey import sound

KEY = "a very long preshared key from a generator"


class Rfc8784(UsePpk):
    """As an end that does not know RFC 9867."""

    __slots__ = ()

    def write_request(self, talk):  # type: ignore[no-untyped-def]
        return list(super().write_request(talk))[:1]


@pytest.fixture
def only_8784(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = occasions.OCCASIONS[Want.CONNECT]
    tasks = tuple(Rfc8784 if task is UsePpk else task for task in ours.tasks)
    monkeypatch.setitem(occasions.OCCASIONS, Want.CONNECT, replace(ours, tasks=tasks))


def ppk(id: str = "one", key: str = KEY, required: bool = False, peer: object = None) -> Ppk:
    return Ppk(id.encode(), Secret(key), required, (IPv4Network("10.0.0.0/8"),))


def end(here: object, there: object, *ppks: Ppk, proposal: IkeProposal | None = None) -> Intent:
    return intent(
        here,  # type: ignore[arg-type]
        there,  # type: ignore[arg-type]
        proposals=(proposal or ike_proposal(),),
        profiles=(profile(there, ppks=ppks),),  # type: ignore[arg-type]
    )


def pair_of(left: Ppk | None, right: Ppk | None, proposal: IkeProposal | None = None) -> Pair:
    return Pair(
        end(LEFT, RIGHT, *([left] if left else []), proposal=proposal),
        end(RIGHT, LEFT, *([right] if right else []), proposal=proposal),
    )


def begin(pair: Pair) -> None:
    pair.left.acquire()
    pair.settle()


def used(pair: Pair) -> list[list[tuple[str, str]]]:
    return [[(event.id, event.exchange) for event in one.events(PpkUsed)] for one in pair.ends]


def payloads(one: End, exchange: str, response: bool = False) -> tuple[str, ...]:
    (found,) = [e.payloads for e in one.events(MessageSent) if (e.exchange, e.response) == (exchange, response)]
    return found


@pytest.mark.parametrize("required", [True, False])
def test_in_ike_auth_as_rfc_8784_has_it(required: bool, only_8784: None) -> None:
    pair = pair_of(ppk(required=required), ppk(required=required))
    begin(pair)
    pair.agree(1)
    assert used(pair) == [[("one", "IKE_AUTH")]] * 2
    assert "NOTIFY(USE_PPK)" in payloads(pair.left, "IKE_SA_INIT")
    assert "NOTIFY(USE_PPK)" in payloads(pair.right, "IKE_SA_INIT", True)
    asked = payloads(pair.left, "IKE_AUTH")
    assert "NOTIFY(PPK_IDENTITY)" in asked
    assert ("NOTIFY(NO_PPK_AUTH)" in asked) is not required
    assert "NOTIFY(PPK_IDENTITY)" in payloads(pair.right, "IKE_AUTH", True)
    assert [sa.ppk for one in pair.ends for sa in one.sas] == ["one", "one"]
    assert pair.ping(pair.left)


def test_child_sas_take_their_keys_from_the_mixed_ones(only_8784: None) -> None:
    pair = pair_of(ppk(), ppk())
    begin(pair)
    sk_d = pair.left.events(KeysDerived)[0].keys[0]
    (sa,) = pair.left.engine._core.sas.values()
    assert sa.keys is not None
    assert sa.keys.d == hmac.digest(KEY.encode(), sk_d + b"\1", hashlib.sha256)
    rekey_ike(pair.right)
    settle(pair)
    sound(pair)
    assert pair.left.sas[0].ppk == "one"


def test_in_ike_intermediate_as_rfc_9867_has_it() -> None:
    pair = pair_of(ppk(required=True), ppk(required=True))
    begin(pair)
    pair.agree(1)
    assert used(pair) == [[("one", "IKE_INTERMEDIATE")]] * 2
    assert payloads(pair.left, "IKE_INTERMEDIATE") == ("NOTIFY(PPK_IDENTITY_KEY)",)
    assert payloads(pair.right, "IKE_INTERMEDIATE", True) == ("NOTIFY(PPK_IDENTITY)",)
    assert payloads(pair.right, "IKE_SA_INIT", True)[-2:] == (
        "NOTIFY(INTERMEDIATE_EXCHANGE_SUPPORTED)",
        "NOTIFY(USE_PPK_INT)",
    )
    left, right = ([event.keys for event in one.events(KeysDerived)] for one in pair.ends)
    assert left == right
    assert not set(left[0]) & set(left[1]) - {b""}


def test_after_all_additional_key_exchanges() -> None:
    pair = pair_of(ppk(), ppk(), further("mlkem768", "19"))
    begin(pair)
    pair.agree(1)
    sent = [event.payloads for event in pair.left.events(MessageSent) if event.exchange == "IKE_INTERMEDIATE"]
    assert sent == [("KE",), ("KE",), ("NOTIFY(PPK_IDENTITY_KEY)",)]
    assert len(pair.left.events(KeysDerived)) == 4
    settle(pair)
    sound(pair)


@pytest.mark.parametrize("lost", range(6))
def test_each_lost_message_is_made_up_for(lost: int) -> None:
    pair = pair_of(ppk(), ppk())
    pair.left.acquire()
    for _ in range(lost):
        pair.step()
    pair.lose(1)
    pair.advance(20)
    pair.agree(1)


UNUSED = [
    (ppk(), None),
    (None, ppk()),
    (ppk("one"), ppk("two")),
]


@pytest.mark.parametrize(("left", "right"), [*UNUSED, (ppk(), ppk(key="other"))])
def test_an_optional_one_may_be_left_out(left: Ppk | None, right: Ppk | None) -> None:
    pair = pair_of(left, right)
    begin(pair)
    pair.agree(1)
    assert used(pair) == [[], []]
    assert pair.left.sas[0].ppk == ""


@pytest.mark.parametrize(("left", "right"), UNUSED)
def test_an_optional_one_may_be_left_out_in_ike_auth(left: Ppk | None, right: Ppk | None, only_8784: None) -> None:
    pair = pair_of(left, right)
    begin(pair)
    pair.agree(1)
    assert used(pair) == [[], []]
    assert pair.ping(pair.left)


def test_another_key_of_the_same_name_in_ike_auth_is_a_mismatch(only_8784: None) -> None:
    pair = pair_of(ppk(), ppk(key="other"))
    begin(pair)
    pair.agree(0)
    assert "PPK mismatch" in pair.right.events(AuthenticationFailed)[0].why


REFUSED = [
    (ppk(required=True), None, 0, "the peer uses no PPK"),
    (None, ppk(required=True), 1, "the peer does not use this PPK"),
]


@pytest.mark.parametrize(
    ("left", "right", "who", "why"),
    [
        *REFUSED,
        (ppk(required=True), ppk("two"), 0, "the peer does not have this PPK"),
        (ppk(), ppk("two", required=True), 1, "the peer does not use this PPK"),
        (ppk(required=True), ppk(key="other"), 0, "the peer does not have this PPK"),
    ],
)
def test_a_required_one_is_not_left_out(left: Ppk | None, right: Ppk | None, who: int, why: str) -> None:
    pair = pair_of(left, right)
    begin(pair)
    pair.advance(HALF_OPEN_SECONDS + 1)
    pair.agree(0)
    failed = pair.ends[who].events(AuthenticationFailed)[0]
    assert why in failed.why
    assert failed.ppk


@pytest.mark.parametrize(
    ("left", "right", "who", "why"),
    [
        *REFUSED,
        (ppk(required=True), ppk("two"), 1, "the peer requires this PPK"),
        (ppk(), ppk("two", required=True), 1, "the peer does not use this PPK"),
    ],
)
def test_a_required_one_is_not_left_out_in_ike_auth(
    left: Ppk | None, right: Ppk | None, who: int, why: str, only_8784: None
) -> None:
    pair = pair_of(left, right)
    begin(pair)
    pair.advance(HALF_OPEN_SECONDS + 1)
    pair.agree(0)
    assert why in pair.ends[who].events(AuthenticationFailed)[0].why


def test_the_key_of_another_peer_is_not_taken() -> None:
    foreign = replace(ppk(), addresses=(IPv4Network("172.16.0.0/12"),))
    right = end(RIGHT, LEFT, foreign)
    pair = Pair(end(LEFT, RIGHT, ppk()), right)
    begin(pair)
    pair.agree(0)
    assert "not its own" in pair.right.events(AuthenticationFailed)[0].why


def test_a_mixed_key_is_as_long_as_the_prf() -> None:
    for word, size in (("sha256", 32), ("sha512", 64)):
        row = named(TransformType.PRF, "ios", word)
        assert len(ppk_mixed(row, b"k" * 100, b"d" * size)) == size


def test_nothing_secret_is_told() -> None:
    pair = pair_of(ppk(), ppk(key="other"))
    begin(pair)
    for one in pair.ends:
        assert KEY not in repr(one.told)
        assert "other" not in repr(one.told)
