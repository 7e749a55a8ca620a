"""The storage ports in memory, for tests and the demo; nothing outlives the process."""
