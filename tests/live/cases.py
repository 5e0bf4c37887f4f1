"""What an end is configured with, ours and another's beside each other: one row a case."""

from __future__ import annotations

from dataclasses import dataclass

OUTSIDE = {4: {"L": "192.0.2.1", "R": "192.0.2.2"}, 6: {"L": "2001:db8::1", "R": "2001:db8::2"}}
INSIDE = {4: {"L": "10.1.0.1", "R": "10.2.0.1"}, 6: {"L": "2001:db8:1::1", "R": "2001:db8:2::1"}}
KEY = "between-us-and-nobody-else-5uB"
NETWORK = {4: {"L": "10.1.0.0/24", "R": "10.2.0.0/24"}, 6: {"L": "2001:db8:1::/64", "R": "2001:db8:2::/64"}}
HIDDEN = "192.168.0.2"
"""Where an end is that has a NAT before it; others see its address of OUTSIDE."""
ASA = f"""hostname Left
interface GigabitEthernet0/0
 nameif outside
 security-level 0
 ip address 192.0.2.1 255.255.255.0
interface GigabitEthernet0/1
 nameif inside
 security-level 100
 ip address 10.1.0.1 255.255.255.0
access-list L extended permit ip 10.1.0.0 255.255.255.0 10.2.0.0 255.255.255.0
route outside 10.2.0.0 255.255.255.0 192.0.2.2 1
crypto ipsec ikev2 ipsec-proposal T
 protocol esp encryption aes-gcm-256
 protocol esp integrity null
crypto map M 10 match address L
crypto map M 10 set peer 192.0.2.2
crypto map M 10 set ikev2 ipsec-proposal T
crypto map M 10 set security-association lifetime kilobytes 8192
crypto map M interface outside
crypto ikev2 policy 10
 encryption aes-gcm-256
 integrity null
 group 31
 prf sha384
 lifetime seconds 86400
crypto ikev2 enable outside
tunnel-group 192.0.2.2 type ipsec-l2l
tunnel-group 192.0.2.2 ipsec-attributes
 ikev2 remote-authentication pre-shared-key {KEY}
 ikev2 local-authentication pre-shared-key {KEY}
"""
LENDER = (
    ASA.partition("access-list")[0]
    + f"""ip local pool TRAVELLERS 10.9.0.1-10.9.0.100 mask 255.255.255.0
route outside 10.9.0.0 255.255.255.0 192.0.2.2 1
crypto ipsec ikev2 ipsec-proposal T
 protocol esp encryption aes-gcm-256
 protocol esp integrity null
crypto dynamic-map ANYONE 10 set ikev2 ipsec-proposal T
crypto dynamic-map ANYONE 10 set reverse-route
crypto map M 65535 ipsec-isakmp dynamic ANYONE
crypto map M interface outside
crypto ikev2 policy 10
 encryption aes-gcm-256
 integrity null
 group 31
 prf sha384
crypto ikev2 enable outside
tunnel-group right.example type remote-access
tunnel-group right.example general-attributes
 address-pool TRAVELLERS
tunnel-group right.example ipsec-attributes
 ikev2 remote-authentication pre-shared-key {KEY}
 ikev2 local-authentication pre-shared-key {KEY}
"""
)
CLIENT = f"""hostname Left
aaa new-model
aaa authorization network FLEX local
crypto ikev2 authorization policy HUB
 route set interface
crypto ikev2 proposal P
 encryption aes-gcm-256
 prf sha384
 group 31
crypto ikev2 policy P
 proposal P
crypto ikev2 keyring K
 peer right
  address 192.0.2.2
  pre-shared-key {KEY}
crypto ikev2 profile P
 match identity remote fqdn right.example
 identity local fqdn left.example
 authentication remote pre-share
 authentication local pre-share
 keyring local K
 aaa authorization group psk list FLEX HUB
crypto logging ikev2
crypto ikev2 client flexvpn HUB
 peer 1 192.0.2.2
 client connect Tunnel0
crypto ipsec transform-set T esp-gcm 256
 mode tunnel
crypto ipsec profile P
 set transform-set T
 set ikev2-profile P
interface Tunnel0
 ip address negotiated
 tunnel source GigabitEthernet0/0
 tunnel mode ipsec ipv4
 tunnel destination dynamic
 tunnel protection ipsec profile P
interface GigabitEthernet0/0
 ip address 192.0.2.1 255.255.255.0
ip route 10.2.0.0 255.255.255.0 Tunnel0
end
"""
GCM = " encryption aes-gcm-256\n prf sha384\n group 31"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One row: our lines, and what a swanctl.conf says to the same end.

    `lines` and the selectors protect the networks behind both ends when they are not given; `identities` are the
    outer addresses. `entry` goes into our crypto map, `profile` into the IKEv2 profile, `peer` into the keyring,
    `globally` to the top; `connection`, `secrets` and `settings` go to theirs. `log` is what theirs must have logged in
    the end, `also` a further address behind it, `port` where TCP goes to. `text` is all of ours. A NAT is before ours,
    with `nat_there` before theirs. In `transport` mode the ends' own addresses are protected.
    """

    name: str
    ike: str = GCM
    their_ike: str = "aes256gcm16-prfsha384-x25519"
    esp: str = "esp-gcm 256"
    their_esp: str = "aes256gcm16"
    outer: int = 4
    inner: int = 4
    nat: bool = False
    nat_there: bool = False
    transport: bool = False
    identities: bool = False
    lines: tuple[str, ...] = ()
    selectors: tuple[str, str] = ("", "")
    globally: str = ""
    peer: str = ""
    profile: str = ""
    entry: str = ""
    connection: str = ""
    secrets: str = ""
    settings: str = ""
    log: str = ""
    also: str = ""
    port: int = 0
    only_6: bool = False
    text: str = ""
    after: str = ""
    local: str = ""
    remote: str = ""

    @property
    def named(self) -> bool:
        """Whether the ends' identities are names."""
        return self.nat or self.nat_there or self.identities


