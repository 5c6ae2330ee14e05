"""The interphase-growth mode: what it reads, writes, and when it calls the cell dead."""

from __future__ import annotations

import math
from typing import Any, Literal

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
from twin_interphase.parameters import (
    CONTACT,
    DETOURS,
    FORMED,
    Parameters,
    consumes_active,
    feeds,
    forms_at_once,
    table_of,
    takes_contact,
)

Layer = Literal["separator", "cathode"]
EXCHANGE = "reference exchange current density [A.m-2]"
_LAYERS: tuple[Layer, ...] = ("separator", "cathode")


def _fresh_resistance(cell: CellContext, interface: Interface, side: Any) -> float:
    """Return what the native layer adds per cell area [Ohm.m2], at the stack's pressure."""
    if cell.contains(interface, "native film"):
        return 0.0
    area = 1.0
    if interface.kind == "porous":
        electrode = cell.porous(interface.place)
        per_volume = 3 * electrode.active_fraction.si / electrode.particle_radius.si
        per_volume *= cell.utilisation_now(interface.place)
        area = side.area_share.si * per_volume * electrode.thickness.si
    pressed = math.exp(-cell.spec.stack.pressure.si / side.densification_pressure.si)
    density = 1 - side.porosity.si * pressed
    conductivity = side.conductivity.si
    if side.kind == "self-limiting":
        grown = side.limiting_thickness.si - side.initial_thickness.si
        conductivity = grown / max(side.limiting_resistance.si, 1e-12)
    dense = side.initial_thickness.si / conductivity / area
    return float(dense / density ** (1 + side.density_exponent.si))


