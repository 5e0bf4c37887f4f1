"""The parsers that automation uses read our output, and read what the views say.

Genie is heavy and may live in an environment of its own: IKECLI_JUDGES names that environment's Python.
"""

from __future__ import annotations

import os
import subprocess
import sys
from ast import literal_eval
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ikecli.show import RENDERERS
from tests.show import judged, samples
from tests.show.samples import CHILD, CONNECTION, INTERFACES, LONG, SA, SYSTEM
from tests.show.shown import SHOWN

pytestmark = pytest.mark.judges

JUDGE = os.environ.get("IKECLI_JUDGES", sys.executable)
LIMIT = 90

ONE = replace(CONNECTION, flows=CHILD.flows)
"""A connection of one flow: ntc's templates know no more to an interface."""


def text(dialect: str, command: str, views: tuple[object, ...], slots: dict[str, object]) -> str:
    return "\n".join(RENDERERS[dialect, command](views, slots)) + "\n"


GENIE: dict[str, tuple[str, str, dict[str, object], str]] = {
    "sa": ("iosxe.show_crypto", "ShowCryptoIkev2Sa", {}, text("ios", "show.ikev2.sa", (SA, samples.SA_6), {})),
    "detail": ("iosxe.show_crypto", "ShowCryptoIkev2SaDetail", {}, text("ios", "show.ikev2.sa", (SA,), LONG)),
    "session": ("iosxe.show_crypto", "ShowCryptoIkev2Session", {}, text("ios", "show.ikev2.session", (SA,), LONG)),
    "stats": ("iosxe.show_crypto", "ShowCryptoIkev2Stats", {}, text("ios", "show.ikev2.stats", (samples.STATS,), {})),
    "exchanges": (
        "iosxe.show_crypto",
        "ShowCryptoIkev2StatsExchange",
        {},
        text("ios", "show.ikev2.stats", (samples.STATS,), {"exchange": True}),
    ),
    "policy": (
        "iosxe.show_crypto",
        "ShowCryptoIkev2Policy",
        {},
        text("ios", "show.ikev2.policy", samples.POLICIES, {}),
    ),
    "proposal": (
        "iosxe.show_crypto",
        "ShowCryptoIkev2Proposal",
        {},
        text("ios", "show.ikev2.proposal", samples.PROPOSALS[:1], {}),
    ),
    "profile": (
        "iosxe.show_crypto",
        "ShowCryptoIkev2Profile",
        {"profile_name": "PEERS"},
        text("ios", "show.ikev2.profile", samples.PROFILES[:1], {}),
    ),
    "ipsec": ("iosxe.show_crypto", "ShowCryptoIpsecSa", {}, text("ios", "show.ipsec.sa", (CONNECTION,), {})),
    "crypto session": (
        "iosxe.show_crypto",
        "ShowCryptoSessionDetail",
        {},
        text("ios", "show.session", (SA, CONNECTION), LONG),
    ),
    "map": ("iosxe.show_crypto", "ShowCryptoMap", {}, text("ios", "show.map", (CONNECTION,), {})),
    "brief": ("iosxe.show_interface", "ShowIpInterfaceBrief", {}, text("ios", "show.interface.brief", INTERFACES, {})),
    "interfaces": ("iosxe.show_interface", "ShowInterfaces", {}, text("ios", "show.interfaces", INTERFACES, {})),
    "version": ("ios.show_platform", "ShowVersion", {}, text("ios", "show.version", (SYSTEM,), {})),
    "route": ("iosxe.show_routing", "ShowIpRoute", {}, text("ios", "show.route", samples.ROUTES, {})),
    "acl": ("iosxe.show_acl", "ShowAccessLists", {}, text("ios", "show.access_lists", samples.ACCESS_LISTS, {})),
    "clock": ("iosxe.show_system", "ShowClock", {}, text("ios", "show.clock", (SYSTEM,), {})),
    "users": ("iosxe.show_session", "ShowUsers", {}, text("ios", "show.users", samples.USERS[:1], {})),
    "asa sa": (
        "asa.show_crypto_ikev2_sa",
        "ShowCryptoIkev2Sa",
        {},
        text("asa", "show.ikev2.sa", (SA, samples.SA_6), {}),
    ),
    "asa brief": (
        "asa.show_interface",
        "ShowInterfaceIpBrief",
        {},
        text("asa", "show.interface.brief", INTERFACES, {}),
    ),
    "asa route": ("asa.show_route", "ShowRoute", {}, text("asa", "show.route", samples.ROUTES, {})),
    "nameif": ("asa.show_nameif", "ShowNameif", {}, text("asa", "show.nameif", INTERFACES, {})),
}


