"""PyBaMM submodels with a port in them: each replaces one of PyBaMM's own."""

from __future__ import annotations

from typing import Any

import pybamm
from pybamm.models.submodels.interface.interface_utilisation.base_utilisation import (
    BaseModel as BaseUtilisation,
)
from pybamm.models.submodels.transport_efficiency.bruggeman import Bruggeman

from twin.model.core import TEMPERATURE, CoreSubModel, interface_spec, scalar
from twin.model.laws import law_expression
from twin.modes.context import CellContext, Interface
from twin.modes.ports import Port

CELL_CURRENT = "Current collector current density [A.m-2]"
SHORT_CURRENT = "Internal short current density [A.m-2]"
SHORT_CHARGE = "Internal short charge [C.m-2]"


class ShortedCircuit(pybamm.external_circuit.ExplicitCurrentControl):
    """External circuit of a cell that leaks: ``i_cell = I/A + G V``.

    ``i_short = G V`` is an algebraic state [A.m-2], because the voltage is known only
    once the cell's current is. Its charge is counted beside the external one's: it, too,
    moves sodium from one electrode to the other, and a charger moves it back.
    """

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Split the cell's current into the external one and the short."""
        variables = super().get_fundamental_variables()
        short = pybamm.Variable(SHORT_CURRENT, scale=self.param.I_typ)
        variables[SHORT_CURRENT] = short
        variables[SHORT_CHARGE] = pybamm.Variable(SHORT_CHARGE, scale=3600 * self.param.I_typ)
        variables["Total current density [A.m-2]"] = (
            variables["Total current density [A.m-2]"] + short
        )
        return variables

    def set_algebraic(self, variables: dict[str, Any]) -> None:
        """``0 = i_short - G V``."""
        conductance = variables[Port.SHORT_CONDUCTANCE.at().variable]
        short = variables[SHORT_CURRENT]
        self.algebraic = {
            short: (short - pybamm.yz_average(conductance) * variables["Voltage [V]"])
        }

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Count the charge that has leaked."""
        self.rhs = {variables[SHORT_CHARGE]: variables[SHORT_CURRENT]}

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Start from no short."""
        self.initial_conditions = {
            variables[SHORT_CURRENT]: pybamm.Scalar(0),
            variables[SHORT_CHARGE]: pybamm.Scalar(0),
        }


class NoShort(CoreSubModel):
    """A cell in which no mode can short: the short current is nought."""

    def __init__(self, cell: CellContext):
        super().__init__(cell, "no internal short")

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Set the short current to zero."""
        return {SHORT_CURRENT: pybamm.Scalar(0), SHORT_CHARGE: pybamm.Scalar(0)}


class PortedTransport(Bruggeman):
    """Bruggeman transport efficiency times the conductivity factor of each layer.

    In a composite with its own catholyte the ratio of the two conductivities comes on
    top: ``B_c = eps^b * sigma_catholyte(T)/sigma_separator(T) * factor``.
    """

    def __init__(self, param: Any, component: str, options: Any, cell: CellContext):
        super().__init__(param, component, options)
        self.cell = cell

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Multiply PyBaMM's transport efficiency by the ports."""
        # Everything is looked up before PyBaMM's own values are written: a look-up that
        # fails is tried again later, and until then no one may see the values without ports.
        T = variables[TEMPERATURE]
        factors: dict[str, Any] = {"separator": variables[_factor("separator")]}
        for domain, place in (("negative", "anode"), ("positive", "cathode")):
            if f"{domain} electrode" in self.options.whole_cell_domains:
                factors[domain] = self._catholyte_ratio(place, T)
        if "positive" in factors:
            factors["positive"] = factors["positive"] * variables[_factor("cathode")]
        variables = super().get_coupled_variables(variables)
        efficiencies = {}
        for domain in self.options.whole_cell_domains:
            name = domain.split()[0]
            own = variables[f"{name.capitalize()} electrolyte transport efficiency"]
            factor = factors[name]
            neutral = isinstance(factor, pybamm.Scalar) and factor.value == 1
            efficiencies[domain] = own if neutral else own * _spread(factor, domain)
        variables.update(self._get_standard_transport_efficiency_variables(efficiencies))
        return variables

    def _catholyte_ratio(self, place: str, T: Any) -> Any:
        electrode = getattr(self.cell.spec, place)
        if electrode.electrolyte is None:
            return pybamm.Scalar(1)
        key = f"{place}.electrolyte.conductivity"
        own = law_expression(electrode.electrolyte.conductivity, key, T=T)
        separator = self.cell.spec.electrolyte.material.conductivity
        return own / law_expression(separator, "electrolyte.material.conductivity", T=T)


