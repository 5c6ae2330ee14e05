"""From a published row to a cell: the nearest in the library, what it gives, and what is drawn.

A row is mapped by its words, and by its classes where no word is known (``setups.toml``). What it
does not say has a prior (``drawn.toml``): the numbers get a spread, as in a cell's file, and are
sampled. No overlay is laid on: those of the library hold what the very papers measured. A coat, a
press before and a bare face are told apart by class.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from twin.catalog.cells import load_cell
from twin.errors import SpecError
from twin.outcomes.entries import Entry
from twin.outcomes.nearest import composed
from twin.outcomes.recognise import NotMapped, drawn, fits
from twin.outcomes.table import RETENTION, Row
from twin.outcomes.treatment import rules_for
from twin.outcomes.wanted import Wanted, wanted


@dataclass(frozen=True)
class SetUp:
    """What stands for a row.

    Attributes
    ----------
    cell : str
        The library's cell that it is nearest to.
    spec : CellSpec
        That cell with what the row gives, and spreads on what it does not.
    rules : Protocol
        What is done to it.
    cycles : int
        How long.
    drawn : tuple of str
        The keys that are sampled from priors.
    notes : tuple of str
        What stands for what.
    """

    cell: str
    spec: Any
    rules: Any
    cycles: int
    drawn: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return what is told of it beside a prediction."""
        return {"cell": self.cell, "drawn": list(self.drawn), "notes": list(self.notes)}


def set_up(row: Row) -> SetUp:
    """Return the cell that stands for a row.

    Raises
    ------
    NotMapped
        If nothing in the library does.
    """
    full = row.quantity == RETENTION
    want = wanted(row, full)
    base, patch, notes = composed(want, "full" if full else "symmetric")
    given = _given(row, want, base, patch)
    spec, refused = _loaded(base.name, patch, given)
    patch |= {key: of for key, of in given.items() if key not in refused}
    notes += [f"{key} is not taken: the cell refuses {given[key]['value']}" for key in refused]
    if full:
        patch |= _thickness(row, want, spec)
    keys = {k: _around(spec, k, of) for k, of in _drawn(row, want).items() if k not in patch}
    keys = {k: of for k, of in keys.items() if of is not None}
    spec, left = _loaded(base.name, patch, keys)
    notes += [f"{key} is not drawn: the cell has none" for key in left]
    rules, cycles = rules_for(row, spec)
    return SetUp(
        base.name, spec, rules, cycles, tuple(k for k in keys if k not in left), tuple(notes)
    )


def _given(row: Row, want: Wanted, base: Entry, patch: Mapping[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = dict(drawn()["follow"]) if row.quantity == RETENTION else {}
    if want.cathode is None or base.spec.anode.kind == "porous":
        given = {k: v for k, v in given.items() if not _of_other_kind(k, base.spec)}
    source = row.paper  # rows of a paper with one set-up share their lives

    def told(key: str, text: str) -> None:
        given[key] = {"value": text, "status": "measured", "source": source}

    if row.temperature is not None:
        told("thermal.ambient", f"{row.temperature!r} degC")
    elif base.spec.electrolyte.material.family not in ("polymer", "composite"):
        # A polymer's cell is as warm as the library's; any other is at room temperature.
        told("thermal.ambient", "25 degC")
    if row.pressure is not None:
        told("stack.pressure", f"{max(row.pressure, 0.05)!r} MPa")
    if row.pressed_at is not None and want.metal:
        told("stack.pressed_at", f"{row.pressed_at!r} MPa")
    for name, value in zip(("lower", "upper"), row.window, strict=True):
        if value is not None:
            told(f"window.{name}", f"{value!r} V")
    if row.thickness is not None:
        told("electrolyte.thickness", f"{row.thickness!r} um")
    return given


def _of_other_kind(key: str, spec: Any) -> bool:
    return key.startswith("modes.interphase.anode") and spec.anode.kind != "metal"


def _thickness(row: Row, want: Wanted, spec: Any) -> dict[str, Any]:
    """Return the cathode's thickness that holds a loading: m/(rho eps)."""
    usual = drawn()["loading"]["metal" if want.metal else "alloy"]
    loading = row.loading if row.loading is not None else float(usual["value"].split()[0])
    cathode = spec.cathode
    if cathode.material.density is None:
        return {}
    metres = 0.01 * loading / (cathode.material.density.si * cathode.active_fraction.si)
    known = row.loading is not None
    return {
        "cathode.thickness": {
            "value": f"{metres * 1e6:.6g} um",
            "status": "measured" if known else usual["status"],
            "source": row.paper if known else usual["source"],
        }
    }


def _drawn(row: Row, want: Wanted) -> dict[str, Any]:
    facts = {
        "electrolyte": want.electrolyte_class,
        "separator": want.electrolyte,
        "anode": "metal" if want.metal else "porous",
        "face": want.face,
        "kind": "full" if row.quantity == RETENTION else "symmetric",
        "mixing": want.mixing or "",
        "wet": "yes" if "wet" in row.marks else "no",
        "plated": "alone" if "plating" in row.marks else "",
    }
    drawn_keys: dict[str, Any] = {}
    for entry in drawn()["draw"]:
        if fits(entry["when"], facts):
            drawn_keys |= entry["keys"]
    return drawn_keys


def _around(spec: Any, key: str, of: Mapping[str, Any]) -> Mapping[str, Any] | str | None:
    """Return a draw with its centre: the cell's own where it has none; None if it has none.

    A word is set, not drawn.
    """
    from twin.specs.naming import find

    if "word" in of:
        return str(of["word"])
    if "value" in of:
        return of
    try:
        own = find(spec, key)
    except (KeyError, AttributeError):
        return None
    return None if own is None else {"value": own.text, **of}


def _loaded(
    name: str, patch: Mapping[str, Any], keys: Mapping[str, Any]
) -> tuple[Any, tuple[str, ...]]:
    """Return the cell; keys that it does not have are left out, and told."""
    keys = dict(keys)
    left: list[str] = []
    while True:
        try:
            return load_cell(name, overrides={**patch, **keys}), tuple(left)
        except SpecError as error:
            bad = [
                k
                for k in keys
                if any(p.key and p.key.startswith(k.rsplit(".", 1)[0]) for p in error.problems)
            ]
            if not bad:
                raise NotMapped(f"{name}: {error.problems[0]}") from None
            left += bad
            keys = {k: v for k, v in keys.items() if k not in bad}
