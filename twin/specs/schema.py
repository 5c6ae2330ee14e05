"""What a cell is: the frozen, typed form every TOML file is read into."""

# mypy: disable-error-code="valid-type"
# Field types are made by Q(unit) and laws(unit), which mypy cannot follow.
from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, SerializeAsAny, Tag, model_validator

from twin.specs import rules
from twin.specs.filling import DISCHARGED, discharged_filling, is_discharged
from twin.specs.laws import Frozen, laws
from twin.specs.mixing import OF_METHOD, Method
from twin.specs.patches import Patches
from twin.specs.quantity import Q

SCHEMA_VERSION = 1
STEEPEST = 10
"""The largest exponent that can be computed with: a porosity of a hundredth to it is 1e-20."""


def _assumed(value: Any, note: str = "the twin's default") -> Any:
    """A field whose default counts as an assumption wherever provenance is counted."""
    return Field(default={"value": value, "status": "assumed", "note": note})


class Provenance(Frozen):
    """Where a file comes from and what it may be trusted for."""

    references: tuple[str, ...] = ()
    notes: str = ""
    valid_for: str = ""


class _Material(Frozen):
    name: str
    title: str
    family: str | None = None
    provenance: Provenance = Field(default_factory=Provenance)
    density: Q("kg/m^3", gt=0) | None = None
    youngs_modulus: Q("Pa", gt=0) | None = None
    poisson_ratio: Q("", gt=-1, lt=0.5) | None = None
    thermal_expansion: Q("1/K") | None = None
    heat_capacity: Q("J/(kg*K)", gt=0) | None = None


class Metal(_Material):
    """A metal electrode that plates and strips: sodium."""

    kind: Literal["metal"]
    molar_volume: Q("m^3/mol", gt=0)
    molar_mass: Q("kg/mol", gt=0) | None = None
    conductivity: Q("S/m", gt=0)
    melting_temperature: Q("K", gt=0) | None = None
    yield_strength: Q("Pa", gt=0) | None = None
    creep_rate: Q("1/s", ge=0) | None = None
    """Norton creep: strain rate at ``creep_reference_stress`` and reference temperature."""
    creep_reference_stress: Q("Pa", gt=0) | None = None
    creep_exponent: Q("", ge=1, le=STEEPEST) | None = None
    creep_activation_energy: Q("J/mol", ge=0) | None = None
    creep_reference_temperature: Q("K", gt=0) | None = None
    surface_energy: Q("J/m^2", ge=0) | None = None


class Intercalation(_Material):
    """A host that takes sodium up between ``stoichiometry`` 0 (empty) and 1 (full)."""

    kind: Literal["intercalation"]
    maximum_concentration: Q("mol/m^3", gt=0)
    open_circuit_potential: laws("V", over=("stoichiometry",))
    entropic_change: laws("V/K", over=("stoichiometry",)) = _assumed("0 V/K", "no entropic heat")
    diffusivity: laws("m^2/s", gt=0, over=("stoichiometry", "temperature"))
    conductivity: laws("S/m", gt=0, over=("stoichiometry", "temperature"))
    volume_change: Q("") | None = None
    """Relative volume change from empty to full (positive: swells on sodiation)."""
    yield_strength: Q("Pa", gt=0) | None = None
    """Of a host that flows, as an alloy does; brittle ones have none."""
    upper_limit: Q("V") | None = None
    """Potential against sodium beyond which the host itself is damaged for good."""
    critical_size: Q("m", gt=0) | None = None
    """Diameter above which its particles crack as they fill and empty, with the range as its
    ``spread`` (``"uniform LOW HIGH"``); no model reads it (:mod:`twin.specs.cracking`)."""
    creep_rate: Q("1/s", ge=0) | None = None
    """Norton creep of a host that flows, as of a metal."""
    creep_reference_stress: Q("Pa", gt=0) | None = None
    creep_exponent: Q("", ge=1, le=STEEPEST) | None = None
    creep_activation_energy: Q("J/mol", ge=0) | None = None
    creep_reference_temperature: Q("K", gt=0) | None = None


