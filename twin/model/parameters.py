"""From a cell spec to PyBaMM's ParameterValues."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import casadi
import numpy as np

from twin.constants import REFERENCE_TEMPERATURE
from twin.errors import ModelError
from twin.model.laws import law_expression, pybamm_entry
from twin.model.sizes import size_parameters
from twin.modes.context import FARADAY, CellContext
from twin.specs import balance, percolation
from twin.specs.filling import discharged_filling, hangs_on, is_discharged
from twin.specs.naming import find, parameter_name, walk_quantities
from twin.specs.schema import CellSpec, Electrolyte, MetalElectrode, PorousElectrode

if TYPE_CHECKING:
    import pybamm
else:
    from twin.later import pybamm

_WORDS = {"sto": "stoichiometry", "c_e": "concentration", "T": "temperature"}
APPLIED_PRESSURE = parameter_name("stack.pressure", "Pa")
"""The stack pressure that the fixture applies now: the cell's, or that of the step."""
NOMINAL_CAPACITY = "Nominal cell capacity [A.h]"
AMBIENT = "Ambient temperature [K]"
"""PyBaMM reads this one as a number: here the cell's own name is the expression."""
_AMBIENT_KEY = "thermal.ambient"
_OWN_AMBIENT = parameter_name(_AMBIENT_KEY, "K")
_START = parameter_name("cathode.initial_stoichiometry", "")
_BUILT_IN = (NOMINAL_CAPACITY, "Lower voltage cut-off [V]", "Upper voltage cut-off [V]")


def parameter_values(spec: CellSpec) -> pybamm.ParameterValues:
    """Return the parameter set of a cell, for the twin's models and for plain PyBaMM.

    Every quantity of the spec is there as a number under the name made from its key:
    ``"Stack pressure [Pa]"``, ``"Cathode thickness [m]"``, ``"Interphase anode rate
    constant [m.s-1]"``. PyBaMM's own names (``"Positive electrode thickness [m]"``) are
    expressions of these, so that each number has one name, which moves all of the model
    as ``--set`` does (the ambient temperature's is PyBaMM's, which wants a number). It
    can be changed there, or made an ``"[input]"`` unless the mesh
    or a C-rate hangs on it.

    Parameters
    ----------
    spec : CellSpec
        The cell.

    Raises
    ------
    ModelError
        If the cell asks for something its electrolyte cannot have.
    """
    values: dict[str, Any] = plain_numbers(spec)
    values |= _cell(spec) | _electrolyte(spec)
    values |= _metal(spec) if isinstance(spec.anode, MetalElectrode) else _porous(spec, "anode")
    if isinstance(spec.cathode, PorousElectrode):
        values |= _porous(spec, "cathode")
    values |= size_parameters(spec)
    if is_discharged(spec.cathode):
        values[_START] = _discharged(spec)
    return pybamm.ParameterValues(values)


def build_values(spec: CellSpec) -> pybamm.ParameterValues:
    """Return the parameter set of a cell that is cycled step by step.

    What C-rates refer to is a number of the build, as PyBaMM reads it. The ambient
    temperature is that of a step there; the cell's own stays what it is.
    """
    values = parameter_values(spec)
    values[NOMINAL_CAPACITY] = nominal_capacity(spec)
    values[_OWN_AMBIENT] = spec.thermal.ambient.si
    return values


def number_at(spec: CellSpec, name: str, *arguments: float) -> float:
    """Return a parameter of a cell as a number, a function's at some arguments."""
    values = parameter_values(spec)
    entry = values[name]
    if callable(entry) and not isinstance(entry, pybamm.Symbol):
        entry = entry(*map(pybamm.Scalar, arguments))
    value = values.evaluate(pybamm.convert_to_symbol(entry))
    return float(np.asarray(value).reshape(-1)[0])


def plain_numbers(spec: CellSpec) -> dict[str, float]:
    """Return every quantity of a cell in SI units, by the parameter name of its key."""
    return {parameter_name(key, q.unit): q.si for key, q in walk_quantities(spec)}


def of_key(spec: CellSpec, key: str) -> pybamm.Parameter:
    """Return the parameter of the quantity at a dotted key of a cell."""
    return pybamm.Parameter(parameter_name(key, find(spec, key).unit))


