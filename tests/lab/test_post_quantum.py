"""The post-quantum sample: a router and a firewall whose keys an eavesdropper with a quantum computer does not get."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ikecli.boundary.views import IkeSaView
from ikecli.lab.lab import Node, VirtualLab
from ikecli.show.asa import ikev2 as asa
from ikecli.show.ios import ikev2 as ios
from ikecli.show.ios.ipsec import pfs
from tests.config.reading import read, typed
from tests.lab.test_algorithms import mirrored
from tests.test_docs import printed

SAMPLES = Path(__file__).parents[2] / "sample-configs" / "post-quantum"

AKE1 = " additional-key-exchange 1\n"
AKE = f"{AKE1}  key-exchange-method mlkem768\n"
PQC = " group 31\n pqc mlkem768\n"


def text(name: str) -> str:
    return (SAMPLES / f"{name}.cfg").read_text()


def lab_of(router: str, firewall: str) -> tuple[VirtualLab, Node, Node]:
    lab = VirtualLab(1)
    left, wrong = lab.add(router, "ios")
    right, also = lab.add(firewall, "asa")
    assert (wrong, also) == ([], [])
    return lab, left, right


def sa_of(node: Node) -> IkeSaView:
    (sa,) = node.appliance.sas()
    return sa


def test_the_sample_comes_up_and_both_ends_name_the_exchange() -> None:
    lab, router, firewall = lab_of(text("router"), text("asa"))
    assert lab.ping("Router", "10.2.2.1", "10.1.1.1") == "!!!!!"
    lines = list(ios.sa([sa_of(router)], {"detailed": "detailed"}))
    assert "      PQC Key Exchange: ML-KEM-768" in lines
    assert "      Quantum-safe Encryption using PQC: ML-KEM-768" in lines
    assert "      Additional Key Exchange Group: AKE1: ML-KEM-768" in list(asa.sa([sa_of(firewall)], {}))


def test_child_sas_get_their_own_when_they_are_rekeyed() -> None:
    seconds = " set security-association lifetime seconds 120\n"
    router = text("router").replace(" set pfs", f"{seconds} set pfs")
    lab, router_node, _ = lab_of(router, text("asa"))
    assert lab.ping("Router", "10.2.2.1", "10.1.1.1", 100) == "!" * 100
    lab.run(200)
    assert lab.ping("Router", "10.2.2.1", "10.1.1.1") == "!!!!!"
    (child,) = sa_of(router_node).children
    assert pfs(child) == "Y, DH group: group31, PQC Key Exchange: ML-KEM-768"


@pytest.mark.parametrize(
    ("router", "firewall", "advice"),
    [
        (
            " pqc mlkem1024\n",
            "key-exchange-method mlkem768",
            "crypto ikev2 policy ... / additional-key-exchange 1 / key-exchange-method mlkem1024",
        ),
        (" pqc mlkem768\n", "", "crypto ikev2 policy ... / additional-key-exchange 1 / key-exchange-method mlkem768"),
        ("", "key-exchange-method mlkem768", "on the peer: offer what is configured here"),
    ],
)
def test_a_mismatch_says_what_to_type(router: str, firewall: str, advice: str) -> None:
    ours = text("router").replace(PQC, f" group 31\n{router}")
    theirs = text("asa").replace(AKE, f"{AKE1}  {firewall}\n" if firewall else "")
    lab, _, node = lab_of(ours, theirs)
    lines = printed(node)
    assert lab.ping("Router", "10.2.2.1", "10.1.1.1", 1) == "."
    assert any("no common additional-key-exchange 1: peer offers" in line for line in lines)
    assert any(advice in line for line in lines)


@pytest.mark.parametrize(
    ("router", "firewall", "done"),
    [
        (" pqc mlkem768 optional\n", "", ()),
        (" pqc mlkem1024 mlkem768\n", "key-exchange-method mlkem768 none", (36,)),
        (" pqc mlkem768\n", "key-exchange-method mlkem1024 mlkem768", (36,)),
    ],
)
def test_what_is_optional_or_in_common_is_agreed_on(router: str, firewall: str, done: tuple[int, ...]) -> None:
    ours = text("router").replace(PQC, f" group 31\n{router}")
    lab, node, _ = lab_of(ours, text("asa").replace(AKE, f"{AKE1}  {firewall}\n" if firewall else ""))
    assert lab.ping("Router", "10.2.2.1", "10.1.1.1", 1) == "!"
    assert sa_of(node).additional == done


def test_two_firewalls_do_several_exchanges_and_a_gap_between_them() -> None:
    more = " additional-key-exchange 3\n  key-exchange-method 21 20\n"
    first = text("asa").replace(" prf sha384\n", f" prf sha384\n{more}")
    second = mirrored(first).replace("hostname ASA", "hostname Other")
    lab = VirtualLab(1)
    for config in (first, second):
        assert lab.add(config, "asa")[1] == []
    assert lab.ping("ASA", "10.1.1.1", "10.2.2.1", 2) == "!!"
    assert sa_of(lab["Other"]).additional == (36, 21)


def routers(**changes: str) -> tuple[VirtualLab, Node, Node]:
    """The two routers with a PPK; a change of `right` replaces its PPK line, `left` that of the left one."""
    lab = VirtualLab(1)
    nodes = []
    for name in ("left", "right"):
        lines = re.sub(r"^  ppk manual.*$", changes.get(name, r"\g<0>"), text(name), flags=re.MULTILINE)
        node, wrong = lab.add(lines, "ios")
        assert wrong == []
        nodes.append(node)
    return lab, nodes[0], nodes[1]


def test_the_routers_mix_their_ppk_in() -> None:
    lab, left, right = routers()
    assert lab.ping("Left", "10.20.0.1", "10.10.0.1") == "!!!!!"
    for node in (left, right):
        lines = list(ios.sa([sa_of(node)], {"detailed": "detailed"}))
        assert any(line.endswith("Auth verify: PSK, QR") for line in lines)
        assert "      PQC Key Exchange: ML-KEM-1024" in lines
        assert "      Quantum-safe Encryption using Manual PPK" in lines
        assert not any("ninety-nine" in line for line in node.appliance.store.running())


@pytest.mark.parametrize(
    ("line", "marks", "why"),
    [
        ("  ppk manual id left-right-2026 key another", ".", "the peer does not have this PPK, and it is required"),
        ("  ppk manual id other key ninety-nine", ".", "the peer does not have this PPK, and it is required"),
        ("  description none", ".", "the peer uses no PPK, and one is required"),
    ],
)
def test_a_required_ppk_is_not_left_out_and_both_say_why(line: str, marks: str, why: str) -> None:
    lab, left, _ = routers(right=line) if "none" not in line else without_ppk()
    lines = printed(left)
    assert lab.ping("Left", "10.20.0.1", "10.10.0.1", 1) == marks
    assert any(why in one for one in lines)
    assert any("crypto ikev2 keyring ... / peer ... / ppk manual id ... key ..." in one for one in lines)


def without_ppk() -> tuple[VirtualLab, Node, Node]:
    lab = VirtualLab(1)
    left, _ = lab.add(text("left"), "ios")
    plain = re.sub(r"^ ( ppk manual|keyring ppk).*\n", "", text("right"), flags=re.MULTILINE)
    right, wrong = lab.add(plain, "ios")
    assert wrong == []
    return lab, left, right


def test_an_optional_ppk_may_be_missing_at_the_peer() -> None:
    lab, left, _ = routers(left="  ppk manual id left-right-2026 key abc", right="  ppk manual id other key abc")
    assert lab.ping("Left", "10.20.0.1", "10.10.0.1", 2) == "!!"
    assert sa_of(left).ppk == ""


def test_a_dynamic_ppk_is_kept_and_says_so() -> None:
    assert "NOTE: kept, no effect: no servers of post-quantum keys are asked." in typed(
        "ios", "crypto ikev2 keyring K\npeer p\nppk dynamic SKIP required"
    )


def test_an_exchange_without_a_method_is_named() -> None:
    store, _ = read("asa", text("asa").replace("  key-exchange-method mlkem768\n", ""))
    assert [each.message for each in store.complaints] == [
        "additional-key-exchange 1 of crypto ikev2 policy 10 has no method"
    ]


@pytest.mark.parametrize(
    ("dialect", "lines", "shown"),
    [
        (
            "ios",
            "crypto ikev2 proposal P\n pqc mlkem512",
            "% Key exchange mlkem512 is not served: no library here computes ML-KEM-512",
        ),
        (
            "asa",
            "crypto ikev2 policy 1\nadditional-key-exchange 1\nkey-exchange-method mlkem512",
            "ERROR: key exchange mlkem512 is not",
        ),
        ("asa", "crypto map M 1 set pfs group19 pqc mlkem512", "ERROR: key exchange mlkem512 is not served"),
    ],
)
def test_ml_kem_512_is_refused_at_the_prompt(dialect: str, lines: str, shown: str) -> None:
    assert shown in typed(dialect, lines)


def test_the_lines_are_written_as_they_were_typed() -> None:
    for name, dialect in (("router", "ios"), ("asa", "asa"), ("left", "ios")):
        store, _ = read(dialect, text(name))
        again, _ = read(dialect, "\n".join(store.running(clear=True)))
        assert again.intent == store.intent


def test_the_failures_are_documented_as_they_are_printed() -> None:
    blocks = re.findall(r"```\n(.*?)\n```", (SAMPLES.parents[1] / "docs" / "post-quantum.md").read_text(), re.DOTALL)
    lab, _, node = lab_of(text("router").replace(PQC, " group 31\n pqc mlkem1024\n"), text("asa"))
    lines = printed(node)
    lab.ping("Router", "10.2.2.1", "10.1.1.1", 1)
    assert blocks[-2].splitlines() == lines[-2:]
    lab, left, _ = routers(right="  ppk manual id left-right-2026 key another")
    lines = printed(left)
    lab.ping("Left", "10.20.0.1", "10.10.0.1", 1)
    assert blocks[-1].splitlines() == lines