def _factor(place: str) -> str:
    return Port.CONDUCTIVITY_FACTOR.at(place).variable  # type: ignore[arg-type]


def _spread(symbol: Any, domain: str) -> pybamm.Symbol:
    """Broadcast a scalar over a layer."""
    return pybamm.PrimaryBroadcast(scalar(symbol), domain)


class ElectrolyteResistance(pybamm.BaseSubModel):
    """Ohmic resistance of the separator and, at a third, of each composite [Ohm.m2].

    ``L_s/(kappa B_s) + sum L_k/(3 kappa B_k)``: the uniform-reaction limit of a porous
    electrode.
    """

    def __init__(self, param: Any, options: Any):
        super().__init__(param, name="electrolyte resistance", options=options)

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Add the layers up."""
        kappa = self.param.kappa_e(
            variables["X-averaged electrolyte concentration [mol.m-3]"], variables[TEMPERATURE]
        )
        total: Any = pybamm.Scalar(0)
        for domain in self.options.whole_cell_domains:
            name = domain.split()[0]
            share = 1 if name == "separator" else 3
            efficiency = variables[f"X-averaged {name} electrolyte transport efficiency"]
            layer = self.param.domain_params[name].L / (share * kappa * efficiency)
            if name == "separator":
                variables["Separator resistance [Ohm.m2]"] = scalar(layer)
            total = total + layer
        variables["Electrolyte resistance [Ohm.m2]"] = scalar(total)
        return variables


class PortedUtilisation(BaseUtilisation):
    """PyBaMM's interface utilisation, fed by the conducting fraction.

    The kinetics then use the true local current density ``j/theta``.
    """

    def __init__(self, param: Any, domain: str, options: Any, interface: Interface):
        super().__init__(param, domain, options)
        self.interface = interface

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Hand the conducting fraction to the kinetics."""
        fraction = variables[self.interface("conducting fraction")]
        spread = _spread(fraction, f"{self.domain} electrode")
        variables.update(self._get_standard_interface_utilisation_variables(spread))
        return variables


class MetalExplicit(pybamm.electrode.ohm.LithiumMetalExplicit):
    """PyBaMM's metal electrode with ``i R`` taken off on the electrolyte side."""

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """``phi_e = phi_s - delta_phi - i_cell R_anode``."""
        drop = variables[CELL_CURRENT] * variables["Anode series resistance [Ohm.m2]"]
        variables = super().get_coupled_variables(variables)
        variables["Lithium metal interface electrolyte potential [V]"] = (
            variables["Lithium metal interface electrolyte potential [V]"] - drop
        )
        return variables


class MetalSurfaceForm(pybamm.electrode.ohm.LithiumMetalSurfaceForm):
    """The same with a double layer (``"surface form"``), as impedance needs it."""

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """``phi_e = phi_s - delta_phi - i_cell R_anode``."""
        drop = variables[CELL_CURRENT] * variables["Anode series resistance [Ohm.m2]"]
        variables = super().get_coupled_variables(variables)
        variables["Lithium metal interface electrolyte potential [V]"] = (
            variables["Lithium metal interface electrolyte potential [V]"] - drop
        )
        return variables


