"""The command language: grammar files are read, lines become commands, drafts become running-configs."""
