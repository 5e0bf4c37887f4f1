"""How single values are printed: addresses, flows, lifetimes, times of day. Every layout takes them from here."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

from ikecli.boundary.views import FlowView, LogForm

LAST_PORT: Final = 65535
_CACHED: Final = 8192
STAMPS: Final = LogForm().stamps
_STAMPED: Final = 64
"""Seconds whose text is kept: many lines come in one."""
_MINUTE, _HOUR, _DAY, _WEEK, _YEAR = 60, 3600, 86400, 7 * 86400, 365 * 86400


def address(text: str, dialect: str = "ios") -> str:
    """Print an address: IOS writes IPv6 in capitals, an ASA does not."""
    return text.upper() if dialect == "ios" and ":" in text else text


def bare(prefixed: str) -> str:
    """Return an address without its prefix length."""
    return prefixed.partition("/")[0]


@lru_cache(maxsize=_CACHED)
def span(first: str, last: str) -> tuple[int, int]:
    """Return a range of addresses as numbers, IPv6 beyond all of IPv4."""
    low, high = ip_address(first), ip_address(last)
    return int(low) + (low.version == 6 and 1 << 32), int(high) + (high.version == 6 and 1 << 32)


@lru_cache(maxsize=_CACHED)
def network(first: str, last: str) -> tuple[str, int] | None:
    """Return (address, prefix length) of a range of addresses, None where the range is no prefix."""
    low, high = ip_address(first), ip_address(last)
    size = int(high) - int(low) + 1
    if low.version != high.version or size < 1 or size & (size - 1) or int(low) % size:
        return None
    return first, low.max_prefixlen - (size.bit_length() - 1)


@lru_cache(maxsize=256)
def mask(length: int, wildcard: bool = False) -> str:
    """Return an IPv4 prefix length as a mask, or as its complement."""
    bits = (0xFFFFFFFF << (32 - length)) & 0xFFFFFFFF
    return ".".join(str(octet) for octet in (bits ^ 0xFFFFFFFF if wildcard else bits).to_bytes(4, "big"))


def prefix(text: str) -> str:
    """Print a prefix as IOS does: an IPv4 network with its mask, an IPv6 one with its length."""
    start, _, length = text.partition("/")
    return f"{address(start)}/{length}" if ":" in start else f"{start} {mask(int(length or 32))}"


def ports(low: int, high: int) -> str:
    """Print a port range as an ident does: 0 for any."""
    if (low, high) == (0, LAST_PORT):
        return "0"
    return str(low) if low == high else f"{low}-{high}"


def subnet(first: str, last: str, dialect: str = "ios") -> str:
    """Print a range of addresses as address/mask; IPv6 with its prefix length; another range with its two ends."""
    found = network(first, last)
    if found is None:
        return f"{address(first, dialect)}-{address(last, dialect)}/range"
    start, length = found
    return f"{address(start, dialect)}/{length}" if ":" in start else f"{start}/{mask(length)}"


def idents(flow: FlowView, dialect: str = "ios") -> tuple[str, str]:
    """Print both ends of a flow as (addr/mask/prot/port)."""
    local = subnet(flow.local_first, flow.local_last, dialect)
    remote = subnet(flow.remote_first, flow.remote_last, dialect)
    return (
        f"({local}/{flow.protocol}/{ports(*flow.local_ports)})",
        f"({remote}/{flow.protocol}/{ports(*flow.remote_ports)})",
    )


def ranges(flow: FlowView, dialect: str = "ios") -> tuple[str, str]:
    """Print both ends of a flow as `first/port - last/port`."""
    return (
        f"{address(flow.local_first, dialect)}/{flow.local_ports[0]} - "
        f"{address(flow.local_last, dialect)}/{flow.local_ports[1]}",
        f"{address(flow.remote_first, dialect)}/{flow.remote_ports[0]} - "
        f"{address(flow.remote_last, dialect)}/{flow.remote_ports[1]}",
    )


def ace_end(first: str, last: str, dialect: str) -> str:
    """Print a range of addresses as an access list has it: IOS with a wildcard, ASA with a mask."""
    if first == last:
        return f"host {address(first, dialect)}"
    found = network(first, last)
    if found is None:
        return f"range {address(first, dialect)} {address(last, dialect)}"
    start, length = found
    if length == 0:
        return "any" if dialect == "ios" else "any6" if ":" in start else "any4"
    if ":" in start:
        return f"{address(start, dialect)}/{length}"
    return f"{start} {mask(length, wildcard=dialect == 'ios')}"


def ace_ports(low: int, high: int) -> str:
    """Print a port range as an access list has it, after a blank; nothing for any."""
    if (low, high) == (0, LAST_PORT):
        return ""
    return f" eq {low}" if low == high else f" range {low} {high}"


_ACE_PROTOCOLS: Final = {0: "ip", 1: "icmp", 6: "tcp", 17: "udp", 47: "gre", 50: "esp", 51: "ahp", 132: "sctp"}
_ICMP, _ICMPV6 = 1, 58
_ANY_CODE: Final = 255


def _ace_message(low: int, high: int) -> str:
    """Print ICMP's type and code of a port range, after a blank; nothing for any."""
    if (low, high) == (0, LAST_PORT):
        return ""
    (kind, code), last = divmod(low, 256), divmod(high, 256)
    if last == (kind, code):
        return f" {kind} {code}"
    return f" {kind}" if (code, last) == (0, (kind, _ANY_CODE)) else f" {kind} to {last[0]}"


