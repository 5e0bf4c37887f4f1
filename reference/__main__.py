"""Write docs/commands anew; files there that no mode has any more are removed."""

from __future__ import annotations

from pathlib import Path

from reference.pages import everything

WHERE = Path(__file__).parent.parent / "docs" / "commands"


def main() -> None:
    """Write each file that differs from what is there."""
    files = everything()
    for name, text in files.items():
        path = WHERE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
    for path in sorted(WHERE.rglob("*.*")):
        if path.relative_to(WHERE).as_posix() not in files:
            path.unlink()


if __name__ == "__main__":
    main()
