"""The interphase-growth mode: what it reads, writes, and when it calls the cell dead."""

from __future__ import annotations

from typing import Any

from twin import (
    FARADAY,
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
from twin_interphase.parameters import Parameters, table_of

_AREA = {"metal": (), "porous": ("particle area per cell area",)}


def _own_area(cell: CellContext, interface: Interface) -> float:
    """Return the interface's own area per cell area: ``3 eps L/R`` of a composite."""
    if interface.kind == "metal":
        return 1.0
    electrode = cell.electrode(interface.place)
    per_volume = 3 * electrode.active_fraction.si / electrode.particle_radius.si
    return float(per_volume * electrode.thickness.si)


class InterphaseGrowth(FailureMode):
    """Growth of a resistive layer at either electrode (equations in ``growth.py``)."""

    id = "interphase"
    title = "Interphase growth"
    references = (
        "Wagner 1933, Z. Phys. Chem. B 21, 25",
        "Wenzel et al. 2015, Solid State Ionics 278, 98",
        "Deysher et al. 2022, 10.1021/acsami.2c12759",
    )
    validity = Validity(
        temperature=(253.15, 370.0),
        says="solid sodium; a dense layer whose thickness is small against the electrolyte's",
    )
    Parameters = Parameters
    reads = (
        "Volume-averaged cell temperature [K]",
        "{interface} potential vs sodium [V]",
        "{interface} conducting fraction",
        "{interface} particle area per cell area",
    )
    writes = (Port.INTERFACE_RESISTANCE, Port.PARASITIC_CURRENT)

    def submodels(self, cell: CellContext) -> dict[str, Any]:
        """One layer at each interface."""
        from twin_interphase.growth import InterphaseGrowthRate, InterphaseLayer

        found: dict[str, Any] = {}
        for i in cell.interfaces:
            found[f"{i.place} layer"] = InterphaseLayer(cell, self.id, i)
            found[f"{i.place} growth"] = InterphaseGrowthRate(cell, self.id, i)
        return found

    def contributions(self, cell: CellContext) -> dict[PortAt, str]:
        """Resistance, and the current the reaction takes."""
        found: dict[PortAt, str] = {}
        for i in cell.interfaces:
            found[Port.INTERFACE_RESISTANCE.at(i.place)] = i("interphase resistance [Ohm.m2]")
            found[Port.PARASITIC_CURRENT.at(i.place)] = i("interphase current density [A.m-2]")
        return found

    def _side(self, cell: CellContext, interface: Interface) -> Any:
        return getattr(cell.parameters(self.id), table_of(interface))

    def criteria(self, cell: CellContext) -> list[Criterion]:
        """Too much resistance at an interface, or no sodium left in reserve."""
        found = []
        for i in cell.interfaces:
            side = self._side(cell, i)
            fresh = side.initial_thickness.si / side.conductivity.si / _own_area(cell, i)
            found.append(
                Criterion(
                    what=f"{i.place} interphase resistance",
                    variable=i("interphase resistance [Ohm.m2]"),
                    threshold=side.resistance_limit.si,
                    direction="above",
                    fresh=min(fresh, 0.5 * side.resistance_limit.si),
                    says=f"the interphase at the {i.place} has grown too resistive to pass current",
                )
            )
        for i in cell.metal_interfaces:
            electrode = cell.electrode(i.place)
            reserve = FARADAY * electrode.thickness.si / electrode.material.molar_volume.si
            if reserve > 0:
                found.append(
                    Criterion(
                        what=f"{i.place} sodium consumed",
                        variable=i("sodium lost [C.m-2]"),
                        threshold=reserve,
                        direction="above",
                        fresh=0.0,
                        says=f"side reactions have taken all of the {i.place}'s sodium in reserve",
                    )
                )
        return found

    def slow_states(self, cell: CellContext) -> list[SlowState]:
        """The layer thicknesses."""
        return [
            SlowState(i("interphase thickness [m]"))
            for i in cell.interfaces
            if self._side(cell, i).kind != "stable"
        ]

    def outputs(self, cell: CellContext) -> list[str]:
        """Thickness and resistance at each interface."""
        names = ["interphase thickness [m]", "interphase resistance [Ohm.m2]"]
        return [i(what) for i in cell.interfaces for what in (*names, *_AREA[i.kind])]

    def diagnose(self, run: RunRecord, cell: CellContext) -> Evidence:
        """Voltage lost across the layers, and the charge they took from a host electrode."""
        names = [i("interphase resistance [Ohm.m2]") for i in cell.interfaces]
        growth = sum(run.last[n] - run.first[n] for n in names)
        capacity = 0.0
        if cell.interfaces[0].kind == "porous":
            side, thickness = self._side(cell, cell.interfaces[0]), "Anode interphase thickness [m]"
            per_volume = side.electrons.si * FARADAY / side.molar_volume.si
            area = run.last["Anode particle area per cell area"] * run.area
            capacity = per_volume * (run.last[thickness] - run.first[thickness]) * area / 3600
        says = f"the interphases have added {growth * 1e4:.3g} ohm cm2"
        return Evidence(run.current_density * growth, capacity, says)
