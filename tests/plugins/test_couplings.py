"""Every coupling between the modes is live: what one does moves the other, the right way.

Each row turns one cause on and looks at one effect of it, in a cell whose modes meet through
ports alone. A row holds the cause, the effect's variable, the sign of its change, the steps,
the cell, and what is chosen without and with the cause: modes, and overrides. The rows are
those of the table in docs/verification.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from twin import Port

HOUR = 3600.0
RISES, FALLS = 1, -1
SODIUM, NVP = "na-nzsp-na", "na-nzsp-nvp"

WIDE = {"anode.thickness": "1 mm", "window.lower": "-1e3 V", "window.upper": "1e3 V"}
GROWING = {
    "modes.interphase.anode.kind": "insulating",
    "modes.interphase.anode.rate_constant": "1e-10 m/s",
    "modes.interphase.anode.parabolic_constant": "1e-18 m^2/s",
    "modes.interphase.anode.conductivity": "1e-6 S/m",
    "modes.interphase.anode.renewal_per_strain": 0.0,
}
EATING = {
    "modes.interphase.cathode.kind": "mixed-conducting",
    "modes.interphase.cathode.stability_limit": "3.2 V",
    "modes.interphase.cathode.reference_drive": "0.1 V",
    "modes.interphase.cathode.rate_constant": "1e-13 m/s",
    "modes.interphase.cathode.active_consumed": 1.0,
}
BADLY_PRESSED = {"stack.pressure": "0.5 MPa", "modes.pressure.voids.refill_current": "0 A/m^2"}
PARTING = {
    # An hour's charge strains the host a little; sodium yields at so little that the
    # reference of a ceramic is never felt.
    "modes.delamination.cathode.fatigue_strain": 5e-3,
    "modes.delamination.cathode.fracture_energy": "1e9 J/m^2",
    "modes.delamination.anode.fracture_energy": "1e9 J/m^2",
    "modes.delamination.anode.saturation_exponent": 1.0,
    "modes.delamination.anode.fatigue_factor": 300.0,
    "modes.delamination.anode.fatigue_reference_stress": "0.2 MPa",
    "stack.pressure": "0 Pa",
}
AGEING = {
    f"modes.blocking.{layer}.field_ageing_rate": "1e-5 1/s" for layer in ("separator", "cathode")
}
LEAKY = {"electrolyte.material.electronic_conductivity": "1e-5 S/m"}
ADIABATIC = {"thermal.model": "lumped", "thermal.heat_transfer": "0 W/(m^2*K)"}
# A metal that flows would give the pressure back.
SPRING = {
    "stack.fixture": "spring",
    "stack.stiffness": "1e10 Pa/m",
    "modes.pressure.stack.creep_relaxation": "off",
}

REST, STRIP, PLATE = [(0.0, HOUR)], [(3.0, HOUR)], [(-3.0, HOUR)]
STRIP_AND_PLATE = [(3.0, HOUR), (-3.0, 600.0)]
# Two MPa more on the stack, as any mode may bring them.
PRESSED = {Port.STACK_PRESSURE.at(): 2e6}


@dataclass(frozen=True)
class Choice:
    """Modes, ports held at a value, and overrides."""

    modes: tuple[str, ...] = ()
    overrides: dict[str, Any] = field(default_factory=dict)
    ports: dict[Any, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One coupling; see the module's text."""

    cause: str
    effect: str
    sign: int
    steps: list[Any]
    without: Choice
    given: Choice
    cell: str = SODIUM
    model: str = "dfn"


def joins(cause, effect, sign, steps, mode, beside=(), overrides=None, **more):
    """A row whose cause is a mode that joins the others."""
    own = WIDE | (overrides or {})
    one, two = Choice(tuple(beside), own), Choice((*beside, mode), own)
    return Row(cause, effect, sign, steps, one, two, **more)


def changes(cause, effect, sign, steps, modes, change, overrides=None, **more):
    """A row whose cause is a change of the cell."""
    own = WIDE | (overrides or {})
    return Row(cause, effect, sign, steps, Choice(modes, own), Choice(modes, own | change), **more)


