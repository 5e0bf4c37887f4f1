"""The protocol, sans-IO: an engine that datagrams, notices, time and dice drive (RFC 7296)."""
