"""Runs Python that strangers wrote: bubblewrap, or a small interpreter of its own, or not at all."""
