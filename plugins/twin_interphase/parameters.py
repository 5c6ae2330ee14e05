"""The TOML table ``[modes.interphase]``."""

# mypy: disable-error-code="valid-type"
from __future__ import annotations

from typing import Literal

from twin import Interface, ModeParameters, Q


class Side(ModeParameters):
    """One interface: how its interphase grows, conducts and what it takes."""

    kind: Literal["stable", "insulating", "mixed-conducting"]
    """``stable``: does not grow. ``insulating``: electrons must cross the layer, so
    growth slows down as it thickens (mixed control). ``mixed-conducting``: electrons
    cross freely, growth is limited by the reaction alone."""
    initial_thickness: Q("m", gt=0)
    rate_constant: Q("m/s", ge=0)
    """Reaction-limited growth rate at the reference drive and temperature, k_r."""
    rate_activation_energy: Q("J/mol", ge=0)
    parabolic_constant: Q("m^2/s", ge=0)
    """Transport-limited growth constant at the reference drive and temperature, k_p."""
    parabolic_activation_energy: Q("J/mol", ge=0)
    reference_temperature: Q("K", gt=0)
    stability_limit: Q("V")
    """Potential vs sodium below (anode) or above (cathode) which the electrolyte reacts."""
    reference_drive: Q("V", gt=0)
    """How far beyond the stability limit the constants above were given."""
    transfer_coefficient: Q("", ge=0, le=1)
    conductivity: Q("S/m", gt=0)
    """Ionic conductivity of the interphase at the reference temperature."""
    conductivity_activation_energy: Q("J/mol", ge=0)
    molar_volume: Q("m^3/mol", gt=0)
    """Volume of interphase per mole of electrolyte reacted."""
    electrons: Q("", gt=0)
    """Electrons exchanged per mole of electrolyte reacted, z."""
    resistance_limit: Q("ohm*m^2", gt=0)
    """The cell counts as dead when the interphase alone adds this much."""


class Parameters(ModeParameters):
    """Interphase growth at both interfaces.

    ``cathode`` is for an intercalation cathode. Both faces of a symmetric metal cell
    follow ``anode``.
    """

    anode: Side
    cathode: Side


def table_of(interface: Interface) -> str:
    """Return which of the two tables an interface follows."""
    return "anode" if interface.kind == "metal" else str(interface.place)