def with_film_drop(submodel: Any, interface: Interface) -> Any:
    """Return a PyBaMM kinetics submodel that feels a film in series.

    The drop is that of the mean current, ``i_cell R_i`` per geometric area (PyBaMM's
    own ``"SEI film resistance": "average"``); the stored overpotential is the
    reaction's alone.
    """
    base = type(submodel)
    # Positive along the discharge current: an anode's electrolyte side sinks, a
    # cathode's electrode side sinks.
    sign = 1 if interface.place == "anode" else -1

    class FilmDrop(base):  # type: ignore[misc, valid-type]
        def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
            resistance = variables[interface("series resistance [Ohm.m2]")]
            self._film_drop = sign * variables[CELL_CURRENT] * resistance
            return super().get_coupled_variables(variables)

        def _get_kinetics(self, j0: Any, ne: Any, eta_r: Any, T: Any, u: Any) -> Any:
            return super()._get_kinetics(j0, ne, self._reaction_only(eta_r), T, u)

        def _get_standard_overpotential_variables(self, eta_r: Any) -> dict[str, Any]:
            if hasattr(base, "_get_kinetics"):
                eta_r = self._reaction_only(eta_r)
            return super()._get_standard_overpotential_variables(eta_r)

        def _reaction_only(self, eta_r: Any) -> Any:
            drop = self._film_drop
            if eta_r.domain and eta_r.domain != drop.domain:
                drop = pybamm.PrimaryBroadcast(drop, eta_r.domain)
            return eta_r - drop

        def _get_standard_average_surface_potential_difference_variables(
            self, delta_phi_av: Any
        ) -> dict[str, Any]:
            # Inverse kinetics (SPMe): the potential difference follows from the current.
            return super()._get_standard_average_surface_potential_difference_variables(
                delta_phi_av + self._film_drop
            )

    FilmDrop.__name__ = FilmDrop.__qualname__ = f"{base.__name__}WithFilmDrop"
    return FilmDrop(
        submodel.param, submodel.domain, submodel.reaction, submodel.options, *_phase(submodel)
    )


def _phase(submodel: Any) -> tuple[str, ...]:
    from pybamm.models.submodels.interface.kinetics.inverse_kinetics.base_inverse import (
        BaseInverseKinetics,
    )

    return () if isinstance(submodel, BaseInverseKinetics) else (submodel.phase,)


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
        return variables

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Spread the side-reaction current over the particles."""
        current = variables[self._state]
        a = variables[f"X-averaged {self.domain} electrode surface area to volume ratio [m-1]"]
        j = _spread(current / (a * self.domain_param.L), f"{self.domain} electrode")
        variables.update(self._get_standard_reaction_variables(j))
        variables.update(self._get_standard_interfacial_current_variables(j))
        return super().get_coupled_variables(variables)

    def set_algebraic(self, variables: dict[str, Any]) -> None:
        """``0 = i_parasitic - sum of the contributions``."""
        port = variables[Port.PARASITIC_CURRENT.at(self.interface.place).variable]
        state = variables[self._state]
        self.algebraic = {state: (state - port) / self.param.I_typ}

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Start from none."""
        self.initial_conditions = {variables[self._state]: pybamm.Scalar(0)}


class PortedActiveMaterial(pybamm.active_material.Constant):
    """Active material times the gathered active fraction: ``eps_s = eps_s0 f``.

    What is cut off keeps the sodium it holds, as in PyBaMM's own loss of active material.
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
        eps = self.phase_param.epsilon_s * _spread(fraction, domain)
        variables.update(self._get_standard_active_material_variables(eps))
        zero = pybamm.FullBroadcast(0, domain, "current collector")
        variables.update(self._get_standard_active_material_change_variables(zero))
        variables[f"Loss of lithium due to loss of active material in {domain} [mol]"] = (
            pybamm.Scalar(0)
        )
        return variables


class MetalInterface(CoreSubModel):
    """The twin's names for what happens at a sodium-metal anode, and the separator's.

    ``j_local = i/theta``; the potential against sodium is the overpotential itself.
    """

    def __init__(self, cell: CellContext, interface: Interface):
        super().__init__(cell, f"{interface.place} interface")
        self.interface = interface

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Name current, overpotential and potential."""
        i = self.interface
        current = variables[CELL_CURRENT]
        eta = scalar(variables["Lithium metal interface reaction overpotential [V]"])
        variables[i("current density [A.m-2]")] = scalar(current)
        variables[i("local current density [A.m-2]")] = current / pybamm.maximum(
            variables[i("conducting fraction")], 1e-8
        )
        variables[i("reaction overpotential [V]")] = eta
        variables[i("potential vs sodium [V]")] = eta
        variables[i("reference exchange current density [A.m-2]")] = scalar(
            variables["Lithium metal interface exchange current density [A.m-2]"]
        )
        return variables


