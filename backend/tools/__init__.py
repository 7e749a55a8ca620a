"""The agent's tools, one file each, found by folder."""
