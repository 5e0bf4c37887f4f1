"""FlexVPN clients choose their hub and source by what they watch: probes, tracked objects, line protocols."""

from __future__ import annotations

from random import Random

import pytest

from ikecli.daemon import clients
from ikecli.daemon.queries import query
from ikecli.debug import logged
from ikecli.ike.requests import DeleteIke
from ikecli.lab.fabric import Weather
from ikecli.lab.lab import VirtualLab
from ikecli.show import RENDERERS
from tests.config.reading import SAMPLES
from tests.lab.test_remote_access import GRE, changed, lab_of, pushed, routes

FOLDER = SAMPLES / "backup-hubs"
BRANCH, PRIMARY, SECONDARY = ((FOLDER / f"{name}.cfg").read_text() for name in ("branch", "primary", "secondary"))
UNTRACKED = changed(
    BRANCH, ("198.51.100.2 track 1\n", "198.51.100.2\n"), ("130 track 2\n", "130\n"), (" peer reactivate\n", "")
)
WAN, BACKUP = "GigabitEthernet0/0", "GigabitEthernet0/2"
ONE, TWO = "198.51.100.2", "198.51.100.130"


def settled(*texts: str) -> VirtualLab:
    lab = lab_of(*texts)
    lab.run(30)
    return lab


def configure(lab: VirtualLab, name: str, *lines: str) -> None:
    assert lab[name].appliance.load("\n".join(lines), "test") == []


def ends(lab: VirtualLab, name: str = "Branch") -> list[tuple[str, str]]:
    """Return the ends of the IKE SAs that stand."""
    return [(sa.local, sa.remote) for sa in lab[name].appliance.sas() if sa.status.name == "READY"]


def log(lab: VirtualLab, *mnemonics: str, name: str = "Branch") -> list[str]:
    lines = (line for heard in lab[name].appliance.journal.kept() for line in logged(heard, "ios"))
    return [line.text for line in lines if line.mnemonic in mnemonics]


def show(lab: VirtualLab, command: str, name: str = "Branch", **slots: object) -> list[str]:
    found = list(query(lab[name].appliance, command, slots))  # type: ignore[arg-type]
    return [line.strip() for line in RENDERERS["ios", f"show.{command}"](found, slots)]


@pytest.mark.parametrize("mode", [(), (GRE,)], ids=["ipsec", "gre"])
def test_the_primary_dies_and_the_client_goes_to_the_secondary_and_back(mode: tuple[tuple[str, str], ...]) -> None:
    lab = settled(*(changed(one, *mode) for one in (BRANCH, PRIMARY, SECONDARY)))
    assert (ends(lab), pushed(lab, "Branch")) == ([("192.0.2.1", ONE)], ("10.9.0.10",))

    configure(lab, "Primary", f"interface {WAN}", "shutdown")
    lab.run(20)
    assert ends(lab) == [("192.0.2.1", TWO)]
    assert lab.ping("Branch", "10.2.2.9", "10.1.1.1") == "!!!!!"
    assert routes(lab, "Branch", "Tunnel0") == ["10.2.0.0/16", "10.9.1.1/32"]

    configure(lab, "Primary", f"interface {WAN}", "no shutdown")
    lab.run(15)
    assert ends(lab) == [("192.0.2.1", TWO)], "its object is up only after 20 seconds of answers"
    lab.run(15)
    assert ends(lab) == [("192.0.2.1", ONE)]
    assert lab.ping("Branch", "10.2.2.9", "10.1.1.1") == "!!!!!"
    assert log(lab, "STATE", "PEER_CHANGE")[-4:] == [
        "1 ip sla 1 reachability Up -> Down",
        f"FlexVPN(HUB) goes from peer {ONE} to peer {TWO}: track 1 is Down",
        "1 ip sla 1 reachability Down -> Up",
        f"FlexVPN(HUB) goes from peer {TWO} to peer {ONE}: it is the better one, and can be tried again",
    ]
    assert log(lab, "FLEXVPN_CONNECTION_UP") == [
        f"FlexVPN(HUB) Client_public_addr = 192.0.2.1 Server_public_addr = {peer}" for peer in (ONE, TWO, ONE)
    ]


