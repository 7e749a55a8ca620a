"""One reader per format, found by folder."""
