"""Names of the core's variables that are read where no model is built."""

TEMPERATURE = "Volume-averaged cell temperature [K]"
RESISTANCE = "Area-specific resistance [Ohm.m2]"
ISOLATED = "isolated host sodium"
"""The state of what is cut off: the sodium in it, per site of the whole host."""
SHORT_CHARGE = "Internal short charge [C.m-2]"
FULL = "Cathode stoichiometry of the full cell"
"""The input that is the cathode's filling at the full state."""
