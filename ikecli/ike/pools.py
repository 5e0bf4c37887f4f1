"""The addresses lent to peers: shared by all SAs of an engine, each lent to one of them at most.

An address that comes back is kept for the identity that had it, and lent to others only when no fresh one is left.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final

from ikecli.boundary.lending import PoolView, RangeView
from ikecli.ike.limits import MAX_KEPT_ADDRESSES, MAX_LOANS, MAX_SHOWN_ADDRESSES
from ikecli.intent import Address, Identity, Pool
from ikecli.value import value


@value
class Loan:
    """An address of a pool, or of a DHCP server, lent until it is given back; one of a server may lie in pools."""

    pool: str
    address: Address
    dhcp: bool = False


class Ledger:
    """What of one pool is lent. Every call costs the same however large the pool is and however much of it is lent.

    `_free` are the addresses that came back, oldest first, with who had each; `_had` finds the last one of each,
    and `_rested` says until when one is for that one alone. Fresh
    ones begin at `_next`, in the range numbered `_range`. `_loans` counts what each owner has.
    """

    __slots__ = ("_free", "_had", "_lent", "_loans", "_next", "_now", "_range", "_rested", "pool")

    def __init__(self, pool: Pool, now: Callable[[], float]) -> None:
        self.pool: Final = pool
        self._now = now
        self._rested: OrderedDict[Address, float] = OrderedDict()
        self._lent: dict[Address, Identity] = {}
        self._free: OrderedDict[Address, Identity] = OrderedDict()
        self._had: dict[Identity, Address] = {}
        self._loans: Counter[Identity] = Counter()
        self._range, self._next = 0, pool.ranges[0][0]

    def take(self, owner: Identity, wish: Address | None) -> Address | None:
        """Lend an address: what the owner had, or wishes where nobody else is to have it, else a fresh one.

        None when all are lent, or too many to this owner.
        """
        if self.greedy(owner):
            return None
        for one in (self._had.get(owner), wish):
            if one is not None and self.holds(one) and one not in self._lent and self._free.get(one, owner) == owner:
                return self._lend(one, owner)
        oldest = next(iter(self._free), None)
        if oldest in self._resting():
            oldest = None
        fresh = self._fresh() if oldest is None or len(self._free) < MAX_KEPT_ADDRESSES else None
        found = fresh or oldest
        return None if found is None else self._lend(found, owner)

    def claim(self, address: Address, owner: Identity) -> bool:
        """Lend this address; return whether it could be lent."""
        if address in self._lent or not self.holds(address):
            return False
        self._lend(address, owner)
        return True

    def lent(self, address: Address) -> bool:
        """Tell whether an address is lent."""
        return address in self._lent

    def give_back(self, address: Address, of: Identity | None = None, kept: bool = True) -> None:
        """Take back an address, if need be only of this owner, `kept` for it; one that is not lent is no error."""
        owner = self._lent.get(address)
        if owner is not None and of in (None, owner):
            del self._lent[address]
            self._loans[owner] -= 1
            if not self._loans[owner]:
                del self._loans[owner]
            self._free[address] = owner
            if kept:
                self._had[owner] = address
            else:
                self._free.move_to_end(address, last=False)
            if kept and self.pool.rest:
                self._rested[address] = self._now() + self.pool.rest

    def inherit(self, old: Ledger) -> None:
        """Go on with what another ledger has lent of addresses that are in this pool, too."""
        self._lent = {address: owner for address, owner in old._lent.items() if self.holds(address)}
        self._loans = Counter(self._lent.values())

    def greedy(self, owner: Identity) -> bool:
        """Tell whether an owner has as many addresses as one may have."""
        return self._loans[owner] >= MAX_LOANS

    @property
    def free(self) -> int:
        """How many addresses can be lent to anybody."""
        held = len(self._lent) + len(self._resting())
        return sum(int(last) - int(first) + 1 for first, last in self.pool.ranges) - held

    @property
    def view(self) -> PoolView:
        """What `show` sees of it."""
        ranges = []
        for first, last in self.pool.ranges:
            lent = sum(int(first) <= int(one) <= int(last) for one in self._lent)
            ranges.append(RangeView(str(first), str(last), int(last) - int(first) + 1 - lent, lent))
        return PoolView(
            self.pool.name,
            self.pool.version,
            tuple(ranges),
            tuple(map(str, sorted(self._lent))),
            tuple(map(str, islice(self._available(), MAX_SHOWN_ADDRESSES))),
            str(self.pool.netmask or ""),
        )

    def _available(self) -> Iterator[Address]:
        for first, last in self.pool.ranges:
            one = first
            while True:
                if one not in self._lent:
                    yield one
                if one == last:
                    break
                one += 1

    def _resting(self) -> OrderedDict[Address, float]:
        """Return the addresses that came back so lately that each is for who had it alone, oldest first."""
        now = self._now()
        while self._rested and next(iter(self._rested.values())) <= now:
            self._rested.popitem(last=False)
        return self._rested

    def _lend(self, address: Address, owner: Identity) -> Address:
        self._rested.pop(address, None)
        before = self._free.pop(address, None)
        if before is not None and self._had.get(before) == address:
            del self._had[before]
        self._lent[address] = owner
        self._loans[owner] += 1
        return address

    def holds(self, address: Address) -> bool:
        """Tell whether an address is of the pool."""
        return address.version == self.pool.version and any(
            int(first) <= int(address) <= int(last) for first, last in self.pool.ranges
        )

    def _fresh(self) -> Address | None:
        """Return the first address that was never lent, or None."""
        while self._range < len(self.pool.ranges):
            last, address = self.pool.ranges[self._range][1], self._next
            if address not in self._lent and address not in self._free:
                return address
            if address != last:
                self._next = address + 1
                continue
            self._range += 1
            if self._range < len(self.pool.ranges):
                self._next = self.pool.ranges[self._range][0]
        return None


class Pools:
    """All pools of an engine."""

    def __init__(self, rows: Iterable[Pool] = (), now: Callable[[], float] = lambda: 0.0) -> None:
        self._now = now
        self._ledgers: dict[str, Ledger] = {}
        self.apply(rows)

    def apply(self, rows: Iterable[Pool]) -> bool:
        """Take other pools; what is lent of addresses that are still in a pool of that name stays lent.

        Return whether a pool is there that was not, so that addresses of it may be lent from before.
        """
        before = self._ledgers
        self._ledgers = {row.name: Ledger(row, self._now) for row in rows}
        for name, ledger in self._ledgers.items():
            old = before.get(name)
            if old is not None and old.pool == ledger.pool:
                self._ledgers[name] = old
            elif old is not None:
                ledger.inherit(old)
        return any(before.get(name) is not ledger for name, ledger in self._ledgers.items())

    def lend(self, names: Iterable[str], version: int, owner: Identity, wish: Address | None) -> Loan | None:
        """Lend an address of an IP version from the first of some pools that has one; None when none has."""
        for name in names:
            ledger = self._ledgers.get(name)
            if ledger is None or ledger.pool.version != version:
                continue
            address = ledger.take(owner, wish)
            if address is not None:
                return Loan(name, address)
        return None

    def greedy(self, names: Iterable[str], owner: Identity) -> bool:
        """Tell whether an owner has as many addresses of one of some pools as one may have."""
        return any(self._ledgers[name].greedy(owner) for name in names if name in self._ledgers)

    def claim(self, loan: Loan, owner: Identity) -> bool:
        """Have an address lent that was lent elsewhere; return whether it is free here, and of its pool if of any."""
        ledgers = self._of(loan)
        if any(one.lent(loan.address) for one in ledgers):
            return False
        return all(one.claim(loan.address, owner) for one in ledgers) and bool(ledgers or loan.dhcp)

    def keep(self, loan: Loan, owner: Identity) -> None:
        """Have an address that is lent be so in pools that did not know it."""
        for one in self._of(loan):
            one.claim(loan.address, owner)

    def give_back(self, loan: Loan, owner: Identity | None = None) -> None:
        """Take an address back, if need be only of this owner."""
        for ledger in self._of(loan):
            ledger.give_back(loan.address, owner, kept=not loan.dhcp)

    def _of(self, loan: Loan) -> list[Ledger]:
        """Return the ledgers of a loan: its pool's, of an address of a DHCP server those of all pools it lies in."""
        if loan.dhcp:
            return [one for one in self._ledgers.values() if one.holds(loan.address)]
        return [self._ledgers[loan.pool]] if loan.pool in self._ledgers else []

    def free(self, names: Iterable[str]) -> tuple[tuple[str, int], ...]:
        """Return for those of some pools that are there how many addresses can be lent."""
        return tuple((name, self._ledgers[name].free) for name in names if name in self._ledgers)

    def views(self) -> tuple[PoolView, ...]:
        """Return the pools as `show` sees them."""
        return tuple(ledger.view for ledger in self._ledgers.values())
