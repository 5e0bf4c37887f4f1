"""What `show` sees of a configuration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ikecli.boundary.filters import PrefixListView, RouteMapView
from ikecli.boundary.lending import AuthorizationView, FlexView
from ikecli.boundary.outer import OuterView
from ikecli.boundary.views import (
    AccessListView,
    ConnectionView,
    FlowView,
    IpsecProfileView,
    PolicyView,
    ProfileView,
    ProposalView,
    TransformSetView,
    VrfView,
)
from ikecli.config import (
    algorithms_asa,
    asa,
    hosts,
    intent_ios,
    ios,
    ios_ipsec,
    maps_ios,
    remote_ios,
    smart,
    tunnels_ios,
)
from ikecli.config.algorithms import Additional, pfs_rows, rows, transport_of
from ikecli.config.complaints import Complaints
from ikecli.config.crypto_acl import flows_of
from ikecli.config.ios_remote import PrefixEntry
from ikecli.config.keyrings import match_of
from ikecli.config.remarks import transform_row, transform_word
from ikecli.config.store import Store
from ikecli.config.tunnels_asa import outer_of
from ikecli.intent import Connection, Flow, Interface, Profile
from ikecli.intent.peers import DEFAULT_IKE_LIFETIME
from ikecli.language import write
from ikecli.numbers import Algorithm, TransformType

_E, _P, _I, _K = TransformType.ENCR, TransformType.PRF, TransformType.INTEG, TransformType.KE


def proposals(store: Store) -> Iterator[ProposalView]:
    """Yield the IKE proposals: on IOS all that are configured and the default, on ASA the policies."""
    if isinstance(store.draft, ios.Ios):
        for name, each in smart.proposals_of(store.draft).items():
            yield _proposal(
                name, "ios", each.encryption, each.integrity, each.prf, each.groups, intent_ios.additional_of(each)
            )
        return
    unset = algorithms_asa.policy_defaults()
    for priority, policy in sorted(store.draft.ikev2_policies.items()):
        fields = ("encryption", "integrity", "prf", "groups")
        encryption, integrity, prf, groups = (getattr(policy, field) or unset[field] for field in fields)
        more = algorithms_asa.additional_of(policy)
        yield _proposal(str(priority), "asa", encryption, integrity, prf, groups, more)


def _proposal(
    name: str,
    dialect: str,
    encryption: Iterable[str],
    integrity: Iterable[str],
    prf: Iterable[str],
    groups: Iterable[str],
    additional: Additional,
) -> ProposalView:
    hashes = tuple(integrity)
    return ProposalView(
        name,
        tuple((row.number, row.key_bits) for row in rows(_E, dialect, encryption)),
        _numbers(rows(_I, dialect, hashes)),
        _numbers(rows(_P, dialect, tuple(prf) or hashes)),
        _numbers(rows(_K, dialect, groups)),
        tuple(map(_numbers, additional)),
    )


def _numbers(found: Iterable[Algorithm]) -> tuple[int, ...]:
    return tuple(row.number for row in found)


def policies(store: Store) -> Iterator[PolicyView]:
    """Yield the IKE policies in use."""
    draft = store.draft
    if isinstance(draft, ios.Ios):
        for name, policy in intent_ios.policies_of(draft).items():
            vrf = policy.fvrf or "global" if policy is draft.policies.get(name) else "any"
            yield PolicyView(name, vrf, tuple(map(str, policy.locals)), tuple(policy.proposals))
        return
    for each in store.intent.policies:
        names = dict.fromkeys(proposal.name for proposal in each.proposals)
        yield PolicyView(each.name, "global", tuple(map(str, each.locals)), tuple(names))


def profiles(store: Store) -> Iterator[ProfileView]:
    """Yield the IKEv2 profiles (on ASA the tunnel groups), complete or not."""
    used = [connection.profile for connection in store.intent.connections]
    complete = {profile.name: profile for profile in store.intent.profiles}
    if isinstance(store.draft, ios.Ios):
        for name, each in store.draft.profiles.items():
            dpd = each.dpd or store.draft.dpd
            yield ProfileView(
                name,
                tuple(str(match_of(remote)) for remote in each.remotes),
                _local(each),
                each.auth_local.kind or "" if each.auth_local else "",
                (each.auth_remote.kind or "",) if each.auth_remote else (),
                each.keyring or ("none" if each.auth_local and each.auth_local.key else ""),
                each.lifetime or DEFAULT_IKE_LIFETIME,
                f"interval {dpd.interval}, retry-interval {dpd.retry}, {dpd.query}" if dpd else "",
                name in complete,
                used.count(name),
                each.fvrf or "global",
                each.ivrf or "",
                tuple(str(one.address or one.interface) for one in each.locals),
                f"{each.virtual_template.number}" if each.virtual_template else "",
            )
        return
    for name, group in store.draft.tunnel_groups.items():
        if group.type is not None or group.ipsec is not None:
            yield _group(name, complete.get(name), used.count(name))


def _local(profile: ios.Profile) -> str:
    if profile.identity is None:
        return ""
    return f"{profile.identity.kind} {profile.identity.value}"


def _group(name: str, profile: Profile | None, references: int) -> ProfileView:
    if profile is None:
        return ProfileView(name, (), "", "", (), "", 0, "", False, references)
    dpd = f"threshold {profile.dpd.interval}, retry {profile.dpd.retry}" if profile.dpd else ""
    remotes = tuple(map(str, profile.gateways or profile.remotes))
    method = "pre-shared-key"
    return ProfileView(name, remotes, "", method, (method,), name, profile.lifetime, dpd, True, references)


def authorizations(store: Store) -> Iterator[AuthorizationView]:
    """Yield the authorization policies, the default one first."""
    draft = store.draft
    if not isinstance(draft, ios.Ios):
        return
    remote = remote_ios.Remote(draft, Complaints())
    for name, held in smart.authorizations_of(draft).items():
        one = remote.policy(name, held)
        yield AuthorizationView(
            name,
            one.pools,
            str(one.netmask or ""),
            tuple(map(str, one.dns)),
            tuple(map(str, one.nbns)),
            one.domain,
            one.banner,
            one.tells_own,
            tuple(map(str, one.networks)),
            one.accepts,
            one.split_dns,
            tuple(map(str, one.excluded)),
            one.backups,
            one.pfs,
            one.session,
            one.distance,
            one.tag,
            tuple(map(str, one.behind)),
            tuple(map(str, one.dhcp.servers)) if one.dhcp else (),
            str(one.dhcp.relay) if one.dhcp else "",
        )


def flexvpn_clients(store: Store) -> Iterator[FlexView]:
    """Yield the FlexVPN clients as configured: the first hub of each, as if nothing were to be set up."""
    draft = store.draft
    if not isinstance(draft, ios.Ios):
        return
    for name, client in draft.flexvpn_clients.items():
        tunnel = draft.interfaces.get(client.tunnel or "") or ios.Interface()
        source = tunnel.tunnel_source or ios.TunnelSource()
        peers = [str(one.address) for _, one in sorted(client.peers.items())]
        shown = source.interface or str(source.address or "")
        vrfs = tunnel.tunnel_vrf or "", tunnel.vrf or ""
        group = client.group if isinstance(client.group, int) else 0
        waits = "its configuration is not complete"
        yield FlexView(name, "DOWN", next(iter(peers), ""), shown, *vrfs, client.tunnel or "", group=group, waits=waits)


def transform_sets(store: Store) -> Iterator[TransformSetView]:
    """Yield the transform sets (on ASA the IPsec proposals), as a router prints their transforms."""
    for name, (transforms, transport) in _sets(store).items():
        yield TransformSetView(name, transforms, transport)


def _sets(store: Store) -> dict[str, tuple[str, bool]]:
    draft = store.draft
    if isinstance(draft, ios.Ios):
        return {
            name: (
                " ".join(transform_row(transform_word(one.kind, one.bits)).esp_show for one in each.transforms),
                bool(transport_of(each.mode)),
            )
            for name, each in smart.transform_sets_of(draft).items()
        }
    return {
        name: (" ".join((*each.encryption, *each.integrity)), False) for name, each in draft.ipsec_proposals.items()
    }


def ipsec_profiles(store: Store) -> Iterator[IpsecProfileView]:
    """Yield the IPsec profiles of a router, as far as what they name is there."""
    draft = store.draft
    if not isinstance(draft, ios.Ios):
        return
    sets = _sets(store)
    for name, held in smart.ipsec_profiles_of(draft).items():
        pfs, additional = pfs_rows(held.pfs, "ios")
        yield IpsecProfileView(
            name,
            held.ikev2_profile or "",
            tunnels_ios.seconds_of(held, draft),
            tunnels_ios.volume_of(held, draft),
            bool(held.responder_only),
            pfs.number if pfs else None,
            tuple((one, sets[one][0]) for one in held.transform_sets or (smart.DEFAULT,) if one in sets),
            tuple(row.number for rows in additional for row in rows),
            tunnels_ios.idle_time(held.idle, draft),
            bool(held.mixed_mode),
        )


def security_association(store: Store) -> Iterator[IpsecProfileView]:
    """Yield what a router's IPsec SAs have where no crypto map and no profile says so, as a profile without a name."""
    draft = store.draft
    if isinstance(draft, ios.Ios):
        bare = ios_ipsec.IpsecProfile()
        seconds, volume = tunnels_ios.seconds_of(bare, draft), tunnels_ios.volume_of(bare, draft)
        yield IpsecProfileView("", "", seconds, volume, False, None, (), (), tunnels_ios.idle_time(None, draft))


