"""What the clients of automation type by themselves is understood, whatever they make of the answer."""

from __future__ import annotations

import pytest

from ikecli.language import load_mode
from ikecli.shell import pipes

TYPED = {
    "ios": """
        terminal length 0
        terminal width 511
        show version
        show switch virtual
        show inventory
        dir
        show memory statistics
        show processes cpu | include CPU utilization
        show running-config
        show running-config all
        show running-config full
        show interfaces
        show ip interface
        show ipv6 interface
        show lldp
        show cdp
        show lldp neighbors detail
        show lldp neighbors GigabitEthernet0/1 detail
        show cdp neighbors detail
        show privilege
        show hosts
        show ip int brief
        show proc cpu
        show env temperature status
        show arp | exclude Incomplete
        show arp vrf RED | exclude Incomplete
        show ipv6 neighbors
        show ntp associations
        show run | include ntp server
        show run | section username
        show mac address-table
        show mac-address-table
        show snmp chassis
        show startup-config
        show ip bgp all sum
        show ip protocols | include bgp
        show vrf detail
        show vrf
        show ip vrf
        show vlan brief
        show vlan all-ports
        show vlan id 10
        show interfaces transceiver
        show users
        show archive
        show clock
        show boot
        show redundancy
        show module
        show platform
        show license
        show ip route vrf RED
        show ip route summary
        show access-lists
        show route-map all
        show crypto session detail
        show crypto isakmp sa
        show crypto ipsec sa detail
        show etherchannel summary
        show spanning-tree summary
        show standby brief
        show ip ospf neighbor
        show bfd neighbors
        show file systems
        show logging
        show debugging
        show terminal
        show tech-support
        show aaa servers
        configure replace flash:x force
        copy running-config startup-config
        write memory
    """,
    "asa": """
        terminal pager 0
        show curpriv
        show version
        show running-config
        show running-config all
        show running-config object network
        show running-config access-group
        show running-config crypto map
        show running-config all crypto map
        show running-config tunnel-group
        show running-config ipsec
        show running-config nat
        show running-config ip
        dir
        show memory
        show cpu usage
        show cpu usage detailed
        show arp
        show inventory
        show interface
        show interface detail
        show interface summary
        show interface ip brief
        show nameif
        show route
        show access-list
        show failover
        show failover state
        show xlate
        show nat
        show conn
        show vpn-sessiondb
        show vpn-sessiondb anyconnect
        show vpn-sessiondb detail l2l
        show vpn-sessiondb webvpn
        show crypto ipsec sa
        show crypto ikev1 sa detail
        show crypto ikev2 sa detail
        show asp drop
        show resource usage
        show module
        show context
        show traffic
        show service-policy
        show license all
        show logging
        show clock
        show tech-support
        write memory
    """,
}


@pytest.mark.parametrize(
    ("dialect", "line"),
    [(dialect, line.strip()) for dialect, text in TYPED.items() for line in text.strip().splitlines()],
)
def test_it_is_a_command(dialect: str, line: str) -> None:
    assert load_mode(dialect, "exec").read(pipes.read(line).command, lambda path: ("RED",)).calls
