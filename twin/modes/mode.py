"""The failure-mode object: everything the twin knows about one way to die."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from twin.modes.ports import Location, Port, PortAt
from twin.specs.laws import Frozen

if TYPE_CHECKING:
    import pybamm

    from twin.modes.context import CellContext


class ModeParameters(Frozen):
    """Base of a mode's parameter model: the TOML table ``[modes.<id>]``.

    Fields are quantities (:func:`twin.Q`), choices (``Literal``), or nested models of
    the same kind. Every quantity becomes a PyBaMM parameter.

    ``gone`` names keys that an earlier version had, each with what took its place: who
    still gives one is told so.
    """

    gone: ClassVar[Mapping[str, str]] = {}


def _package(mode: FailureMode) -> str:
    return type(mode).__module__.partition(".")[0]


def package_files(mode: FailureMode) -> Traversable | None:
    """Return the files of the package that a mode is in; None of one made in a notebook."""
    try:
        return resources.files(_package(mode))
    except (AttributeError, TypeError, ModuleNotFoundError):
        return None


@lru_cache(maxsize=64)
def _table(text: str) -> dict[str, Any]:
    # Every cell that is loaded asks for the defaults of every mode.
    import tomllib

    return tomllib.loads(text)


def _copied(data: Any) -> Any:
    """Return a copy of TOML data, all of whose other values are immutable."""
    if isinstance(data, dict):
        return {key: _copied(value) for key, value in data.items()}
    return [_copied(value) for value in data] if isinstance(data, list) else data


def _leaves(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of nested tables, each with its dotted key and without its source."""
    for key, value in table.items():
        if isinstance(value, Mapping) and "value" not in value:
            yield from _leaves(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value["value"] if isinstance(value, Mapping) else value


@dataclass(frozen=True)
class Validity:
    """The range a mode's equations are trusted in; ``None`` leaves a side open.

    Temperatures in K, pressures in Pa, current densities in A.m-2.
    """

    temperature: tuple[float | None, float | None] = (None, None)
    pressure: tuple[float | None, float | None] = (None, None)
    current_density: tuple[float | None, float | None] = (None, None)
    says: str = ""


@dataclass(frozen=True)
class Criterion:
    """When a mode calls the cell dead.

    The margin is 1 for the fresh cell and 0 at failure:
    ``(threshold - x) / (threshold - fresh)``, or the same of ``ln x`` on a log scale.

    Attributes
    ----------
    what : str
        Short name, e.g. ``"contact lost"``.
    variable : str
        The PyBaMM variable watched (a scalar).
    threshold : float
        The value at which the cell counts as failed, in the variable's unit.
    direction : {"above", "below"}
        On which side of the threshold failure lies.
    fresh : float
        The value that counts as new (margin 1).
    severity : {"fatal", "warning"}
        A fatal criterion ends the run; a warning is recorded once and the run goes on.
    says : str
        One sentence for the user.
    scale : {"linear", "log"}
        Scale of the margin.
    is_short : bool
        Whether it means that sodium has crossed the electrolyte; forecasts give the
        probability of a short apart.
    at_ambient : bool
        Whether the variable is judged as it would be at the cell's ambient temperature with
        the states it has. True for what the cold raises and the warmth takes back, such as
        a resistance: a limit is on what has aged. False for what is harm while it
        lasts, such as a stress, and for what depends on states alone.
    over : {"mean", "worst"}
        Of a variable of a metal face in patches: whether the mean over the face is judged, or
        the worst patch. A short is always the worst patch's.
    """

    what: str
    variable: str
    threshold: float
    direction: Literal["above", "below"]
    fresh: float
    says: str
    severity: Literal["fatal", "warning"] = "fatal"
    scale: Literal["linear", "log"] = "linear"
    is_short: bool = False
    at_ambient: bool = False
    over: Literal["mean", "worst"] = "mean"

    @property
    def of_worst_patch(self) -> bool:
        """Whether it looks at the worst patch of a face: any short is the cell's."""
        return self.is_short or self.over == "worst"

    def margin(self, value: float) -> float:
        """Return 1 for the fresh value, 0 at the threshold, negative beyond it."""
        import math

        if math.isnan(value):
            return math.nan
        x, t, f = value, self.threshold, self.fresh
        if self.scale == "log":
            tiny = 1e-300
            x, t, f = (math.log(max(v, tiny)) for v in (x, t, f))
        return (t - x) / (t - f)


@dataclass(frozen=True)
class SlowState:
    """A state that a cycle jump may extrapolate, and the transform it is smooth in."""

    variable: str
    transform: Literal["linear", "log"] = "linear"


@dataclass(frozen=True)
class Evidence:
    """What speaks for or against a mode as the cause of death.

    ``polarisation`` is the voltage the mode costs at the end of the run more than at
    its start [V]; ``capacity`` the capacity it has taken directly [A.h].
    """

    polarisation: float = 0.0
    capacity: float = 0.0
    says: str = ""


@dataclass(frozen=True)
class RunRecord:
    """What a mode sees of a run when it is asked for evidence.

    ``first`` and ``last`` map the names of stored scalar variables to their values at
    the end of the reference cycle and at the end of the run.
    """

    first: Mapping[str, float]
    last: Mapping[str, float]
    current_density: float
    temperature: float
    area: float
    nominal_capacity: float


@dataclass
class FailureMode:
    """One way for a cell to die. Subclass it, and return an instance from the hook.

    Class attributes to set: ``id``, ``title``, ``references``, ``validity``,
    ``Parameters``, ``reads`` and ``optional_reads`` (variables), ``writes`` (ports) and ``shows``.
    Methods to override: :meth:`submodels`, :meth:`contributions`, :meth:`criteria`, and, where
    they apply, :meth:`slow_states`, :meth:`outputs`, :meth:`provides` and :meth:`diagnose`.
    """

    id: ClassVar[str] = ""
    title: ClassVar[str] = ""
    references: ClassVar[tuple[str, ...]] = ()
    validity: ClassVar[Validity] = Validity()
    Parameters: ClassVar[type[ModeParameters]] = ModeParameters
    reads: ClassVar[tuple[str, ...]] = ()
    optional_reads: ClassVar[Mapping[str, float]] = {}
    """Variables of other modes that it reads where those are at work, each with the value
    that stands for them where they are not: ``{"{interface} void fraction": 0.0}``. Read them
    like any other, as ``variables[name]``."""
    writes: ClassVar[tuple[Port, ...]] = ()
    kinds: ClassVar[tuple[str, ...]] = ("full", "symmetric")
    """The kinds of cell this mode can act on."""
    shows: ClassVar[str] = ""
    """The one stored variable (an output, a contribution, a criterion's) whose course over the
    cycles shows this mode at work beside the others (``twin plot RUN --what coupling``):
    ``"{interface} layer thickness [m]"``."""
    fitted_loss: ClassVar[str] = ""
    """For a mode that holds what no mechanism explains and is fitted to published retentions: the
    variable ``y`` of the share ``exp(-y)`` it leaves, ``"{interface} fade exponent"``. Where
    published retentions are predicted that loss is learned on top, and the mode's own left out."""
    defaults_file: ClassVar[str] = "defaults.toml"
    """TOML beside the class's package with a value for every parameter."""
    ends_file: ClassVar[str] = "ends.toml"
    """TOML beside it, if there is any, with sets of values that no data decide between."""
    beyond_file: ClassVar[str] = "beyond.toml"
    """TOML beside it, if there is any, with its limits where they end no run."""

    provider: str = field(default="", compare=False)
    """The plugin it came from (filled in by the plugin manager)."""

    def defaults(self) -> dict[str, Any]:
        """Return the default parameter table, read from the plugin's own TOML.

        Raises
        ------
        twin.errors.PluginError
            If the file is missing or is not TOML.
        """
        return self._read(self.defaults_file)

    def ends(self, cell: CellContext) -> list[dict[str, Any]]:
        """Return the sets of values that no data decide between, each by its keys in the mode.

        A cell that is at one of them has its verdict given at the others too
        (:func:`twin.verdict_ends`). They are read from ``ends_file``: an ``[[end]]`` for each,
        with values, statuses and sources as in the defaults. A mode that does nothing at
        ``cell`` returns none.

        Raises
        ------
        twin.errors.PluginError
            If the file is not TOML.
        """
        return [dict(_leaves(end)) for end in self._read(self.ends_file).get("end", [])]

    def beyond(self) -> dict[str, Any]:
        """Return the limits at which the mode calls a cell dead, put where they end no run.

        Only those that somebody set, and past which the cell goes on, only worse: a short or
        salt that has run out is none. They are read from ``beyond_file``, a table like the
        defaults; a published case that asks what is left of a cell has them laid over it.

        Raises
        ------
        twin.errors.PluginError
            If the file is not TOML.
        """
        return self._read(self.beyond_file)

    def _read(self, name: str) -> dict[str, Any]:
        """Return a TOML file of the mode's package; empty if there is none."""
        import tomllib

        from twin.errors import PluginError

        own = package_files(self)
        try:
            if own is None:
                return {}
            text = (own / name).read_text(encoding="utf-8")
            value: dict[str, Any] = _copied(_table(text))
            return value
        except FileNotFoundError:
            return {}
        except tomllib.TOMLDecodeError as error:
            raise PluginError(
                f"mode {self.id!r}: {name} is not TOML: {error}",
                fix=f"correct {name} in the package {_package(self)}",
            ) from error

    def submodels(self, cell: CellContext) -> dict[str, pybamm.BaseSubModel]:
        """Return the PyBaMM submodels that hold this mode's states and equations."""
        return {}

    def contributions(self, cell: CellContext) -> dict[PortAt, str]:
        """Return, for each port written, the name of the variable contributed."""
        return {}

    def criteria(self, cell: CellContext) -> list[Criterion]:
        """Return the criteria on which this mode calls the cell dead."""
        return []

    def slow_states(self, cell: CellContext) -> list[SlowState]:
        """Return the states a cycle jump may extrapolate."""
        return []

    def outputs(self, cell: CellContext) -> list[str]:
        """Return further scalar variables worth storing every cycle."""
        return []

    def provides(self, cell: CellContext) -> list[str]:
        """Return the variables that other modes may read optionally; its outputs by default."""
        return self.outputs(cell)

    def diagnose(self, run: RunRecord, cell: CellContext) -> Evidence:
        """Return the evidence that this mode is what the cell lost its life to."""
        return Evidence()


__all__ = [
    "Criterion",
    "Evidence",
    "FailureMode",
    "Location",
    "ModeParameters",
    "Port",
    "PortAt",
    "RunRecord",
    "SlowState",
    "Validity",
]
