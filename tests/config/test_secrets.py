"""A marker in every place of a secret, and in misspelled lines: it is in nothing that is shown, stored or said."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikecli.config import ConfigReader, Store, type6, views
from ikecli.config.check import check
from ikecli.config.passwords import hashed, is_hash, unobscured, verified
from ikecli.config.reader import feed_all
from ikecli.language import load
from ikecli.language.kinds import kind
from ikecli.language.tree import Value, parts
from ikecli.secret import Secret
from tests.config.reading import MASTER_KEY, commands, counting, new_store, read

MARKER = "xMARKERx0123"

PEER = "crypto ikev2 keyring K\npeer p\n"
IOS_KEYS = [
    "crypto ikev2 keyring K\npeer p\npre-shared-key {}",
    "crypto ikev2 keyring K\npeer p\npre-shared-key 0 {}",
    "crypto ikev2 keyring K\npeer p\npre-shared-key local {}",
    "crypto ikev2 keyring K\npeer p\npre-shared-key remote 0 {}",
    "crypto ikev2 keyring K\npeer p\nppk manual id one key {}",
    "crypto ikev2 keyring K\npeer p\nppk manual id one key 0 {} required",
    "crypto ikev2 profile P\nauthentication local pre-share key {}",
    "crypto ikev2 profile P\nauthentication remote pre-share key 0 {}",
    "enable secret {}",
    "enable secret 0 {}",
    "enable secret 9 {}",
    "enable password {}",
    "enable secret level 5 {}",
    "enable password level 5 {}",
    "username bob secret {}",
    "username bob privilege 15 password 0 {}",
    "username bob password 7 {}",
    "key config-key password-encrypt {}",
]
GROUP = "tunnel-group 192.0.2.1 type ipsec-l2l\ntunnel-group 192.0.2.1 ipsec-attributes\n"
ASA_KEYS = [
    f"{GROUP}ikev2 local-authentication pre-shared-key {{}}",
    f"{GROUP}ikev2 remote-authentication pre-shared-key 0 {{}}",
    "enable password {}",
    "enable password {} encrypted",
    "username bob password {} privilege 15",
    "username bob password {} pbkdf2",
    "key config-key password-encryption {}",
    "key config-key password-encryption {} {}",
]
KEPT = [
    ("ios", "event manager environment _pw {}"),
    ("ios", "wlan X\n wpa psk ascii 0 {}"),
    ("ios", "snmp-server community {} RO"),
    ("ios", "line vty 0 4\n password 7 {}"),
    ("ios", "key chain K\n key 1\n  key-string {}"),
    ("asa", "passwd {} encrypted"),
    ("asa", "snmp-server community {}"),
    *(
        ("ios", line)
        for line in (
            "snmp-server\tcommunity\t{}",
            "snmp-server community public view {}",
            "snmp-server user bob grp v3 auth md5 abc priv aes 128 {}",
            "snmp-server user bob grp v3 auth sha {}",
            "snmp-server host 192.0.2.1 version 2c {}",
            "snmp-server host 192.0.2.1 {}",
            "interface Gi0/1\n standby 1 authentication md5 key-string {}",
            "interface Gi0/1\n standby 1 authentication {}",
            "interface Gi0/1\n vrrp 1 authentication text {}",
            "interface Gi0/1\n ip ospf message-digest-key 1 md5 7 {}",
            "archive\n path ftp://user:{}@192.0.2.1/",
            "archive\n path ftp://user:a@{}@192.0.2.1/ password {}",
        )
    ),
    *(
        ("asa", line)
        for line in (
            "passwd\t{}",
            "snmp-server user a b v3 auth sha {} priv aes 128 abc",
            "aaa-server X (inside) host 192.0.2.1\n ldap-login-password {}",
            "aaa-server X (inside) host 192.0.2.1\n radius-common-pw {}",
        )
    ),
]
ALL = [("ios", text) for text in IOS_KEYS] + [("asa", text) for text in ASA_KEYS]


def misspelled(line: str) -> Iterator[str]:
    """Spoil each word before the secret, and add words behind it."""
    words = line.split(" ")
    for at, word in enumerate(words):
        if "{}" in word:
            break
        yield " ".join([*words[:at], word[:-1] + "q", *words[at + 1 :]])
    yield f"{line} too much"
    yield f"{line} {{}}"


def everything_said(dialect: str, text: str) -> str:
    store = new_store(dialect)
    said: list[object] = []
    for quiet in (False, True):
        reader = ConfigReader(store, quiet=quiet)
        for line in text.splitlines():
            outcome = reader.feed(line)
            said += [outcome.messages, outcome.error and outcome.error.shown, str(outcome.error)]
            said += [reader.help(line), reader.help(f"{line} ")]
        reader.end()
    said += [store.commit(), store.intent, store.complaints]
    said += [store.running(), store.running({"all": True}), store.startup(), check(text, "file", dialect)]
    for see in (views.profiles, views.connections, views.proposals, views.access_lists):
        said.append(list(see(store)))
    return repr(said)


@pytest.mark.parametrize(("dialect", "text"), ALL)
def test_a_secret_is_seen_nowhere(dialect: str, text: str) -> None:
    *before, last = text.splitlines()
    for line in (last, *misspelled(last)):
        typed = "\n".join([*before, line]).replace("{}", MARKER)
        assert MARKER not in everything_said(dialect, typed), line


@pytest.mark.parametrize(("dialect", "text"), KEPT)
def test_a_secret_of_a_line_without_effect_is_kept_but_not_shown(dialect: str, text: str) -> None:
    typed = text.replace("{}", MARKER)
    assert MARKER not in everything_said(dialect, typed)
    assert any(MARKER in line for line in read(dialect, typed)[0].running(clear=True))


@pytest.mark.parametrize(("dialect", "text"), KEPT)
def test_a_secret_of_a_line_without_effect_is_stored_sealed_and_restored(dialect: str, text: str) -> None:
    store, _ = read(dialect, text.replace("{}", MARKER))
    again, _ = read(dialect, store.startup().split("\n"))
    assert again.running(clear=True) == store.running(clear=True)
    assert again.startup() == store.startup()
    foreign = Store(dialect, bytes(32))
    for _ in feed_all(ConfigReader(foreign, quiet=True), store.startup().split("\n")):
        pass
    assert foreign.startup() == store.startup()


def test_a_sealed_key_is_no_part_of_a_line() -> None:
    store = new_store("ios")
    key = store.scribe.mask.seal(MARKER.encode())
    ConfigReader(store).feed(f"snmp-server contact sealed:{key}")
    assert MARKER not in "".join(store.running(clear=True))


@pytest.mark.parametrize(
    "line", ["banner motd ^C the password is known ^C", "key chain K", "aaa authentication login default local"]
)
def test_what_only_looks_like_a_secret_is_shown(line: str) -> None:
    assert line in read("ios", line)[0].running()


@pytest.mark.parametrize("dialect", ["ios", "asa"])
def test_only_the_kinds_of_secrets_hold_secrets(dialect: str) -> None:
    named = {"key", "hex", "secret", "password"}
    for mode in load(dialect).modes.values():
        for declaration in mode.file.declarations:
            waiting = [declaration.pattern]
            while waiting:
                node = waiting.pop()
                waiting += parts(node)
                if isinstance(node, Value) and node.slot in named:
                    assert kind(node.kind, dialect).secret, declaration.place


# Stored forms


def test_a_router_shows_keys_under_its_master_key_and_reads_them_back() -> None:
    store, _ = read(
        "ios", "crypto ikev2 keyring K\n peer p\n  pre-shared-key cisco\n  pre-shared-key local hex 00ff10\n"
    )
    shown = [line.strip() for line in store.running() if "pre-shared-key" in line]
    assert all(" 6 " in line for line in shown)
    again, _ = read("ios", store.startup())
    assert again.draft == store.draft
    assert [line.strip() for line in commands(again) if "pre-shared" in line] == [
        "pre-shared-key local hex 00FF10",
        "pre-shared-key cisco",
    ]


@pytest.mark.parametrize(
    "key", ["0", "6", "local", "remote", "hex", "lo", "!x", "6 abc", "hex 0a", "two words", "pre-shared-key"]
)
def test_keys_that_look_like_words_come_back_from_clear_text(key: str) -> None:
    text = f"crypto ikev2 keyring K\n peer p\n  pre-shared-key 0 {key}\n"
    store, outcomes = read("ios", text)
    assert outcomes[-1].accepted
    again, _ = read("ios", "\n".join(store.running(clear=True)))
    assert again.draft == store.draft


def test_another_master_key_opens_nothing_but_loses_nothing() -> None:
    store, _ = read("ios", "crypto ikev2 keyring K\n peer p\n  address 192.0.2.1\n  pre-shared-key cisco\n")
    other = Store("ios", bytes(32), counting())
    reader = ConfigReader(other)
    for line in store.startup().splitlines():
        reader.feed(line)
    assert other.startup() == store.startup()


def test_a_firewall_hides_keys_and_does_not_take_the_stars_for_one() -> None:
    group = "tunnel-group 192.0.2.1 type ipsec-l2l\ntunnel-group 192.0.2.1 ipsec-attributes\n"
    store, _ = read("asa", f"{group} ikev2 local-authentication pre-shared-key cisco\n")
    assert " ikev2 local-authentication pre-shared-key *****" in store.running()
    assert " ikev2 local-authentication pre-shared-key cisco" in store.running(clear=True)
    assert read("asa", store.startup())[0].draft == store.draft
    reader = ConfigReader(store)
    outcomes = [reader.feed(line) for line in store.running()]
    assert [outcome.messages for outcome in outcomes if not outcome.accepted] == [
        ("ERROR: ***** stands for a key that was not shown: type the key itself",)
    ]
    assert " ikev2 local-authentication pre-shared-key cisco" in store.running(clear=True)


@pytest.mark.parametrize(
    ("dialect", "lines", "level"),
    [
        ("ios", "enable secret open\nusername bob privilege 7 secret sesame", 7),
        ("ios", "enable password open\nusername bob password sesame", 1),
        ("ios", "enable secret open\nusername bob secret sesame\nusername bob privilege 15", 15),
        ("asa", "enable password open\nusername bob password sesame privilege 15", 15),
    ],
)
def test_passwords_are_hashes_that_verify(dialect: str, lines: str, level: int) -> None:
    store, outcomes = read(dialect, lines)
    assert all(outcome.accepted for outcome in outcomes)
    for each in (store, read(dialect, store.startup())[0]):
        assert each.has_enable
        assert each.verify_enable(Secret("open"))
        assert not each.verify_enable(Secret("opens"))
        assert each.verify_user("bob", Secret("sesame")) == level
        assert each.verify_user("bob", Secret("x")) is None
        assert each.verify_user("eve", Secret("sesame")) is None
    assert "open" not in store.startup()
    assert "sesame" not in store.startup()


def test_a_user_with_a_secret_gets_no_password_beside_it() -> None:
    first, again, other = read(
        "ios", "username bob secret sesame\nusername bob password sesame\nusername bob password x"
    )[1]
    assert first.accepted
    assert again.accepted, "the same password again, as in a configuration that is pasted twice"
    assert not other.accepted
    assert "Can not have both a user password and a user secret: user bob has a secret" in other.messages[0]
    lines = "username bob secret sesame\nno username bob\nusername bob password x\nusername bob secret y"
    store, outcomes = read("ios", lines)
    assert all(one.accepted for one in outcomes)
    assert store.verify_user("bob", Secret("y")) is not None
    store, outcomes = read("ios", "service password-encryption\nusername bob password x\nusername bob password y")
    assert all(one.accepted for one in outcomes)
    assert store.verify_user("bob", Secret("y")) is not None


def test_without_an_enable_secret_nothing_is_the_password() -> None:
    assert not new_store("ios").has_enable
    assert not new_store("ios").verify_enable(Secret(""))


@pytest.mark.parametrize(
    "stored",
    [
        "$8$TnGX/fE4KGHOVU$pEhnEvxrvaynpi8j4f.EMHr6M.FzU8xnZnBr/tJdFWk",
        "$9$2MJBozw/9R3UsU$2lFhcKvpghcyw8deP25GOfyZaagyUOGBymkryvOdfo6",
    ],
)
def test_hashes_are_those_of_the_real_systems(stored: str) -> None:
    assert is_hash(stored[1], stored)
    assert verified(Secret(stored), Secret("hashcat"))
    assert not verified(Secret(stored), Secret("hashcaT"))


@pytest.mark.parametrize(
    ("stored", "password"),
    [
        ("$8$J5J/1K3e8gk974$HRezVpnMZOhOU2uxFTv.79S1U1PpMScizwXS3Z1Dx1s", "cisco123"),
        ("$9$ihSswXDbk0kaVK$o.uyR2nMrWtjMkrQwBXUR5lVuVt/KzG23rmYvshODXI", "cisco123"),
        ("$1$mERr$hx5rVt7rPNoS4wqbXKX7m0", "cisco"),
    ],
)
def test_a_pasted_hash_lets_its_password_in(stored: str, password: str) -> None:
    store, outcomes = read("ios", f"enable secret {stored[1] if stored[1] != '1' else 5} {stored}")
    assert outcomes[0].accepted
    assert store.verify_enable(Secret(password))
    assert not store.verify_enable(Secret(password + "x"))
    assert stored in "".join(store.running())


@pytest.mark.parametrize(
    ("stored", "user", "password"),
    [("2KFQnbNIdI.2KYOU", "", "cisco"), ("8Ry2YjIyt7RRXU24", "", ""), ("3USUcOPFUiMCO4Jk", "cisco", "cisco")],
)
def test_an_old_hash_of_a_firewall_lets_its_password_in(stored: str, user: str, password: str) -> None:
    line = f"username {user} password {stored} encrypted" if user else f"enable password {stored} encrypted"
    store, outcomes = read("asa", line)
    assert outcomes[0].accepted
    for typed in (password, "wrong"):
        right = store.verify_user(user, Secret(typed)) == 1 if user else store.verify_enable(Secret(typed))
        assert right == (typed == password)


SIX = [
    ("Cisco123", "fe_a`iJYE\\DZYJhDhTP[`MYaTgRH_MAAB", "Cisco123"),
    ("mySecretMasterkey", "XOUDEUYHeLGdB`UAZKX\\GK[iEgCWMZXEXN^dTGZ[UAAAB", "mySecretPassword"),
    ("cisco123", "NdUI^_YP[VEPG[MT_bfTEFNZYFCYe\\R\\M", "password"),
]
"""Master keys, texts of type 6 as a router and two tools of others made them, and the keys in them."""


@pytest.mark.parametrize(("master", "text", "key"), SIX)
def test_type_6_is_that_of_the_real_systems(master: str, text: str, key: str) -> None:
    assert type6.unseal(master.encode(), text.encode()) == key.encode()
    assert type6.unseal(b"another", text.encode()) is None
    assert type6.unseal(master.encode(), text[:-3].encode()) is None


@pytest.mark.parametrize(("master", "text", "key"), SIX[:2])
def test_type_6_is_written_as_the_real_systems_do(master: str, text: str, key: str) -> None:
    salt = bytes.fromhex("".join(f"{number:04x}" for number in _threes(text[:12])))
    assert type6.seal(master.encode(), key.encode(), salt) == text


def _threes(text: str) -> Iterator[int]:
    for at in range(0, len(text), 3):
        a, b, c = (ord(letter) - ord("A") for letter in text[at : at + 3])
        yield (a * 41 + b) * 41 + c


@given(st.binary(min_size=1, max_size=40), st.binary(min_size=8, max_size=8))
def test_type_6_gives_any_key_back(key: bytes, salt: bytes) -> None:
    assert type6.unseal(b"master", type6.seal(b"master", key, salt).encode()) == key


@given(st.binary(max_size=60))
def test_what_is_no_type_6_is_none(text: bytes) -> None:
    assert type6.unseal(b"master", text) is None


KEYRING = "crypto ikev2 keyring K\n peer p\n  address 192.0.2.1\n  pre-shared-key"


@pytest.mark.parametrize("first", [False, True])
def test_keys_of_another_router_are_read_under_its_master_key(first: bool) -> None:
    master, text, key = SIX[0]
    lines = [f"key config-key password-encrypt {master}", f"{KEYRING} 6 {text}"]
    store, outcomes = read("ios", "\n".join(lines if first else reversed(lines)))
    assert all(outcome.accepted for outcome in outcomes)
    assert f"  pre-shared-key {key}" in store.running(clear=True)
    assert "config-key" not in store.startup()


def test_keys_go_under_the_new_master_key_and_old_texts_are_still_read() -> None:
    store, _ = read("ios", f"{KEYRING} cisco")
    texts = [store.startup()]
    for master in ("password-encrypt firstmaster", "password-encrypt secondmaster", ""):
        reader = ConfigReader(store)
        assert reader.feed(f"{'' if master else 'no '}key config-key {master or 'password-encrypt'}").accepted
        reader.end()
        texts.append(store.startup())
    assert len(set(texts)) == 3
    assert texts[3] == texts[0]
    for text in texts:
        again = Store("ios", MASTER_KEY, counting(), store.phrases)
        for _ in feed_all(ConfigReader(again, quiet=True), text.splitlines()):
            pass
        assert again.startup() == texts[3]


def test_a_firewall_wants_the_old_master_key_where_one_is_given() -> None:
    store = new_store("asa")
    reader = ConfigReader(store)
    assert reader.feed("key config-key password-encryption firstmaster").accepted
    (refusal,) = reader.feed("key config-key password-encryption secondmaster wrongmaster").messages
    assert refusal == "ERROR: The old key is another"
    assert reader.feed("key config-key password-encryption secondmaster firstmaster").accepted
    assert reader.feed("key config-key password-encryption short").messages == (
        "ERROR: A master key has 8 to 127 characters",
    )


def test_hashes_are_salted() -> None:
    random = counting()
    assert hashed("ios", Secret("a"), random) != hashed("ios", Secret("a"), random)


@pytest.mark.parametrize(
    ("text", "password"),
    [("070C285F4D06", b"cisco"), ("0822455D0A16", b"cisco"), ("14141B180F0B", b"cisco"), ("7", None), ("zz11", None)],
)
def test_type_7_is_read(text: str, password: bytes | None) -> None:
    found = unobscured(text)
    assert (found and found.reveal()) == password


def test_type_7_stays_type_7() -> None:
    lines = "enable password 7 070C285F4D06\nusername bob password 7 14141B180F0B"
    store, outcomes = read("ios", lines)
    assert ["%Warning: type 7 is weak" in "".join(one.messages) for one in outcomes] == [True, True]
    assert set(lines.splitlines()) <= set(store.running())
    for each in (store, read("ios", store.startup())[0]):
        assert each.verify_enable(Secret("cisco"))
        assert each.verify_user("bob", Secret("cisco")) == 1
        assert each.verify_user("bob", Secret("14141B180F0B")) is None


@pytest.mark.parametrize("level", ["", " level 5"])
@pytest.mark.parametrize("password", ["7 070C285F4D06", "cisco"])
def test_an_enable_password_never_takes_the_place_of_the_secret(password: str, level: str) -> None:
    lines = f"service password-encryption\nenable secret{level} a\nenable password{level} {password}\n"
    for text in (lines, f"service password-encryption\nenable password{level} {password}\nenable secret{level} a\n"):
        store, outcomes = read("ios", text)
        assert all(outcome.accepted or outcome.verdict == "inert" for outcome in outcomes)
        assert store.verify_enable(Secret("a"), 5 if level else 15)
        assert not store.verify_enable(Secret("cisco"), 5 if level else 15)
    store, _ = read("ios", f"{lines}no enable secret{level}\nenable password{level} {password}\n")
    assert store.verify_enable(Secret("cisco"), 5 if level else 15)
    store, _ = read("ios", f"enable password{level} 7 14141B180F0B\nenable password{level} 7 02050D480809\n")
    assert f"enable password{level} 7 02050D480809" in store.running()


@pytest.mark.parametrize("negation", ["no enable secret", "no enable password", "no enable secret 9 x"])
def test_an_enable_secret_goes_by_no(negation: str) -> None:
    store, outcomes = read("ios", f"enable secret a\n{negation}\n")
    assert outcomes[-1].verdict == "accepted"
    assert not store.has_enable


def test_service_password_encryption_is_for_what_is_no_secret() -> None:
    lines = ("service password-encryption", "enable secret a", "username bob password cisco", "username eve secret b")
    store, _ = read("ios", lines)
    written = [line for line in store.running() if line.startswith(("username", "enable", "service"))]
    assert [line.rsplit(" ", 1)[0] for line in written if " " in line][:4] == [
        "service", "enable secret 9", "username bob password 7", "username eve secret 9",
    ]  # fmt: skip
    assert store.verify_user("bob", Secret("cisco")) == 1
    assert read("ios", store.startup())[0].startup() == store.startup()


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        ("ios", "enable {}"),
        ("ios", "username bob {}"),
        ("ios", "crypto ikev2 profile P\n authentication local pre-share {}"),
        ("asa", "enable {}"),
        ("asa", "username bob {} privilege 15"),
        ("ios", "key {}"),
        ("ios", "radius-key 7 {}"),
        ("ios", "no  password 7 {}"),
        ("asa", "password {}"),
    ],
)
def test_a_secret_whose_keyword_was_left_out_is_not_shown(dialect: str, text: str) -> None:
    for quiet in (False, True):
        _, outcomes = read(dialect, text.replace("{}", MARKER), quiet=quiet)
        assert not outcomes[-1].accepted
        assert MARKER not in str([(one.messages, one.error and one.error.shown) for one in outcomes])


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        ("ios", "line vty 0 4\n no password 7 {}"),
        ("ios", "line vty 0 4\n no  password 7 {}"),
        ("ios", "crypto isakmp client configuration group G\n no key {}"),
        ("asa", "aaa-server X (inside) host 192.0.2.1\n no key {}"),
    ],
)
def test_a_secret_is_hidden_where_a_section_without_effect_is_to_lose_it(dialect: str, text: str) -> None:
    assert MARKER not in everything_said(dialect, text.replace("{}", MARKER))


def test_a_misspelled_command_is_shown() -> None:
    _, (outcome,) = read("ios", "hostnme R1")
    assert outcome.error is not None
    assert outcome.error.shown == "hostnme"
