"""The TOML table ``[modes.pressure]``."""

# mypy: disable-error-code="valid-type"
from __future__ import annotations

from typing import ClassVar, Literal

from twin import ModeParameters, Q


class Contact(ModeParameters):
    """How rough surfaces share the load."""

    gone: ClassVar = {
        "spot_radius": "the spots are given by their spacing, spot_spacing, and the load widens "
        "them; they count where interfaces.*.contains leaves the constriction out"
    }

    law: Literal["plastic", "elastic", "fractal", "creep", "nucleation"]
    """``plastic``: 1 - exp(-p/p_b), kept on unloading; ``fractal``: 1 - exp(-(p/p_b)^m), kept
    too; ``elastic``: Persson's erf, which springs back;
    ``creep``: from the elastic value, growing by Norton creep of the asperities;
    ``nucleation``: set by the early plating current (anode-free starts)."""
    fractal_exponent: Q("", gt=0, le=1)
    """Power m of the pressure in the fractal law."""
    hardness: Q("Pa", gt=0)
    """Pressure that flattens all but 1/e of the interface, p_b."""
    flattening_time: Q("s", gt=0)
    """In which the contact comes to what the pressure makes of it, tau_b."""
    effective_modulus: Q("Pa", gt=0)
    """1/E* = (1-nu1^2)/E1 + (1-nu2^2)/E2 of the two solids."""
    roughness_slope: Q("", gt=0)
    """Root-mean-square slope of the combined surface, h'_rms."""
    creep_factor: Q("", ge=0)
    """Geometry factor C_r of the creeping asperities."""
    dwell: Q("s", ge=0)
    """How long the assembled cell has lain under its pressure before the first step
    (creep law only)."""
    spot_spacing: Q("m", ge=0)
    """Mean distance of the contact spots, s, for the constriction resistance of an interface
    whose own numbers do not contain it."""


class Nucleation(ModeParameters):
    """The coverage that plating sets on a bare collector (``contact.law = "nucleation"``)."""

    current: Q("A/m^2", gt=0)
    """Plating current whose nuclei come to cover 1 - 1/e of the interface, j_n."""
    charge: Q("C/m^2", gt=0)
    """Charge over which nucleation comes to its end, q_n."""


class Voids(ModeParameters):
    """Vacancies left by stripping, and how they are refilled."""

    reference_height: Q("m", gt=0)
    """Void volume per area that takes 1/e of the contact, h_0."""
    healed_fraction: Q("", ge=0, le=1)
    """Share of a plated atom's volume that refills a void it lands on, xi; the rest
    is occluded."""
    refill: Literal["empirical", "bulk-creep", "vacancy-diffusion"]
    """What limits the current that leaves no voids: ``empirical``, linear in the pressure
    (the next four numbers); ``bulk-creep``, Norton flow of all the sodium;
    ``vacancy-diffusion``, the numbers of ``[modes.pressure.vacancies]``."""
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
    following_pressure: Q("Pa", gt=0)
    """Pressure over which the metal behind a spring or a rigid gap ceases to follow, p_f."""


class Vacancies(ModeParameters):
    """Vacancies in the metal (``voids.refill = "vacancy-diffusion"``)."""

    diffusivity: Q("m^2/s", gt=0)
    """Of a vacancy, at ``voids.reference_temperature``."""
    migration_energy: Q("J/mol", ge=0)
    activation_volume: Q("m^3/mol", ge=0)
    """By which pressure slows diffusion."""
    equilibrium_concentration: Q("mol/m^3", gt=0)
    """At ``voids.reference_temperature``."""
    formation_energy: Q("J/mol", ge=0)
    sink_distance: Q("m", gt=0)
    """How far a vacancy gets before a dislocation or grain boundary takes it."""
    nucleation_supersaturation: Q("", ge=1)
    """c/c_eq at which voids form, at no pressure; 1 where nothing hinders them."""


class FirstPlating(ModeParameters):
    """What the first plating on a collector leaves there for good."""

    share: Q("", ge=0, lt=1)
    """Share of the most that was ever plated, omega_1."""
    lag: Q("s", gt=0)
    """Time in which what stays behind follows the most that was plated; short against a charge."""


class Isolation(ModeParameters):
    """Sodium that stripping cuts off from thin metal."""

    law: Literal["auto", "on", "off"]
    """``auto``: where the electrode is assembled as a bare collector."""
    share: Q("", ge=0, lt=1)
    """Share of what is stripped that stays behind where refilling is slow against the local
    current, s_0."""
    lateral_length: Q("m", gt=0)
    """Thickness of sodium never stripped over which the metal feeds its own gaps, h_lat."""
    first: FirstPlating | None = None
    """A store that the first plating fills, once; none where it is not given."""


class Melting(ModeParameters):
    """Sodium above its melting point."""

    width: Q("K", gt=0)
    """Half-width of the switch at the melting point."""
    contact_angle: Q("rad", ge=0, le=3.1416)
    """Of the melt on the electrolyte, at the melting point; below 90 degrees it wets."""
    wetting_temperature: Q("K", gt=0)
    """Above which it wets whatever the angle below; the cosine is linear in between."""
    surface_tension: Q("N/m", gt=0)
    valley_width: Q("m", gt=0)
    """Mean width of the face's valleys, r_0."""
    closing_time: Q("s", gt=0)
    """In which the melt fills voids and comes to its contact."""


class Extrusion(ModeParameters):
    """Sodium pressed into the electrolyte by the stack pressure alone."""

    pellet: Literal["dense", "pressed"]
    """``dense``: sintered or glassy, nothing enters; ``pressed``: a cold-pressed powder."""
    onset: Q("Pa", ge=0)
    """Pressure at which sodium begins to enter."""
    channel_radius: Q("m", gt=0)
    """Of the widest channels through the pellet."""


class Stack(ModeParameters):
    """What the fixture makes of volume changes."""

    creep_relaxation: Literal["auto", "off", "norton", "constrained"]
    """Whether metal creeping out from under the load relaxes a stiff fixture: ``norton``
    freely, ``constrained`` against the friction of a thin layer; ``auto``: constrained
    wherever the gap is not free and the material has a creep law."""
    stress_potential: Literal["on", "off"]
    """Whether the electrodes' potentials follow the pressure, by the volume that sodium
    takes in them."""
    friction: Q("", ge=0, le=1)
    """Friction factor of the sodium at its faces: 0 lubricated, 1 sticking."""


class Parameters(ModeParameters):
    """Stack pressure, contact and voids at sodium-metal interfaces."""

    contact: Contact
    nucleation: Nucleation
    voids: Voids
    vacancies: Vacancies
    isolation: Isolation
    melting: Melting
    extrusion: Extrusion
    stack: Stack
    contact_limit: Q("", gt=0, lt=1)
    """The cell counts as dead when an interface has kept less than this share of the contact
    that it began with."""
