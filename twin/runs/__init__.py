"""Runs: simulated, resumed, followed as lives, read back, compared."""
