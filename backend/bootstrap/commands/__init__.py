"""The commands of `python -m backend` for whoever runs a server: one file per command, see `arguments`."""