class PorousFilling(CoreSubModel):
    """How full a composite electrode is, and how far that has swollen it.

    ``dh = L eps_s b (s - s_0)/(1 + b s_0)`` with ``b`` the relative volume change of the
    host from empty to full: all of it is taken to thicken the layer. Known from the
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
        swelling = pybamm.Scalar(0)
        if self.cell.has(f"{key}.material.volume_change"):
            b = self.cell.parameter(f"{key}.material.volume_change")
            start = self.cell.parameter(f"{key}.initial_stoichiometry")
            solid = thickness * self.cell.parameter(f"{key}.active_fraction")
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
        drop = self.sign * variables[CELL_CURRENT] * variables[i("series resistance [Ohm.m2]")]
        variables[i("current density [A.m-2]")] = scalar(current)
        variables[i("local current density [A.m-2]")] = current / (
            area_factor * pybamm.maximum(variables[i("conducting fraction")], 1e-8)
        )
        variables[i("reaction overpotential [V]")] = scalar(eta)
        variables[i("potential vs sodium [V]")] = scalar(difference - drop)
        variables[i("reference exchange current density [A.m-2]")] = self._reference_current(
            variables, area_factor
        )
        return variables

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


class SaltLimit(CoreSubModel):
    """Stops a cell with a binary electrolyte when its salt is used up anywhere.

    PyBaMM goes on to negative concentrations. At a metal it is the face that counts: the
    nearest cell's centre still holds salt when the kinetics have none.
    """

    def __init__(self, cell: CellContext):
        super().__init__(cell, "salt limit")

    def add_events_from(self, variables: dict[str, Any]) -> None:
        """Watch the least concentration; 2 mol.m-3 counts as none."""
        watched = {"": pybamm.min(variables["Electrolyte concentration [mol.m-3]"])}
        if self.cell.interfaces[0].kind == "metal":
            # An event of its own: the minimum of the two in one crashes the solver (IDAKLU).
            separator = variables["Separator electrolyte concentration [mol.m-3]"]
            watched[" at the metal"] = pybamm.boundary_value(separator, "left")
        self.events = [
            pybamm.Event(f"Zero electrolyte concentration cut-off{where}", least / 1000 - 0.002)
            for where, least in watched.items()
        ]


class PortedLumped(pybamm.thermal.Lumped):
    """PyBaMM's lumped heat balance plus the heat of the interfaces and the ports.

    ``C dT/dt = Q_PyBaMM + [i^2 (R_a + R_c) + G V^2 + sum of heat sources] A/V_cell - cooling``.
    """

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Add up the heat PyBaMM does not know of [W.m-2]."""
        port = variables[Port.HEAT_SOURCE.at().variable]
        current = variables[CELL_CURRENT]
        series = (
            variables["Anode series resistance [Ohm.m2]"]
            + variables["Cathode series resistance [Ohm.m2]"]
        )
        short = variables[SHORT_CURRENT]
        voltage = variables["Voltage [V]"]
        variables["Additional heating [W.m-2]"] = scalar(
            port + current**2 * series + short * voltage
        )
        return super().get_coupled_variables(variables)

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Add the extra heat to PyBaMM's balance."""
        super().set_rhs(variables)
        extra = pybamm.yz_average(variables["Additional heating [W.m-2]"]) * self.param.A_cc
        capacity = variables["Volume-averaged effective heat capacity [J.K-1.m-3]"]
        volume = variables["Cell thermal volume [m3]"]
        (T,) = self.rhs
        self.rhs[T] = self.rhs[T] + extra / volume / capacity