class InterphaseGrowth(FailureMode):
    """Growth of a resistive layer at either electrode.

    The equations stand in ``growth.py``, ``renewal.py`` and ``consumption.py``.
    """

    id = "interphase"
    title = "Interphase growth"
    references = (
        "Wagner 1933, Z. Phys. Chem. B 21, 25",
        "Wenzel et al. 2015, Solid State Ionics 278, 98",
        "Deysher et al. 2022, 10.1021/acsami.2c12759",
    )
    validity = Validity(
        temperature=(253.15, 370.0),
        says="solid sodium; one mean thickness for all of an interface in contact",
    )
    shows = "{interface} interphase thickness [m]"
    Parameters = Parameters
    reads = (
        "Volume-averaged cell temperature [K]",
        "Stack pressure [Pa]",
        "{interface} potential vs sodium [V]",
        "{interface} current density [A.m-2]",
        "{interface} conducting fraction",
        "{interface} particle area per cell area",
    )
    writes = (
        Port.INTERFACE_RESISTANCE,
        Port.PARASITIC_CURRENT,
        Port.CONTACT_FRACTION,
        Port.SOLID_DIFFUSIVITY_FACTOR,
        Port.ACTIVE_FRACTION,
        Port.CONDUCTIVITY_FACTOR,
    )

    def submodels(self, cell: CellContext) -> dict[str, Any]:
        """One layer at each interface, and what they are made of where that counts."""
        from twin_interphase.consumption import (
            ActiveConsumption,
            ElectrolyteConsumption,
        )
        from twin_interphase.growth import (
            ContactLeft,
            FirstLayer,
            InterphaseGrowthRate,
            InterphaseLayer,
        )
        from twin_interphase.renewal import Renewal

        submodels: dict[str, Any] = {}
        for i in cell.interfaces:
            submodels[f"{i.place} layer"] = InterphaseLayer(cell, self.id, i)
            submodels[f"{i.place} growth"] = InterphaseGrowthRate(cell, self.id, i)
            submodels[f"{i.place} renewal"] = Renewal(cell, self.id, i)
            if forms_at_once(cell, self.id, i):
                submodels[f"{i.place} first layer"] = FirstLayer(cell, self.id, i)
        for i in takes_contact(cell, self.id):
            submodels[f"{i.place} contact"] = ContactLeft(cell, self.id, i)
        for i in consumes_active(cell, self.id):
            submodels[f"{i.place} active"] = ActiveConsumption(cell, self.id, i)
        for layer, interfaces in self._eaten(cell).items():
            submodels[f"{layer} electrolyte"] = ElectrolyteConsumption(
                cell, self.id, layer, interfaces
            )
        return submodels

    def _eaten(self, cell: CellContext) -> dict[Layer, list[Interface]]:
        """Return the layers whose electrolyte an interphase uses up, and whose that is."""
        fed = {layer: feeds(cell, self.id, layer) for layer in _LAYERS}
        return {layer: interfaces for layer, interfaces in fed.items() if interfaces}

    def contributions(self, cell: CellContext) -> dict[PortAt, str]:
        """Resistance, the current the reaction takes, and what it uses up."""
        contributions: dict[PortAt, str] = {}
        for i in cell.interfaces:
            contributions[Port.INTERFACE_RESISTANCE.at(i.place)] = i(
                "interphase resistance [Ohm.m2]"
            )
            contributions[Port.PARASITIC_CURRENT.at(i.place)] = i(
                "interphase current density [A.m-2]"
            )
        for i in consumes_active(cell, self.id):
            contributions[Port.ACTIVE_FRACTION.at(i.place)] = i("unconsumed active fraction")
        for i in takes_contact(cell, self.id):
            contributions[Port.CONTACT_FRACTION.at(i.place)] = i(CONTACT)
            if cell.has(f"{i.place}.mixing.contact"):
                contributions[Port.SOLID_DIFFUSIVITY_FACTOR.at(i.place)] = i(DETOURS)
        for layer in self._eaten(cell):
            at = Port.CONDUCTIVITY_FACTOR.at(layer)
            contributions[at] = f"{layer.capitalize()} electrolyte consumption factor"
        return contributions

    def _side(self, cell: CellContext, interface: Interface) -> Any:
        return getattr(cell.parameters(self.id), table_of(interface))

    def criteria(self, cell: CellContext) -> list[Criterion]:
        """Too much resistance at an interface; no sodium or electrolyte left in reserve."""
        criteria = []
        for i in cell.interfaces:
            side = self._side(cell, i)
            fresh = _fresh_resistance(cell, i, side)
            criteria.append(
                Criterion(
                    what=f"{i.place} interphase resistance",
                    variable=i("interphase resistance [Ohm.m2]"),
                    threshold=side.resistance_limit.si,
                    direction="above",
                    fresh=min(fresh, 0.5 * side.resistance_limit.si),
                    says=f"the interphase at the {i.place} has grown too resistive to pass current",
                    at_ambient=True,
                )
            )
        criteria += self._sodium_criteria(cell)
        for layer, interfaces in self._eaten(cell).items():
            criteria.append(
                Criterion(
                    what=f"{layer} electrolyte consumed",
                    variable=f"{layer.capitalize()} electrolyte left",
                    threshold=max(self._side(cell, i).electrolyte_limit.si for i in interfaces),
                    direction="below",
                    fresh=1.0,
                    says=f"the interphase has used up the {layer}'s electrolyte",
                )
            )
        return criteria

    @staticmethod
    def _sodium_criteria(cell: CellContext) -> list[Criterion]:
        """Return what warns of a reserve used up, and ends a cell without any sodium."""
        brought = 0.0
        if cell.interfaces[1].kind == "porous":
            filling = cell.porous("cathode").initial_stoichiometry.si
            brought = cell.host_sites("cathode") * filling
        criteria = []
        for i in cell.metal_interfaces:
            reserve = cell.sodium_at_first(i.place)
            lost = i("sodium lost [C.m-2]")
            if brought and not cell.is_bare(i.place):
                criteria.append(
                    Criterion(
                        what=f"{i.place} sodium reserve used up",
                        variable=lost,
                        threshold=reserve,
                        direction="above",
                        fresh=0.0,
                        severity="warning",
                        says=f"side reactions have taken all of the {i.place}'s sodium in reserve",
                    )
                )
            if brought + reserve > 0:
                criteria.append(
                    Criterion(
                        what=f"{i.place} sodium consumed",
                        variable=lost,
                        threshold=brought + reserve,
                        direction="above",
                        fresh=0.0,
                        says=f"side reactions at the {i.place} have taken all of the sodium",
                    )
                )
        return criteria

    def slow_states(self, cell: CellContext) -> list[SlowState]:
        """The layers' thickness, what was grown in all, and how far a first layer has formed."""
        states = [
            SlowState(i(what))
            for i in cell.interfaces
            if self._side(cell, i).kind != "stable"
            for what in ("dense interphase thickness [m]", "interphase grown [m]")
        ]
        return states + [SlowState(i(FORMED)) for i in cell.interfaces if self._once(cell, i)]

    def _once(self, cell: CellContext, interface: Interface) -> bool:
        return forms_at_once(cell, self.id, interface)

    def outputs(self, cell: CellContext) -> list[str]:
        """Thickness and resistance at each interface, and what has been grown."""
        names = (
            "interphase thickness [m]",
            "interphase resistance [Ohm.m2]",
            "interphase grown [m]",
        )
        outputs = [i(what) for i in cell.interfaces for what in names]
        return outputs + [
            i(what) for i in takes_contact(cell, self.id) for what in (CONTACT, EXCHANGE)
        ]

    def diagnose(self, run: RunRecord, cell: CellContext) -> Evidence:
        """Voltage lost to the layers and the contact they took; charge and material they took."""
        names = [i("interphase resistance [Ohm.m2]") for i in cell.interfaces]
        growth = sum(run.last[n] - run.first[n] for n in names)
        capacity = 0.0
        if cell.interfaces[0].kind == "porous":
            side, grown = self._side(cell, cell.interfaces[0]), "Anode interphase grown [m]"
            per_volume = side.electrons.si * FARADAY / side.molar_volume.si
            capacity = per_volume * (run.last[grown] - run.first[grown]) * run.area / 3600
        for i in consumes_active(cell, self.id):
            active = i("unconsumed active fraction")
            capacity += run.nominal_capacity * (run.first[active] - run.last[active])
        volts = run.current_density * growth
        for i in takes_contact(cell, self.id):
            # What crowds on the contact that is left: kinetics and the pristine film.
            shares = [max(row[i(CONTACT)], 1e-8) for row in (run.first, run.last)]
            thermal = 2 * GAS_CONSTANT * run.temperature / FARADAY
            local = [run.current_density / (2 * run.last[i(EXCHANGE)] * s) for s in shares]
            volts += thermal * (math.asinh(local[1]) - math.asinh(local[0]))
        says = f"the interphases have added {growth * 1e4:.3g} ohm cm2"
        return Evidence(volts, capacity, says)
