"""How much stripping current an interface can refill: three closures.

Empirical (A, the default): linear in the pressure, as measured on beta''-alumina::

    j_cap = (j_00 + k_p p) exp(-E_v/R (1/T - 1/T_ref))

Bulk creep (B): sodium flows back over its whole thickness, by Norton's law under the
stack pressure::

    j_cap = (F/V_m) h_Na e_0(T) (p/s_0)^n

With sodium's measured creep it asks for 0.16 MPa at 2.5 mA/cm2 and 100 um, and p ~ j^(1/n):
sixty times less, and another power, than measured. It is an upper bound, not a
prediction. Vacancy diffusion (C) stands in ``vacancies.py``.

A and C refill at no pressure too: the metal follows its surface, and what lies behind it follows
the metal. Behind a spring or a rigid gap nothing follows once nothing is pressed: what is stripped
leaves a gap, and both lose as the pressure goes to nought (:func:`following`)::

    j_cap (1 - exp(-p/p_f))

All three say a current that grows voids, ``refill``, and one that heals those there are,
``healing``; for A and B they are the same.

References: Spencer Jolly et al. 2020, ACS Appl. Mater. Interfaces 12, 678; Lowack, arXiv
2603.23340; Wang et al. 2020, Materialia 100792.
"""

from __future__ import annotations

from typing import Any

import pybamm

from twin import CellContext, Interface, ModeSubModel, arrhenius
from twin_pressure.creep import norton_rate
from twin_pressure.melting import TEMPERATURE

REFILL = "refill current density [A.m-2]"
HEALING = "healing current density [A.m-2]"


def following(of: ModeSubModel, pressure: pybamm.Symbol) -> pybamm.Symbol:
    """Return the share of refilling that the stack follows, at a pressure of nought or more [Pa].

    One under a constant force. Else ``1 - exp(-p/p_f)``: a fixture pushes and does not pull, so
    what is stripped beyond its travel is a gap, counted among the voids.
    """
    if of.cell.spec.stack.fixture == "constant-force":
        return pybamm.Scalar(1)
    return 1 - pybamm.exp(-pressure / of.p("voids.following_pressure"))


class EmpiricalRefill(ModeSubModel):
    """Closure A: linear in the pressure, thermally activated."""

    def _own(self, name: str) -> pybamm.Parameter:
        return self.p(f"voids.{name}")

    def _current(self, variables: dict[str, Any]) -> pybamm.Symbol:
        T, pressure = variables[TEMPERATURE], pybamm.maximum(variables["Stack pressure [Pa]"], 0)
        current = self._own("refill_current") + self._own("refill_per_pressure") * pressure
        energy = self._own("refill_activation_energy")
        warmer = arrhenius(energy, T, self._own("reference_temperature"))
        return current * warmer * following(self, pressure)

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """The current that can be refilled grows no voids, and heals those there are."""
        current = self._current(variables)
        variables[self.interface(REFILL)] = current
        variables[self.interface(HEALING)] = current
        return variables


class CreepRefill(EmpiricalRefill):
    """Closure B: Norton flow of all the sodium there is."""

    def _current(self, variables: dict[str, Any]) -> pybamm.Symbol:
        i, T = self.interface, variables[TEMPERATURE]
        pressure = pybamm.maximum(variables["Stack pressure [Pa]"], 0)
        key = self.cell.electrode_key(i.place)
        charge = pybamm.constants.F / self.cell.parameter(f"{key}.material.molar_volume")
        height = pybamm.maximum(variables[i("sodium thickness [m]")], 0)
        return charge * height * norton_rate(self, i.place, pressure, T)


def refill_submodels(
    cell: CellContext, mode_id: str, interface: Interface
) -> dict[str, ModeSubModel]:
    """Return the submodels of the closure that the cell asks for, by name."""
    from twin_pressure.vacancies import VacancyBalance, VacancyCapacity

    closure = cell.parameters(mode_id).voids.refill
    if closure == "vacancy-diffusion":
        return {
            "refill": VacancyCapacity(cell, mode_id, interface),
            "vacancies": VacancyBalance(cell, mode_id, interface),
        }
    chosen = CreepRefill if closure == "bulk-creep" else EmpiricalRefill
    return {"refill": chosen(cell, mode_id, interface)}