def test_without_reactivate_the_client_stays_at_the_hub_that_serves() -> None:
    lab = settled(changed(BRANCH, (" peer reactivate\n", "")), PRIMARY, SECONDARY)
    configure(lab, "Primary", f"interface {WAN}", "shutdown")
    lab.run(20)
    configure(lab, "Primary", f"interface {WAN}", "no shutdown")
    lab.run(100)
    assert ends(lab) == [("192.0.2.1", TWO)]


def test_without_tracks_a_hub_is_left_when_it_does_not_answer_liveness_checks() -> None:
    lab = settled(UNTRACKED, PRIMARY, SECONDARY)
    configure(lab, "Primary", f"interface {WAN}", "shutdown")
    lab.run(60)
    assert ends(lab) == [("192.0.2.1", TWO)]
    assert log(lab, "PEER_CHANGE") == [
        f"FlexVPN(HUB) goes from peer {ONE} to peer {TWO}: peer {ONE} failed: the peer does not answer"
    ]


def test_a_session_that_is_cleared_comes_back_at_the_next_hub() -> None:
    lab = settled(UNTRACKED, PRIMARY, SECONDARY)
    lab["Branch"].appliance.do(DeleteIke())
    lab.run(5)
    assert ends(lab) == [("192.0.2.1", TWO)]
    lab["Secondary"].appliance.do(DeleteIke())
    lab.run(5)
    assert ends(lab) == [("192.0.2.1", ONE)]


def test_hubs_that_all_refuse_are_tried_in_turn_with_growing_pauses() -> None:
    wrong = ("pre-shared-key travel", "pre-shared-key wrong")
    lab = settled(UNTRACKED, changed(PRIMARY, wrong), changed(SECONDARY, wrong))
    carried = lab.fabric.carried
    lab.run(300)
    assert ends(lab) == []
    turns = log(lab, "PEER_CHANGE")
    assert 4 < len(turns) < 40
    assert {text.split(" to ")[0] for text in turns} == {f"FlexVPN(HUB) goes from peer {one}" for one in (ONE, TWO)}
    assert lab.fabric.carried - carried < 1000
    configure(lab, "Secondary", "crypto ikev2 keyring CLIENTS", "peer ANY", "pre-shared-key travel")
    lab.run(130)
    assert ends(lab) == [("192.0.2.1", TWO)]


def test_a_hub_that_is_named_is_tried_at_each_of_its_addresses() -> None:
    name = "primary.example.com"
    named = changed(UNTRACKED, (f"peer 1 {ONE}", f"peer 1 fqdn {name} dynamic"),
                    ("hostname Branch\n", f"hostname Branch\nip host {name} 198.51.100.77 {ONE}\n"))  # fmt: skip
    lab = settled(named, PRIMARY, SECONDARY)
    lab.run(150)
    assert ends(lab) == [("192.0.2.1", ONE)]
    assert log(lab, "PEER_CHANGE") == [
        f"FlexVPN(HUB) goes from peer {name} (198.51.100.77) to peer {name} ({ONE}): "
        f"peer {name} (198.51.100.77) failed: the peer does not answer"
    ]


def test_a_hub_without_a_key_is_passed_over() -> None:
    keys = ("  address 198.51.100.0 255.255.255.0", f"  address {TWO}")
    lab = settled(changed(UNTRACKED, (keys[0][1:], keys[1][1:])), PRIMARY, SECONDARY)
    assert ends(lab) == [("192.0.2.1", TWO)]


def test_the_source_is_the_first_that_is_up_and_its_routes_follow_the_object() -> None:
    lab = settled(BRANCH, PRIMARY, SECONDARY)
    configure(lab, "Branch", f"interface {WAN}", "shutdown")
    lab.run(10)
    assert ends(lab) == [("203.0.113.1", ONE)]
    assert lab.ping("Branch", "10.2.2.9", "10.1.1.1") == "!!!!!"
    assert [view.gateway for view in lab["Branch"].plane.routes() if view.prefix == "0.0.0.0/0"] == ["203.0.113.254"]
    assert f"Source : {BACKUP}" in show(lab, "ikev2.flexvpn")
    assert "Crypto map tag: Tunnel0-head-0, local addr 203.0.113.1" in show(lab, "ipsec.sa", interface="Tunnel0")
    configure(lab, "Branch", f"interface {WAN}", "no shutdown")
    lab.run(10)
    assert ends(lab) == [("192.0.2.1", ONE)]
    assert [text.partition(") ")[2] for text in log(lab, "SOURCE_CHANGE")] == [
        f"sends from {BACKUP}, not {WAN}: {WAN} cannot be used",
        f"sends from {WAN}, not {BACKUP}: {WAN} can be used again",
    ]