def vrfs(store: Store) -> Iterator[VrfView]:
    """Yield the routing tables beside the global one."""
    network = store.intent.network
    for each in network.vrfs:
        inside = tuple(one.name for one in network.interfaces if one.vrf == each.name)
        yield VrfView(each.name, each.distinguisher, each.versions, inside)


def derived(store: Store, name: str, access: Connection, template: str) -> list[str]:
    """Return the configuration that a virtual-access interface has of its template."""
    written = store.running({"interface": template})
    opener = next((at for at, line in enumerate(written) if line.startswith(f"interface {template}")), None)
    if opener is None:
        return []
    own = [line for line in written[opener + 1 :] if line.startswith(" ")]
    ends = [f" tunnel source {access.local}", f" tunnel destination {access.peers[0]}"]
    kept = [line for line in own if not line.startswith((" tunnel source", " tunnel destination"))]
    at = next((at for at, line in enumerate(kept) if line.startswith(" tunnel")), len(kept))
    return [f"interface {name}", *kept[:at], *ends, *kept[at:]]


def access_lists(store: Store) -> Iterator[AccessListView]:
    """Yield the access lists with their lines as written."""
    draft = store.draft
    if isinstance(draft, ios.Ios):
        for name, numbered in draft.access_lists.items():
            texts = (text for text in write(store.language, numbered, mode="access-list") if text != "!")
            lines = zip(sorted(numbered.entries), texts, strict=True)
            yield AccessListView(name, "extended", tuple((sequence, text, 0) for sequence, text in lines))
        for name, standard in draft.standard_lists.items():
            texts = (text for text in write(store.language, standard, mode="standard-list") if text != "!")
            lines = zip(sorted(standard.entries), texts, strict=True)
            yield AccessListView(name, "standard", tuple((sequence, text, 0) for sequence, text in lines))
        for name, six in draft.access_lists6.items():
            texts = (text for text in write(store.language, six, mode="ipv6-access-list") if text != "!")
            lines = zip(sorted(six.entries), texts, strict=True)
            yield AccessListView(name, "ipv6", tuple((sequence, text, 0) for sequence, text in lines))
        return
    for name, held in draft.access_lists.items():
        begins = f"access-list {name} "
        alone = asa.Asa(access_lists={name: held})
        found = [text.removeprefix(begins) for text in write(store.language, alone) if text.startswith(begins)]
        yield AccessListView(name, "extended", tuple((line, text, 0) for line, text in enumerate(found, 1)))


