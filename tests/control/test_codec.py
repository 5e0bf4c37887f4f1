"""Everything that travels on the control socket comes back as it was, and nothing else comes in."""

from __future__ import annotations

import json
import pkgutil
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikecli import boundary
from ikecli.boundary import events
from ikecli.boundary.events import Event
from ikecli.boundary.views import IkeSaView, LogLine
from ikecli.control import codec
from ikecli.control.messages import LEVELS, Enable, Login, Ping, Request, Show
from ikecli.control.replies import Error, Heard, Lines, Reply, Shown
from ikecli.errors import Rejected
from ikecli.numbers import TransformType, named
from ikecli.secret import Secret

INSIDE = {"clock", "effects", "events", "notices", "plain"}
"""Modules of the boundary between the engine and its surroundings; all others say what `show` is told."""
VIEWS = [
    kind
    for module in pkgutil.iter_modules(boundary.__path__, "ikecli.boundary.")
    if module.name.rpartition(".")[2] not in INSIDE
    for kind in vars(import_module(module.name)).values()
    if is_dataclass(kind) and isinstance(kind, type)
]
EVENTS = [kind for kind in codec.REGISTRY.values() if issubclass(kind, Event) and fields(kind)]
REPLIES = [kind for kind in codec.REGISTRY.values() if issubclass(kind, Reply) and kind not in (Reply, Error)]
TEXT = st.text(st.characters(codec="utf-8"), max_size=8)


