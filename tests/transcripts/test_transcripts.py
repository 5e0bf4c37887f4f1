"""Every transcript of this directory comes out as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.transcripts.sessions import HERE, replay, steady


@pytest.mark.parametrize("together", [False, True], ids=["typed", "pasted"])
@pytest.mark.parametrize("path", sorted(HERE.glob("*.txt")), ids=lambda path: path.stem)
def test_the_session_comes_out_as_it_was_typed(path: Path, together: bool) -> None:
    text = path.read_text()
    assert steady(replay(text, together)) == steady(text)
