"""Protocols the core needs and the frozen values it shares with its adapters."""
