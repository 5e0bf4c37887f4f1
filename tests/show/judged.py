"""What the parsers of automation are to read from layouts of the system and of its network: cases of test_judges."""

from __future__ import annotations

from typing import Any

from ikecli.language import load_mode
from ikecli.show import RENDERERS
from tests.show import samples
from tests.show.shown import SHOWN


def of(name: str) -> str:
    """Return what a golden file holds."""
    dialect, command, slots, views = SHOWN[name]
    return "\n".join(RENDERERS[dialect, command](views, slots)) + "\n"


def laid_out(dialect: str, command: str, views: tuple[object, ...]) -> str:
    return "\n".join(RENDERERS[dialect, command](views, {})) + "\n"


def said(dialect: str, line: str) -> str:
    """Return what the grammar answers."""
    return load_mode(dialect, "exec").read(line).says + "\n"


GENIE: dict[str, tuple[str, str, dict[str, object], str]] = {
    "arp": ("iosxe.show_arp", "ShowArp", {}, of("ios-arp")),
    "ip arp": ("ios.show_arp", "ShowIpArp", {}, of("ios-arp")),
    "ipv6 neighbors": ("iosxe.show_ipv6", "ShowIpv6Neighbors", {}, of("ios-ipv6-neighbors")),
    "route summary": ("iosxe.show_routing", "ShowIpRouteSummary", {}, of("ios-route-summary")),
    "ipv6 route summary": ("iosxe.show_routing", "ShowIpv6RouteSummary", {}, of("ios-ipv6-route-summary")),
    "hosts": ("iosxe.show_hosts", "ShowHosts", {}, of("ios-hosts")),
    "inventory": ("iosxe.show_platform", "ShowInventory", {}, of("ios-inventory")),
    "memory": ("iosxe.show_memory", "ShowMemoryStatistics", {}, of("ios-memory")),
    "cpu": ("iosxe.show_platform", "ShowProcessesCpu", {}, of("ios-processes-cpu")),
    "process memory": ("iosxe.show_platform", "ShowProcessesMemory", {}, of("ios-processes-memory")),
    "dir": ("iosxe.show_platform", "Dir", {}, of("ios-flash")),
    "file systems": ("iosxe.show_platform", "ShowFileSystems", {}, of("ios-file-systems")),
    "ipv6 interface": ("iosxe.show_interface", "ShowIpv6Interface", {}, of("ios-ipv6-interface")),
    "ipv6 brief": ("iosxe.show_ipv6", "ShowIpv6InterfaceBrief", {}, of("ios-ipv6-interface-brief")),
    "stats of interfaces": ("iosxe.show_interface", "ShowInterfacesStats", {}, of("ios-interfaces-stats")),
    "ip interface": (
        "iosxe.show_interface",
        "ShowIpInterface",
        {},
        laid_out("ios", "show.ip.interface", samples.INTERFACES),
    ),
    "descriptions": (
        "iosxe.show_interface",
        "ShowInterfacesDescription",
        {},
        laid_out("ios", "show.interfaces.description", samples.INTERFACES),
    ),
    "vrf": ("iosxe.show_vrf", "ShowVrf", {}, of("ios-vrf")),
    "vrf detail": ("iosxe.show_vrf", "ShowVrfDetail", {}, of("ios-vrf-detail")),
    "ip vrf": ("iosxe.show_ip", "ShowIpVrf", {}, of("ios-ip-vrf")),
    "archive": ("iosxe.show_archive", "ShowArchive", {}, of("ios-archive")),
    "ipv6 acl": (
        "iosxe.show_acl",
        "ShowIpv6AccessLists",
        {},
        laid_out("ios", "show.ipv6.access_lists", samples.ACCESS_LISTS_6),
    ),
    "ipv6 route": ("iosxe.show_routing", "ShowIpv6Route", {}, of("ios-ipv6-route")),
    "way": ("iosxe.show_routing", "ShowIpRouteWord", {}, laid_out("ios", "show.route.to", samples.ROUTES[:1])),
    "ipv6 way": (
        "iosxe.show_routing",
        "ShowIpv6RouteWord",
        {},
        laid_out("ios", "show.ipv6.route.to", samples.ROUTES_6[-1:]),
    ),
    "nat": ("iosxe.show_ip", "ShowIpNatTranslations", {}, of("ios-nat-translations")),
    "ipsec profile": ("iosxe.show_crypto", "ShowCryptoIpsecProfile", {}, of("ios-ipsec-profile")),
    "ipsec count": ("iosxe.show_crypto", "ShowCryptoIpsecSaCount", {}, of("ios-ipsec-count")),
    "isakmp count": (
        "iosxe.show_crypto",
        "ShowCryptoIsakmpSaCount",
        {},
        said("ios", "show crypto isakmp sa count"),
    ),
    "eli": ("iosxe.show_crypto", "ShowCryptoEli", {}, said("ios", "show crypto eli")),
    "admission": ("iosxe.show_crypto", "ShowCryptoCallAdmissionStatistics", {}, of("ios-admission")),
    "route map": ("iosxe.show_route_map", "ShowRouteMapAll", {}, of("ios-route-map")),
    "privilege": (
        "iosxe.show_privilege",
        "ShowPrivilege",
        {},
        laid_out("ios", "show.privilege", (samples.IDENTIFIED,)),
    ),
    "short session": (
        "iosxe.show_crypto",
        "ShowCryptoSession",
        {},
        laid_out("ios", "show.session", (samples.SA, samples.CONNECTION)),
    ),
    "session of a peer": (
        "iosxe.show_crypto",
        "ShowCryptoSessionRemote",
        {"remote_ip": "198.51.100.2"},
        laid_out("ios", "show.session", (samples.SA, samples.CONNECTION)),
    ),
    "asa arp": ("asa.show_arp", "ShowArp", {}, of("asa-arp")),
    "asa inventory": ("asa.show_inventory", "ShowInventory", {}, of("asa-inventory")),
    "asa interface summary": ("asa.show_interface", "ShowInterfaceSummary", {}, of("asa-interface-summary")),
    "asa interface detail": (
        "asa.show_interface",
        "ShowInterfaceDetail",
        {},
        laid_out("asa", "show.interfaces", samples.INTERFACES),
    ),
}