def built_in(spec: CellSpec, geometry: Mapping[Any, Any]) -> set[str]:
    """Return the names of the cell's numbers that cannot change without a new build.

    The mesh hangs on them (thicknesses, radii), a C-rate (the nominal capacity), the ends
    of steps (the voltage window, the ambient temperature), or the filling of a cathode that
    begins discharged (the curves that are solved for it).

    Parameters
    ----------
    spec : CellSpec
        The cell.
    geometry : mapping
        Its model's ``default_geometry``.
    """
    values = parameter_values(spec)
    values.update(dict.fromkeys(plain_numbers(spec), "[input]"))
    fixed = [pybamm.Parameter(name) for name in _BUILT_IN]
    names = {_OWN_AMBIENT}
    if is_discharged(spec.cathode):
        names |= {of_key(spec, key).name for key in hangs_on(spec)}
    names |= {of_key(spec, key).name for key in _of_faces(spec)}
    for symbol in [*fixed, *symbols_of(geometry)]:
        nodes = values.process_symbol(symbol).pre_order()
        names |= {node.name for node in nodes if isinstance(node, pybamm.InputParameter)}
    return names


def _of_faces(spec: CellSpec) -> Iterator[str]:
    """Yield the keys of numbers that are worked into the matrices of faces in patches."""
    for place in ("anode", "cathode"):
        patches = getattr(getattr(spec.interfaces, place), "patches", None)
        if patches is None or patches.map is None:
            continue
        names = ("pixel_size", "scale", "black", "white")
        own = f"interfaces.{place}.patches.map"
        yield from (f"{own}.{key}" for key in names if getattr(patches.map, key) is not None)
        if patches.exchange != "none":
            yield "electrolyte.thickness"


def symbols_of(geometry: Mapping[Any, Any]) -> Iterator[pybamm.Symbol]:
    """Yield every symbol that stands in a PyBaMM geometry."""
    for value in geometry.values():
        if isinstance(value, pybamm.Symbol):
            yield value
        elif isinstance(value, Mapping):
            yield from symbols_of(value)


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
    value: float = balance.metal_charge(anode.material, foil) * spec.geometry.area.si / 3600
    return value


def porous_capacity(spec: CellSpec, host: PorousElectrode) -> float:
    """Return the capacity of one composite, all its sites [A.h]: ``F c_max eps L A/3600``."""
    value: float = balance.all_sites(host) * spec.geometry.area.si / 3600
    return value


def used_capacity(spec: CellSpec, host: PorousElectrode) -> float:
    """Return the same of the sites that are used [A.h]."""
    value: float = balance.host_sites(host) * spec.geometry.area.si / 3600
    return value


def nominal_capacity(spec: CellSpec) -> float:
    """Return the capacity C-rates refer to [A.h]."""
    given = spec.nominal_capacity
    return theoretical_capacity(spec) if given is None else given.si


def _nominal_capacity(spec: CellSpec) -> pybamm.Symbol:
    """Return :func:`nominal_capacity` as an expression of the cell's parameters."""
    if spec.nominal_capacity is not None:
        return of_key(spec, "nominal_capacity")
    area = of_key(spec, "geometry.area")
    places = ("anode", "cathode")
    hosts = [place for place in places if isinstance(getattr(spec, place), PorousElectrode)]
    if not hosts:
        foil: Any = of_key(spec, "anode.thickness")
        assert isinstance(spec.anode, MetalElectrode)
        if spec.anode.counter_thickness is not None:
            foil = pybamm.maximum(foil, of_key(spec, "anode.counter_thickness"))
        return FARADAY * foil / of_key(spec, "anode.material.molar_volume") * area / 3600
    capacity: Any = None
    for place in hosts:
        sites = of_key(spec, f"{place}.material.maximum_concentration")
        share = of_key(spec, f"{place}.active_fraction")
        own = FARADAY * sites * share * of_key(spec, f"{place}.thickness") * area / 3600
        capacity = own if capacity is None else pybamm.minimum(capacity, own)
    return capacity


