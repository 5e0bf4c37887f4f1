"""Questions of the engine that take long, answered on other threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ikecli.boundary.effects import Question
from ikecli.daemon.answers import Reply, answer


def workers(loop: asyncio.AbstractEventLoop) -> Callable[[Question, Reply], None]:
    """Return what has questions answered, so that a long exponentiation or a puzzle holds nobody up."""

    def ask(question: Question, reply: Reply) -> None:
        future = loop.run_in_executor(None, answer, question)
        future.add_done_callback(lambda done: reply(done.result()))

    return ask
