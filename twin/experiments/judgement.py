"""Whether a fitted circuit says what the electrolyte conducts, and if not, why.

The electrolyte of a virtual cell is known, so a fit that misses it by more than 1 % is refused.
The reason is read from the circuit and the range alone, as on a bench.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from twin.experiments.circuit import Arc, Fit

Kind = Literal["no-bulk-arc", "arcs-overlap", "poor-fit", "missed"]

WITHIN = 0.01
"""How near a fitted conductivity has to be."""
_POOR = 0.02
# Arcs whose tops are nearer than this many times in frequency share their flanks.
_APART = 10.0
# What is smaller than this share of the electrolyte's resistance cannot move it by 1 %.
_MATTERS = WITHIN


@dataclass(frozen=True)
class Refusal:
    """Why a fit gives no conductivity.

    Attributes
    ----------
    kind : {"no-bulk-arc", "arcs-overlap", "poor-fit", "missed"}
        No arc of the electrolyte's in the range; its arcs and another's share their flanks;
        no circuit of these elements is near the data; anything else.
    says, fix : str
        In words, and what to do.
    """

    kind: Kind
    says: str
    fix: str


def judge(
    circuit: Fit, conductivity: float | None, own: float, top: float, expected: float | None
) -> Refusal | None:
    """Return why a fit is refused, or None.

    Parameters
    ----------
    circuit : Fit
        The fitted circuit.
    conductivity, own : float
        As fitted, and the cell's own [S.m-1].
    top : float
        The highest frequency [Hz].
    expected : float or None
        The top of the bulk's own arc [Hz].
    """
    if circuit.error > _POOR:
        return Refusal(
            "poor-fit",
            f"no circuit of arcs and one diffusion element is nearer than "
            f"{100 * circuit.error:.2g} % of the modulus",
            "raise --rest, so that the cell is at rest, or raise --from",
        )
    if conductivity is not None and abs(conductivity / own - 1) <= WITHIN:
        return None
    bulk = [arc for arc in circuit.arcs if arc.what == "bulk" and arc.capacitance]
    if not bulk:
        where = "" if expected is None else f": it turns at {expected:.3g} Hz"
        return Refusal(
            "no-bulk-arc",
            f"no arc of the bulk in the range, which ends at {top:.3g} Hz{where}",
            "leave --to out: the range then ends beyond the fastest arc",
        )
    overlap = _overlap(circuit.arcs)
    if overlap is not None:
        ours, other = overlap
        return Refusal(
            "arcs-overlap",
            f"the {ours.what}'s arc at {ours.frequency:.2g} Hz and one of "
            f"{1e4 * other.resistance:.2g} ohm cm2 at {other.frequency:.2g} Hz "
            "share their flanks and cannot be told apart",
            "measure a symmetric cell of this electrolyte, without a composite's pores",
        )
    return Refusal(
        "missed",
        "the electrolyte's arcs were not found where the cell has them",
        "give more points (--per-decade), or measure a symmetric cell of this electrolyte",
    )


def _overlap(arcs: tuple[Arc, ...]) -> tuple[Arc, Arc] | None:
    """Return an arc of the electrolyte's and the largest other that shares its flank."""
    electrolyte = [a for a in arcs if a.what in ("bulk", "grain boundary")]
    least = _MATTERS * sum(arc.resistance for arc in electrolyte)
    pairs = [
        (ours, other)
        for ours in electrolyte
        for other in arcs
        if other is not ours
        and {ours.what, other.what} != {"bulk", "grain boundary"}
        and other.resistance > least
        and ours.frequency is not None
        and other.frequency is not None
        and 1 / _APART < ours.frequency / other.frequency < _APART
    ]
    return max(pairs, key=lambda pair: pair[1].resistance) if pairs else None