def _cell(spec: CellSpec) -> dict[str, Any]:
    capacity = _nominal_capacity(spec)
    area, T = of_key(spec, "geometry.area"), pybamm.Parameter(AMBIENT)
    lower, upper = of_key(spec, "window.lower"), of_key(spec, "window.upper")
    height = of_key(spec, "electrolyte.thickness") + of_key(spec, "anode.thickness")
    if spec.cathode is not None:
        height = height + of_key(spec, "cathode.thickness")
    values: dict[str, Any] = {
        "Electrode height [m]": area,
        "Electrode width [m]": 1.0,
        NOMINAL_CAPACITY: capacity,
        "Current function [A]": capacity,
        "Contact resistance [Ohm]": 0,
        "Number of electrodes connected in parallel to make a cell": 1.0,
        "Number of cells connected in series to make a battery": 1.0,
        "Lower voltage cut-off [V]": lower,
        "Upper voltage cut-off [V]": upper,
        "Open-circuit voltage at 0% SOC [V]": lower,
        "Open-circuit voltage at 100% SOC [V]": upper,
        "Reference temperature [K]": REFERENCE_TEMPERATURE,
        AMBIENT: spec.thermal.ambient.si,
        _OWN_AMBIENT: T,
        "Initial temperature [K]": pybamm.Parameter(_OWN_AMBIENT),
        "Cell volume [m3]": area * height,
        "Cell cooling surface area [m2]": area,
        "Negative current collector thickness [m]": 0.0,
        "Positive current collector thickness [m]": 0.0,
        "Negative current collector conductivity [S.m-1]": 1e7,
        "Positive current collector conductivity [S.m-1]": 1e7,
    }
    if spec.thermal.heat_capacity is not None:
        values["Cell heat capacity [J.K-1.m-3]"] = of_key(spec, "thermal.heat_capacity") / height
    if spec.thermal.heat_transfer is not None:
        values["Total heat transfer coefficient [W.m-2.K-1]"] = of_key(
            spec, "thermal.heat_transfer"
        )
    return values


def _discharged(spec: CellSpec) -> pybamm.Symbol:
    """Return the filling of a cathode that begins discharged, as an expression.

    It is solved for (:func:`twin.specs.filling.discharged_filling`) when the numbers that it
    hangs on are put in. Where the ambient temperature is an input it is a step's: the cell
    was put together at its own.
    """
    keys = hangs_on(spec)

    def solved(*numbers: Any) -> float:
        given = dict(zip(keys, numbers, strict=True))
        if isinstance(given[_AMBIENT_KEY], casadi.MX | casadi.SX):
            del given[_AMBIENT_KEY]
        plain = {key: float(np.squeeze(number)) for key, number in given.items()}
        # PyBaMM tries the shape of an expression with inputs at nan.
        known = all(map(math.isfinite, plain.values()))
        return discharged_filling(spec, plain) if known else math.nan

    return pybamm.Function(solved, *(of_key(spec, key) for key in keys))


def _function(law: Any, key: str, arguments: tuple[str, ...]) -> Any:
    """Return what PyBaMM wants under a function parameter's name.

    ``arguments`` are the function's arguments in order, out of ``sto, c_e, T``.
    """
    if law.law == "pybamm":
        return pybamm_entry(law, key, [_WORDS[name] for name in arguments])
    if law.law == "constant":
        return law_expression(law, key, T=None)

    def evaluate(*given: Any) -> pybamm.Symbol:
        named = dict(zip(arguments, given, strict=True))
        named.setdefault("T", pybamm.Parameter("Reference temperature [K]"))
        return law_expression(law, key, **named)

    return evaluate


