"""A composite electrode: side reaction, active material, filling, names."""

from __future__ import annotations

from typing import Any

import pybamm

from twin.model.circuit import CELL_CURRENT
from twin.model.core import TEMPERATURE, CoreSubModel, interface_spec, scalar, spread
from twin.model.film import film_voltage, plating_current
from twin.model.laws import law_expression
from twin.model.names import ISOLATED as ISOLATED
from twin.modes.context import CellContext, Interface
from twin.modes.ports import Port

_BACK = "isolated host return rate [s-1]"
_NOTHING = 1e-7


class ParasiticReaction(pybamm.sei.NoSEI):
    """A side reaction at a porous electrode: the gathered parasitic current.

    Positive when the side reaction oxidises at this electrode (takes electrons from
    it): it stands beside the main reaction in PyBaMM's current balance, spread evenly
    over the particle surface, ``j = i_parasitic/(a L)``. The current is an algebraic
    state: it depends on the whole electrode's mean potential, and as an expression in
    every node's balance it would make the Jacobian dense.
    """

    def __init__(self, param: Any, domain: str, options: Any, interface: Interface):
        super().__init__(param, domain, options)
        self.interface = interface

    @property
    def _state(self) -> str:
        return self.interface("side-reaction current density [A.m-2]")

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define the side-reaction current."""
        variables = super().get_fundamental_variables()
        variables[self._state] = pybamm.Variable(
            self._state, domain="current collector", scale=self.param.I_typ
        )
        value: dict[str, Any] = variables
        return value

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Spread the side-reaction current over the particles."""
        current = variables[self._state]
        a = variables[f"X-averaged {self.domain} electrode surface area to volume ratio [m-1]"]
        j = spread(current / (a * self.domain_param.L), f"{self.domain} electrode")
        variables.update(self._get_standard_reaction_variables(j))
        variables.update(self._get_standard_interfacial_current_variables(j))
        value: dict[str, Any] = super().get_coupled_variables(variables)
        return value

    def set_algebraic(self, variables: dict[str, Any]) -> None:
        """``0 = i_parasitic - sum of the contributions``."""
        port = variables[Port.PARASITIC_CURRENT.at(self.interface.place).variable]
        state = variables[self._state]
        self.algebraic = {state: (state - port) / self.param.I_typ}

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Start from none."""
        self.initial_conditions = {variables[self._state]: pybamm.Scalar(0)}


class PlatingReaction(pybamm.lithium_plating.NoPlating):
    """Metal on a porous electrode's particles: the gathered plating current.

    Positive when metal is stripped (oxidised). It stands beside the main reaction in PyBaMM's
    current balance, ``j = k/(a L)``, in a DFN at each place its own. In a single-particle model
    the overpotential follows from the current and the plating from the overpotential, so ``k``
    is an algebraic state there.

    PyBaMM's own lithium plating has the balance and the overpotential, not the law: its dead
    lithium decays with time, and its single-particle form leaves the plating out of the
    overpotential (:func:`twin.model.film.with_film_drop`).
    """

    def __init__(self, param: Any, domain: str, options: Any, interface: Interface, resolved: bool):
        super().__init__(param, domain, options)
        self.interface = interface
        self.resolved = resolved

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define the current where it is a state; else it is not known yet."""
        none = super().get_fundamental_variables()
        unknown = "plating interfacial current density [A.m-2]"
        variables = {name: symbol for name, symbol in none.items() if unknown not in name}
        if not self.resolved:
            name = plating_current(self.interface)
            scale = self.param.I_typ
            variables[name] = pybamm.Variable(name, domain="current collector", scale=scale)
        return variables

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Put the current on the particles."""
        place = f"{self.domain} electrode"
        if self.resolved:
            current = variables[Port.PLATING_CURRENT.at(self.interface.place).variable]
        else:
            current = variables[plating_current(self.interface)]
        if current.domain != [place]:
            current = pybamm.PrimaryBroadcast(current, place)
        a = variables[f"{self.domain.capitalize()} electrode surface area to volume ratio [m-1]"]
        variables.update(self._get_standard_reaction_variables(current / (a * self.domain_param.L)))
        value: dict[str, Any] = super().get_coupled_variables(variables)
        return value

    def set_algebraic(self, variables: dict[str, Any]) -> None:
        """``0 = k - sum of the contributions``, in a single-particle model."""
        if not self.resolved:
            port = variables[Port.PLATING_CURRENT.at(self.interface.place).variable]
            state = variables[plating_current(self.interface)]
            self.algebraic = {state: (state - port) / self.param.I_typ}

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Start from none."""
        if not self.resolved:
            state = variables[plating_current(self.interface)]
            self.initial_conditions = {state: pybamm.Scalar(0)}


