"""Names that values have in the dialects: interface types and ports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PORT_TYPES: Final[tuple[str, ...]] = (
    "ATM", "Ethernet", "FastEthernet", "FortyGigabitEthernet", "GigabitEthernet", "HundredGigE", "Management", "Serial",
    "TenGigabitEthernet", "TwentyFiveGigE", "TwoGigabitEthernet",
)  # fmt: skip
VIRTUAL_TYPES: Final[tuple[str, ...]] = (
    "Async", "BDI", "BVI", "Cellular", "Dialer", "Loopback", "Multilink", "Null", "Port-channel", "Redundant", "Tunnel",
 "Virtual-Access", "Virtual-PPP", "Virtual-Template", "Vlan", "nve", "vasileft", "vasiright",
)  # fmt: skip

RARE_TYPES: Final[frozenset[str]] = frozenset(
    {
        "FortyGigabitEthernet",
        "HundredGigE",
        "TwentyFiveGigE",
        "TwoGigabitEthernet",
        "Virtual-Access",
        "Virtual-PPP",
        "nve",
        "vasileft",
        "vasiright",
    }
)
"""An abbreviation means one of these only when it means nothing else: `f0/0` is FastEthernet0/0 on every router."""

_TCP: Final[Mapping[str, int]] = {
    "bgp": 179, "chargen": 19, "cmd": 514, "daytime": 13, "discard": 9, "domain": 53, "echo": 7, "exec": 512,
    "finger": 79, "ftp": 21, "ftp-data": 20, "gopher": 70, "hostname": 101, "ident": 113, "irc": 194, "klogin": 543,
    "kshell": 544, "login": 513, "lpd": 515, "nntp": 119, "pim-auto-rp": 496, "pop2": 109, "pop3": 110, "smtp": 25,
    "sunrpc": 111, "tacacs": 49, "talk": 517, "telnet": 23, "uucp": 540, "whois": 43, "www": 80,
}  # fmt: skip
_UDP: Final[Mapping[str, int]] = {
    "biff": 512, "bootpc": 68, "bootps": 67, "discard": 9, "dnsix": 195, "domain": 53, "echo": 7, "isakmp": 500,
    "mobile-ip": 434, "nameserver": 42, "netbios-dgm": 138, "netbios-ns": 137, "ntp": 123, "pim-auto-rp": 496,
    "rip": 520, "snmp": 161, "snmptrap": 162, "sunrpc": 111, "syslog": 514, "tacacs": 49, "talk": 517, "tftp": 69,
    "time": 37, "who": 513, "xdmcp": 177,
}  # fmt: skip
_IOS_TCP: Final = {"syslog": 514, "time": 37}
_IOS_UDP: Final = {"netbios-ss": 139, "non500-isakmp": 4500}
_ASA_TCP: Final = {
    "aol": 5190, "cifs": 3020, "citrix-ica": 1494, "ctiqbe": 2748, "h323": 1720, "https": 443, "imap4": 143,
    "kerberos": 88, "ldap": 389, "ldaps": 636, "lotusnotes": 1352, "netbios-ssn": 139, "nfs": 2049,
    "pcanywhere-data": 5631, "pptp": 1723, "rsh": 514, "rtsp": 554, "sip": 5060, "sqlnet": 1521, "ssh": 22,
}  # fmt: skip
_ASA_UDP: Final = {
    "cifs": 3020, "kerberos": 88, "nfs": 2049, "pcanywhere-status": 5632, "radius": 1645, "radius-acct": 1646,
    "secureid-udp": 5510, "sip": 5060, "vxlan": 4789, "www": 80,
}  # fmt: skip

PORTS: Final[Mapping[tuple[str, str], Mapping[str, int]]] = {
    ("ios", "TCP-PORT"): {**_TCP, **_IOS_TCP},
    ("ios", "UDP-PORT"): {**_UDP, **_IOS_UDP},
    ("asa", "TCP-PORT"): {**_TCP, **_ASA_TCP},
    ("asa", "UDP-PORT"): {**_UDP, **_ASA_UDP},
}
