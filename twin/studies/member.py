"""One member of a study: a worker builds the cell once and lives many lives with it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from twin.catalog.cells import mode_entries, plan_of
from twin.engine.outcome import MISSING
from twin.errors import StoreError, TwinError
from twin.interrupts import raise_if_asked
from twin.modes.manager import plugin_manager
from twin.runs.record import cell_record, layout_of, mode_versions, packages
from twin.status import Status
from twin.studies.once import theirs

if TYPE_CHECKING:
    from twin.lifetime.jump import JumpLoop
    from twin.store import RunInfo, Store

_built: dict[str, LivesSimulator] = {}
"""What this worker has built, by study; one at a time."""
_living: set[str] = set()
"""The runs of members that this process is living."""
_BUILDS = 2
"""So many builds of a study a worker keeps: the one in use, and the one before."""


class LifeSink:
    """A store that keeps of a life what was simulated: no rows between, no checkpoints."""

    def __init__(self, store: Store):
        self.store = store

    def commit_cycle(self, run_id: str, number: int, row: Mapping[str, Any], **more: Any) -> None:
        """Store one cycle."""
        kept = {key: more[key] for key in ("events", "ending") if key in more}
        self.store.commit_cycle(run_id, number, row, **kept)


class LivesSimulator:
    """A cell built once, with what varies as its inputs.

    Parameters
    ----------
    job : mapping
        The study's ``design``, as plain data.
    study : str
        Its id.
    store : Store
        Where members are stored.
    """

    def __init__(self, job: Mapping[str, Any], study: str, store: Store):
        from twin.engine.settings import RunSettings
        from twin.specs.dump import cell_from_data
        from twin.specs.protocol import Protocol

        self.job, self.study, self.store = job, study, store
        self.spec = cell_from_data(job["cell"], mode_entries())
        self.modes = plugin_manager().select(job["modes"], (), self.spec.kind)
        self.rules = Protocol.from_data(job["protocol"])
        self.settings = RunSettings(job["model"], job["rtol"], job["atol"], 0)
        self.missing: list[str] = list(job.get(MISSING, ()))
        self._kept: dict[Any, Any] = {}

    def live(
        self, index: int | str, texts: Mapping[str, Any], modes: Sequence[str] | None = None
    ) -> dict[str, Any]:
        """Live one member's life and store it; what goes wrong is its outcome.

        Parameters
        ----------
        index : int or str
            The member's number in the sample, or its name in the study.
        texts : mapping
            Its values by key, as a cell file would give them; ``protocol.<parameter>``
            are the protocol's.
        modes : sequence of str, optional
            Which of the study's failure modes; all of them by default.
        """
        raise_if_asked()
        began = time.perf_counter()
        chosen = self.modes if modes is None else [m for m in self.modes if m.id in modes]
        try:
            spec, rules = self._asked(texts)
        except Exception as error:
            wall = time.perf_counter() - began
            return self.give_up(index, texts, error, wall=wall, modes=chosen)
        run = self._start(index, texts, spec, rules, chosen)
        if not isinstance(run, str):
            return theirs(index, run)
        with self._lived_here(run, began):
            try:
                loop = self._loop(self._built_for(spec, rules, chosen, texts), run, began)
                outcome = loop.run(self.job["cycles"])
            except StoreError:
                raise  # no fault of the member's
            except Exception as error:
                wall = time.perf_counter() - began
                return self.give_up(index, texts, error, run, wall)
            if loop.stored_end is None:
                return self._end(index, run, outcome, loop.spent())
        return _told(index, run, outcome.kind, time.perf_counter() - began)

    @contextmanager
    def _lived_here(self, run_id: str, began: float) -> Iterator[None]:
        """Leave a member that is interrupted to whoever goes on with the study."""
        from twin.engine.outcome import Outcome

        _living.add(run_id)
        try:
            yield
        except BaseException:
            left = Outcome(
                kind=Status.CANCELLED, says="stopped before its end; the study lives it again"
            )
            with suppress(TwinError):
                self._end("", run_id, left, time.perf_counter() - began)
            raise
        finally:
            _living.discard(run_id)

    def give_up(
        self,
        index: int | str,
        texts: Mapping[str, Any],
        error: BaseException,
        run_id: str | None = None,
        wall: float = 0.0,
        modes: Sequence[Any] | None = None,
        over: bool = False,
    ) -> dict[str, Any]:
        """Store a member that could not be run, with why; ``run_id`` if it had begun here.

        ``over`` says that whoever was living it cannot be any more.
        """
        from twin.engine.outcome import Outcome

        if run_id is None:
            modes = self.modes if modes is None else modes
            started = self._start(index, texts, self.spec, self.rules, modes, over=over)
            if not isinstance(started, str):
                return theirs(index, started)
            run_id = started
        outcome = Outcome(
            kind=Status.SOLVER_GAVE_UP,
            says=f"the member could not be run: {type(error).__name__}: {error}",
            fix="see whether its values make sense: twin show RUN",
        )
        return self._end(index, run_id, outcome.lacking(self.missing), wall)

    def _end(self, index: int | str, run_id: str, outcome: Any, wall: float) -> dict[str, Any]:
        self.store.finish_run(run_id, status=outcome.kind, outcome=outcome.to_dict(), wall_s=wall)
        return _told(index, run_id, outcome.kind, wall)

    def _asked(self, texts: Mapping[str, Any]) -> tuple[Any, Any]:
        """Return a member's cell and protocol."""
        from twin.catalog.cells import split_overrides
        from twin.specs.dump import with_values

        for_cell, for_protocol = split_overrides(texts)
        spec = with_values(self.spec, for_cell) if for_cell else self.spec
        rules = self.rules.with_parameters(for_protocol) if for_protocol else self.rules
        return spec, rules

    def _built_for(
        self, spec: Any, rules: Any, modes: Sequence[Any], texts: Mapping[str, Any]
    ) -> Any:
        """Return a member's cell, built; as an earlier one was, if only inputs differ."""
        from twin.catalog.cells import split_overrides
        from twin.engine.prepare import prepare
        from twin.specs.dump import with_values
        from twin.specs.overrides import Parsed

        for_cell, _ = split_overrides(texts)
        plan = plan_of(rules, spec)
        inputs = self.job["inputs"]
        fixed = Parsed((k, v) for k, v in for_cell.pairs if k not in inputs)
        named = tuple(sorted((k, str(v)) for k, v in fixed.items()))
        built_for = (tuple(mode.id for mode in modes), plan.but_for_currents, named)
        if built_for not in self._kept:
            self._kept = dict([*self._kept.items()][1 - _BUILDS :])
            # The study's own values, not the member's that happens to come first.
            base = with_values(self.spec, fixed) if fixed else self.spec
            self._kept[built_for] = prepare(base, modes, plan, self.settings, free=self._free(base))
        return self._kept[built_for].at(spec, self._free(spec), plan)

    def _free(self, spec: Any) -> dict[str, float]:
        """Return what the study leaves free, by PyBaMM's names, as a cell has it."""
        from twin.specs.naming import find, parameter_name

        found = {}
        for key in self.job["inputs"]:
            quantity = find(spec, key)
            found[parameter_name(key, quantity.unit)] = quantity.si
        return found

    def _start(
        self,
        index: int | str,
        texts: Mapping[str, Any],
        spec: Any,
        rules: Any,
        modes: Sequence[Any],
        over: bool = False,
    ) -> str | RunInfo:
        """Start a member's run and return its id, or the run that it has already."""
        return self.store.start_member(
            self.study,
            str(index),
            living=_living,
            over=over,
            cell=cell_record(spec),
            protocol=rules.to_data(),
            settings=self.settings.to_dict()
            | {"cycles": "jump", "member": index, "overrides": dict(texts)}
            | ({"missing_modes": self.missing} if self.missing else {}),
            modes=mode_versions(modes),
            packages=packages(),
            cycles_requested=self.job["cycles"],
            seed=self.job.get("seed"),
        )

    def _loop(self, prepared: Any, run_id: str, began: float) -> JumpLoop:
        from twin.engine.checkpoint import State
        from twin.lifetime.jump import JumpLoop
        from twin.lifetime.jump_size import JumpSettings

        state = State(0, 0.0, None)
        self.store.commit_initial(run_id, state.to_bytes(), layout_of(prepared))
        sink = LifeSink(self.store)
        return JumpLoop(
            prepared,
            sink,
            run_id,
            state,
            spent=lambda: time.perf_counter() - began,
            missing=self.missing,
            jump=JumpSettings(**self.job.get("jump", {})),
        )


def _told(index: int | str, run_id: str, kind: str, wall: float) -> dict[str, Any]:
    return {"member": index, "run": run_id, "kind": kind, "wall_s": wall}


def live_member(
    url: str,
    study: str,
    job: Mapping[str, Any],
    index: int | str,
    texts: Mapping[str, Any],
    modes: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Live one member's life in a worker process, which keeps its build for the next."""
    from twin.store import Store

    if study not in _built:
        for old in _built.values():
            old.store.close()
        _built.clear()
        _built[study] = LivesSimulator(job, study, Store.open(url))
    return _built[study].live(index, texts, modes)
