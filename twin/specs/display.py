"""The units that figures and tables show quantities in."""

from __future__ import annotations

SHOWN = {
    "Pa": ("MPa", 1e-6, 0.0),
    "K": ("degC", 1.0, -273.15),
    "A/m^2": ("mA/cm2", 0.1, 0.0),
    "m": ("um", 1e6, 0.0),
    "ohm*m^2": ("ohm cm2", 1e4, 0.0),
    "S/m": ("mS/cm", 10.0, 0.0),
}
"""By SI unit: what is shown, its factor and its offset."""


def shown_unit(unit: str) -> tuple[str, float, float]:
    """Return the unit that one is shown in, its factor and its offset."""
    return SHOWN.get(unit, (unit, 1.0, 0.0))
