"""ESP of our own behind a TUN device, in a process of its own: `plane` is the engine's half, `worker` the other."""
