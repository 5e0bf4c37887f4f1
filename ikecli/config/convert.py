"""`convert ikev1`: what a configuration says of IKEv1 as lines of IKEv2, read and written like any others."""

from __future__ import annotations

from ikecli.config.ikev1 import converted, without_cipher
from ikecli.config.reader import ConfigReader
from ikecli.config.store import Store


def replacing_ikev1(store: Store) -> list[str]:
    """Return the lines of IKEv2 that replace those of IKEv1, keys in their stored form; none where there are none."""
    lines = converted(store.draft)
    if not lines:
        return []
    scratch = store.beside()
    reader = ConfigReader(scratch, quiet=True)
    for line in lines:
        reader.feed(line)
    reader.end()
    untouched = store.beside().startup().splitlines()
    said = [f"! {one}" for one in without_cipher(store.draft)]
    return said + [line for line in scratch.startup().splitlines() if line == "!" or line not in untouched]
