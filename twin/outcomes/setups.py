"""From a published row to a cell: the nearest in the library, what it gives, and what is drawn.

A row is mapped by its words, and by its classes where no word is known (``setups.toml``). What it
does not say has a prior (``drawn.toml``): the numbers get a spread, as in a cell's file, and are
sampled. No overlay is laid on: those of the library hold what the very papers measured. A coat, a
press before and a bare face are told apart by class.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from twin.catalog.cells import library, load_cell, load_protocol
from twin.errors import SpecError
from twin.outcomes.recognise import drawn, setup_words
from twin.outcomes.table import CRITICAL, RESISTANCE, RETENTION, Row

HORIZON_H = 1000.0
"""A symmetric cell is followed so long; most published lives end before [h]."""
_LEVELS = 24
_LOWEST, _STEP = 0.05, 1.3
"""The staircase of currents: its first level [mA.cm-2], and each over the one before."""
_USUAL_CYCLES = 300
_TOLD = ("anode", "electrolyte", "cathode")
FOLLOWED = 300
"""A full cell is followed for so many cycles at most; what it loses after goes on with
:data:`EXPONENT` (inside published cells the loss goes as N^0.43 to N^0.50)."""
EXPONENT = 0.5


class NotMapped(Exception):
    """No cell of the library stands for a row; the message says why."""


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
    want = _wanted(row, full)
    base, patch, notes = _composed(want, "full" if full else "symmetric")
    patch |= _given(row, want, base, patch)
    spec, _ = _loaded(base.name, patch, {})
    if full:
        patch |= _thickness(row, want, spec)
    keys = {k: _around(spec, k, of) for k, of in _drawn(row, want).items() if k not in patch}
    keys = {k: of for k, of in keys.items() if of is not None}
    spec, left = _loaded(base.name, patch, keys)
    notes += [f"{key} is not drawn: the cell has none" for key in left]
    rules, cycles = _rules(row, want, spec)
    return SetUp(
        base.name, spec, rules, cycles, tuple(k for k in keys if k not in left), tuple(notes)
    )


def control_of(row: Row) -> str | None:
    """Return what makes a set-up a paper's own negative control; None if nothing does.

    Told by its set-up alone: powders mixed by hand; a catholyte charged beyond its measured limit;
    tin that takes up all its sodium; a cathode that swells against a ceramic with nothing between.
    """
    if row.quantity != RETENTION:
        return None
    try:
        want = _wanted(row, True)
    except NotMapped:
        return None
    if want.mixing == "hand":
        return "mixed by hand"
    if want.tin:
        return "tin that takes up all of its sodium"
    soft_between = want.electrolyte_class == "soft" or {"wet", "interlayer"} & row.marks
    swells = row.classes.get("cathode") == "conversion"
    if swells and want.electrolyte_class == "ceramic" and not soft_between:
        return "a cathode that swells, uncoated, against a ceramic"
    return "a catholyte charged beyond its limit" if _beyond(row, want) else None


def marked(row: Row) -> Row:
    """Return a row whose control is told by its set-up, where the set-up is told."""
    if row.quantity != RETENTION or not any(row.words.get(k) for k in _TOLD):
        return row
    marks = row.marks - {"control"}
    return replace(row, marks=marks | {"control"} if control_of(row) else marks)


def _beyond(row: Row, want: _Wanted) -> bool:
    """Return whether the upper limit passes the catholyte's measured one by a set excess."""
    upper = row.window[1]
    if upper is None:
        return False
    rule = setup_words()["control"]
    name = want.catholyte or want.electrolyte
    limit = _limit(name)
    if limit is None:
        return False
    if not want.metal:
        upper += float(rule["alloy_potential"]["value"].split()[0])
    return upper - limit >= float(rule["window_excess"]["value"].split()[0]) - 1e-9


@cache
def _limit(material: str) -> float | None:
    """Return an electrolyte's measured oxidation limit [V]; None if none was measured."""
    for entry in _index():
        for of in (
            entry.spec.electrolyte.material,
            getattr(entry.spec.cathode, "electrolyte", None),
        ):
            if of is not None and of.name == material and of.oxidation_limit is not None:
                limit = of.oxidation_limit
                return float(limit.si) if limit.status == "measured" else None
    return None


# ------------------------------------------------------------------ by words


@dataclass(frozen=True)
class _Wanted:
    electrolyte: str
    electrolyte_class: str
    anode: str
    cathode: str | None
    catholyte: str | None
    face: str
    mixing: str | None
    tin: bool

    @property
    def metal(self) -> bool:
        return self.anode.startswith("sodium") or self.anode == "na-sn-5"


