"""The TOML table ``[modes.dendrite]``."""

# mypy: disable-error-code="valid-type"
from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import ValidationInfo, field_validator

from twin import ModeParameters, Q


class Flaw(ModeParameters):
    """The flaw that a filament starts from."""

    length: Q("m", gt=0)
    """Median length of the worst flaw of the reference area."""
    reference_area: Q("m^2", gt=0)
    strength: Q("", gt=0)
    """Strength of this cell's worst flaw against the median; its spread is Weibull's."""
    weibull_modulus: Q("", gt=0)
    """Modulus of that spread, m: it also says how the flaw grows with the cell's area."""
    thickness_share: Q("", gt=0, lt=1)
    """No flaw is longer than this share of the electrolyte."""

    @field_validator("weibull_modulus")
    @classmethod
    def _one_modulus(cls, modulus: Any, info: ValidationInfo) -> Any:
        strength = info.data.get("strength")
        kind, _, spread = ((strength and strength.spread) or "").partition(" ")
        if kind == "weibull" and float(spread) != modulus.si:
            raise ValueError(
                f"{modulus.text} is not the modulus that flaw.strength is spread with, {spread}: "
                f"give both the same"
            )
        return modulus


class Drive(ModeParameters):
    """What presses sodium into the crack."""

    gone: ClassVar = {"pressure_share": "plating against a pressure p costs V_m p/F, all of it"}

    film_share: Q("", ge=0, le=1)
    """Share s of the drop across the film and the charge transfer that acts at the tip; 1
    is the ceiling. Verdicts are given at (1, 10 um) and (0, 100 um) of share and flaw."""
    detour_factor: Q("", ge=0)
    """Ohmic drop along the filament's length that it short-cuts, kappa: 1 at the tip, 0.42
    on the mean of the flanks."""
    inflow_factor: Q("", gt=0)
    """Charge a crack takes in, over current density and length squared, c_g: pi to 4."""
    spot_radius: Q("m", gt=0)
    """Radius of the contact spots, a: a longer crack has the constriction behind it."""
    edge_factor: Q("", ge=0)
    """Crowding of the current at the edges of voids, s_e: 1 + s_e phi."""
    lateral_confinement: Q("", ge=0, le=1)
    """Share of the stack pressure that acts across the crack too, chi: 0 for a free pellet,
    nu/(1 - nu) in a rigid die."""


class Plug(ModeParameters):
    """What holds the pressure in a crack."""

    law: Literal["flows", "tight"]
    """``flows``: sodium is squeezed out of the crack's mouth by creep, or as a melt.
    ``tight``: it is not."""
    viscosity: Q("Pa*s", gt=0)
    """Of the molten metal."""


class Fracture(ModeParameters):
    """How the crack opens and runs."""

    gone: ClassVar = {
        "geometry_factor": "the crack is a half penny, Y = 2/pi, in all its laws",
        "loading_factor": "stack pressure opens a crack by (1 - drive.lateral_confinement) p",
    }

    in_plane_compression: Q("Pa", ge=0)
    """Compression of the electrolyte in its plane, s_r."""
    least_modulus: Q("Pa", ge=0)
    """Young's modulus below which an electrolyte is no brittle solid: no crack is followed."""
    subcritical: Literal["off", "charles"]
    """Whether a crack grows slowly before it is critical."""
    threshold_share: Q("", gt=0, lt=1)
    """K_th/K_c, under which nothing grows."""
    subcritical_speed: Q("m/s", ge=0)
    """Speed of slow growth as K reaches K_c, v_0."""
    subcritical_exponent: Q("", ge=1)
    toughness: Literal["constant", "current-dependent"]
    corroded_share: Q("", gt=0, le=1)
    """Toughness left at large current, k_inf (current-dependent toughness only)."""
    corrosion_current: Q("A/m^2", gt=0)
    """Contact current at which half of that is lost, j_chi."""


class Short(ModeParameters):
    """What a filament that has crossed does."""

    gone: ClassVar = {
        "cross_section": "give the conductance of a filament, short.neck_conductance",
        "fuse_power": "a neck melts at a voltage of its own, from short.lorenz_number",
    }

    law: Literal["holds", "burns-out"]
    """``holds``: crossing is a hard short. ``burns-out``: it is a soft one where the shunted
    cell keeps the voltage that melts the bridge; else a hard one."""
    severity: Literal["fatal", "warning"]
    """Whether a hard short ends the run; after a warning the cell goes on, shorted."""
    filaments: Q("", gt=0)
    """Filaments of the cell that cross together, N_f."""
    neck_conductance: Q("S", gt=0)
    """Of one filament that has crossed, G_n."""
    lorenz_number: Q("V^2/K^2", gt=0)
    burnt_share: Q("", gt=0.05, lt=1)
    """Share of its sodium that a burnt filament loses, f."""
    fuse_time: Q("s", gt=0)
    """Time a bridge takes to close or to burn."""


class Leak(ModeParameters):
    """What electrons that cross the electrolyte do."""

    conductance_limit: Q("S/m^2", gt=0)
    """Filaments and leak together: the cell is said to leak when they conduct more."""
    nucleation: Literal["off", "above-critical"]
    """Whether sodium plates inside an electrolyte that conducts electrons too well."""
    critical_conductivity: Q("S/m", ge=0)
    """Electronic conductivity above which it does."""
    nucleation_factor: Q("", ge=0)
    """Length a filament gains per thickness of sodium plated inside."""


class Parameters(ModeParameters):
    """Filaments at sodium-metal interfaces, and electrons leaking through the electrolyte."""

    flaw: Flaw
    drive: Drive
    plug: Plug
    fracture: Fracture
    short: Short
    leak: Leak
