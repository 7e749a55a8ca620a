"""Passwords, tokens and API keys; no HTTP here."""
