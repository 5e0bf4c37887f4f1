"""A Cisco-style command line over a complete IKEv2 engine."""

__version__ = "0.1.0"