def _wanted(row: Row, full: bool) -> _Wanted:
    told = setup_words()
    for part in ("cathode", "anode") if full else ():
        text = row.words.get(part, "").lower()
        if word := next((w for w in told["unknown"][part] if w in text), None):
            raise NotMapped(f"nothing in the library stands for {word!r}")
    words = row.words.get("electrolyte", "")
    cathode = row.words.get("cathode", "")
    kind = row.classes.get("electrolyte")
    electrolyte = _by_words("electrolyte", words) or told["electrolyte"]["class"].get(kind or "")
    if electrolyte is None:
        raise NotMapped("nothing is known of its electrolyte")
    # An alloy on both sides of a symmetric cell stands as a face that touches all over.
    anode = (
        ("" if full else "sodium")
        or _by_words("anode", row.words.get("anode", ""))
        or told["anode"]["class"].get(row.classes.get("anode") or "", "sodium")
    )
    tin = anode == "tin" or (full and row.classes.get("anode") == "sn")
    material: str | None = None
    if full:
        material = _by_words("cathode", cathode) or told["cathode"]["class"].get(
            row.classes.get("cathode") or ""
        )
        if material is None:
            raise NotMapped("nothing is known of its cathode")
    mixing = next(
        (
            name
            for name, known in told["mixing"].items()
            if any(w in cathode.lower() for w in known)
        ),
        None,
    )
    return _Wanted(
        electrolyte,
        _class_of(electrolyte),
        "na15sn4" if anode == "tin" else anode,
        material,
        _by_words("catholyte", cathode + " " + words) if full else None,
        _face_of(row, full),
        mixing,
        tin,
    )


def _by_words(part: str, text: str) -> str | None:
    said = text.lower()
    for name, known in setup_words()[part]["words"].items():
        if any(word in said for word in known):
            return str(name)
    return None


def _face_of(row: Row, full: bool) -> str:
    face = row.classes.get("face")
    if face in ("alloy",):
        return "coated"
    if face:
        return face
    added = row.words.get("additive_or_interlayer", "").lower()
    if "interlayer" in row.marks and "cathode" not in added and "grain boundary" not in added:
        return "coated"
    return "pressed" if "pressed" in row.marks else "bare"


@cache
def _class_of(material: str) -> str:
    """Return the class of an electrolyte of the library by its family."""
    for entry in _index():
        of = entry.spec.electrolyte.material
        if of.name == material:
            for name, families in setup_words()["classes"].items():
                if of.family in families:
                    return str(name)
    return "pressed"


# ------------------------------------------------------- the nearest cell


@dataclass(frozen=True)
class _Entry:
    name: str
    spec: Any

    @property
    def cathode(self) -> str | None:
        return None if self.spec.cathode is None else str(self.spec.cathode.material.name)

    @property
    def catholyte(self) -> str | None:
        own = getattr(self.spec.cathode, "electrolyte", None)
        return None if own is None else str(own.name)

    @property
    def tin(self) -> bool:
        anode = self.spec.anode
        return anode.material.name == "na15sn4" and anode.initial_stoichiometry.si < 0.1


@cache
def _index() -> tuple[_Entry, ...]:
    """Return the library's cells."""
    return tuple(_Entry(name, load_cell(name)) for name in library().names("cells"))


def _composed(want: _Wanted, kind: str) -> tuple[_Entry, dict[str, Any], list[str]]:
    """Return the nearest cell, and the parts of others that are laid over it."""
    from twin.specs.dump import cell_to_data

    cells = [e for e in _index() if e.spec.kind == kind and e.spec.family != "liquid"]
    base = max(cells, key=lambda e: (_likeness(e, want), -len(e.name)))
    patch: dict[str, Any] = {}
    notes = [f"nearest: {base.name}"]
    of = base.spec
    if of.electrolyte.material.name != want.electrolyte:
        patch["electrolyte.material"] = want.electrolyte
        notes.append(f"electrolyte {want.electrolyte} for {of.electrolyte.material.name}")
    if want.cathode is not None and base.cathode != want.cathode:
        givers = [e for e in cells if e.cathode == want.cathode]
        if not givers:
            raise NotMapped(f"no cell of the library has a cathode of {want.cathode}")
        giver = max(givers, key=lambda e: (_likeness(e, want), -len(e.name)))
        data = cell_to_data(giver.spec)
        own = dict(data["cathode"])
        own.pop("electrolyte", None)
        patch |= {"cathode": own, "window": data["window"]}
        if giver.spec.protocol is not None:
            patch["protocol"] = giver.spec.protocol
        notes.append(f"cathode of {giver.name}")
    if want.catholyte is not None and (base.catholyte != want.catholyte or "cathode" in patch):
        patch["cathode.electrolyte"] = want.catholyte
        notes.append(f"catholyte {want.catholyte}")
    return base, patch, notes


def _likeness(entry: _Entry, want: _Wanted) -> float:
    """Return how near a cell is: its electrolyte and anode first, as what is laid over least."""
    spec = entry.spec
    kind, name = _class_of(spec.electrolyte.material.name), spec.electrolyte.material.name
    score = 3.0 * (name == want.electrolyte) + 6.0 * (kind == want.electrolyte_class)
    score += 2.0 * (spec.anode.material.name == want.anode)
    score += 8.0 * ((spec.anode.kind == "metal") == want.metal) + 8.0 * (entry.tin == want.tin)
    score += 5.0 * (entry.cathode == want.cathode) + 1.0 * (entry.catholyte == want.catholyte)
    if spec.thermal.ambient.si > 363.0:  # molten sodium is another cell
        score -= 8.0
    return score