def outers(store: Store) -> Iterator[OuterView]:
    """Yield how the header before ESP is made on each named interface of a firewall."""
    draft = store.draft
    if isinstance(draft, asa.Asa):
        for each in draft.interfaces.values():
            if each.nameif:
                outer = outer_of(draft, each.nameif)
                yield OuterView(each.nameif, outer.whole, outer.late)


def prefix_lists(store: Store) -> Iterator[PrefixListView]:
    """Yield the prefix lists of both versions by name."""
    if not isinstance(store.draft, ios.Ios):
        return
    for version, lists in ((4, store.draft.prefix_lists), (6, store.draft.prefix_lists6)):
        for name, held in sorted(lists.items()):
            entries = tuple((at, _prefix_line(one)) for at, one in sorted(held.entries.items()))
            yield PrefixListView(name, version, held.description or "", entries)


def _prefix_line(one: PrefixEntry) -> str:
    bounds = (f" {word} {length}" for word, length in (("ge", one.least), ("le", one.most)) if length is not None)
    return f"{one.action} {one.prefix}{''.join(bounds)}"


def route_maps(store: Store) -> Iterator[RouteMapView]:
    """Yield the entries of route maps."""
    if not isinstance(store.draft, ios.Ios):
        return
    for name, held in sorted(store.draft.route_maps.items()):
        for sequence, one in sorted(held.entries.items()):
            lists = map(tuple, (one.prefix_lists, one.lists, one.prefix_lists6, one.lists6))
            yield RouteMapView(name, sequence, one.action or "permit", one.description or "", *lists)