GENIE |= {f"{name} of a system": case for name, case in judged.GENIE.items()}


@pytest.fixture(scope="module")
def genie() -> dict[str, Any]:
    """What Genie reads from each of GENIE's texts; one process for all, since it is slow to start."""
    found = subprocess.run([JUDGE, "-c", "import genie.libs.parser"], capture_output=True, timeout=LIMIT, check=False)
    if found.returncode:
        pytest.skip(f"{JUDGE} has no Genie; IKECLI_JUDGES may name a Python that has")
    script = str(Path(__file__).parent / "judge.py")
    judged = subprocess.run(
        [JUDGE, script], input=repr(list(GENIE.values())), capture_output=True, text=True, timeout=LIMIT, check=True
    )
    return dict(zip(GENIE, literal_eval(judged.stdout), strict=True))


def has(got: Any, want: dict[Any, Any]) -> None:
    """Assert that `got` holds everything in `want`, at every depth."""
    assert isinstance(got, dict), got
    for key, value in want.items():
        if isinstance(value, dict):
            has(got[key], value)
        else:
            assert got[key] == value, key


SUITE = {"encryption": "AES-CBC", "keysize": 256, "prf": "SHA256", "hash": "SHA256", "dh_group": 14}
SPIS = {"local_spi": "1F7B76961C3A77ED", "remote_spi": "1298FDE074BD724C"}
SA_4 = {"tunnel_id": 1, "local_ip": "192.0.2.1", "remote_ip": "198.51.100.2", "local_port": 500, "status": "READY"}
SA_6 = {"tunnel_id": 2, "local_ip": "2001:DB8:1101::131", "remote_port": 4500, "encryption": "AES-GCM", "hash": "None"}
OUTBOUND = {
    "transform": "esp-256-aes esp-sha256-hmac",
    "in_use_settings": "Tunnel, ",
    "remaining_key_lifetime": "(4607998/3191)",
    "iv_size": "16 bytes",
    "status": "ACTIVE(ACTIVE)",
}
IDENT = {
    "local_ident": {"addr": "10.1.1.0", "mask": "255.255.255.0", "prot": "0", "port": "0"},
    "remote_ident": {"addr": "10.2.2.0", "mask": "255.255.255.0", "prot": "0", "port": "0"},
    "peer_ip": "198.51.100.2",
    "pkts_encaps": 5,
    "pkts_decaps": 4,
    "send_errors": 3,
    "recv_errors": 7,
    "plaintext_mtu": 1438,
    "current_outbound_spi": "0x397C36EE(964441838)",
    "outbound_esp_sas": {"spi": {"0x397C36EE(964441838)": OUTBOUND}},
}

