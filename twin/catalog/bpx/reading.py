"""A cell of the twin from a BPX file.

With BPX's symbols, and those of :mod:`twin.specs.schema` on the left::

    active_fraction       = a R / 3                 (a: surface per volume, R: radius)
    transport_efficiency  = B
    exchange_current      = F K / 2                 at half filling, of BPX's own
                                                    j_0 = F K sqrt((c_e/c_e0) x (1 - x))
    anode filling         = x_min + SOC (x_max - x_min);   cathode:  x_max - SOC (x_max - x_min)
    open_circuit_potential = U + (T_0 - T_ref) dU/dT       at the twin's reference, T_0
    thermal.heat_capacity = rho c_p V / A;          heat_transfer = h A_outer / A

Reference: the BPX standard, https://bpxstandard.com, and PyBaMM's own reader, with which a test
compares.
"""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from twin.catalog.bpx import number, numbers, package
from twin.catalog.bpx.expressions import Points, compiled, refined, tabulated
from twin.constants import FARADAY, REFERENCE_TEMPERATURE
from twin.errors import InputError, Problem, SpecError
from twin.specs.dump import to_toml
from twin.specs.schema import SCHEMA_VERSION
from twin.specs.tomlfile import read_text

_MOST_BYTES = 20_000_000
_PLACES = {"anode": "Negative electrode", "cathode": "Positive electrode"}
_OF_FILLING = ("OCP [V]", "OCP (delithiation) [V]", "OCP (lithiation) [V]")


@dataclass(frozen=True)
class FromBPX:
    """A cell that was read from a BPX file.

    Attributes
    ----------
    text : str
        The cell as a TOML file of its own.
    title : str
        Its title.
    remarks : tuple of str
        What the file does not say, what was taken for it, and what was left out.
    """

    text: str
    title: str
    remarks: tuple[str, ...]


def cell_from_bpx(path: str | Path) -> FromBPX:
    """Return the cell of a BPX file (JSON, versions 0.x and 1.x).

    Parameters
    ----------
    path : str or Path
        The file.

    Raises
    ------
    InputError
        If the package ``bpx`` is missing, the file is none of BPX, or it holds what the
        twin's cell cannot be: a blend, a single-particle set without electrolyte.
    """
    path = Path(path)
    return _Reading(path, *_parsed(path)).cell()


def _parsed(path: Path) -> tuple[Any, list[str]]:
    """Return the file as the package's own object, with what the package warned of."""
    bpx = package()
    text = read_text(path, _MOST_BYTES, "BPX cell")
    try:
        data = json.loads(text)
    except ValueError as error:
        raise InputError(f"is not JSON: {error}", file=str(path), fix="name a BPX file") from None
    if not isinstance(data, dict) or "Parameterisation" not in data or "Header" not in data:
        raise InputError(
            "is no BPX file: it lacks Header or Parameterisation",
            file=str(path),
            fix="measured data are taken in by `twin import FILE`",
        )
    if not all(isinstance(part, dict) for part in _tables(data)):
        raise InputError(
            "is no BPX file: Header, Parameterisation and its parts are tables",
            file=str(path),
            fix="see https://bpxstandard.com",
        )
    _refuse(data, path)
    parts = data["Parameterisation"]
    told = []
    if parts.pop("User-defined", None):
        told.append("its user-defined numbers are left out: no model here reads them")
    _tabulate(parts, path)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            parsed = bpx.parse_bpx_obj(data)
        except ValueError as error:
            raise SpecError(_problems(error, path)) from None
    return parsed, told + [" ".join(str(one.message).split()) for one in warned]


def _tabulate(parts: dict[str, Any], path: Path) -> None:
    """Look through every expression, and make tables of those that the package would run.

    The package runs two potentials as Python code to compare them with the voltage limits.
    """
    for section, table in parts.items():
        for key, value in table.items():
            if not isinstance(value, str):
                continue
            try:
                compiled(value, f"{section}.{key}")
                if key in _OF_FILLING:
                    x, y = tabulated(value, *_filling_ends(), f"{section}.{key}")
                    table[key] = {"x": list(x), "y": list(y)}
            except InputError as error:
                problem = replace(error.problem, file=str(path))
                raise SpecError([problem]) from None


