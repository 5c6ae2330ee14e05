"""A full cell's electrolyte: how well its layers conduct, and where its salt ends."""

from __future__ import annotations

from typing import Any

import pybamm
from pybamm.models.submodels.transport_efficiency.bruggeman import Bruggeman

from twin.model.core import TEMPERATURE, CoreSubModel, scalar, spread
from twin.model.laws import law_expression
from twin.modes.context import CellContext
from twin.modes.ports import Port


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
            efficiencies[domain] = own if neutral else own * spread(factor, domain)
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
