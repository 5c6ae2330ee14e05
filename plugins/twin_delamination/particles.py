"""The bonds of a composite's particles: how many have parted, and what that costs.

The misfit of a particle against the shell of electrolyte around it (``shell.py``)::

    eps     = (alpha_p - alpha_m)(T - T_0) + (beta/3)(x - x_asm)

negative where it has shrunk: only then does it pull at its bond. A host with a yield strength
(an alloy) flows after its shell, ``|eps| <= sigma_y C``. With ``p`` the even part of the stack
pressure, the range of a cycle and the traction that is left are::

    range   = <sigma_el - p max(A, sigma_el/p_pl)>
    sigma   = range p_pl/max(sigma_el, p_pl),      G = sigma^2 C R/2

Past the yield point the range is pseudo-elastic: it measures strain. The electrolyte's fracture
strength stands for the yield strength of one that cracks first: a shell full of cracks bears no
more.

*Overload.* A particle parts at once where it sets free more than ``Gamma``. Radii are spread
as a logarithm: the share ``D_1 = Phi(ln(G/Gamma)/s_R)`` at the largest ``G`` so far, with ``G``
that of the median radius.

*Fatigue.* Each particle parts when its Miner sum is 1; their strengths are spread, too::

    dM/dt   = 1/2 |d/dt (range C/eps_b)^m|         (range_max C/eps_b)^m a cycle
    D_f     = Phi(ln(M + 1e-12)/(m s))
    D       = 1 - (1 - D_0)(1 - D_1)(1 - D_f)

The strength is given as a strain, ``sigma_b = eps_b/C``: what a joint bears goes with its
stiffness, and past the yield point a range of strain is what is known at all (Coffin, Manson).

*What it costs.* A parted particle touches as long as it fills its hole, and again where pressure
closes the gap::

    p_close = min(p_el, p_pl)
    gap     = theta_r + (1 - theta_r) Phi(ln[(p + p_a)/(p_close + p_a/10)]/s_p)
    contact = 1 - D (1 - gap(x))
    active  = 1 - D q_iso (1 - gap(at the largest shrinkage so far))

so that contact breathes with the filling, and both come back when the cell is pressed.

Where a particle touches on a share ``theta_0`` as assembled (``mixing.contact``), less contact
makes longer detours inside it (:func:`twin.specs.percolation.detour`). Particles are of two
classes, whole ones with ``f(theta_0)`` and parted ones with ``f(theta_0 gap)``; what they fall
short of the mean filling goes as ``f``, so that the mean of the two stands, not ``f`` of the mean
contact::

    D_s factor = f(theta_0)/((1 - D) f(theta_0) + D f(theta_0 gap))

The states: the strain the interface feels, which trails its cause by ``tau`` so that a step of
temperature counts with its full amplitude at a rate the interface could see; the same of the
pressure and of ``range C/eps_b``; the Miner sum; ``D_1``; the largest shrinkage. The active share
depends on states alone, so that its rate is known and no port waits for another.

References: M. A. Miner, J. Appl. Mech. 12 (1945) A159; L. F. Coffin, Trans. ASME 76 (1954) 931;
J. R. Shi et al., J. Mater. Chem. A 2020, d0ta06985j (pressed again, capacity comes back; abstract);
the first two recalled.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import pybamm

from twin_delamination.bond import BondSubModel
from twin_delamination.parameters import DETOURS, detours
from twin_delamination.shell import Shell, greater, lesser, pressure_in_a_die, yield_traction

TEMPERATURE = "Volume-averaged cell temperature [K]"
# A particle that has not been strained has not begun to part.
_NO_DAMAGE = 1e-12
# No pull, no energy: the logarithm is of this at least.
_NO_ENERGY = 1e-12


def normal_share(z: Any) -> Any:
    """Return the normal distribution ``Phi(z)``."""
    return 0.5 * (1 + pybamm.erf(z / math.sqrt(2)))


class Particles(BondSubModel):
    """Misfit, parting and contact of one composite's particles; see the module's equations."""

    def _of(self, key: str, name: str) -> pybamm.Parameter:
        return self.cell.parameter(f"{key}.{name}")

    @cached_property
    def _electrode(self) -> str:
        return self.cell.electrode_key(self.interface.place)

    @cached_property
    def shell(self) -> Shell:
        """The particle and what surrounds it, as parameters."""
        solid, matrix = self.pair.solid, self.pair.electrolyte
        particle = self.cell.parameter(f"{self._electrode}.active_fraction")
        around = self.cell.parameter(f"{self._electrode}.electrolyte_fraction")
        return Shell(
            E_particle=self._of(solid, "youngs_modulus"),
            nu_particle=self._of(solid, "poisson_ratio"),
            E_matrix=self._of(matrix, "youngs_modulus"),
            nu_matrix=self._of(matrix, "poisson_ratio"),
            fraction=particle / (particle + around),
        )

    @cached_property
    def _strength(self) -> pybamm.Parameter | None:
        """What the electrolyte bears before it flows, or cracks; None where neither is known."""
        for name in ("yield_strength", "fracture_strength"):
            if self.cell.has(f"{self.pair.electrolyte}.{name}"):
                return self._of(self.pair.electrolyte, name)
        return None

    @cached_property
    def _limit(self) -> Any | None:
        """``p_pl``; None for a shell that is elastic throughout."""
        return (
            None if self._strength is None else yield_traction(self._strength, self.shell.fraction)
        )

    # ------------------------------------------------------------ variables

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define the states."""
        i = self.interface
        scales = {
            "felt misfit strain": 1e-3,
            "felt pressure [Pa]": 1e6,
            "felt fatigue ratio": 0.1,
            "Miner sum": 1e-3,
            "overload damage": 1e-3,
            "largest shrinkage": 1e-3,
        }
        variables = {i(name): self.state(i(name), scale=scale) for name, scale in scales.items()}
        fatigued = normal_share(
            pybamm.log(pybamm.maximum(variables[i("Miner sum")], 0) + _NO_DAMAGE)
            / (self.own("fatigue_exponent") * self.own("fatigue_spread"))
        )
        whole = (1 - self.own("initial_damage")) * (1 - variables[i("overload damage")])
        variables[i("delaminated fraction")] = parted = 1 - whole * (1 - fatigued)
        widest = pybamm.maximum(variables[i("largest shrinkage")], 0)
        pressed = pybamm.maximum(variables[i("felt pressure [Pa]")], 0)
        lost = parted * (1 - self._gap(pressed, widest))
        variables[i("contact fraction of the widest gap")] = 1 - lost
        variables[i("connected active fraction")] = 1 - self.own("isolated_share") * lost
        return variables

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Misfit, tractions and what still touches."""
        i, shell = self.interface, self.shell
        felt = variables[i("felt misfit strain")]
        misfit = self._misfit(variables)
        pressure = self._pressure(variables)
        held = self._followed(felt)
        stress = held / shell.compliance
        net = self._net(held, pressure)
        variables[i("misfit strain")] = misfit
        variables[i("misfit strain rate [s-1]")] = (misfit - felt) / self.own("strain_lag")
        variables[i("misfit stress [Pa]")] = self._capped(stress)
        variables[i("opening traction [Pa]")] = net
        radius = self.cell.parameter(f"{self._electrode}.particle_radius")
        variables[i("opening energy release rate [J.m-2]")] = shell.release_rate(net, radius)
        variables[i("electrolyte tensile stress [Pa]")] = self._tension(stress) - pressure
        parted = variables[i("delaminated fraction")]
        shrunk = pybamm.maximum(-held, 0)
        gap = self._gap(pressure, shrunk)
        variables[i("gap contact fraction")] = gap
        variables[i("bonded contact fraction")] = 1 - parted * (1 - gap)
        if detours(self.cell, i):
            variables[i(DETOURS)] = self._detours(parted, gap)
        self._aims = {
            i("felt misfit strain"): misfit,
            i("felt pressure [Pa]"): pressure,
            i("felt fatigue ratio"): self._range(self._followed(misfit), pressure)
            * shell.compliance
            / self.own("fatigue_strain"),
        }
        energy = variables[i("opening energy release rate [J.m-2]")] / self.own("fracture_energy")
        size = pybamm.log(pybamm.maximum(energy, _NO_ENERGY)) / self.own("size_spread")
        self._peaks = {
            i("overload damage"): normal_share(size),
            i("largest shrinkage"): shrunk,
        }
        return variables

    def _detours(self, parted: Any, gap: Any) -> Any:
        """Return ``f(theta_0)/((1 - D) f(theta_0) + D f(theta_0 gap))``."""
        place = self.interface.place
        assembled = self.cell.parameter(f"{self._electrode}.mixing.contact")
        whole = self.cell.diffusion_detour(place, assembled)
        open_ = self.cell.diffusion_detour(place, assembled * gap)
        return whole / ((1 - parted) * whole + parted * open_)

    def _misfit(self, variables: dict[str, Any]) -> Any:
        """Return the misfit strain; positive where the particle is too large."""
        strain: Any = pybamm.PrimaryBroadcast(0, "current collector")
        solid = self.pair.solid
        if self.pair.expands:
            mismatch = self._of(solid, "thermal_expansion") - self._of(
                self.pair.electrolyte, "thermal_expansion"
            )
            strain = strain + mismatch * (
                variables[TEMPERATURE] - self.own("stress_free_temperature")
            )
        if self.pair.swells:
            if self.table.stress_free_stoichiometry is None:
                start = self.cell.parameter(f"{self.interface.place}.initial_stoichiometry")
            else:
                start = self.own("stress_free_stoichiometry")
            filled = variables[self.interface("stoichiometry")] - start
            strain = strain + self._of(solid, "volume_change") / 3 * filled
        return strain

    def _pressure(self, variables: dict[str, Any]) -> Any:
        """Return the even part of the stack pressure."""
        return self._even(pybamm.maximum(variables["Stack pressure [Pa]"], 0))

    def _even(self, stack: Any) -> Any:
        ratio = self._of(self.pair.electrolyte, "poisson_ratio")
        return pressure_in_a_die(stack, ratio, self._strength)

    def _followed(self, strain: Any) -> Any:
        """Return the misfit that a host leaves standing: one that flows gives way beyond."""
        if not self.cell.has(f"{self.pair.solid}.yield_strength"):
            return strain
        most = self._of(self.pair.solid, "yield_strength") * self.shell.compliance
        return pybamm.minimum(pybamm.maximum(strain, -most), most)

    def _range(self, strain: Any, pressure: Any) -> Any:
        pull = pybamm.maximum(self.shell.traction(strain), 0)
        share: Any = self.shell.pressure_factor
        if self._limit is not None:
            share = greater(share, pull / self._limit)
        return pybamm.maximum(pull - pressure * share, 0)

    def _net(self, strain: Any, pressure: Any) -> Any:
        left = self._range(strain, pressure)
        if self._limit is None:
            return left
        return left * self._limit / pybamm.maximum(self.shell.traction(strain), self._limit)

    def _capped(self, stress: Any) -> Any:
        if self._limit is None:
            return stress
        return pybamm.maximum(pybamm.minimum(stress, self._limit), -self._limit)

    def _tension(self, stress: Any) -> Any:
        """Return the largest tension in the electrolyte, before the stack presses on it.

        Around a particle that grows its inside is stretched, by ``(1 + 2f)/2(1 - f)`` of the
        traction; one that shrinks pulls at it. One that flows bears no more than that.
        """
        f = self.shell.fraction
        if self.cell.has(f"{self.pair.electrolyte}.yield_strength"):
            stress = self._capped(stress)
        return pybamm.maximum(stress * (1 + 2 * f) / (2 * (1 - f)), -stress)

    def _gap(self, pressure: Any, shrunk: Any) -> Any:
        closing = self.shell.closing_pressure(shrunk)
        if self._limit is not None:
            closing = lesser(closing, self._limit)
        air, rest = self.own("ambient_pressure"), self.own("gap_contact")
        ratio = pybamm.log((pressure + air) / (closing + air / 10))
        return rest + (1 - rest) * normal_share(ratio / self.own("gap_spread"))

    # ------------------------------------------------------------ equations

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Follow the strain; add up the damage."""
        i, lag = self.interface, self.own("strain_lag")
        for name, aim in self._aims.items():
            self.rhs[variables[name]] = (aim - variables[name]) / lag
        for name, peak in self._peaks.items():
            self.rhs[variables[name]] = pybamm.maximum(peak - variables[name], 0) / lag
        ratio = variables[i("felt fatigue ratio")]
        m = self.own("fatigue_exponent")
        self.rhs[variables[i("Miner sum")]] = (
            m / 2 * pybamm.maximum(ratio, 0) ** (m - 1) * pybamm.AbsoluteValue(self.rhs[ratio])
        )

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Pressed as it is, stress-free and whole."""
        for name in (
            "felt misfit strain",
            "felt fatigue ratio",
            "Miner sum",
            "overload damage",
            "largest shrinkage",
        ):
            self.initial_conditions[variables[self.interface(name)]] = pybamm.Scalar(0)
        pressed = variables[self.interface("felt pressure [Pa]")]
        self.initial_conditions[pressed] = self._even(self.cell.parameter("stack.pressure"))