class Electrolyte(_Material):
    """An electrolyte: single-ion (t+ = 1, no concentration state) or binary."""

    kind: Literal["electrolyte"]
    transport: Literal["single-ion", "binary"]
    conductivity: laws("S/m", gt=0, over=("temperature", "concentration"))
    transference_number: laws("", ge=0, le=1, over=("temperature", "concentration")) = _assumed(
        1.0, "only the cation moves"
    )
    thermodynamic_factor: laws("", over=("temperature", "concentration")) = _assumed(
        1.0, "ideal solution"
    )
    diffusivity: laws("m^2/s", gt=0, over=("temperature", "concentration")) | None = None
    salt_concentration: Q("mol/m^3", gt=0) = _assumed("1000 mol/m^3")
    electronic_conductivity: Q("S/m", ge=0) | None = None
    fracture_toughness: Q("Pa*m^0.5", gt=0) | None = None
    fracture_strength: Q("Pa", gt=0) | None = None
    yield_strength: Q("Pa", gt=0) | None = None
    """Of an electrolyte that flows before it cracks; ceramics have none."""
    reduction_limit: Q("V") | None = None
    oxidation_limit: Q("V") | None = None
    relative_permittivity: Q("", ge=1) = _assumed(15.0, "an oxide's; only impedance asks for it")
    """Of the grains: their capacitance is ``eps_r eps_0/L``."""
    against_sodium: dict[str, dict[str, Any]] | None = None
    """What is known of the pair with sodium, by failure mode: laid over the mode's defaults
    where the cell has a metal electrode (:mod:`twin.specs.pairs`). A cell holds it in its
    ``modes``, not here."""
    boundary_capacitance_ratio: Q("", gt=0) = _assumed(100.0, "grains of 1 um, boundaries of 10 nm")
    """Capacitance of the grain boundaries over that of the grains: grain size over boundary
    width in a brick layer."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        rules.check_transport(self)
        return self


Material = Annotated[
    Annotated[Metal, Tag("kind:metal")]
    | Annotated[Intercalation, Tag("kind:intercalation")]
    | Annotated[Electrolyte, Tag("kind:electrolyte")],
    Discriminator(lambda value: f"kind:{_get(value, 'kind')}"),
]


def _get(table: Any, key: str) -> Any:
    return table.get(key) if isinstance(table, dict) else getattr(table, key, None)


ELECTRODE_OF = {"metal": "metal", "intercalation": "porous"}
"""The kind of electrode each kind of material makes."""


def electrode_kind(table: Any) -> str:
    """Return ``"metal"`` or ``"porous"``: as stated, or else by the material's kind."""
    stated = _get(table, "kind")
    if stated in ELECTRODE_OF.values():
        return str(stated)
    made = ELECTRODE_OF.get(str(_get(_get(table, "material"), "kind")))
    return made or ("porous" if _get(table, "particle_radius") is not None else "metal")


class MetalElectrode(Frozen):
    """A sodium foil or an in-situ plated layer."""

    kind: Literal["metal"] = "metal"
    material: Metal
    thickness: Q("m", ge=0)
    """Sodium present at the start, beyond what the cathode brings; none if anode-free."""
    counter_thickness: Q("m", ge=0) | None = None
    """Sodium on the other side of a symmetric cell where it is not as much: with none here
    and a foil there the cell is an anode-free half cell."""
    continuity_thickness: Q("m", gt=0) = _assumed("50 nm")
    """Below about this much sodium the layer stops covering the interface."""
    seed_thickness: Q("m", gt=0) = _assumed("1 nm", "three atoms deep: where plating starts")
    """What a bare collector holds beyond the sodium that is counted."""


class Mixing(Frozen):
    """How active material and electrolyte of a composite were brought together.

    The laws stand in :mod:`twin.specs.percolation`.
    """

    network: Literal["mixed powders", "continuous"] = "mixed powders"
    """``"mixed powders"``, whose paths must percolate (:mod:`twin.specs.percolation`: the
    electrode's ``tortuosity_exponent`` then says nothing), or ``"continuous"``: infiltrated,
    co-sintered, wetted or molten, where every phase hangs together."""
    size_ratio: Q("", gt=0) = _assumed(1.0, "particles of one size; the law is held from 0.5 to 2")
    """Diameter of an electrolyte particle over that of an active one (of agglomerates, theirs)."""
    porosity: Q("", ge=0, lt=1) | None = None
    """Pores; what active material and electrolyte leave (carbon counts as pores) if not given."""
    carbon: bool = True
    """Whether carbon carries the electrons: from about 4 % by mass on it spans the layer."""
    contact: Q("", gt=0, le=1) | None = None
    """The share of the particles' surface that touches electrolyte as assembled, where the
    diffusivity is a particle's that is fed all around: the detours inside slow it down. The
    exchange current holds it already."""
    method: Method | None = None
    """How it was made, where that says how much of the active material is used
    (``twin/specs/mixing.toml``)."""
    utilisation: Q("", gt=0, le=1, word=OF_METHOD) | None = None
    """The share of the active material that is used, measured, or learned from others made by
    the same ``method``: it stands in the place of the law's."""

    @model_validator(mode="after")
    def _learned(self) -> Self:
        stated = self.utilisation
        if stated is None or stated.text == OF_METHOD:
            utilisation = rules.utilisation_of(self)
            object.__setattr__(self, "utilisation", utilisation)
        return self


