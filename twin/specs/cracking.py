"""Whether a composite's particles are small enough not to crack: a warning, not a mechanism.

A boundary between two phases of a misfit strain ``eps`` runs through a particle of diameter ``d``
with an energy release rate ``G = Z E eps^2 d``: below a critical size no crack can grow. It is
known to a factor of seven for the one host it is known of, so no model reads it; particles
above the range are told of as likely to crack, those within it as such that may. Hosts without
two phases have none: their misfit goes with the current, and their ``K_I`` (0.13 MPa.m^0.5 in
layered oxides of 2.5 um radius at 1C) is below what an oxide bears.

References: Y. Hu, X. Zhao, Z. Suo, J. Mater. Res. 25 (2010) 1007, 10.1557/jmr.2010.0142; A. Stamps
et al., AIMS Mater. Sci. 3 (2016) 190 (abstracts).
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from twin.specs.quantity import Quantity, parse_quantity

if TYPE_CHECKING:
    from twin.specs.schema import CellSpec, Intercalation


@cache
def _table() -> dict[str, Quantity]:
    import tomllib

    text = resources.files(__package__).joinpath("critical_sizes.toml").read_text("utf-8")
    return {name: parse_quantity(table, "m") for name, table in tomllib.loads(text).items()}


def critical_size(material: Intercalation) -> Quantity | None:
    """Return the diameter above which a host's particles crack [m]; None where none is known.

    A material's own number stands before that of ``critical_sizes.toml``.
    """
    return material.critical_size or _table().get(material.name)


def cracking_warnings(spec: CellSpec, *, certain: bool = False) -> list[str]:
    """Return what to say of particles that are too large to stay whole.

    Parameters
    ----------
    spec : CellSpec
        The cell.
    certain : bool
        Leave out those that may crack or may not.
    """
    warnings = []
    for place in ("anode", "cathode"):
        electrode: Any = getattr(spec, place)
        if electrode is None or electrode.kind != "porous":
            continue
        size = critical_size(electrode.material)
        if size is None:
            continue
        low, high = _range(size)
        diameter = 2 * electrode.particle_radius.si
        if diameter <= (high if certain else low):
            continue
        verb = "are likely to crack" if diameter > high else "may crack"
        warnings.append(
            f"{electrode.material.name} particles of {1e6 * diameter:.3g} um {verb}: they stay "
            f"whole below {_span(low, high)} um (a range as wide as what is known), and no failure "
            f"mode follows it; make {place}.particle_radius smaller"
        )
    return warnings


def _range(size: Quantity) -> tuple[float, float]:
    """Return the ends of a number's uniform spread, or the number twice [m]."""
    words = (size.spread or "").split()
    if words and words[0] == "uniform":
        return float(words[1]), float(words[2])
    return size.si, size.si


def _span(low: float, high: float) -> str:
    return f"{1e6 * low:.3g}" if low == high else f"{1e6 * low:.3g} to {1e6 * high:.3g}"
