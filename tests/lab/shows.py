"""What show commands print in the lab."""

from __future__ import annotations

from ikecli.control.messages import Show
from ikecli.control.replies import Reply, Shown
from ikecli.lab.lab import VirtualLab
from ikecli.show import RENDERERS


def shown(lab: VirtualLab, node: str, topic: str, **slots: object) -> str:
    """Return what a show command prints at a node, in its dialect."""
    replies: list[Reply] = []
    session = lab[node].open(lambda heard: None)
    session.handle(Show(topic, {}), replies.append)
    session.close()
    assert isinstance(replies[0], Shown)
    dialect = lab[node].appliance.dialect
    return "\n".join(RENDERERS[dialect, f"show.{topic}"](replies[0].views, slots)) + "\n"