class PorousElectrode(Frozen):
    """A composite of active particles, electrolyte and additives."""

    kind: Literal["porous"] = "porous"
    material: Intercalation
    thickness: Q("m", gt=0)
    active_fraction: Q("", gt=0, lt=1)
    electrolyte_fraction: Q("", gt=0, lt=1)
    particle_radius: Q("m", gt=0)
    """Three times the particles' volume over their area, where they have a spread of sizes."""
    size_spread: Q("", ge=0, le=1.5) | None = None
    """Standard deviation of ``ln R``: sizes are then followed in classes
    (:mod:`twin.model.sizes`); all particles are alike if it is not given."""
    initial_stoichiometry: Q("", ge=0, le=1, word=DISCHARGED)
    """How full it is when the cell is put together. ``"discharged"``, of a cathode made with all
    its sodium: as full as the lower voltage limit leaves it (:mod:`twin.specs.filling`)."""
    electrolyte: Electrolyte | None = None
    """The electrolyte inside the composite, where it is not the separator's."""
    metal: Metal | None = None
    """What plates on a host anode below that metal's potential, and may enter the separator
    as a filament; none is followed where it is not named."""
    tortuosity_exponent: Q("", ge=0, le=STEEPEST) = _assumed(1.5, "Bruggeman")
    electronic_tortuosity_exponent: Q("", ge=0, le=STEEPEST) = _assumed(1.5, "Bruggeman")
    transport_efficiency: Q("", gt=0, le=1) | None = None
    """What is left of the electrolyte's conductivity and diffusivity in this layer, measured or
    fitted as such (``D_e,eff/D_e``): it stands in the place of
    ``electrolyte_fraction**tortuosity_exponent``, and of a packing's."""
    mixing: Mixing | None = None
    """How it was mixed; if not given, all its phases hang together whatever their shares."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        rules.check_fractions(self)
        rules.check_filling(self)
        return self


Electrode = Annotated[
    Annotated[MetalElectrode, Tag("kind:metal")] | Annotated[PorousElectrode, Tag("kind:porous")],
    Discriminator(lambda value: f"kind:{electrode_kind(value)}"),
]


class Separator(Frozen):
    """The electrolyte layer between the electrodes."""

    material: Electrolyte
    thickness: Q("m", gt=0)
    electrolyte_fraction: Q("", gt=0, le=1) = _assumed(1.0, "a dense layer")
    tortuosity_exponent: Q("", ge=0, le=STEEPEST) = _assumed(1.5, "Bruggeman")
    transport_efficiency: Q("", gt=0, le=1) | None = None
    """As in a composite."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        rules.check_transport_efficiency(self)
        return self


Contained = Literal["native film", "constriction"]


class InterfaceSpec(Frozen):
    """One electrode | electrolyte interface.

    ``exchange_current`` is the Butler–Volmer exchange current density of the pristine
    contact: per area of contact at a metal electrode, per particle area at half
    filling at an intercalation electrode. ``resistance`` is what the interface adds
    beyond charge transfer (a native film, a coating), per area of contact. Both carry the
    local current: where a share ``theta`` conducts they cost ``1/theta`` as much. The
    capacitances stand beside the two in an impedance: the double layer's per the same
    area as the exchange current, the film's per geometric area.
    """

    contains: tuple[Contained, ...] = ("native film", "constriction")
    """What the measured total, shared out into the two numbers below, already holds; no
    failure mode adds that again. A measured interface resistance is the whole of it: film,
    charge transfer and constriction."""

    exchange_current: laws("A/m^2", gt=0, over=("temperature",))
    resistance: laws("ohm*m^2", ge=0, over=("temperature",)) = _assumed(
        "0 ohm*m^2", "no native film"
    )
    double_layer_capacitance: Q("F/m^2", gt=0) = _assumed("10 uF/cm^2", "a textbook double layer")
    film_capacitance: Q("F/m^2", gt=0) = _assumed("1 uF/cm^2", "a film of 10 nm")
    patches: Patches | None = None
    """The patches of a metal face; it is taken by its mean without them."""


class Interfaces(Frozen):
    """The two interfaces. In a symmetric cell ``cathode`` defaults to the anode's."""

    anode: InterfaceSpec
    cathode: InterfaceSpec | None = None


