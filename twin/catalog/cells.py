"""Cells, their models and parameters, and the protocols they are run by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from twin.errors import InputError
from twin.modes.manager import plugin_manager

if TYPE_CHECKING:
    import pybamm

    from twin.catalog.asked import CellChanges
    from twin.engine.plan import Plan
    from twin.specs.library import Library
    from twin.specs.loader import ModeEntry
    from twin.specs.overrides import Overrides, Parsed
    from twin.specs.protocol import Protocol
    from twin.specs.schema import CellSpec


@lru_cache(maxsize=1)
def library() -> Library:
    """Return the library of cells, materials, overlays and protocols of all plugins."""
    from twin.specs.library import Library

    return Library(plugin_manager().spec_directories)


def mode_entries() -> dict[str, ModeEntry]:
    """Return what the spec loader needs to know of the installed failure modes."""
    from twin.specs.loader import ModeEntry

    return {
        mode.id: ModeEntry(mode.Parameters, mode.defaults(), mode.provider)
        for mode in plugin_manager().modes.values()
    }


def list_cells() -> list[str]:
    """Return the names of the cells in the library."""
    return library().names("cells")


def load_cell(
    name: str | Path,
    *,
    overlays: Sequence[str | Path] = (),
    overrides: Overrides = (),
) -> CellSpec:
    """Return a cell of the library, or of a TOML file.

    Parameters
    ----------
    name : str or Path
        A name from :func:`list_cells`, or a path.
    overlays : sequence
        Overlays (names or paths) laid over it, in order.
    overrides : mapping or sequence of str
        Values changed last, e.g. ``{"stack.pressure": "10 MPa"}``.

    Raises
    ------
    NotFoundError
        If there is no such cell, material or overlay.
    SpecError
        With everything that is wrong, each with file, key and fix.
    """
    from twin.specs.loader import load_cell as load

    return load(
        name, library=library(), mode_models=mode_entries(), overlays=overlays, overrides=overrides
    )


def as_spec(cell: CellSpec | str | Path, **changes: Unpack[CellChanges]) -> CellSpec:
    """Return a cell given by name, by path, or as a spec already.

    Raises
    ------
    InputError
        If overlays or overrides come with a finished spec.
    """
    from twin.specs.schema import CellSpec

    if not isinstance(cell, CellSpec):
        return load_cell(cell, **changes)
    if any(changes.values()):
        raise InputError(
            "overlays and overrides apply to a cell given by name",
            fix="pass them to twin.load_cell",
        )
    return cell


def build_model(
    cell: CellSpec | str | Path,
    *,
    modes: Iterable[str] | None = None,
    without: Iterable[str] = (),
    model: str = "dfn",
    options: dict[str, Any] | None = None,
    overlays: Sequence[str | Path] = (),
    overrides: Overrides = (),
) -> Any:
    """Return the PyBaMM model of a cell, for a script of your own.

    Parameters
    ----------
    cell : CellSpec, str or Path
        The cell.
    modes, without : iterable of str
        Failure modes to use (all installed ones if not given), and to leave out.
    model : {"dfn", "spm"}
        The full cell's model.
    options : dict, optional
        PyBaMM options on top.
    overlays, overrides
        As in :func:`load_cell`.
    """
    from twin.engine.prepare import build_model as build

    spec = as_spec(cell, overlays=overlays, overrides=overrides)
    chosen = plugin_manager().select(modes, without, spec.kind)
    return build(spec, chosen, model, options)


def acting_modes(
    cell: CellSpec | str | Path, modes: Iterable[str] | None = None, without: Iterable[str] = ()
) -> list[str]:
    """Return the ids of the failure modes that act in a cell.

    Of those that are selected (all installed ones for its kind if ``modes`` is not given) some
    have nothing to do: no sodium plates on an anode of sodium. They are in no such list.

    Raises
    ------
    NotFoundError
        If a name is no mode.
    PluginError
        If a mode asked for by name cannot act on this kind of cell.
    """
    from twin.modes.acting import acting
    from twin.modes.context import CellContext

    spec = as_spec(cell)
    chosen = plugin_manager().select(modes, without, spec.kind)
    return [mode.id for mode in acting(chosen, CellContext(spec))]


def parameter_values(
    cell: CellSpec | str | Path,
    *,
    overlays: Sequence[str | Path] = (),
    overrides: Overrides = (),
) -> pybamm.ParameterValues:
    """Return a cell's PyBaMM parameter set."""
    from twin.model.parameters import parameter_values as values

    return values(as_spec(cell, overlays=overlays, overrides=overrides))


def plan_of(protocol: Protocol, spec: CellSpec) -> Plan:
    """Return a protocol as the engine runs it on a cell."""
    from twin.engine.plan import Plan, PlanPhase, PlanStep

    def si(quantity: Any) -> float | None:
        return None if quantity is None else quantity.si

    resolved = protocol.resolve(spec)
    return Plan(
        tuple(
            PlanPhase(
                phase.name,
                phase.cycles,
                tuple(
                    PlanStep(
                        s.text, si(s.temperature), si(s.pressure), si(s.period), s.place, s.drive
                    )
                    for s in phase.steps
                ),
            )
            for phase in resolved.phases
        )
    )


def load_protocol(
    name: str | Path | None, spec: CellSpec, overrides: Mapping[str, Any] | None = None
) -> Protocol:
    """Return a protocol by name or file; the cell's own if none is named.

    Raises
    ------
    InputError
        If none is named and the cell names none.
    """
    from twin.specs.protocol import load_protocol as load

    chosen = name if name is not None else spec.protocol
    if chosen is None:
        raise InputError(
            f"{spec.name} names no protocol of its own",
            key="protocol",
            fix="choose one with --protocol; `twin protocols` lists them",
        )
    return load(chosen, library=library(), overrides=overrides)


def split_overrides(overrides: Overrides) -> tuple[Parsed, Parsed]:
    """Tell the cell's overrides from the protocol's (``protocol.<parameter>``), read once."""
    from twin.specs.overrides import split_overrides as split

    return split(overrides)
