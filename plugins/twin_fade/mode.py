"""The fade mode: what it reads, writes, and when it warns."""

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
from twin_fade.parameters import Parameters, family_of


class CathodeFade(FailureMode):
    """Active material of a composite cathode, lost with the root of the cycles.

    The equations stand in ``law.py``. It holds what no other mode explains, and is fitted to
    that. Symmetric cells have no cathode, molten ones none that fades like this.
    """

    id = "fade"
    title = "Fade of the cathode"
    references = (
        "retentions of 36 papers, cell_specs/twin_cells/outcomes/published.csv",
        "Kubota et al. 2014, J. Phys. Chem. C (NaCrO2 charged too far)",
        "Bo et al. 2016, 10.1021/acs.chemmater.5b04626",
    )
    validity = Validity(
        temperature=(273.15, 353.15),
        says="0 to 80 degC, 20 to 3000 cycles; empirical, a centre for each kind of cathode with "
        "a wide spread: neither rate, pressure nor loading is in it",
    )
    shows = "{interface} faded fraction"
    fitted_loss = "{interface} fade exponent"
    Parameters = Parameters
    kinds = ("full",)
    reads = (
        "Volume-averaged cell temperature [K]",
        "{interface} current density [A.m-2]",
        "{interface} potential vs sodium [V]",
        "{interface} active material fraction",
    )
    writes = (Port.ACTIVE_FRACTION,)

    def _places(self, cell: CellContext) -> list[tuple[Interface, str]]:
        """Return the composite that fades and its family; none or one."""
        family = family_of(cell, self.id)
        if family is None:
            return []
        return [(i, family) for i in cell.interfaces if i.place == "cathode"]

    def submodels(self, cell: CellContext) -> dict[str, Any]:
        """The host that is lost."""
        from twin_fade.law import Fade

        return {f"{i.place} fade": Fade(cell, self.id, i, f) for i, f in self._places(cell)}

    def contributions(self, cell: CellContext) -> dict[PortAt, str]:
        """The share that is left."""
        return {
            Port.ACTIVE_FRACTION.at(i.place): i("unfaded active fraction")
            for i, _ in self._places(cell)
        }

    def criteria(self, cell: CellContext) -> list[Criterion]:
        """A warning where the host is charged beyond its limit: what kills is the capacity."""
        return [
            Criterion(
                what=f"{i.place} charged too far",
                variable=i("potential vs sodium [V]"),
                threshold=cell.quantity(f"{i.place}.material.upper_limit").si,
                direction="above",
                fresh=cell.quantity(f"{i.place}.material.upper_limit").si
                - cell.parameters(self.id).healthy_margin.si,
                severity="warning",
                says=f"the {i.place}'s host is charged beyond what its structure bears: lower the "
                "upper voltage limit",
            )
            for i, _ in self._places(cell)
            if cell.has(f"{i.place}.material.upper_limit")
        ]

    def slow_states(self, cell: CellContext) -> list[SlowState]:
        """The state, which grows evenly."""
        return [SlowState(i("fade state")) for i, _ in self._places(cell)]

    def outputs(self, cell: CellContext) -> list[str]:
        """What is lost, as a share and as the exponent of the law."""
        names = ("faded fraction", "fade exponent")
        return [i(name) for i, _ in self._places(cell) for name in names]

    def diagnose(self, run: RunRecord, cell: CellContext) -> Evidence:
        """Capacity of the host that is gone."""
        lost, said = 0.0, []
        for i, _ in self._places(cell):
            active = i("unfaded active fraction")
            gone = run.first[active] - run.last[active]
            lost += run.nominal_capacity * gone
            said.append(f"{gone:.3g} of the {i.place}'s active material has faded")
        return Evidence(capacity=lost, says=", ".join(said) or "no composite cathode that fades")