READ: dict[str, dict[Any, Any]] = {
    "sa": {"ipv4": {1: {**SA_4, **SUITE, **SPIS, "life_time": 86400, "active_time": 735}}, "ipv6": {2: SA_6}},
    "detail": {
        "tunnel_id": {
            1: {
                "local_id": "192.0.2.1",
                "remote_id": "asa.example.com",
                "local_window": 5,
                "dpd_configured_time": 10,
                "retry": 2,
                "nat_t": "not detected",
                "status_description": "negotiation done",
            }
        }
    },
    "session": {
        "ikev2_session": {
            "IPv4": {
                1: {
                    "session_id": 3,
                    "status": "UP-ACTIVE",
                    "child_count": 1,
                    "local_next_id": 4,
                    "child_sa": {
                        1: {
                            "esp_spi_in": "0x658F7C11",
                            "esp_spi_out": "0x397C36EE",
                            "child_encr": "AES-CBC",
                            "keysize": 256,
                            "esp_hmac": "SHA256",
                            "mode": "tunnel",
                        }
                    },
                }
            }
        }
    },
    "stats": {
        "ikev2_statistics": {
            "max_sa": 1000,
            "total_incoming_sa": 3,
            "total_outgoing_sa_active": 3,
            "incoming_requests_accept": 13,
            "outgoing_requests_reject": 6,
            "ikev2_packet_drop": 7,
        }
    },
    "exchanges": {
        "exchanges": {"ike_sa_init": {"transmit_request": 84, "received_response": 83}},
        "error_notify": {"no_proposal_chosen": {"transmit_response": 53}},
        "other_notify": {"initial_contact": {"transmit_request": 82}},
    },
    "policy": {"policy_name": {"MINE": {"match_fvrf": "global", "match_address_local": "any", "proposal": "GCM"}}},
    "proposal": {"proposal_name": {"default": {"encryption": "AES-CBC-256", "integrity": "SHA512 SHA384"}}},
    "profile": {"ikev2_profile": {"PEERS": {"keyring": "KEYS", "lifetime": 86400, "dpd": {"interval": 10}}}},
    "ipsec": {"interface": {"GigabitEthernet0/0": {"crypto_map_tag": "VPN", "ident": {1: IDENT}}}},
    "crypto session": {
        "interface": {
            "GigabitEthernet0/0": {"session_status": "UP-ACTIVE", "profile": "PEERS", "uptime": "00:12:15"},
        }
    },
    "map": {
        "ipv4": {
            "crypto_map_tag": {
                "vpn": {
                    "sequence_number": 10,
                    "peer": ["198.51.100.2", "198.51.100.3"],
                    "ikev2_profile": "PEERS",
                    "pfs": True,
                    "extended_ip_access_list": "102",
                    "security_association_lifetime": {"kilobytes": 4608000, "seconds": 3600},
                    "interfaces_crypto_map": {"interfaces": ["GigabitEthernet0/0"]},
                }
            }
        }
    },
    "brief": {
        "interface": {
            "GigabitEthernet0/0": {"ip_address": "192.0.2.1", "status": "up", "protocol": "up"},
            "GigabitEthernet0/2": {"ip_address": "unassigned", "status": "administratively down", "protocol": "down"},
        }
    },
    "interfaces": {"GigabitEthernet0/0": {"mtu": 1500, "enabled": True, "counters": {"in_pkts": 7, "out_pkts": 8}}},
    "version": {"version": {"hostname": "R1", "version": "0.1.0", "os": "IOS", "uptime": "2 days, 3 hours, 4 minutes"}},
    "route": {
        "vrf": {
            "default": {
                "address_family": {
                    "ipv4": {
                        "routes": {
                            "0.0.0.0/0": {"source_protocol_codes": "S*", "route_preference": 1},
                            "10.1.1.0/24": {"source_protocol": "connected"},
                            "172.16.1.0/24": {"source_protocol": "static"},
                        }
                    }
                }
            }
        }
    },
    "acl": {"102": {"aces": {"10": {"statistics": {"matched_packets": 12}}}}, "1": {"acl_type": "standard"}},
    "clock": {"time": "18:56:04.554", "timezone": "UTC", "day": "17", "month": "Oct", "year": "2016"},
    "users": {"line": {"0 vty 0": {"user": "admin", "idle": "00:01:15"}}},
    "asa sa": {
        "sessions": {
            3: {
                "status": "UP-ACTIVE",
                "tunnels": {
                    "192.0.2.1/500-198.51.100.2/500": {
                        "role": "INITIATOR",
                        "key_size": 256,
                        "child_sa": {0: {"esp_in": "0x658f7c11", "esp_out": "0x397c36ee"}},
                    }
                },
            }
        }
    },
    "asa brief": {"interfaces": {"GigabitEthernet0/1": {"link_status": "down"}}},
    "asa route": {
        "vrf": {"default": {"address_family": {"ipv4": {"routes": {"10.2.0.0/16": {"route_preference": 5}}}}}}
    },
    "nameif": {"GigabitEthernet0/1": {"name": "inside", "security_level": 100}},
}


READ |= {f"{name} of a system": values for name, values in judged.READ.items()}


@pytest.mark.parametrize("name", GENIE)
def test_genie_reads_what_the_views_say(name: str, genie: dict[str, Any]) -> None:
    has(genie[name], READ[name])


