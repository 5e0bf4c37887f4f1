"""What both planes on Linux share: netlink, devices, addresses, routes, ping, and the ledger of what was put in."""