_NEIGHBOURS = {"GigabitEthernet0/0": {"ipv4": {"neighbors": {"192.0.2.254": {"age": "3", "origin": "dynamic"}}}}}
_CONNECTED = {"route_source": {"connected": {"networks": 1, "subnets": 2}, "static": {"networks": 2, "subnets": 4}}}

READ: dict[str, dict[Any, Any]] = {
    "arp": {"interfaces": _NEIGHBOURS},
    "ip arp": {"interfaces": _NEIGHBOURS},
    "ipv6 neighbors": {
        "interface": {"GigabitEthernet0/0": {"neighbors": {"2001:DB8::2": {"neighbor_state": "STALE"}}}}
    },
    "route summary": {"vrf": {"default": _CONNECTED}},
    "ipv6 route summary": {"vrf": {"default": {"number_of_prefixes": {"/64": 2}}}},
    "hosts": {"hosts": {"hub": {"type": "A", "data": "192.0.2.254"}}},
    "inventory": {"main": {"chassis": {"ikecli": {"vid": "0.1.0"}}}},
    "memory": {"name": {"processor": {"total": 4_000_000_000, "lowest": 3_900_000_000}, "i/o": {"total": 0}}},
    "cpu": {"five_sec_cpu_total": 2, "one_min_cpu": 1, "nonzero_cpu_processes": ["ikecli engine"]},
    "process memory": {"processor_pool": {"used": 50_000_000}},
    "dir": {"dir": {"flash:/": {"bytes_free": "250000", "files": {"a.cfg": {"size": "20"}}}}},
    "file systems": {"file_systems": {1: {"prefixes": "flash:", "free_size": 250_000}}},
    "ipv6 interface": {"GigabitEthernet0/1": {"mtu": 1400, "ipv6": {"2001:DB8::1/64": {"prefix_length": "64"}}}},
    "ipv6 brief": {"interface": {"GigabitEthernet0/1": {"ipv6_addresses": ["2001:DB8::1"]}}},
    "stats of interfaces": {"GigabitEthernet0/0": {"switching_path": {"total": {"pkts_in": 7, "pkts_out": 8}}}},
    "ip interface": {"GigabitEthernet0/0": {"ipv4": {"192.0.2.1/24": {"secondary": False}}, "mtu": 1500}},
    "descriptions": {"interfaces": {"GigabitEthernet0/0": {"description": "to ISP"}}},
    "vrf": {"vrf": {"RED": {"route_distinguisher": "65000:1", "protocols": ["ipv4", "ipv6"]}}},
    "vrf detail": {"RED": {"vrf_id": 2, "route_distinguisher": "65000:1", "cli_format": "New"}},
    "ip vrf": {"vrf": {"RED": {"route_distinguisher": "65000:1"}}},
    "archive": {"archive": {"total": 2, "max_archive_configurations": 3}},
    "ipv6 acl": {"SIX": {"aces": {"10": {"statistics": {"matched_packets": 3}}}}},
    "ipv6 route": {
        "vrf": {"default": {"address_family": {"ipv6": {"routes": {"::/0": {"source_protocol": "static"}}}}}}
    },
    "way": {"entry": {"0.0.0.0/0": {"known_via": "static", "paths": {1: {"nexthop": "192.0.2.254"}}}}},
    "ipv6 way": {"entry": {"2001:DB8:2::/64": {"distance": "5", "paths": {1: {"interface": "Tunnel0"}}}}},
    "nat": {"vrf": {"default": {"index": {1: {"inside_local": "172.16.0.2:4500", "outside_local": "---"}}}}},
    "ipsec profile": {"ipsec_profile_name": {"PROF": {"responder_only": "Y", "dh_group": "group19"}}},
    "ipsec count": {"ipsec_sa_total": 4, "active": 4},
    "isakmp count": {"active_isakmp_sas": 0},
    "eli": {"hardware_encryption": "INACTIVE", "number_of_hardware_crypto_engines": 0},
    "admission": {"crypto_call_admission_statistics": {"max_ike_sa": 1000, "total_ike_sa_active": 5}},
    "route map": {"BELIEVED": {"statements": {"10": {"actions": {"route_disposition": "permit"}}}}},
    "privilege": {"current_privilege_level": 15},
    "short session": {"interface": {"GigabitEthernet0/0": {"profile": "PEERS", "session_status": "UP-ACTIVE"}}},
    "session of a peer": {"interfaces": {"GigabitEthernet0/0": {"peer_ip": "198.51.100.2", "peer_port": 500}}},
    "asa arp": {"outside": {"ipv4": {"neighbors": {"192.0.2.254": {"link_layer_address": "02fc.0000.0006"}}}}},
    "asa inventory": {"Chassis": {"pid": "ikecli", "sn": "N/A"}},
    "asa interface summary": {"interfaces": {"GigabitEthernet0/0": {"name": "outside", "subnet": "255.255.255.0"}}},
    "asa interface detail": {"interfaces": {"GigabitEthernet0/2": {"config_issue": "nameif"}}},
}

