"""Searching a space of numbers: axes, refinement, regions, constraints, ascent."""
