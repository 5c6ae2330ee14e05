"""How texts in one unit become numbers in another, remembered between processes.

Reading pint's table of units takes half a second, and a cell asks for some sixty conversions,
always the same. Each is ``x -> a x`` or ``x -> x + b``; pint works it out once, the number it
gives is compared with that form's to the last bit, and it is kept (:mod:`twin.shelf`) under
pint's version. What is neither form, or no conversion at all, is pint's each time.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from twin import shelf

FORMAT = 1
MOST = 1000
"""So many are kept: what people write units as is not much more."""
_TIMES, _PLUS = "times", "plus"
_new: dict[str, list[Any]] = {}


def known(written: str, wanted: str, number: float) -> float | None:
    """Return a number of one unit in another; None if that conversion is not remembered."""
    factors = _new.get(_key(written, wanted)) or _kept().get(_key(written, wanted))
    if factors is None:
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
    if not _new:
        atexit.register(keep)
    try:
        nothing, one, two = (convert(x) for x in (0.0, 1.0, 2.0))
    except Exception:  # pint raises many kinds: a logarithm of nothing, say
        return
    if (number * one, 2.0 * one) == (value, two):
        _new[_key(written, wanted)] = [_TIMES, one]
    elif (number + nothing, 2.0 + nothing) == (value, two):
        _new[_key(written, wanted)] = [_PLUS, nothing]


def keep() -> None:
    """Write what is new to disk, beside what others have found meanwhile."""
    name = _name()
    if not _new or name is None:
        return
    every = {**_read(name), **_new}
    shelf.keep(name, {"conversions": dict([*every.items()][-MOST:])})


def _key(written: str, wanted: str) -> str:
    return f"{written} | {wanted}"


@cache
def _kept() -> dict[str, list[Any]]:
    name = _name()
    return {} if name is None else _read(name)


def _read(name: str) -> dict[str, list[Any]]:
    data = shelf.recall(name) or {}
    conversions = data.get("conversions")
    if not isinstance(conversions, dict):
        return {}
    return {key: value for key, value in conversions.items() if _is_conversion(value)}


def _is_conversion(value: Any) -> bool:
    match value:
        case [str(form), float()]:
            return form in (_TIMES, _PLUS)
    return False


def _name() -> str | None:
    """Return the name that they are kept under; None if nothing is to be."""
    if shelf.folder() is None:
        return None
    try:
        return shelf.digest_of({"conversions": FORMAT, "pint": version("pint")})
    except PackageNotFoundError:
        return None
