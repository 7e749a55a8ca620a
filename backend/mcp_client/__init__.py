"""Talks to servers of the Model Context Protocol that callers name."""
