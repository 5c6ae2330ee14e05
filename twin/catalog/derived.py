"""What follows from a cell's numbers before it is run: capacity, energy, mass, current at 1C.

Per cell area, of what lies between the current collectors ::

    Q = what rest gives between the voltage limits       [A.h.m-2]  (twin.engine.inventory)
    E = int U dq over the same                           [W.h.m-2]
    m = sum of L (rho_am eps_am + rho_el eps_el) over composites, L rho over the others
    h = sum of the layers' thicknesses

so that ``E/m`` and ``E/h`` are the stack's, without collectors, carbon, binder and housing. At
rest no resistance counts: these are the most that the cell can give.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from twin.errors import TwinError
from twin.specs.balance import capacity_ratio, height, nominal_per_area

if TYPE_CHECKING:
    from twin.specs.schema import CellSpec


@dataclass(frozen=True)
class Derived:
    """What follows from a cell's numbers; None for what they do not tell.

    Attributes
    ----------
    nominal_mAh_cm2 : float
        The capacity that C-rates refer to.
    current_1C_mA_cm2 : float
        The current that it would give in an hour.
    thickness_um : float
        Of all layers.
    rest_mAh_cm2, mean_voltage_V, energy_mWh_cm2 : float or None
        Between the voltage limits at rest, of a full cell.
    capacity_ratio : float or None
        N/P of a host anode.
    Wh_kg, Wh_L : float or None
        Energy of the stack, as assembled.
    without_density : list of str
        The layers whose material gives no density, so that there is no energy by mass.
    """

    nominal_mAh_cm2: float
    current_1C_mA_cm2: float
    thickness_um: float
    rest_mAh_cm2: float | None = None
    mean_voltage_V: float | None = None
    energy_mWh_cm2: float | None = None
    capacity_ratio: float | None = None
    Wh_kg: float | None = None
    Wh_L: float | None = None
    without_density: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


def derived(spec: CellSpec) -> Derived:
    """Return what follows from a cell's numbers."""
    nominal = nominal_per_area(spec) / 3600  # A.h.m-2
    thick = height(spec)
    known = {
        "nominal_mAh_cm2": 0.1 * nominal,
        "current_1C_mA_cm2": 0.1 * nominal,
        "thickness_um": 1e6 * thick,
        "capacity_ratio": capacity_ratio(spec),
    }
    if spec.kind != "full":
        return Derived(**known)  # type: ignore[arg-type]
    held = _held(spec)
    if held is None:
        return Derived(**known)  # type: ignore[arg-type]
    charge, energy = held
    mass, lacking = _mass(spec)
    return Derived(
        **known,  # type: ignore[arg-type]
        rest_mAh_cm2=0.1 * charge,
        mean_voltage_V=energy / charge if charge > 0 else None,
        energy_mWh_cm2=0.1 * energy,
        Wh_kg=energy / mass if mass and not lacking else None,
        Wh_L=energy / thick / 1e3 if thick else None,
        without_density=tuple(lacking),
    )


def _held(spec: CellSpec) -> tuple[float, float] | None:
    """Return the charge [A.h.m-2] and the energy [W.h.m-2] at rest; None if that fails."""
    from twin.engine.inventory import OpenCircuit

    try:
        charge, energy = OpenCircuit(spec).as_assembled()
    except TwinError:
        return None
    area = spec.geometry.area.si
    return charge / area, energy / area


def _layers(spec: CellSpec) -> list[tuple[str, Any]]:
    cathode = spec.cathode if spec.cathode is not None else spec.anode
    return [("anode", spec.anode), ("electrolyte", spec.electrolyte), ("cathode", cathode)]


def _mass(spec: CellSpec) -> tuple[float, list[str]]:
    """Return the mass of the layers [kg.m-2], and which of them have no density."""
    total, lacking = 0.0, []
    for name, layer in _layers(spec):
        share = layer.electrolyte_fraction.si if name == "electrolyte" else 1.0
        parts = [(layer.material, share)]
        if name != "electrolyte" and layer.kind == "porous":
            parts = [
                (layer.material, layer.active_fraction.si),
                (layer.electrolyte or spec.electrolyte.material, layer.electrolyte_fraction.si),
            ]
        for material, part in parts:
            if layer.thickness.si == 0 or part == 0:
                continue
            if material.density is None:
                lacking.append(name)
            else:
                total += layer.thickness.si * part * material.density.si
    return total, list(dict.fromkeys(lacking))
