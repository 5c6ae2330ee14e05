"""What nobody has measured of a cell, drawn as published cells scatter in it.

A forecast of a cell samples what has a spread. Where a cell gives a number that is not measured,
and no spread, the priors of published rows (``drawn.toml``) give theirs, around the cell's own
value: how hard it is pressed, how metal was put on, refill, flaws, what grows at an alloy. Where
its spread is itself assumed, around an assumed value, and published rows have taught one, it is
theirs, with the centre that was learned with it. The cell's file and its hash stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.catalog.cells import as_spec
from twin.outcomes.entries import class_of_family
from twin.outcomes.recognise import drawn, fits, number_of
from twin.specs.naming import find
from twin.specs.overrides import PROTOCOL, Overrides, Parsed, read_overrides
from twin.units import to_si

if TYPE_CHECKING:
    from twin.specs.schema import CellSpec

KNOWN = ("measured", "exact")
"""The status of numbers that are not drawn."""
_LEARNED = "fitted"
"""The status of spreads that published rows have taught."""


def ignorance(spec: Any) -> dict[str, dict[str, Any]]:
    """Return overrides that give a cell's unmeasured numbers the spread of published cells.

    Parameters
    ----------
    spec : CellSpec
        The cell.

    Returns
    -------
    dict
        By key: the cell's own ``value`` (the prior's where that was learned from more cells:
        ``over``, or where the cell's spread is assumed and the prior's learned), a ``spread`` and
        its ``spread_kind``, the value's ``status``, and the ``source``. What is measured, has
        another spread, or is not there in the cell is left out.
    """
    facts = _facts(spec)
    spreads: dict[str, dict[str, Any]] = {}
    for entry in drawn()["draw"]:
        if not fits(entry["when"], facts):
            continue
        for said, of in entry["keys"].items():
            key = _key_in(spec, said)
            own = _own(spec, key) if "spread" in of else None
            if own is None or own.status in KNOWN:
                continue
            instead = _instead(own, of)
            if own.spread and not instead:
                # A later entry over an earlier one, too.
                spreads.pop(key, None)
                continue
            over = instead or entry.get("over", False)
            spreads[key] = {
                "value": of["value"] if over else own.text,
                "spread": of["spread"],
                "spread_kind": of.get("spread_kind", "epistemic"),
                "status": of["status"] if over else own.status or "assumed",
                "source": of["source"]
                if over
                else f"{own.source or 'the cell'}; spread: {of['source']}",
            }
    return spreads


def with_ignorance(
    cell: CellSpec | str | Path, overlays: Sequence[str | Path] = (), overrides: Overrides = ()
) -> Parsed:
    """Return overrides of a cell with those of :func:`ignorance` before them.

    Raises
    ------
    SpecError, NotFoundError
        If the cell cannot be loaded, or an override cannot be read.
    """
    given = read_overrides(overrides)
    of_cell = {k: v for k, v in given.items() if not k.startswith(PROTOCOL)}
    spec = as_spec(cell, overlays=overlays, overrides=Parsed(of_cell.items()))
    spreads = ignorance(spec)
    # What is set by hand is set.
    drawn_too = {key: of for key, of in spreads.items() if key not in given}
    own = {key: _own(spec, key).text for key in drawn_too}
    instead = {key: text for key, text in own.items() if text != drawn_too[key]["value"]}
    return Parsed([*drawn_too.items(), *given.pairs], instead)


def _instead(own: Any, of: Mapping[str, Any]) -> bool:
    """Return whether a learned spread stands for one that is assumed, of the same kind."""
    if not own.spread or own.status == _LEARNED or of["status"] != _LEARNED or "value" not in of:
        return False
    return bool(own.spread.split()[0] == of["spread"].split()[0])


def _key_in(spec: Any, key: str) -> str:
    """Return a key as a cell has it: the number of a constant law is its ``value``."""
    *law, last = key.split(".")
    constant = ".".join([*law, "value"])
    if last == "reference" and _own(spec, key) is None and _own(spec, constant) is not None:
        return constant
    return key


def _own(spec: Any, key: str) -> Any:
    try:
        return find(spec, key)
    except (KeyError, AttributeError):
        return None


def _facts(spec: Any) -> Mapping[str, str]:
    pressed_at = _own(spec, "stack.pressed_at")
    enough = to_si(number_of("ignorance", "pressed_at"), "Pa")
    pressed = pressed_at is not None and pressed_at.si >= enough
    return {
        "electrolyte": class_of_family(spec.electrolyte.material.family),
        "separator": spec.electrolyte.material.name,
        "anode": "metal" if spec.anode.kind == "metal" else "porous",
        "face": "pressed" if pressed else "bare",
        "kind": spec.kind,
        "mixing": "",
        "wet": "no",
        "plated": "",
    }


__all__ = ["ignorance", "with_ignorance"]