def ours(case: Case) -> str:
    """Return our configuration: the end L."""
    if case.text:
        return case.text
    here, there = (HIDDEN if case.nat else OUTSIDE[case.outer]["L"]), OUTSIDE[case.outer]["R"]
    match = "fqdn right.example" if case.named else f"address {there} 255.255.255.255"
    if case.outer == 6 and not case.named:
        match = f"address {there}/128"
    identity = " identity local fqdn left.example\n" if case.named else ""
    six = case.inner == 6
    listed = case.lines or (f"permit ip host {here} host {there}" if case.transport else _line(six),)
    gateway = OUTSIDE[case.inner]["R"] if not case.nat else "192.168.0.1"
    way = f"ipv6 route {NETWORK[6]['R']} {gateway}" if six else f"ip route 10.2.0.0 255.255.0.0 {gateway}"
    outer = f" ip address {here} 255.255.255.0" if case.outer == 4 else f" ipv6 address {here}/64"
    inner = f" ipv6 address {INSIDE[6]['L']}/64" if six else " ip address 10.1.0.1 255.255.255.0"
    return f"""hostname Left
{case.globally}crypto ikev2 proposal P
{case.ike}
crypto ikev2 policy P
 proposal P
crypto ikev2 keyring K
 peer right
  address {there}{"/128" if case.outer == 6 else ""}
  pre-shared-key {KEY}
{case.peer}crypto ikev2 profile P
 match identity remote {match}
{identity} authentication remote pre-share
 authentication local pre-share
 keyring local K
{case.profile}crypto logging ikev2
crypto ipsec transform-set T {case.esp}
 mode {"transport" if case.transport else "tunnel"}
crypto map {"ipv6 " if six else ""}M 10 ipsec-isakmp
 set peer {there}
 set security-association lifetime kilobytes 8192
 set transform-set T
 set ikev2-profile P
 match address L
{case.entry}interface Loopback0
{inner}
interface GigabitEthernet0/0
{outer}
 {"ipv6 " if six else ""}crypto map M
{way}
{"ipv6 access-list" if six else "ip access-list extended"} L
{"".join(f" {one}" + chr(10) for one in listed)}end
"""


