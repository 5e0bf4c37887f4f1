"""The two rules of ARCHITECTURE.md that hold the house up: imports point down, and the pure packages do no I/O."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "ikecli"

LOWER: dict[str, set[str]] = {"numbers": set(), "secret": set(), "value": set(), "late": set(), "errors": {"numbers"}}
LOWER["intent"] = {"numbers", "errors", "secret", "value"}
LOWER["boundary"] = LOWER["intent"] | {"intent"}
LOWER["wire"] = {"numbers", "errors", "value"}
LOWER["crypto"] = {"numbers", "errors", "secret", "value"}
LOWER["esp"] = LOWER["crypto"] | {"crypto"}
LOWER["ike"] = LOWER["boundary"] | {"boundary", "wire", "crypto"}
LOWER["watch"] = LOWER["boundary"] | {"boundary"}
LOWER["language"] = {"errors", "secret", "value"}
LOWER["config"] = LOWER["boundary"] | {"boundary", "language"}
LOWER["dataplane"] = LOWER["boundary"] | {"boundary", "esp"}
LOWER["control"] = LOWER["boundary"] | {"boundary"}
LOWER["show"] = LOWER["control"] | {"control", "late"}
LOWER["debug"] = LOWER["show"] | {"show"}
LOWER["daemon"] = LOWER["ike"] | {"ike", "dataplane", "esp", "control", "config", "language", "watch"}
LOWER["shell"] = LOWER["show"] | {"show", "debug", "language"}
LOWER["lab"] = LOWER["daemon"] | LOWER["shell"] | {"daemon", "shell"}

PURE = ("wire", "crypto", "ike", "intent", "boundary", "watch", "language")
IMPURE = {"socket", "time", "asyncio", "os", "secrets", "random", "logging", "threading", "select", "subprocess"}


def imports(path: Path) -> set[str]:
    """Return every module that a file imports, dotted."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            if node.module == "ikecli":
                found |= {f"ikecli.{name.name}" for name in node.names}
    return found


def files() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def package(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    own = package(path)
    if own in ("main", "__init__", "__main__"):
        return
    used = {name.split(".")[1] for name in imports(path) if name.startswith("ikecli.")} - {own, "__version__"}
    assert used <= LOWER[own], f"{own} may not import {sorted(used - LOWER[own])}"


@pytest.mark.parametrize(
    "path", [p for p in files() if package(p) in PURE], ids=lambda path: str(path.relative_to(ROOT))
)
def test_the_protocol_does_no_io(path: Path) -> None:
    used = {name.split(".")[0] for name in imports(path)} & IMPURE
    assert not used, f"{path.name} imports {sorted(used)}"


def test_no_show_loads_what_an_engine_is_told() -> None:
    shows = sorted(f"ikecli.show.{path.parent.name}.{path.stem}" for path in ROOT.glob("show/[ai]*/*.py"))
    program = f"import sys, ikecli.shell.session, ikecli.control.client, {', '.join(shows)}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert "ikecli.boundary.views" in loaded
    assert {name.split(".")[1] for name in loaded if name.startswith("ikecli.")} <= LOWER["shell"] - {"intent"} | {
        "shell"
    }
