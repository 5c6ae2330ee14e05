"""The TOML table ``[modes.pressure]``."""

# mypy: disable-error-code="valid-type"
from __future__ import annotations

from typing import Literal

from twin import ModeParameters, Q


class Contact(ModeParameters):
    """How rough surfaces share the load."""

    law: Literal["plastic", "elastic", "creep"]
    """``plastic``: 1 - exp(-p/H); ``elastic``: Persson's erf; ``creep``: from the elastic
    value, growing by Norton creep of the asperities."""
    hardness: Q("Pa", gt=0)
    effective_modulus: Q("Pa", gt=0)
    """1/E* = (1-nu1^2)/E1 + (1-nu2^2)/E2 of the two solids."""
    roughness_slope: Q("", gt=0)
    """Root-mean-square slope of the combined surface, h'_rms."""
    creep_factor: Q("", ge=0)
    """Geometry factor C_r of the creeping asperities."""
    dwell: Q("s", ge=0)
    """How long the assembled cell has lain under its pressure before the first step
    (creep law only)."""
    spot_radius: Q("m", gt=0)
    """Radius of a contact spot, for the constriction resistance."""


class Voids(ModeParameters):
    """Vacancies left by stripping, and how they are refilled."""

    reference_height: Q("m", gt=0)
    """Void volume per area that takes 1/e of the contact, h_0."""
    healed_fraction: Q("", ge=0, le=1)
    """Share of a plated atom's volume that refills a void it lands on, xi; the rest
    is occluded."""
    refill_current: Q("A/m^2", ge=0)
    """Stripping current the interface can refill at zero pressure, j_00."""
    refill_per_pressure: Q("A/(m^2*Pa)", ge=0)
    """Gain of that current with pressure, k_p."""
    refill_activation_energy: Q("J/mol", ge=0)
    reference_temperature: Q("K", gt=0)
    creep_closure: Literal["off", "wilkinson-ashby"]
    """Whether voids also close by creep of the sodium around them."""
    shut_height: Q("m", gt=0)
    """Void volume per area below which refilling has nothing left to fill."""
    switch_current: Q("A/m^2", gt=0)
    """Plating current over which refilling by vacancy flow fades out."""


class Stack(ModeParameters):
    """What the fixture makes of volume changes."""

    creep_relaxation: Literal["off", "norton"]
    """Whether sodium creeping out from under the load relaxes a stiff fixture."""


class Parameters(ModeParameters):
    """Stack pressure, contact and voids at sodium-metal interfaces."""

    contact: Contact
    voids: Voids
    stack: Stack
    contact_limit: Q("", gt=0, lt=1)
    """The cell counts as dead when less than this share of an interface touches."""
