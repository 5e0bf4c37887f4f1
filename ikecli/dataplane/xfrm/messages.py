"""The messages of netlink's XFRM family, declared as pyroute2 declares its families (linux/xfrm.h).

Addresses are 16 octets, an IPv4 address in the first four. Attributes whose payload is a structure of variable size
are octets here; `algorithm`, `templates` and `replay_state` write them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from struct import Struct
from typing import Any, ClassVar, Final

from pyroute2.netlink import nlmsg
from pyroute2.netlink.marshal import Marshal

NETLINK_XFRM: Final = 6

XFRM_MSG_NEWSA = 0x10
XFRM_MSG_DELSA = 0x11
XFRM_MSG_GETSA = 0x12
XFRM_MSG_NEWPOLICY = 0x13
XFRM_MSG_DELPOLICY = 0x14
XFRM_MSG_GETPOLICY = 0x15
XFRM_MSG_ALLOCSPI = 0x16
XFRM_MSG_ACQUIRE = 0x17
XFRM_MSG_EXPIRE = 0x18
XFRM_MSG_UPDPOLICY = 0x19
XFRM_MSG_UPDSA = 0x1A
XFRM_MSG_MAPPING = 0x26

XFRMNLGRP_ACQUIRE = 0x01
XFRMNLGRP_EXPIRE = 0x02
XFRMNLGRP_SA = 0x04
XFRMNLGRP_MAPPING = 0x80

XFRM_POLICY_IN, XFRM_POLICY_OUT, XFRM_POLICY_FWD = range(3)
XFRM_POLICY_ALLOW, XFRM_POLICY_BLOCK = range(2)
XFRM_MODE_TRANSPORT, XFRM_MODE_TUNNEL = range(2)
XFRM_STATE_NOECN = 0x01
XFRM_STATE_NOPMTUDISC = 0x04
XFRM_STATE_AF_UNSPEC = 0x20
XFRM_STATE_ESN = 0x80
XFRM_INF: Final = (1 << 64) - 1
UDP_ENCAP_ESPINUDP = 2


class Structure:
    """A C structure as one field: its members by name, packed with one precompiled Struct."""

    packing: Struct
    members: tuple[str, ...]
    nested: ClassVar[dict[str, type[Structure]]] = {}

    @classmethod
    def pack(cls, value: dict[str, Any]) -> bytes:
        """Return the structure's octets; one inside may be octets already."""
        nested, parts = cls.nested, [value[name] for name in cls.members]
        for at, name in enumerate(cls.members) if nested else ():
            if name in nested and not isinstance(parts[at], bytes):
                parts[at] = nested[name].pack(parts[at])
        return cls.packing.pack(*parts)

    @classmethod
    def unpack(cls, data: bytes) -> dict[str, Any]:
        """Return the members by name."""
        value: dict[str, Any] = dict(zip(cls.members, cls.packing.unpack(data), strict=True))
        for name, kind in cls.nested.items():
            value[name] = kind.unpack(value[name])
        return value

    @classmethod
    def encode_into(cls, data: bytearray, offset: int, value: dict[str, Any]) -> int:
        """Append the structure; return where the next field begins."""
        data.extend(cls.pack(value))
        return offset + cls.packing.size

    @classmethod
    def decode_from(cls, data: bytes, offset: int) -> tuple[dict[str, Any], int]:
        """Return the members and where the next field begins."""
        end = offset + cls.packing.size
        return cls.unpack(data[offset:end]), end


class selector(Structure):
    packing = Struct("=16s16s2s2s2s2sHBBB3xii")
    members = (
        "daddr", "saddr", "dport", "dport_mask", "sport", "sport_mask",
        "family", "prefixlen_d", "prefixlen_s", "proto", "ifindex", "user",
    )  # fmt: skip


class identifier(Structure):
    packing = Struct("=16s4sB3x")
    members = ("daddr", "spi", "proto")


class lifetime_cfg(Structure):
    packing = Struct("=8Q")
    members = (
        "soft_byte_limit", "hard_byte_limit", "soft_packet_limit", "hard_packet_limit",
        "soft_add_expires_seconds", "hard_add_expires_seconds", "soft_use_expires_seconds", "hard_use_expires_seconds",
    )  # fmt: skip


class lifetime_cur(Structure):
    packing = Struct("=4Q")
    members = ("bytes", "packets", "add_time", "use_time")


class stats(Structure):
    packing = Struct("=III")
    members = ("replay_window", "replay", "integrity_failed")


class usersa_info(Structure):
    packing = Struct("=56s24s16s64s32s12sIIHBBB7x")
    members = (
        "sel", "id", "saddr", "lft", "curlft", "stats", "seq", "reqid", "family", "mode", "replay_window", "flags",
    )  # fmt: skip
    nested: ClassVar = {"sel": selector, "id": identifier, "lft": lifetime_cfg, "curlft": lifetime_cur, "stats": stats}


