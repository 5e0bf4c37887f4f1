"""Virtual-access interfaces: a responder makes one of its profile's template for each peer, for as long as its IKE SA.

What protects it is a row of the lookup like that of a configured connection, made of the template for the one peer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ikecli.boundary.effects import Access, Attach, Detach
from ikecli.boundary.events import AccessMade
from ikecli.errors import Rejected
from ikecli.ike.core import Core
from ikecli.ike.lookup import Lookup
from ikecli.ike.sa import IkeSa
from ikecli.intent import Address, Carrier, Connection, Route, Template

_NAME: Final = "Virtual-Access"
_NAME_SIZE: Final = 32


def attach(core: Core, sa: IkeSa, template: Template, carrier: Carrier) -> None:
    """Make an IKE SA's virtual-access interface."""
    name = f"{_NAME}{core.access_numbers.take()}"
    row = _row(template, name, sa, carrier, sa.remote.address)
    access = Access(name, template.name, carrier, sa.local.address, sa.remote.address, row.label, sa.vrf)
    sa.access = name
    core.accesses[name] = access
    core.lookup.adopt(row)
    core.do(Attach(access))
    core.tell(AccessMade, lambda: AccessMade(sa.number, sa.session, name, template.name, carrier.value))


def resume(core: Core, sa: IkeSa, access: Access) -> None:
    """Make the virtual-access interface of an IKE SA that was moved here; raises Rejected where its name is taken."""
    profile = core.lookup.profiles.get(sa.profile)
    template = core.lookup.template(profile.template) if profile else None
    number = access.name.removeprefix(_NAME)
    if template is None or template.name != access.template or access.name in core.accesses:
        raise Rejected(f"{access.name} is in use, or {access.template} is not configured")
    if not (number.isascii() and number.isdigit() and 0 < int(number) <= core.lookup.intent.max_sas):
        raise Rejected(f"no interface can be called {access.name[:_NAME_SIZE]}")
    core.access_numbers.claim(int(number))
    core.accesses[access.name] = access
    core.lookup.adopt(_row(template, access.name, sa, access.carrier, access.remote))
    core.do(Attach(access))


def reach(core: Core, sa: IkeSa, routes: tuple[Route, ...]) -> None:
    """Have these routes stand with an IKE SA's virtual-access interface, besides its own network's."""
    access = core.accesses.get(sa.access)
    if access is not None and access.routes != routes:
        core.accesses[sa.access] = moved = replace(access, routes=routes)
        core.do(Attach(moved))


def move(core: Core, sa: IkeSa) -> None:
    """Have the virtual-access interface of an IKE SA end where the peer is now."""
    access = core.accesses.get(sa.access)
    ends = (sa.local.address, sa.remote.address)
    if access is None or (access.local, access.remote) == ends:
        return
    core.accesses[sa.access] = moved = replace(access, local=ends[0], remote=ends[1])
    row = core.lookup.connections[access.connection]
    core.lookup.adopt(replace(row, local=ends[0], peers=(ends[1],)))
    core.do(Attach(moved))


def detach(core: Core, sa: IkeSa) -> None:
    """Take an IKE SA's virtual-access interface away."""
    access = core.accesses.pop(sa.access, None)
    if access is not None:
        core.lookup.dismiss(access.connection)
        core.access_numbers.give_back(int(access.name.removeprefix(_NAME)))
        core.do(Detach(access.name))
    sa.access = ""


def renew(core: Core, lookup: Lookup) -> None:
    """Make the rows of all virtual-access interfaces anew for a new intent; without their template they have none."""
    for sa in core.sas.values():
        access = core.accesses.get(sa.access)
        profile = lookup.profiles.get(sa.profile)
        template = lookup.template(profile.template) if profile else None
        if access is not None and template is not None and template.name == access.template:
            lookup.adopt(_row(template, access.name, sa, access.carrier, access.remote))


def candidates(core: Core, sa: IkeSa) -> list[Connection]:
    """Return the connections that an IKE SA's peer may ask Child SAs of: its own one, where it has an interface."""
    access = core.accesses.get(sa.access)
    if access is None:
        return core.lookup.candidates(sa.local.address, sa.remote.address, sa.profile, sa.vrf)
    row = core.lookup.connections.get(access.connection)
    return [] if row is None else [row]


def own(core: Core, sa: IkeSa) -> Connection | None:
    """Return what protects an IKE SA's virtual-access interface, None where it has none."""
    access = core.accesses.get(sa.access)
    return core.lookup.connections.get(access.connection) if access is not None else None


def rows(core: Core) -> list[Connection]:
    """Return what protects the virtual-access interfaces that there are."""
    labels = (access.connection for access in core.accesses.values())
    return [row for label in labels if (row := core.lookup.connections.get(label)) is not None]


def _row(template: Template, name: str, sa: IkeSa, carrier: Carrier, remote: Address) -> Connection:
    return template.connection(name, sa.profile, carrier, sa.local.address, remote, sa.vrf)
