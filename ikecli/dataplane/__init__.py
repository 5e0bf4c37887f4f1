"""Data planes: what carries ESP. `base` is the contract; `none` keeps IKE alone, `memory` is the emulated network."""
