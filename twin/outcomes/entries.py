"""The library's cells and electrolytes, as far as the words of a row ask for them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from twin.catalog.cells import library, load_cell
from twin.outcomes.recognise import setup_words


@dataclass(frozen=True)
class Entry:
    """A cell of the library."""

    name: str
    spec: Any

    @property
    def cathode(self) -> str | None:
        """Its cathode's material."""
        return None if self.spec.cathode is None else str(self.spec.cathode.material.name)

    @property
    def catholyte(self) -> str | None:
        """The electrolyte in its cathode, where that is another."""
        own = getattr(self.spec.cathode, "electrolyte", None)
        return None if own is None else str(own.name)

    @property
    def tin(self) -> bool:
        """Whether its anode is tin that holds no sodium at first."""
        anode = self.spec.anode
        value: bool = anode.material.name == "na15sn4" and anode.initial_stoichiometry.si < 0.1
        return value


@cache
def index() -> tuple[Entry, ...]:
    """Return the library's cells."""
    return tuple(Entry(name, load_cell(name)) for name in library().names("cells"))


@cache
def class_of_material(material: str) -> str:
    """Return the class of an electrolyte of the library by its family."""
    for entry in index():
        of = entry.spec.electrolyte.material
        if of.name == material:
            return class_of_family(of.family)
    return "pressed"


def class_of_family(family: str) -> str:
    """Return the class that a family of electrolytes is of; pressed powders for one unknown."""
    classes = setup_words()["classes"].items()
    return next((str(name) for name, families in classes if family in families), "pressed")


@cache
def limit_of(material: str) -> float | None:
    """Return an electrolyte's measured oxidation limit [V]; None if none was measured."""
    for entry in index():
        for of in (
            entry.spec.electrolyte.material,
            getattr(entry.spec.cathode, "electrolyte", None),
        ):
            if of is not None and of.name == material and of.oxidation_limit is not None:
                limit = of.oxidation_limit
                return float(limit.si) if limit.status == "measured" else None
    return None
