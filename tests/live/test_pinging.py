"""What the live tests call lost: not an answer that was late, which ping(8) no longer waits for."""

from __future__ import annotations

import os
import select
import threading
import time

import pytest

from ikecli.dataplane.packet import Packet, echo_reply
from ikecli.dataplane.userspace.tun import HEADER, PLAIN, open_tun
from tests.dataplane.namespaces import ip, namespaces, within
from tests.live.tunnel import Pinging

pytestmark = [pytest.mark.live, pytest.mark.timeout(60)]


@pytest.mark.parametrize(("address", "other"), [("10.1.0.1", "10.2.0.1"), ("2001:db8:1::1", "2001:db8:2::1")])
def test_an_answer_that_comes_late_is_not_lost_and_one_that_never_comes_is(address: str, other: str) -> None:
    """The third answer takes 0.3 s, the fourth is not given."""
    with namespaces("P") as made:
        with within(made["P"]):
            tun = open_tun("tun0")
        prefix = 128 if ":" in address else 32
        ip("-n", made["P"], "address", "add", f"{address}/{prefix}", "dev", "tun0")
        ip("-n", made["P"], "link", "set", "tun0", "up")
        ip("-n", made["P"], "route", "add", f"{other}/{prefix}", "dev", "tun0")
        answering = threading.Thread(target=answer, args=(tun, other))
        answering.start()
        assert Pinging(made["P"], address, 3, 100, 0.01, other).lost() == 0
        assert Pinging(made["P"], address, 1, 100, 0.01, other).lost() == 1
        answering.join()
        os.close(tun)


def answer(tun: int, address: str) -> None:
    """Answer what is sent to an address."""
    seen = 0
    while seen < 4 and select.select([tun], [], [], 10)[0]:
        request = Packet.read(os.read(tun, 2048)[HEADER:])
        reply = echo_reply(request) if str(request.destination) == address else None
        seen += reply is not None
        if reply is not None and seen < 4:
            time.sleep(0.3 * (seen == 3))
            os.write(tun, PLAIN + reply.write())
