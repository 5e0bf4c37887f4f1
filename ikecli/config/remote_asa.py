"""What a firewall lends and tells travellers: its pools, tunnel groups and group policies become intent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final, TypeVar

from ikecli.config import asa, asa_remote
from ikecli.config.algorithms import network
from ikecli.config.common import Ip
from ikecli.config.complaints import Complaints
from ikecli.config.dhcp import MAX_SERVERS, TIMEOUT, towards
from ikecli.config.lists_asa import ANY
from ikecli.config.named_asa import four_of
from ikecli.config.pools import Named, Span, pools_of
from ikecli.intent import Authorization, Pool, Prefix
from ikecli.intent.remote import MAX_BACKUPS, Dhcp

ALL: Final = "tunnelall"
SPECIFIED: Final = "tunnelspecified"
EXCLUDED: Final = "excludespecified"
EVERYTHING: Final[dict[int, Prefix]] = {4: IPv4Network("0.0.0.0/0"), 6: IPv6Network("::/0")}
LOGINS: Final = 3
"""Sessions of one identity where nothing is said."""
MANY_LOGINS: Final = 16
"""As many as no identity has: to say that is to say no limit."""
Value = TypeVar("Value")


def pools(draft: asa.Asa, complaints: Complaints) -> tuple[Pool, ...]:
    """Return the pools of both IP versions."""
    four: list[Named] = [
        ("ip_pools", name, [(pool.range.first, pool.range.last)], pool.mask) for name, pool in draft.ip_pools.items()
    ]
    six: list[Named] = [("ipv6_pools", name, [_span(pool)], None) for name, pool in draft.ipv6_pools.items()]
    return pools_of(complaints, (*four, *six), 60 * (draft.reuse_delay or 0))


def _span(pool: asa_remote.Ipv6Pool) -> Span:
    first = pool.first.ip
    return first, first + (pool.count - 1)


class Remote:
    """Reads the group policies of a draft."""

    def __init__(self, draft: asa.Asa, complaints: Complaints) -> None:
        self.draft, self.complaints = draft, complaints

    def allows(self, name: str, group: asa.TunnelGroup) -> bool:
        """Tell whether a tunnel group's policy is there and lets in peers of IKEv2; complain where it does not."""
        policy = (group.general and group.general.group_policy) or asa.DEFAULT_POLICY
        where = ("tunnel_groups", name)
        if policy not in self.draft.group_policies:
            self.complaints.error(
                where, "", f"tunnel-group {name} names group policy {policy}, which is not there",
                f"group-policy {policy} internal",
            )  # fmt: skip
            return False
        protocols = _first(list(self.attributes(policy)), lambda one: one.protocols or None) or ("ikev2",)
        if "ikev2" not in protocols:
            self.complaints.error(
                where, "", f"group policy {policy} of tunnel-group {name} does not allow ikev2",
                f"group-policy {policy} attributes, then vpn-tunnel-protocol ikev2",
            )  # fmt: skip
        return "ikev2" in protocols

    def authorization(self, name: str, group: asa.TunnelGroup) -> Authorization | None:
        """Return what the peers of a remote-access group are lent, unless it lets in none."""
        general = group.general or asa_remote.TunnelGeneral()
        policy = general.group_policy or asa.DEFAULT_POLICY
        where = ("tunnel_groups", name)
        held = list(self.attributes(policy))
        logins = _first(held, lambda one: one.logins)
        if logins == 0:
            self.complaints.warn(
                where, "", f"group policy {policy} of tunnel-group {name} lets nobody in",
                f"group-policy {policy} attributes, then vpn-simultaneous-logins {LOGINS}",
            )  # fmt: skip
            return None
        dhcp = self.dhcp(where, name, general, held)
        names = tuple(self.pools(name, general, held)) if self.draft.addr_local is not False else ()
        if self.draft.addr_local is False and dhcp is None:
            why = f"tunnel-group {name} lends nothing: its pools are not to be lent from"
            self.complaints.error(where, "", why, "vpn-addr-assign local")
        elif not names and dhcp is None:
            self.complaints.error(
                where, "", f"tunnel-group {name} has no pool of addresses to lend to its peers",
                f"tunnel-group {name} general-attributes, then address-pool NAME",
            )  # fmt: skip
        masks = (self.draft.ip_pools[one].mask for one in names if one in self.draft.ip_pools)
        wins = _servers(_first(held, lambda one: one.wins_servers))
        return Authorization(
            policy,
            names,
            netmask=next((mask for mask in masks if mask), None),
            dns=_servers(_first(held, lambda one: one.dns_servers)),
            nbns=tuple(one for one in wins if isinstance(one, IPv4Address)),
            networks=tuple(self.networks(policy, held, names, dhcp)),
            domain=_named(_first(held, lambda one: one.domain)),
            split_dns=_names(_first(held, lambda one: one.split_dns)),
            banner="\n".join(_first(held, lambda one: one.banner or None) or ()),
            required=True,
            dhcp=dhcp,
            logins=LOGINS if logins is None else logins if logins < MANY_LOGINS else 0,
            idle=self.idle(name),
            session=self.session(name),
            pfs=_first(held, lambda one: one.pfs) == "enable",
            excluded=tuple(self.excluded(policy, held)),
            backups=self._most(where, "backup-servers", _first(held, lambda one: one.backups or None), MAX_BACKUPS),
        )

    def idle(self, group: str | None) -> int:
        """Return after how many seconds without traffic the SAs of a tunnel group's peers go; 0: never."""
        return self._seconds(group, lambda one: one.idle_timeout)

    def session(self, group: str) -> int:
        """Return how many seconds the sessions of a tunnel group last; 0: without end."""
        return self._seconds(group, lambda one: one.session_timeout)

    def filter(self, group: str) -> str:
        """Return the name of the list that says which packets of a tunnel group's peers pass, if one does."""
        held = self.draft.tunnel_groups.get(group)
        policy = (held and held.general and held.general.group_policy) or asa.DEFAULT_POLICY
        return _named(_first(list(self.attributes(policy)), lambda one: one.vpn_filter))

    def _seconds(self, group: str | None, of: Callable[[asa_remote.GroupAttributes], int | str | None]) -> int:
        held = self.draft.tunnel_groups.get(group or "")
        policy = (held and held.general and held.general.group_policy) or asa.DEFAULT_POLICY
        minutes = _first(list(self.attributes(policy)), of)
        return minutes * 60 if isinstance(minutes, int) else 0

    def attributes(self, policy: str) -> Iterator[asa_remote.GroupAttributes]:
        """Yield what a policy says, then what the default one says where that does not."""
        for name in dict.fromkeys((policy, asa.DEFAULT_POLICY)):
            held = self.draft.group_policies.get(name)
            if held and held.attributes:
                yield held.attributes

    def _most(self, where: tuple[str, ...], word: str, said: tuple[Value, ...] | None, most: int) -> tuple[Value, ...]:
        """Return as many as there may be; complain of more."""
        held = said or ()
        if len(held) > most:
            why = f"tunnel-group {where[-1]} has {len(held)} addresses of {word}: the first {most} hold"
            self.complaints.warn(where, "", why, f"{word} with {most} of them")
        return held[:most]

    def dhcp(
        self,
        where: tuple[str, ...],
        name: str,
        general: asa_remote.TunnelGeneral,
        held: list[asa_remote.GroupAttributes],
    ) -> Dhcp | None:
        """Return the DHCP servers of a tunnel group, the address of ours that they answer, and the network."""
        asked = general.dhcp_servers
        if asked is None or self.draft.addr_dhcp is False:
            return None
        said = _first(held, lambda one: one.dhcp_scope)
        scope = said if isinstance(said, IPv4Address) else None
        own = [one for each in self.draft.interfaces.values() for one in four_of(each)]
        servers = self._most(where, "dhcp-server", asked.servers, MAX_SERVERS)
        if scope is not None and asked.option is None and scope in {one.ip for one in own}:
            return Dhcp(servers, scope, TIMEOUT)
        relay = towards(own, servers)
        if relay is None:
            self.complaints.error(
                where, "", f"tunnel-group {name} has no address of this system that its DHCP servers answer",
                "group-policy NAME attributes, then dhcp-network-scope with the address of an interface",
            )  # fmt: skip
            return None
        return Dhcp(servers, relay, TIMEOUT, scope, asked.option == "subnet-selection")

    def pools(
        self, name: str, general: asa_remote.TunnelGeneral, held: list[asa_remote.GroupAttributes]
    ) -> Iterator[str]:
        """Yield the pools to lend from: those of the group policy before those of the tunnel group."""
        for own, listed, known, word in (
            (general.address_pools, _first(held, lambda one: one.address_pools), self.draft.ip_pools, "ip"),
            (
                general.ipv6_address_pools,
                _first(held, lambda one: one.ipv6_address_pools),
                self.draft.ipv6_pools,
                "ipv6",
            ),
        ):
            for each in _names(listed) or (own.names if own else ()):
                if each in known:
                    yield each
                else:
                    self.complaints.error(
                        ("tunnel_groups", name), "", f"tunnel-group {name} lends from pool {each}, which is not there",
                        f"{word} local pool {each} {'FIRST-LAST mask MASK' if word == 'ip' else 'PREFIX COUNT'}",
                    )  # fmt: skip

    def networks(
        self, policy: str, held: list[asa_remote.GroupAttributes], names: tuple[str, ...], dhcp: Dhcp | None
    ) -> Iterator[Prefix]:
        """Yield the networks that peers are to reach; none: everything."""
        kinds = self.splits(held)
        if set(kinds.values()) == {ALL}:
            return
        listed = self.draft.access_lists.get(_named(_first(held, lambda one: one.split_list)))
        permitted = tuple(one for one in _permitted(listed) if kinds[one.version] != ALL) if listed else ()
        if not permitted:
            self.complaints.warn(
                ("group_policies", policy), "",
                f"group policy {policy} {'lists no network' if listed else 'names no network list'}, "
                "so that all traffic is tunnelled",
                "split-tunnel-network-list value NAME",
            )  # fmt: skip
            return
        specified = [one for one in permitted if kinds[one.version] == SPECIFIED]
        lent = {4 if name in self.draft.ip_pools else 6 for name in names} | ({4} if dhcp else set())
        whole = [version for version, kind in kinds.items() if kind != SPECIFIED and version in lent]
        yield from (*specified, *(EVERYTHING[version] for version in whole if specified))

    @staticmethod
    def splits(held: list[asa_remote.GroupAttributes]) -> dict[int, str]:
        """Return for each IP version what goes through the tunnel."""
        return {
            4: _first(held, lambda one: one.split_policy) or ALL,
            6: _first(held, lambda one: one.split_policy6) or ALL,
        }

    def excluded(self, policy: str, held: list[asa_remote.GroupAttributes]) -> Iterator[IPv4Network]:
        """Yield the networks that peers are to leave out of the tunnel."""
        listed = self.draft.access_lists.get(_named(_first(held, lambda one: one.split_list)))
        kinds = self.splits(held)
        for one in _permitted(listed) if listed is not None else ():
            if kinds[one.version] != EXCLUDED:
                continue
            if isinstance(one, IPv4Network):
                yield one
            else:
                self.complaints.warn(
                    ("group_policies", policy), "",
                    f"group policy {policy} excludes {one}, but there is no attribute for that of IPv6",
                    "ipv6-split-tunnel-policy tunnelspecified, with the networks that go through the tunnel",
                )  # fmt: skip


def _permitted(listed: asa.AccessList) -> Iterator[Prefix]:
    """Yield the networks that a list permits: those of a standard one, or the sources of an extended one."""
    for line in listed.entries:
        end = line.network or line.source
        if line.action != "permit" or end is None:
            continue
        if end.kind in ANY:
            yield from ANY[end.kind]
        elif isinstance(end.address, IPv4Address):
            yield network(end.address, None if end.kind == "host" else end.mask)
        elif isinstance(end.address, IPv6Address):
            yield IPv6Network(end.address)
        elif end.prefix is not None:
            yield IPv6Network(end.prefix.network)


def _first(
    held: list[asa_remote.GroupAttributes], of: Callable[[asa_remote.GroupAttributes], Value | None]
) -> Value | None:
    return next((value for one in held if (value := of(one)) is not None), None)


def _servers(found: asa_remote.Servers | None) -> tuple[Ip, ...]:
    return found.servers if found else ()


def _named(found: asa_remote.Named | None) -> str:
    return (found.name if found else None) or ""


def _names(found: asa_remote.Names | None) -> tuple[str, ...]:
    return found.names if found else ()
