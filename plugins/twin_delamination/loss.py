"""What parts a foil's bond: misfit stress, overload, fatigue; and what closes it again.

A foil on a stiff pellet follows it wholly::

    eps      = (alpha_s - alpha_e)(T - T_0)
    sigma_m  = sigma_y tanh(M eps_lag/sigma_y)            a metal yields (M in mechanics.py)
    sigma_n  = max(chi_s |sigma_m| - p - sigma_adh, 0)    opening traction
    dD/dt    = (1 - D)^q B (sigma_n/sigma_0)^m |d eps_lag/dt|         fatigue (strain)
             or (1 - D)^q (C m/2) (G/Gamma_i)^(m-1) |dG/dt|/Gamma_i   fatigue (paris)
             + (1 - D) max(G/Gamma_i - 1, 0)/tau_d                    overload (griffith)
             - D (p/p_h)^s/tau_h                                      recontact

``G`` (mechanics.py) is taken at the stress that pressure and adhesion leave,
``sigma_n/chi_s``. For ``q = 0``, ``chi_s = 1`` and no pressure a half cycle from nought to
``eps_a`` costs ``B (M/sigma_0)^m eps_a^(m+1)/(m+1)``, whatever the shape of its way there.

Paris's law, ``dD/dN = C (G_max/Gamma_i)^m``, is the same shared out over loading and unloading.

The cohesive overload instead takes the bond to the bilinear law's damage ``d(delta)`` at
the opening ``delta = sigma_n h/(chi_s M)``, never back: ``dD/dt = max(d - D, 0)/tau_d``.

References: J. W. Hutchinson, Z. Suo, Adv. Appl. Mech. 29 (1992) 63 (recalled); K. L. Roe,
T. Siegmund, Eng. Fract. Mech. 70 (2003) 209 (cohesive fatigue, recalled); G. Bucci et al.,
J. Mater. Chem. A 5 (2017) 19422 (abstract).
"""

from __future__ import annotations

from typing import Any

import pybamm

from twin_delamination.bond import BondSubModel, exponential
from twin_delamination.cohesive import damage_at
from twin_delamination.mechanics import (
    biaxial_modulus,
    bilayer_curvature,
    release_rate,
)

TEMPERATURE = "Volume-averaged cell temperature [K]"


