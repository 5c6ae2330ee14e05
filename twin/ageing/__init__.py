"""The constants of a cell's ageing, from check-ups of one cell.

The cell's failure modes have numbers that nobody knows well: how fast a film grows, what a cathode
loses. :mod:`~twin.ageing.fit` finds those that readings of capacity and resistance over many cycles
tell, with a model of what the readings and the mechanisms have wrong; :mod:`~twin.ageing.calibrate`
has a whole life, jumped, for each trial.
"""
