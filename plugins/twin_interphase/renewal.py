"""What takes a grown layer out of service: cracking, and contact lost and found again.

Strain cracks the layer and the electrolyte it bares grows a new one; the charge of the old
is not returned. Area that comes into contact is bare but for its native layer ``L_0``. On
the area in contact both thin the mean layer::

    renewal = chi_cr |d eps/dt| L + f (L - L_0) max(d ln c/dt, 0)
    d ln c/dt = play(ln theta - ln c)/tau

The second quantity is ``c``, the share of the interface in contact and covered. It follows
the contact ``theta`` within ``tau``, with a millionth of play, so that a solver's noise about
a contact at rest renews nothing. Where contact is lost the layer goes with it and the mean
stays; where it is found, ``c (L - L_0)`` stays, so that no solid is made or lost. The
thickness is a mean, and growth and resistance are taken at it, though thin spots grow and
conduct better: of all descriptions with two states the one that keeps the charge. Only
changes of contact count, not where they start from, so ``c`` starts at 1.

What strains the interface: a metal's surface moves against the layer as it is plated and
stripped, a host's follows its filling ``x``, whose rate the current gives exactly::

    metal   |d eps/dt| = V_m |i|/(F h_ref)
    host    |d eps/dt| = (beta/3) |dx/dt|,   dx/dt = -(i - i_side)/(F c_max eps_s L_e)

Reference: the form of the cracking term is physics.md's; no rate was found measured for
any sodium interphase.
"""

from __future__ import annotations

from typing import Any

import pybamm

from twin import Port
from twin_interphase.side import SideSubModel

# Change of ln(contact) that counts as none.
_PLAY = 1e-6


class Renewal(SideSubModel):
    """Strain rate, covered share, and the thickness that the two take from the mean."""

    @property
    def follows(self) -> bool:
        """Whether the contact's changes matter."""
        value: bool = self.grows and self.table.fresh_share.si > 0
        return value

    @property
    def _state(self) -> str:
        return self.interface("interphase covered fraction logarithm")

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define ``ln c`` where contact found again is fresh."""
        return {self._state: self.state(self._state, scale=1e-2)} if self.follows else {}

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Strain rate and renewal."""
        i = self.interface
        dense = variables[i("dense interphase thickness [m]")]
        strain = self._strain_rate(variables)
        renewal = self.own("renewal_per_strain") * strain * dense
        if self.follows:
            rate = pybamm.maximum(self._following(variables), 0)
            fresh = self.own("fresh_share") * rate
            renewal = renewal + fresh * (dense - self.own("initial_thickness"))
        variables[i("interphase strain rate [s-1]")] = strain
        variables[i("interphase renewal rate [m.s-1]")] = renewal
        return variables

    def _following(self, variables: dict[str, Any]) -> pybamm.Symbol:
        """Return ``d ln c/dt``."""
        gap = pybamm.log(self.contact(variables)) - variables[self._state]
        beyond = pybamm.maximum(gap - _PLAY, 0) + pybamm.minimum(gap + _PLAY, 0)
        return beyond / self.own("recontact_lag")

    def _strain_rate(self, variables: dict[str, Any]) -> pybamm.Symbol:
        i, F = self.interface, pybamm.constants.F
        current = variables[i("current density [A.m-2]")]
        key = self.cell.electrode_key(i.place)
        if i.kind == "metal":
            volume = self.cell.parameter(f"{key}.material.molar_volume")
            return pybamm.AbsoluteValue(current) * volume / F / self.own("strain_height")
        if not self.cell.has(f"{key}.material.volume_change"):
            return self.scalar(0)
        main = current - variables[Port.PARASITIC_CURRENT.at(i.place).variable]
        sites = (
            self.cell.parameter(f"{key}.material.maximum_concentration")
            * self.cell.parameter(f"{key}.active_fraction")
            * self.cell.parameter(f"{key}.thickness")
            * self.cell.utilisation(i.place)
        ) * pybamm.maximum(variables[Port.ACTIVE_FRACTION.at(i.place).variable], 1e-8)
        expansion = self.cell.parameter(f"{key}.material.volume_change") / 3
        return expansion * pybamm.AbsoluteValue(main) / (F * sites)

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Follow the contact."""
        if self.follows:
            self.rhs = {variables[self._state]: self._following(variables)}

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Covered, whatever touches: what comes next is what counts."""
        if self.follows:
            self.initial_conditions = {variables[self._state]: pybamm.Scalar(0)}
