"""What drives one filament: the drop that it short-cuts, and the sodium that it takes.

``j`` is the cell's current density where it plates (negative where it strips), ``theta``
what conducts of the interface. Where sodium touches flows ``j_loc = (j/theta)(1 + s_e phi)``,
with the pressure mode's void fraction ``phi`` and ``s_e`` an option. Over the contact's true
area the film and the charge transfer have the resistance, for the current as it is::

    R       = s [ theta (R_i - R_con) + (2RT/F) asinh(j_loc/(2 j_0))/j_loc ]
    eta_tip = j_loc R + f j R_con + kappa j l/sigma

``R_i`` is all that stands in series at the interface per cell area, of it ``R_con`` the
constriction into contact spots of radius ``a``; ``sigma`` is what the electrolyte conducts
now. At threshold no current crosses the tip, so a film there has no drop: the whole of the
face's drives it, ``s = 1``, and that is the ceiling. The share is not measured; verdicts are
given at ``s = 1`` with flaws of 10 um and at ``s = 0`` with 100 um. Of a constriction a
crack of the length ``l`` has left behind::

    f = 1 - (2/pi) atan(a/l)

At the face of a host whose metal has plated there is no foil: ``j_loc`` is the plating current of
the place at the separator, ``k/(a L theta)``, with the metal's own exchange current on the host
(of the mode that plates) and no film, so that the charge transfer's part of ``eta_tip`` is how far
the host is below the metal's potential. Only metal that is there fills a crack: what it takes in
goes with the share ``q/(q + q_c)`` of the face that is covered (growth.py).

The crack takes in through its flanks what the drive brings against its pressure ``p``,
and loses what is squeezed out of its mouth (``plug.py``)::

    dV/dt = v c_g l^2 [ (eta_tip - v p)/(R + kappa l/sigma) - j_out ],    v = V_m/F

``c_g`` is pi where the flanks' resistance rules, 4 for a half disc edge-on in an even
field. Plating against ``p`` costs ``v p``: 0.246 mV per MPa. Without current a full crack
empties through the electrolyte, with the time constant (``j_out = 0``, ``c_g = pi``)::

    tau = 8 l (R + kappa l/sigma)/(3 pi v^2 E*)

and a stack pressure that the crack's walls do not see (``p < 0``) fills it.

References: fracture.py; R. Holm, Electric Contacts (1967) (recalled: the potential on a disc's
axis); R. Brennan, Electrochim. Acta 25 (1980) 621 (abstract: a small rise of the transfer
resistance makes flaws critical).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pybamm

from twin import FARADAY, ModeSubModel, arrhenius
from twin_dendrite import fracture, plug
from twin_dendrite.metals import metal_key

TEMPERATURE = "Volume-averaged cell temperature [K]"
_LEAST_CONTACT = 1e-8
# Nothing resists less [Ohm.m2]: keeps the inflow finite where no drop is counted.
_LEAST_RESISTANCE = 1e-12
# asinh(x)/x is even and smooth through nought with x^2 + this.
_SMOOTH = 1e-10
# Range over which a metal melts [K].
_MELTING = 0.5


@dataclass(frozen=True)
class Drive:
    """The drive of one filament; symbols in SI units, per contact's true area."""

    j: Any
    """Current density of the contact, positive where it plates."""
    eta: Any
    resistance: Any
    """``R + kappa l/sigma``."""
    thermal: Any
    """``s 2RT/F``."""
    ohmic: Any
    """The part of the drive that goes with the contact's current."""
    flank: Any
    """The ohmic part of ``resistance``."""
    crowding: Any
    """The contact's current density over the cell's."""
    exchange: Any
    """``j_0``."""


