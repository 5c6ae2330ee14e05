"""Studies: many lives of one cell with one question."""
