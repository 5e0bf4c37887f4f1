"""What people copy from screens and files: prompts, marks of pages, headers, blocks, odd line ends and characters."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from ikecli.config import ConfigReader
from ikecli.config.check import check, dialect_of, run
from ikecli.errors import Unavailable
from ikecli.language import LINE_LIMIT, TEXT_LIMIT, decoded
from tests.config.reading import new_store, read

WANTED = {
    "ios": """hostname R1
!
crypto ikev2 proposal P
 encryption aes-cbc-256
 integrity sha256
 group 14
!
interface GigabitEthernet0/0
 description to the hub
 ip address 192.0.2.1 255.255.255.0
""",
    "asa": """hostname fw
!
interface GigabitEthernet0/0
 description to the hub
 nameif outside
 security-level 0
 ip address 192.0.2.1 255.255.255.0
!
crypto ikev2 policy 10
 encryption aes-256
 integrity sha256
 group 14
 prf sha256
""",
}
SCREEN = {
    "ios": """Router>enable
Router#show clock
Router#conf t
Enter configuration commands, one per line.  End with CNTL/Z.
Router(config)#hostname R1
R1(config)#!
R1(config)#crypto ikev2 proposal P
R1(config-ikev2-proposal)# encryption aes-cbc-256
R1(config-ikev2-proposal)# integrity sha256
R1(config-ikev2-proposal)# group 14
R1(config-ikev2-proposal)#exit
R1(config)#
R1(config)#int gi0/0
R1(config-if)#description to the hub
R1(config-if)#ip address 192.0.2.1 255.255.255.0
R1(config-if)#end
R1#wr
Building configuration...
[OK]
R1#
""",
    "asa": """ciscoasa> enable
