"""What is asked of a study that goes on: nothing but what it was begun with.

A study keeps its cell, its protocol and all else it was asked for. An option that says
something else is refused, so that nobody takes its answer for that of another question.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from twin.catalog.cells import as_spec, load_protocol, mode_entries, split_overrides
from twin.errors import InputError, TwinError
from twin.modes.manager import plugin_manager

if TYPE_CHECKING:
    from twin.scenario import Scenario
    from twin.specs.schema import CellSpec

NUMBERS = ("model", "rtol", "atol")
"""What a study keeps as it was given."""


def given(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was given, of arguments that are None or empty where nothing was."""
    options = {}
    for key, value in asked.items():
        # No failure mode at all (modes=[]) is asked for, too.
        if value is not None and (key == "modes" or not _is_empty(value)):
            options[key] = value
    return options


def _is_empty(value: Any) -> bool:
    return isinstance(value, list | tuple | Mapping) and not value


def same(study: str, name: str, wanted: Any, kept: Any, shown: Any = None) -> None:
    """Refuse an option of a study that goes on, if it is not what the study was asked for.

    Parameters
    ----------
    study : str
        The study.
    name : str
        The option.
    wanted, kept : object
        What is asked now, as the study would keep it, and what it was asked.
    shown : object, optional
        What is asked now, as it was given.

    Raises
    ------
    InputError
        If they differ.
    """
    if _plain(wanted) == _plain(kept):
        return
    now = wanted if shown is None else shown
    plain = isinstance(kept, str | int | float)
    raise InputError(
        f"study {study} was asked for {name} {kept}, not {now}"
        if plain
        else f"study {study} was not asked for {name} {now}",
        key=name,
        fix="leave it out to go on with the study as it is, or start a new one without --study",
    )


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def check(study: str, design: Mapping[str, Any], wanted: Scenario) -> None:
    """Refuse what differs from a study's own cell, protocol, modes, model and horizon.

    Parameters
    ----------
    study : str
        The study.
    design : mapping
        Its design.
    wanted : Scenario
        What is asked; what is None was not.

    Raises
    ------
    InputError
        If they differ.
    """
    from twin.specs.dump import cell_from_data
    from twin.specs.protocol import Protocol

    asked = given({f.name: getattr(wanted, f.name) for f in fields(wanted)})
    for_cell, for_protocol = split_overrides(wanted.overrides)
    _check_cell(study, design, wanted.cell, wanted.overlays, for_cell)
    spec = cell_from_data(design["cell"], mode_entries())
    if "protocol" in asked or for_protocol:
        rules = load_protocol(asked.get("protocol"), spec, for_protocol)
        shown = asked.get("protocol") or for_protocol
        same(study, "protocol", rules.to_data(), design["protocol"], shown)
    if "modes" in asked or "without" in asked:
        modes, without = asked.get("modes"), asked.get("without", ())
        ids = [m.id for m in plugin_manager().select(modes, without, spec.kind)]
        same(study, "modes", ids, design["modes"], ", ".join(ids) or "none")
    if "cycles" in asked:
        total = Protocol.from_data(design["protocol"]).total_cycles
        # Some kinds of study cut their horizon to the protocol's length.
        ends = {asked["cycles"], asked["cycles"] if total is None else min(asked["cycles"], total)}
        if design["cycles"] not in ends:
            same(study, "cycles", asked["cycles"], design["cycles"])
    for name in NUMBERS:
        if name in asked:
            same(study, name, asked[name], design[name])


def _check_cell(
    study: str, design: Mapping[str, Any], cell: Any, overlays: Any, overrides: Mapping[str, Any]
) -> None:
    """Refuse another cell, and one of the same name that is no longer the same."""
    from twin.specs.dump import cell_from_data, cell_hash

    name = design["cell_name"]
    changed = bool(overlays or overrides)
    spec = _found(cell, name)
    if spec is not None and spec.name != name:
        raise _another_cell(study, cell, name)
    if changed:
        spec = as_spec(cell, overlays=overlays, overrides=overrides)
        kept = cell_hash(cell_from_data(design["cell"], mode_entries()))
        what = "overlays" if overlays else "overrides"
        shown = ", ".join([*map(str, overlays), *(f"{k}={v}" for k, v in overrides.items())])
        same(study, what, [cell_hash(spec)], [kept], shown)
        return
    known = (design.get("as_named"), cell_hash(cell_from_data(design["cell"], mode_entries())))
    if spec is not None and known[0] is not None and cell_hash(spec) not in known:
        raise InputError(
            f"{name} is not what it was when study {study} began",
            key="cell",
            fix=f"start a new study without --study, or go on in Python with the cell as it was: "
            f"twin.continue_study('{study}')",
        )


def _found(cell: Any, name: str) -> CellSpec | None:
    """Return the cell asked for; None for the study's own name, where there is no cell now."""
    try:
        return as_spec(cell)
    except TwinError:
        if str(cell).replace("\\", "/").rpartition("/")[2].removesuffix(".toml") == name:
            return None
        raise


def _another_cell(study: str, cell: Any, name: str) -> InputError:
    called = getattr(cell, "name", cell)
    return InputError(
        f"study {study} is of {name}, not of {called}", key="study", fix=f"name its cell: {name}"
    )


def hash_as_named(cell: Any) -> str | None:
    """Return the hash of a cell without overlays and overrides; None if it is none yet."""
    from twin.specs.dump import cell_hash

    try:
        return cell_hash(as_spec(cell))
    except TwinError:
        return None
