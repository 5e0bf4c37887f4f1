"""What lines do to a draft: the worked examples of the notation, `no` and `default`."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from ikecli.language import FixedEntry, LineError, MissingEntry, OtherEntry, defaults, load_from
from ikecli.language.write import write
from ikecli.secret import Secret
from tests.language.toys import HERE, Dpd, Interface, Keepalive, Profile, Timeout, Typist, asa, ios


def lines(typist: Typist) -> list[str]:
    text = write(typist.dialect, typist.draft, reveal=lambda secret: secret.reveal().decode())
    return [line.strip() for line in text if line.strip() != "!"]


def profile(*typed: str) -> Profile:
    typist = ios()
    typist.type("crypto ikev2 profile P", *typed)
    found: Profile = typist.draft.profiles["P"]
    return found


def test_an_ordered_list_is_replaced_whole() -> None:
    assert profile("encryption aes-cbc-256 aes-cbc-128").encryption == ("aes-cbc-256", "aes-cbc-128")
    assert profile("encryption aes-cbc-256", "encryption aes-cbc-128").encryption == ("aes-cbc-128",)
    assert profile("encryption aes-cbc-256", "no encryption").encryption == ()
    assert profile("encryption aes-cbc-256", "no encryption aes-cbc-128").encryption == ()


def test_no_clears_only_the_key_it_names() -> None:
    def keys(*typed: str) -> list[str]:
        typist = ios()
        typist.type("crypto ikev2 keyring K", "peer A", "pre-shared-key a", "pre-shared-key local b", *typed)
        return lines(typist)[3:]

    assert keys("no pre-shared-key") == ["pre-shared-key local b"]
    assert keys("no pre-shared-key local") == ["pre-shared-key a"]
    assert keys("default pre-shared-key local") == ["pre-shared-key a"]


def test_repeated_statements_add_up_and_are_removed_one_by_one() -> None:
    typed = ["match identity remote fqdn a", "match identity remote any", "match identity remote fqdn a"]
    assert [remote.kind for remote in profile(*typed).match_remote] == ["fqdn", "any"]
    assert [remote.kind for remote in profile(*typed, "no match identity remote fqdn a").match_remote] == ["any"]
    assert len(profile(*typed, "no match identity remote fqdn b").match_remote) == 2


def test_local_authentication_is_replaced_and_remote_methods_add_up() -> None:
    made = profile(
        "authentication local rsa-sig",
        "authentication local pre-share",
        "authentication remote rsa-sig",
        "authentication remote pre-share",
    )
    assert made.authentication_local is not None
    assert made.authentication_local.kind == "pre-share"
    assert [method.kind for method in made.authentication_remote] == ["rsa-sig", "pre-share"]
    assert profile("authentication local rsa-sig", "no authentication local").authentication_local is None


def test_a_crypto_map_has_entries_and_an_address_of_its_own() -> None:
    typist = ios()
    typist.type("crypto map M 20 ipsec-isakmp", "match address 101", "crypto map M 10 ipsec-isakmp dynamic D")
    typist.type("crypto map M local-address gi0/0")
    assert lines(typist)[1:] == [
        "crypto map M local-address GigabitEthernet0/0",
        "crypto map M 10 ipsec-isakmp dynamic D",
        "crypto map M 20 ipsec-isakmp",
        "match address 101",
    ]
    typist.type("no crypto map M 10")
    assert list(typist.draft.crypto_maps["M"].entries) == [20]
    typist.type("no crypto map M local-address")
    assert "M" in typist.draft.crypto_maps
    typist.type("no crypto map M")
    assert typist.draft.crypto_maps == {}


def test_an_entry_that_no_leaves_empty_goes() -> None:
    typist = ios()
    typist.type("crypto map M local-address gi0/0", "no crypto map M local-address")
    assert typist.draft.crypto_maps == {}
    typist.type("crypto map M 10 ipsec-isakmp", "no crypto map M 10")
    assert typist.draft.crypto_maps == {}


def test_re_entering_replaces_what_the_line_says_and_keeps_the_section() -> None:
    typist = ios()
    typist.type("crypto ipsec transform-set T esp-gcm", "mode transport", "crypto ipsec transform-set T esp-aes 256")
    assert lines(typist)[1:] == ["crypto ipsec transform-set T esp-aes 256", "mode transport"]
    typist.type("no crypto ipsec transform-set T")
    assert typist.draft.transform_sets == {}


def test_primary_and_secondary_addresses() -> None:
    typist = ios()
    typist.type("interface Tunnel0", "ip address 10.0.0.1 255.0.0.0", "ip address 10.0.0.2 255.0.0.0 secondary")
    typist.type("ip address 10.0.0.3 255.0.0.0")
    assert lines(typist)[2:] == ["ip address 10.0.0.3 255.0.0.0", "ip address 10.0.0.2 255.0.0.0 secondary"]
    typist.type("no ip address 10.0.0.2 255.0.0.0 secondary")
    assert lines(typist)[2:] == ["ip address 10.0.0.3 255.0.0.0"]
    typist.type("ip address 10.0.0.2 255.0.0.0 secondary", "no ip address")
    assert lines(typist)[2:] == ["no ip address"]


def test_a_route_is_known_by_its_keys() -> None:
    typist = ios()
    typist.type("ip route 10.0.0.0 255.0.0.0 Null0 name a", "ip route 10.0.0.0 255.0.0.0 Null0 tag 7 5")
    assert lines(typist)[1:] == ["ip route 10.0.0.0 255.0.0.0 Null0 5 tag 7"]
    typist.type("ip route vrf V 10.0.0.0 255.0.0.0 Null0", "no ip route 10.0.0.0 255.0.0.0 Null0")
    assert lines(typist)[1:] == ["ip route vrf V 10.0.0.0 255.0.0.0 Null0"]
    typist.type("ip route vrf V 10.0.0.0 255.0.0.0 10.0.0.1", "no ip route vrf V 10.0.0.0 255.0.0.0")
    assert typist.draft.routes == {}


def test_an_access_list_is_numbered_in_both_spellings() -> None:
    typist = ios()
    typist.type("access-list 101 permit ip any any", "access-list 101 remark all", "ip access-list extended 101")
    typist.type("15 deny tcp any any", "permit ip any any", "permit gre any any")
    assert list(typist.draft.access_lists[101].entries) == [10, 20, 15, 30]
    assert lines(typist)[1:] == [
        "ip access-list extended 101",
        "permit ip any any",
        "deny tcp any any",
        "remark all",
        "permit gre any any",
    ]
    typist.type("no 20", "no permit ip any any", "no permit udp any any")
    assert list(typist.draft.access_lists[101].entries) == [15, 30]
    typist.type("no access-list 101 permit gre any any")
    assert typist.draft.access_lists == {}


def test_flags_defaults_and_none() -> None:
    assert profile("shutdown").shutdown is True
    assert profile("shutdown", "no shutdown").shutdown is None
    assert profile("no nat-traversal").nat_traversal is False
    assert profile("no nat-traversal", "nat-traversal").nat_traversal is None
    assert profile("lifetime 3600").lifetime == 3600
    assert profile("lifetime 3600", "lifetime 86400").lifetime is None
    assert profile("no keepalive").keepalive is False
    assert profile("no keepalive", "default keepalive").keepalive is None
    assert profile("keepalive 10 3").keepalive is None
    assert profile("keepalive 10").keepalive == Keepalive(10, None)
    assert profile("no exec-timeout").exec_timeout == Timeout(0, 0)
    assert profile("no exec-timeout", "default exec-timeout 5").exec_timeout is None
    assert profile("dpd 10 2 periodic").dpd == Dpd(10, 2, "periodic")


def test_defaults_are_told_as_the_dataclass_wants_them() -> None:
    assert defaults(load_from(HERE / "ios", "ios").modes["ikev2-profile"], Profile) == {
        "lifetime": 86400,
        "keepalive": Keepalive(10, 3),
        "exec_timeout": Timeout(10, 0),
        "nat_traversal": True,
        "shutdown": False,
    }


def test_merging_keeps_what_was_not_typed() -> None:
    typist = ios()
    typist.type("username a secret 5 x", "username a privilege 15")
    assert lines(typist)[1:] == ["username a privilege 15 secret 5 x"]
    typist.type("username a password 0 y")
    assert lines(typist)[1:] == ["username a privilege 15 password 0 y"]
    typist.type("no username a")
    assert typist.draft.users == {}


def test_what_cannot_go_stays() -> None:
    typist = ios()
    typist.type("interface gi0/0", "interface Loopback 0", "no interface lo0")
    with pytest.raises(FixedEntry, match="GigabitEthernet0/0"):
        typist.type("no interface gi 0/0")
    assert list(typist.draft.interfaces) == ["GigabitEthernet0/0"]
    typist.type("interface gi0/0", "shutdown", "default interface gi0/0", "default interface gi0/9")
    assert typist.draft.interfaces == {"GigabitEthernet0/0": Interface()}


def test_inert_lines_are_kept_by_their_text() -> None:
    typist = ios()
    typist.type("snmp-server community a ro", "snmp-server location here", "no snmp-server community")
    assert lines(typist)[1:] == ["snmp-server location here"]
    typist.type("no snmp-server contact", "no snmp-server contact")
    assert lines(typist)[1:] == ["snmp-server location here", "no snmp-server contact"]
    typist.type("snmp-server contact", "no snmp-server")
    assert lines(typist)[1:] == []


def test_a_banner_is_read_over_lines() -> None:
    typist = ios()
    typist.type("banner login #", " Hello # not this", "no banner motd")
    assert typist.draft.banners["login"].text == "\n Hello "
    typist.type("no banner login")
    assert typist.draft.banners == {}


def test_one_line_commands_build_one_object() -> None:
    typist = asa()
    typist.type("crypto map M 10 set peer 1.1.1.1 1.1.1.2", "crypto map M 10 set peer 1.1.1.3 1.1.1.1")
    typist.type("crypto map M 10 set ikev2 ipsec-proposal A B", "crypto map M 10 set ikev2 ipsec-proposal C")
    entry = typist.draft.crypto_maps["M"].entries[10]
    assert (entry.peers, entry.ipsec_proposals) == (["1.1.1.1", "1.1.1.2", "1.1.1.3"], ("C",))
    typist.type("no crypto map M 10 set peer 1.1.1.2", "no crypto map M 10 set ikev2 ipsec-proposal")
    assert lines(typist)[1:] == ["crypto map M 10 set peer 1.1.1.1 1.1.1.3"]
    typist.type("no crypto map M 10 set peer 1.1.1.1 1.1.1.3")
    assert typist.draft.crypto_maps == {}


def test_clear_configure_takes_as_much_as_is_named() -> None:
    made = ["crypto map M 10 match address A", "crypto map M 20 match address A", "crypto map N 10 match address A"]
    for line, left in [
        ("clear configure crypto map M 10", 2),
        (" clear conf crypto map M", 1),
        ("clear conf cry map", 0),
    ]:
        typist = asa()
        typist.type(*made, line)
        assert sum(len(each.entries) for each in typist.draft.crypto_maps.values()) == left


def test_attributes_need_their_group() -> None:
    typist = asa()
    with pytest.raises(MissingEntry, match="group_policies G"):
        typist.type("group-policy G attributes")
    assert typist.draft.group_policies == {}
    typist.type("group-policy G internal", "group-policy G attributes", "vpn-idle-timeout none")
    assert lines(typist)[1:] == ["group-policy G internal", "group-policy G attributes", "vpn-idle-timeout none"]
    typist.type("no group-policy G attributes")
    assert lines(typist)[1:] == ["group-policy G internal"]


def test_a_name_is_taken_by_one_kind_of_entry() -> None:
    typist = asa()
    typist.type("object-group network G", "network-object host 10.0.0.1", "object-group network G")
    with pytest.raises(OtherEntry, match="G exists already and is network"):
        typist.type("object-group service G tcp")
    assert lines(typist)[1:] == ["object-group network G", "network-object host 10.0.0.1"]


def test_a_line_can_be_inserted_and_a_section_written_twice() -> None:
    typist = asa()
    typist.type("access-list A extended permit tcp any any", "access-list A line 1 extended permit tcp any any eq 80")
    typist.type("object network O", "host 10.0.0.1", "nat (in,out) static 10.0.0.2", "object network P")
    typist.type("banner motd x", "banner motd x")
    assert lines(typist)[1:] == [
        "object network O",
        "host 10.0.0.1",
        "object network P",
        "access-list A extended permit tcp any any eq www",
        "access-list A extended permit tcp any any",
        "banner motd x",
        "banner motd x",
        "object network O",
        "nat (in,out) static 10.0.0.2",
    ]
    assert typist.draft.objects["O"].nat.to == IPv4Address("10.0.0.2")


def test_a_refused_line_changes_nothing() -> None:
    typist = ios()
    before = lines(typist)
    for line in ("crypto map M 10", "interface Foo1", "no access-list", "ip route 10.0.0.0 255.0.0.0"):
        with pytest.raises(LineError):
            typist.type(line)
    assert lines(typist) == before


@dataclass(slots=True)
class Group:
    mode: str | None = None
    key: Keyed | None = None


@dataclass(frozen=True, slots=True)
class Keyed:
    encoding: str
    key: Secret


@dataclass(slots=True)
class System:
    groups: dict[str, Group] = field(default_factory=lambda: {"Default": Group()})


GROUPS = """(config)
group NAME$name mode {tunnel | transport}$mode      = groups(name).mode : tunnel
group NAME$name secret 9$encoding KEY$key           = groups(name).key
group NAME$name password 7$encoding KEY$key         = groups(name).key, hidden
clear configure group [NAME$name]                   - groups(name)
"""


def groups(directory: Path, *typed: str) -> Typist:
    (directory / "config").write_text(GROUPS)
    typist = Typist(load_from(directory, "asa"), System())
    typist.type(*typed)
    return typist


def test_a_default_value_leaves_no_entry_behind(tmp_path: Path) -> None:
    assert list(groups(tmp_path, "group A mode tunnel").draft.groups) == ["Default"]
    assert list(groups(tmp_path, "group A mode transport").draft.groups) == ["Default", "A"]
    assert list(groups(tmp_path, "group A mode transport", "group A mode tunnel").draft.groups) == ["Default"]


def test_what_every_new_object_has_is_as_new_when_it_is_removed(tmp_path: Path) -> None:
    typed = ("group Default mode transport", "group A mode transport")
    assert groups(tmp_path, *typed, "clear configure group").draft == System()
    assert groups(tmp_path, *typed, "clear configure group A", "no group Default mode").draft == System()


def test_a_hidden_spelling_writes_what_no_other_can_say(tmp_path: Path) -> None:
    assert lines(groups(tmp_path, "group A password 7 x")) == ["group A password 7 x"]
    assert lines(groups(tmp_path, "group A password 7 x", "group A secret 9 y")) == ["group A secret 9 y"]
