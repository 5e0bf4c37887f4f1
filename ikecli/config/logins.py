"""The passwords of a router's users: one that has a secret gets no password beside or instead of it."""

from __future__ import annotations

from typing import Final

from ikecli.config import ios
from ikecli.config.common import Obscured
from ikecli.config.passwords import unobscured, verified
from ikecli.errors import Rejected
from ikecli.language import Command
from ikecli.secret import Secret

_BOTH: Final = (
    "Can not have both a user password and a user secret: user {name} has a secret.\nType username {name} secret"
)


def refuse(draft: object, command: Command) -> None:
    """Raise Rejected for a password of a user that has a secret, unless it is the same: lines may be pasted twice."""
    target = command.declaration.target
    if not isinstance(draft, ios.Ios) or command.negated or not target.path or target.path[0].name != "users":
        return
    name, login = command.slots.get("name"), command.slots.get("login") or {}
    user = draft.users.get(str(name))
    held = user.login.key if user and user.login else None
    given = login.get("key")
    if login.get("kind") != "password" or held is None or isinstance(held, Obscured) or not isinstance(given, Secret):
        return
    if login.get("encoding") == "7":
        given = unobscured(given.reveal().decode(errors="replace"))
    if given is not None and not verified(held, given, str(name)):
        raise Rejected(_BOTH.format(name=name))
