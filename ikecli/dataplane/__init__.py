"""Data planes: what carries ESP. `base` is the contract; `none` keeps IKE alone, `memory` is the emulated network.

On Linux `xfrm` is the kernel's ESP and `userspace` our own; `linux` is what both share.
"""
