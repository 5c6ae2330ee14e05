"""How texts in one unit become numbers in another, remembered between processes.

Reading pint's table of units takes half a second, and a cell asks for some sixty conversions,
always the same. Each is ``x -> a x`` or ``x -> x + b``; pint works it out once, the number it
gives is compared with that form's to the last bit, and it is kept (:mod:`twin.shelf`) under
pint's version. That two units measure different things is kept too. What is neither form is
pint's each time.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from twin import shelf
from twin.remembered import Remembered

FORMAT = 2
MOST = 1000
"""So many are kept: what people write units as is not much more."""
_TIMES, _PLUS, _NOT = "times", "plus", "not"


def known(written: str, wanted: str, number: float) -> float | None:
    """Return a number of one unit in another; None if that conversion is not remembered."""
    factors = remembered.get(_key(written, wanted))
    if factors is None or factors[0] == _NOT:
        return None
    form, constant = factors
    value: float = number * constant if form == _TIMES else number + constant
    return value


def remember(
    written: str, wanted: str, number: float, value: float, convert: Callable[[float], float]
) -> None:
    """Remember the conversion that took ``number`` to ``value``, if it has one of the forms.

    ``convert`` does it to any number.
    """
    try:
        nothing, one, two = (convert(x) for x in (0.0, 1.0, 2.0))
    except Exception:  # pint raises many kinds: a logarithm of nothing, say
        return
    if (number * one, 2.0 * one) == (value, two):
        remembered.put(_key(written, wanted), [_TIMES, one])
    elif (number + nothing, 2.0 + nothing) == (value, two):
        remembered.put(_key(written, wanted), [_PLUS, nothing])


def known_to_differ(written: str, wanted: str) -> bool:
    """Return whether it is remembered that two units measure different things."""
    factors = remembered.get(_key(written, wanted))
    return factors is not None and factors[0] == _NOT


def remember_to_differ(written: str, wanted: str) -> None:
    """Remember that two units measure different things."""
    remembered.put(_key(written, wanted), [_NOT, 0.0])


def _key(written: str, wanted: str) -> str:
    return f"{written} | {wanted}"


def _is_conversion(value: Any) -> bool:
    match value:
        case [str(form), float()]:
            return form in (_TIMES, _PLUS, _NOT)
    return False


def _name() -> str | None:
    """Return the name that they are kept under; None if nothing is to be."""
    if shelf.folder() is None:
        return None
    try:
        return shelf.digest_of({"conversions": FORMAT, "pint": version("pint")})
    except PackageNotFoundError:
        return None


remembered = Remembered("conversions", _name, _is_conversion, MOST)