def ace(flow: FlowView, dialect: str) -> str:
    """Print a flow as an access-list entry that permits it."""
    protocol = _ACE_PROTOCOLS.get(flow.protocol, str(flow.protocol))
    if flow.protocol == 0 and ":" in flow.local_first and dialect == "ios":
        protocol = "ipv6"
    if flow.protocol == _ICMPV6:
        protocol = "icmp" if dialect == "ios" else "icmp6"
    if flow.protocol in (_ICMP, _ICMPV6):
        here, there = (
            ace_end(flow.local_first, flow.local_last, dialect),
            ace_end(flow.remote_first, flow.remote_last, dialect),
        )
        return f"permit {protocol} {here} {there}{_ace_message(*flow.local_ports)}"
    return (
        f"permit {protocol} {ace_end(flow.local_first, flow.local_last, dialect)}{ace_ports(*flow.local_ports)} "
        f"{ace_end(flow.remote_first, flow.remote_last, dialect)}{ace_ports(*flow.remote_ports)}"
    )


_SHORT: Final = {"Virtual-Access": "Vi", "Virtual-Template": "Vt", "Port-channel": "Po"}


def short_interface(name: str) -> str:
    """Print an interface's name as lists do: Gi0/0, Tu0, Vi1."""
    kind = name.rstrip("0123456789/.:")
    return f"{_SHORT.get(kind, kind[:2])}{name[len(kind) :]}"


def vrf(name: str) -> str:
    """Print front and inside VRF."""
    return name if "/" in name else f"{name or 'none'}/{name or 'none'}"


def hms(seconds: int) -> str:
    """Print a span as hours:minutes:seconds."""
    return f"{seconds // _HOUR:02}:{seconds % _HOUR // _MINUTE:02}:{seconds % _MINUTE:02}"


def elapsed(seconds: int) -> str:
    """Print an age in eight characters or fewer, as IOS does: 00:27:42, 3d18h, 7w0d."""
    if seconds < _DAY:
        return hms(seconds)
    if seconds < _WEEK:
        return f"{seconds // _DAY}d{seconds % _DAY // _HOUR:02}h"
    return f"{seconds // _WEEK}w{seconds % _WEEK // _DAY}d"