NTC: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "ipsec": (
        "cisco_ios",
        "show crypto ipsec sa detail",
        text("ios", "show.ipsec.sa", (ONE,), LONG),
        {"interface": "GigabitEthernet0/0", "pkts_encaps": "5", "local_crypto_endpt": "192.0.2.1"},
    ),
    "session": (
        "cisco_ios",
        "show crypto session detail",
        text("ios", "show.session", (SA, ONE), LONG),
        {"peer": "198.51.100.2", "conn_id": "1", "lifetime": "23:47:45", "src_host": "10.1.1.0", "active_sa": "2"},
    ),
    "brief": ("cisco_ios", "show ip interface brief", GENIE["brief"][3], {"ip_address": "192.0.2.1", "proto": "up"}),
    "interfaces": (
        "cisco_ios",
        "show interfaces",
        GENIE["interfaces"][3],
        {"mtu": "1500", "description": "to ISP", "prefix_length": "24", "input_packets": "7"},
    ),
    "version": (
        "cisco_ios",
        "show version",
        GENIE["version"][3],
        {"hostname": "R1", "version": "0.1.0", "uptime_days": "2", "running_image": "", "reload_reason": "start"},
    ),
    "route": ("cisco_ios", "show ip route", GENIE["route"][3], {"network": "0.0.0.0", "nexthop_ip": "192.0.2.254"}),
    "acl": ("cisco_ios", "show access-list", GENIE["acl"][3], {"name": "102", "sn": "10", "matches": "12"}),
    "clock": ("cisco_ios", "show clock", GENIE["clock"][3], {"time": "18:56:04.554", "year": "2016"}),
    "users": ("cisco_ios", "show users", GENIE["users"][3], {"user": "admin", "idle": "00:01:15"}),
    "logging": (
        "cisco_ios",
        "show logging",
        text("ios", "show.logging", samples.LOG, {}),
        {"facility": "IKEV2", "mnemonic": "SA_UP"},
    ),
    "asa ipsec": (
        "cisco_asa",
        "show crypto ipsec sa",
        text("asa", "show.ipsec.sa", samples.CONNECTIONS, {}),
        {
            "interface": "outside",
            "sequence_number": "10",
            "inbound_spi_hex": "0x658F7C11",
            "outbound_encryption": "esp-aes-256",
            "outbound_remaining_lifetime": "3191",
            "ipsec_overhead": "78",
        },
    ),
    "asa version": (
        "cisco_asa",
        "show version",
        text("asa", "show.version", (SYSTEM,), {}),
        {"version": "0.1.0", "hostname": "R1", "uptime": "2 days 3 hours"},
    ),
    "asa sessions": (
        "cisco_asa",
        "show vpn-sessiondb",
        text("asa", "show.vpn_sessiondb.summary", SHOWN["asa-vpn-sessiondb"][3], {}),
        {"total_active_and_inactive": "2", "total_cumulative": "27", "device_total_vpn_capacity": "1000"},
    ),
    "asa l2l": (
        "cisco_asa",
        "show vpn-sessiondb detail l2l",
        text("asa", "show.vpn_sessiondb.l2l", (SYSTEM, SA), LONG),
        {"connection": "PEERS", "ip_address": "198.51.100.2", "total_bytes_transmitted": "2048", "dh_group": "14"},
    ),
    "asa brief": ("cisco_asa", "show interface ip brief", GENIE["asa brief"][3], {"ip_address": "192.0.2.1"}),
    "asa interfaces": (
        "cisco_asa",
        "show interface",
        text("asa", "show.interfaces", INTERFACES, {}),
        {"interface_zone": "outside", "mtu": "1500", "netmask": "255.255.255.0"},
    ),
    "asa route": ("cisco_asa", "show route", GENIE["asa route"][3], {"network": "0.0.0.0", "nexthopip": "192.0.2.254"}),
    "asa acl": (
        "cisco_asa",
        "show access-list",
        text("asa", "show.access_lists", samples.ASA_ACCESS_LISTS, {}),
        {"acl_name": "VPN", "acl_tot_elem": "2"},
    ),
}


NTC |= {f"{name} of a system": case for name, case in judged.NTC.items()}


@pytest.mark.parametrize("name", NTC)
def test_ntc_templates_read_what_the_views_say(name: str) -> None:
    parse = pytest.importorskip("ntc_templates.parse")
    platform, command, output, want = NTC[name]
    (first, *_) = parse.parse_output(platform=platform, command=command, data=output)
    assert {key: first[key] for key in want} == want
