"""The TOML table ``[modes.delamination]``."""

# mypy: disable-error-code="valid-type"
from __future__ import annotations

from typing import Literal

from twin import Interface, ModeParameters, Q


class Side(ModeParameters):
    """One bond: what opens it, what holds it, and how fast it goes."""

    stress_free_temperature: Q("K", gt=0)
    """Temperature at which the two solids fit: of assembly, of sintering, T_0."""
    constrained_share: Q("", ge=0, le=1)
    """Share of the misfit strain the neighbours resist; pores, carbon and binder give way
    to the rest."""
    strain_lag: Q("s", gt=0)
    """Time the interface takes to feel a change of temperature or filling, tau."""
    opening_factor: Q("", gt=0, le=1)
    """Share of the misfit stress that pulls at the interface, chi_s."""
    adhesion: Q("Pa", ge=0)
    """Traction the bond bears without harm, sigma_adh."""
    fracture_energy: Q("J/m^2", gt=0)
    """Energy to part the interface, Gamma_i."""
    layer_thickness: Q("m", gt=0) | None = None
    """Thickness of the strained layer, h; the particle's radius in a composite and the
    foil's thickness at a metal, where not given."""
    overload: Literal["griffith", "cohesive"]
    """What a single overload does. ``griffith``: the bond runs off where the energy
    released exceeds Gamma_i. ``cohesive``: it softens along the bilinear law."""
    growth_time: Q("s", gt=0)
    """Time of an overload's damage, tau_d."""
    cohesive_strength: Q("Pa", gt=0)
    """Peak traction of the bilinear law, T_max."""
    cohesive_onset: Q("", gt=0, lt=1)
    """Opening at which it softens, as a share of the final opening 2 Gamma_i/T_max."""
    initial_damage: Q("", ge=0, lt=1)
    """Share of the interface that was never bonded, D_0."""
    fatigue: Literal["strain", "paris"]
    """What repeated strain does. ``strain``: damage by the strain travelled, at the rate the
    stress sets. ``paris``: by the swing of the energy released."""
    fatigue_factor: Q("", ge=0)
    """``strain``: damage per unit of strain travelled at the reference stress, B.
    ``paris``: damage per cycle in which all of Gamma_i is released and given back, C."""
    fatigue_exponent: Q("", ge=1)
    """Of the stress (``strain``) or of the energy (``paris``), m."""
    fatigue_reference_stress: Q("Pa", gt=0)
    saturation_exponent: Q("", ge=0)
    """How damage slows with the bond left: (1 - D)^q."""
    recontact: Literal["off", "pressure"]
    """Whether pressure closes the gap again (polymers and gels; not ceramics)."""
    recontact_pressure: Q("Pa", gt=0)
    recontact_exponent: Q("", ge=0)
    recontact_time: Q("s", gt=0)
    damage_limit: Q("", gt=0, lt=1)
    """The cell counts as dead when more than this share of the interface has parted."""


class Composite(Side):
    """The bond of the active particles in a composite electrode."""

    geometry: Literal["inclusion", "film"]
    """``inclusion``: particles in a matrix of electrolyte. ``film``: an electrolyte layer
    on a thick, stiff host."""
    stress_free_stoichiometry: Q("", ge=0, le=1) | None = None
    """Filling at which the particle fits; as assembled where not given."""
    active_loss_share: Q("", ge=0, le=1)
    """How much of the lost interface is whole particles cut off, lambda: 1 takes capacity
    only, 0 only crowds the current."""
    fracture: Literal["off", "warning", "fatal"]
    """What it means when the electrolyte around the particles is pulled beyond its
    strength."""
    strength_factor: Q("", gt=0)
    """Strength of as little electrolyte as surrounds a particle, over that of the bars it
    was measured on."""


class Parameters(ModeParameters):
    """Delamination at a metal anode and in composite electrodes.

    Both faces of a symmetric metal cell follow ``anode``, a composite anode
    ``composite_anode``, the cathode ``cathode``.
    """

    anode: Side
    composite_anode: Composite
    cathode: Composite


def table_of(interface: Interface) -> str:
    """Return which of the tables an interface follows."""
    if interface.kind == "metal":
        return "anode"
    return "composite_anode" if interface.place == "anode" else "cathode"
