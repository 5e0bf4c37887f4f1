"""The layouts of an ASA."""
