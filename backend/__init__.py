"""Steward: an agent server behind one ordinary OpenAI request."""

__version__ = "0.1.0"
