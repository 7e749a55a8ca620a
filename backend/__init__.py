"""Steward: an agent server behind one ordinary OpenAI request."""