def _line(six: bool) -> str:
    if six:
        return f"permit ipv6 {NETWORK[6]['L']} {NETWORK[6]['R']}"
    return "permit ip 10.1.0.0 0.0.0.255 10.2.0.0 0.0.0.255"


def theirs(case: Case) -> str:
    """Return strongSwan's configuration: the end R."""
    here, there = (HIDDEN if case.nat_there else OUTSIDE[case.outer]["R"]), OUTSIDE[case.outer]["L"]
    local, remote = ("right.example", "left.example") if case.named else (here, there)
    local, remote = case.local or local, case.remote or remote
    networks = {"L": "dynamic", "R": "dynamic\n mode = transport"} if case.transport else NETWORK[case.inner]
    local_ts, remote_ts = case.selectors
    return f"""connections {{ c {{ version = 2
 local_addrs = {here}
 remote_addrs = {there}
 proposals = {case.their_ike}
 local {{ auth = psk
 id = {local} }}
 remote {{ auth = psk
 id = {remote} }}
 {case.connection}
 children {{ net {{ local_ts = {local_ts or networks["R"]}
 remote_ts = {remote_ts or networks["L"]}
 esp_proposals = {case.their_esp} }} }} }} }}
secrets {{ ike {{ secret = "{KEY}" }}
 {case.secrets} }}
{case.after}"""


def _suite(name: str, lines: str, their_ike: str, esp: str, their_esp: str) -> Case:
    return Case(name=name, ike=lines, their_ike=their_ike, esp=esp, their_esp=their_esp)


def _group(number: int, word: str) -> Case:
    lines = f" encryption aes-gcm-256\n prf sha384\n group {number}"
    entry = f" set pfs group{number}\n"
    ike, esp = f"aes256gcm16-prfsha384-{word}", f"aes256gcm16-{word},aes256gcm16"
    return Case(name=f"group {number}", ike=lines, their_ike=ike, their_esp=esp, entry=entry)


CBC = " encryption aes-cbc-256\n integrity sha256\n prf sha256\n group 19"
CHACHA = " encryption chacha20-poly1305\n prf sha256\n group 31"
PORTS = (
    "permit icmp 10.1.0.0 0.0.0.255 10.2.0.0 0.0.0.255",
    "permit tcp 10.1.0.0 0.0.0.255 10.2.0.0 0.0.0.255 eq 5001",
    "permit tcp 10.1.0.0 0.0.0.255 eq 5001 10.2.0.0 0.0.0.255",
)
WIDE = ("permit ip 10.1.0.0 0.0.255.255 10.2.0.0 0.0.255.255",)
TWO = (_line(False), "permit ip 10.1.0.0 0.0.0.255 10.2.1.0 0.0.0.255")
PPK = "ninety-nine-octets-would-be-better-than-this-7Gd"


def _mlkem(name: str, group: str, their_groups: str) -> Case:
    ike = f" encryption aes-gcm-256\n prf sha384\n group {group}"
    entry = f" set pfs {'group' if group[0].isdigit() else 'pqc '}{group.replace(chr(10), '')}\n"
    proposals = f"aes256gcm16-prfsha384-{their_groups}", f"aes256gcm16-{their_groups},aes256gcm16"
    return Case(
        name=name, ike=ike, their_ike=proposals[0], their_esp=proposals[1], entry=entry,
        globally="crypto ikev2 fragmentation mtu 1280\n", only_6=True,
    )  # fmt: skip


