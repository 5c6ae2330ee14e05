"""What is asked of a cell: which one, what is laid over it, what is done to it, how it is solved.

Everything that runs cells begins with a :class:`Scenario`: runs, lives and studies read the
cell, the protocol, the overrides and the failure modes in one place, :meth:`Scenario.resolve`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.catalog.cells import as_spec, library, load_protocol, plan_of, split_overrides
from twin.engine.settings import known_model
from twin.errors import InputError, NotFoundError
from twin.modes.manager import plugin_manager
from twin.specs.library import is_path
from twin.specs.overrides import PROTOCOL, Overrides, Parsed, joined_overrides

if TYPE_CHECKING:
    from twin.engine.plan import Plan
    from twin.modes.mode import FailureMode
    from twin.specs.protocol import Protocol
    from twin.specs.schema import CellSpec


@dataclass(frozen=True)
class Resolved:
    """A scenario, read: the cell, the protocol and the failure modes it names.

    Attributes
    ----------
    spec : CellSpec
        The cell with its overlays and overrides.
    rules : Protocol
        What is done to it.
    modes : list of FailureMode
        What may happen to it.
    missing : list of str
        Default failure modes that are not installed.
    overrides : dict
        The overrides as they were given, for the record.
    """

    spec: CellSpec
    rules: Protocol
    modes: list[FailureMode]
    missing: list[str]
    overrides: dict[str, Any]

    @cached_property
    def plan(self) -> Plan:
        """The protocol as the engine runs it on this cell.

        Raises
        ------
        SpecError
            If it does not fit the cell.
        """
        return plan_of(self.rules, self.spec)

    def cycles(self, asked: int | None) -> int:
        """Return how many cycles there are, of those asked for: a protocol may end before.

        Raises
        ------
        InputError
            If none are asked for.
        """
        if asked is None or asked < 1:
            raise InputError(
                f"{asked or 'no'} cycles cannot be run", key="cycles", fix="ask for at least one"
            )
        total = self.rules.total_cycles
        return asked if total is None else min(asked, total)


@dataclass(frozen=True)
class Scenario:
    """What is asked of a cell; None is left to whoever runs it.

    Attributes
    ----------
    cell : CellSpec, str or Path
        The cell: a spec, a name in the library, or a TOML file.
    overlays : tuple
        Overlays (names or files) laid over it, in order.
    overrides : mapping
        Values changed last; those of ``protocol.<parameter>`` are the protocol's.
    protocol : str or Path, optional
        A name or a file; the cell's own if None.
    cycles : int, optional
        How many.
    modes : tuple of str, optional
        Failure modes to use; all installed ones that can act on the cell if None.
    without : tuple of str
        Failure modes to leave out.
    model : {"dfn", "spm"}, optional
        The full cell's model.
    rtol, atol : float, optional
        The solver's tolerances.
    series_every : int, optional
        Keep the time series of every so many cycles; 0 keeps none.
    """

    cell: CellSpec | str | Path
    overlays: tuple[str | Path, ...] = ()
    overrides: Parsed = field(default_factory=Parsed)
    protocol: str | Path | None = None
    cycles: int | None = None
    modes: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()
    model: str | None = None
    rtol: float | None = None
    atol: float | None = None
    series_every: int | None = None

    @classmethod
    def load(cls, path: str | Path) -> Scenario:
        """Return the scenario of a TOML file (``kind = "scenario"``).

        Cells, overlays and protocols given by paths are found from the file's own folder.

        Raises
        ------
        SpecError
            With everything that is wrong, each problem with its file, key and fix.
        """
        from twin.specs.scenario_file import read_scenario

        return cls(**read_scenario(Path(path)))

    @classmethod
    def of(cls, cell: Scenario | CellSpec | str | Path, **asked: Any) -> Scenario:
        """Return what a caller asks: a cell, or a scenario with more laid over it.

        Parameters
        ----------
        cell : Scenario, CellSpec, str or Path
            A cell, a scenario, or the file of one or the other.
        **asked
            Fields of a scenario. What is None was not asked. Overlays, overrides and
            ``without`` add to the scenario's own; the others take their places.

        Raises
        ------
        TypeError
            If there is no such field.
        TwinError
            If the file or the overrides cannot be read.
        """
        unknown = set(asked) - {f.name for f in fields(cls)}
        if unknown:
            raise TypeError(f"there is no argument {sorted(unknown)[0]!r}")
        base = cell if isinstance(cell, Scenario) else cls._from_file(cell)
        overlays, without = _listed(asked.pop("overlays", None)), asked.pop("without", None)
        overrides: Overrides | None = asked.pop("overrides", None)
        modes = asked.pop("modes", None)
        given = {name: value for name, value in asked.items() if value is not None}
        if modes is not None:
            given["modes"] = tuple(_listed(modes))
        return replace(
            base,
            overlays=(*base.overlays, *overlays),
            overrides=joined_overrides(base.overrides, overrides or ()),
            without=(*base.without, *_listed(without)),
            **given,
        )

    @classmethod
    def _from_file(cls, cell: CellSpec | str | Path) -> Scenario:
        from twin.specs.scenario_file import is_scenario

        if isinstance(cell, str | Path):
            try:
                path = library().find("cells", cell)
            except NotFoundError:
                return cls(cell)  # told when the cell is read, with its other problems
            if is_scenario(path):
                return cls.load(path)
        return cls(cell)

    def filled(self, defaults: Mapping[str, Any]) -> Scenario:
        """Return the same with what is None as ``defaults`` has it."""
        known = {f.name for f in fields(self)}
        left = {
            name: value
            for name, value in defaults.items()
            if name in known and getattr(self, name) is None
        }
        return replace(self, **left)

    def cell_and_modes(self) -> tuple[CellSpec, list[FailureMode]]:
        """Return the cell with its overlays and overrides, and what may happen to it.

        Raises
        ------
        TwinError
            If one of them cannot be read, or there is no such model.
        """
        if self.model is not None:
            known_model(self.model)
        for_cell, _ = split_overrides(self.overrides)
        spec = as_spec(self.cell, overlays=self.overlays, overrides=for_cell)
        return spec, plugin_manager().select(self.modes, self.without, spec.kind)

    def resolve(self) -> Resolved:
        """Return the cell, the protocol and the failure modes that this names.

        Raises
        ------
        TwinError
            If one of them cannot be read, or there is no such model.
        """
        for_cell, for_protocol = split_overrides(self.overrides)
        spec, modes = self.cell_and_modes()
        missing = plugin_manager().lacking(self.modes, self.without)
        rules = load_protocol(self.protocol, spec, for_protocol)
        return Resolved(spec, rules, modes, missing, shown(for_cell, for_protocol))

    def to_toml(self, title: str = "") -> str:
        """Return the text of a file that :meth:`load` reads, wherever it stands.

        Raises
        ------
        InputError
            If the cell is a finished spec: a file names its cell.
        """
        from twin.specs.scenario_file import scenario_toml

        if not isinstance(self.cell, str | Path):
            raise InputError(
                "a scenario's file names its cell",
                key="cell",
                fix="write the cell with twin.cell_toml, and name that file",
            )
        asked: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        asked |= {"cell": _anywhere(self.cell), "overlays": tuple(map(_anywhere, self.overlays))}
        if self.protocol is not None:
            asked["protocol"] = _anywhere(self.protocol)
        return scenario_toml(asked, title)

    @property
    def changes(self) -> dict[str, str]:
        """The overrides as the texts that ``--set KEY=VALUE`` takes."""
        from twin.specs.dump import toml_value
        from twin.specs.scenario_file import merged_changes

        merged = merged_changes(self.overrides)
        return {k: v if isinstance(v, str) else toml_value(v) for k, v in merged.items()}


RATES = (("rate",), ("charge_rate", "discharge_rate"), ("current_density",))
"""What protocols call their current, the first of these that one has."""
CONDITIONS = {"temperature": "thermal.ambient", "pressure": "stack.pressure"}
"""The keys of a cell that are conditions, by the names of their options."""


def rate_keys(parameters: Iterable[str]) -> tuple[str, ...]:
    """Return the overrides that set a protocol's rate, by its parameters: none if it has none."""
    known = set(parameters)
    names = next((ns for ns in RATES if known.issuperset(ns)), ())
    return tuple(f"{PROTOCOL}{name}" for name in names)


