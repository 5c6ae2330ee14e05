"""What a failure mode brings, asked for and looked at: its own mistakes are put down to it.

A mode's methods are its author's code. What they raise, and what they return that no run can
use, is a :class:`twin.errors.PluginError` that names the mode; nothing of it is taken for a
bug of the twin, ends the program, or goes unnoticed.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, get_args

from twin.errors import PluginError, TwinError
from twin.modes.face import ON
from twin.modes.mode import Criterion, Evidence, FailureMode, RunRecord, SlowState
from twin.modes.ports import PortAt

if TYPE_CHECKING:
    import pybamm

    from twin.modes.context import CellContext

log = logging.getLogger("twin.modes")
_ARRANGES = ("set_rhs", "set_algebraic", "set_boundary_conditions",
             "set_initial_conditions", "add_events_from")  # fmt: skip


@contextmanager
def put_down_to(mode_id: str, doing: str, *passes: type[BaseException]) -> Iterator[None]:
    """Turn what a mode's own code raises into a PluginError that names it.

    Parameters
    ----------
    mode_id : str
        The mode.
    doing : str
        Which part of it is at work.
    *passes : exception classes
        Those that mean something to who called, and pass.
    """
    try:
        yield
    except (KeyboardInterrupt, GeneratorExit, TwinError):
        raise
    except BaseException as error:
        if isinstance(error, passes):
            raise
        _refuse(mode_id, f"{doing}: {type(error).__name__}: {error}", error)


def refused(mode_id: str, says: str, fix: str = "") -> PluginError:
    """Return the error that refuses a mode."""
    way = f"leave it out with --without {mode_id}, and tell its author"
    return PluginError(
        f"the failure mode {mode_id!r} cannot be used: {says}",
        key=f"modes.{mode_id}",
        fix=f"{fix}; or {way}" if fix else way,
    )


def _refuse(mode_id: str, says: str, cause: BaseException | None = None, fix: str = "") -> NoReturn:
    raise refused(mode_id, says, fix) from cause


def submodels(mode: FailureMode, cell: CellContext) -> dict[str, pybamm.BaseSubModel]:
    """Return a mode's PyBaMM submodels, each of which answers for itself."""
    import pybamm

    with put_down_to(mode.id, "submodels"):
        submodels = dict(mode.submodels(cell))
    for name, submodel in submodels.items():
        if not isinstance(submodel, pybamm.BaseSubModel):
            _refuse(mode.id, f"submodels: {name!r} is {type(submodel).__name__}, no submodel")
        answer_for(mode.id, submodel)
    return submodels


def answer_for(mode_id: str, submodel: Any) -> None:
    """Put down to a mode what its submodel raises while PyBaMM builds the model."""
    for name in _ARRANGES:
        setattr(submodel, name, _guarded(mode_id, name, getattr(submodel, name)))
    # PyBaMM asks again where a variable is not there yet.
    couple = _guarded(mode_id, "get_coupled_variables", submodel.get_coupled_variables, KeyError)
    begin = _guarded(mode_id, "get_fundamental_variables", submodel.get_fundamental_variables)
    own: dict[str, Any] = {}
    others: set[str] = set()

    def get_fundamental_variables() -> Any:
        variables_of_mode = begin()
        own.update(variables_of_mode or {})
        return variables_of_mode

    def get_coupled_variables(variables: dict[str, Any]) -> Any:
        before = dict(variables)
        variables_of_mode = couple(variables)
        for variable, value in (variables_of_mode or {}).items():
            known = before.get(variable)
            if value is known:
                continue
            if known is not None and own.get(variable) is not known:
                others.add(variable)
            own[variable] = value
        return variables_of_mode

    submodel.get_fundamental_variables = get_fundamental_variables
    submodel.get_coupled_variables = get_coupled_variables
    submodel.twin_variables = own, others


def _guarded(
    mode_id: str, name: str, method: Callable[..., Any], *passes: type[BaseException]
) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        with put_down_to(mode_id, name, *passes):
            return method(*arguments)

    return call


def _own(model: Any, mode_id: str) -> list[Any]:
    prefix = f"mode {mode_id}: "
    return [s for name, s in model.submodels.items() if name.startswith(prefix)]


def own_variables(model: Any, mode_id: str) -> dict[str, Any]:
    """Return the variables that a mode's submodels have brought into a model, by name."""
    return {
        name: value for s in _own(model, mode_id) for name, value in s.twin_variables[0].items()
    }


def own_states(model: Any, mode_id: str) -> set[str]:
    """Return the names of the states that a mode's submodels have brought into a model."""
    states = [{**s.rhs, **s.algebraic} for s in _own(model, mode_id)]
    return {variable.name for table in states for variable in table}


def contributions(mode: FailureMode, cell: CellContext) -> dict[PortAt, str]:
    """Return, for each port that a mode writes, the variable it contributes."""
    with put_down_to(mode.id, "contributions"):
        contributions = dict(mode.contributions(cell))
    for at, variable in contributions.items():
        if not isinstance(at, PortAt) or not isinstance(variable, str):
            _refuse(
                mode.id,
                f"contributions: {at!r}: {variable!r} is no port with the name of a variable",
                fix='return {Port.CONTACT_FRACTION.at("anode"): "…"}',
            )
        if at.port not in mode.writes:
            _refuse(
                mode.id,
                f"it contributes to {at} but does not declare it in `writes`",
                fix=f"add Port.{at.port.name} to {type(mode).__name__}.writes",
            )
    return contributions


