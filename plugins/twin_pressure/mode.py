"""The stack-pressure mode: what it reads, writes, and when it calls the cell dead."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from twin import (
    FARADAY,
    GAS_CONSTANT,
    CellContext,
    Criterion,
    Evidence,
    FailureMode,
    Interface,
    Port,
    PortAt,
    RunRecord,
    SlowState,
    Validity,
)
from twin_pressure.interfaces import (
    CURRENT,
    DEAD,
    FIRST,
    creeping,
    feels_pressure,
    isolates,
    keeps_some,
)
from twin_pressure.parameters import Parameters


class StackPressure(FailureMode):
    """Contact, voids and the fixture at sodium-metal interfaces.

    The equations stand beside the code: what touches in ``contact.py``,
    ``nucleation.py`` and ``melting.py``; voids in ``voids.py``, ``refill.py`` and
    ``vacancies.py``; the sodium that stripping cuts off in ``isolation.py``; the stack in
    ``fixture.py``, ``squeeze.py`` and ``creep.py``; what it does to the voltage in
    ``potential.py``; the short by pressure alone in ``extrusion.py``.
    """

    id = "pressure"
    title = "Contact loss under stack pressure"
    references = (
        "Spencer Jolly et al. 2020, ACS Appl. Mater. Interfaces 12, 678",
        "Lowack, arXiv 2603.23340",
        "Wang et al. 2020, Materialia 100792",
        "Ortmann et al. 2023, Adv. Energy Mater., 10.1002/aenm.202302729",
        "Brighi et al. 2022, Adv. Mater. Interfaces 9, 2101254",
    )
    validity = Validity(
        temperature=(253.15, 623.15),
        pressure=(0.0, 70e6),
        says="sodium, solid or molten, on an electrolyte that does not yield to it",
    )
    shows = "{interface} void height [m]"
    Parameters = Parameters
    reads = (
        "Stack pressure [Pa]",
        "Volume-averaged cell temperature [K]",
        "Separator resistance [Ohm.m2]",
        "{interface} current density [A.m-2]",
        "{interface} local current density [A.m-2]",
        "{interface} conducting fraction",
        "{interface} thickness change [m]",
        "{interface} sodium thickness [m]",
        "{interface} sodium lost [C.m-2]",
    )
    writes = (
        Port.CONTACT_FRACTION,
        Port.INTERFACE_RESISTANCE,
        Port.EQUILIBRIUM_POTENTIAL,
        Port.PARASITIC_CURRENT,
        Port.STACK_PRESSURE,
    )

    def submodels(self, cell: CellContext) -> dict[str, Any]:
        """Contact and voids at each metal, one fixture for the stack."""
        from twin_pressure.contact import Constriction, contact_submodel
        from twin_pressure.extrusion import Extrusion
        from twin_pressure.fixture import Fixture, creep_submodel
        from twin_pressure.isolation import Isolation
        from twin_pressure.melting import Wetting
        from twin_pressure.potential import StressPotential
        from twin_pressure.refill import refill_submodels
        from twin_pressure.voids import VoidGrowth, Voids

        submodels: dict[str, Any] = {
            "fixture": Fixture(cell, self.id),
            "creep": creep_submodel(cell, self.id),
        }
        for i in cell.interfaces:
            if feels_pressure(cell, self.id, i):
                submodels[f"{i.place} stress potential"] = StressPotential(cell, self.id, i)
        for i in cell.metal_interfaces:
            of_interface: dict[str, Any] = {
                "contact": contact_submodel(cell, self.id, i),
                "constriction": Constriction(cell, self.id, i),
                "wetting": Wetting(cell, self.id, i),
                "voids": Voids(cell, self.id, i),
                "void growth": VoidGrowth(cell, self.id, i),
                **refill_submodels(cell, self.id, i),
            }
            if isolates(cell, self.id, i):
                of_interface["isolation"] = Isolation(cell, self.id, i)
            if self._is_pressed(cell):
                of_interface["extrusion"] = Extrusion(cell, self.id, i)
            submodels |= {f"{i.place} {name}": submodel for name, submodel in of_interface.items()}
        return submodels

    def _is_pressed(self, cell: CellContext) -> bool:
        return bool(cell.parameters(self.id).extrusion.pellet == "pressed")

    def contributions(self, cell: CellContext) -> dict[PortAt, str]:
        """Contact, constriction, pressure, and the sodium that stripping cuts off."""
        contributions = {Port.STACK_PRESSURE.at(): "Fixture pressure change [Pa]"}
        for i in cell.interfaces:
            if feels_pressure(cell, self.id, i):
                contributions[Port.EQUILIBRIUM_POTENTIAL.at(i.place)] = i("stress potential [V]")
        for i in cell.metal_interfaces:
            contributions[Port.CONTACT_FRACTION.at(i.place)] = i("touching fraction")
            contributions[Port.INTERFACE_RESISTANCE.at(i.place)] = i(
                "constriction resistance [Ohm.m2]"
            )
        for i in self._isolating(cell):
            contributions[Port.PARASITIC_CURRENT.at(i.place)] = i(CURRENT)
        return contributions

    def _isolating(self, cell: CellContext) -> list[Interface]:
        return [i for i in cell.metal_interfaces if isolates(cell, self.id, i)]

    def criteria(self, cell: CellContext) -> list[Criterion]:
        """Too little of an interface touches, or sodium is pressed right through."""
        limit = cell.parameters(self.id).contact_limit.si
        criteria = [
            Criterion(
                what=f"{i.place} contact lost",
                variable=i("kept contact fraction"),
                threshold=limit,
                direction="below",
                fresh=1.0,
                says=f"voids or too little pressure leave the {i.place} hardly any of its contact",
            )
            for i in cell.metal_interfaces
        ]
        if self._is_pressed(cell):
            thickness = cell.quantity("electrolyte.thickness").si
            criteria += [
                Criterion(
                    what=f"{i.place} extruded through",
                    variable=i("extrusion depth [m]"),
                    threshold=thickness,
                    direction="above",
                    fresh=0.0,
                    says=f"the pressure has pushed the {i.place}'s sodium through the pellet: "
                    "a short without current",
                    is_short=True,
                )
                for i in cell.metal_interfaces
            ]
        return criteria

    def slow_states(self, cell: CellContext) -> list[SlowState]:
        """The void states, in which the runaway is already smooth, what creeps, what is dead."""
        own = cell.parameters(self.id)
        names = ["void state"]
        kept = own.contact.law in ("creep", "fractal", "plastic")
        names += ["pressed contact fraction"] * kept
        names += ["extrusion state"] * self._is_pressed(cell)
        states = [SlowState(i(name)) for i in cell.metal_interfaces for name in names]
        states += [SlowState(i(DEAD)) for i in self._isolating(cell)]
        first = [i for i in cell.metal_interfaces if keeps_some(cell, self.id, i)]
        states += [SlowState(i(FIRST)) for i in first]
        return states + [SlowState(i("creep strain")) for i in self._creeping(cell)]

    def _creeping(self, cell: CellContext) -> tuple[Interface, ...]:
        return creeping(cell, self.id)

    def outputs(self, cell: CellContext) -> list[str]:
        """Voids, contact, what the interface can refill, and what the options add."""
        own = cell.parameters(self.id)
        names = [
            "touching fraction",
            "kept contact fraction",
            "void height [m]",
            "pristine resistance [Ohm.m2]",
            "constriction resistance [Ohm.m2]",
            "refill current density [A.m-2]",
            "reference exchange current density [A.m-2]",
        ]
        names += ["vacancy supersaturation"] * (own.voids.refill == "vacancy-diffusion")
        names += ["extrusion depth [m]"] * self._is_pressed(cell)
        outputs = [i(name) for i in cell.metal_interfaces for name in names]
        outputs += [i(DEAD) for i in self._isolating(cell)]
        outputs += [i("constraint factor") for i in self._creeping(cell)]
        return [*outputs, "Stack thickness change [m]"]

    def provides(self, cell: CellContext) -> list[str]:
        """What is stored, and the share of the interface that voids take."""
        return [*self.outputs(cell), *(i("void fraction") for i in cell.metal_interfaces)]

    def diagnose(self, run: RunRecord, cell: CellContext) -> Evidence:
        """Voltage lost to constriction and crowding; capacity lost with dead sodium."""
        volts, lost = self._shifted(run, cell), []
        thermal = 2 * GAS_CONSTANT * run.temperature / FARADAY
        for i in cell.metal_interfaces:
            key = i("constriction resistance [Ohm.m2]")
            volts += run.current_density * (run.last[key] - run.first[key])
            j0 = run.last[i("reference exchange current density [A.m-2]")]
            film = run.last[i("pristine resistance [Ohm.m2]")]
            # What else keeps it from conducting crowds it too.
            touching = max(run.last[i("touching fraction")], 1e-8)
            others = run.last[i("conducting fraction")] / touching
            local = [
                run.current_density / max(row[i("touching fraction")] * others, 1e-8)
                for row in (run.first, run.last)
            ]
            eta = [j * film + thermal * math.asinh(j / (2 * j0)) for j in local]
            volts += eta[1] - eta[0]
            lost.append(f"{i.place} contact {run.last[i('touching fraction')]:.3g}")
            bears, j = run.last[i("refill current density [A.m-2]")], run.current_density
            if 0 < bears < j:
                times = f"{j / bears:.2g} times what refills it"
                lost[-1] += f" ({j / 10:.3g} mA/cm2 is {times} when stripped)"
        capacity = 0.0
        for i in self._isolating(cell):
            dead = [self._missed(cell, i, values) for values in (run.first, run.last)]
            capacity += (dead[1] - dead[0]) * run.area / 3600
            lost.append(f"{i.place} sodium cut off {run.last[i(DEAD)] / 36e3:.3g} mAh/cm2")
        return Evidence(volts, capacity, ", ".join(lost))

    def _shifted(self, run: RunRecord, cell: CellContext) -> float:
        """Return the voltage that the stress has taken off the electrodes' potentials [V]."""
        volts = 0.0
        for at, name in self.contributions(cell).items():
            if at.port is Port.EQUILIBRIUM_POTENTIAL:
                shift = run.last[name] - run.first[name]
                volts += shift if at.place == "anode" else -shift
        return volts

    @staticmethod
    def _missed(cell: CellContext, i: Interface, values: Mapping[str, float]) -> float:
        """Return the dead sodium that no reserve makes up for [C.m-2]."""
        return max(values[i(DEAD)] - cell.sodium_at_first(i.place), 0.0)