def _tables(data: dict[str, Any]) -> list[Any]:
    parts = data["Parameterisation"]
    inner = list(parts.values()) if isinstance(parts, dict) else []
    return [data["Header"], parts, *inner]


def _filling_ends() -> tuple[float, float]:
    end = float(number("curves", "end"))
    return end, 1 - end


def _refuse(data: dict[str, Any], path: Path) -> None:
    """Raise for what a cell of the twin cannot be."""
    model = data["Header"].get("Model")
    parts = data["Parameterisation"]
    for section in _PLACES.values():
        if "Particle" in parts.get(section, {}):
            raise InputError(
                "is a blend of several materials, and the twin's electrodes have one",
                file=str(path),
                key=section,
                fix="give the one that holds most of the capacity",
            )
    lacking = [
        name
        for name in ("Cell", "Electrolyte", "Separator", *_PLACES.values())
        if not parts.get(name)
    ]
    if model == "SPM" or lacking:
        raise InputError(
            f"lacks {', '.join(lacking) or 'Electrolyte, Separator'}: a set for single particles, "
            "or a part of one, is no whole cell",
            file=str(path),
            key="Parameterisation",
            fix='a file with Model = "DFN" or "SPMe"',
        )


def _problems(error: ValueError, path: Path) -> list[Problem]:
    listed = getattr(error, "errors", None)
    if listed is None:
        return [Problem(str(error), str(path), fix="correct the file")]
    return [
        Problem(
            str(one["msg"]),
            str(path),
            ".".join(map(str, one["loc"])) or None,
            "see https://bpxstandard.com",
        )
        for one in listed()
    ]