def in_use(store: Store) -> list[Connection]:
    """Return the crypto-map entries and protected tunnels that are in use."""
    return [one for one in store.intent.connections if not one.closed]


def connections(store: Store, rows: Iterable[Connection] | None = None) -> Iterator[ConnectionView]:
    """Yield them, or other rows of that kind, as the intent has them."""
    sets = _sets(store)
    interfaces = {each.name: each for each in store.intent.network.interfaces}
    templates = {each.name: interfaces.get(each.template) for each in store.intent.profiles}
    for each in in_use(store) if rows is None else rows:
        interface = interfaces.get(each.interface) or templates.get(each.profile or "")
        if interface is not None:
            yield _connection(each, sets, _access_list(store, each), interface)


def _connection(
    each: Connection, sets: dict[str, tuple[str, bool]], access_list: str, interface: Interface
) -> ConnectionView:
    names = dict.fromkeys(proposal.name for proposal in each.proposals)
    return ConnectionView(
        each.name,
        each.sequence,
        each.interface,
        str(each.local),
        tuple(map(str, each.peers)),
        each.profile or "",
        tuple(flow_view(flow) for flow in each.flows if flow.permit),
        (),
        each.lifetime,
        each.kilobytes,
        each.pfs.number if each.pfs else None,
        tuple((name, sets[name][0]) for name in names),
        access_list,
        bool(each.transport),
        interface.mtu,
        interface.nameif,
        each.vrf,
        each.inner_vrf,
        interface.tunnel.profile if interface.tunnel else "",
        tuple(row.number for rows in each.pfs_additional for row in rows),
        each.idle,
    )


def flow_view(flow: Flow) -> FlowView:
    """Return a flow in plain values."""
    local, remote = flow.local, flow.remote
    return FlowView(
        local.protocol,
        str(local.first),
        str(local.last),
        (local.first_port, local.last_port),
        str(remote.first),
        str(remote.last),
        (remote.first_port, remote.last_port),
    )