# -------------------------------------------------- what is given, what is drawn


def _given(row: Row, want: _Wanted, base: _Entry, patch: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = dict(drawn()["follow"]) if row.quantity == RETENTION else {}
    if want.cathode is None or base.spec.anode.kind == "porous":
        found = {k: v for k, v in found.items() if not _of_other_kind(k, base.spec)}
    source = f"{row.paper}/{row.id}"

    def told(key: str, text: str) -> None:
        found[key] = {"value": text, "status": "measured", "source": source}

    if row.temperature is not None:
        told("thermal.ambient", f"{row.temperature!r} degC")
    elif base.spec.electrolyte.material.family not in ("polymer", "composite"):
        # A polymer's cell is as warm as the library's; any other is at room temperature.
        told("thermal.ambient", "25 degC")
    if row.pressure is not None:
        told("stack.pressure", f"{max(row.pressure, 0.05)!r} MPa")
    for name, value in zip(("lower", "upper"), row.window, strict=True):
        if value is not None:
            told(f"window.{name}", f"{value!r} V")
    if row.thickness is not None:
        told("electrolyte.thickness", f"{row.thickness!r} um")
    return found


def _of_other_kind(key: str, spec: Any) -> bool:
    return key.startswith("modes.interphase.anode") and spec.anode.kind != "metal"


def _thickness(row: Row, want: _Wanted, spec: Any) -> dict[str, Any]:
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
            "source": f"{row.paper}/{row.id}" if known else usual["source"],
        }
    }


def _drawn(row: Row, want: _Wanted) -> dict[str, Any]:
    facts = {
        "electrolyte": want.electrolyte_class,
        "anode": "metal" if want.metal else "porous",
        "face": want.face,
        "kind": "full" if row.quantity == RETENTION else "symmetric",
        "mixing": want.mixing or "",
        "wet": "yes" if "wet" in row.marks else "no",
    }
    found: dict[str, Any] = {}
    for entry in drawn()["draw"]:
        if all(facts[name] == value for name, value in entry["when"].items()):
            found |= entry["keys"]
    return found


def _around(spec: Any, key: str, of: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return a draw with its centre: the cell's own where it has none; None if it has none."""
    from twin.specs.naming import find

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


# ------------------------------------------------------------- what is done


def _rules(row: Row, want: _Wanted, spec: Any) -> tuple[Any, int]:
    usual = drawn()
    if row.quantity == RETENTION:
        rate = row.rate or usual["rate"]["usual"]["value"]
        said = f"{rate:g}C" if rate >= 1 else f"C/{1 / rate:.6g}"
        cycles = min(round(cycles_of(row)), FOLLOWED)
        return load_protocol(None, spec, {"rate": said}), cycles
    if row.quantity == RESISTANCE:
        asked = {"current_density": "0.02 mA/cm^2", "half_cycle": "0.2 hour"}
        return load_protocol("galvanostatic-symmetric", spec, asked), 1
    if row.quantity == CRITICAL:
        return staircase(row.charge), _LEVELS
    current = row.current or usual["current"]["usual"]["value"]
    hours = row.charge / current if row.charge else usual["current"]["half_cycle"]["value"]
    asked = {"current_density": f"{current!r} mA/cm^2", "half_cycle": f"{hours!r} hour"}
    rules = load_protocol("galvanostatic-symmetric", spec, asked)
    return rules, max(1, math.ceil(HORIZON_H / (2 * hours)))


def cycles_of(row: Row) -> float:
    """Return at which cycle a row's retention is."""
    return row.cycles or _USUAL_CYCLES


def levels() -> list[float]:
    """Return the currents of the staircase [mA.cm-2]."""
    return [_LOWEST * _STEP**i for i in range(_LEVELS)]


def staircase(charge: float | None) -> Any:
    """Return a ramp of currents, a cycle at each: half an hour or a charge [mAh.cm-2] each way."""
    from twin.specs.protocol import Protocol

    parameters, phases = {}, []
    for number, current in enumerate(levels(), start=1):
        parameters[f"j{number}"] = f"{current:.6g} mA/cm^2"
        parameters[f"t{number}"] = f"{0.5 if charge is None else charge / current:.6g} hour"
        steps = [f"{way} at {{j{number}}} for {{t{number}}}" for way in ("Discharge", "Charge")]
        phases.append({"name": f"{current:.3g} mA/cm^2", "cycles": 1, "steps": steps})
    data = {"schema": 1, "name": "staircase", "title": "A staircase of currents"}
    return Protocol.from_data(
        data | {"kinds": ["symmetric"], "parameters": parameters, "phase": phases}
    )


__all__ = [
    "NotMapped",
    "SetUp",
    "control_of",
    "cycles_of",
    "levels",
    "marked",
    "set_up",
    "staircase",
]