ciscoasa# conf t
ciscoasa(config)# hostname fw
fw(config)# interface GigabitEthernet0/0
fw(config-if)#  description to the hub
fw(config-if)# nameif outside
fw(config-if)# security-level 0
fw(config-if)# ip address 192.0.2.1 255.255.255.0
fw(config-if)# crypto ikev2 policy 10
fw(config-ikev2-policy)# encryption aes-256
fw(config-ikev2-policy)# integrity sha256
fw(config-ikev2-policy)# group 14
fw(config-ikev2-policy)# prf sha256
fw(config-ikev2-policy)# end
fw# write memory
Building configuration...
Cryptochecksum: 0123abcd 0123abcd 0123abcd 0123abcd
1234 bytes copied in 0.10 secs
[OK]
""",
}
HEADER = {
    "ios": ("Building configuration...\n\nCurrent configuration : 1234 bytes\n!\n", "!\nend\n"),
    "asa": (
        ": Saved\n\n: \n: Serial Number: 9AXXXXXXXXX\n: Hardware:   ASAv, 2048 MB RAM\n:\nASA Version 9.16(1) \n!\n",
        "Cryptochecksum:d41d8cd98f00b204e9800998ecf8427e\n: end\n",
    ),
}


def came_out(dialect: str, text: str) -> list[str]:
    store, outcomes = read(dialect, text.split("\n"))
    assert [one.messages for one in outcomes if not one.accepted] == []
    return store.shown()


def paged(text: str, mark: str) -> str:
    """Return a text as a terminal that pages has it, with its mark before every fifth line."""
    lines = text.splitlines()
    return "\n".join(mark + line if at % 5 == 4 else line for at, line in enumerate(lines))


IOS_MORE = " --More-- "
ASA_MORE = "<--- More --->"
CHANGES = {
    "prompts": lambda dialect, text: SCREEN[dialect],
    "header": lambda dialect, text: text.join(HEADER[dialect]),
    "header of a page": lambda dialect, text: paged(text.join(HEADER[dialect]), " --More-- "),
    "backspaces": lambda dialect, text: paged(text, IOS_MORE + "\b" * 9 + " " * 9 + "\b" * 9),
    "returns": lambda dialect, text: paged(text, ASA_MORE + "\r" + " " * 14 + "\r"),
    "colours": lambda dialect, text: paged(text, "\x1b[7m--More--\x1b[27m\x1b[K\r"),
    "mark alone": lambda dialect, text: text.replace("!\n", "--More--\n"),
    "CRLF": lambda dialect, text: text.replace("\n", "\r\n"),
    "CRCRLF": lambda dialect, text: text.replace("\n", "\r\r\n"),
    "tabs": lambda dialect, text: text.replace(" ", "\t").replace("to\tthe\thub", "to the hub"),
    "blanks behind": lambda dialect, text: text.replace("\n", "  \t \n"),
    "blank lines": lambda dialect, text: text.replace("\n", "\n\n"),
    "byte order mark": lambda dialect, text: "\ufeff" + text,
    "blanks of web pages": lambda dialect, text: text.replace(" ip", "\xa0ip").replace(" 14", "\xa014"),
    "comments": lambda dialect, text: text.replace("!\n", "! what follows\n!\n").replace(" 14", " 14 ! modp"),
    "no indentation": lambda dialect, text: text.replace("\n ", "\n"),
    "capitals": lambda dialect, text: text.replace("encryption", "ENCRYPTION").replace("group", "Group"),
}


@pytest.mark.parametrize("dialect", ["ios", "asa"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_text_means_the_same_however_it_was_copied(dialect: str, change: str) -> None:
    assert came_out(dialect, CHANGES[change](dialect, WANTED[dialect])) == came_out(dialect, WANTED[dialect])


@pytest.mark.parametrize("dialect", ["ios", "asa"])
def test_the_dialect_is_known_behind_prompts(dialect: str) -> None:
    assert dialect_of(SCREEN[dialect].replace("policy 10", "enable outside")) == dialect


@pytest.mark.parametrize(
    ("line", "column"),
    [("R1(config)#crypto ikev2 proposl P", 31), ("R1(config)# hostnme R1", 18), ("\ufeffhostnme", 6), ("\thostnme", 7)],
)
def test_the_column_is_that_of_the_whole_line(line: str, column: int) -> None:
    (fault,) = check(line, "pasted", "ios").errors
    assert fault.column == column
    assert f"at column {column}" in fault.message


def test_what_is_for_exec_mode_is_not_run_and_said() -> None:
    found = check("configure terminal\nhostname R1\nend\nwrite memory\n", "notes", "ios")
    assert (found.errors, found.hostname) == ((), "R1")
    assert [(each.line, each.message) for each in found.complaints] == [
        (1, "configure terminal configures nothing and is not run."),
        (4, "write memory configures nothing and is not run."),
    ]


@pytest.mark.parametrize("mark", ["^C", "\x03", "#", "%", "@"])
def test_a_banner_keeps_its_lines_whatever_they_look_like(mark: str) -> None:
    lines = [f"banner motd {mark}", "R1> not a prompt", "", " !", "  --- More ---", f"end{mark}", "hostname R1"]
    store, outcomes = read("ios", lines)
    assert all(one.accepted for one in outcomes)
    shown = store.shown()
    written = [lines[0].replace(mark, "^C"), *lines[1:5], "end^C"]
    at = shown.index(written[0])
    assert shown[at : at + 6] == written
    assert store.hostname == "R1"


def test_a_certificate_is_kept_as_it_was() -> None:
    block = ["  30820321 30820209 A0030201 02020101", "  300D0609 2A864886 F70D0101", "  \tquit"]
    lines = ["crypto pki certificate chain TP", " certificate self-signed 01", *block, "hostname R1"]
    store, outcomes = read("ios", lines)
    assert all(one.accepted for one in outcomes)
    assert store.hostname == "R1"
    shown = "\n".join(store.shown())
    assert "30820321 30820209 A0030201 02020101" in shown
    assert came_out("ios", shown) == store.shown()


def test_long_lines_and_quotes_and_letters_of_all_scripts_come_back() -> None:
    lines = [
        "interface Loopback0",
        f" description {'Zürich Ωmega 東京 ' * 50}!".rstrip(),
        "interface Loopback1",
        ' description "quoted  text" ! not a comment',
    ]
    shown = came_out("ios", "\n".join(lines))
    assert all(line in shown for line in lines)


@pytest.mark.parametrize("quiet", [True, False])
def test_an_endless_line_is_refused_with_a_sentence(quiet: bool) -> None:
    reader = ConfigReader(new_store("ios"), quiet=quiet)
    outcome = reader.feed("description " + "x" * (1 << 22))
    assert outcome.messages == (f"% The line is longer than {LINE_LIMIT} characters",)
    assert reader.feed("hostname R1").accepted


def test_a_banner_without_end_takes_no_more_than_its_limit() -> None:
    reader = ConfigReader(new_store("ios"), quiet=True)
    outcomes = [reader.feed(line) for line in ["banner motd #", *(["x" * 4000] * 40)]]
    assert next(one.messages for one in outcomes if not one.accepted) == (
        "% The command is longer than 65536 characters: all of it is passed over",
    )
    assert {one.verdict for one in outcomes[-20:]} == {"skipped"}
    assert reader.in_block
    assert reader.feed("#").verdict == "skipped"
    assert not reader.in_block


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16"])
def test_files_are_read_as_they_are_encoded(tmp_path: Path, capsys: pytest.CaptureFixture[str], coding: str) -> None:
    file = tmp_path / "router.cfg"
    file.write_bytes("hostname R1\r\ninterface Loopback0\r\n description Zürich\r\n".encode(coding))
    assert run([file]) == 0
    assert "R1 (ios): 3 lines, 3 in effect" in capsys.readouterr().out


def test_a_file_in_an_old_encoding_is_read_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "router.cfg"
    file.write_bytes("hostname R1\ninterface Loopback0\n description Zürich\n Zürich\n".encode("latin-1"))
    assert run([file]) == 1
    assert "Invalid input at column 3" in capsys.readouterr().out


@pytest.mark.parametrize("what", ["long", "zero"])
def test_what_can_be_no_configuration_is_refused_with_a_sentence(tmp_path: Path, what: str) -> None:
    file = tmp_path / "big.cfg"
    with file.open("wb") as opened:
        opened.truncate(100 << 20)
        if what == "long":
            opened.write(b"hostname R1\n")
    with pytest.raises(Unavailable, match=r"big\.cfg: it is longer than 32 MB, which no configuration is"):
        run([file])
    with pytest.raises(Unavailable, match="it is not text"):
        decoded(bytes(TEXT_LIMIT), "zeros")
    assert decoded(codecs.BOM_UTF8 + b"x", "marked") == "x"


def test_many_blank_lines_do_not_slow_the_guess_of_the_dialect() -> None:
    assert dialect_of("\n" * (1 << 20) + "tunnel-group A type ipsec-l2l\n") == "asa"


SESSION = """\
R1#configure terminal
Enter configuration commands, one per line.  End with CNTL/Z.
R1(config)#hostname R2
R2(config)#crytpo map M
             ^