def _access_list(store: Store, each: Connection) -> str:
    """Return the access list of a crypto-map entry, or nothing for a tunnel."""
    draft = store.draft
    held: asa.CryptoMap | asa.DynamicMap | ios_ipsec.CryptoMap | ios_ipsec.DynamicMap | None
    if isinstance(draft, ios.Ios):
        held = maps_ios.maps_of(draft, each.local.version).get(each.name) or draft.dynamic_maps.get(each.name)
    else:
        held = draft.crypto_maps.get(each.name) or draft.dynamic_maps.get(each.name)
    found = held.entries.get(each.sequence) if held else None
    return (found.match_address if found else None) or ""


def crypto_maps(store: Store) -> Iterator[ConnectionView]:
    """Yield every crypto-map entry of a router: those in use, and those that are incomplete or on no interface."""
    used = list(connections(store))
    there = {(view.name, view.sequence) for view in used}
    draft = store.draft
    if not isinstance(draft, ios.Ios):
        yield from used
        return
    order = {name: at for at, name in enumerate((*draft.crypto_maps, *draft.crypto_maps6))}
    every = [*used, *_all_unused(draft, there, _sets(store))]
    yield from sorted(every, key=lambda view: (order.get(view.name, len(order)), view.sequence))


def _all_unused(
    draft: ios.Ios, there: set[tuple[str, int]], sets: dict[str, tuple[str, bool]]
) -> Iterator[ConnectionView]:
    for version in (4, 6):
        for name, held in maps_ios.maps_of(draft, version).items():
            on = [
                interface
                for interface, each in draft.interfaces.items()
                if (each.crypto_map if version == 4 else each.ipv6_crypto_map) == name
            ]
            for sequence, entry in held.entries.items():
                if (name, sequence) not in there and entry.dynamic is None:
                    for interface in on or [""]:
                        yield _unused(draft, (name, sequence, version), entry, interface, sets)


def dynamic_maps(store: Store) -> Iterator[ConnectionView]:
    """Yield the entries of a router's dynamic maps, whether a crypto map names them or not."""
    draft = store.draft
    if isinstance(draft, ios.Ios):
        sets = _sets(store)
        for name, held in draft.dynamic_maps.items():
            for sequence, entry in sorted(held.entries.items()):
                yield _unused(draft, (name, sequence, 4), entry, "", sets)


def _unused(
    draft: ios.Ios,
    where: tuple[str, int, int],
    entry: ios_ipsec.MapEntry,
    interface: str,
    sets: dict[str, tuple[str, bool]],
) -> ConnectionView:
    name, sequence, version = where
    flows = flows_of(draft, entry.match_address or "", Complaints(), version)
    seconds = tunnels_ios.seconds_of(entry, draft)
    pfs, additional = pfs_rows(entry.pfs, "ios")
    names = entry.transform_sets or (smart.DEFAULT,)
    return ConnectionView(
        name,
        sequence,
        interface,
        "",
        tuple(map(str, hosts.peers_of(draft, entry))),
        entry.ikev2_profile or "",
        tuple(flow_view(flow) for flow in flows if flow.permit),
        (),
        seconds,
        tunnels_ios.volume_of(entry, draft),
        pfs.number if pfs else None,
        tuple((one, sets[one][0]) for one in names if one in sets),
        entry.match_address or "",
        pfs_additional=tuple(row.number for rows in additional for row in rows),
        idle=tunnels_ios.idle_time(entry.idle, draft),
    )


def logged(draft: ios.Ios | asa.Asa) -> tuple[tuple[str, ...], int]:
    """Return which lines are logged of sessions that begin and end, and how many failures are remembered.

    They are those of a router's `crypto logging`; a firewall has its own.
    """
    if not isinstance(draft, ios.Ios):
        return ("ikev2",), 0
    words = (("session", draft.log_sessions), ("ikev2", draft.log_ikev2))
    return tuple(word for word, on in words if on), draft.diagnose or 0
