"""The smallest cells that run: what to begin with when a cell is written."""

from __future__ import annotations

SYMMETRIC = """\
schema   = 1
title    = "Na | NZSP | Na"
kind     = "symmetric"
protocol = "galvanostatic-symmetric"

[geometry]
area = "1 cm^2"

[anode]
material  = "sodium"
thickness = "100 um"

[electrolyte]
material  = "nzsp"
thickness = "0.8 mm"

[interfaces.anode]
exchange_current = "2 mA/cm^2"

[stack]
pressure = "5 MPa"

[window]
lower = "-1 V"
upper = "1 V"
"""

FULL = """\
schema   = 1
title    = "Na | NZSP | NVP"
kind     = "full"
protocol = "cc-cv"

[geometry]
area = "1 cm^2"

[anode]
material  = "sodium"
thickness = "50 um"

[electrolyte]
material  = "nzsp"
thickness = "0.5 mm"

[cathode]
material              = "nvp"
thickness             = "60 um"
active_fraction       = 0.50
electrolyte_fraction  = 0.35
particle_radius       = "0.5 um"
initial_stoichiometry = "discharged"

[interfaces.anode]
exchange_current = "4 mA/cm^2"

[interfaces.cathode]
exchange_current = "2e-3 mA/cm^2"

[stack]
pressure = "5 MPa"

[window]
lower = "2.5 V"
upper = "3.8 V"
"""

SMALLEST = {"full": FULL, "symmetric": SYMMETRIC}
"""By the kind of cell, the text of a file."""
