"""The closed vocabulary of what a case may look at, and what each word needs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """One way to look at a run (or at other observables): what it needs and may have."""

    says: str
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    unit: str | None = ""
    """The SI unit of the result; ``None``: the variable's own."""


OF_A_RUN: dict[str, Word] = {
    "value": Word("a variable at a moment", ("variable",), ("at",), None),
    "ratio": Word("a variable at a moment over its first value", ("variable",), ("at",)),
    "change": Word("a variable at a moment less its first value", ("variable",), ("at",), None),
    "hours": Word("how long the cell lived", (), (), "hour"),
    "cycles": Word("how many cycles were finished"),
    "alive": Word("1 if the run was finished alive, else 0"),
    "dead": Word("1 if the cell died, else 0"),
    "outcome": Word("'completed', or 'mode: criterion' of the death"),
    "retention": Word(
        "capacity of a cycle over that of an earlier one, or the greatest until then",
        ("cycle",),
        ("first",),
    ),
    "efficiency": Word("coulombic efficiency of a cycle", ("cycle",)),
    "capacity": Word("discharge capacity of a cycle", ("cycle",), ("per",), None),
    "interface-resistance": Word(
        "small-signal resistance of one face: charge transfer and all that is in series",
        ("face",),
        ("at", "cycle"),
        "ohm*m^2",
    ),
    "polarisation": Word(
        "voltage of a cycle's charge above that of its discharge, at half of each",
        ("cycle",),
        (),
        "V",
    ),
    "curve": Word(
        "root mean square of simulated less published voltage, along the published charge",
        ("cycle", "points"),
        ("branch", "file", "points_unit"),
        "V",
    ),
    "precedes": Word(
        "1 if a variable passed a share of its first value before the cell died, else 0",
        ("variable", "share"),
    ),
}
_CURRENT = "A/m^2"
OF_A_STAIRCASE: dict[str, Word] = {
    "critical-stripping": Word(
        "the highest current at which stripping fails nothing", unit=_CURRENT
    ),
    "critical-plating": Word("the same of plating, on a face never stripped", unit=_CURRENT),
    "critical-current": Word("the highest current the cell bore", unit=_CURRENT),
    "process": Word("what ended it: 'stripping', 'plating' or 'nothing'"),
    "onset": Word("the lowest current at which a stripped face loses contact", unit=_CURRENT),
    "knee": Word("the current at which the voltage leaves Ohm's line", (), ("share",), _CURRENT),
    "bend": Word("the last slope dV/dj over the first"),
}
OF_OTHERS: dict[str, Word] = {
    "quotient": Word("the first over the second", ("of",)),
    "sum": Word("their sum", ("of",)),
    "difference": Word("the first less the second", ("of",)),
    "order": Word("1 if each is greater than the next, else 0", ("of",)),
    "together": Word("the share of them that is not nought", ("of",)),
}
WORDS = OF_A_RUN | OF_A_STAIRCASE | OF_OTHERS

OVER: dict[str, str] = {
    "exponent": "the power p of y = a x^p, fitted over the sweep",
    "slope": "the slope of a straight line",
    "r2": "how straight it is: R squared of the line",
    "arrhenius": "the activation energy [eV] of y over temperature",
    "trend": "1 if y only rises with x, -1 if it only falls, else 0",
    "span": "the last value over the first",
    "lowest": "the least of them",
    "highest": "the greatest of them",
    "edge": "the x at which the answer turns, by bisection",
}
