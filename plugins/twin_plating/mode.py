"""The plating mode: what it reads, writes, and when it warns."""

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
from twin_plating.parameters import Parameters


class HostPlating(FailureMode):
    """Sodium metal on a host anode, stripped again in part.

    The equations stand in ``metal.py``. Where the anode is sodium itself there is nothing
    to do: no state, no row, no cost.
    """

    id = "plating"
    title = "Sodium plating on the host"
    references = (
        "O'Kane et al. 2020, 10.1149/1945-7111/ab90ac",
        "Larche, Cahn 1973, Acta Metall. 21, 1051",
        "Deysher et al. 2024, 10.1038/s41560-024-01569-9",
    )
    validity = Validity(
        temperature=(None, 370.97),
        says="solid sodium (below 371 K) on a host's particles; what the metal does to the pores, "
        "the pressure its volume makes and a barrier to the first nuclei are left out",
    )
    shows = "{interface} plated sodium [C.m-2]"
    Parameters = Parameters
    kinds = ("full",)
    reads = (
        "Volume-averaged cell temperature [K]",
        "Stack pressure [Pa]",
        "{interface} local potential vs sodium [V]",
        "{interface} conducting fraction",
        "{interface} particle area per cell area",
    )
    writes = (Port.PLATING_CURRENT, Port.HEAT_SOURCE)

    @staticmethod
    def _hosts(cell: CellContext) -> tuple[Interface, ...]:
        return tuple(i for i in cell.interfaces if i.kind == "porous" and i.place == "anode")

    def submodels(self, cell: CellContext) -> dict[str, Any]:
        """The sodium and its reaction on a host anode."""
        from twin_plating.metal import PlatedSodium, PlatingReaction

        submodels: dict[str, Any] = {}
        for i in self._hosts(cell):
            submodels[f"{i.place} sodium"] = PlatedSodium(cell, self.id, i)
            submodels[f"{i.place} reaction"] = PlatingReaction(cell, self.id, i)
        return submodels

    def contributions(self, cell: CellContext) -> dict[PortAt, str]:
        """The current that plates and strips, and its heat."""
        contributions = {
            Port.PLATING_CURRENT.at(i.place): i("sodium plating current density [A.m-2]")
            for i in self._hosts(cell)
        }
        if contributions:
            contributions[Port.HEAT_SOURCE.at()] = "Plating heat [W.m-2]"
        return contributions

    def criteria(self, cell: CellContext) -> list[Criterion]:
        """A warning where sodium plates: what kills is the capacity, or a filament, it makes."""
        return [
            Criterion(
                what=f"{i.place} plates sodium",
                variable=i("plating reserve [V]"),
                threshold=0.0,
                direction="below",
                fresh=cell.parameters(self.id).healthy_reserve.si,
                severity="warning",
                says=f"the {i.place} falls below sodium's potential, so that metal plates on its "
                "particles: charge more slowly or warmer, or give it more capacity",
            )
            for i in self._hosts(cell)
        ]

    def slow_states(self, cell: CellContext) -> list[SlowState]:
        """What is dead; what is plated comes and goes in a cycle."""
        return [SlowState(i("dead plated sodium [C.m-2]")) for i in self._hosts(cell)]

    def outputs(self, cell: CellContext) -> list[str]:
        """What is plated and what is dead, and how much reserve there is."""
        names = ("plated sodium [C.m-2]", "dead plated sodium [C.m-2]", "plating reserve [V]")
        return [i(what) for i in self._hosts(cell) for what in names]

    def provides(self, cell: CellContext) -> list[str]:
        """Return what a filament at the host's face is fed by, besides."""
        names = (
            "face plating current density [A.m-2]",
            "face plated fraction",
            "plating exchange current density [A.m-2]",
        )
        return [*self.outputs(cell), *(i(what) for i in self._hosts(cell) for what in names)]

    def diagnose(self, run: RunRecord, cell: CellContext) -> Evidence:
        """Sodium that is dead, or left on the host at the end of a cycle, beyond its reserve."""
        hosts = self._hosts(cell)
        if not hosts:
            return Evidence(says="no host to plate on")
        taken, said = 0.0, []
        for i in hosts:
            names = [i(f"{what} sodium [C.m-2]") for what in ("dead plated", "plated")]
            dead, left = (run.last[n] - run.first[n] for n in names)
            # What the host had left to give makes up for it first.
            active = run.first.get(Port.ACTIVE_FRACTION.at(i.place).variable, 1.0)
            held = active * run.first[i("stoichiometry")]
            taken += max(dead + left - cell.host_sites(i.place) * held, 0.0)
            said.append(f"{dead / 36000:.3g} mAh/cm2 of sodium plated on the {i.place} has died")
        return Evidence(capacity=taken * run.area / 3600, says=", ".join(said))
