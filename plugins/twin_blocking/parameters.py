"""The TOML table ``[modes.blocking]``, and which of a cell's electrolytes have grains."""

# mypy: disable-error-code="valid-type"
from __future__ import annotations

from twin import CellContext, ModeParameters, Q


class GrainBoundaries(ModeParameters):
    """The grain boundaries of one layer of electrolyte, and how they age."""

    resistance_ratio: Q("", ge=0)
    """R_gb/R_b at the reference temperature and grain size."""
    reference_temperature: Q("K", gt=0)
    grain_size: Q("m", gt=0, inf=True)
    """Size of the grains, d_g; infinite in a single crystal."""
    reference_grain_size: Q("m", gt=0)
    """Grain size of the ceramic whose conductivity the material file gives."""
    activation_energy: Q("J/mol", ge=0) | None = None
    """Activation energy of the boundaries' conductivity; the law's own where not given."""
    field_ageing_rate: Q("1/s", ge=0)
    """Damage per time at the reference field, k_g."""
    reference_field: Q("V/m", gt=0)
    strain_ageing: Q("", ge=0)
    """Damage per strain travelled at a wholly delaminated interface, k_m."""


class SpaceCharge(ModeParameters):
    """A depletion layer in the electrolyte at one interface (Mott and Schottky)."""

    potential: Q("V", ge=0, le=1)
    """Potential across the layer, psi_0, of the new cell; nought for no layer."""
    potential_rise: Q("V*m^2/C", ge=0)
    """What each charge passed, either way, adds to it: ageing of the layer."""
    carrier_density: Q("1/m^3", gt=0)
    relative_permittivity: Q("", ge=1)


class SpaceCharges(ModeParameters):
    """The space-charge layers at the two interfaces.

    Both faces of a symmetric metal cell follow ``anode``.
    """

    anode: SpaceCharge
    cathode: SpaceCharge


class Parameters(ModeParameters):
    """Grain boundaries, space charge, and salt depletion."""

    separator: GrainBoundaries
    cathode: GrainBoundaries
    space_charge: SpaceCharges
    resistance_factor_limit: Q("", gt=1)
    """The cell counts as dead when ageing of the grain boundaries has multiplied the
    separator's resistance by this much."""
    depletion_limit: Q("", gt=0, lt=1)
    """The cell counts as dead when the salt at a face falls to this share of its mean."""


KINDS = ("constant", "arrhenius")


def electrolyte_key(cell: CellContext, place: str) -> str | None:
    """Return the key of the solid electrolyte in a layer or at an interface.

    ``None`` where there is no such layer, or its electrolyte has no grains. The
    composite's own electrolyte is taken where it has one.
    """
    key, material = "electrolyte.material", cell.spec.electrolyte.material
    if place == "cathode":
        if cell.interfaces[1].kind == "metal":
            return None
        own = cell.porous("cathode").electrolyte
        if own is not None:
            key, material = "cathode.electrolyte", own
    grainy = material.transport == "single-ion" and material.conductivity.law in KINDS
    return key if grainy else None
