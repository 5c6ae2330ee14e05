"""The delamination mode: what it reads, writes, and when it calls the cell dead."""

from __future__ import annotations

import math
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
from twin_delamination.pairs import bonded_pairs
from twin_delamination.parameters import DETOURS, Parameters, detours, table_of


class Delamination(FailureMode):
    """Loss of the bond between electrode and electrolyte by misfit strain.

    The equations stand in ``particles.py`` and ``shell.py`` for a composite, and in ``bond.py``,
    ``loss.py``, ``mechanics.py`` and ``cohesive.py`` for a foil.
    """

    id = "delamination"
    title = "Interfacial delamination"
    references = (
        "Hutchinson and Suo 1992, Adv. Appl. Mech. 29, 63",
        "Selsing 1961, J. Am. Ceram. Soc. 44, 419",
        "Roe and Siegmund 2003, Eng. Fract. Mech. 70, 209",
        "Miner 1945, J. Appl. Mech. 12, A159",
        "Bucci et al. 2017, J. Mater. Chem. A 5, 19422",
    )
    validity = Validity(
        temperature=(223.15, 370.9),
        pressure=(0.0, 400e6),
        says="solid, elastic electrolyte; small strains; damage spread evenly over an interface",
    )
    shows = "{interface} delaminated fraction"
    Parameters = Parameters
    reads = (
        "Stack pressure [Pa]",
        "Volume-averaged cell temperature [K]",
        "{interface} stoichiometry",
    )
    writes = (Port.CONTACT_FRACTION, Port.ACTIVE_FRACTION, Port.SOLID_DIFFUSIVITY_FACTOR)

    def _places(self, cell: CellContext) -> list[Interface]:
        return [pair.interface for pair in bonded_pairs(cell)]

    def submodels(self, cell: CellContext) -> dict[str, Any]:
        """A bond and its loss wherever two known solids meet."""
        from twin_delamination.bond import Bond
        from twin_delamination.loss import BondLoss
        from twin_delamination.particles import Particles

        submodels: dict[str, Any] = {}
        for pair in bonded_pairs(cell):
            place = pair.interface.place
            if pair.interface.kind == "porous":
                submodels[f"{place} particles"] = Particles(cell, self.id, pair)
                continue
            submodels[f"{place} bond"] = Bond(cell, self.id, pair)
            submodels[f"{place} bond loss"] = BondLoss(cell, self.id, pair)
        return submodels

    def contributions(self, cell: CellContext) -> dict[PortAt, str]:
        """Contact, and the active material still connected."""
        contributions: dict[PortAt, str] = {}
        for i in self._places(cell):
            contributions[Port.CONTACT_FRACTION.at(i.place)] = i("bonded contact fraction")
            if i.kind == "porous":
                contributions[Port.ACTIVE_FRACTION.at(i.place)] = i("connected active fraction")
            if detours(cell, i):
                contributions[Port.SOLID_DIFFUSIVITY_FACTOR.at(i.place)] = i(DETOURS)
        return contributions

    def criteria(self, cell: CellContext) -> list[Criterion]:
        """Too much of an interface parted; the electrolyte pulled beyond its strength."""
        criteria = []
        for pair in bonded_pairs(cell):
            i = pair.interface
            side = getattr(cell.parameters(self.id), table_of(i))
            limit, start = side.damage_limit.si, side.initial_damage.si
            fresh = min(start, 0.5 * limit)
            # A parted particle may still touch: there, contact is what counts.
            touching = i.kind == "porous"
            criteria.append(
                Criterion(
                    what=f"{i.place} delaminated",
                    variable=i(f"{'bonded contact' if touching else 'delaminated'} fraction"),
                    threshold=1 - limit if touching else limit,
                    direction="below" if touching else "above",
                    fresh=1 - fresh if touching else fresh,
                    says=f"misfit strain has parted the {i.place} from the electrolyte",
                )
            )
            strength = f"{pair.electrolyte}.fracture_strength"
            if i.kind == "porous" and side.fracture != "off" and cell.has(strength):
                criteria.append(
                    Criterion(
                        what=f"{i.place} electrolyte fractured",
                        variable=i("electrolyte tensile stress [Pa]"),
                        threshold=cell.quantity(strength).si * side.strength_factor.si,
                        direction="above",
                        fresh=0.0,
                        severity=side.fracture,
                        says=f"the particles pull the {i.place}'s electrolyte beyond its strength",
                    )
                )
        return criteria

    def slow_states(self, cell: CellContext) -> list[SlowState]:
        """The damage, in the form that grows evenly."""
        states = [SlowState(i("damage state")) for i in self._places(cell) if i.kind == "metal"]
        slow = ("Miner sum", "overload damage", "largest shrinkage")
        hosts = [i for i in self._places(cell) if i.kind == "porous"]
        return states + [SlowState(i(name)) for i in hosts for name in slow]

    def outputs(self, cell: CellContext) -> list[str]:
        """Damage, strain, stress and what they release."""
        names = (
            "delaminated fraction",
            "bonded contact fraction",
            "misfit strain",
            "misfit stress [Pa]",
            "opening traction [Pa]",
            "opening energy release rate [J.m-2]",
            "reference exchange current density [A.m-2]",
            "pristine resistance [Ohm.m2]",
        )
        names_there = [i(name) for i in self._places(cell) for name in names]
        hosts = [i for i in self._places(cell) if i.kind == "porous"]
        names_there += [
            i(name)
            for i in hosts
            for name in ("Miner sum", "overload damage", "contact fraction of the widest gap")
        ]
        bent = [pair.interface for pair in bonded_pairs(cell) if pair.bends]
        return names_there + [i("misfit curvature [m-1]") for i in bent]

    def provides(self, cell: CellContext) -> list[str]:
        """What is stored, and how fast the strain changes."""
        rates = [i("misfit strain rate [s-1]") for i in self._places(cell)]
        return [*self.outputs(cell), *rates]

    def diagnose(self, run: RunRecord, cell: CellContext) -> Evidence:
        """Voltage lost to crowding film and reaction, and capacity cut off with its particles."""
        volts, capacity, said = 0.0, 0.0, []
        thermal = 2 * GAS_CONSTANT * run.temperature / FARADAY
        for i in self._places(cell):
            # What a particle has lost shows when it has shrunk, not at the end of a discharge.
            touching = "bonded contact fraction"
            if i.kind == "porous":
                touching = "contact fraction of the widest gap"
            contact, j0 = i(touching), i("reference exchange current density [A.m-2]")
            shares = [run.first[contact], run.last[contact]]
            if i.kind == "porous":
                active = i("connected active fraction")
                capacity += run.nominal_capacity * (run.first[active] - run.last[active])
                # The reference current holds the particles' area, which falls with them.
                shares[0] *= run.first[active] / max(run.last[active], 1e-8)
            eta = [
                thermal * math.asinh(run.current_density / (2 * run.last[j0] * max(share, 1e-8)))
                for share in shares
            ]
            volts += eta[1] - eta[0]
            crowded = 1 / max(run.last[contact], 1e-8) - 1 / max(run.first[contact], 1e-8)
            volts += run.current_density * run.last[i("pristine resistance [Ohm.m2]")] * crowded
            said.append(f"{run.last[i('delaminated fraction')]:.3g} of the {i.place} has parted")
        return Evidence(polarisation=volts, capacity=capacity, says=", ".join(said))
