"""How fast the twin is, against what it is meant to reach: ``python -m benchmarks``."""