def test_a_source_is_used_while_its_object_is_up() -> None:
    lab = settled(
        changed(BRANCH, ("source 1 GigabitEthernet0/0", "source 1 GigabitEthernet0/0 track 1")), PRIMARY, SECONDARY
    )
    assert ends(lab) == [("192.0.2.1", ONE)]
    configure(lab, "Primary", f"interface {WAN}", "shutdown")
    lab.run(20)
    assert ends(lab) == [("203.0.113.1", TWO)]


def test_a_client_without_a_source_or_a_hub_waits_and_says_for_what() -> None:
    lab = settled(BRANCH, PRIMARY, SECONDARY)
    for name in ("Primary", "Secondary"):
        configure(lab, name, f"interface {WAN}", "shutdown")
    lab.run(30)
    assert ends(lab) == []
    assert show(lab, "ikev2.flexvpn")[1:5] == [
        "Current state:TRACK_WAIT",
        "Waits for : track 1 to be up (peer 1)",
        "Waits for : track 2 to be up (peer 2)",
        "Peer : none",
    ]
    carried = lab.fabric.carried
    configure(lab, "Branch", f"interface {WAN}", "shutdown", f"interface {BACKUP}", "shutdown")
    lab.run(30)
    assert f"Waits for : a source that is up: {WAN}, {BACKUP}" in show(lab, "ikev2.flexvpn")
    assert lab.fabric.carried == carried


@pytest.mark.parametrize("state", ["up", "down"])
def test_a_session_lasts_while_the_object_of_connect_is_so(state: str) -> None:
    watched = "track 9 interface GigabitEthernet0/1 line-protocol\n!\ntrack 11 "
    branch = changed(
        BRANCH, (" peer reactivate\n", f" peer reactivate\n connect track 9 {state}\n"), ("track 11 i", f"{watched}i")
    )
    lab = settled(branch, PRIMARY, SECONDARY)
    for shut, up in (("no shutdown", True), ("shutdown", False), ("no shutdown", True)):
        configure(lab, "Branch", "interface GigabitEthernet0/1", shut)
        lab.run(10)
        assert bool(ends(lab)) == (up == (state == "up"))
        if not ends(lab):
            assert f"Waits for : track 9 to be {state}" in show(lab, "ikev2.flexvpn")


def test_peers_may_be_for_while_an_object_is_down() -> None:
    lab = settled(changed(BRANCH, ("130 track 2", "130 track 1 down")), PRIMARY, SECONDARY)
    assert ends(lab) == [("192.0.2.1", ONE)]
    configure(lab, "Branch", "ip sla schedule 1 start-time pending")
    lab.run(20)
    assert ends(lab) == [("192.0.2.1", TWO)], "a probe that is not sent finds nothing, so its object is down"


TWICE = changed(
    UNTRACKED,
    (" client connect Tunnel0\n", " client connect Tunnel0\n backup group 3\n"),
    ("crypto ipsec transform-set", f"""crypto ikev2 client flexvpn OTHER
 peer 1 {ONE}
 peer 2 {TWO}
 client connect Tunnel1
 backup group 3
!
crypto ipsec transform-set"""),
    ("interface Tunnel0\n", """interface Tunnel1
 ip address negotiated
 tunnel source GigabitEthernet0/2
 tunnel mode ipsec ipv4
 tunnel destination dynamic
 tunnel protection ipsec profile HUB
!
interface Tunnel0
"""),
)  # fmt: skip


def test_clients_of_a_backup_group_are_never_at_the_same_hub() -> None:
    lab = settled(TWICE, PRIMARY, SECONDARY)
    assert sorted(ends(lab)) == [("192.0.2.1", ONE), ("203.0.113.1", TWO)]
    configure(lab, "Primary", f"interface {WAN}", "shutdown")
    lab.run(100)
    assert ends(lab) == [("203.0.113.1", TWO)]
    configure(lab, "Branch", "interface Tunnel1", "shutdown")
    lab.run(100)
    assert ends(lab) == [("192.0.2.1", TWO)]


