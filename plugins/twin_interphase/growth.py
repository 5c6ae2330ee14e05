"""Growth of one interphase under mixed control, and what it is worth as a resistance.

The layer is counted by the thickness ``L`` [m] its solid would have without pores, on the
area in contact. It grows where the electrolyte is beyond its stability limit by the drive
``w`` [V]::

    dL/dt = g - renewal,     g = s(w) / (1/k_r + L/(k_p d^(1+b)))

    k_r = k_r0 exp(alpha F (w - w_ref)/RT) exp(-E_r/R (1/T - 1/T_ref))     reaction
    k_p = k_p0 max(w, 0)/w_ref             exp(-E_p/R (1/T - 1/T_ref))     transport
    w   = U_red - phi_a  (anode),   phi_c - U_ox  (cathode)
    s   = 1/(1 + exp(-F w/RT))             nothing reacts inside the stability window
    d   = 1 - phi_0 exp(-p/p_d)            solid share of the layer under the pressure p

A **self-limiting** layer's transport dies out at ``L_inf``, whatever stops it: in the place of
``k_p`` stands ``k_p (1 - L/L_inf)``, so that without a reaction's limit
``dL/dt = k_p (1/L - 1/L_inf)``, and from ``L_0``, with ``x = L/L_inf``::

    t = (L_inf^2/k_p) [ -ln((1 - x)/(1 - x_0)) - (x - x_0) ]

A catholyte beyond its limit leaves a layer of its own **in the first charge** (``first_layer``):
the charge ``q_1`` per area, once, in the time ``tau_1`` beyond the limit; it is part of ``L``, so
that what grows after it grows the more slowly::

    df/dt = s(w) (1 - f)/tau_1,    g = ... + (Omega q_1/(z F)) df/dt,    f(0) = 0

Its resistance is given by what is measured, ``dR_inf`` in the end, in proportion to what has
grown: ``dR_inf (L - L_0)/(L_inf - L_0)`` in the place of ``(L - L_0)/sigma_s``; resistance and
charge need not go together.

The renewal is that of ``renewal.py``. Two carriers, one constant: electrons driven through
the layer by ``w`` (Wagner) give ``k_p = Omega sigma_amb w_ref/(z F)`` with the ambipolar
conductivity ``sigma_amb = sigma_e sigma_i/(sigma_e + sigma_i)``, interstitials of
concentration ``c`` and diffusivity ``D`` give ``k_p = Omega c D/z`` whatever the drive
(``transport = "interstitial"``; the factor ``max(w, 0)/w_ref`` is then left out). At the
reference drive equal constants grow equal layers. At constant potential and without
renewal ``L(t) = -k_p/k_r + sqrt((L_0 + k_p/k_r)^2 + 2 k_p t)``: parabolic when transport
limits, linear when the reaction does (the mixed-conducting class), with the limits
crossing at ``t* = 2 k_p/k_r^2``.

The pores make the layer ``L/d`` thick and conduct as ``d^b`` of the solid; it adds
``R = L/(sigma_s(T) d^(1+b) A_i theta)`` [Ohm.m2] per cell area; of a face whose measured
resistance holds the native layer already (``interfaces.*.contains``) only what has grown on
top of it counts, ``max(L - L_0, 0)`` in place of ``L``. ``A_i`` is the
interface's own area per cell area (at a composite ``a 3 eps_s L_e/R``, with the share ``a``
of it that meets electrolyte) and ``theta`` the conducting fraction: where contact is lost
nothing grows. Pressure thus makes a layer thinner and better conducting, to ions and
to what feeds its growth alike: a denser layer that goes on growing.

What is grown in all, cracked off and abandoned or not, is the state ``W`` [m], the volume
per cell area, and the reaction's current is its charge, whatever becomes of the layer::

    dW/dt = theta A_i g,     i = z F (dW/dt)/Omega

a reduction at the anode (as much sodium is consumed) and an oxidation at the cathode.

A layer may **take contact** too (``contact_thickness``; the composite's cathode alone): of the
particles' contact the share ``exp(-<L - L_0>_+/L_c)`` is left, which costs kinetics, film and
growth, and not the transport in the bulk. The rate follows the filling by way of the potential.

Catholytes: Witt et al. (abstract: little below 4.4 V against lithium, then a layer that limits
capacity, transport in the bulk unchanged); Oh et al. 2025, 10.1016/j.joule.2025.102130 (first
efficiency 91.9 % with a closo-borate as catholyte, 98.2 % with a chloride). No form of either
law was found published: these are the simplest with the right limits.

References: C. Wagner, Z. Phys. Chem. B 21 (1933) 25; S. Wenzel et al., Solid State
Ionics 278 (2015) 98 (interface classes). The pressure's law is an assumption: the review
(Chem. Sci. 2026, 17, 4881) says of Na | Na3PS4 that it makes the layer denser and does not
stop it; porosity closed exponentially and Bruggeman's power are the simplest that do so.
"""

