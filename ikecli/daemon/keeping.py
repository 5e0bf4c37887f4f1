"""What sessions ask of the configurations that are kept: stored, copied, compared, put in the running one's place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ikecli.config.convert import replacing_ikev1
from ikecli.config.other_dialect import converted
from ikecli.control.messages import (
    ArchiveNow,
    Confirm,
    Convert,
    ConvertIkev1,
    Copy,
    Delete,
    Differ,
    Erase,
    Fetch,
    Reload,
    Replace,
    Request,
    Revert,
    Rollback,
    Save,
)
from ikecli.control.replies import Copied, Done, Lines, Replaced, Reply
from ikecli.daemon.appliance import Appliance
from ikecli.daemon.archive import RUNNING, STARTUP
from ikecli.errors import Rejected
from ikecli.language.language import DIALECTS


def _copy(appliance: Appliance, user: str, request: Copy) -> Reply:
    text = request.text or appliance.archive.text(request.source)
    found = appliance.archive.put(request.destination, text, request.source)
    return Copied(len(text.encode(errors="surrogateescape")), tuple(found))


def _save(appliance: Appliance, user: str, request: Save) -> Reply:
    appliance.save(appliance.store.startup())
    appliance.archive.saved_startup()
    return Done()


def _erase(appliance: Appliance, user: str, request: Erase) -> Reply:
    appliance.storage.erase_startup()
    return Done()


def _fetch(appliance: Appliance, user: str, request: Fetch) -> Reply:
    if request.which != RUNNING:
        return Lines(tuple(appliance.archive.text(request.which).splitlines()))
    appliance.journal.log(5, "SYS", "CONFIG_READ", f"running configuration read in clear text by {user}")
    return Lines(tuple(appliance.store.running(clear=True)))


def _delete(appliance: Appliance, user: str, request: Delete) -> Reply:
    appliance.archive.remove(request.file)
    return Done()


def _archive(appliance: Appliance, user: str, request: ArchiveNow) -> Reply:
    return Done(appliance.archive.save())


def _differ(appliance: Appliance, user: str, request: Differ) -> Reply:
    texts = [
        request.text if place.startswith("file:") else appliance.archive.text(place)
        for place in (request.old or STARTUP, request.new or RUNNING)
    ]
    return Lines(tuple(appliance.archive.differences(*texts)))


def _convert(appliance: Appliance, user: str, request: Convert) -> Reply:
    if request.dialect not in DIALECTS:
        raise Rejected(f"% {request.dialect} is no dialect: {', '.join(DIALECTS)}")
    if request.dialect == appliance.dialect:
        raise Rejected(f"% This configuration is one of {request.dialect} already")
    return Lines(tuple(converted(appliance.store, request.dialect)))


def _replace(appliance: Appliance, user: str, request: Replace) -> Reply:
    text = request.text or appliance.archive.text(request.source)
    if not text.strip():
        raise Rejected(f"%Error: {request.source} is empty\n% Rollback aborted: nothing was changed")
    if request.minutes:
        appliance.pending.schedule(request.minutes, user, appliance.store.startup())
    try:
        return _replaced(appliance, user, text, request.source)
    except Rejected:
        if request.minutes:
            appliance.pending.forget()
        raise


def _ikev1(appliance: Appliance, user: str, request: ConvertIkev1) -> Reply:
    return Lines(tuple(replacing_ikev1(appliance.store)))


def _confirm(appliance: Appliance, user: str, request: Confirm) -> Reply:
    appliance.pending.confirm(user)
    return Done()


def _revert(appliance: Appliance, user: str, request: Revert) -> Reply:
    if request.minutes:
        appliance.pending.postpone(request.minutes, user)
    else:
        appliance.pending.revert(f"User: {user}: Rollback immediately")
    return Done()


def _rollback(appliance: Appliance, user: str, request: Rollback) -> Reply:
    return _replaced(appliance, user, appliance.archive.point(request.last), f"what it was {request.last} changes ago")


def _replaced(appliance: Appliance, user: str, text: str, source: str) -> Reply:
    changed = appliance.archive.replace(text, source)
    if changed:
        appliance.journal.log(5, "SYS", "CONFIG_I", f"Configured from {source} by {user}")
    return Replaced(changed)


def _reload(appliance: Appliance, user: str, request: Reload) -> Reply:
    if request.status:
        return Done(appliance.reloading.status())
    if request.cancel:
        return Done(appliance.reloading.cancel(user))
    if request.minutes:
        return Done(appliance.reloading.schedule(request.minutes, user))
    if request.at:
        return Done(appliance.reloading.schedule_at(request.at, user))
    appliance.journal.log(5, "SYS", "RELOAD", f"Reload requested by {user}")
    return Lines(tuple(appliance.reload()))


def changes(request: Request) -> bool:
    """Tell whether a request changes the running configuration."""
    if isinstance(request, Copy):
        return request.destination == RUNNING
    return isinstance(request, Replace | Rollback) or (isinstance(request, Reload) and not request.status)


ACTS: Final[dict[type[Request], Callable[[Appliance, str, Any], Reply]]] = {
    Copy: _copy,
    Save: _save,
    Erase: _erase,
    Fetch: _fetch,
    Delete: _delete,
    ArchiveNow: _archive,
    Differ: _differ,
    Convert: _convert,
    Replace: _replace,
    Confirm: _confirm,
    ConvertIkev1: _ikev1,
    Revert: _revert,
    Rollback: _rollback,
    Reload: _reload,
}
"""The requests that are about whole configurations; each is given the appliance and who asks."""
