"""The TOML table ``[modes.interphase]``."""

# mypy: disable-error-code="valid-type"
from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from twin import CellContext, Interface, ModeParameters, Q

FORMED, CONTACT = "first layer formed", "interphase contact fraction"
DETOURS = "solid diffusivity left by the interphase"
"""Names of the variables of a layer that forms once, of the contact that a layer leaves, and of
what detours inside particles then leave of their diffusivity."""


class Side(ModeParameters):
    """One interface: how its interphase grows, conducts and what it takes."""

    kind: Literal["stable", "self-limiting", "insulating", "mixed-conducting"]
    """``stable``: does not grow. ``self-limiting``: comes to an end at its limiting
    thickness. ``insulating``: electrons must cross the layer, so growth slows down as it
    thickens (mixed control) but goes on. ``mixed-conducting``: electrons cross freely,
    growth is limited by the reaction alone."""
    limiting_thickness: Q("m", gt=0)
    """Thickness at which a self-limiting layer stops, L_inf; beyond the native layer's."""
    limiting_resistance: Q("ohm*m^2", ge=0)
    """What a self-limiting layer adds in the end, per its own area, dR_inf."""
    initial_thickness: Q("m", gt=0)
    """Of the native layer, on a new interface and on freshly touched area, were it dense."""
    rate_constant: Q("m/s", ge=0)
    """Reaction-limited growth rate at the reference drive and temperature, k_r."""
    rate_activation_energy: Q("J/mol", ge=0)
    parabolic_constant: Q("m^2/s", ge=0)
    """Transport-limited growth constant at the reference drive and temperature, k_p."""
    parabolic_activation_energy: Q("J/mol", ge=0)
    transport: Literal["migration", "interstitial"]
    """What carries the current through the layer: electrons driven by the potential
    (Wagner; k_p goes with the drive), or sodium interstitials of fixed concentration."""
    reference_temperature: Q("K", gt=0)
    area_share: Q("", gt=0, le=1)
    """Share of a composite's particle area that meets the electrolyte that reacts, a. 1 where
    the electrolyte fills the electrode; of an alloy that is pressed on without any, only its
    face does: R/(3 eps_s L). Means nothing at a metal."""
    stability_limit: Q("V")
    """Potential vs sodium below (anode) or above (cathode) which the electrolyte reacts."""
    reference_drive: Q("V", gt=0)
    """How far beyond the stability limit the constants above were given."""
    transfer_coefficient: Q("", ge=0, le=1)
    conductivity: Q("S/m", gt=0)
    """Ionic conductivity of the dense interphase at the reference temperature."""
    conductivity_activation_energy: Q("J/mol", ge=0)
    porosity: Q("", ge=0, lt=1)
    """Pores in the layer where nothing presses on it, phi_0; nought for a dense layer,
    which pressure leaves alone."""
    densification_pressure: Q("Pa", gt=0)
    """Stack pressure that closes all but 1/e of the pores, p_d."""
    density_exponent: Q("", ge=0)
    """Conduction through the porous layer goes with its density to this power, b."""
    renewal_per_strain: Q("", ge=0)
    """Share of the layer that cracks off and is renewed per strain travelled, chi_cr."""
    fresh_share: Q("", ge=0, le=1)
    """Share of newly touching area that is bare: 1 where lost contact takes the layer with
    it, 0 where the old layer is found again."""
    recontact_lag: Q("s", gt=0)
    """Time newly touching area takes to count as covered; short against a cycle."""
    electrolyte_consumed: Q("", ge=0)
    """Volume of electrolyte used up per volume of interphase grown."""
    electrolyte_limit: Q("", gt=0, lt=1)
    """The cell counts as dead when the interphase leaves less than this share of the
    electrolyte it grows from."""
    molar_volume: Q("m^3/mol", gt=0)
    """Volume of interphase per mole of electrolyte reacted, Omega."""
    electrons: Q("", gt=0)
    """Electrons exchanged per mole of electrolyte reacted, z; at the anode as many sodium."""
    resistance_limit: Q("ohm*m^2", gt=0)
    """The cell counts as dead when the interphase alone adds this much."""

    @model_validator(mode="after")
    def _grows_to_its_end(self) -> Self:
        end, start = self.limiting_thickness, self.initial_thickness
        if self.kind == "self-limiting" and not end.si > start.si:
            raise ValueError(
                f"limiting_thickness ({end.text}) is not above initial_thickness ({start.text}): "
                'make it thicker, or set kind = "stable"'
            )
        return self


class Anode(Side):
    """The interface of an anode, and both faces of a symmetric metal cell."""

    strain_height: Q("m", gt=0)
    """Plated height that strains a metal's interface by one; a host's strain follows from
    its own volume change."""


class FirstLayer(ModeParameters):
    """What the first charge oxidises of a catholyte beyond its limit, once."""

    charge: Q("C/m^2", ge=0)
    """Per area of particles that meets electrolyte, q_1."""
    time: Q("s", gt=0)
    """Time beyond the stability limit in which all but 1/e of it passes, tau_1."""


class Cathode(Side):
    """The surface of an intercalation cathode's particles."""

    active_consumed: Q("", ge=0)
    """Volume of active material used up per volume of interphase grown."""
    first_layer: FirstLayer | None = None
    """A layer that forms once beside the growth; none where it is not given."""
    contact_thickness: Q("m", gt=0) | None = None
    """Thickness beyond the native layer's that leaves 1/e of the particles' contact, L_c; where it
    is not given the layer takes none."""


class Parameters(ModeParameters):
    """Interphase growth at both interfaces.

    ``cathode`` is for an intercalation cathode. Both faces of a symmetric metal cell
    follow ``anode``.
    """

    anode: Anode
    cathode: Cathode


def table_of(interface: Interface) -> str:
    """Return which of the two tables an interface follows."""
    return "anode" if interface.kind == "metal" else str(interface.place)


def feeds(cell: CellContext, mode_id: str, layer: str) -> list[Interface]:
    """Return the interfaces whose interphase grows out of a layer's electrolyte."""
    interfaces = []
    for i in cell.interfaces:
        inside = "cathode" if i.kind == "porous" and i.place == "cathode" else "separator"
        table = getattr(cell.parameters(mode_id), table_of(i))
        fed = i.kind == "metal" or inside == "cathode"
        if fed and inside == layer and table.kind != "stable" and table.electrolyte_consumed.si > 0:
            interfaces.append(i)
    return interfaces


def takes_contact(cell: CellContext, mode_id: str) -> list[Interface]:
    """Return the interfaces whose interphase parts particles from their electrolyte."""
    table = cell.parameters(mode_id).cathode
    taken = table.kind != "stable" and table.contact_thickness is not None
    return [i for i in cell.interfaces if taken and i.kind == "porous" and i.place == "cathode"]


def forms_at_once(cell: CellContext, mode_id: str, interface: Interface) -> bool:
    """Return whether a layer forms once at an interface, beside its growth."""
    table = cell.parameters(mode_id).cathode
    given = table.kind != "stable" and table.first_layer is not None
    return bool(given and interface.kind == "porous" and interface.place == "cathode")


def consumes_active(cell: CellContext, mode_id: str) -> list[Interface]:
    """Return the interfaces whose interphase uses up active material."""
    table = cell.parameters(mode_id).cathode
    used = table.kind != "stable" and table.active_consumed.si > 0
    return [i for i in cell.interfaces if used and i.kind == "porous" and i.place == "cathode"]