class _Reading:
    """One file, on its way to a cell."""

    def __init__(self, path: Path, parsed: Any, told: list[str]):
        self.path, self.found = path, parsed
        self.parts = parsed.parameterisation
        self.remarks = told
        self.T_ref = self.parts.cell.reference_temperature or REFERENCE_TEMPERATURE
        state = parsed.state
        self.start = state.initial_conditions if state is not None else None
        self.around = state.thermal_environment if state is not None else None
        self.title = parsed.header.title or path.stem
        version = parsed.header.bpx
        self.source = f"BPX {version} file {path.name}"

    def cell(self) -> FromBPX:
        self._say_what_is_missing()
        data: dict[str, Any] = {
            "schema": SCHEMA_VERSION,
            "title": self.title,
            "kind": "full",
            "protocol": "cc-cv-discharge-first" if self._charge() > 0.5 else "cc-cv",
            "nominal_capacity": self.of(self.parts.cell.nominal_cell_capacity, "A*hour"),
            "geometry": {"area": self.of(self._area(), "m^2")},
            "anode": self._electrode("anode"),
            "electrolyte": self._separator(),
            "cathode": self._electrode("cathode"),
            "interfaces": {place: self._interface(place) for place in _PLACES},
            "stack": {"pressure": numbers()["cell"]["pressure"]},
            "thermal": self._thermal(),
            "window": {
                "lower": self.of(self.parts.cell.lower_voltage_cutoff, "V"),
                "upper": self.of(self.parts.cell.upper_voltage_cutoff, "V"),
            },
            "provenance": {
                "references": [text for text in [self.found.header.references] if text],
                "notes": " ".join(
                    part
                    for part in (f"From the {self.source}.", self.found.header.description)
                    if part
                ),
            },
        }
        return FromBPX(to_toml(data), self.title, tuple(dict.fromkeys(self.remarks)))

    def of(self, value: float, unit: str) -> dict[str, Any]:
        """Return a number of the file as it stands in TOML."""
        stated = f"{float(value)!r} {unit}" if unit else float(value)
        return {"value": stated, "status": "unverified", "source": self.source}

    def _area(self) -> float:
        cell = self.parts.cell
        return float(cell.electrode_area * cell.number_of_electrodes)

    def _charge(self) -> float:
        stated = None if self.start is None else self.start.initial_soc
        if stated is None:
            self.remarks.append("it states no state of charge: taken as charged")
            return 1.0
        return float(stated)

    def _salt(self) -> float:
        stated = None if self.start is None else self.start.initial_electrolyte_concentration
        if stated is None:
            self.remarks.append("it states no salt concentration: 1000 mol/m3, as PyBaMM has it")
            return 1000.0
        return float(stated)

    def _electrode(self, place: str) -> dict[str, Any]:
        given = getattr(self.parts, _PLACES[place].lower().replace(" ", "_"))
        low, high = given.minimum_stoichiometry, given.maximum_stoichiometry
        charge = self._charge()
        filling = low + charge * (high - low) if place == "anode" else high - charge * (high - low)
        active = given.surface_area_per_unit_volume * given.particle_radius / 3
        if given.ocp_lith is not None or given.ocp_delith is not None:
            self.remarks.append(f"{_PLACES[place]}: the branches of a hysteresis are left out")
        return {
            "thickness": self.of(given.thickness, "m"),
            "active_fraction": self.of(active, ""),
            "electrolyte_fraction": self.of(given.porosity, ""),
            "particle_radius": self.of(given.particle_radius, "m"),
            "initial_stoichiometry": self.of(filling, ""),
            "transport_efficiency": self.of(given.transport_efficiency, ""),
            "electronic_tortuosity_exponent": self.of(0.0, ""),
            "material": {
                "name": f"{self.path.stem}-{place}",
                "title": f"{_PLACES[place]} of {self.title}",
                "kind": "intercalation",
                "maximum_concentration": self.of(given.maximum_concentration, "mol/m^3"),
                "open_circuit_potential": self._potential(given, place),
                "entropic_change": self._law(given.dudt or 0.0, "V/K", key="Entropic change"),
                "diffusivity": self._law(
                    given.diffusivity,
                    "m^2/s",
                    given.diffusivity_activation_energy,
                    key="Diffusivity",
                ),
                "conductivity": self._law(given.conductivity, "S/m", key="Conductivity"),
            },
        }

    def _potential(self, given: Any, place: str) -> dict[str, Any]:
        """Return the open-circuit potential at the twin's reference temperature."""
        warmer = REFERENCE_TEMPERATURE - self.T_ref
        if not given.dudt or not warmer:
            return self._law(given.ocp, "V", key="OCP")
        self.remarks.append(
            f"the {place}'s potential is given at {self.T_ref:g} K: taken to 25 degC"
        )
        U, dU = _curve(given.ocp, "OCP"), _curve(given.dudt, "Entropic change")
        points = refined(lambda x: U(x) + warmer * dU(x), *_filling_ends(), "OCP")
        return self._table(points, "V", "stoichiometry", None)

    def _interface(self, place: str) -> dict[str, Any]:
        given = getattr(self.parts, _PLACES[place].lower().replace(" ", "_"))
        energy = given.reaction_rate_constant_activation_energy
        rate = FARADAY * given.reaction_rate_constant / 2
        return {"exchange_current": self._law(rate, "A/m^2", energy)}

    def _separator(self) -> dict[str, Any]:
        layer, liquid = self.parts.separator, self.parts.electrolyte
        salt = self._salt()
        ends = tuple(salt * number("concentrations", end) for end in ("lowest", "highest"))
        conductivity = self._law(
            liquid.conductivity,
            "S/m",
            liquid.conductivity_activation_energy,
            over="concentration",
            ends=ends,
            key="Electrolyte.Conductivity",
        )
        diffusivity = self._law(
            liquid.diffusivity,
            "m^2/s",
            liquid.diffusivity_activation_energy,
            over="concentration",
            ends=ends,
            key="Electrolyte.Diffusivity",
        )
        return {
            "thickness": self.of(layer.thickness, "m"),
            "electrolyte_fraction": self.of(layer.porosity, ""),
            "transport_efficiency": self.of(layer.transport_efficiency, ""),
            "material": {
                "name": f"{self.path.stem}-electrolyte",
                "title": f"Electrolyte of {self.title}",
                "kind": "electrolyte",
                "transport": "binary",
                "salt_concentration": self.of(salt, "mol/m^3"),
                "conductivity": conductivity,
                "diffusivity": diffusivity,
                "transference_number": self.of(liquid.cation_transference_number, ""),
            },
        }

    def _thermal(self) -> dict[str, Any]:
        cell, around = self.parts.cell, self.around
        ambient = None if around is None else around.ambient_temperature
        thermal = {"ambient": self.of(ambient or self.T_ref, "K")}
        if None not in (cell.density, cell.specific_heat_capacity, cell.volume):
            held = cell.density * cell.specific_heat_capacity * cell.volume / self._area()
            thermal["heat_capacity"] = self.of(held, "J/(m^2*K)")
        given = None if around is None else around.heat_transfer_coefficient
        if given is not None and cell.external_surface_area is not None:
            thermal["heat_transfer"] = self.of(
                given * cell.external_surface_area / self._area(), "W/(m^2*K)"
            )
        return thermal

    def _law(
        self,
        given: Any,
        unit: str,
        energy: float | None = None,
        *,
        over: str = "stoichiometry",
        ends: tuple[float, ...] = (),
        key: str = "",
    ) -> dict[str, Any]:
        """Return a number, an expression or a table of the file as a law of the twin."""
        if isinstance(given, str):
            low, high = ends or _filling_ends()
            return self._table(tabulated(given, low, high, key), unit, over, energy)
        if hasattr(given, "x"):
            return self._table(_sorted(given, over), unit, over, energy)
        if not energy:
            return self.of(given, unit)
        return {
            "law": "arrhenius",
            "reference": f"{float(given)!r} {unit}",
            "activation_energy": f"{float(energy)!r} J/mol",
            "reference_temperature": f"{float(self.T_ref)!r} K",
            "status": "unverified",
            "source": self.source,
        }

    def _table(self, points: Points, unit: str, over: str, energy: float | None) -> dict[str, Any]:
        x, y = points
        law: dict[str, Any] = {
            "law": "table",
            "x": list(x),
            "y": list(y),
            "unit": unit,
            "over": over,
        }
        if energy:
            law["activation_energy"] = f"{float(energy)!r} J/mol"
            law["reference_temperature"] = f"{float(self.T_ref)!r} K"
        return law | {"status": "unverified", "source": self.source}

    def _say_what_is_missing(self) -> None:
        self.remarks += [
            "BPX names no ion: the twin takes it for sodium, and its failure modes' numbers for a "
            "sodium cell's; none of them is in the file (`--modes none` is the file alone)",
            f"BPX has no stack pressure: {number('cell', 'pressure')}",
            "BPX has no thermodynamic factor: 1, an ideal solution",
        ]
        if self.found.validation:
            self.remarks.append("its validation data are left out: `twin import` takes CSV files")


def _curve(given: Any, key: str) -> Any:
    """Return what BPX gives over the filling as a function of an array."""
    if isinstance(given, str):
        return compiled(given, key)
    if hasattr(given, "x"):
        x, y = _sorted(given, "stoichiometry")
        return lambda at: np.interp(at, x, y)
    return lambda at: np.full_like(at, float(given))


def _sorted(table: Any, over: str) -> Points:
    """Return a table's points in the order of ``x``, a filling's held to 0 and 1."""
    x, first = np.unique(np.asarray(table.x, dtype=float), return_index=True)
    y = np.asarray(table.y, dtype=float)[first]
    if over == "stoichiometry" and (x[0] < 0 or x[-1] > 1):
        inside = np.unique(np.clip(x, 0, 1))
        x, y = inside, np.interp(inside, x, y)
    return tuple(map(float, x)), tuple(map(float, y))


__all__ = ["FromBPX", "cell_from_bpx"]