def criteria(mode: FailureMode, cell: CellContext) -> list[Criterion]:
    """Return the criteria of a mode, each of which can kill."""
    with put_down_to(mode.id, "criteria"):
        criteria = list(mode.criteria(cell))
    seen: set[str] = set()
    for c in criteria:
        says = criterion_problem(c)
        if says is None and c.what in seen:
            says = f"two criteria are called {c.what!r}"
        if says is not None:
            _refuse(mode.id, f"criteria: {says}", fix="correct it, or the number it is made of")
        seen.add(c.what)
    return criteria


def criterion_problem(c: Any) -> str | None:
    """Say what is wrong with a criterion, if anything is."""
    if not isinstance(c, Criterion):
        return f"{c!r} is no Criterion"
    if not c.what:
        return f"the one on {c.variable!r} has no name"
    for name, value in (("threshold", c.threshold), ("fresh", c.fresh)):
        if not isinstance(value, int | float) or not math.isfinite(value):
            return f"the {name} of {c.what!r} is {value!r}, no finite number"
    for name in ("direction", "severity", "scale"):
        allowed = get_args(_HINTS[name])
        if getattr(c, name) not in allowed:
            return f"the {name} of {c.what!r} is {getattr(c, name)!r}, not {' or '.join(allowed)}"
    if c.scale == "log" and min(c.threshold, c.fresh) < 0:
        return f"{c.what!r} is on a log scale, between {c.fresh:g} and {c.threshold:g}"
    sound = c.fresh < c.threshold if c.direction == "above" else c.fresh > c.threshold
    if not sound:
        return (
            f"{c.what!r} counts as new at {c.fresh:g}, which is not on the sound side of its "
            f"threshold {c.threshold:g} (it fails {c.direction} it)"
        )
    return None


def outputs(mode: FailureMode, cell: CellContext) -> list[str]:
    """Return the further variables that a mode stores every cycle."""
    with put_down_to(mode.id, "outputs"):
        return _named(mode, "outputs", mode.outputs(cell))


def provides(mode: FailureMode, cell: CellContext) -> list[str]:
    """Return the variables of a mode that others may read."""
    if type(mode).provides is FailureMode.provides:
        return outputs(mode, cell)
    with put_down_to(mode.id, "provides"):
        return _named(mode, "provides", mode.provides(cell))


def _named(mode: FailureMode, where: str, given_names: Iterable[str]) -> list[str]:
    names = [given_names] if isinstance(given_names, str) else list(given_names)
    for name in names:
        if not isinstance(name, str):
            _refuse(mode.id, f"{where}: {name!r} is no name of a variable")
    return names


def slow_states(mode: FailureMode, cell: CellContext) -> list[SlowState]:
    """Return the states of a mode that a cycle jump may extrapolate."""
    with put_down_to(mode.id, "slow_states"):
        states = list(mode.slow_states(cell))
    for slow in states:
        if not isinstance(slow, SlowState) or slow.transform not in ("linear", "log"):
            _refuse(mode.id, f"slow_states: {slow!r} is no SlowState, linear or log")
    return states


def evidence(mode: FailureMode, record: RunRecord, cell: CellContext) -> Evidence:
    """Return what a mode says it cost; what goes wrong in it takes nothing from the death."""
    try:
        evidence = mode.diagnose(record, cell)
        if not isinstance(evidence, Evidence):
            raise TypeError(f"diagnose returned {type(evidence).__name__}, not Evidence")
        if not all(math.isfinite(x) for x in (evidence.polarisation, evidence.capacity)):
            raise ValueError(f"{evidence.polarisation} V and {evidence.capacity} A.h")
    except (Exception, SystemExit) as error:
        says = f"no evidence: {type(error).__name__}: {error}"
        log.warning("the failure mode %r has %s", mode.id, says)
        return Evidence(says=says)
    return evidence


def refuse_unknown_names(modes: Iterable[FailureMode], cell: CellContext, model: Any) -> None:
    """Refuse a mode that names a variable or a state that the built model does not have.

    A criterion on one would never kill, and an output of it never be stored.

    Raises
    ------
    PluginError
        Naming the mode, and the variable that was probably meant.
    """
    from twin.specs.complaint import did_you_mean

    known = set(model.variables)
    begun = _begun_by_the_cell(model)
    states = {variable.name for variable in model.rhs}
    for mode in modes:
        where: Mapping[str, tuple[Iterable[str], set[str]]] = {
            "criteria": ([c.variable for c in criteria(mode, cell)], known),
            "outputs": (outputs(mode, cell), known),
            "slow_states": (
                [s.variable for s in slow_states(mode, cell)],
                states | {name.removesuffix(ON) for name in states},
            ),
        }
        for part, (names, there) in where.items():
            for name in names:
                if name in there:
                    continue
                what = "state integrated in time" if part == "slow_states" else "variable"
                fix = did_you_mean(name, there, "check its spelling, or where it exists")
                _refuse(mode.id, f"{part}: the model has no {what} {name!r}", fix=fix)
        others = {name for s in _own(model, mode.id) for name in s.twin_variables[1]}
        for name, value in own_variables(model, mode.id).items():
            if name in others or name in begun or model.variables.get(name) is not value:
                _refuse(
                    mode.id,
                    f"it overwrites {name!r}, which the cell or another mode sets",
                    fix="give the variable a name of its own, and reach the cell by a port",
                )


def _begun_by_the_cell(model: Any) -> set[str]:
    """Return the variables that the cell's own submodels begin with."""
    own = [s for name, s in model.submodels.items() if not name.startswith("mode ")]
    return {name for submodel in own for name in submodel.get_fundamental_variables()}


def _hints() -> dict[str, Any]:
    from typing import get_type_hints

    return get_type_hints(Criterion)


_HINTS = _hints()
