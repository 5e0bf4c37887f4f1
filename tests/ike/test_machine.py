"""The state machine, run briefly with one seed; IKECLI_MACHINE_EXAMPLES and IKECLI_MACHINE_SEED have it run long.

A failure that was found long is made small, which takes minutes: give pytest `--timeout 0`.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.ike.machine import Exchanges

EXAMPLES = int(os.environ.get("IKECLI_MACHINE_EXAMPLES", "40" if os.environ.get("CI") else "8"))
SEED = int(os.environ.get("IKECLI_MACHINE_SEED", "1"))
STEPS = 50
PHASES = (Phase.generate, Phase.shrink) if "IKECLI_MACHINE_EXAMPLES" in os.environ else (Phase.generate,)


def test_whatever_happens_each_end_stays_sound_and_both_come_to_the_same() -> None:
    run_state_machine_as_test(
        seed(SEED)(Exchanges),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            print_blob=True,
            phases=PHASES,
            suppress_health_check=list(HealthCheck),
        ),
    )
