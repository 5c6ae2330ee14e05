"""Uncertain numbers and lives: spreads, correlations, survival, Sobol indices, shares."""
