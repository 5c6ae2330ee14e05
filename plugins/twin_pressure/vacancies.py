"""Refilling by vacancy diffusion (closure C).

Each atom stripped leaves a vacancy, ``j/F`` per area, that diffuses into the metal and is
lost at sinks (dislocations, grain boundaries) a distance ``l`` away on average::

    dc/dt = D c'' - (D/l^2)(c - c_eq),    -D c'(0) = j_d/F

so that at constant current from rest ``c_s - c_eq = (j l/(F D)) erf(sqrt(D t)/l)``: at
first Sand's ``2 (j/F) sqrt(t/(pi D))``, in the end ``j l/(F D)``. The interface takes up
vacancies until its supersaturation ``S = c_s/c_eq`` reaches ``S_c``; what comes beyond
goes into voids. Collapse thus comes after a time ~ 1/j^2, and below
``j = (F D/l)(S_c - 1) c_eq`` never. Voids that are there dissolve down to ``S_h``. A vacancy
condensing under the pressure ``p`` must lift it, by its volume::

    S_h = exp(p V_m/(R T)),    S_c = S_n S_h

with ``S_n`` the barrier to nucleation; without one, ``j_cap ~ p``. Behind a spring or a rigid
gap both currents fade out with the pressure (``refill.following``). Under plating the
interface keeps to ``c_eq``: plated atoms fill what vacancies arrive, and else add to the
lattice.

The half-space is exact in its diffusive representation, ``1/sqrt(pi t) = (2/pi) int
exp(-k^2 t) dk``, of which a few states remain on a geometric grid of wave numbers::

    dz_k/dt = -(k^2 + 1/l^2) D z_k + j_d/F,    c_s - c_eq = (2/pi) sum_k dk z_k

The sum is spectrally accurate: 5e-6 at this grid's ratio. Waves shorter than a void follow
the current at once (a resistance ``r``), waves longer than the sinks' distance are
lumped into one state.

References: T. Krauskopf et al., ACS Appl. Mater. Interfaces 11 (2019) 14463; H. J. S. Sand,
Phil. Mag. 1 (1901) 45; R. Feder, H. P. Charbnau, Phys. Rev. 149 (1966) 464 (vacancies in
sodium); G. Montseny, ESAIM Proc. 5 (1998) 159 (diffusive representation).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pybamm

from twin import CellContext, Interface, ModeSubModel, arrhenius
from twin_pressure.melting import TEMPERATURE
from twin_pressure.refill import HEALING, REFILL, following

# Logarithmic step of the wave numbers; the error of the sum is about exp(-pi^2/(2 step)).
STEP = 0.4
# The longest wave kept, in units of the sinks' distance; what lies beyond is lumped.
LONGEST = 30.0
SUPERSATURATION = "vacancy supersaturation"


class _Vacancies(ModeSubModel):
    """What both halves of the closure share: grid, diffusivity, equilibrium."""

    def __init__(self, cell: CellContext, mode_id: str, interface: Interface):
        super().__init__(cell, mode_id, interface)
        own = cell.parameters(mode_id)
        waves = LONGEST * own.vacancies.sink_distance.si / own.voids.reference_height.si
        self.count = max(2, math.ceil(math.log(max(waves, 1.0)) / STEP) + 1)

    @property
    def names(self) -> list[str]:
        """Names of the states, from the shortest wave to the lump of the longest."""
        return [self.interface(f"vacancy memory {k}") for k in range(1, self.count + 2)]

    def wave_numbers(self) -> list[pybamm.Symbol]:
        """Wave numbers [m-1]; the shortest wave is the voids' reference height."""
        top = 1 / self.p("voids.reference_height")
        return [top * math.exp(-STEP * k) for k in range(self.count)]

    def weights(self) -> list[pybamm.Symbol]:
        """``(2/pi) dk`` of each state [m-1]; the last stands for all longer waves."""
        waves = self.wave_numbers()
        kept = [2 / np.pi * STEP * k for k in waves]
        return [*kept, 2 / np.pi * STEP * waves[-1] / math.expm1(STEP)]

    def diffusivity(self, variables: dict[str, Any]) -> pybamm.Symbol:
        """``D`` [m2.s-1] of a vacancy."""
        T, p = variables[TEMPERATURE], pybamm.maximum(variables["Stack pressure [Pa]"], 0)
        RT = pybamm.constants.R * T
        slowed = pybamm.exp(-p * self.p("vacancies.activation_volume") / RT)
        energy, T_ref = self.p("vacancies.migration_energy"), self._T_ref
        return self.p("vacancies.diffusivity") * arrhenius(energy, T, T_ref) * slowed

    @property
    def _T_ref(self) -> pybamm.Parameter:
        return self.p("voids.reference_temperature")

    def equilibrium(self, variables: dict[str, Any]) -> pybamm.Symbol:
        """``c_eq`` [mol.m-3]."""
        energy = self.p("vacancies.formation_energy")
        c = self.p("vacancies.equilibrium_concentration")
        return c * arrhenius(energy, variables[TEMPERATURE], self._T_ref)

    def resistance(self, variables: dict[str, Any]) -> pybamm.Symbol:
        """``r`` [s.m-1]: excess concentration over flux, of the waves too short to keep."""
        height = self.p("voids.reference_height")
        return 2 / np.pi * STEP / math.expm1(STEP) * height / self.diffusivity(variables)

    def remembered(self, variables: dict[str, Any]) -> pybamm.Symbol:
        """The part of ``c_s - c_eq`` that past currents have left [mol.m-3]."""
        scale = self.p("vacancies.equilibrium_concentration")
        return scale * sum(variables[name] for name in self.names)


