"""Constants of nature, each written once: SI units, exact since 2019 (BIPM, SI brochure)."""

from __future__ import annotations

FARADAY = 96485.33212331001
"""F [C/mol], as PyBaMM's."""
GAS_CONSTANT = 8.31446261815324
"""R [J/(mol K)]."""
ZERO_CELSIUS = 273.15
"""0 degC [K]."""
REFERENCE_TEMPERATURE = 298.15
"""What open-circuit potentials and rates refer to [K]: 25 degC, IUPAC's for such data."""