NTC: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "dir": ("cisco_ios", "dir", of("ios-flash"), {"file_system": "flash:/", "total_free": "250000"}),
    "archive": ("cisco_ios", "show archive", of("ios-archive"), {"next_filename": "flash:before-<timestamp>-5"}),
    "arp": ("cisco_ios", "show arp", of("ios-arp"), {"address": "192.0.2.1", "age_min": "-"}),
    "ip arp": ("cisco_ios", "show ip arp", of("ios-arp"), {"mac_address": "02fc.0000.0005"}),
    "file systems": ("cisco_ios", "show file systems", of("ios-file-systems"), {"prefixes": "system:"}),
    "descriptions": ("cisco_ios", "show interfaces description", GENIE["descriptions"][3], {"description": "to ISP"}),
    "inventory": ("cisco_ios", "show inventory", of("ios-inventory"), {"name": "Chassis", "pid": "ikecli"}),
    "ip interface": ("cisco_ios", "show ip interface", GENIE["ip interface"][3], {"mtu": "1500"}),
    "nat": ("cisco_ios", "show ip nat translations", of("ios-nat-translations"), {"inside_local_ip": "172.16.0.2"}),
    "route summary": ("cisco_ios", "show ip route summary", of("ios-route-summary"), {"networks": "1", "subnets": "2"}),
    "ipv6 brief": ("cisco_ios", "show ipv6 interface brief", of("ios-ipv6-interface-brief"), {"admin": "up"}),
    "ipv6 neighbors": ("cisco_ios", "show ipv6 neighbors", of("ios-ipv6-neighbors"), {"type": "STALE", "age": "3"}),
    "ipv6 route": ("cisco_ios", "show ipv6 route", of("ios-ipv6-route"), {"nexthop_ip": "2001:DB8:1::FFFF"}),
    "cpu": ("cisco_ios", "show processes cpu", of("ios-processes-cpu"), {"process_name": "ikecli engine"}),
    "process memory": (
        "cisco_ios",
        "show processes memory sorted",
        of("ios-processes-memory"),
        {"memory_used": "50000000"},
    ),
    "vrf": ("cisco_ios", "show vrf", of("ios-vrf"), {"name": "INTERNET", "protocols": "ipv4"}),
    "vrf detail": ("cisco_ios", "show vrf detail", of("ios-vrf-detail"), {"vrf": "INTERNET", "rd": "<not set>"}),
    "object groups": (
        "cisco_ios",
        "show object-group",
        of("ios-object-groups"),
        {"type": "Network", "name": "NETS"},
    ),
    "asa dir": ("cisco_asa", "dir", of("asa-flash"), {"file_system": "disk0:/", "total_percent_free": "25"}),
    "asa arp": ("cisco_asa", "show arp", of("asa-arp"), {"interface": "outside", "age": "185"}),
    "asa inventory": ("cisco_asa", "show inventory", of("asa-inventory"), {"vid": "0.1.0", "sn": "N/A"}),
    "asa failover": ("cisco_asa", "show failover", said("asa", "show failover"), {"state": "Off"}),
    "asa logging": (
        "cisco_asa",
        "show logging",
        laid_out("asa", "show.logging", samples.LOG),
        {"facility": "IKEV2", "mnemonic": "SA_UP"},
    ),
}
