"""Putting a cell and its failure modes together: who contributes to which port."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pybamm

from twin.errors import PluginError
from twin.model import core, patches
from twin.modes import brought
from twin.modes.context import CellContext
from twin.modes.mode import FailureMode
from twin.modes.ports import Port, PortAt


class Assembly:
    """The modes of one model, bound to its cell.

    Parameters
    ----------
    cell : CellContext
        The cell.
    modes : iterable of FailureMode
        The modes; their order does not matter.

    Raises
    ------
    PluginError
        If a mode writes a port it does not declare, or its own code raises.
    """

    def __init__(self, cell: CellContext, modes: Iterable[FailureMode]):
        self.cell = cell
        self.modes = sorted(modes, key=lambda mode: mode.id)
        self.contributions: dict[PortAt, list[str]] = {}
        self.contributors: dict[PortAt, dict[str, str]] = {}
        for mode in self.modes:
            for at, variable in brought.contributions(mode, cell).items():
                self.contributions.setdefault(at, []).append(variable)
                self.contributors.setdefault(at, {})[mode.id] = variable
        self.readers = self._optional_readers()
        provided = {name for mode in self.modes for name in brought.provides(mode, cell)}
        self.absent = {
            name: core.Absent(cell, name, neutral)
            for name, (neutral, _) in sorted(self.readers.items())
            if name not in provided
        }

    def _optional_readers(self) -> dict[str, tuple[float, list[str]]]:
        """Return, for each variable read optionally, its neutral value and who reads it."""
        optional: dict[str, tuple[float, list[str]]] = {}
        for mode in self.modes:
            for template, neutral in mode.optional_reads.items():
                places = self.cell.interfaces if "{interface}" in template else [None]
                for at in places:
                    name = template.replace("{interface}", at.prefix) if at else template
                    agreed, readers = optional.setdefault(name, (neutral, []))
                    if agreed != neutral:
                        raise PluginError(
                            f"mode {mode.id!r} takes {neutral:g} for {name!r} where no mode "
                            f"provides it, and {readers[0]!r} takes {agreed:g}",
                            fix="agree on one neutral value in `optional_reads`",
                        )
                    readers.append(mode.id)
        return optional

    def check(self, model: pybamm.BaseModel) -> None:
        """Raise if a mode sets what another one reads optionally, and does not provide it.

        Raises
        ------
        PluginError
            It would be read or not as PyBaMM happens to order the submodels.
        """
        for name, absent in self.absent.items():
            if model.variables[name] is not absent.value:
                raise PluginError(
                    f"a mode sets {name!r}, which {', '.join(self.readers[name][1])} reads "
                    "optionally, and does not say so",
                    fix="return it from `provides` (or `outputs`) of the mode that sets it",
                )

    def writes(self, at: PortAt) -> bool:
        """Return whether any mode contributes to a port."""
        return at in self.contributions

    def sodium_losses(self, place: str) -> bool:
        """Return whether a side reaction takes sodium from a metal for good."""
        return self.writes(Port.PARASITIC_CURRENT.at(place))  # type: ignore[arg-type]

    def submodels(self) -> dict[str, pybamm.BaseSubModel]:
        """Return the core's submodels and every mode's, keyed without collisions."""
        cell = self.cell
        submodels: dict[str, pybamm.BaseSubModel] = {}
        for mode in self.modes:
            for name, submodel in brought.submodels(mode, cell).items():
                submodels[f"mode {mode.id}: {name}"] = submodel
        submodels |= {absent.name: absent for absent in self.absent.values()}
        submodels |= core.gather_ports(cell, self.contributions)
        submodels["stack pressure"] = core.StackPressure(cell)
        submodels["area resistance"] = core.AreaResistance(cell)
        for interface in cell.interfaces:
            submodels[f"{interface.place} resistance"] = core.InterfaceResistance(cell, interface)
            if interface.kind == "metal":
                submodels[f"{interface.place} sodium"] = core.SodiumInventory(
                    cell, interface, self.sodium_losses(interface.place)
                )
            submodels[f"{interface.place} contact"] = core.InterfaceContact(cell, interface)
        for name, submodel in submodels.items():
            submodels[name] = self._on_patches(submodel)
            if submodels[name] is not submodel and name.startswith("mode "):
                brought.answer_for(submodel.mode_id, submodels[name])
        return submodels

    def _on_patches(self, submodel: pybamm.BaseSubModel) -> pybamm.BaseSubModel:
        """Return a submodel as it is, or taken patch by patch where its face is divided."""
        at: Any = getattr(submodel, "interface", None)
        place = at.place if at is not None else ""
        if isinstance(submodel, core.PortGather):
            place = submodel.port.place
        face = self.cell.faces.get(place)  # type: ignore[arg-type]
        if face is None or isinstance(submodel, core.SodiumInventory):
            return submodel
        # The face's resistance as a whole is that of its patches side by side.
        return patches.Patched(submodel, face, [f"{place.capitalize()} series resistance [Ohm.m2]"])


def waiting(model: pybamm.BaseModel) -> list[str]:
    """Return, for a model that could not be assembled, who still waits for what.

    PyBaMM retries submodels whose inputs are not there yet, and in the end blames the
    last one it tried. What helps is the whole list: in a loop of ports its members wait
    for each other's variables.
    """
    known = dict(model.variables)
    lines = []
    for name, submodel in model.submodels.items():
        try:
            submodel.get_coupled_variables(dict(known))
        except KeyError as missing:
            lines.append(f"{name} waits for {missing}")
    return lines
