"""What the tasks of CREATE_CHILD_SA have in common: their SA is made when all its key exchanges are done."""

from __future__ import annotations

from ikecli.errors import Malformed
from ikecli.ike.choose import Choice, Offer, accepted
from ikecli.ike.followup import KeptSeries, Pending, Series, hold
from ikecli.ike.talk import Again, Incoming, Outcome, Talk
from ikecli.ike.tasks.base import Task
from ikecli.numbers import Exchange


class SeriesTask(Task):
    """A task with a series of key exchanges (RFC 9370 2.2.4), of which there is one once it has its first secret."""

    __slots__ = ("_choice", "_series")

    def __init__(self) -> None:
        self._choice: Choice | None = None
        self._series: Series | None = None

    def make(self, talk: Talk, series: Series) -> None:
        """Make the SA from all secrets."""
        raise NotImplementedError

    def finish(self, talk: Talk) -> None:
        """Make a responder's SA, which was awaited for a while."""
        if self._series is None:
            raise Malformed("an SA before its key exchange")
        self.make(talk, self._series)

    def _shared(self, talk: Talk, secret: bytes) -> Outcome:
        """Go on from a shared secret: to the exchange that follows, or to the SA."""
        series = self._series
        if series is None:
            series = self._series = Series(self._choice.additional if self._choice else (), secret)
        else:
            series.take(talk, secret)
        if talk.asking:
            return self._next(talk, series)
        if series.left:
            hold(talk, Pending(series, self, talk.replaces, 0.0))
        else:
            self.make(talk, series)
        return None

    def _followed(self, talk: Talk, series: Series, message: Incoming) -> Outcome:
        """Take KEr(n) of the responder."""
        return series.read(talk, message) or self._next(talk, series)

    def _kept(self) -> KeptSeries | None:
        return None if self._series is None else self._series.keep()

    def _recall(self, talk: Talk, offers: tuple[Offer, ...], choice: Choice | None, kept: KeptSeries | None) -> None:
        """Go on with what was agreed, if it would be agreed here too; raises Malformed for what is no series."""
        if kept is None and talk.exchange == Exchange.IKE_FOLLOWUP_KE:
            raise Malformed("a key exchange that follows none")
        self._series = None if kept is None else Series.recall(kept)
        self._choice = None if choice is None else accepted(offers, (choice.proposal(choice.spi),))

    def _next(self, talk: Talk, series: Series) -> Outcome:
        if talk.message is not None and series.follow(talk.message):
            return Again(Exchange.IKE_FOLLOWUP_KE)
        self.make(talk, series)
        return None