BOUNDED = {
    "level": st.integers(0, 15),
    "prompt_width": st.integers(0, 512),
    "size": st.integers(36, 18024),
    "timeout": st.floats(0, 3600),
    "ttl": st.integers(0, 255),
    "sequence": st.integers(0, 2**31 - 1),
    "last": st.integers(1, 20),
    "minutes": st.integers(0, 120),
    "limit": st.integers(1, 1000),
}
"""Fields of requests whose values have bounds."""


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Give values of a type, as its dataclass declares them."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return st.sampled_from(VIEWS).flatmap(values)
    if hint is Event:
        return st.sampled_from(EVENTS).flatmap(values)
    if hint is Secret:
        return st.builds(Secret, st.binary(max_size=8))
    if hint is str:
        return TEXT
    if hint is float:
        return st.floats(allow_nan=False, allow_infinity=False)
    if origin is tuple and arguments[1:] == (Ellipsis,):
        return st.lists(values(arguments[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values, arguments))
    if isinstance(origin, type) and issubclass(origin, dict | codec.Mapping):
        return st.dictionaries(TEXT, values(arguments[1]), max_size=3)
    if arguments:
        return st.one_of(*map(values, arguments))
    if isinstance(hint, type) and is_dataclass(hint):
        hints = get_type_hints(hint)
        bounds = BOUNDED if issubclass(hint, Request) else {}
        return st.builds(
            hint, **{field.name: bounds.get(field.name, values(hints[field.name])) for field in fields(hint)}
        )
    return st.from_type(hint)


def several(roots: list[type]) -> st.SearchStrategy[Any]:
    return st.sampled_from(roots).flatmap(values)


@given(st.integers(), several(list(LEVELS)))
def test_every_request_survives_the_way(number: int, request: Request) -> None:
    assert codec.decode_request(codec.encode_request(number, request)) == (number, request)


@given(st.integers(1), several(REPLIES))
def test_every_reply_survives_the_way(number: int, reply: Reply) -> None:
    assert [codec.decode_answer(line) for line in codec.encode_reply(number, reply)] == [(number, reply, False)]


@given(values(Heard))
def test_every_push_survives_the_way(heard: Heard) -> None:
    assert codec.decode_answer(codec.encode_push(heard)) == heard


@pytest.mark.parametrize("kind", VIEWS, ids=lambda kind: kind.__name__)
def test_every_view_may_travel(kind: type) -> None:
    assert codec.REGISTRY.get(kind.__name__) is kind


def test_an_error_has_the_form_that_scripts_look_for() -> None:
    (line,) = codec.encode_reply(3, Error("% No"))
    assert json.loads(line) == {"id": 3, "error": "% No"}
    assert codec.decode_answer(line) == (3, Error("% No"), False)


def test_a_long_reply_comes_in_parts_that_join() -> None:
    reply = Lines(tuple("x" * 1000 for _ in range(3000)))
    parts = list(codec.encode_reply(1, reply))
    assert len(parts) > 10
    assert max(map(len, parts)) < codec.LINE_LIMIT
    answers = [codec.decode_answer(line) for line in parts]
    assert [answer[2] for answer in answers if isinstance(answer, tuple)] == [True] * (len(parts) - 1) + [False]
    assert codec.joined([answer[1] for answer in answers if isinstance(answer, tuple)]) == reply


def test_a_cursor_comes_with_the_last_part() -> None:
    reply = Shown(tuple("x" * 1000 for _ in range(200)), 7)
    parts = [codec.decode_answer(line) for line in codec.encode_reply(1, reply)]
    assert codec.joined([part[1] for part in parts if isinstance(part, tuple)]) == reply


def test_a_request_too_long_for_a_line_is_refused_before_it_is_sent() -> None:
    with pytest.raises(Rejected, match=str(codec.LINE_LIMIT)):
        codec.encode_request(1, Show("x" * codec.LINE_LIMIT, {}))


def test_a_secret_goes_towards_the_appliance_only() -> None:
    assert b"marker" in codec.encode_request(1, Login("me", Secret("marker")))
    (line,) = codec.encode_reply(1, Shown((Secret("marker"),)))
    assert b"marker" not in line
    assert b"*****" in line


def test_the_event_with_keys_does_not_travel() -> None:
    keys = events.KeysDerived(1, 1, b"", b"", named(TransformType.ENCR, "ios", "aes-gcm-128"), None, (b"marker",))
    with pytest.raises(TypeError):
        codec.encode_push(Heard(0.0, event=keys))


def test_views_are_plain_json_for_pipes() -> None:
    assert codec.plain(LogLine(1.5, 5, "SYS", "CONFIG_I", "text"))["mnemonic"] == "CONFIG_I"
    assert codec.plain((events.Progress(1, 2, "x"),)) == [{"sa": 1, "session": 2, "text": "x"}]
    assert "status" in {field.name for field in fields(IkeSaView)}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{",
        b'{"id":1}',
        b'{"id":"1","do":"Identify"}',
        b'{"id":true,"do":"Identify"}',
        b'{"id":1,"do":"Nothing"}',
        b'{"id":1,"do":"Request"}',
        b'{"id":1,"do":"Shown","with":{"views":[]}}',
        b'{"id":1,"do":"LogLine","with":{}}',
        b'{"id":1,"do":["Show"]}',
        b'{"id":1,"do":"Show","with":[]}',
        b'{"id":1,"do":"Show","with":{"topic":"x"}}',
        b'{"id":1,"do":"Show","with":{"topic":1,"options":{}}}',
        b'{"id":1,"do":"Show","with":{"topic":"x","options":{"a":[1]}}}',
        b'{"id":1,"do":"Show","with":{"topic":"x","options":{},"more":1}}',
        b'{"id":1,"do":"Ping","with":{"destination":"a","size":true}}',
        b'{"id":1,"do":"Ping","with":{"destination":"a","timeout":NaN}}',
        b'{"id":1,"do":"Enable","with":{"password":{"is":"LogLine","with":{}}}}',
        b'{"id":1,"do":"Enable","with":{"password":null}}',
        b'{"id":1,"do":"Enable","with":{"password":"","level":16}}',
        b'{"id":1,"do":"Disable","with":{"level":-1}}',
        b'{"id":1,"do":"ConfigLine","with":{"line":"x","prompt_width":1000000000}}',
        b'{"id":1,"do":"Ping","with":{"destination":"a","size":1000000000}}',
        b'{"id":1,"do":"Ping","with":{"destination":"a","timeout":1e400}}',
        b'{"id":1,"do":"Ping","with":{"destination":"a","timeout":-1}}',
        b'{"id":1,"do":"Ping","with":{"destination":"a","sequence":1000000000000000000000000000000}}',
        b'{"id":1,"do":"ConfigLine","with":{"line":"hostname \\ud800"}}',
        b'{"id":1,"do":"Show","with":{"topic":"x","options":{"a":"\\ud800"}}}',
        b'{"id":1,"do":"Login","with":{"username":"a","password":"\\ud800"}}',
        b"[" * 200_000,
        b'{"id":' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_no_request_is_refused(line: bytes) -> None:
    with pytest.raises(Rejected):
        codec.decode_request(line)


@given(st.binary(max_size=200))
def test_no_octets_do_harm(line: bytes) -> None:
    with pytest.raises(Rejected):
        codec.decode_request(line)
    assert codec.number_of(line) == 0


def test_defaults_may_be_left_out() -> None:
    _, request = codec.decode_request(b'{"id":1,"do":"Ping","with":{"destination":"10.0.0.1"}}')
    assert request == Ping("10.0.0.1")
    assert codec.decode_request(b'{"id":2,"do":"Enable","with":{"password":"x"}}') == (2, Enable(Secret("x")))
