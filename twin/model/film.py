"""The film on a composite's particles: in series with the reaction, and with its double layer.

All that reaches a particle passes its film, the current of the reaction and that which charges
the double layer behind it. The film is a dielectric too, so that displacement current goes by
its resistance. Per cell area, the interface of a composite of thickness L is

    z(w) = R/(1 + i w R C) + 1/(i w C_dl + 1/(R_ct + Z_d))

with ``R`` the film's resistance, ``C`` its capacitance, ``C_dl`` and ``R_ct`` those of the
reaction and ``Z_d`` diffusion in the particles: the same as at a metal electrode. A place in
the composite that takes the current ``k(x) = L di_e/dx`` (per cell area, were the whole
electrode like it) has the voltage ``z k`` between its two potentials. In a uniform electrode
with the ionic resistance ``r_e`` and the electronic one ``r_s`` (Ohm.m2 across the layer) that
makes the transmission line of two rails,

    Z = r_e r_s/(r_e + r_s) [1 + (2 + (r_e/r_s + r_s/r_e) cosh n)/(n sinh n)],
    n = ((r_e + r_s)/z)^1/2,

which goes to ``z + r_e/3`` where ``r_s`` is nought and ``z`` is large (J. Newman, K. E.
Thomas-Alyea, Electrochemical Systems, 3rd ed., sec. 22.3; the interface with its film in
series: J. P. Meyers, M. Doyle, R. M. Darling, J. Newman, J. Electrochem. Soc. 147 (2000) 2930;
both recalled).

Two forms. Without a double layer (a run) the film takes the mean current's drop, ``R i``,
everywhere. With one (impedance) it takes its own place's, ``v = R k``, and both ``v`` and ``k``
are states, so that ``R`` stands in one block of the Jacobian alone and can be given its
capacitance at each frequency (:class:`twin.model.pybamm_impedance.FilmBlock`).
"""

from __future__ import annotations

from typing import Any

import pybamm
from pybamm.models.submodels.interface.kinetics.inverse_kinetics.base_inverse import (
    BaseInverseKinetics,
)

from twin.model.circuit import CELL_CURRENT
from twin.model.core import CoreSubModel, scalar
from twin.modes.context import CellContext, Interface
from twin.modes.ports import Port


def film_voltage(interface: Interface) -> str:
    """Name the voltage across an interface's film where it is a state [V]."""
    return interface("film voltage state [V]")


def film_current(interface: Interface) -> str:
    """Name the current density through that film where it is a state [A.m-2]."""
    return interface("film current density state [A.m-2]")