class usersa_id(Structure):
    packing = Struct("=16s4sHBx")
    members = ("daddr", "spi", "family", "proto")


class userpolicy_info(Structure):
    packing = Struct("=56s64s32sIIBBBB4x")
    members = ("sel", "lft", "curlft", "priority", "index", "dir", "action", "flags", "share")
    nested: ClassVar = {"sel": selector, "lft": lifetime_cfg, "curlft": lifetime_cur}


class user_tmpl(Structure):
    packing = Struct("=24sH2x16sIBBBxIII")
    members = ("id", "family", "saddr", "reqid", "mode", "share", "optional", "aalgos", "ealgos", "calgos")
    nested: ClassVar = {"id": identifier}


class encap_tmpl(Structure):
    packing = Struct("=H2s2s2x16s")
    members = ("encap_type", "encap_sport", "encap_dport", "encap_oa")


class xfrmmsg(nlmsg):  # type: ignore[misc]
    """The attributes that every message of the family may carry."""

    prefix = "XFRMA_"
    nla_map = (
        ("XFRMA_UNSPEC", "none"),
        ("XFRMA_ALG_AUTH", "cdata"),
        ("XFRMA_ALG_CRYPT", "cdata"),
        ("XFRMA_ALG_COMP", "cdata"),
        ("XFRMA_ENCAP", "cdata"),
        ("XFRMA_TMPL", "cdata"),
        ("XFRMA_SA", "cdata"),
        ("XFRMA_POLICY", "cdata"),
        ("XFRMA_SEC_CTX", "cdata"),
        ("XFRMA_LTIME_VAL", "cdata"),
        ("XFRMA_REPLAY_VAL", "cdata"),
        ("XFRMA_REPLAY_THRESH", "uint32"),
        ("XFRMA_ETIMER_THRESH", "uint32"),
        ("XFRMA_SRCADDR", "cdata"),
        ("XFRMA_COADDR", "cdata"),
        ("XFRMA_LASTUSED", "uint64"),
        ("XFRMA_POLICY_TYPE", "cdata"),
        ("XFRMA_MIGRATE", "cdata"),
        ("XFRMA_ALG_AEAD", "cdata"),
        ("XFRMA_KMADDRESS", "cdata"),
        ("XFRMA_ALG_AUTH_TRUNC", "cdata"),
        ("XFRMA_MARK", "cdata"),
        ("XFRMA_TFCPAD", "uint32"),
        ("XFRMA_REPLAY_ESN_VAL", "cdata"),
        ("XFRMA_SA_EXTRA_FLAGS", "uint32"),
        ("XFRMA_PROTO", "uint8"),
        ("XFRMA_ADDRESS_FILTER", "cdata"),
        ("XFRMA_PAD", "none"),
        ("XFRMA_OFFLOAD_DEV", "cdata"),
        ("XFRMA_SET_MARK", "uint32"),
        ("XFRMA_SET_MARK_MASK", "uint32"),
        ("XFRMA_IF_ID", "uint32"),
        ("XFRMA_MTIMER_THRESH", "uint32"),
        ("XFRMA_SA_DIR", "uint8"),
        ("XFRMA_NAT_KEEPALIVE_INTERVAL", "uint32"),
    )

    def encode(self) -> None:
        """Write the message as the base class does, whose way is for any message and takes thrice as long."""
        data = bytearray(_HEADER.size)
        for name, kind in self.fields:
            if isinstance(kind, str):
                data += _plain(kind).pack(*(() if kind.endswith("x") else (self[name],)))
            else:
                data += kind.pack(self[name])
        for name, value in self.get("attrs", ()):
            number, kind = _ATTRIBUTES[name]
            octets = value if kind == "cdata" else _NUMBER.pack(value)
            data += _ATTRIBUTE.pack(_ATTRIBUTE.size + len(octets), number) + octets + bytes(-len(octets) % 4)
        header = self["header"]
        self.length = len(data)
        numbers = (header.get(name, 0) for name in ("type", "flags", "sequence_number", "pid"))
        _HEADER.pack_into(data, 0, self.length, *numbers)
        self.data = data


_HEADER: Final = Struct("=IHHII")
_ATTRIBUTE: Final = Struct("=HH")
_NUMBER: Final = Struct("=I")
_ATTRIBUTES: Final = {name: (number, kind) for number, (name, kind) in enumerate(xfrmmsg.nla_map)}


@cache
def _plain(kind: str) -> Struct:
    return Struct(f"={kind}")


class dumpmsg(xfrmmsg):
    """A request for all SAs or policies: it has no structure of its own."""

    fields = ()


class usersamsg(xfrmmsg):
    """XFRM_MSG_NEWSA, XFRM_MSG_UPDSA, and an SA in an answer."""

    fields = (("info", usersa_info),)