def presses(effect, sign, modes, overrides=None, steps=REST, **more):
    """A row whose cause is the stack pressure."""
    own = WIDE | {"stack.pressure": "1 MPa"} | (overrides or {})
    one, two = Choice(modes, own), Choice(modes, own, PRESSED)
    return Row("p", effect, sign, steps, one, two, **more)


def warms(effect, sign, modes, overrides=None, steps=REST, to="60 degC", **more):
    """A row whose cause is the temperature."""
    return changes("T", effect, sign, steps, modes, {"thermal.ambient": to}, overrides, **more)


FULL = {"cell": NVP, "model": "spm"}
HOST = {"cell": "hc-nzsp-nvp", "model": "spm"}
# Nearly half full, charged so fast that sodium plates.
FILLED = {"anode.initial_stoichiometry": 0.45, "anode.thickness": "80 um"}
FAST = [(-8.0, 2000.0)]
# A cathode that loses much, half full so that it can be charged.
FADING = {"modes.fade.polyanion.loss": 2.0, "cathode.initial_stoichiometry": 0.5}
CHARGED = [(-2.0, HOUR)]
# Tin with some sodium, and room for it in the cathode.
TIN = {"cell": "sn-nbh-nco", "model": "spm"}
FILLED_TIN = {
    "anode.thickness": "20 um",
    "anode.initial_stoichiometry": 0.3,
    "cathode.initial_stoichiometry": 0.2,
}
STRIPPED = [(1.0, 2.5 * HOUR)]
ROWS = [
    # interphase -> cell and dendrite
    joins("interphase", "Anode series resistance [Ohm.m2]", RISES, REST, "interphase", (), GROWING),
    joins("interphase", "Anode sodium lost [C.m-2]", RISES, REST, "interphase", (), GROWING),
    joins(
        "interphase",
        "Anode tip overpotential [V]",
        RISES,
        PLATE,
        "interphase",
        ("dendrite",),
        GROWING | {"modes.dendrite.drive.film_share": 0.1},
    ),
    joins(
        "interphase",
        "Anode critical plating current density [A.m-2]",
        FALLS,
        PLATE,
        "interphase",
        ("dendrite",),
        GROWING | {"modes.dendrite.drive.film_share": 0.1},
    ),
    joins(
        "interphase",
        "Cathode active material fraction",
        FALLS,
        REST,
        "interphase",
        (),
        EATING | {"cathode.initial_stoichiometry": 0.5},
        **FULL,
    ),
    changes(
        "interphase",
        "Separator electrolyte left",
        FALLS,
        REST,
        ("interphase",),
        {"modes.interphase.anode.electrolyte_consumed": 3.0},
        GROWING | {"modes.interphase.anode.electrolyte_consumed": 1.0},
    ),
    # voids and delamination -> interphase
    joins(
        "voids",
        "Anode interphase volume rate [m.s-1]",
        FALLS,
        STRIP,
        "pressure",
        ("interphase",),
        GROWING | BADLY_PRESSED,
    ),
    joins(
        "delamination",
        "Anode interphase volume rate [m.s-1]",
        FALLS,
        REST,
        "delamination",
        ("interphase",),
        GROWING | PARTING | {"thermal.ambient": "60 degC"},
    ),
    changes(
        "recontact",
        "Anode dense interphase thickness [m]",
        FALLS,
        STRIP_AND_PLATE,
        ("interphase", "pressure"),
        {"modes.interphase.anode.fresh_share": 1.0},
        GROWING | BADLY_PRESSED | {"modes.interphase.anode.fresh_share": 0.0},
    ),
    # voids and delamination -> dendrite
    joins(
        "voids",
        "Anode tip current density [A.m-2]",
        RISES,
        STRIP_AND_PLATE,
        "pressure",
        ("dendrite",),
        BADLY_PRESSED,
    ),
    joins(
        "voids",
        "Anode critical plating current density [A.m-2]",
        FALLS,
        STRIP_AND_PLATE,
        "pressure",
        ("dendrite",),
        BADLY_PRESSED,
    ),
    joins(
        "delamination",
        "Anode tip current density [A.m-2]",
        RISES,
        [(0.0, HOUR), (-3.0, 60.0)],
        "delamination",
        ("dendrite",),
        PARTING | {"thermal.ambient": "60 degC"},
    ),
    # delamination of the cathode -> cell
    joins(
        "delamination",
        "Cathode active material fraction",
        FALLS,
        [(-2.0, HOUR)],
        "delamination",
        (),
        PARTING,
        **FULL,
    ),
    joins(
        "delamination",
        "Cathode local current density [A.m-2]",
        RISES,
        [(-2.0, HOUR)],
        "delamination",
        (),
        PARTING | {"modes.delamination.cathode.isolated_share": 0.0},
        **FULL,
    ),
    # what swells -> p
    joins("voids", "Stack pressure [Pa]", RISES, STRIP, "pressure", (), BADLY_PRESSED | SPRING),
    joins(
        "plated sodium",
        "Stack pressure [Pa]",
        RISES,
        [(-2.0, HOUR)],
        "pressure",
        (),
        SPRING,
        **FULL,
    ),
    changes(
        "emptied host",
        "Stack pressure [Pa]",
        FALLS,
        [(-2.0, HOUR)],
        ("pressure",),
        {"cathode.material.volume_change": 0.2},
        SPRING | {"cathode.material.volume_change": 0.02},
        **FULL,
    ),
    # p -> all
    presses("Anode touching fraction", RISES, ("pressure",), {"stack.pressed_at": "0 Pa"}),
    presses("Anode refill current density [A.m-2]", RISES, ("pressure",)),
    presses(
        "Anode void height [m]",
        FALLS,
        ("pressure",),
        BADLY_PRESSED | {"modes.pressure.voids.creep_closure": "wilkinson-ashby"},
        [(3.0, HOUR), (0.0, 1.0)],
    ),
    presses(
        "Anode extrusion depth [m]",
        RISES,
        ("pressure",),
        {"modes.pressure.extrusion.pellet": "pressed", "stack.pressure": "40 MPa"},
    ),
    presses(
        "Cathode opening traction [Pa]",
        FALLS,
        ("delamination",),
        PARTING | {"stack.pressure": "1 MPa"},
        [(-2.0, HOUR)],
        **FULL,
    ),
    presses(
        "Anode stress intensity [Pa.m0.5]",
        RISES,
        ("dendrite",),
        {},
        PLATE,
    ),
    presses(
        "Anode interphase thickness [m]",
        FALLS,
        ("interphase",),
        {"modes.interphase.anode.kind": "stable", "modes.interphase.anode.porosity": 0.3},
    ),
    # blocking -> dendrite, cell and constriction; delamination -> blocking
    joins(
        "blocking",
        "Anode critical plating current density [A.m-2]",
        FALLS,
        PLATE,
        "blocking",
        ("dendrite",),
        AGEING,
    ),
    joins("blocking", "Separator resistance [Ohm.m2]", RISES, PLATE, "blocking", (), AGEING),
    joins(
        "blocking",
        "Anode constriction resistance [Ohm.m2]",
        RISES,
        PLATE,
        "blocking",
        ("pressure",),
        AGEING | {"stack.pressure": "0.5 MPa", "interfaces.anode.contains": []},
    ),
    changes(
        "space charge",
        "Anode series resistance [Ohm.m2]",
        RISES,
        REST,
        ("blocking",),
        {"modes.blocking.space_charge.anode.potential": "0.3 V"},
    ),
    joins(
        "delamination",
        "Separator grain-boundary damage",
        RISES,
        REST,
        "delamination",
        ("blocking",),
        PARTING | {"thermal.ambient": "60 degC", "modes.blocking.separator.strain_ageing": 1e3},
    ),
    # dendrite -> cell
    changes(
        "leak",
        "Cathode stoichiometry",
        RISES,
        REST,
        ("dendrite",),
        LEAKY,
        {"cathode.initial_stoichiometry": 0.5},
        **FULL,
    ),
    changes(
        "leak",
        "Volume-averaged cell temperature [K]",
        RISES,
        REST,
        ("dendrite",),
        LEAKY,
        ADIABATIC | {"cathode.initial_stoichiometry": 0.5},
        **FULL,
    ),
    changes(
        "burnt filament",
        "Anode sodium lost [C.m-2]",
        RISES,
        [(-60.0, 120.0)],
        ("dendrite",),
        {"modes.dendrite.short.neck_conductance": "1 uS"},
        {
            "modes.dendrite.short.law": "burns-out",
            "modes.dendrite.short.neck_conductance": "10 S",
            "modes.dendrite.short.severity": "warning",
            "modes.dendrite.flaw.length": "490 um",
            "modes.dendrite.flaw.thickness_share": 0.99,
        },
    ),
    # the cell's own heat -> what is activated
    changes(
        "heat",
        "Anode interphase grown [m]",
        RISES,
        [(-30.0, HOUR)],
        ("interphase",),
        ADIABATIC,
        GROWING,
    ),
    # fade -> cathode
    joins("fade", "Cathode active material fraction", FALLS, CHARGED, "fade", (), FADING, **FULL),
    joins(
        "fade", "Cathode local current density [A.m-2]", RISES, CHARGED, "fade", (), FADING, **FULL
    ),
    warms("Cathode faded fraction", RISES, ("fade",), FADING, CHARGED, **FULL),
    # tin that is pulverised -> anode, and what is left of its sodium
    joins(
        "pulverisation",
        "Anode active material fraction",
        FALLS,
        STRIPPED,
        "pulverisation",
        (),
        FILLED_TIN,
        **TIN,
    ),
    joins(
        "pulverisation",
        "Anode stoichiometry",
        FALLS,
        STRIPPED,
        "pulverisation",
        (),
        FILLED_TIN,
        **TIN,
    ),
    # T -> all
    warms("Separator resistance [Ohm.m2]", FALLS, ()),
    warms("Anode charge-transfer resistance [Ohm.m2]", FALLS, ()),
    warms("Anode refill current density [A.m-2]", RISES, ("pressure",)),
    warms("Anode interphase grown [m]", RISES, ("interphase",), GROWING),
    warms("Anode interphase resistance [Ohm.m2]", FALLS, ("interphase",), steps=[(0.0, 1.0)]),
    warms("Anode misfit strain", RISES, ("delamination",)),
    warms("Anode critical plating current density [A.m-2]", RISES, ("dendrite",)),
    warms(
        "Separator grain-boundary resistance ratio",
        FALLS,
        ("blocking",),
        {"modes.blocking.separator.activation_energy": "0.6 eV"},
    ),
    # a host that falls below sodium
    joins("plating", "Anode stoichiometry", FALLS, FAST, "plating", (), FILLED, **HOST),
    joins("plating", "Anode potential vs sodium [V]", RISES, FAST, "plating", (), FILLED, **HOST),
    joins(
        "plating", "Anode filament filling", RISES, FAST, "plating", ("dendrite",), FILLED, **HOST
    ),
    presses("Anode plated sodium [C.m-2]", FALLS, ("plating",), FILLED, FAST, **HOST),
    warms("Anode plated sodium [C.m-2]", FALLS, ("plating",), FILLED, FAST, to="40 degC", **HOST),
    warms("Anode liquid fraction", RISES, ("pressure",), to="110 degC"),
    warms(
        "Anode void height [m]",
        FALLS,
        ("pressure",),
        BADLY_PRESSED,
        STRIP,
        to="110 degC",
    ),
]


def name_of(row):
    return f"{row.cause} -> {row.effect.split(' [')[0]}"


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_coupling(make_cell, run, pin, record_property, row):
    ends = []
    for choice in (row.without, row.given):
        modes = [*choice.modes, *([pin(choice.ports)] if choice.ports else [])]
        spec = make_cell(row.cell, choice.overrides)
        seen = run(spec, row.steps, modes, model=row.model)
        assert seen.termination == "final time"
        values = seen[row.effect]
        assert np.isfinite(values).all()
        ends.append(float(values[-1]))
    without, given = ends
    record_property("coupling", [row.cause, row.effect, without, given])
    assert row.sign * (given - without) > 1e-4 * max(abs(given), abs(without)), ends


def test_all_couplings_are_named_once():
    names = [name_of(row) for row in ROWS]
    assert len(set(names)) == len(names)