class MeanFilm(CoreSubModel):
    """The film of a run: the mean current's drop, ``v = R i`` per geometric area.

    As PyBaMM's own ``"SEI film resistance": "average"``. Positive along the oxidising
    current.
    """

    def __init__(self, cell: CellContext, interface: Interface):
        super().__init__(cell, f"{interface.place} film")
        self.interface = interface
        self.sign = 1 if interface.place == "anode" else -1

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Set the drop."""
        i = self.interface
        drop = self.sign * variables[CELL_CURRENT] * variables[i("series resistance [Ohm.m2]")]
        variables[i("film voltage [V]")] = scalar(drop)
        return variables


def plating_current(interface: Interface) -> str:
    """Name the current density that plates on a host or strips, where it is a state [A.m-2]."""
    return interface("plating current density state [A.m-2]")


def with_film_drop(submodel: Any, interface: Interface, local: bool, plates: bool = False) -> Any:
    """Return a PyBaMM kinetics submodel that feels the film in series.

    ``local`` says that the film's voltage is a state, at each place its own.

    The reaction feels the potential difference less the film's voltage; the stored
    overpotential is the reaction's alone. A single-particle model has its overpotential from
    the current; where metal ``plates`` on the particles that is the current left to the host.
    (PyBaMM's own takes the whole there, as its side reactions are small.)
    """
    base = type(submodel)
    # What is not the reaction's: the film's drop, and what modes shift its equilibrium by.

    class FilmDrop(base):  # type: ignore[misc, valid-type]
        def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
            drop = variables[film_voltage(interface) if local else interface("film voltage [V]")]
            shift = variables[Port.EQUILIBRIUM_POTENTIAL.at(interface.place).variable]
            self._film_drop = drop + _like(shift, drop)
            if plates and isinstance(self, BaseInverseKinetics):
                area = variables[interface("particle area per cell area")]
                self._aside = variables[plating_current(interface)] / area
            value: dict[str, Any] = super().get_coupled_variables(variables)
            return value

        def _get_kinetics(self, j0: Any, ne: Any, eta_r: Any, T: Any, u: Any) -> Any:
            return super()._get_kinetics(j0, ne, self._reaction_only(eta_r), T, u)

        def _get_overpotential(self, j: Any, j0: Any, ne: Any, T: Any, u: Any) -> Any:
            if plates:
                j = j - _like(self._aside, j)
            return super()._get_overpotential(j, j0, ne, T, u)

        def _get_standard_overpotential_variables(self, eta_r: Any) -> dict[str, Any]:
            if hasattr(base, "_get_kinetics"):
                eta_r = self._reaction_only(eta_r)
            value: dict[str, Any] = super()._get_standard_overpotential_variables(eta_r)
            return value

        def _reaction_only(self, eta_r: Any) -> Any:
            drop = self._film_drop
            if eta_r.domain and eta_r.domain != drop.domain:
                within = eta_r.domains["secondary"]
                if eta_r.domain[0].endswith("particle size") and within != drop.domain:
                    drop = pybamm.PrimaryBroadcast(drop, within)
                drop = pybamm.PrimaryBroadcast(drop, eta_r.domain)
            return eta_r - drop

        def _get_standard_average_surface_potential_difference_variables(
            self, delta_phi_av: Any
        ) -> dict[str, Any]:
            # Inverse kinetics (SPMe): the potential difference follows from the current.
            value: dict[str, Any] = (
                super()._get_standard_average_surface_potential_difference_variables(
                    delta_phi_av + self._film_drop
                )
            )
            return value

    FilmDrop.__name__ = FilmDrop.__qualname__ = f"{base.__name__}WithFilmDrop"
    return FilmDrop(
        submodel.param, submodel.domain, submodel.reaction, submodel.options, *_phase(submodel)
    )


def _like(symbol: Any, other: Any) -> Any:
    """Broadcast a scalar to where another symbol lives."""
    if symbol.domain == other.domain:
        return symbol
    return pybamm.PrimaryBroadcast(symbol, other.domain)


def _phase(submodel: Any) -> tuple[str, ...]:
    return () if isinstance(submodel, BaseInverseKinetics) else (submodel.phase,)


class _FilmedSurface:
    """What a filmed surface adds to PyBaMM's: film states beside the double layer's."""

    param: Any
    options: Any
    domain: str
    domain_Domain: tuple[str, str]
    domain_param: Any
    rhs: dict[Any, Any]
    algebraic: dict[Any, Any]
    initial_conditions: dict[Any, Any]
    boundary_conditions: dict[Any, Any]

    def __init__(self, param: Any, domain: str, options: Any, interface: Interface):
        super().__init__(param, domain, options)  # type: ignore[call-arg]
        self.interface = interface

    def _states(self, layer_name: str, where: dict[str, Any]) -> tuple[Any, Any, Any]:
        """Return the double layer's voltage, the film's, and the current through both."""
        layer = pybamm.Variable(
            self.interface(layer_name), reference=self.domain_param.prim.U_init, **where
        )
        voltage = pybamm.Variable(film_voltage(self.interface), **where)
        current = pybamm.Variable(film_current(self.interface), scale=self.param.I_typ, **where)
        self._layer, self._voltage, self._current = layer, voltage, current
        return layer, voltage, current

    def _film_variables(self) -> dict[str, Any]:
        mean = self._voltage
        if mean.domain != ["current collector"]:
            mean = pybamm.x_average(mean)
        return {
            self._voltage.name: self._voltage,
            self._current.name: self._current,
            self.interface("film voltage [V]"): mean,
        }

    def _film_equations(self, variables: dict[str, Any], passing: Any) -> None:
        """``0 = k - L di_e/dx`` and ``0 = v - R k``; the double layer keeps PyBaMM's rate."""
        resistance = variables[self.interface("series resistance [Ohm.m2]")]
        domain = self._voltage.domain
        if domain != ["current collector"]:
            resistance = pybamm.PrimaryBroadcast(resistance, domain)
        self.algebraic[self._current] = (self._current - passing) / self.param.I_typ
        self.algebraic[self._voltage] = self._voltage - resistance * self._current

    def _film_at_rest(self) -> None:
        self.initial_conditions = {
            self._layer: self.domain_param.prim.U_init,
            self._voltage: pybamm.Scalar(0),
            self._current: pybamm.Scalar(0),
        }


class FilmedSurface(
    _FilmedSurface, pybamm.electrolyte_conductivity.surface_potential_form.FullDifferential
):
    """PyBaMM's double layer in a DFN's electrode, with the film in series at each place.

    ``a C_dl d(phi_dl)/dt = di_e/dx - a j(phi_dl)`` and ``phi_s - phi_e = phi_dl + R L di_e/dx``.
    """

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Split the potential difference."""
        where = {
            "domain": f"{self.domain} electrode",
            "auxiliary_domains": {"secondary": "current collector"},
        }
        # What the double layer feels is the place's potential against sodium.
        layer, voltage, _ = self._states("local potential vs sodium [V]", where)
        whole = layer + voltage
        variables = self._film_variables()
        average: Any = self._get_standard_average_surface_potential_difference_variables
        variables |= average(pybamm.x_average(whole))
        variables |= self._get_standard_surface_potential_difference_variables(whole)
        return variables

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Charge the double layer."""
        super().set_rhs(variables)
        (rate,) = self.rhs.values()
        self.rhs = {self._layer: rate}

    def set_algebraic(self, variables: dict[str, Any]) -> None:
        """Pass the current through the film."""
        i_e = variables[f"{self.domain_Domain[1]} electrolyte current density [A.m-2]"]
        self._film_equations(variables, self.domain_param.L * pybamm.div(i_e))

    def set_boundary_conditions(self, variables: dict[str, Any]) -> None:
        """Say how the potentials end where heat asks for their slopes in a half-cell.

        PyBaMM's surface form says so beside a porous anode only: ``phi_e`` is known at the
        metal, and all current is in the solid at the collector, ``-sigma dphi_s/dx = i``.
        """
        super().set_boundary_conditions(variables)
        if self.options.electrode_types["negative"] != "planar":
            return
        at_metal = variables["Lithium metal interface electrolyte potential [V]"]
        _, sigma = self._get_conductivities(variables)
        at_collector = -variables[CELL_CURRENT] / pybamm.boundary_value(sigma, "right")
        none = (pybamm.Scalar(0), "Neumann")
        self.boundary_conditions |= {
            variables["Electrolyte potential [V]"]: {
                "left": (at_metal, "Dirichlet"),
                "right": none,
            },
            variables[f"{self.domain_Domain[1]} electrode potential [V]"]: {
                "left": none,
                "right": (at_collector, "Neumann"),
            },
        }

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Start at rest."""
        self._film_at_rest()


class FilmedParticle(
    _FilmedSurface, pybamm.electrolyte_conductivity.surface_potential_form.CompositeDifferential
):
    """The same for a single-particle model: one place, which takes the whole current."""

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Split the potential difference."""
        variables = super().get_fundamental_variables()
        # The one place's potential against sodium is what the double layer feels.
        where = {"domain": "current collector"}
        layer, voltage, _ = self._states("potential vs sodium [V]", where)
        variables |= self._film_variables()
        average: Any = self._get_standard_average_surface_potential_difference_variables
        variables |= average(layer + voltage)
        value: dict[str, Any] = variables
        return value

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Charge the double layer."""
        super().set_rhs(variables)
        whole = variables[f"X-averaged {self.domain} electrode surface potential difference [V]"]
        self.rhs[self._layer] = self.rhs.pop(whole)

    def set_algebraic(self, variables: dict[str, Any]) -> None:
        """Pass the current through the film."""
        super().set_algebraic(variables)
        total = variables[
            f"X-averaged {self.domain} electrode total volumetric interfacial "
            "current density [A.m-3]"
        ]
        self._film_equations(variables, self.domain_param.L * total)

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Start at rest, with whatever else PyBaMM starts."""
        super().set_initial_conditions(variables)
        whole = variables[f"X-averaged {self.domain} electrode surface potential difference [V]"]
        self.initial_conditions.pop(whole)
        others = dict(self.initial_conditions)
        self._film_at_rest()
        self.initial_conditions |= others
