"""One run: the cycle loop, its checkpoints, and the cause of death."""
