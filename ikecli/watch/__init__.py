"""What a router watches besides its SAs: probes, tracked objects, and the clients that choose hubs by them; no I/O."""
