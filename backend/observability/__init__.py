"""Sees inside: figures, spans, kept log lines and measurements, behind their ports."""
