"""From a cell spec to PyBaMM's ParameterValues."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pybamm

from twin.errors import ModelError
from twin.model.laws import law_expression, pybamm_entry
from twin.modes.context import FARADAY
from twin.specs.naming import parameter_name, walk_quantities
from twin.specs.schema import CellSpec, Electrolyte, MetalElectrode, PorousElectrode

_WORDS = {"sto": "stoichiometry", "c_e": "concentration", "T": "temperature"}
APPLIED_PRESSURE = "Applied stack pressure [Pa]"


def parameter_values(spec: CellSpec) -> pybamm.ParameterValues:
    """Return the parameter set of a cell, for the twin's models and for plain PyBaMM.

    Every quantity of the spec is there under the name made from its key (so that
    ``"Stack pressure [Pa]"`` or ``"Interphase anode rate constant [m.s-1]"`` can be
    changed or made an ``"[input]"``), and PyBaMM's own names are given from them.

    Parameters
    ----------
    spec : CellSpec
        The cell.

    Raises
    ------
    ModelError
        If the cell asks for something its electrolyte cannot have.
    """
    values: dict[str, Any] = {parameter_name(key, q.unit): q.si for key, q in walk_quantities(spec)}
    values |= _cell(spec) | _electrolyte(spec)
    values |= _metal(spec) if isinstance(spec.anode, MetalElectrode) else _porous(spec, "anode")
    if isinstance(spec.cathode, PorousElectrode):
        values |= _porous(spec, "cathode")
    return pybamm.ParameterValues(values)


def theoretical_capacity(spec: CellSpec) -> float:
    """Return the capacity of the limiting porous electrode [A.h]; for a symmetric cell
    the sodium of the thicker foil, ``F h A / (V_m 3600)``.
    """
    hosts = [e for e in (spec.anode, spec.cathode) if isinstance(e, PorousElectrode)]
    if hosts:
        return min(porous_capacity(spec, host) for host in hosts)
    anode = spec.anode
    assert isinstance(anode, MetalElectrode)
    counter = anode.counter_thickness
    foil = max(anode.thickness.si, counter.si if counter is not None else 0)
    charge = FARADAY * foil / anode.material.molar_volume.si
    return charge * spec.geometry.area.si / 3600


def porous_capacity(spec: CellSpec, host: PorousElectrode) -> float:
    """Return the capacity of one composite, all its sites [A.h]: ``F c_max eps L A/3600``."""
    return (
        FARADAY
        * host.material.maximum_concentration.si
        * host.active_fraction.si
        * host.thickness.si
        * spec.geometry.area.si
        / 3600
    )


def nominal_capacity(spec: CellSpec) -> float:
    """Return the capacity C-rates refer to [A.h]."""
    given = spec.nominal_capacity
    return theoretical_capacity(spec) if given is None else given.si


def _cell(spec: CellSpec) -> dict[str, Any]:
    capacity = nominal_capacity(spec)
    area = spec.geometry.area.si
    T = spec.thermal.ambient.si
    layers = [spec.electrolyte.thickness.si, spec.anode.thickness.si]
    if spec.cathode is not None:
        layers.append(spec.cathode.thickness.si)
    volume = area * sum(layers)
    values: dict[str, Any] = {
        "Electrode height [m]": area,
        "Electrode width [m]": 1.0,
        "Nominal cell capacity [A.h]": capacity,
        "Current function [A]": capacity,
        "Contact resistance [Ohm]": 0,
        "Number of electrodes connected in parallel to make a cell": 1.0,
        "Number of cells connected in series to make a battery": 1.0,
        "Lower voltage cut-off [V]": spec.window.lower.si,
        "Upper voltage cut-off [V]": spec.window.upper.si,
        "Open-circuit voltage at 0% SOC [V]": spec.window.lower.si,
        "Open-circuit voltage at 100% SOC [V]": spec.window.upper.si,
        "Reference temperature [K]": 298.15,
        "Ambient temperature [K]": T,
        "Initial temperature [K]": T,
        "Cell volume [m3]": volume,
        "Cell cooling surface area [m2]": area,
        "Negative current collector thickness [m]": 0.0,
        "Positive current collector thickness [m]": 0.0,
        "Negative current collector conductivity [S.m-1]": 1e7,
        "Positive current collector conductivity [S.m-1]": 1e7,
        APPLIED_PRESSURE: spec.stack.pressure.si,
    }
    if spec.thermal.heat_capacity is not None:
        values["Cell heat capacity [J.K-1.m-3]"] = spec.thermal.heat_capacity.si * area / volume
    if spec.thermal.heat_transfer is not None:
        values["Total heat transfer coefficient [W.m-2.K-1]"] = spec.thermal.heat_transfer.si
    return values


def _function(law: Any, key: str, arguments: tuple[str, ...]) -> Any:
    """Return what PyBaMM wants under a function parameter's name.

    ``arguments`` are the function's arguments in order, out of ``sto, c_e, T``.
    """
    if law.law == "pybamm":
        return pybamm_entry(law, key, [_WORDS[name] for name in arguments])
    if law.law == "constant":
        return law.value.si

    def evaluate(*given: Any) -> pybamm.Symbol:
        named = dict(zip(arguments, given, strict=True))
        named.setdefault("T", pybamm.Parameter("Reference temperature [K]"))
        return law_expression(law, key, **named)

    return evaluate


def _electrolyte(spec: CellSpec) -> dict[str, Any]:
    layer = spec.electrolyte
    material = layer.material
    key = "electrolyte.material"
    single_ion = material.transport == "single-ion"
    values: dict[str, Any] = {
        "Separator thickness [m]": layer.thickness.si,
        "Separator porosity": layer.electrolyte_fraction.si,
        "Separator Bruggeman coefficient (electrolyte)": layer.tortuosity_exponent.si,
        "Initial concentration in electrolyte [mol.m-3]": material.salt_concentration.si,
        "Electrolyte conductivity [S.m-1]": _function(
            material.conductivity, f"{key}.conductivity", ("c_e", "T")
        ),
        "Cation transference number": 1.0
        if single_ion
        else _function(material.transference_number, f"{key}.transference_number", ("c_e", "T")),
        "Thermodynamic factor": 1.0
        if single_ion
        else _function(material.thermodynamic_factor, f"{key}.thermodynamic_factor", ("c_e", "T")),
    }
    if material.diffusivity is not None:
        values["Electrolyte diffusivity [m2.s-1]"] = _function(
            material.diffusivity, f"{key}.diffusivity", ("c_e", "T")
        )
    return values


def _metal(spec: CellSpec) -> dict[str, Any]:
    electrode, law = spec.anode, spec.interfaces.anode.exchange_current
    assert isinstance(electrode, MetalElectrode)
    key = "interfaces.anode.exchange_current"
    c_0 = spec.electrolyte.material.salt_concentration.si

    def exchange_current(c_e: Any, c_metal: Any, T: Any) -> pybamm.Symbol:
        return law_expression(law, key, T=T) * (c_e / c_0) ** 0.5

    # PyBaMM divides by a planar electrode's thickness: an anode-free cell is given a
    # continuous film's.
    thickness = max(electrode.thickness.si, electrode.continuity_thickness.si)
    return {
        "Negative electrode thickness [m]": thickness,
        "Negative electrode conductivity [S.m-1]": electrode.material.conductivity.si,
        "Lithium metal partial molar volume [m3.mol-1]": electrode.material.molar_volume.si,
        "Exchange-current density for lithium metal electrode [A.m-2]": exchange_current,
        **_double_layer(spec, "anode"),
        **({} if spec.cathode is not None else _double_layer(spec, "cathode")),
    }


def _double_layer(spec: CellSpec, place: str) -> dict[str, Any]:
    """PyBaMM's name for a double layer's capacitance; a symmetric cell may give only one."""
    domain = "Negative" if place == "anode" else "Positive"
    interface = getattr(spec.interfaces, place) or spec.interfaces.anode
    return {
        f"{domain} electrode double-layer capacity [F.m-2]": interface.double_layer_capacitance.si
    }


def _porous(spec: CellSpec, place: str) -> dict[str, Any]:
    electrode: PorousElectrode = getattr(spec, place)
    material = electrode.material
    Domain = "Negative" if place == "anode" else "Positive"
    domain = Domain.lower()
    key = f"{place}.material"
    interface = getattr(spec.interfaces, place)
    c_max = material.maximum_concentration.si
    values: dict[str, Any] = {
        f"{Domain} electrode thickness [m]": electrode.thickness.si,
        f"{Domain} electrode porosity": electrode.electrolyte_fraction.si,
        f"{Domain} electrode active material volume fraction": electrode.active_fraction.si,
        f"{Domain} particle radius [m]": electrode.particle_radius.si,
        f"{Domain} electrode Bruggeman coefficient (electrolyte)": (
            electrode.tortuosity_exponent.si
        ),
        f"{Domain} electrode Bruggeman coefficient (electrode)": (
            electrode.electronic_tortuosity_exponent.si
        ),
        f"Maximum concentration in {domain} electrode [mol.m-3]": c_max,
        f"Initial concentration in {domain} electrode [mol.m-3]": (
            electrode.initial_stoichiometry.si * c_max
        ),
        f"{Domain} electrode OCP [V]": _function(
            material.open_circuit_potential, f"{key}.open_circuit_potential", ("sto",)
        ),
        f"{Domain} electrode OCP entropic change [V.K-1]": _function(
            material.entropic_change, f"{key}.entropic_change", ("sto",)
        ),
        f"{Domain} particle diffusivity [m2.s-1]": _function(
            material.diffusivity, f"{key}.diffusivity", ("sto", "T")
        ),
        f"{Domain} electrode conductivity [S.m-1]": _conductivity(
            material.conductivity, f"{key}.conductivity"
        ),
        f"{Domain} electrode exchange-current density [A.m-2]": _exchange_current(
            interface.exchange_current,
            f"interfaces.{place}.exchange_current",
            spec.electrolyte.material.salt_concentration.si,
        ),
        **_double_layer(spec, place),
    }
    if electrode.electrolyte is not None:
        _check_catholyte(spec.electrolyte.material, electrode.electrolyte, place)
    return values


def _conductivity(law: Any, key: str) -> Any:
    if law.law == "constant":
        return law.value.si

    def conductivity(*given: Any) -> pybamm.Symbol:
        # PyBaMM passes (stoichiometry, T), or T alone where there is none.
        sto, T = given if len(given) == 2 else (None, given[0])
        return law_expression(law, key, T=T, sto=sto)

    if law.law == "pybamm":
        return pybamm_entry(law, key, (_WORDS["sto"], _WORDS["T"]))
    return conductivity


def _exchange_current(law: Any, key: str, c_0: float) -> Callable[..., pybamm.Symbol]:
    """Butler–Volmer exchange current of an intercalation electrode [A.m-2].

    ``j_0 = j_ref(T) (c_e/c_e0)^1/2 * 2 (s (1-s))^1/2``: ``j_ref`` at half filling.
    """
    if law.law == "pybamm":
        names = ("concentration", "surface concentration", "maximum concentration", "temperature")
        return pybamm_entry(law, key, names)

    def exchange_current(c_e: Any, c_surf: Any, c_max: Any, T: Any) -> pybamm.Symbol:
        filling = (c_surf**0.5) * ((c_max - c_surf) ** 0.5) / c_max
        return 2 * law_expression(law, key, T=T) * (c_e / c_0) ** 0.5 * filling

    return exchange_current


def _check_catholyte(separator: Electrolyte, catholyte: Electrolyte, place: str) -> None:
    if {separator.transport, catholyte.transport} != {"single-ion"}:
        raise ModelError(
            f"{place}.electrolyte may differ from the separator only where both are "
            f"single-ion conductors (here {separator.transport} and {catholyte.transport})",
            key=f"{place}.electrolyte",
            fix="use one electrolyte throughout, or single-ion conductors for both",
        )