from __future__ import annotations

from typing import Any

import pybamm

from twin_interphase.parameters import CONTACT, DETOURS, FORMED, forms_at_once
from twin_interphase.side import MAX_EXPONENT, TEMPERATURE, SideSubModel

# A layer that adds nothing [Ohm.m2].
_LEAST_RESISTANCE = 1e-12


class InterphaseLayer(SideSubModel):
    """The layer itself: its thickness, and the resistance it adds.

    Apart from its growth, because the kinetics need the resistance before there is a
    potential for the growth to follow.
    """

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define thickness and volume grown; a stable interface keeps its native layer."""
        i, start = self.interface, self.own("initial_thickness")
        dense, grown = i("dense interphase thickness [m]"), i("interphase grown [m]")
        if not self.grows:
            zero = self.scalar(0)
            return {dense: self.scalar(start), grown: zero}
        return {
            dense: self.state(dense, scale=start),
            grown: self.state(grown, scale=start * self.pristine_area()),
        }

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """``R = L/(sigma_s d^(1+b) A_i theta)``."""
        i, T = self.interface, variables[TEMPERATURE]
        d, theta, area = self.density(variables), self.contact(variables), self.own_area(variables)
        sigma = self._conductivity() * self.activated("conductivity_activation_energy", T)
        dense = variables[i("dense interphase thickness [m]")]
        added = self._not_measured_yet(dense) / d
        resistance = added / (sigma * d ** self.own("density_exponent") * area * theta)
        variables[i("interphase thickness [m]")] = dense / d
        variables[i("interphase resistance [Ohm.m2]")] = resistance
        return variables

    def _conductivity(self) -> Any:
        if self.table.kind != "self-limiting":
            return self.own("conductivity")
        grown = self.own("limiting_thickness") - self.own("initial_thickness")
        return grown / pybamm.maximum(self.own("limiting_resistance"), _LEAST_RESISTANCE)

    def _not_measured_yet(self, dense: Any) -> Any:
        """Return the thickness that the interface's own resistance does not hold."""
        if not self.cell.contains(self.interface, "native film"):
            return dense
        if not self.grows:
            return self.scalar(0)
        return pybamm.maximum(dense - self.own("initial_thickness"), 0)

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Start from the native layer."""
        if self.grows:
            i = self.interface
            self.initial_conditions = {
                variables[i("dense interphase thickness [m]")]: self.own("initial_thickness"),
                variables[i("interphase grown [m]")]: pybamm.Scalar(0),
            }


class FirstLayer(SideSubModel):
    """The share of the first charge's layer that has formed, f."""

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define that share, a state."""
        name = self.interface(FORMED)
        return {name: self.state(name)}

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """``df/dt``, and the thickness it adds."""
        i = self.interface
        left = 1 - variables[i(FORMED)]
        pace = self.beyond_the_limit(variables) * left / self.own("first_layer.time")
        volume = self.own("molar_volume") / (self.own("electrons") * pybamm.constants.F)
        variables[i("first layer pace [s-1]")] = pace
        variables[i("first layer rate [m.s-1]")] = volume * self.own("first_layer.charge") * pace
        return variables

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """``df/dt = s(w) (1 - f)/tau_1``."""
        i = self.interface
        self.rhs = {variables[i(FORMED)]: variables[i("first layer pace [s-1]")]}

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Nothing has formed."""
        self.initial_conditions = {variables[self.interface(FORMED)]: pybamm.Scalar(0)}


