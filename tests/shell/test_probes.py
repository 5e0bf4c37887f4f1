"""Pings and traces of a session: as they are printed, and as they are stopped."""

from __future__ import annotations

import asyncio

from ikecli.control.messages import Ping, Request
from ikecli.control.replies import Pinged, Reply
from ikecli.shell.session import Shell
from tests.shell.fake import Fake
from tests.shell.screen import Screen
from tests.shell.test_session import typing


def test_ping_prints_as_a_router_does() -> None:
    fake = Fake()
    screen, _, _ = typing(["ping 10.2.2.1 source GigabitEthernet0/0 repeat 5 size 200 timeout 1"], fake)
    assert screen.endswith(
        "Type escape sequence to abort.\n"
        "Sending 5, 200-byte ICMP Echos to 10.2.2.1, timeout is 1 seconds:\n"
        "Packet sent with a source address of 10.0.0.1 \n"
        "!!.!U\n"
        "Success rate is 60 percent (3/5), round-trip min/avg/max = 1/2/4 ms\n"
    )
    assert Ping("10.2.2.1", "GigabitEthernet0/0", 200, 1.0, 4) in fake.asked


def test_ping_without_answers() -> None:
    fake = Fake(dialect="asa")
    fake.marks = "."
    assert typing(["ping 10.2.2.1"], fake)[0].endswith("?????\nSuccess rate is 0 percent (0/5)\n")


def test_ping_is_stopped_and_says_how_far_it_came() -> None:
    fake = Fake()
    fake.stuck = lambda request: isinstance(request, Ping) and request.sequence == 2
    screen = Screen(["ping 10.2.2.1", "show clock"])
    shell = Shell(fake.client(), screen)

    async def run() -> None:
        asyncio.get_running_loop().call_later(0.05, lambda: screen.on_interrupt and screen.on_interrupt())
        await shell.run()

    asyncio.run(run())
    assert "!!\nSuccess rate is 100 percent (2/2), round-trip min/avg/max = 1/2/2 ms\n" in screen.text
    assert screen.text.endswith("R1#show clock\n*00:00:00.000 UTC Thu Jan 1 1970\n")


def way(*hops: str) -> Fake:
    """A fake whose answers come from these hops, place by place, each with its mark before it."""
    fake = Fake()
    usual = fake.answer

    def answer(request: Request) -> Reply:
        if not isinstance(request, Ping):
            return usual(request)
        mark, hop = hops[request.sequence][0], hops[request.sequence][1:]
        return Pinged(mark, 4.2, hop=hop)

    fake.answer = answer  # type: ignore[method-assign]
    return fake


def test_a_way_is_printed_as_a_router_does() -> None:
    hops = ("T10.0.0.254", "T10.0.0.254", ".", "T10.0.1.1", "T10.0.1.2", "T10.0.1.2", ".", ".", ".")
    end = ("!10.2.2.1", "!10.2.2.1", "!10.2.2.1")
    screen, _, _ = typing(["traceroute 10.2.2.1 source GigabitEthernet0/0"], way(*hops, *end))
    assert screen.endswith(
        "Type escape sequence to abort.\n"
        "Tracing the route to 10.2.2.1\n"
        "\n"
        "  1 10.0.0.254 4 msec 4 msec  *\n"
        "  2 10.0.1.1 4 msec\n"
        "    10.0.1.2 4 msec 4 msec\n"
        "  3  *  *  *\n"
        "  4 10.2.2.1 4 msec 4 msec 4 msec\n"
    )


def test_a_way_ends_at_who_refuses_and_at_the_last_place() -> None:
    assert typing(["traceroute 10.2.2.1 probe 1"], way("T10.0.0.254", "U10.0.0.254", "!"))[0].endswith(
        "  1 10.0.0.254 4 msec\n  2 10.0.0.254 !H\n"
    )
    fake = way("T2001:db8::1", ".", ".")
    assert typing(["traceroute 2001:db8::9 probe 1 ttl 4 5 timeout 1"], fake)[0].endswith(
        "  4 2001:DB8::1 4 msec\n  5  *\n"
    )
    assert Ping("2001:db8::9", "", 60, 1.0, 1, ttl=5) in fake.asked
    assert typing(["traceroute 10.2.2.1 ttl 5 4"])[0].endswith("% The last place 4 is before the first one 5\n")


def test_what_keeps_packets_from_being_sent_is_said_once() -> None:
    fake = Fake()
    why = "% No packet was sent"
    fake.answer = lambda request: Pinged(".", why=why) if isinstance(request, Ping) else Fake.answer(fake, request)  # type: ignore[method-assign]
    assert typing(["traceroute 10.2.2.1"], fake)[0].endswith(f"Tracing the route to 10.2.2.1\n\n{why}\n")


def test_a_way_is_looked_at_no_further_once_it_is_stopped() -> None:
    fake = way(*["T10.0.0.254"] * 4)
    fake.stuck = lambda request: isinstance(request, Ping) and request.sequence == 4
    screen = Screen(["traceroute 10.2.2.1", "show clock"])
    shell = Shell(fake.client(), screen)

    async def run() -> None:
        asyncio.get_running_loop().call_later(0.05, lambda: screen.on_interrupt and screen.on_interrupt())
        await shell.run()

    asyncio.run(run())
    assert "  1 10.0.0.254 4 msec 4 msec 4 msec\n  2 10.0.0.254 4 msec\n\nR1#show clock\n" in screen.text


# Files
