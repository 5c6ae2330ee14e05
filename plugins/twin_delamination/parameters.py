"""The TOML table ``[modes.delamination]``."""

# mypy: disable-error-code="valid-type"
from __future__ import annotations

from typing import Literal

from twin import CellContext, Interface, ModeParameters, Q

_STIFFNESS = (
    "how much of the misfit is resisted follows from the stiffnesses of the two solids and "
    "the share of volume each has (youngs_modulus, poisson_ratio, active_fraction)"
)
_FATIGUE = "particles part one by one: fatigue_strain, fatigue_exponent and fatigue_spread say when"
_SHELL = "the electrolyte is a shell around the particle, with its own stiffness and yield strength"
_GAP = "a gap closes under pressure by itself: gap_contact, gap_spread and the stiffnesses say when"


class Bond(ModeParameters):
    """What any bond has."""

    stress_free_temperature: Q("K", gt=0)
    """Temperature at which the two solids fit: of assembly, of sintering, T_0."""
    strain_lag: Q("s", gt=0)
    """Time the interface takes to feel a change of temperature or filling, tau."""
    fracture_energy: Q("J/m^2", gt=0)
    """Energy to part the interface, Gamma_i."""
    initial_damage: Q("", ge=0, lt=1)
    """Share of the interface that was never bonded, D_0."""
    damage_limit: Q("", gt=0, lt=1)
    """The cell counts as dead when more than this share of the interface has lost contact."""


class Side(Bond):
    """The bond of a metal foil: what opens it, what holds it, and how fast it goes."""

    gone = {"constrained_share": _STIFFNESS}

    opening_factor: Q("", gt=0, le=1)
    """Share of the misfit stress that pulls at the interface, chi_s."""
    adhesion: Q("Pa", ge=0)
    """Traction the bond bears without harm, sigma_adh."""
    layer_thickness: Q("m", gt=0) | None = None
    """Thickness of the strained layer, h; the foil's where not given."""
    overload: Literal["griffith", "cohesive"]
    """What a single overload does. ``griffith``: the bond runs off where the energy
    released exceeds Gamma_i. ``cohesive``: it softens along the bilinear law."""
    growth_time: Q("s", gt=0)
    """Time of an overload's damage, tau_d."""
    cohesive_strength: Q("Pa", gt=0)
    """Peak traction of the bilinear law, T_max."""
    cohesive_onset: Q("", gt=0, lt=1)
    """Opening at which it softens, as a share of the final opening 2 Gamma_i/T_max."""
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


class Composite(Bond):
    """The bonds of the active particles in a composite electrode."""

    gone = {
        "constrained_share": _STIFFNESS,
        "opening_factor": _SHELL,
        "adhesion": _SHELL,
        "layer_thickness": _SHELL,
        "geometry": _SHELL,
        "overload": "a particle parts at once where it sets free more than its fracture_energy",
        "growth_time": "a particle parts at once where it sets free more than its fracture_energy",
        "cohesive_strength": _SHELL,
        "cohesive_onset": _SHELL,
        "fatigue": _FATIGUE,
        "fatigue_factor": _FATIGUE,
        "fatigue_reference_stress": "fatigue is told by the range of strain: fatigue_strain",
        "saturation_exponent": _FATIGUE,
        "active_loss_share": "isolated_share says how many of the parted particles are cut off",
        "recontact": _GAP,
        "recontact_pressure": _GAP,
        "recontact_exponent": _GAP,
        "recontact_time": _GAP,
    }

    stress_free_stoichiometry: Q("", ge=0, le=1) | None = None
    """Filling at which the particle fits, x_asm; as assembled where not given."""
    size_spread: Q("", gt=0, le=2)
    """Standard deviation of the logarithm of the particles' radius, s_R."""
    fatigue_strain: Q("", gt=0)
    """Range of misfit strain that parts a particle in its first cycle, eps_b."""
    fatigue_exponent: Q("", ge=1)
    """How much longer a smaller range takes, m."""
    fatigue_spread: Q("", gt=0, le=2)
    """Standard deviation of the logarithm of eps_b among the particles, s."""
    gap_contact: Q("", gt=0, le=1)
    """Share of its contact that a parted particle keeps however wide its gap, theta_r."""
    gap_spread: Q("", gt=0, le=2)
    """Standard deviation of the logarithm of the pressure that closes a gap, s_p."""
    ambient_pressure: Q("Pa", gt=0)
    """What presses on a cell that nothing presses, p_a."""
    isolated_share: Q("", ge=0, le=1)
    """Share of the particles with an open gap that nothing reaches, q_iso."""
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


DETOURS = "solid diffusivity left by detours"
"""Name of the share of a particle's diffusivity that lost contact leaves."""


def detours(cell: CellContext, interface: Interface) -> bool:
    """Return whether the contact that a composite's particles have as assembled is known."""
    key = f"{cell.electrode_key(interface.place)}.mixing.contact"
    return interface.kind == "porous" and cell.has(key)
