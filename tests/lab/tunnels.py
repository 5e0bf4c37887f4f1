"""Running-configs of routers with tunnels, for tests."""

from __future__ import annotations

from ikecli.debug import logged
from ikecli.lab.lab import VirtualLab

IKE = """crypto ikev2 proposal SUITE
 encryption aes-gcm-256
 prf sha384
 group 19
crypto ikev2 policy SUITE
 match fvrf any
 proposal SUITE
crypto ikev2 keyring KEYS
 peer ANY
  address 0.0.0.0 0.0.0.0
  pre-shared-key example
 peer ANY6
  address ::/0
  pre-shared-key example
crypto ikev2 profile PROF
 match fvrf any
 match identity remote any
 authentication remote pre-share
 authentication local pre-share
 keyring local KEYS
crypto ipsec transform-set GCM esp-gcm 256
 mode {mode}
crypto ipsec profile PROF
 set transform-set GCM
 set ikev2-profile PROF
"""


def router(name: str, interfaces: str, mode: str = "tunnel", more: str = "") -> str:
    """A running-config: IKE with one key for all, an IPsec profile PROF, and these interfaces."""
    return f"hostname {name}\n{IKE.format(mode=mode)}{more}\n{interfaces}\nend\n"


def lab(*texts: str, seed: int = 1) -> VirtualLab:
    """Start routers; their configurations have to be whole."""
    made = VirtualLab(seed)
    for text in texts:
        _, complaints = made.add(text, "ios")
        assert complaints == []
    made.run(5)
    return made


def log(made: VirtualLab, name: str) -> list[str]:
    """What a router has logged, without the time."""
    found = (one for heard in made[name].appliance.journal.kept() for one in logged(heard, "ios"))
    return [f"%{one.facility}-{one.severity}-{one.mnemonic}: {one.text}" for one in found]


def lines(made: VirtualLab, name: str) -> dict[str, bool]:
    """Which interfaces of a router there are, and whether their line protocol is up."""
    return {view.name: view.line for view in made[name].plane.interfaces()}
