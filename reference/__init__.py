"""The command reference of docs/commands, made from the grammar by `make docs`; no part of what is installed."""
