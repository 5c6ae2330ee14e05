"""Cycling protocols as TOML: phases of steps with placeholders for cell and current."""

# mypy: disable-error-code="valid-type"
# Field types are made by Q(unit), which mypy cannot follow.
from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from twin.errors import Problem, SpecError, TwinError
from twin.specs.complaint import Complaint, did_you_mean, one_of
from twin.specs.drive import Drive, read_drive
from twin.specs.explain import validated
from twin.specs.laws import Frozen
from twin.specs.library import Library
from twin.specs.materials import own_name, read_part
from twin.specs.overrides import FILE, Parsed, parse_value
from twin.specs.protocol_text import (
    RESERVED,
    ResolvedPhase,
    ResolvedProtocol,
    ResolvedStep,
    check_parameter,
    filled,
    no_rest,
    nothing_left,
    plain,
    render,
    sort_of,
    with_parameters_of,
)
from twin.specs.quantity import Q, toml_type
from twin.specs.ranges import temperature_complaints
from twin.specs.schema import CellSpec, Provenance
from twin.specs.steps import drive_name
from twin.specs.tree import Node, Origin, Rank, plant

_DRIVES = "drives"
"""What a stored protocol calls the drive cycles that were read for it."""
_PARAMETER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def _step(raw: Any) -> Any:
    return {"do": raw} if isinstance(raw, str) else raw


def _parameter(raw: Any) -> str | int | float:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise Complaint(
            f"expected text or a number, got {toml_type(raw)}",
            fix='write it like current_density = "0.5 mA/cm^2"',
        )
    check_parameter(raw)
    return raw


class Step(Frozen):
    """One step, in PyBaMM's words; its own temperature and pressure go before the phase's."""

    do: str
    """What to do, e.g. ``"Charge at {current_density} until {upper}"``."""
    temperature: Q("K", gt=0) | None = None
    """The temperature the cell is kept at during the step."""
    pressure: Q("Pa", ge=0) | None = None
    """The stack pressure during the step."""
    period: Q("s", gt=0) | None = None
    """The time between stored points."""


class Phase(Frozen):
    """Steps that make one cycle, and how many such cycles there are."""

    name: str
    cycles: Annotated[int, Field(strict=True, ge=1)] | None = None
    """How many cycles; without it, until the run ends (the last phase only)."""
    steps: Annotated[tuple[Annotated[Step, BeforeValidator(_step)], ...], Field(min_length=1)]
    temperature: Q("K", gt=0) | None = None
    """The temperature the cell is kept at, unless a step says otherwise."""
    pressure: Q("Pa", ge=0) | None = None
    """The stack pressure, unless a step says otherwise."""


