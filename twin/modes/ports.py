"""Ports: the named quantities through which failure modes meet the cell and each other.

A mode never adds a term to another's equation. It contributes to a port; the cell
gathers each port from all contributions, always in the order of the modes' ids, and
every contribution stays a stored variable of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

Location = Literal["anode", "cathode", "separator", "cell"]
INTERFACES: tuple[Location, ...] = ("anode", "cathode")


class Port(Enum):
    """What a mode may contribute to: title, how it is combined, neutral value, unit.

    ``combine`` is ``"product"`` or ``"sum"``. ``places`` are the locations it exists
    at. Interface quantities are per geometric area of the cell. All are scalars but the
    plating current, which may differ from place to place in a composite.
    """

    CONTACT_FRACTION = ("contact fraction", "product", 1.0, "", INTERFACES)
    INTERFACE_RESISTANCE = ("interface resistance", "sum", 0.0, "Ohm.m2", INTERFACES)
    EQUILIBRIUM_POTENTIAL = ("equilibrium potential shift", "sum", 0.0, "V", INTERFACES)
    PARASITIC_CURRENT = ("parasitic current density", "sum", 0.0, "A.m-2", INTERFACES)
    PLATING_CURRENT = ("plating current density", "sum", 0.0, "A.m-2", INTERFACES)
    CONDUCTIVITY_FACTOR = (
        "electrolyte conductivity factor",
        "product",
        1.0,
        "",
        ("separator", "cathode"),
    )
    SHORT_CONDUCTANCE = ("internal short conductance", "sum", 0.0, "S.m-2", ("cell",))
    ACTIVE_FRACTION = ("active material fraction", "product", 1.0, "", INTERFACES)
    SOLID_DIFFUSIVITY_FACTOR = ("solid diffusivity factor", "product", 1.0, "", INTERFACES)
    STACK_PRESSURE = ("stack pressure change", "sum", 0.0, "Pa", ("cell",))
    HEAT_SOURCE = ("heat source", "sum", 0.0, "W.m-2", ("cell",))

    def __init__(
        self,
        title: str,
        combine: Literal["product", "sum"],
        neutral: float,
        unit: str,
        places: tuple[Location, ...],
    ):
        self.title = title
        self.combine = combine
        self.neutral = neutral
        self.unit = unit
        self.places = places

    def at(self, place: Location = "cell") -> PortAt:
        """Return this port at ``place``.

        Raises
        ------
        ValueError
            If the port does not exist there.
        """
        if place not in self.places:
            raise ValueError(f"{self.title} exists at {', '.join(self.places)}, not at {place}")
        return PortAt(self, place)


@dataclass(frozen=True, order=False)
class PortAt:
    """A port at one place; ``variable`` is the name of the gathered PyBaMM variable."""

    port: Port
    place: Location

    @property
    def variable(self) -> str:
        """The PyBaMM variable name, e.g. ``"Anode contact fraction"``."""
        unit = f" [{self.port.unit}]" if self.port.unit else ""
        if self.place == "cell":
            return f"{self.port.title.capitalize()}{unit}"
        return f"{self.place.capitalize()} {self.port.title}{unit}"

    def __str__(self) -> str:
        return self.variable