class BondLoss(BondSubModel):
    """Stress at one interface and the damage it does; see the module's equations."""

    def _of(self, key: str, name: str) -> pybamm.Parameter:
        return self.cell.parameter(f"{key}.{name}")

    def _elastic(self) -> tuple[Any, Any, Any]:
        """Return ``M``, ``E`` and ``nu`` of the metal."""
        E, nu = (self._of(self.pair.solid, name) for name in ("youngs_modulus", "poisson_ratio"))
        return biaxial_modulus(E, nu), E, nu

    def _thickness(self) -> pybamm.Parameter:
        if self.table.layer_thickness is not None:
            return self.own("layer_thickness")
        electrode = self.cell.electrode_key(self.interface.place)
        return self.cell.parameter(f"{electrode}.thickness")

    def _misfit(self, variables: dict[str, Any]) -> Any:
        """Return the misfit strain; positive where the foil is too large."""
        mismatch = self._of(self.pair.solid, "thermal_expansion") - self._of(
            self.pair.electrolyte, "thermal_expansion"
        )
        return mismatch * (variables[TEMPERATURE] - self.own("stress_free_temperature"))

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Strain, stress, traction and energy."""
        i = self.interface
        modulus, E, nu = self._elastic()
        felt = variables[i("felt misfit strain")]
        misfit = self._misfit(variables)
        pressure = pybamm.maximum(variables["Stack pressure [Pa]"], 0)
        limit = self._of(self.pair.solid, "yield_strength")
        stress = limit * pybamm.tanh(modulus * felt / limit)
        slope = modulus * (1 - (stress / limit) ** 2)
        pull = self.own("opening_factor") * pybamm.AbsoluteValue(stress)
        traction = pybamm.maximum(pull - pressure - self.own("adhesion"), 0)
        net = traction / self.own("opening_factor")
        variables[i("misfit strain")] = misfit
        variables[i("misfit strain rate [s-1]")] = (misfit - felt) / self.own("strain_lag")
        variables[i("misfit stress [Pa]")] = stress
        variables[i("opening traction [Pa]")] = traction
        variables[i("opening energy release rate [J.m-2]")] = release_rate(
            net, self._thickness(), E, nu
        )
        # dG/dt = (dG/d sigma)(d sigma/dt), without G's square root.
        stress_rate = slope * pybamm.AbsoluteValue((misfit - felt) / self.own("strain_lag"))
        variables[i("opening energy rate [W.m-2]")] = (
            (1 - nu**2) * net * self._thickness() / E * stress_rate
        )
        variables[i("misfit opening [m]")] = net / modulus * self._thickness()
        if self.pair.bends:
            variables[i("misfit curvature [m-1]")] = self._curvature(stress / modulus, modulus)
        return variables

    def _curvature(self, strain: Any, modulus: Any) -> pybamm.Symbol:
        """Return how the foil bends the electrolyte, were the stack not pressed flat."""
        plate = self.pair.electrolyte
        stiff = biaxial_modulus(self._of(plate, "youngs_modulus"), self._of(plate, "poisson_ratio"))
        thickness = self.cell.parameter("electrolyte.thickness")
        return bilayer_curvature(strain, modulus, self._thickness(), stiff, thickness)

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Part and close the bond; follow the strain."""
        i = self.interface
        y = variables[i("damage state")]
        rate = variables[i("misfit strain rate [s-1]")]
        # dy/dt = (dD/dt)/(1 - D).
        growth = exponential((1 - self.own("saturation_exponent")) * y) * self._fatigue(variables)
        growth = growth + self._overload(variables) / self.own("growth_time")
        if self.table.recontact == "pressure":
            pressure = pybamm.maximum(variables["Stack pressure [Pa]"], 0)
            closing = (pressure / self.own("recontact_pressure")) ** self.own("recontact_exponent")
            growth = growth - (exponential(y) - 1) * closing / self.own("recontact_time")
        self.rhs = {y: growth, variables[i("felt misfit strain")]: rate}

    def _fatigue(self, variables: dict[str, Any]) -> pybamm.Symbol:
        """Return ``dD/dt`` by fatigue of a whole bond."""
        i, factor, m = self.interface, self.own("fatigue_factor"), self.own("fatigue_exponent")
        if self.table.fatigue == "paris":
            energy = self.own("fracture_energy")
            ratio = variables[i("opening energy release rate [J.m-2]")] / energy
            swing = variables[i("opening energy rate [W.m-2]")] / energy
            return factor * m / 2 * ratio ** (m - 1) * swing
        ratio = variables[i("opening traction [Pa]")] / self.own("fatigue_reference_stress")
        return factor * ratio**m * pybamm.AbsoluteValue(variables[i("misfit strain rate [s-1]")])

    def _overload(self, variables: dict[str, Any]) -> pybamm.Symbol:
        """Return ``dy/dt`` by overload, times ``tau_d``."""
        i, energy = self.interface, self.own("fracture_energy")
        if self.table.overload == "griffith":
            released = variables[i("opening energy release rate [J.m-2]")]
            return pybamm.maximum(released / energy - 1, 0)
        final = 2 * energy / self.own("cohesive_strength")
        onset = self.own("cohesive_onset") * final
        opening = pybamm.maximum(variables[i("misfit opening [m]")], onset)
        damage = damage_at(pybamm.minimum(opening, final), onset, final)
        gap = pybamm.maximum(damage - variables[i("delaminated fraction")], 0)
        return gap * exponential(variables[i("damage state")])