class VacancyCapacity(_Vacancies):
    """The currents that grow and heal voids at this moment; level 1."""

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define each wave's share of the surface excess, in units of ``c_eq``."""
        return {name: self.state(name) for name in self.names}

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """What takes the surface to ``S_c`` and to ``S_h`` at once."""
        i = self.interface
        T, p = variables[TEMPERATURE], pybamm.maximum(variables["Stack pressure [Pa]"], 0)
        key = self.cell.electrode_key(i.place)
        volume = self.cell.parameter(f"{key}.material.molar_volume")
        lifted = pybamm.exp(p * volume / (pybamm.constants.R * T))
        c_eq, past = self.equilibrium(variables), self.remembered(variables)
        per_excess = pybamm.constants.F / self.resistance(variables)
        barrier = self.p("vacancies.nucleation_supersaturation")
        grows = per_excess * ((barrier * lifted - 1) * c_eq - past)
        heals = per_excess * ((lifted - 1) * c_eq - past)
        follows = following(self, p)
        variables[i(REFILL)] = pybamm.maximum(grows, 0) * follows
        variables[i(HEALING)] = pybamm.maximum(heals, 0) * follows
        return variables


class VacancyBalance(_Vacancies):
    """Where the vacancies go: the metal takes what the voids do not."""

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Split the current, and say how supersaturated the surface is."""
        i = self.interface
        j = variables[i("current density [A.m-2]")]
        into_voids = variables[i("void growth current density [A.m-2]")]
        onto_metal = pybamm.maximum(-j, 0) * variables[i("unvoided fraction")]
        past, r = self.remembered(variables), self.resistance(variables)
        taken = pybamm.maximum(j, 0) - onto_metal - into_voids
        absorbed = pybamm.maximum(taken, -pybamm.constants.F * past / r)
        variables[i("absorbed vacancy current density [A.m-2]")] = absorbed
        excess = past + r * absorbed / pybamm.constants.F
        variables[i(SUPERSATURATION)] = 1 + excess / self.equilibrium(variables)
        return variables

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Diffuse and annihilate."""
        flux = variables[self.interface("absorbed vacancy current density [A.m-2]")]
        source = flux / (pybamm.constants.F * self.p("vacancies.equilibrium_concentration"))
        D, lost = self.diffusivity(variables), self.p("vacancies.sink_distance") ** -2
        squares = [k**2 for k in self.wave_numbers()] + [pybamm.Scalar(0)]
        for name, weight, square in zip(self.names, self.weights(), squares, strict=True):
            z = variables[name]
            self.rhs[z] = weight * source - (square + lost) * D * z

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Start in equilibrium."""
        for name in self.names:
            self.initial_conditions[variables[name]] = pybamm.Scalar(0)
