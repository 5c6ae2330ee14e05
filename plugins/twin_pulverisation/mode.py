"""The pulverisation mode: what it reads and writes, and what it costs."""

from __future__ import annotations

from typing import Any

from twin import CellContext, Evidence, FailureMode, Port, PortAt, RunRecord, SlowState, Validity
from twin_pulverisation.names import BESIDE, CURRENT, LARGEST, SHARE, STATE, STRIPS
from twin_pulverisation.parameters import Parameters, alloys


class Pulverisation(FailureMode):
    """An alloy anode whose grains lose contact, each with its sodium.

    The equations stand in ``trapping.py``. Where the anode is no alloy there is nothing to do.
    """

    id = "pulverisation"
    title = "Pulverisation of an alloy anode"
    references = (
        "Duchene 2019, thesis, 10.13097/archive-ouverte/unige:126129",
        "Deysher et al. 2022, 10.1021/acsami.2c12759",
    )
    validity = Validity(
        says="pressed tin in a soft electrolyte, near room temperature, stripped to nothing; how "
        "a shallow cycle counts is an assumption",
    )
    shows = "{interface} pulverised fraction"
    Parameters = Parameters
    kinds = ("full",)
    reads = (
        "{interface} stoichiometry",
        "{interface} current density [A.m-2]",
        "{interface} active material fraction",
        "{interface} plating current density [A.m-2]",
    )
    writes = (Port.ACTIVE_FRACTION, Port.PARASITIC_CURRENT)

    def submodels(self, cell: CellContext) -> dict[str, Any]:
        """The grains of an alloy anode."""
        from twin_pulverisation.trapping import TrappedSodium

        return {f"{i.place} grains": TrappedSodium(cell, self.id, i) for i in alloys(cell)}

    def contributions(self, cell: CellContext) -> dict[PortAt, str]:
        """The share that is left, and the current into the grains that are cut off."""
        contributions = {}
        for i in alloys(cell):
            contributions[Port.ACTIVE_FRACTION.at(i.place)] = i(SHARE)
            contributions[Port.PARASITIC_CURRENT.at(i.place)] = i(CURRENT)
        return contributions

    def slow_states(self, cell: CellContext) -> list[SlowState]:
        """All of them: they change by a little in every cycle."""
        names = (STATE, STRIPS, LARGEST, BESIDE)
        return [SlowState(i(name)) for i in alloys(cell) for name in names]

    def outputs(self, cell: CellContext) -> list[str]:
        """What is lost, and what it is told from."""
        names = ("pulverised fraction", STRIPS, LARGEST, BESIDE)
        return [i(name) for i in alloys(cell) for name in names]

    def diagnose(self, run: RunRecord, cell: CellContext) -> Evidence:
        """Sodium trapped beyond what the anode held in reserve."""
        hosts = alloys(cell)
        if not hosts:
            return Evidence(says="no alloy to pulverise")
        missed, said = 0.0, []
        for i in hosts:
            full = cell.host_sites(i.place)
            first, last = run.first, run.last
            trapped = full * last[i(LARGEST)] * (first[i(SHARE)] - last[i(SHARE)])
            reserve = full * first[i("active material fraction")] * first[i("stoichiometry")]
            missed += max(trapped - reserve, 0.0)
            said.append(
                f"{last[i('pulverised fraction')]:.3g} of the {i.place} has lost its contact, with "
                f"{trapped / 36000:.3g} mAh/cm2 of sodium"
            )
        return Evidence(capacity=missed * run.area / 3600, says=", ".join(said))