def test_clients_of_no_group_may_be_at_the_same_hub() -> None:
    lab = settled(changed(TWICE, (" backup group 3\n", "")), PRIMARY, SECONDARY)
    assert sorted(ends(lab)) == [("192.0.2.1", ONE), ("203.0.113.1", ONE)]


def test_a_client_by_hand_tries_all_hubs_once_and_does_not_come_back_by_itself() -> None:
    lab = settled(changed(UNTRACKED, (" client connect", " connect manual\n client connect")), PRIMARY, SECONDARY)
    assert "Waits for : crypto ikev2 client flexvpn connect HUB" in show(lab, "ikev2.flexvpn")
    configure(lab, "Primary", "interface GigabitEthernet0/0", "no ip address")
    clients.connect(lab["Branch"].appliance, "HUB")
    lab.run(150)
    assert ends(lab) == [("192.0.2.1", TWO)]
    lab["Branch"].appliance.do(DeleteIke())
    lab.run(60)
    assert ends(lab) == []
    assert "Current state:CONNECT_REQUIRED" in show(lab, "ikev2.flexvpn")


def test_a_change_of_something_else_leaves_the_session_alone() -> None:
    lab = settled(BRANCH, PRIMARY, SECONDARY)
    (before,) = lab["Branch"].appliance.sas()
    configure(
        lab,
        "Branch",
        "track 7 interface GigabitEthernet0/1 line-protocol",
        "ip route 10.66.0.0 255.255.0.0 192.0.2.9 track 7",
    )
    configure(lab, "Branch", "crypto ikev2 client flexvpn HUB", "no peer 2 198.51.100.130 track 2")
    lab.run(10)
    configure(lab, "Branch", "interface GigabitEthernet0/1", "shutdown")
    lab.run(10)
    (after,) = lab["Branch"].appliance.sas()
    assert before.local_spi == after.local_spi
    assert "Current state:ACTIVE" in show(lab, "ikev2.flexvpn")
    assert not [view for view in lab["Branch"].plane.routes() if view.prefix == "10.66.0.0/16"]


def test_whatever_goes_and_comes_back_the_client_ends_at_its_best_hub() -> None:
    places = [("Primary", WAN), ("Secondary", WAN), ("Branch", WAN), ("Branch", BACKUP)]
    for seed in range(4):
        lab = lab_of(BRANCH, PRIMARY, SECONDARY, seed=seed)
        lab.fabric.weather = Weather(loss=0.1, duplicate=0.1, jitter=0.2)
        dice = Random(seed)
        for _ in range(25):
            name, interface = dice.choice(places)
            configure(lab, name, f"interface {interface}", dice.choice(["shutdown", "no shutdown"]))
            if dice.random() < 0.2:
                lab[dice.choice(["Branch", "Primary"])].appliance.do(DeleteIke())
            lab.run(dice.choice([0.5, 3, 10, 40]))
        for name, interface in places:
            configure(lab, name, f"interface {interface}", "shutdown")
        lab.run(60)
        assert ends(lab) == [], f"seed {seed}"
        lab.fabric.weather = Weather()
        for name, interface in places:
            configure(lab, name, f"interface {interface}", "no shutdown")
        lab.run(200)
        assert ends(lab) == [("192.0.2.1", ONE)], f"seed {seed}"
        assert lab.ping("Branch", "10.2.2.9", "10.1.1.1") == "!!!!!", f"seed {seed}"
        assert "Current state:ACTIVE" in show(lab, "ikev2.flexvpn")


def test_hubs_that_take_a_client_and_drop_it_are_not_gone_round_without_a_pause() -> None:
    lab = settled(UNTRACKED, PRIMARY, SECONDARY)
    before = lab["Branch"].appliance.stats().outgoing_accepted
    for _ in range(1200):
        for name in ("Primary", "Secondary"):
            if lab[name].appliance.sas():
                lab[name].appliance.do(DeleteIke())
        lab.run(0.1)
    assert 5 <= lab["Branch"].appliance.stats().outgoing_accepted - before <= 10
    assert "Waits for : a pause, since 8 sessions in a row ended soon" in show(lab, "ikev2.flexvpn")
    lab.run(70)
    assert ends(lab)
