"""Lives longer than anyone would simulate: cycle jumps, ensembles, attribution, maps."""
