"""The TOML table ``[modes.plating]``."""

# mypy: disable-error-code="valid-type"
from __future__ import annotations

from twin import ModeParameters, Q


class Parameters(ModeParameters):
    """Plating on the particles of a host anode. A metal anode has none of it."""

    exchange_current: Q("A/m^2", ge=0)
    """Of sodium plated on the host, per particle area, at the reference temperature, j_0;
    nought turns the mode off."""
    activation_energy: Q("J/mol", ge=0)
    reference_temperature: Q("K", gt=0)
    molar_volume: Q("m^3/mol", ge=0)
    """Of the metal, V_m: what pressure has against it. Where the anode names its ``metal`` it
    is that one's own."""
    continuity_thickness: Q("m", gt=0)
    """Sodium thinner than this, spread over the particles, does not cover what it stands on:
    its stripping slows down, h_c."""
    dead_share: Q("", ge=0, lt=1)
    """Share of the plated sodium that loses its contact as it is stripped, w."""
    healthy_reserve: Q("V", gt=0)
    """Reserve above sodium's potential that counts as whole."""
