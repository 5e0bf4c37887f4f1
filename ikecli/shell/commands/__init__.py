"""What the exec commands do: each a function of one Call, found through shell.call.COMMANDS."""
