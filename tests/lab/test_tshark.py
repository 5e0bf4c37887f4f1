"""Every octet of the wire is read, decrypted and found right by tshark, with the keys of the key log."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ikecli.config import dialect_of
from ikecli.ike.requests import DeleteIke, Initiate
from ikecli.lab.lab import VirtualLab
from tests.config.reading import SAMPLES
from tests.lab.capture import NEEDS_TSHARK, Capture, Frame

pytestmark = NEEDS_TSHARK
Changes = tuple[tuple[str, str], ...]


def started(sample: str, *names: str, changes: Changes = ()) -> tuple[VirtualLab, Capture]:
    """Start appliances of a sample, with what is changed in each text that has it, and capture from the beginning."""
    lab = VirtualLab("tshark")
    for name in names:
        text = (SAMPLES / sample / f"{name}.cfg").read_text()
        for old, new in changes:
            text = text.replace(old, new)
        _, complaints = lab.add(text, dialect_of(text))
        assert [one for one in complaints if "arning" not in one] == []
    return lab, Capture(lab)


def judged(capture: Capture, where: Path) -> list[Frame]:
    """Return the frames, of which each is right, and whose messages are those that the engines sent.

    Only refusals of IKE_SA_INIT belong to no SA, and no engine tells of them.
    """
    frames = capture.frames(where)
    assert [(frame.number, frame.complaints) for frame in frames if frame.complaints] == []
    assert [frame for frame in frames if not frame.good] == []
    seen = {frame.message for frame in frames if frame.message is not None}
    assert capture.sent <= seen
    assert {(one[2], int(one[1], 16)) for one in seen - capture.sent} <= {("IKE_SA_INIT", 0)}
    capture.sent |= seen
    return frames


def kinds(capture: Capture) -> set[str]:
    return {message[2] for message in capture.sent}


def told(capture: Capture) -> set[str]:
    return {name for message in capture.sent for name in message[-1]}


LEFT_TO_RIGHT = ("Left", "10.20.0.1", "10.10.0.1")
GCM, PRF = " encryption aes-gcm-256\n", " prf sha384\n"
SUITES = {
    "CBC-128-SHA-256": " encryption aes-cbc-128\n integrity sha256\n",
    "CBC-192-SHA-384": " encryption aes-cbc-192\n integrity sha384\n",
    "CBC-256-SHA-512": " encryption aes-cbc-256\n integrity sha512\n",
    "CBC-256-SHA-1": " encryption aes-cbc-256\n integrity sha1\n",
    "3DES-MD5": " encryption 3des\n integrity md5\n",
    "GCM-128": " encryption aes-gcm-128\n",
    "GCM-256": GCM,
}
TRANSFORMS = (
    "esp-aes esp-sha-hmac", "esp-aes 192 esp-sha256-hmac", "esp-aes 256 esp-sha384-hmac", "esp-3des esp-md5-hmac",
    "esp-aes esp-sha512-hmac", "esp-gcm 128", "esp-gcm 192",
)  # fmt: skip


@pytest.mark.parametrize(("suite", "transform"), [*zip(SUITES, TRANSFORMS, strict=True)])
def test_each_cipher(suite: str, transform: str, tmp_path: Path) -> None:
    changes = ((GCM, SUITES[suite]), ("transform-set GCM esp-gcm 256", f"transform-set GCM {transform}"))
    lab, capture = started("modern", "left", "right", changes=changes)
    assert lab.ping(*LEFT_TO_RIGHT, count=2) == "!!"
    frames = judged(capture, tmp_path)
    assert sum(frame.sealed for frame in frames) == 2
    assert [frame.inner[:2] for frame in frames if frame.esp] == [("ip", "icmp")] * 4


def test_chacha20_is_beyond_tshark_but_for_its_outside(tmp_path: Path) -> None:
    changes = ((GCM, " encryption chacha20-poly1305\n"), ("GCM esp-gcm 256", "GCM esp-chacha20-poly1305"))
    lab, capture = started("modern", "left", "right", changes=changes)
    assert lab.ping(*LEFT_TO_RIGHT, count=2) == "!!"
    frames = capture.frames(tmp_path)
    assert [frame.complaints for frame in frames if frame.complaints] == []
    assert [frame.good for frame in frames if frame.sealed or frame.esp] == [False] * 6
    clear = {frame.message for frame in frames if frame.message is not None and not frame.sealed}
    assert clear == {message for message in capture.sent if message[2] == "IKE_SA_INIT"}


def test_rekeys_liveness_checks_and_deletes(tmp_path: Path) -> None:
    changes = ((" lifetime 43200\n", " lifetime 300\n"), ("lifetime seconds 7200", "lifetime seconds 120"))
    lab, capture = started("modern", "left", "right", changes=changes)
    assert lab.ping(*LEFT_TO_RIGHT, count=2) == "!!"
    for _ in range(4):
        lab.run(100)
        assert lab.ping(*LEFT_TO_RIGHT, count=1) == "!"
    lab["Left"].appliance.do(DeleteIke())
    lab.run(1)
    frames = judged(capture, tmp_path)
    assert len({message[:2] for message in capture.sent if any(message[1])}) > 2
    assert {"NOTIFY(REKEY_SA)", "DELETE", "KE"} <= told(capture)
    assert any(message[2] == "INFORMATIONAL" and not message[-1] for message in capture.sent)
    assert sum(frame.esp for frame in frames) >= 12


@pytest.mark.parametrize("mtu", ["", "crypto ikev2 fragmentation mtu 576\n"], ids=["whole", "fragments"])
def test_post_quantum_exchanges_and_preshared_keys(mtu: str, tmp_path: Path) -> None:
    changes = (
        ("hostname", f"{mtu}hostname"),
        (" lifetime 43200\n", " lifetime 300\n"),
        ("lifetime seconds 7200", "lifetime seconds 120"),
    )
    lab, capture = started("post-quantum", "left", "right", changes=changes)
    assert lab.ping(*LEFT_TO_RIGHT, count=2) == "!!"
    for _ in range(3):
        lab.run(110)
        assert lab.ping(*LEFT_TO_RIGHT, count=1) == "!"
    frames = judged(capture, tmp_path)
    assert {"IKE_INTERMEDIATE", "IKE_FOLLOWUP_KE", "CREATE_CHILD_SA"} <= kinds(capture)
    assert {"NOTIFY(PPK_IDENTITY_KEY)", "NOTIFY(REKEY_SA)"} <= told(capture)
    assert any(frame.sealed and frame.message is None for frame in frames) is bool(mtu)


def test_an_inner_address_and_a_router_of_its_own_for_each_peer(tmp_path: Path) -> None:
    lab, capture = started("remote-access", "hub", "client")
    lab.run(5)
    assert lab.ping("Client", "10.2.2.9", count=2).endswith("!")
    judged(capture, tmp_path)
    assert "CP" in told(capture)


def test_flexvpn_with_gre_inside(tmp_path: Path) -> None:
    lab, capture = started("hub-and-spoke", "flex-hub", "flex-spoke1")
    lab.run(5)
    assert lab.ping("Spoke1", "10.0.0.9", "10.1.0.1", count=2).endswith("!")
    frames = judged(capture, tmp_path)
    assert any("gre" in frame.inner for frame in frames)


def test_both_ends_behind_nats(tmp_path: Path) -> None:
    lab, capture = started("nat", *sorted(path.stem for path in (SAMPLES / "nat").glob("*.cfg")))
    assert lab.ping("North", "10.0.0.1", "10.1.0.1", count=2).endswith("!")
    lab.run(60)
    frames = judged(capture, tmp_path)
    assert any(frame.esp for frame in frames)


def test_both_versions_of_ip(tmp_path: Path) -> None:
    lab, capture = started("dual-stack", "east", "west")
    names = [node.name for node in lab.nodes]
    lab.run(5)
    for node in lab.nodes:
        for label in [row.label for row in node.appliance.store.intent.connections]:
            node.appliance.do(Initiate(label))
            lab.run(1)
    assert len(names) == 2
    frames = judged(capture, tmp_path)
    assert sum(frame.sealed for frame in frames) >= 2


@pytest.mark.parametrize("line", ["cookie-challenge 0", "puzzle-challenge 0"])
def test_cookies_and_puzzles(line: str, tmp_path: Path) -> None:
    lab, capture = started("modern", "left", "right", changes=(("hostname", f"crypto ikev2 {line}\nhostname"),))
    assert lab.ping(*LEFT_TO_RIGHT, count=2).endswith("!")
    judged(capture, tmp_path)
    assert "NOTIFY(COOKIE)" in told(capture)


def test_an_ike_sa_without_a_child_sa(tmp_path: Path) -> None:
    changes = ((" set pfs", " set security-association level per-host\n set pfs"),)
    lab, capture = started("modern", "left", "right", changes=changes)
    (row,) = lab["Left"].appliance.store.intent.connections
    lab["Left"].appliance.do(Initiate(row.label))
    lab.run(1)
    (sa,) = lab["Left"].appliance.sas()
    assert not sa.children
    assert lab.ping(*LEFT_TO_RIGHT, count=2).endswith("!")
    judged(capture, tmp_path)
    assert "CREATE_CHILD_SA" in kinds(capture)


@pytest.mark.parametrize(("old", "new"), [(" group 31", " group 21 31"), ("esp-gcm 256", "esp-gcm 128")])
def test_refusals(old: str, new: str, tmp_path: Path) -> None:
    lab = VirtualLab("tshark")
    for name in ("left", "right"):
        text = (SAMPLES / "modern" / f"{name}.cfg").read_text()
        lab.add(text.replace(old, new) if name == "left" else text, "ios")
    capture = Capture(lab)
    lab.ping(*LEFT_TO_RIGHT, count=2)
    judged(capture, tmp_path)
    assert told(capture) & {"NOTIFY(INVALID_KE_PAYLOAD)", "NOTIFY(NO_PROPOSAL_CHOSEN)"}


def test_a_capture_from_the_command_line_is_read_as_the_lab_page_says(tmp_path: Path) -> None:
    files = [str(SAMPLES / "modern" / f"{side}.cfg") for side in ("left", "right")]
    typed = ["-c", "ping 10.20.0.1 source 10.10.0.1 repeat 2"]
    taken = tmp_path / "taken"
    lab = [sys.executable, "-m", "ikecli.main", "lab", *files, "--capture", str(taken), *typed]
    assert "!!" in subprocess.run(lab, capture_output=True, text=True, check=True).stdout
    private = {path.name: stat.S_IMODE(path.stat().st_mode) for path in taken.rglob("*")}
    assert private == {"wire.pcap": 0o600, "wireshark": 0o700, "esp_sa": 0o600, "ikev2_decryption_table": 0o600}
    read = ["tshark", "-r", str(taken / "wire.pcap"), "-o", "esp.enable_encryption_decode:TRUE"]
    environment = {**os.environ, "XDG_CONFIG_HOME": str(taken), "HOME": str(tmp_path)}
    lines = subprocess.run(read, env=environment, capture_output=True, text=True, check=True).stdout
    assert lines.count("Echo (ping) reply") == 2
    assert lines.count("IKE_AUTH") == 2