class Flank(ModeSubModel):
    """What every part of a filament's law asks of the cell."""

    def electrolyte(self, name: str) -> pybamm.Parameter:
        """Return one of the electrolyte's parameters."""
        return self.cell.parameter(f"electrolyte.material.{name}")

    def metal(self, name: str) -> pybamm.Parameter:
        """Return one of the plated metal's parameters."""
        return self.cell.parameter(f"{self._metal_key}.{name}")

    @property
    def _metal_key(self) -> str:
        return metal_key(self.cell, self.interface)

    @property
    def specific_volume(self) -> Any:
        """``v = V_m/F`` [m3.C-1]."""
        return self.metal("molar_volume") / FARADAY

    @property
    def modulus(self) -> Any:
        """``E*`` [Pa]."""
        return fracture.plane_modulus(
            self.electrolyte("youngs_modulus"), self.electrolyte("poisson_ratio")
        )

    def drive(self, variables: dict[str, Any], length: Any) -> Drive:
        """Return the drive of a filament of a length [m]."""
        i = self.interface
        crowding, j_0 = self._contact(variables)
        sigma = (
            self.cell.parameter("electrolyte.thickness")
            / variables["Separator resistance [Ohm.m2]"]
        )
        share = self.p("drive.film_share")
        j = -variables[i(self._current)] * crowding
        narrow, film = self._in_series(variables, share)
        left = 1 - 2 / np.pi * pybamm.arctan(self.p("drive.spot_radius") / length)
        detour = self.p("drive.detour_factor") * length / sigma
        thermal = share * 2 * pybamm.constants.R * variables[TEMPERATURE] / pybamm.constants.F
        x = ((j / (2 * j_0)) ** 2 + _SMOOTH) ** 0.5
        transfer = thermal * pybamm.arcsinh(x) / x / (2 * j_0)
        ohmic = film + (left * narrow + detour) / crowding
        return Drive(
            j=j,
            eta=j * (transfer + ohmic),
            resistance=film + transfer + detour + _LEAST_RESISTANCE,
            thermal=thermal,
            ohmic=ohmic,
            flank=film + detour,
            crowding=crowding,
            exchange=j_0,
        )

    @property
    def _current(self) -> str:
        """Name the cell's current density that the face's metal takes, positive where it strips."""
        own = self.interface.kind == "metal"
        return "current density [A.m-2]" if own else "face plating current density [A.m-2]"

    def _theta(self, variables: dict[str, Any]) -> pybamm.Symbol:
        conducting = variables[self.interface("conducting fraction")]
        return pybamm.maximum(conducting, _LEAST_CONTACT)

    def _contact(self, variables: dict[str, Any]) -> tuple[Any, Any]:
        """Return the contact's current density over the cell's, and its exchange current."""
        i = self.interface
        if i.kind == "metal":
            j_0 = variables[i("reference exchange current density [A.m-2]")]
            return 1 / self._theta(variables) * self._at_voids(variables), j_0
        area = variables[i("particle area per cell area")] * self._theta(variables)
        return 1 / area, variables[i("plating exchange current density [A.m-2]")]

    def _in_series(self, variables: dict[str, Any], share: Any) -> tuple[Any, Any]:
        """Return the constriction, per cell area, and the film that drives, per contact area.

        The metal on a host's particles is behind their film, as the potential that plates it.
        """
        i = self.interface
        if i.kind != "metal":
            return pybamm.Scalar(0), pybamm.Scalar(0)
        narrow = variables[i("constriction resistance [Ohm.m2]")]
        series = variables[i("series resistance [Ohm.m2]")]
        return narrow, share * self._theta(variables) * (series - narrow)

    def _at_voids(self, variables: dict[str, Any]) -> Any:
        voids = pybamm.maximum(variables[self.interface("void fraction")], 0)
        return 1 + self.p("drive.edge_factor") * voids

    def beyond(self, variables: dict[str, Any]) -> Any:
        """Return ``P - p`` [Pa]: what stack pressure opens, and compression holds shut."""
        stack = pybamm.maximum(variables["Stack pressure [Pa]"], 0)
        free = 1 - self.p("drive.lateral_confinement")
        return free * stack - self.p("fracture.in_plane_compression")

    def outflow(self, opened: Any, pressure: Any, length: Any, T: Any) -> Any:
        """Return ``j_out`` [A.m-2] of a crack held open by ``opened`` [Pa]."""
        law = self.cell.parameters(self.mode_id).plug.law
        if law == "tight":
            return pybamm.Scalar(0)
        opening = fracture.mean_opening(pybamm.maximum(opened, 0), length, self.modulus)
        scale = fracture.critical_pressure(self.electrolyte("fracture_toughness"), length)
        given = {"opening": opening, "pressure": pressure, "scale": scale, "length": length}
        given["v"] = self.specific_volume
        lost: Any = pybamm.Scalar(0)
        melted = self._melted(T)
        if self.cell.has(f"{self._metal_key}.creep_rate"):
            n = self.metal("creep_exponent")
            energy, T_ref = (self.metal(f"creep_{x}") for x in _ARRHENIUS)
            creep = self.metal("creep_rate") / self.metal("creep_reference_stress") ** n
            creep = creep * arrhenius(energy, T, T_ref)
            lost = (1 - melted) * plug.outflow(plug.shear_fluidity(creep, n), n, **given)
        if self.cell.has(f"{self._metal_key}.melting_temperature"):
            lost = lost + melted * plug.outflow(1 / self.p("plug.viscosity"), 1, **given)
        return lost

    def _melted(self, T: Any) -> Any:
        if not self.cell.has(f"{self._metal_key}.melting_temperature"):
            return pybamm.Scalar(0)
        above = (T - self.metal("melting_temperature")) / _MELTING
        return (1 + pybamm.tanh(above)) / 2


_ARRHENIUS = ("activation_energy", "reference_temperature")