class Protocol(Frozen):
    """What is done to a cell, cycle by cycle.

    ``parameters`` are the placeholders of the steps with their values: a current
    density becomes a current through the cell's area, a time becomes seconds, anything
    else stands in the step as written. ``{upper}`` and ``{lower}`` are the cell's
    voltage limits.
    """

    schema_version: Literal[1] = Field(alias="schema")
    name: str
    title: str
    kinds: tuple[Literal["full", "symmetric"], ...] = Field(
        default=("full", "symmetric"), min_length=1
    )
    parameters: dict[str, Annotated[str | int | float, BeforeValidator(_parameter)]] = Field(
        default_factory=dict
    )
    phases: tuple[Phase, ...] = Field(alias="phase", min_length=1)
    """The phases, in order: ``[[phase]]`` tables."""
    provenance: Provenance = Field(default_factory=Provenance)
    _file: str | None = PrivateAttr(default=None)
    _drives: dict[str, Drive] = PrivateAttr(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        # The file it was read from is no part of what it is.
        return isinstance(other, Protocol) and self.to_data() == other.to_data()

    __hash__ = None  # type: ignore[assignment]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for index, phase in enumerate(self.phases[:-1]):
            if phase.cycles is None:
                raise Complaint(
                    f"phase[{index}] ({phase.name!r}) says no number of cycles, so the phases "
                    "after it would never come",
                    fix="give it cycles = …; only the last phase may go on until the end",
                    keys=("phase",),
                )
        for name in self.parameters:
            if name in RESERVED or not _PARAMETER.fullmatch(name):
                why = "is the cell's own" if name in RESERVED else "is not a name"
                raise Complaint(
                    f"the parameter {name!r} {why}",
                    fix=f"use another name: letters, digits and _, not {one_of(RESERVED)}",
                    keys=(f"parameters.{name}",),
                )
        return self

    @property
    def total_cycles(self) -> int | None:
        """The number of cycles of all phases, ``None`` if the last one has no end."""
        counts = [phase.cycles for phase in self.phases]
        return None if counts[-1] is None else sum(count or 0 for count in counts)

    @property
    def drives(self) -> Mapping[str, Drive]:
        """The drive cycles that were read for its steps, by the name that these give."""
        return self._drives

    def drive_name(self, step: Step) -> str | None:
        """Return the name of the drive cycle that a step goes through, if it does."""
        return drive_name(with_parameters_of(step.do, self.parameters))

    def drive_of(self, step: Step) -> Drive | None:
        """Return the drive cycle that a step goes through, if it does."""
        return self._drives.get(self.drive_name(step) or "")

    def resolve(self, spec: CellSpec) -> ResolvedProtocol:
        """Return the protocol for one cell, every step checked by PyBaMM's own reader.

        Parameters
        ----------
        spec : CellSpec
            The cell: its voltage limits and its area.

        Raises
        ------
        SpecError
            If the protocol is not for this kind of cell, or steps cannot be read: every
            such step with its key, e.g. ``phase[0].steps[2]``.
        """
        return _resolve(self, spec, self._file or f"stored protocol {self.name}")

    def with_parameters(self, values: Mapping[str, Any]) -> Protocol:
        """Return the protocol with new values of its parameters.

        Raises
        ------
        SpecError
            If it has no such parameter, or a value does not fit, with a fix.
        """
        problems: list[Problem] = []
        data = self.to_data()
        node = _overridden(_stored(data), values, problems)
        return _finished(node, problems, self._file, self._drives)

    def to_data(self) -> dict[str, Any]:
        """Return the protocol as plain, JSON-able data."""
        data: dict[str, Any] = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        if self._drives:
            # What was in the files is a part of the protocol: they may change, or go.
            data[_DRIVES] = {name: drive.to_data() for name, drive in self._drives.items()}
        return data

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Protocol:
        """Return the protocol that :meth:`to_data` wrote.

        Raises
        ------
        SpecError
            If the data are not a protocol.
        """
        drives = {n: Drive.from_data(drive) for n, drive in data.get(_DRIVES, {}).items()}
        return _finished(_stored(data), [], None, drives)


def _resolve(protocol: Protocol, spec: CellSpec, file: str) -> ResolvedProtocol:
    """Return a protocol for one cell; see :meth:`Protocol.resolve`."""
    problems: list[Problem] = []
    if spec.kind not in protocol.kinds:
        problems.append(
            Problem(
                f"protocol {protocol.name!r} is for {one_of(protocol.kinds)} cells; "
                f"{spec.name!r} is {spec.kind}",
                file,
                "kinds",
                "choose another protocol; see `twin protocols`",
            )
        )
    area = spec.geometry.area.si
    values = {name: render(value, area) for name, value in protocol.parameters.items()}
    values["lower"] = f"{plain(spec.window.lower.si)} V"
    values["upper"] = f"{plain(spec.window.upper.si)} V"
    phases = []
    for i, phase in enumerate(protocol.phases):
        steps = []
        for k, step in enumerate(phase.steps):
            where = f"phase[{i}].steps[{k}]"
            drive = protocol.drive_of(step)
            drive = None if drive is None else drive.on(area)
            period = None if step.period is None else step.period.si
            text = filled(step.do, period, drive, values, spec, file, where, problems)
            if text is not None and not no_rest(text):
                steps.append(
                    ResolvedStep(
                        text,
                        step.temperature or phase.temperature,
                        step.pressure or phase.pressure,
                        step.period,
                        k,
                        drive,
                    )
                )
        if not steps and not problems:
            problems.append(nothing_left(phase.name, file, f"phase[{i}].steps"))
        phases.append(ResolvedPhase(phase.name, phase.cycles, tuple(steps)))
    problems += _cold_or_hot(protocol, spec, file)
    if problems:
        raise SpecError(problems)
    return ResolvedProtocol(protocol.name, tuple(phases))


def _cold_or_hot(protocol: Protocol, spec: CellSpec, file: str) -> list[Problem]:
    """Return what the cell's laws have against the temperatures of phases and steps."""
    problems = []
    for i, phase in enumerate(protocol.phases):
        places = [(f"phase[{i}]", phase.temperature)]
        places += [(f"phase[{i}].steps[{k}]", s.temperature) for k, s in enumerate(phase.steps)]
        for where, temperature in places:
            if temperature is None:
                continue
            key = f"{where}.temperature"
            problems += [
                Problem(f"{c.keys[0]}: {c.message}", file, key, c.fix)
                for c in temperature_complaints(spec, temperature.si, "it")
            ]
    return problems


def _stored(data: Mapping[str, Any]) -> Node:
    name = f"stored protocol {data.get('name', '')}".strip()
    own = {key: value for key, value in data.items() if key != _DRIVES}
    return plant(own, Origin(name, "", Rank.CELL))


def load_protocol(
    source: str | Path, *, library: Library, overrides: Mapping[str, Any] | None = None
) -> Protocol:
    """Return the protocol of a name or a file.

    Parameters
    ----------
    source : str or Path
        A name in the library, or the path of a TOML file.
    library : Library
        Where names are found.
    overrides : mapping, optional
        New values of the protocol's parameters, e.g. ``{"current_density": "1 mA/cm^2"}``.

    Raises
    ------
    NotFoundError
        If there is no such protocol.
    SpecError
        With everything that is wrong with it.
    """
    path = library.find("protocols", source)
    problems: list[Problem] = []
    node = read_part(path, Rank.CELL, problems)
    if node is None:
        raise SpecError(problems)
    node = own_name(node, path, problems)
    node = node.with_child(("schema",), Node(1, node.origin.child("schema")))
    return _finished(_overridden(node, overrides or {}, problems), problems, str(path))


def _finished(
    node: Node,
    problems: list[Problem],
    file: str | None = None,
    known: Mapping[str, Drive] | None = None,
) -> Protocol:
    protocol = validated(Protocol, node, problems)
    if protocol is None or problems:
        raise SpecError(problems)
    protocol._file = file
    folders = [Path(file).parent] if file else []
    names = [protocol.drive_name(step) for phase in protocol.phases for step in phase.steps]
    for name in dict.fromkeys(name for name in names if name is not None):
        if known is not None and name in known:
            protocol._drives[name] = known[name]
            continue
        places = [folder / Path(name).expanduser() for folder in [*folders, Path()]]
        there = next((place for place in places if place.exists()), places[0])
        try:
            protocol._drives[name] = read_drive(there)
        except TwinError as error:
            problems += error.problems
    if problems:
        raise SpecError(problems)
    return protocol


def _overridden(node: Node, overrides: Mapping[str, Any], problems: list[Problem]) -> Node:
    table = node.get("parameters")
    known = table.value if table is not None and table.is_table else {}
    for key, raw in overrides.items():
        name = key.removeprefix("parameters.")
        if name not in known:
            problems.append(
                Problem(
                    f"protocol {node.value['name'].value!r} has no parameter {name!r}; "
                    f"it has: {one_of(known)}",
                    FILE,
                    key,
                    did_you_mean(name, known, "leave it out, or choose another protocol"),
                )
            )
            continue
        read = isinstance(overrides, Parsed) or not isinstance(raw, str)
        value = raw if read else parse_value(raw)
        problem = _unlike(known[name].value, value)
        if problem:
            problems.append(Problem(problem[0], FILE, key, problem[1]))
            continue
        origin = Origin(FILE, key, Rank.OVERRIDE)
        node = node.with_child(("parameters", name), Node(value, origin))
    return node


def _unlike(old: Any, new: Any) -> tuple[str, str] | None:
    """Return what is wrong with a value that is no longer the kind of thing it was."""
    was, now = sort_of(old), sort_of(new)
    if was in ("current density", "time") and now in ("current density", "time", "quantity"):
        if was != now:
            return f"expected a {was} like {old!r}, got {new!r}", f"give a {was} with its unit"
    elif was in ("current density", "time") and now == "number":
        return f"{new!r} has no unit; expected a {was} like {old!r}", "add the unit"
    return None
