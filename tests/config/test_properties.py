"""Whatever is typed in whatever order, what is written reads back the same; nonsense is refused and no more."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ikecli.config import ConfigReader
from ikecli.language import LineError, NeedsLines, load
from tests.config.reading import SAMPLES, new_store, read


def sample(name: str) -> list[str]:
    return (SAMPLES / f"{name}.cfg").read_text().splitlines()


POOL = {
    "ios": [
        *(line.strip() for name in ("site-to-site/router", "modern/left") for line in sample(name)),
        "crypto ikev2 dpd 10 2 on-demand",
        "crypto ikev2 nat keepalive 20",
        "crypto ikev2 limit max-sa 100",
        "crypto ikev2 cookie-challenge 40",
        "crypto ikev2 fragmentation",
        "crypto ikev2 fragmentation mtu 1000",
        "crypto ipsec security-association lifetime kilobytes disable",
        "crypto ipsec security-association replay window-size 512",
        "crypto ipsec profile P",
        "crypto map CMAP local-address lo0",
        "set security-association lifetime kilobytes 5000",
        "set pfs",
        "set peer 2001:db8::1 default",
        "address 2001:db8::/64",
        "address 10.0.0.0 255.0.0.0",
        "identity key-id thing",
        "match identity remote email domain example.net",
        "match identity remote any",
        "match address local interface lo0",
        "identity local email a@example.net",
        "ip address 10.3.0.1 255.255.255.0 secondary",
        "ipv6 address 2001:db8::1/64",
        "mtu 1400",
        "shutdown",
        "esn",
        "mode transport",
        "20 deny udp any eq isakmp 500 host 10.0.0.1 range 1 9 log",
        "permit icmp any any echo",
        "permit icmp any any 3 4",
        "access-list 2000 permit tcp any gt 1023 any established",
        "access-list 150 remark a comment",
        "ip route 10.9.0.0 255.255.0.0 Null0 5 name x tag 7",
        "username bob privilege 3",
        "ip forward-protocol nd",
        "line vty 0 4",
        "router ospf 1",
    ],
    "asa": [
        *(line.strip() for line in sample("site-to-site/asa")),
        "object network A",
        "object network B",
        "host 10.0.0.1",
        "subnet 10.0.0.0 255.0.0.0",
        "subnet 2001:db8::/32",
        "range 10.0.0.1 10.0.0.9",
        "object-group network G",
        "network-object object A",
        "network-object host 10.0.0.1",
        "network-object 10.0.0.0 255.0.0.0",
        "group-object H",
        "access-list VPN line 1 extended deny tcp object A eq https object-group G range 1 5 log 3 interval 10",
        "access-list VPN remark some words",
        "access-list V2 permit icmp any4 any6 echo inactive",
        "crypto map CMAP 20 set pfs group21",
        "crypto map CMAP 20 set peer 192.0.2.1 192.0.2.2",
        "crypto map CMAP 20 set connection-type originate-only",
        "crypto map CMAP 20 set security-association lifetime kilobytes unlimited",
        "crypto map CMAP 20 set reverse-route",
        "crypto map CMAP 20 set tfc-packets burst 2 payload-size auto timeout 20",
        "crypto map CMAP 20 set ikev2 mode transport",
        "crypto isakmp identity key-id gate",
        "crypto isakmp nat-traversal 30",
        "lifetime seconds none",
        "isakmp keepalive threshold 20 retry 5",
        "crypto ikev2 cookie-challenge 20",
        "crypto ikev2 cookie-challenge always",
        "no crypto ikev2 fragmentation",
        "crypto ikev2 fragmentation mtu 1000 preferred-method ietf",
        "tunnel-group DefaultL2LGroup ipsec-attributes",
        "tunnel-group R type remote-access",
        "mtu outside 1400",
        "route inside 10.0.0.0 255.0.0.0 10.2.2.2",
        "shutdown",
        "description words here",
        "group-policy P attributes",
        "names",
    ],
}
SESSIONS = {
    dialect: st.lists(
        st.tuples(st.sampled_from(["", "", "", "no ", "default "]), st.sampled_from(lines)).map("".join), max_size=40
    )
    for dialect, lines in POOL.items()
}
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def reads_back(dialect: str, lines: list[str]) -> None:
    store, _ = read(dialect, lines)
    for text in (store.startup(), "\n".join(store.running({"all": True}, clear=True))):
        again, outcomes = read(dialect, text)
        refused = [line for line, outcome in zip(text.splitlines(), outcomes, strict=True) if not outcome.accepted]
        assert not refused
        assert again.startup() == store.startup()
        assert again.intent == store.intent


@QUICK
@given(SESSIONS["ios"])
def test_a_router_reads_back_what_it_writes(lines: list[str]) -> None:
    reads_back("ios", lines)


@QUICK
@given(SESSIONS["asa"])
def test_a_firewall_reads_back_what_it_writes(lines: list[str]) -> None:
    reads_back("asa", lines)


@QUICK
@given(
    st.sampled_from(["ios", "asa"]),
    st.lists(st.one_of(st.text(max_size=60), st.sampled_from(POOL["ios"] + POOL["asa"])), max_size=15),
)
def test_nothing_but_outcomes_comes_of_anything(dialect: str, lines: list[str]) -> None:
    store = new_store(dialect)
    reader = ConfigReader(store)
    for line in lines:
        if reader.feed(line).ended:
            return
        reader.help(line)
        store.commit()


@QUICK
@given(st.sampled_from(["ios", "asa"]), st.data(), st.text(max_size=80))
def test_modes_raise_nothing_but_line_errors(dialect: str, data: st.DataObject, text: str) -> None:
    language = load(dialect)
    mode = language.modes[data.draw(st.sampled_from(sorted(language.modes)))]
    try:
        mode.read(text)
    except (LineError, NeedsLines):
        mode.ask(text)