CASES = (
    Case(name="PSK"),
    Case(name="PSK, a firewall's words", text=ASA),
    _suite("AES-CBC, SHA2-256", CBC, "aes256-sha256-ecp256", "esp-aes 256 esp-sha256-hmac", "aes256-sha256"),
    _suite("AES-CBC-128, SHA2-512", CBC, "aes256-sha256-ecp256", "esp-aes esp-sha512-hmac", "aes128-sha512"),
    _suite(
        "ChaCha20-Poly1305", CHACHA, "chacha20poly1305-prfsha256-x25519", "esp-chacha20-poly1305", "chacha20poly1305"
    ),
    _group(14, "modp2048"),
    _group(19, "ecp256"),
    _group(20, "ecp384"),
    _group(21, "ecp521"),
    Case(name="NAT between", nat=True),
    Case(name="IPv6", outer=6, inner=6),
    Case(name="4in6", outer=6, inner=4),
    Case(name="6in4", outer=4, inner=6),
    Case(name="names", identities=True),
    Case(name="several selectors", lines=TWO, selectors=("10.2.0.0/24,10.2.1.0/24", ""), also="10.2.1.1"),
    Case(name="theirs is narrower", lines=WIDE),
    Case(name="ours is narrower", selectors=("10.2.0.0/16", "10.1.0.0/16")),
    Case(
        name="ports",
        lines=PORTS,
        selectors=(
            "10.2.0.0/24[1],10.2.0.0/24[6/5001],10.2.0.0/24[6]",
            "10.1.0.0/24[1],10.1.0.0/24[6],10.1.0.0/24[6/5001]",
        ),
        port=5001,
    ),
    Case(
        name="fragmentation",
        globally="crypto ikev2 fragmentation mtu 300\n",
        settings="fragment_size = 300",
        connection="fragmentation = yes",
        log="splitting IKE message",
    ),
    Case(name="NAT before theirs", nat_there=True),
    Case(name="cookies", globally="crypto ikev2 cookie-challenge 0\n", log="N(COOKIE) SA KE No"),
    Case(
        name="PPK",
        peer=f"  ppk manual id ppk.example key {PPK} required\n",
        profile=" keyring ppk K\n",
        connection="ppk_id = ppk.example\n ppk_required = yes",
        secrets=f'ppk {{ id = ppk.example\n secret = "{PPK}" }}',
        log="PPK for PPK_ID",
    ),
    _mlkem("X25519 and ML-KEM-768", "31\n pqc mlkem768", "x25519-ke1_mlkem768"),
    _mlkem("ECP 384 and ML-KEM-1024", "20\n pqc mlkem1024", "ecp384-ke1_mlkem1024"),
)
CHILDLESS = Case(name="childless", connection="childless = force", log="parsed IKE_AUTH response 1 [ IDr AUTH")
SHORT = Case(name="short lives", profile=" lifetime 120\n", entry=" set security-association lifetime seconds 120\n")
DPD = Case(
    name="DPD",
    profile=" dpd 10 2 periodic\n",
    connection="dpd_delay = 5s",
    settings="retransmit_tries = 2\n retransmit_timeout = 1.0",
)
CHARY = Case(
    name="cookies, asked for by theirs",
    settings="cookie_threshold = 1",
    log="parsed IKE_SA_INIT request 0 [ N(COOKIE) SA KE No",
)
REBOUND = (
    Case(name="theirs", nat_there=True),
    Case(name="ours", nat=True, profile=" dpd 10 2 periodic\n"),
)
LENDS = Case(
    name="we lend", text=LENDER, identities=True, remote="192.0.2.1", connection="vips = 0.0.0.0",
    selectors=("dynamic", "10.1.0.0/24"),
)  # fmt: skip
BORROWS = Case(
    name="they lend", text=CLIENT, identities=True, connection="pools = lent", selectors=("10.2.0.0/24", "dynamic"),
    after="pools { lent { addrs = 10.9.0.0/24 } }\n",
)  # fmt: skip
