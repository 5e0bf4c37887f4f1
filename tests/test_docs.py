"""The documentation's examples of failures are what is really printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ikecli.boundary.events import CATEGORIES
from ikecli.control.replies import Heard
from ikecli.debug import render
from ikecli.lab.lab import Node, VirtualLab
from tests.transcripts.sessions import replay

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "sample-configs" / "site-to-site"
CHANGED = {
    "No common IKE proposal": ("group 5", "group 14"),
    "IKEv2 is not enabled on the interface": ("crypto ikev2 enable outside\n", ""),
    "Another pre-shared key": ("pre-shared-key cisco", "pre-shared-key wrong"),
    "No common ESP proposal": ("esp integrity sha-1", "esp integrity sha-256"),
    "Access lists that are not mirror images": ("host 10.1.1.1", "host 10.1.1.9"),
    "No route to the peer": ("ip route 0.0.0.0 0.0.0.0 ", "ip route 10.2.2.0 255.255.255.0 "),
}
"""What one end has otherwise: the firewall, but for the route the router."""


def printed(node: Node) -> list[str]:
    """Have a node's error debug collected in a list."""
    lines: list[str] = []

    def hear(heard: Heard) -> None:
        if heard.event is not None and type(heard.event) in CATEGORIES["ikev2.error"]:
            lines.extend(line.rstrip() for line in render(heard.event, node.appliance.dialect))

    node.appliance.journal.switch("ikev2.error", True)
    node.appliance.journal.listen(hear)
    return lines


@pytest.mark.parametrize("title", CHANGED)
def test_failures_are_documented_as_they_are_printed(title: str) -> None:
    lab = VirtualLab(1)
    texts = [(SAMPLES / name).read_text() for name in ("router.cfg", "asa.cfg")]
    at = 0 if title == "No route to the peer" else 1
    texts[at] = texts[at].replace(*CHANGED[title])
    (router, _), (asa, _) = lab.add(texts[0], "ios"), lab.add(texts[1], "asa")
    there = [printed(router), printed(asa)]
    lab.ping("Router", "10.2.2.1", "10.1.1.1", count=1)
    section = (ROOT / "docs" / "failures.md").read_text().split(f"## {title}\n")[1].split("\n## ")[0]
    blocks = re.findall(r"```\n(.*?)\n```", section, re.DOTALL)
    assert [block.splitlines() for block in blocks] == [lines for lines in there if lines]
    if title == "No common IKE proposal":
        assert blocks[1] in (ROOT / "README.md").read_text()


def test_the_example_of_a_command_is_one() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text().split("\nHow many requests a peer", 1)[1].split("\n## ")[0]
    *sources, screen = re.findall(r"```\n(.*?)\n```", text, re.DOTALL)
    files = ("grammar/ios/config/60-ikev2", "ikecli/config/ios.py", "ikecli/config/intent_ios.py")
    for name, source in zip(files, sources, strict=True):
        assert f"`{name}`" in text
        assert f"\n{source}\n" in (ROOT / name).read_text(), name
    entering = "Router#configure terminal\nEnter configuration commands, one per line.  End with CNTL/Z.\n"
    transcript = f"# appliances: ios\n{entering}{screen}\nRouter(config)#end\nRouter#exit\n"
    assert replay(transcript) == transcript
