"""How exactly a cell is solved unless somebody asks for something else."""

RTOL, ATOL = 1e-5, 1e-7
"""Of a run. Ten times looser, the fatigue of a cathode's particles comes out 4 to 15 % too
fast, by steps that overshoot the largest stress; at these the error is below 1 %."""

LIFE_RTOL, LIFE_ATOL = 1e-6, 1e-8
"""Of lives and forecasts: what one cycle leaves to chance is multiplied by the jump."""