def conditions(
    cell: CellSpec | Scenario | str | Path,
    *,
    protocol: str | Path | None = None,
    overlays: Iterable[str | Path] = (),
    rate: str | None = None,
    temperature: str | None = None,
    pressure: str | None = None,
) -> dict[str, str]:
    """Return the overrides that cycle a cell at a rate, a temperature and a pressure.

    Parameters
    ----------
    cell, protocol, overlays
        As in :meth:`Scenario.of`.
    rate : str, optional
        The protocol's rate or current, charging and discharging: ``"C/2"``, ``"0.3 mA/cm^2"``.
    temperature : str, optional
        The ambient, ``"60 degC"``. A step of the protocol that has a temperature keeps it.
    pressure : str, optional
        On the stack, ``"10 MPa"``.

    Raises
    ------
    InputError
        If the protocol has no parameter for its rate.
    """
    given = {"pressure": pressure, "temperature": temperature}
    changes = {CONDITIONS[name]: text for name, text in given.items() if text is not None}
    if rate is not None:
        rules = Scenario.of(cell, protocol=protocol, overlays=overlays).resolve().rules
        keys = rate_keys(rules.parameters)
        if not keys:
            raise InputError(
                f"the protocol {rules.name} has no parameter for its rate",
                key="rate",
                fix="choose another one with --protocol: `twin protocols show NAME` lists what "
                "each can be told",
            )
        changes |= dict.fromkeys(keys, rate)
    return changes


def shown(for_cell: Mapping[str, Any], for_protocol: Mapping[str, Any]) -> dict[str, Any]:
    """Return the overrides of a cell and of a protocol as they were given, for the record."""
    from twin.specs.dump import toml_value

    given = {**for_cell, **{f"{PROTOCOL}{k}": v for k, v in for_protocol.items()}}
    plain = (str, int, float, bool)
    return {k: v if isinstance(v, plain) else toml_value(v) for k, v in given.items()}


def _anywhere(source: str | Path) -> str:
    """Return a name as it is, and a path from the root."""
    return str(Path(source).absolute()) if is_path(source) else str(source)


def _listed(given: Iterable[Any] | str | Path | None) -> tuple[Any, ...]:
    if given is None:
        return ()
    return (given,) if isinstance(given, str | Path) else tuple(given)
