"""Databases that an administrator named, asked read-only from bounded child processes."""