def _electrolyte(spec: CellSpec) -> dict[str, Any]:
    material = spec.electrolyte.material
    key = "electrolyte.material"
    single_ion = material.transport == "single-ion"
    values: dict[str, Any] = {
        "Separator thickness [m]": of_key(spec, "electrolyte.thickness"),
        "Separator porosity": of_key(spec, "electrolyte.electrolyte_fraction"),
        "Separator Bruggeman coefficient (electrolyte)": _exponent(spec, "electrolyte"),
        "Initial concentration in electrolyte [mol.m-3]": of_key(spec, f"{key}.salt_concentration"),
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
    c_0 = of_key(spec, "electrolyte.material.salt_concentration")

    def exchange_current(c_e: Any, c_metal: Any, T: Any) -> pybamm.Symbol:
        return law_expression(law, key, T=T) * (c_e / c_0) ** 0.5

    # PyBaMM divides by a planar electrode's thickness: an anode-free cell is given a
    # continuous film's.
    thickness = pybamm.maximum(
        of_key(spec, "anode.thickness"), of_key(spec, "anode.continuity_thickness")
    )
    return {
        "Negative electrode thickness [m]": thickness,
        "Negative electrode conductivity [S.m-1]": of_key(spec, "anode.material.conductivity"),
        "Lithium metal partial molar volume [m3.mol-1]": of_key(
            spec, "anode.material.molar_volume"
        ),
        "Exchange-current density for lithium metal electrode [A.m-2]": exchange_current,
        **_double_layer(spec, "anode"),
        **({} if spec.cathode is not None else _double_layer(spec, "cathode")),
    }


def _double_layer(spec: CellSpec, place: str) -> dict[str, Any]:
    """PyBaMM's name for a double layer's capacitance; a symmetric cell may give only one."""
    domain = "Negative" if place == "anode" else "Positive"
    given = place if getattr(spec.interfaces, place) is not None else "anode"
    return {
        f"{domain} electrode double-layer capacity [F.m-2]": of_key(
            spec, f"interfaces.{given}.double_layer_capacitance"
        )
    }


def _porous(spec: CellSpec, place: str) -> dict[str, Any]:
    electrode: PorousElectrode = getattr(spec, place)
    material = electrode.material
    Domain = "Negative" if place == "anode" else "Positive"
    domain = Domain.lower()
    key = f"{place}.material"
    interface = getattr(spec.interfaces, place)
    c_max = of_key(spec, f"{key}.maximum_concentration")
    used = of_key(spec, f"{place}.active_fraction")
    if electrode.mixing is not None:
        used = used * CellContext(spec).utilisation(place)  # type: ignore[arg-type]
    values: dict[str, Any] = {
        f"{Domain} electrode thickness [m]": of_key(spec, f"{place}.thickness"),
        f"{Domain} electrode porosity": of_key(spec, f"{place}.electrolyte_fraction"),
        f"{Domain} electrode active material volume fraction": used,
        f"{Domain} particle radius [m]": of_key(spec, f"{place}.particle_radius"),
        f"{Domain} electrode Bruggeman coefficient (electrolyte)": (_exponent(spec, place)),
        f"{Domain} electrode Bruggeman coefficient (electrode)": (
            of_key(spec, f"{place}.electronic_tortuosity_exponent")
        ),
        f"Maximum concentration in {domain} electrode [mol.m-3]": c_max,
        f"Initial concentration in {domain} electrode [mol.m-3]": (
            of_key(spec, f"{place}.initial_stoichiometry") * c_max
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
            of_key(spec, "electrolyte.material.salt_concentration"),
        ),
        **_double_layer(spec, place),
        **_percolated(spec, place),
    }
    if electrode.electrolyte is not None:
        _check_catholyte(spec.electrolyte.material, electrode.electrolyte, place)
    return values


def _exponent(spec: CellSpec, place: str) -> pybamm.Symbol:
    """Return PyBaMM's exponent ``b`` of a layer's transport efficiency, ``phi^b``.

    Where the efficiency itself is given, ``b = ln B/ln phi``.
    """
    if getattr(spec, place).transport_efficiency is None:
        return of_key(spec, f"{place}.tortuosity_exponent")
    share = of_key(spec, f"{place}.electrolyte_fraction")
    return pybamm.log(of_key(spec, f"{place}.transport_efficiency")) / pybamm.log(share)


def _percolated(spec: CellSpec, place: str) -> dict[str, Any]:
    """Return PyBaMM's transport efficiencies of a composite of mixed powders.

    PyBaMM has them as ``phi^b``: ``b = ln K/ln phi`` gives it the ``K`` of
    :mod:`twin.specs.percolation`, in its own models too.
    """
    electrode: PorousElectrode = getattr(spec, place)
    if not percolation.is_packed(electrode):
        return {}
    Domain = "Negative" if place == "anode" else "Positive"

    def read(key: str) -> pybamm.Parameter:
        return of_key(spec, f"{place}.{key}")

    phi, log = read("electrolyte_fraction"), pybamm.log
    values: dict[str, Any] = {}
    if electrode.transport_efficiency is None:
        ions = percolation.electrolyte_efficiency(electrode, read, pybamm)
        values[f"{Domain} electrode Bruggeman coefficient (electrolyte)"] = log(ions) / log(phi)
    electrons = percolation.electron_efficiency(electrode, read, pybamm)
    if electrons is not None:
        name = f"{Domain} electrode Bruggeman coefficient (electrode)"
        values[name] = log(electrons) / log(1 - phi)
    return values


def _conductivity(law: Any, key: str) -> Any:
    if law.law == "constant":
        return law_expression(law, key, T=None)

    def conductivity(*given: Any) -> pybamm.Symbol:
        # PyBaMM passes (stoichiometry, T), or T alone where there is none.
        sto, T = given if len(given) == 2 else (None, given[0])
        return law_expression(law, key, T=T, sto=sto)

    if law.law == "pybamm":
        return pybamm_entry(law, key, (_WORDS["sto"], _WORDS["T"]))
    return conductivity


def _exchange_current(law: Any, key: str, c_0: Any) -> Callable[..., pybamm.Symbol]:
    """Butler–Volmer exchange current of an intercalation electrode [A.m-2].

    ``j_0 = j_ref(T) (c_e/c_e0)^1/2 * 2 (s (1-s))^1/2``: ``j_ref`` at half filling.
    """
    if law.law == "pybamm":
        names = ("concentration", "surface concentration", "maximum concentration", "temperature")
        value: Callable[..., pybamm.Symbol] = pybamm_entry(law, key, names)
        return value

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
