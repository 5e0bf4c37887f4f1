"""`show tech-support`: what one shows to somebody who is to help, one after the other."""

from __future__ import annotations

from typing import Final

from ikecli.errors import Rejected
from ikecli.shell.call import Call

_CRYPTO: Final = {
    "ios": (
        "show clock",
        "show version",
        "show crypto ikev2 sa detailed",
        "show crypto ikev2 session detailed",
        "show crypto ikev2 stats",
        "show crypto ikev2 stats exchange",
        "show crypto ikev2 proposal",
        "show crypto ikev2 policy",
        "show crypto ikev2 profile",
        "show crypto ipsec sa detail",
        "show crypto ipsec stats",
        "show crypto ipsec transform-set",
        "show crypto ipsec profile",
        "show crypto map",
        "show crypto session detail",
        "show crypto engine brief",
        "show crypto call admission statistics",
    ),
    "asa": (
        "show clock",
        "show version",
        "show crypto ikev2 sa detail",
        "show crypto ikev2 stats",
        "show crypto ipsec sa detail",
        "show crypto ipsec stats",
        "show crypto map",
        "show vpn-sessiondb",
        "show vpn-sessiondb detail l2l",
        "show crypto accelerator status",
    ),
}
_SYSTEM: Final = {
    "ios": (
        "show interfaces",
        "show ip interface brief",
        "show ip route",
        "show ip arp",
        "show memory statistics",
        "show processes cpu",
        "show access-lists",
        "show logging",
    ),
    "asa": (
        "show interface",
        "show nameif",
        "show ip address",
        "show route",
        "show arp",
        "show memory",
        "show cpu usage",
        "show access-list",
        "show logging",
    ),
}


async def tech(call: Call) -> None:
    """Run the commands; what is refused is told in its place."""
    spoken = call.shell.spoken
    for line in _CRYPTO[spoken] if call.slots["only"] else (*_CRYPTO[spoken], *_SYSTEM[spoken]):
        await call.out.lines(("", f"------------------ {line} ------------------", ""))
        try:
            await call.shell.run_within(call.out, line)
        except Rejected as refusal:
            await call.out.line(str(refusal))