class Stack(Frozen):
    """The fixture: what presses on the cell, and how stiff it is."""

    pressure: Q("Pa", ge=0)
    fixture: Literal["constant-force", "spring", "rigid"] = "constant-force"
    stiffness: Q("Pa/m", ge=0) | None = None
    """Pressure rise per stack thickness change, for ``fixture = "spring"``."""
    assembled_at: Q("Pa", ge=0) | None = None
    """Pressure the stack was put together under. Metal that was flattened keeps its contact."""
    pressed_at: Q("Pa", ge=0) | None = None
    """Pressure the stack was pressed at once, after it was put together and before its first
    step; it then runs at ``pressure``."""
    pressed_for: Q("s", gt=0) | None = None
    """How long it was pressed; long enough if not given."""
    treated: bool = False
    """Whether the metal was melted, evaporated or isostatically pressed onto the electrolyte:
    it then touches everywhere to begin with."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        rules.check_fixture(self)
        return self


class Thermal(Frozen):
    """The surroundings and the lumped heat balance."""

    model: Literal["isothermal", "lumped"] = "isothermal"
    ambient: Q("K", gt=0) = _assumed("25 degC")
    heat_capacity: Q("J/(m^2*K)", gt=0) | None = None
    """Heat capacity of the stack per geometric area."""
    heat_transfer: Q("W/(m^2*K)", ge=0) | None = None
    """Heat-transfer coefficient to the surroundings, per geometric area."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        rules.check_thermal(self)
        return self


class Window(Frozen):
    """Voltage limits of normal operation."""

    lower: Q("V")
    upper: Q("V")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        rules.check_window(self)
        return self


class EndOfLife(Frozen):
    """Criteria that belong to no mode."""

    capacity_fraction: Q("", ge=0, lt=1) = _assumed(0.8)
    """Dead below this share of the reference cycle's capacity."""
    first_capacity_fraction: Q("", ge=0, lt=1) = _assumed(0.1)
    """Dead from the start if the reference cycle discharges less than this share of the
    nominal capacity."""
    energy_efficiency: Q("", ge=0, lt=1) = _assumed(0.5)
    """Dead below this share of a cycle's charge energy given back. IEC 61427-2 and EN 18060
    have it measured and set no limit; below a half, more is heat than work."""
    resistance_factor: Q("", gt=1) | None = None
    """Dead above this multiple of the reference cycle's area resistance, where it is given:
    what a high resistance costs a user is capacity, energy or the voltage window."""
    resistance_warning: Q("", gt=1) = _assumed(3.0)
    """A warning above this multiple."""
    maximum_temperature: Q("K", gt=0) = _assumed("200 degC")
    reference_cycle: int = Field(default=1, ge=1, strict=True)
    """The cycle that capacity and resistance are compared with."""


class Correlation(Frozen):
    """Numbers whose spreads go together: every two of them have this correlation.

    It is the one of their normal scores (a Gaussian copula), so each keeps the
    distribution of its own ``spread``.
    """

    between: tuple[str, ...] = Field(min_length=2)
    """Dotted keys, each of a quantity with a ``spread``."""
    coefficient: Q("", gt=-1, lt=1)


class Geometry(Frozen):
    """The cell's lateral size."""

    area: Q("m^2", gt=0)


class CellSpec(Frozen):
    """A whole cell, ready to become a model.

    ``modes`` holds, for each failure mode the cell says something about, that mode's
    own parameter model (its defaults, overridden by the cell's ``[modes.<id>]``).
    """

    schema_version: Literal[1] = Field(alias="schema")
    name: str
    title: str
    kind: Literal["full", "symmetric"]
    family: str | None = None
    protocol: str | None = None
    """The protocol a run uses when none is named."""
    provenance: Provenance = Field(default_factory=Provenance)
    geometry: Geometry
    anode: Electrode
    electrolyte: Separator
    cathode: Electrode | None = None
    interfaces: Interfaces
    stack: Stack
    thermal: Thermal = Field(default_factory=Thermal)
    window: Window
    nominal_capacity: Q("A*hour", gt=0) | None = None
    """For C-rates; the theoretical capacity of the limiting electrode if not given."""
    end_of_life: EndOfLife = Field(default_factory=EndOfLife)
    correlations: dict[str, Correlation] | None = None
    """What goes together where numbers are uncertain; each has a name of its own."""
    modes: dict[str, SerializeAsAny[Any]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        rules.check_kind(self)
        rules.check_laws(self)
        rules.check_discharged(self)
        rules.check_patches(self)
        if isinstance(self.cathode, PorousElectrode) and is_discharged(self.cathode):
            # The word's number hangs on the whole cell, so it is worked out anew for each.
            start = self.cathode.initial_stoichiometry
            resolved = replace(start, si=discharged_filling(self))
            cathode = self.cathode.model_copy(update={"initial_stoichiometry": resolved})
            object.__setattr__(self, "cathode", cathode)
        return self
