"""The blocking mode: what it reads, writes, and when it calls the cell dead."""

from __future__ import annotations

from typing import Any, Literal

from twin import (
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
from twin_blocking.parameters import Parameters, electrolyte_key

Layer = Literal["separator", "cathode"]
_LAYERS: tuple[Layer, ...] = ("separator", "cathode")


class Blocking(FailureMode):
    """Ions held up at grain boundaries, in depletion layers, and for want of salt.

    The equations stand in ``grains.py``, ``spacecharge.py`` and ``depletion.py``.
    """

    id = "blocking"
    title = "Electrical blocking"
    references = (
        "Ma et al. 2019, J. Mater. Chem. A, 10.1039/c9ta00048h",
        "Maier 1995, Prog. Solid State Chem. 23, 171",
        "de Klerk and Wagemaker 2018, ACS Appl. Energy Mater. 1, 5609",
        "Chazalviel 1990, Phys. Rev. A 42, 7355",
    )
    validity = Validity(
        temperature=(233.15, 414.0),
        says="brick-shaped grains in series with their boundaries; steady depletion layers",
    )
    shows = "Separator blocking factor"
    Parameters = Parameters
    reads = (
        "Volume-averaged cell temperature [K]",
        "Throughput capacity [A.h]",
        "Separator resistance [Ohm.m2]",
        "{interface} current density [A.m-2]",
        "{interface} conducting fraction",
        "{interface} particle area per cell area",
    )
    optional_reads = {
        "{interface} delaminated fraction": 0.0,
        "{interface} misfit strain rate [s-1]": 0.0,
    }
    writes = (Port.CONDUCTIVITY_FACTOR, Port.INTERFACE_RESISTANCE)

    def _layers(self, cell: CellContext) -> dict[Layer, str]:
        """Return the layers with grains in them, and the key of each one's electrolyte."""
        keys = {layer: electrolyte_key(cell, layer) for layer in _LAYERS}
        return {layer: key for layer, key in keys.items() if key is not None}

    def _charged(self, cell: CellContext) -> list[tuple[Interface, str]]:
        """Return the interfaces that can have a depletion layer, with the electrolyte's key."""
        layers = []
        for i in cell.interfaces:
            inside = i.kind == "porous" and i.place == "cathode"
            key = electrolyte_key(cell, "cathode" if inside else "separator")
            if key is not None:
                layers.append((i, key))
        return layers

    @staticmethod
    def _binary(cell: CellContext) -> bool:
        return bool(cell.spec.electrolyte.material.transport == "binary")

    def submodels(self, cell: CellContext) -> dict[str, Any]:
        """Boundaries in each ceramic layer, a depletion layer at each face, salt where binary."""
        from twin_blocking.depletion import SaltDepletion
        from twin_blocking.grains import GrainBoundaries, GrainBoundaryAgeing
        from twin_blocking.spacecharge import SpaceChargeLayer

        submodels: dict[str, Any] = {}
        for layer, key in self._layers(cell).items():
            submodels[f"{layer} boundaries"] = GrainBoundaries(cell, self.id, layer, key)
            submodels[f"{layer} ageing"] = GrainBoundaryAgeing(cell, self.id, layer, key)
        for i, key in self._charged(cell):
            submodels[f"{i.place} space charge"] = SpaceChargeLayer(cell, self.id, i, key)
        if self._binary(cell):
            submodels["salt"] = SaltDepletion(cell, self.id)
        return submodels

    def contributions(self, cell: CellContext) -> dict[PortAt, str]:
        """Conductivity of the layers, resistance of the faces."""
        contributions: dict[PortAt, str] = {}
        for layer in self._layers(cell):
            at = Port.CONDUCTIVITY_FACTOR.at(layer)
            contributions[at] = f"{layer.capitalize()} grain conductivity factor"
        for i, _ in self._charged(cell):
            at = Port.INTERFACE_RESISTANCE.at(i.place)
            contributions[at] = i("space-charge resistance [Ohm.m2]")
        return contributions

    def criteria(self, cell: CellContext) -> list[Criterion]:
        """Boundaries that block; salt that runs out."""
        limits, criteria = cell.parameters(self.id), []
        if "separator" in self._layers(cell):
            criteria.append(
                Criterion(
                    what="grain boundaries block",
                    variable="Separator blocking factor",
                    threshold=limits.resistance_factor_limit.si,
                    direction="above",
                    fresh=1.0,
                    scale="log",
                    says="aged grain boundaries have made the electrolyte too resistive",
                    at_ambient=True,
                )
            )
        if self._binary(cell):
            criteria.append(
                Criterion(
                    what="salt depleted",
                    variable="Salt depletion margin",
                    threshold=limits.depletion_limit.si,
                    direction="below",
                    fresh=1.0,
                    says="the salt ran out at one face of the electrolyte",
                )
            )
            criteria.append(
                Criterion(
                    what="limiting current exceeded",
                    variable="Limiting current share",
                    threshold=1.0,
                    direction="above",
                    fresh=0.0,
                    severity="warning",
                    says="more current flows than the electrolyte's salt can carry for long",
                )
            )
        return criteria

    def slow_states(self, cell: CellContext) -> list[SlowState]:
        """The boundaries' damage, in the form that grows evenly."""
        return [
            SlowState(f"{layer.capitalize()} grain-boundary damage state")
            for layer in self._layers(cell)
        ]

    def outputs(self, cell: CellContext) -> list[str]:
        """Damage, what it costs, the depletion layers, and the salt's limits."""
        grains = ("grain-boundary damage", "grain-boundary resistance ratio", "blocking factor")
        names = [f"{layer.capitalize()} {what}" for layer in self._layers(cell) for what in grains]
        names += ["Separator resistance [Ohm.m2]", "Electrolyte resistance [Ohm.m2]"]
        layer = ("space-charge resistance [Ohm.m2]", "space-charge capacitance [F.m-2]")
        names += [i(what) for i, _ in self._charged(cell) for what in layer]
        if self._binary(cell):
            names += ["Limiting current density [A.m-2]", "Limiting current share"]
            names += ["Salt depletion margin"]
        return names

    def diagnose(self, run: RunRecord, cell: CellContext) -> Evidence:
        """Voltage lost to what damage has added to the layers and to the depletion layers."""
        layers = self._layers(cell)
        added = [self._blocked(values, layers) for values in (run.first, run.last)]
        for i, _ in self._charged(cell):
            name = i("space-charge resistance [Ohm.m2]")
            added[0] += run.first[name]
            added[1] += run.last[name]
        growth = added[1] - added[0]
        says = f"grain boundaries and space charge have added {growth * 1e4:.3g} ohm cm2"
        if self._binary(cell):
            says += f"; the poorer face holds {run.last['Salt depletion margin']:.3g} of the salt"
        return Evidence(polarisation=run.current_density * growth, says=says)

    @staticmethod
    def _blocked(values: Any, layers: dict[Layer, str]) -> float:
        """Return the part of the electrolyte's resistance that is damage [Ohm.m2]."""
        separator = values["Separator resistance [Ohm.m2]"]
        rest = values["Electrolyte resistance [Ohm.m2]"] - separator
        blocked = 0.0
        for layer, resistance in (("separator", separator), ("cathode", rest)):
            if layer in layers:
                blocked += resistance * (1 - 1 / values[f"{layer.capitalize()} blocking factor"])
        return float(blocked)
