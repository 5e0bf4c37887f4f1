"""What a handshake costs the responder: CPU of its whole process against the cryptographic calls alone.

PSK, X25519, AES-GCM, with the Child SA; the initiator is another process, and opens one SA after the other.
"""

from __future__ import annotations

from importlib.util import find_spec
from statistics import median
from typing import Final

from benchmarks.figure import Figure
from benchmarks.initiator import open_sas
from benchmarks.raw import raw_handshake_seconds
from benchmarks.responder import Responder

ROUNDS: Final = 5
HANDSHAKES: Final = 300
WARM_UP: Final = 50
BOUND: Final = 5
AIM: Final = 3


def measure(handshakes: int = HANDSHAKES, rounds: int = ROUNDS, warm_up: int = WARM_UP) -> Figure:
    """Return the median of some rounds, each of RAW and then of the engine."""
    pairs = []
    with Responder(warm_up + rounds * handshakes) as responder:
        open_sas(responder, warm_up)
        for _ in range(rounds):
            raw = raw_handshake_seconds(handshakes)
            start = responder.cpu()
            open_sas(responder, handshakes)
            pairs.append(((responder.cpu() - start) / handshakes, raw))
    loop = "asyncio" if find_spec("uvloop") is None else "uvloop"
    whole, raw = median(one for one, _ in pairs), median(one for _, one in pairs)
    return Figure(
        "handshake",
        median(one / other for one, other in pairs),
        "RAW",
        BOUND,
        f"aim {AIM}; {whole * 1e6:.0f} us of the responder's CPU on {loop}'s loop, RAW {raw * 1e6:.0f} us, "
        f"median of {rounds} rounds of {handshakes}",
    )


if __name__ == "__main__":
    print(measure())