% Invalid input detected at '^' marker.

R2(config)#int lo0
R2(config-if)#
*Mar  1 00:00:12.123: %LINEPROTO-5-UPDOWN: Line protocol on Interface Loopback0, changed state to up
R2(config-if)#ip add 10.0.0.1 255.255.255.255
R2(config-if)#^Z
%SYS-5-CONFIG_I: Configured from console by console
R2#copy run start
Destination filename [startup-config]?
Building configuration...
[OK]
R2#reload
Proceed with reload? [confirm]
"""


def test_a_session_copied_from_a_screen_is_read_with_all_that_the_router_said() -> None:
    store, outcomes = read("ios", SESSION)
    lines = SESSION.splitlines()
    assert [line for line, one in zip(lines, outcomes, strict=True) if not one.accepted] == ["R2(config)#crytpo map M"]
    assert store.hostname == "R2"
    assert str(store.draft.interfaces["Loopback0"].address.address) == "10.0.0.1"


def test_a_firewalls_session_is_read_with_all_that_it_said() -> None:
    lines = [
        "fw(config)# interface GigabitEthernet0/0",
        "fw(config-if)# nameif outside",
        'INFO: Security level for "outside" set to 0 by default.',
        "fw(config-if)# ip address 192.0.2.1 255.255.255.0",
        "ERROR: This command is not what it was",
        "WARNING: mind the gap",
        "%ASA-5-111008: User 'enable_15' executed the 'no shutdown' command.",
        "fw(config-if)# ^Z",
        "fw(config)# hostname g",
    ]
    store, outcomes = read("asa", lines)
    assert all(one.accepted for one in outcomes)
    assert store.hostname == "g"


def test_the_devices_of_one_text_follow_one_another_and_each_mistake_has_its_line() -> None:
    text = (
        "hostname A\ninterface Loopback0\n ip addres 10.0.0.1\nend\nhostname B\nfoo\ninterface Loopback1\n shutdown\n"
    )
    store, outcomes = read("ios", text)
    assert [at for at, one in enumerate(outcomes, 1) if not one.accepted] == [3, 6]
    assert store.hostname == "B"
    assert list(store.draft.interfaces) == ["Loopback0", "Loopback1"]


@pytest.mark.parametrize("inside", ["", " pool P\n"], ids=["empty", "not empty"])
def test_a_line_behind_a_section_is_not_of_it_though_it_knows_such(inside: str) -> None:
    text = f"crypto ikev2 authorization policy X\n{inside}!\nbanner motd ^Hello^\n"
    store, outcomes = read("ios", text)
    assert all(one.accepted for one in outcomes)
    assert list(store.draft.banners) == ["motd"]
    again, _ = read("ios", store.running(clear=True))
    assert again.draft == store.draft
