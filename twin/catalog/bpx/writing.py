"""A cell of the twin as a BPX file.

The inverse of :mod:`twin.catalog.bpx.reading`: with ``T`` the cell's ambient temperature, which
becomes the file's reference temperature ::

    K      = 2 j_0(half filling, T) / F
    a      = 3 eps_s / R
    B      = phi^b                                  (of the electrolyte; a packing's as well)
    sigma  = sigma_s (1 - phi)^b_s                  BPX has the electrode's effective one
    E_a    = R d ln y / d(-1/T)                     at T; for Arrhenius laws everywhere
    x_min, x_max                                    the fillings at the two voltage limits at rest

What BPX has no word for is said in a remark, or refused where the file would be another cell.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pybamm

from twin.catalog.bpx import number, package
from twin.catalog.bpx.expressions import refined
from twin.constants import FARADAY, GAS_CONSTANT, REFERENCE_TEMPERATURE
from twin.engine.inventory import OpenCircuit
from twin.errors import InputError, TwinError
from twin.model.parameters import nominal_capacity, parameter_values
from twin.specs.balance import height
from twin.specs.schema import CellSpec

_DOMAINS = {"anode": "Negative", "cathode": "Positive"}
_STEP = 1.0
"""Over so many kelvins to either side an activation energy is taken."""


@dataclass(frozen=True)
class ToBPX:
    """A cell as BPX has it.

    Attributes
    ----------
    document : dict
        The file's content, checked by the package ``bpx``.
    remarks : tuple of str
        What of the cell is not in it, a line each.
    """

    document: dict[str, Any]
    remarks: tuple[str, ...]


def bpx_of_cell(spec: CellSpec) -> ToBPX:
    """Return a cell as BPX has it.

    Parameters
    ----------
    spec : CellSpec
        A full cell of two porous electrodes.

    Raises
    ------
    InputError
        If the package ``bpx`` is missing, or the cell is none that BPX can say: symmetric, with a
        metal anode, or with another electrolyte in a composite.
    """
    bpx = package()
    _refuse(spec)
    writing = _Writing(spec)
    document = writing.document(bpx.__version__)
    try:
        bpx.parse_bpx_obj(_copied(document))
    except ValueError as error:
        raise TwinError(
            f"the cell does not make a sound BPX file: {error}", key=spec.name, fix="report this"
        ) from error
    return ToBPX(document, tuple(dict.fromkeys(writing.remarks)))


def _copied(document: Any) -> Any:
    if isinstance(document, dict):
        return {key: _copied(value) for key, value in document.items()}
    return list(document) if isinstance(document, list) else document


def _refuse(spec: CellSpec) -> None:
    fix = "BPX holds full cells of two porous electrodes, as hc-nzsp-nvp"
    if spec.kind != "full":
        raise InputError("BPX has no symmetric cells", key="kind", fix=fix)
    if spec.anode.kind == "metal":
        raise InputError(
            "BPX has no metal anode: its negative electrode is porous", key="anode", fix=fix
        )
    for place in _DOMAINS:
        if getattr(spec, place).electrolyte is not None:
            raise InputError(
                "BPX has one electrolyte, and this composite has another than the separator",
                key=f"{place}.electrolyte",
                fix="leave it out of a copy of the cell (twin cells copy), or choose another cell",
            )


class _Writing:
    """One cell, on its way to a file."""

    def __init__(self, spec: CellSpec):
        self.spec = spec
        self.values = parameter_values(spec)
        self.T = float(spec.thermal.ambient.si)
        self.single_ion = spec.electrolyte.material.transport == "single-ion"
        self.salt = float(spec.electrolyte.material.salt_concentration.si)
        self.remarks: list[str] = []
        self.limits = OpenCircuit(spec).limits()

    def document(self, version: str) -> dict[str, Any]:
        spec = self.spec
        self._say_what_is_left_out()
        return {
            "Header": {
                "BPX": version,
                "Title": spec.title,
                "Description": f"Cell {spec.name} of sodium-cell-twin: a sodium cell.",
                "References": "; ".join(spec.provenance.references),
                "Model": "DFN",
            },
            "Parameterisation": {
                "Cell": self._cell(),
                "Electrolyte": self._electrolyte(),
                "Negative electrode": self._electrode("anode"),
                "Positive electrode": self._electrode("cathode"),
                "Separator": self._layer("electrolyte", "Separator"),
            },
            "State": self._state(),
        }

    def _say_what_is_left_out(self) -> None:
        spec = self.spec
        self.remarks += [
            "failure modes, the stack's pressure and fixture, and the criteria of death have no "
            "place in BPX",
            "sources and states of knowledge of single numbers have none either",
        ]
        if self.single_ion:
            self.remarks.append(
                "BPX knows no single-ion conductor: a transference number of 1, with a diffusivity "
                "that has no effect"
            )
        for place in _DOMAINS:
            law = getattr(spec.interfaces, place).resistance
            stated = getattr(law, "value", None)
            if stated is None or stated.si != 0:
                self.remarks.append(f"left out: interfaces.{place}.resistance")
            mixing = getattr(spec, place).mixing
            if mixing is not None and mixing.contact is not None:
                self.remarks.append(
                    f"left out: {place}.mixing.contact, the detours inside particles"
                )

    def _cell(self) -> dict[str, Any]:
        spec = self.spec
        area = float(spec.geometry.area.si)
        entries = {
            "Electrode area [m2]": area,
            "External surface area [m2]": area,
            "Volume [m3]": area * height(spec),
            "Number of electrode pairs connected in parallel to make a cell": 1,
            "Lower voltage cut-off [V]": float(spec.window.lower.si),
            "Upper voltage cut-off [V]": float(spec.window.upper.si),
            "Nominal cell capacity [A.h]": float(nominal_capacity(spec)),
            "Reference temperature [K]": self.T,
        }
        if spec.thermal.heat_capacity is not None:
            # BPX has a density and a specific heat; only their product is read.
            entries["Density [kg.m-3]"] = density = number("solid", "density")
            entries["Specific heat capacity [J.K-1.kg-1]"] = float(
                spec.thermal.heat_capacity.si / height(spec) / density
            )
            self.remarks.append(
                f"density {density:g} kg/m3: only its product with the specific heat is the cell's"
            )
        return entries

    def _state(self) -> dict[str, Any]:
        low, high = self.limits["cathode"]
        start = float(self.spec.cathode.initial_stoichiometry.si)  # type: ignore[union-attr]
        charge = min(1.0, max(0.0, (high - start) / (high - low)))
        around: dict[str, Any] = {"Ambient temperature [K]": self.T}
        if self.spec.thermal.heat_transfer is not None:
            around["Heat transfer coefficient [W.m-2.K-1]"] = float(
                self.spec.thermal.heat_transfer.si
            )
        return {
            "Initial conditions": {
                "Initial state-of-charge": charge,
                "Initial temperature [K]": self.T,
                "Initial electrolyte concentration [mol.m-3]": self.salt,
            },
            "Thermal environment": around,
        }

    def _electrolyte(self) -> dict[str, Any]:
        if self.single_ion:
            conductivity = self._at("Electrolyte conductivity [S.m-1]", c_e=self.salt, T=self.T)
            entries = {
                "Cation transference number": 1.0,
                "Diffusivity [m2.s-1]": number("solid", "diffusivity"),
                "Conductivity [S.m-1]": conductivity,
            }
        else:
            ends = tuple(self.salt * number("concentrations", end) for end in ("lowest", "highest"))
            entries = {
                "Cation transference number": self._constant("Cation transference number"),
                "Diffusivity [m2.s-1]": self._over("Electrolyte diffusivity [m2.s-1]", "c_e", ends),
                "Conductivity [S.m-1]": self._over("Electrolyte conductivity [S.m-1]", "c_e", ends),
            }
            if abs(self._constant("Thermodynamic factor") - 1) > number("remarks", "small"):
                self.remarks.append(
                    "left out: the electrolyte's thermodynamic factor, which BPX has at 1"
                )
            self._energy(entries, "Diffusivity", "Electrolyte diffusivity [m2.s-1]", c_e=self.salt)
        self._energy(entries, "Conductivity", "Electrolyte conductivity [S.m-1]", c_e=self.salt)
        return entries

    def _constant(self, name: str) -> float:
        """Return a number of the electrolyte that BPX has as a constant."""
        value = self._at(name, c_e=self.salt, T=self.T)
        for share in ("lowest", "highest"):
            other = self._at(name, c_e=self.salt * number("concentrations", share), T=self.T)
            if abs(other - value) > number("remarks", "small") * abs(value):
                self.remarks.append(f"{name.lower()}: BPX has it as a constant, that at rest")
        return value

    def _layer(self, place: str, domain: str) -> dict[str, Any]:
        """Return what all three layers have."""
        porosity = self._at(f"{domain} porosity")
        exponent = self._at(f"{domain} Bruggeman coefficient (electrolyte)")
        efficiency = porosity**exponent
        dense = number("solid", "porosity")
        return {
            "Thickness [m]": float(getattr(self.spec, place).thickness.si),
            "Porosity": min(porosity, dense),
            "Transport efficiency": efficiency,
        }

    def _electrode(self, place: str) -> dict[str, Any]:
        electrode = getattr(self.spec, place)
        Domain = _DOMAINS[place]
        low, high = self.limits[place]
        c_max = float(electrode.material.maximum_concentration.si)
        radius = float(electrode.particle_radius.si)
        active = self._at(f"{Domain} electrode active material volume fraction")
        diffusivity = f"{Domain} particle diffusivity [m2.s-1]"
        entries = self._layer(place, f"{Domain} electrode") | {
            "Conductivity [S.m-1]": self._electronic(place, 0.5 * (low + high)),
            "Minimum stoichiometry": low,
            "Maximum stoichiometry": high,
            "Maximum concentration [mol.m-3]": c_max,
            "Particle radius [m]": radius,
            "Surface area per unit volume [m-1]": 3 * active / radius,
            "Diffusivity [m2.s-1]": self._over(diffusivity, "sto"),
            "OCP [V]": self._potential(Domain),
            "Entropic change coefficient [V.K-1]": self._over(
                f"{Domain} electrode OCP entropic change [V.K-1]", "sto", T=None
            ),
            "Reaction rate constant [mol.m-2.s-1]": self._rate(Domain, place, c_max),
        }
        self._energy(entries, "Diffusivity", diffusivity, sto=0.5 * (low + high))
        self._energy(
            entries,
            "Reaction rate constant",
            f"{Domain} electrode exchange-current density [A.m-2]",
            c_e=self.salt,
            c_s_surf=c_max / 2,
            c_s_max=c_max,
        )
        return entries

    def _electronic(self, place: str, filling: float) -> float:
        Domain = _DOMAINS[place]
        name = f"{Domain} electrode conductivity [S.m-1]"
        given = self._at(name, sto=filling, T=self.T)
        law = getattr(self.spec, place).material.conductivity
        if law.law != "constant":
            self.remarks.append(
                f"{place}.material.conductivity: BPX has it as a constant, that half-way"
            )
        solid = 1 - self._at(f"{Domain} electrode porosity")
        exponent = self._at(f"{Domain} electrode Bruggeman coefficient (electrode)")
        return float(given * solid**exponent)

    def _potential(self, Domain: str) -> Any:
        """Return the open-circuit potential at the file's reference temperature."""
        warmer = self.T - REFERENCE_TEMPERATURE
        U = self._curve(f"{Domain} electrode OCP [V]", "sto", T=None)
        dU = self._curve(f"{Domain} electrode OCP entropic change [V.K-1]", "sto", T=None)
        return self._points(lambda x: U(x) + warmer * dU(x), _ends(), f"{Domain} electrode OCP")

    def _rate(self, Domain: str, place: str, c_max: float) -> float:
        name = f"{Domain} electrode exchange-current density [A.m-2]"

        def j_0(x: float) -> float:
            return self._at(name, c_e=self.salt, c_s_surf=x * c_max, c_s_max=c_max, T=self.T)

        half = j_0(0.5)
        if any(
            abs(j_0(x) - 2 * half * math.sqrt(x * (1 - x))) > number("remarks", "small") * half
            for x in (0.1, 0.3, 0.8)
        ):
            self.remarks.append(
                f"interfaces.{place}.exchange_current goes otherwise with the filling than BPX's "
                "(x (1 - x))^1/2: right at half filling"
            )
        return 2 * half / FARADAY

    def _energy(self, entries: dict[str, Any], name: str, parameter: str, **at: float) -> None:
        """Write the activation energy of a parameter at the cell's temperature."""
        cold, warm = self.T - _STEP, self.T + _STEP
        low, high = (self._at(parameter, **at, T=T) for T in (cold, warm))
        energy = GAS_CONSTANT * math.log(high / low) / (1 / cold - 1 / warm)
        if abs(energy) < number("remarks", "least_energy"):
            return
        entries[f"{name} activation energy [J.mol-1]"] = energy
        farther = number("remarks", "farther")
        far = self.T + farther
        said = self._at(parameter, **at, T=self.T) * math.exp(
            energy / GAS_CONSTANT * (1 / self.T - 1 / far)
        )
        true = self._at(parameter, **at, T=far)
        if abs(said / true - 1) > number("remarks", "share"):
            self.remarks.append(
                f"{parameter.partition(' [')[0].lower()}: its law of temperature is not "
                f"Arrhenius's: right at {self.T:g} K, {abs(said / true - 1):.1%} off "
                f"{farther:g} K above"
            )

    def _over(
        self, name: str, over: str, ends: tuple[float, ...] | None = None, **fixed: float | None
    ) -> Any:
        """Return a parameter over a filling or a concentration: a number, or points."""
        curve = self._curve(name, over, **({"T": self.T} | fixed))
        return self._points(curve, ends or _ends(), name)

    def _points(
        self, curve: Callable[[np.ndarray], np.ndarray], ends: tuple[float, ...], name: str
    ) -> Any:
        x, y = refined(curve, ends[0], ends[1], name)
        if np.ptp(y) <= 1e-12 * np.max(np.abs(y)):
            return y[0]
        return {"x": list(x), "y": list(y)}

    def _curve(
        self, name: str, over: str, **fixed: float | None
    ) -> Callable[[np.ndarray], np.ndarray]:
        others = {key: pybamm.Scalar(value) for key, value in fixed.items() if value is not None}

        def curve(x: np.ndarray) -> np.ndarray:
            symbol = pybamm.FunctionParameter(name, {over: pybamm.Vector(x)} | others)
            values = np.asarray(self.values.process_symbol(symbol).evaluate(), dtype=float)
            return np.broadcast_to(values.reshape(-1), x.shape)

        return curve

    def _at(self, name: str, **arguments: float) -> float:
        symbol: pybamm.Symbol = pybamm.Parameter(name)
        if arguments:
            given = {key: pybamm.Scalar(value) for key, value in arguments.items()}
            symbol = pybamm.FunctionParameter(name, given)
        number = self.values.process_symbol(symbol).evaluate()
        return float(np.asarray(number, dtype=float).reshape(-1)[0])


def _ends() -> tuple[float, float]:
    end = float(number("curves", "end"))
    return end, 1 - end


__all__ = ["ToBPX", "bpx_of_cell"]
