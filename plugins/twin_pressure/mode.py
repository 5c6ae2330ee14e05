"""The stack-pressure mode: what it reads, writes, and when it calls the cell dead."""

from __future__ import annotations

import math
from typing import Any

from twin import (
    CellContext,
    Criterion,
    Evidence,
    FailureMode,
    Port,
    PortAt,
    RunRecord,
    SlowState,
    Validity,
)
from twin_pressure.parameters import Parameters


class StackPressure(FailureMode):
    """Contact, voids and the fixture at sodium-metal interfaces.

    The equations stand in ``contact.py``, ``voids.py``, ``fixture.py`` and ``creep.py``.
    """

    id = "pressure"
    title = "Contact loss under stack pressure"
    references = (
        "Spencer Jolly et al. 2020, ACS Appl. Mater. Interfaces 12, 678",
        "Lowack, arXiv 2603.23340",
        "Wang et al. 2020, Materialia 100792",
    )
    validity = Validity(
        temperature=(253.15, 370.9),
        pressure=(0.0, 30e6),
        says="solid sodium on a stiff electrolyte; free creep (no friction of thin layers)",
    )
    Parameters = Parameters
    reads = (
        "Stack pressure [Pa]",
        "Volume-averaged cell temperature [K]",
        "Separator resistance [Ohm.m2]",
        "{interface} current density [A.m-2]",
        "{interface} conducting fraction",
        "{interface} thickness change [m]",
        "{interface} sodium thickness [m]",
    )
    writes = (Port.CONTACT_FRACTION, Port.INTERFACE_RESISTANCE, Port.STACK_PRESSURE)

    def submodels(self, cell: CellContext) -> dict[str, Any]:
        """Contact and voids at each metal, one fixture for the stack."""
        from twin_pressure.contact import Constriction, RoughContact
        from twin_pressure.fixture import Fixture
        from twin_pressure.voids import Voids

        found: dict[str, Any] = {"fixture": Fixture(cell, self.id)}
        for i in cell.metal_interfaces:
            found[f"{i.place} contact"] = RoughContact(cell, self.id, i)
            found[f"{i.place} constriction"] = Constriction(cell, self.id, i)
            found[f"{i.place} voids"] = Voids(cell, self.id, i)
        return found

    def contributions(self, cell: CellContext) -> dict[PortAt, str]:
        """Contact, constriction and pressure."""
        found = {Port.STACK_PRESSURE.at(): "Fixture pressure change [Pa]"}
        for i in cell.metal_interfaces:
            found[Port.CONTACT_FRACTION.at(i.place)] = i("touching fraction")
            found[Port.INTERFACE_RESISTANCE.at(i.place)] = i("constriction resistance [Ohm.m2]")
        return found

    def criteria(self, cell: CellContext) -> list[Criterion]:
        """Too little of an interface touches."""
        limit = cell.parameters(self.id).contact_limit.si
        return [
            Criterion(
                what=f"{i.place} contact lost",
                variable=i("touching fraction"),
                threshold=limit,
                direction="below",
                fresh=1.0,
                says=f"voids or too little pressure leave the {i.place} hardly any contact",
            )
            for i in cell.metal_interfaces
        ]

    def slow_states(self, cell: CellContext) -> list[SlowState]:
        """The void states, in which the runaway is already smooth."""
        return [SlowState(i("void state")) for i in cell.metal_interfaces]

    def outputs(self, cell: CellContext) -> list[str]:
        """Voids, contact and what the interface can refill."""
        names = (
            "touching fraction",
            "void height [m]",
            "constriction resistance [Ohm.m2]",
            "refill current density [A.m-2]",
            "reference exchange current density [A.m-2]",
        )
        return [i(name) for i in cell.metal_interfaces for name in names]

    def diagnose(self, run: RunRecord, cell: CellContext) -> Evidence:
        """Voltage lost to constriction and to crowding the reaction into less area."""
        volts, lost = 0.0, []
        thermal = 2 * 8.314462618 * run.temperature / 96485.33212
        for i in cell.metal_interfaces:
            key = i("constriction resistance [Ohm.m2]")
            volts += run.current_density * (run.last[key] - run.first[key])
            j0 = run.last[i("reference exchange current density [A.m-2]")]
            eta = [
                thermal * math.asinh(run.current_density / (2 * j0 * max(theta, 1e-8)))
                for theta in (run.first[i("touching fraction")], run.last[i("touching fraction")])
            ]
            volts += eta[1] - eta[0]
            lost.append(f"{i.place} contact {run.last[i('touching fraction')]:.3g}")
        return Evidence(polarisation=volts, says=", ".join(lost))