class PortedActiveMaterial(pybamm.active_material.Constant):
    """Active material times the gathered active fraction: ``eps_s = eps_s0 f``.

    What is cut off keeps the sodium it holds (:class:`IsolatedHost`).
    """

    def __init__(self, param: Any, domain: str, options: Any, interface: Interface):
        super().__init__(param, domain, options)
        self.interface = interface

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Nothing is known before the port is gathered."""
        return {}

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Scale the active material."""
        fraction = variables[Port.ACTIVE_FRACTION.at(self.interface.place).variable]
        domain = f"{self.domain} electrode"
        eps = self.phase_param.epsilon_s * spread(fraction, domain)
        variables.update(self._get_standard_active_material_variables(eps))
        zero = pybamm.FullBroadcast(0, domain, "current collector")
        variables.update(self._get_standard_active_material_change_variables(zero))
        variables[f"Loss of lithium due to loss of active material in {domain} [mol]"] = (
            pybamm.Scalar(0)
        )
        return variables


class IsolatedHost(CoreSubModel):
    """The host that is cut off, and the sodium in it ``n``, a store of the ledger.

    With ``a`` the active fraction (``a_0`` at the start), ``x`` the mean filling of what is
    connected, and ``n`` per site of the whole host, particles leave evenly from all of the
    electrode as they are, and come back as the isolated ones are on average::

        w     = a_0 - a                             cut off
        x_w   = n/w
        dn/dt = -x da/dt        where a falls;      -x_w da/dt      where it rises
        dc/dt = ... + (da/dt)/a (c_max x_w - c)     in the connected particles, as it rises

    so that ``a x + n`` changes by what passes the surface of the connected particles alone.

    ``da/dt`` follows from the states that the contributions depend on, by the chain rule: it
    is known only when all equations are there (:meth:`close`). A contribution that depends on
    algebraic states counts as constant in them.
    """

    def __init__(self, cell: CellContext, interface: Interface, domain: str):
        super().__init__(cell, f"{interface.place} isolated host")
        self.interface = interface
        self.electrode = domain

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define the store."""
        # Not scaled: a cycle jump reads it as it is.
        stored, back = self.interface(ISOLATED), self.interface(_BACK)
        return {
            stored: pybamm.Variable(stored, domain="current collector"),
            back: pybamm.Variable(back, domain="current collector", scale=1e-6),
        }

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Nothing moves before all equations are there."""
        self.rhs[variables[self.interface(ISOLATED)]] = scalar(0)

    def set_algebraic(self, variables: dict[str, Any]) -> None:
        """Nothing comes back."""
        back = variables[self.interface(_BACK)]
        self.algebraic[back] = back

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Nothing is cut off at the start."""
        for name in (ISOLATED, _BACK):
            self.initial_conditions[variables[self.interface(name)]] = pybamm.Scalar(0)

    def close(self, model: Any) -> None:
        """Set the rates of the store and of what comes back from it.

        How fast that is hangs on the mean of all particles: in the balance of each of them it
        would make the Jacobian dense, so it is an algebraic state.

        Parameters
        ----------
        model : pybamm.BaseModel
            The model with all its equations.
        """
        i, variables = self.interface, model.variables
        active = variables[Port.ACTIVE_FRACTION.at(i.place).variable]
        first = _at_start(active, model.initial_conditions)
        variables[i("isolated host share")] = share = scalar(first - active)
        rate = _rate_of(active, model.rhs)
        sodium, back = variables[i(ISOLATED)], variables[i(_BACK)]
        if rate is None:
            # A share that never changes cuts nothing off: no state for the solver to mind.
            del model.rhs[sodium], model.algebraic[back]
            for state in (sodium, back):
                del model.initial_conditions[state]
                variables[state.name] = scalar(0)
            return
        model.algebraic[back] = scalar(back - pybamm.maximum(rate, 0) / active)
        # Of nothing isolated, nothing is known: as full as all were at first.
        start = self.cell.parameter(f"{i.place}.initial_stoichiometry")
        known = pybamm.maximum(share, 0) + _NOTHING
        full = (pybamm.maximum(sodium, 0) + _NOTHING * start) / known
        left = pybamm.maximum(-rate, 0)
        model.rhs[sodium] = scalar(variables[i("stoichiometry")] * left - full * back * active)
        most = self.cell.parameter(f"{i.place}.material.maximum_concentration")
        for c in list(model.rhs):
            if c.name.lower().removeprefix("x-averaged ") in (
                f"{self.electrode} particle concentration [mol.m-3]",
                f"{self.electrode} particle concentration distribution [mol.m-3]",
            ):
                model.rhs[c] = model.rhs[c] + _over(back, c) * (_over(most * full, c) - c)


def _at_start(symbol: pybamm.Symbol, initial: dict[Any, Any]) -> pybamm.Symbol:
    """Return what a scalar that depends on states is at the start."""
    if isinstance(symbol, pybamm.Variable) and symbol in initial:
        return scalar(initial[symbol])
    if not symbol.children:
        return symbol
    return symbol.create_copy(new_children=[_at_start(c, initial) for c in symbol.children])


def _states(symbol: pybamm.Symbol) -> list[pybamm.Variable]:
    variables = {node for node in symbol.pre_order() if isinstance(node, pybamm.Variable)}
    return sorted(variables, key=lambda variable: variable.name)


def _rate_of(symbol: pybamm.Symbol, rhs: dict[Any, Any]) -> pybamm.Symbol | None:
    """Return the rate of a scalar that depends on states; None if it depends on none."""
    total = None
    for state in _states(symbol):
        if state in rhs:
            part = symbol.diff(state) * rhs[state]
            total = part if total is None else total + part
    return total


def _over(value: Any, particles: pybamm.Variable) -> pybamm.Symbol:
    """Broadcast a scalar to every place of every particle."""
    value = scalar(value)
    for level in ("tertiary", "secondary", "primary"):
        if particles.domains[level] not in ([], ["current collector"]):
            value = pybamm.PrimaryBroadcast(value, particles.domains[level])
    return value


class PorousFilling(CoreSubModel):
    """How full a composite electrode is, and how far that has swollen it.

    ``dh = L u eps_s b (s - s_0)/(1 + b s_0)`` with ``b`` the relative volume change of the
    host from empty to full and ``u`` the share that is used: all of it is taken to thicken
    the layer. Known from the
    particles alone, so that the pressure may depend on it and the kinetics on the
    pressure.
    """

    def __init__(self, cell: CellContext, interface: Interface, domain: str):
        super().__init__(cell, f"{interface.place} filling")
        self.interface = interface
        self.electrode = domain

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Name filling and swelling."""
        i, key = self.interface, self.interface.place
        filling = variables[
            f"Average {self.electrode} particle concentration [mol.m-3]"
        ] / self.cell.parameter(f"{key}.material.maximum_concentration")
        variables[i("stoichiometry")] = scalar(filling)
        a = variables[f"X-averaged {self.electrode} electrode surface area to volume ratio [m-1]"]
        thickness = self.cell.parameter(f"{key}.thickness")
        variables[i("particle area per cell area")] = scalar(a * thickness)
        used = self.cell.utilisation(key)
        variables[i("utilisation")] = scalar(used)
        swelling = pybamm.Scalar(0)
        if self.cell.has(f"{key}.material.volume_change"):
            b = self.cell.parameter(f"{key}.material.volume_change")
            start = self.cell.parameter(f"{key}.initial_stoichiometry")
            solid = thickness * self.cell.parameter(f"{key}.active_fraction") * used
            swelling = solid * b * (filling - start) / (1 + b * start)
        variables[i("thickness change [m]")] = scalar(swelling)
        return variables


