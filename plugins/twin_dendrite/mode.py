"""The dendrite mode: what it reads, writes, and when it calls the cell dead."""

from __future__ import annotations

from typing import Any

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
from twin_dendrite.flaws import starting_length
from twin_dendrite.metals import has_metal
from twin_dendrite.parameters import Parameters

_SEEN = 5e-5
"""A leak of less of the current is told as none."""
_CRITICAL = "critical plating current density [A.m-2]"
_SHORT = "Dendrite short conductance [S.m-2]"
_ELECTRONIC = "electrolyte.material.electronic_conductivity"
_BRITTLE = ("fracture_toughness", "youngs_modulus", "poisson_ratio")
# A bridge that holds closes in full; one that burns opens again well before this.
_CLOSED = 0.9
# A running filament comes to K_c from below and stays there: from here it has a speed.
_RUNS = 0.995


class Dendrite(FailureMode):
    """Sodium filaments that grow through a brittle electrolyte, and electrons that leak.

    The equations stand in ``fracture.py`` (the crack), ``drive.py`` and ``plug.py`` (what
    fills and empties it), ``growth.py`` (how it runs), ``flaws.py``, ``short.py`` and
    ``critical.py``.
    """

    id = "dendrite"
    title = "Dendrites and shorts"
    references = (
        "Porz et al. 2017, Adv. Energy Mater. 7, 1701003",
        "Ning et al. 2023, Nature 618, 287",
        "Lowack, arXiv 2603.20113",
        "Virkar 1981, J. Mater. Sci. 16, 1142",
        "Charles 1958, J. Appl. Phys. 29, 1549",
        "Han et al. 2019, Nat. Energy 4, 187",
    )
    validity = Validity(
        temperature=(253.15, 370.9),
        says="solid sodium, plated on a brittle electrolyte that carries sodium ions alone; one "
        "half-penny crack an interface, filled from its face. A soft electrolyte is not "
        "cracked, and a molten anode leaves no pressure in a crack: neither is judged by this "
        "mode, nor the slow reduction of beta''-alumina by a melt (mode II), nor the first "
        "plating of a cell assembled without sodium",
    )
    shows = "{interface} filament length [m]"
    Parameters = Parameters
    reads = (
        "Volume-averaged cell temperature [K]",
        "Stack pressure [Pa]",
        "Separator resistance [Ohm.m2]",
        "Voltage [V]",
        "Area-specific resistance [Ohm.m2]",
        "{interface} current density [A.m-2]",
        "{interface} conducting fraction",
        "{interface} series resistance [Ohm.m2]",
        "{interface} reference exchange current density [A.m-2]",
        "{interface} particle area per cell area",
    )
    optional_reads = {
        "{interface} constriction resistance [Ohm.m2]": 0.0,
        "{interface} void fraction": 0.0,
        "{interface} face plating current density [A.m-2]": 0.0,
        "{interface} face plated fraction": 0.0,
        "{interface} plating exchange current density [A.m-2]": 1.0,
    }
    writes = (Port.SHORT_CONDUCTANCE, Port.PARASITIC_CURRENT)

    def _metals(self, cell: CellContext) -> tuple[Interface, ...]:
        """Return the interfaces at which a filament can grow: a metal on a brittle solid.

        A host anode that names the metal which may plate on it has such a face too.
        """
        if not all(cell.has(f"electrolyte.material.{name}") for name in _BRITTLE):
            return ()
        modulus = cell.quantity("electrolyte.material.youngs_modulus").si
        soft = modulus < cell.parameters(self.id).fracture.least_modulus.si
        return () if soft else tuple(i for i in cell.interfaces if has_metal(cell, i))

    def ends(self, cell: CellContext) -> list[dict[str, Any]]:
        """Return both ends of film share and flaw, where a filament can grow."""
        return super().ends(cell) if self._metals(cell) else []

    @staticmethod
    def _leaks(cell: CellContext) -> bool:
        return cell.has(_ELECTRONIC)

    def _burns(self, cell: CellContext) -> bool:
        return bool(cell.parameters(self.id).short.law == "burns-out")

    def submodels(self, cell: CellContext) -> dict[str, Any]:
        """A filament, its growth and its contact at each metal; one short for the cell."""
        from twin_dendrite.filament import Filament
        from twin_dendrite.growth import FilamentGrowth
        from twin_dendrite.short import Contact, Fuse, ShortConductance

        metals, leaks = self._metals(cell), self._leaks(cell)
        bridge = Fuse if self._burns(cell) else Contact
        submodels: dict[str, Any] = {}
        for i in metals:
            submodels[f"{i.place} filament"] = Filament(cell, self.id, i)
            submodels[f"{i.place} growth"] = FilamentGrowth(cell, self.id, i)
            submodels[f"{i.place} bridge"] = bridge(cell, self.id, i)
        if metals or leaks:
            submodels["short"] = ShortConductance(cell, self.id, metals, leaks)
        return submodels

    def contributions(self, cell: CellContext) -> dict[PortAt, str]:
        """The short, and the sodium that dies when one burns out."""
        metals = self._metals(cell)
        contributions: dict[PortAt, str] = {}
        if metals or self._leaks(cell):
            contributions[Port.SHORT_CONDUCTANCE.at()] = _SHORT
        if self._burns(cell):
            for i in metals:
                contributions[Port.PARASITIC_CURRENT.at(i.place)] = i(
                    "dead sodium current density [A.m-2]"
                )
        return contributions

    def criteria(self, cell: CellContext) -> list[Criterion]:
        """A hard short; warnings of a leak, of soft shorts and of a filament on the run."""
        own = cell.parameters(self.id).short
        thickness = cell.quantity("electrolyte.thickness").si
        criteria = self._leak_criterion(cell, thickness)
        for i in self._metals(cell):
            burns = self._burns(cell)
            criteria.append(
                Criterion(
                    what=f"{i.place} hard short",
                    variable=i("bridge closure") if burns else i("filament length [m]"),
                    threshold=_CLOSED if burns else thickness,
                    direction="above",
                    fresh=0.0 if burns else min(starting_length(cell, self.id), 0.5 * thickness),
                    severity=own.severity,
                    scale="linear" if burns else "log",
                    says=f"a sodium filament from the {i.place} has crossed the electrolyte",
                    is_short=True,
                )
            )
            if burns:
                criteria.append(
                    Criterion(
                        what=f"{i.place} soft short",
                        variable=i("soft shorts"),
                        threshold=0.5,
                        direction="above",
                        fresh=0.0,
                        severity="warning",
                        says=f"a filament from the {i.place} crossed the electrolyte and burnt out",
                        is_short=True,
                    )
                )
            criteria.append(
                Criterion(
                    what=f"{i.place} filament runs",
                    variable=i("stress intensity share"),
                    threshold=_RUNS,
                    direction="above",
                    fresh=0.0,
                    severity="warning",
                    over="worst",
                    says=f"the {i.place} is plated above the current its flaws can bear, for "
                    "longer than it takes to fill them",
                )
            )
        return criteria

    def _leak_criterion(self, cell: CellContext, thickness: float) -> list[Criterion]:
        if not self.contributions(cell):
            return []
        limit, fresh = cell.parameters(self.id).leak.conductance_limit.si, 0.0
        if self._leaks(cell):
            fresh = cell.quantity(_ELECTRONIC).si / thickness
        return [
            Criterion(
                what="cell leaks",
                variable=_SHORT,
                threshold=limit,
                direction="above",
                fresh=min(fresh, 0.5 * limit),
                severity="warning",
                says="the cell loses charge through a filament or through its electrolyte",
            )
        ]

    def slow_states(self, cell: CellContext) -> list[SlowState]:
        """The logarithm of each filament's length; its filling comes and goes in a cycle."""
        return [SlowState(i("filament state")) for i in self._metals(cell)]

    def outputs(self, cell: CellContext) -> list[str]:
        """Length, drive and limit of each filament, and the short's two parts."""
        what = [
            "filament length [m]",
            "tip current density [A.m-2]",
            "tip overpotential [V]",
            "stress intensity share",
            "steady stress intensity share",
            _CRITICAL,
            "filament conductance [S.m-2]",
        ]
        if self._burns(cell):
            what += ["bridge closure", "soft shorts"]
        metals = self._metals(cell)
        # A critical current of the cell is one of a face that takes all of it.
        names = [i(w) for i in metals for w in what if i.kind == "metal" or w != _CRITICAL]
        return [*names, "Electronic leak conductance [S.m-2]"] if names or self._leaks(cell) else []

    def diagnose(self, run: RunRecord, cell: CellContext) -> Evidence:
        """Capacity that leaks away: the short's share of the current, at the last voltage."""
        metals, said = self._metals(cell), []
        if not metals and not self._leaks(cell):
            return Evidence(says="nothing here to short")
        volts = abs(run.last["Voltage [V]"])
        shares = [
            values[_SHORT] * volts / max(values[_SHORT] * volts + run.current_density, 1e-30)
            for values in (run.first, run.last)
        ]
        if cell.metal_interfaces and not metals:
            said.append("the electrolyte is no brittle solid: no filament is followed")
        for i in metals:
            length = run.last[i("filament length [m]")] * 1e6
            about = f"the {i.place}'s filament is {length:.3g} um long"
            if i.kind == "metal":
                about += _borne(run, i(_CRITICAL))
            said.append(about)
        if shares[1] >= _SEEN:
            said.append(f"{shares[1]:.2%} of the current leaks")
        capacity = run.nominal_capacity * (shares[1] - shares[0])
        return Evidence(capacity=capacity, says=", ".join(said))


def _borne(run: RunRecord, critical: str) -> str:
    """Say what plating current a flaw bears, and how far that is exceeded.

    One that has grown bears next to nothing: by how much the current was too high is told by
    what it bore at first, where that was less than the current.
    """
    first, last, j = run.first[critical] / 10, run.last[critical] / 10, run.current_density / 10
    if 0 < first < j:
        return f": {j:.3g} mA/cm2 is {_times(j / first)} the {first:.3g} mA/cm2 it bore at first"
    if 0 < last < j:
        return f" and bears {last:.3g} mA/cm2 by now: {j:.3g} mA/cm2 is {_times(j / last)} that"
    return f" and bears {last:.3g} mA/cm2"


def _times(ratio: float) -> str:
    return f"{ratio:.3g} times" if ratio < 999.5 else f"{ratio:.0f} times"
