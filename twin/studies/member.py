"""One member of a study: a worker builds the cell once and lives many lives with it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    from twin.engine.prepare import Prepared
    from twin.engine.simulator import Builds
    from twin.lifetime.jump import JumpLoop
    from twin.store import RunInfo, Store

_built: dict[str, LivesSimulator] = {}
"""What this worker has built, by study; one at a time."""
_living: set[str] = set()
"""The runs of members that this process is living."""


_WORD_S = 60.0
"""A member of which nothing is heard for longer is thought dead by others after a while."""


class LifeSink:
    """A store that keeps of a life what was simulated: no rows between, no checkpoints.

    A member that is interrupted is lived anew, so its cycles are stored together: with its
    end, or each minute. One transaction a life, not one a cycle.
    """

    def __init__(self, store: Store):
        self.store = store
        self._waiting: list[tuple[str, int, dict[str, Any], list[dict[str, Any]]]] = []
        self._stored = time.monotonic()

    def commit_cycle(
        self,
        run_id: str,
        number: int,
        row: Mapping[str, Any],
        *,
        events: Iterable[Mapping[str, Any]] = (),
        ending: Mapping[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Take a cycle; store those taken if it is the last, or a minute has passed."""
        of_cycle = [{"cycle": number, **event} for event in events]
        self._waiting.append((run_id, number, dict(row), of_cycle))
        if ending is not None or time.monotonic() - self._stored > _WORD_S:
            self.flush(ending)

    def flush(self, ending: Mapping[str, Any] | None = None) -> None:
        """Store what has been taken, and the life's end if it is known."""
        taken, self._waiting = self._waiting, []
        self._stored = time.monotonic()
        if not taken:
            return
        run_id, number, row, _ = taken[-1]
        self.store.commit_cycle(
            run_id,
            number,
            row,
            jumped=[before for _, _, before, _ in taken[:-1]],
            events=[event for *_, events in taken for event in events],
            ending=ending,
        )


class LivesSimulator:
    """A cell built once, with what varies as its inputs.

    Parameters
    ----------
    design : mapping
        The study's ``design``, as plain data.
    study : str
        Its id.
    store : Store
        Where members are stored.
    builds : Builds, optional
        Those of other studies, to be used and added to.
    """

    def __init__(
        self, design: Mapping[str, Any], study: str, store: Store, builds: Builds | None = None
    ):
        from twin.engine.settings import RunSettings
        from twin.engine.simulator import Simulator
        from twin.specs.dump import cell_from_data
        from twin.specs.protocol import Protocol

        self.design, self.study, self.store = design, study, store
        self.spec = cell_from_data(design["cell"], mode_entries())
        self.modes = plugin_manager().select(design["modes"], (), self.spec.kind)
        self.rules = Protocol.from_data(design["protocol"])
        self.settings = RunSettings(design["model"], design["rtol"], design["atol"], 0)
        self.missing: list[str] = list(design.get(MISSING, ()))
        self.simulator = Simulator(
            self.spec, self.modes, self.settings, design["inputs"], builds=builds
        )
        self._sink = LifeSink(store)
        # Compiling takes as long as some lives: not for each member anew.
        self._fast = bool(design.get("fast")) and not design["rebuilt"]

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
                prepared = self._prepared(spec, rules, chosen)
                loop = self._loop(prepared, run, began)
                outcome = loop.run(self.design["cycles"])
            except StoreError:
                raise  # no fault of the member's
            except Exception as error:
                wall = time.perf_counter() - began
                return self.give_up(index, texts, error, run, wall)
            if loop.stored_end is None:
                return self._end(index, run, outcome, loop.spent())
        return _told(index, run, outcome.kind, time.perf_counter() - began)

    def _prepared(self, spec: Any, rules: Any, modes: Sequence[Any]) -> Prepared:
        """Return a member's cell, followed by machine code where the design says so."""
        prepared = self.simulator.at(spec, plan_of(rules, spec), modes)
        if self._fast:
            from twin.engine.compiled import speed_up

            speed_up(prepared)
        return prepared

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
        self._sink.flush()
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
            | ({"fast": True} if self._fast else {})
            | {"cycles": "jump", "member": index, "overrides": dict(texts)}
            | ({"missing_modes": self.missing} if self.missing else {}),
            modes=mode_versions(modes),
            packages=packages(),
            cycles_requested=self.design["cycles"],
            seed=self.design.get("seed"),
        )

    def _loop(self, prepared: Any, run_id: str, began: float) -> JumpLoop:
        from twin.engine.checkpoint import State
        from twin.lifetime.jump import JumpLoop
        from twin.lifetime.jump_size import JumpSettings

        state = State(0, 0.0, None)
        self.store.commit_initial(run_id, state.to_bytes(), layout_of(prepared))
        self._sink = LifeSink(self.store)
        return JumpLoop(
            prepared,
            self._sink,
            run_id,
            state,
            keeps_checkpoints=False,
            keeps_jumped=False,
            spent=lambda: time.perf_counter() - began,
            missing=self.missing,
            jump=JumpSettings(**self.design.get("jump", {})),
        )


def _told(index: int | str, run_id: str, kind: str, wall: float) -> dict[str, Any]:
    return {"member": index, "run": run_id, "kind": kind, "wall_s": wall}


def live_member(
    url: str,
    study: str,
    index: int | str,
    texts: Mapping[str, Any],
    modes: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Live one member's life in a worker process, which keeps its build for the next.

    The worker has been given the study's design (:meth:`twin.studies.cluster.Workers.give`).
    """
    from twin.store import Store
    from twin.studies.given import GIVEN

    if study not in _built:
        for old in _built.values():
            old.store.close()
        _built.clear()
        _built[study] = LivesSimulator(GIVEN[study], study, Store.open(url))
    return _built[study].live(index, texts, modes)