class PorousInterface(CoreSubModel):
    """The twin's names for what happens in a composite electrode, averaged over it.

    Currents are positive when the electrode is oxidised: ``i_c = -i_cell`` at the
    cathode.
    """

    def __init__(self, cell: CellContext, interface: Interface, domain: str):
        super().__init__(cell, f"{interface.place} interface")
        self.interface = interface
        self.electrode = domain
        self.sign = 1 if interface.place == "anode" else -1

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Name current, overpotential and potential."""
        i, d = self.interface, self.electrode
        current = self.sign * variables[CELL_CURRENT]
        area_factor = variables[i("particle area per cell area")]
        eta = variables[f"X-averaged {d} electrode reaction overpotential [V]"]
        # phi_s - phi_e less the film's drop is overpotential plus open-circuit potential;
        # linear in the states, it keeps the Jacobian lean.
        difference = variables[f"X-averaged {d} electrode surface potential difference [V]"]
        drop = variables[i("film voltage [V]")]
        variables[i("current density [A.m-2]")] = scalar(current)
        variables[i("local current density [A.m-2]")] = current / (
            area_factor * pybamm.maximum(variables[i("conducting fraction")], 1e-8)
        )
        variables[i("reaction overpotential [V]")] = scalar(eta)
        variables[i("potential vs sodium [V]")] = scalar(difference - drop)
        variables[i("local potential vs sodium [V]")] = self._local_potential(variables)
        variables[i("reference exchange current density [A.m-2]")] = self._reference_current(
            variables, area_factor
        )
        return variables

    def _local_potential(self, variables: dict[str, Any]) -> pybamm.Symbol:
        """Return the same at each place of a DFN's electrode."""
        i, place = self.interface, f"{self.electrode} electrode"
        if not self.cell.resolved:
            return variables[i("potential vs sodium [V]")]
        difference = variables[f"{place.capitalize()} surface potential difference [V]"]
        drop = variables.get(film_voltage(i), variables[i("film voltage [V]")])
        return difference - (drop if drop.domain == difference.domain else spread(drop, place))

    def _reference_current(self, variables: dict[str, Any], area_factor: Any) -> pybamm.Symbol:
        law, key = interface_spec(self.cell, self.interface)
        if law.exchange_current.law == "pybamm":
            j0 = variables[
                f"X-averaged {self.electrode} electrode exchange current density [A.m-2]"
            ]
        else:
            j0 = law_expression(
                law.exchange_current, f"{key}.exchange_current", T=variables[TEMPERATURE]
            )
        return scalar(j0 * area_factor)