class ContactLeft(SideSubModel):
    """The share of the particles' contact that a layer leaves."""

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """``exp(-<L - L_0>_+/L_c)``, and the detours inside particles that less contact makes."""
        i = self.interface
        dense = variables[i("dense interphase thickness [m]")]
        beyond = pybamm.maximum(dense - self.own("initial_thickness"), 0)
        variables[i(CONTACT)] = left = pybamm.exp(-beyond / self.own("contact_thickness"))
        if self.cell.has(f"{i.place}.mixing.contact"):
            assembled = self.cell.parameter(f"{i.place}.mixing.contact")
            whole = self.cell.diffusion_detour(i.place, assembled)
            now = self.cell.diffusion_detour(i.place, assembled * left)
            variables[i(DETOURS)] = whole / now
        return variables


class InterphaseGrowthRate(SideSubModel):
    """How fast the layer grows, and the current that costs."""

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Growth rate and side-reaction current."""
        i = self.interface
        rate = self._rate(variables)
        if forms_at_once(self.cell, self.mode_id, i):
            rate = rate + variables[i("first layer rate [m.s-1]")]
        volume = self.own_area(variables) * self.contact(variables) * rate
        charge = self.own("electrons") * pybamm.constants.F / self.own("molar_volume")
        sign = 1 if self.oxidised else -1
        variables[i("interphase growth rate [m.s-1]")] = rate
        variables[i("interphase volume rate [m.s-1]")] = volume
        variables[i("interphase current density [A.m-2]")] = sign * charge * volume
        return variables

    def _rate(self, variables: dict[str, Any]) -> pybamm.Symbol:
        if not self.grows:
            return self.scalar(0)
        T = variables[TEMPERATURE]
        drive, reference = self.drive(variables), self.own("reference_drive")
        F_RT = pybamm.constants.F / (pybamm.constants.R * T)
        exponent = self.own("transfer_coefficient") * F_RT * (drive - reference)
        k_r = (
            self.own("rate_constant")
            * self.activated("rate_activation_energy", T)
            * pybamm.exp(pybamm.minimum(exponent, MAX_EXPONENT))
        )
        switch = self.beyond_the_limit(variables)
        if self.table.kind == "mixed-conducting":
            return switch * k_r
        k_p = self.own("parabolic_constant") * self.activated("parabolic_activation_energy", T)
        k_p = k_p * self.density(variables) ** (1 + self.own("density_exponent"))
        if self.table.transport == "migration":
            k_p = k_p * pybamm.maximum(drive, 0) / reference
        thickness = variables[self.interface("dense interphase thickness [m]")]
        if self.table.kind == "self-limiting":
            k_p = k_p * pybamm.maximum(1 - thickness / self.own("limiting_thickness"), 0)
        # k_r k_p/(k_p + k_r L) is 1/(1/k_r + L/k_p) without dividing by a vanishing rate.
        return switch * k_r * k_p / (k_p + k_r * thickness + 1e-60)

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """``dL/dt`` less what is renewed, and ``dW/dt``."""
        if not self.grows:
            return
        i = self.interface
        growth, renewal = (
            variables[i(f"interphase {what} rate [m.s-1]")] for what in ("growth", "renewal")
        )
        self.rhs = {
            variables[i("dense interphase thickness [m]")]: growth - renewal,
            variables[i("interphase grown [m]")]: variables[i("interphase volume rate [m.s-1]")],
        }
