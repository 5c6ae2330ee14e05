"""A small library of specs in a temporary folder, and how to load from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from twin.errors import Problem, SpecError
from twin.modes.mode import ModeParameters
from twin.specs.library import Library
from twin.specs.loader import ModeEntry, load_cell
from twin.specs.quantity import Q
from twin.specs.schema import CellSpec

SODIUM = """
kind = "metal"
title = "Sodium"
molar_volume = { value = "23.7 cm^3/mol", source = "handbook", status = "measured" }
conductivity = "2.1e7 S/m"
"""
NASICON = """
schema = 1
kind = "electrolyte"
title = "NZSP"
family = "NASICON"
transport = "single-ion"
youngs_modulus = "80 GPa"
[conductivity]
law = "arrhenius"
reference = "5 mS/cm"
activation_energy = { value = "0.3 eV", status = "fitted" }
form = "sigma-T"
source = "paper A"
status = "measured"
"""
NVP = """
kind = "intercalation"
title = "NVP"
maximum_concentration = "9000 mol/m^3"
open_circuit_potential = { law = "plateau", plateau = "3.4 V", width = "5 mV", slope = "10 mV" }
diffusivity = { value = "1e-14 m^2/s", source = "paper B", status = "unverified" }
conductivity = "1 S/m"
"""
FULL = """
schema = 1
title = "Na | NZSP | NVP"
kind = "full"
[geometry]
area = "0.5 cm^2"
[anode]
material = "sodium"
thickness = "50 um"
[electrolyte]
material = "nasicon"
thickness = "0.5 mm"
[cathode]
material = "nvp"
thickness = "60 um"
active_fraction = 0.6
electrolyte_fraction = 0.3
particle_radius = "1 um"
initial_stoichiometry = 0.95
[interfaces.anode]
exchange_current = "2 mA/cm^2"
[interfaces.cathode]
exchange_current = { value = "1 mA/cm^2", source = "paper C", status = "fitted" }
[stack]
pressure = { value = "5 MPa", source = "paper D", status = "measured" }
[window]
lower = "2.5 V"
upper = "3.8 V"
"""
SYMMETRIC = """
schema = 1
title = "Na | NZSP | Na"
kind = "symmetric"
[geometry]
area = "0.5 cm^2"
[anode]
material = "sodium"
thickness = "50 um"
[electrolyte]
material = "nasicon"
thickness = "0.5 mm"
[interfaces.anode]
exchange_current = "2 mA/cm^2"
[stack]
pressure = "5 MPa"
[window]
lower = "-1 V"
upper = "1 V"
"""


class Side(ModeParameters):
    """One side of the rust mode."""

    rate: Q("m/s", ge=0)  # type: ignore[valid-type]
    """How fast it grows."""


class Rust(ModeParameters):
    """A mode that exists for these tests."""

    anode: Side
    law: str = "parabolic"
    exponent: Q("", gt=0) = 0.5  # type: ignore[valid-type]


RUST = ModeEntry(
    Rust,
    {"anode": {"rate": {"value": "1 nm/s", "source": "plugin paper", "status": "assumed"}}},
    "rusty",
)


@dataclass
class Tree:
    """The temporary library."""

    root: Path
    modes: dict[str, ModeEntry] = field(default_factory=lambda: {"rust": RUST})

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def edit(self, name: str, old: str, new: str) -> Path:
        """Replace one piece of a file's text, which must be there."""
        text = (self.root / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        return self.write(name, text.replace(old, new))

    @property
    def library(self) -> Library:
        return Library([self.root])

    def load(
        self,
        source: str | Path = "full",
        overlays: Sequence[str | Path] = (),
        overrides: Any = (),
    ) -> CellSpec:
        return load_cell(
            source,
            library=self.library,
            mode_models=self.modes,
            overlays=overlays,
            overrides=overrides,
        )

    def problems(self, source: str | Path = "full", **kwargs: Any) -> list[Problem]:
        """Return the problems of a load that must fail, their files without the folder."""
        with pytest.raises(SpecError) as raised:
            self.load(source, **kwargs)
        return [
            Problem(p.message, (p.file or "").replace(f"{self.root}/", ""), p.key, p.fix)
            for p in raised.value.problems
        ]

    def problem(self, source: str | Path = "full", **kwargs: Any) -> Problem:
        """Return the one problem of a load that must fail."""
        problems = self.problems(source, **kwargs)
        assert len(problems) == 1, "\n".join(map(str, problems))
        return problems[0]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    library = Tree(tmp_path)
    library.write("materials/sodium.toml", SODIUM)
    library.write("materials/nasicon.toml", NASICON)
    library.write("materials/nvp.toml", NVP)
    library.write("cells/full.toml", FULL)
    library.write("cells/symmetric.toml", SYMMETRIC)
    return library