class usersaidmsg(xfrmmsg):
    """XFRM_MSG_DELSA and XFRM_MSG_GETSA."""

    fields = (("id", usersa_id),)


class userspimsg(xfrmmsg):
    """XFRM_MSG_ALLOCSPI: the SPI to find lies between `min` and `max`."""

    fields = (("info", usersa_info), ("min", "I"), ("max", "I"))


class userpolicymsg(xfrmmsg):
    """XFRM_MSG_NEWPOLICY, XFRM_MSG_UPDPOLICY, and a policy in an answer."""

    fields = (("info", userpolicy_info),)


class userpolicyidmsg(xfrmmsg):
    """XFRM_MSG_DELPOLICY and XFRM_MSG_GETPOLICY, by selector or, where it is not 0, by index."""

    fields = (("sel", selector), ("index", "I"), ("dir", "B"), ("pad", "3x"))


class acquiremsg(xfrmmsg):
    """XFRM_MSG_ACQUIRE: a packet (`sel`) met a policy without an SA."""

    fields = (
        ("id", identifier), ("saddr", "16s"), ("sel", selector), ("policy", userpolicy_info),
        ("aalgos", "I"), ("ealgos", "I"), ("calgos", "I"), ("seq", "I"),
    )  # fmt: skip


class expiremsg(xfrmmsg):
    """XFRM_MSG_EXPIRE: an SA came to a limit, the last one when `hard`."""

    fields = (("state", usersa_info), ("hard", "B"), ("pad", "7x"))


class mappingmsg(xfrmmsg):
    """XFRM_MSG_MAPPING: UDP-encapsulated ESP came from elsewhere. Ports are in network order."""

    fields = (
        ("id", usersa_id), ("reqid", "I"), ("old_saddr", "16s"), ("new_saddr", "16s"),
        ("old_sport", "2s"), ("new_sport", "2s"),
    )  # fmt: skip


class MarshalXfrm(Marshal):  # type: ignore[misc]
    """Knows the family's messages."""

    msg_map: ClassVar = {
        XFRM_MSG_NEWSA: usersamsg,
        XFRM_MSG_UPDSA: usersamsg,
        XFRM_MSG_DELSA: usersaidmsg,
        XFRM_MSG_NEWPOLICY: userpolicymsg,
        XFRM_MSG_UPDPOLICY: userpolicymsg,
        XFRM_MSG_DELPOLICY: userpolicyidmsg,
        XFRM_MSG_ACQUIRE: acquiremsg,
        XFRM_MSG_EXPIRE: expiremsg,
        XFRM_MSG_MAPPING: mappingmsg,
    }


_ALGORITHM: Final = Struct("=64sI")
_ALGORITHM_ICV: Final = Struct("=64sII")
_ESN: Final = Struct("=IIIIII")
_HALF: Final = 0xFFFFFFFF


def algorithm(name: str, key: bytes, icv: int | None = None) -> bytes:
    """Return the payload of XFRMA_ALG_CRYPT, or with `icv` (in bits) of XFRMA_ALG_AEAD and XFRMA_ALG_AUTH_TRUNC."""
    if icv is None:
        return _ALGORITHM.pack(name.encode(), 8 * len(key)) + key
    return _ALGORITHM_ICV.pack(name.encode(), 8 * len(key), icv) + key


def templates(each: Iterable[dict[str, Any]]) -> bytes:
    """Return the payload of XFRMA_TMPL."""
    return b"".join(map(user_tmpl.pack, each))


def replay_state(window: int, sent: int = 0, top: int = 0, seen: int = 0) -> bytes:
    """Return the payload of XFRMA_REPLAY_ESN_VAL; it also serves without ESN.

    `sent` is the last number sent, `top` the highest received, bit n of `seen` stands for `top - n`. The kernel keeps a
    ring: a number's bit is its own, modulo the window.
    """
    words = (window + 31) // 32
    ring = sum(1 << (top - n - 1) % window for n in range(min(window, top)) if seen >> n & 1)
    low = sent & _HALF, top & _HALF, sent >> 32, top >> 32
    return _ESN.pack(words, *low, window) + ring.to_bytes(4 * words, "little")


def replay_numbers(value: bytes) -> tuple[int, int, int]:
    """Return the last number sent, the highest received, and those seen, from XFRMA_REPLAY_ESN_VAL."""
    _, sent, top, sent_high, top_high, window = _ESN.unpack_from(value)
    ring, sent, top = int.from_bytes(value[_ESN.size :], "little"), sent | sent_high << 32, top | top_high << 32
    seen = sum(1 << n for n in range(min(window, top)) if ring >> (top - n - 1) % window & 1)
    return sent, top, seen


def attribute(message: Any, name: str) -> bytes:
    """Return an attribute's octets, or none."""
    found = message.get_attr(name)
    return bytes(found) if found is not None else b""
