"""Leaves with a subject of their own that know nothing of Steward."""