def duration(seconds: int) -> str:
    """Print an age as an ASA's session database does: 10d 7h:26m:52s."""
    days, rest = divmod(seconds, _DAY)
    text = f"{rest // _HOUR}h:{rest % _HOUR // _MINUTE:02}m:{rest % _MINUTE:02}s"
    return f"{days}d {text}" if days else text


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def uptime(seconds: int, dialect: str = "ios") -> str:
    """Print how long a system is up: IOS down to minutes, ASA in its two largest units."""
    if dialect == "asa":
        minutes, secs = divmod(seconds, _MINUTE)
        units = ((minutes // 1440, "day"), (minutes // 60 % 24, "hour"), (minutes % 60, "min"), (secs, "sec"))
        first = next((index for index, (number, _) in enumerate(units) if number), len(units) - 1)
        return " ".join(_counted(*unit) for unit in units[first : first + 2])
    sizes = (("year", _YEAR), ("week", _WEEK), ("day", _DAY), ("hour", _HOUR), ("minute", _MINUTE))
    parts = []
    for name, size in sizes:
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(_counted(number, name))
    return ", ".join(parts) or "0 minutes"


def clock(wall: float) -> str:
    """Print a time of day: 18:56:04.554 UTC Mon Oct 17 2016."""
    at = datetime.fromtimestamp(wall, UTC)
    return f"{at:%H:%M:%S}.{at.microsecond // 1000:03} UTC {at:%a %b} {at.day} {at.year}"


def login(wall: float) -> str:
    """Print when a session began, as an ASA does: 10:58:15 UTC Thu Jul 19 2018; not before 1970."""
    at = datetime.fromtimestamp(max(wall, 0), UTC)
    return f"{at:%H:%M:%S} UTC {at:%a %b} {at.day} {at.year}"


def stamp(wall: float, dialect: str = "ios", words: tuple[str, ...] = STAMPS, started: float = 0) -> str:
    """Print the time before a log or debug line; IOS marks a clock that nothing vouches for with an asterisk.

    On IOS as `service timestamps` has it in words, none for nothing.
    """
    if dialect == "asa":
        return _firewall(wall, words)
    if "datetime" not in words:
        return elapsed(int(wall - started)) if words else ""
    second, microsecond = divmod(round(wall * 1_000_000), 1_000_000)
    text = _second(second, dialect, words)
    thousandths = f".{microsecond // 1000:03}" if "msec" in words else ""
    return f"{text}{thousandths}{_zone(second, words) if 'show-timezone' in words else ''}"


def _firewall(wall: float, words: tuple[str, ...]) -> str:
    """Print the time as `logging timestamp` has it: with the month's name, or as RFC 5424 in seconds."""
    second = round(wall * 1_000_000) // 1_000_000
    if "rfc5424" in words:
        return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%SZ}"
    return _second(second, "asa", ()) if words else ""


@lru_cache(_STAMPED)
def _second(wall: int, dialect: str, words: tuple[str, ...]) -> str:
    at = _at(wall, words)
    year = f" {at.year}" if "year" in words else ""
    return f"{at:%b %d %Y %H:%M:%S}" if dialect == "asa" else f"*{at:%b} {at.day:>2}{year} {at:%H:%M:%S}"


def _zone(wall: int, words: tuple[str, ...]) -> str:
    return f" {_at(wall, words):%Z}"


def _at(wall: int, words: tuple[str, ...]) -> datetime:
    at = datetime.fromtimestamp(wall, UTC)
    return at.astimezone() if "localtime" in words else at


def host(end: str) -> str:
    """Return the address of `address:port` or `address/port`; a bare IPv6 address keeps its colons."""
    if "/" in end:
        return end.partition("/")[0]
    if end.startswith("["):
        return end[1:].partition("]")[0]
    return end.partition(":")[0] if end.count(":") == 1 else end


def endpoint(end: str, dialect: str = "ios") -> str:
    """Print `address/port` or `address:port` as debug and log have it, with a colon."""
    found, slash, port = end.rpartition("/")
    return address(f"{found}:{port}" if slash else end, dialect)


def dotted(hardware: str) -> str:
    """Print a hardware address in three parts."""
    digits = hardware.replace(":", "")
    return ".".join(digits[at : at + 4] for at in range(0, len(digits), 4))
