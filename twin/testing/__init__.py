"""Tests that any failure mode should pass, to be reused in its plugin's own test suite.

Subclass :class:`ModeConformance`, say which mode and in which cell, and let pytest
collect it::

    from twin.testing import ModeConformance


    class TestMine(ModeConformance):
        mode_id = "mine"
        cell = "na-nzsp-na"
        neutral = {"modes.mine.rate": "0 m/s"}

The plugin has to be installed (an editable install will do), so that the mode and its
default parameters are found as a user's would be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from twin.errors import PluginError
from twin.modes.mode import Criterion, FailureMode, ModeParameters, Validity
from twin.modes.ports import Port, PortAt
from twin.status import Status
from twin.testing.trials import RESISTANCE, Account, Solved, built, inputs_of, restarted

if TYPE_CHECKING:
    from twin.modes.context import CellContext
    from twin.specs.schema import CellSpec

_BOUNDS: dict[Port, tuple[float, float]] = {
    Port.CONTACT_FRACTION: (0.0, 1.0),
    Port.ACTIVE_FRACTION: (0.0, 1.0),
    Port.CONDUCTIVITY_FACTOR: (0.0, float("inf")),
    Port.SOLID_DIFFUSIVITY_FACTOR: (0.0, float("inf")),
    Port.INTERFACE_RESISTANCE: (0.0, float("inf")),
    Port.SHORT_CONDUCTANCE: (0.0, float("inf")),
}
# How far beyond a bound the solver's tolerance may carry a variable.
_SLACK = 1e-6


class ModeConformance:
    """What a failure mode promises, as pytest tests.

    Attributes
    ----------
    mode_id : str
        The mode's id.
    cell : str
        A cell of the library, in which the mode has something to do.
    overrides : mapping
        Changes to the cell, by dotted key.
    neutral : mapping or None
        Changes under which the mode must leave the bare cell's voltage alone. None only
        for a mode that cannot be made to do nothing.
    bounds : mapping
        For further variables, the range they may never leave (the ports a mode writes
        have theirs already): ``{"Anode void fraction": (0, 1)}``.
    unused_ports : tuple of Port
        Ports the mode declares but does not write in this cell.
    absent_reads : tuple of str
        Variables the mode declares to read that only other cells have.
    shows_itself : bool
        Whether this cell has the variable that the mode declares to show itself by.
    current_density : float
        Of the tests that solve a step [A.m-2]; negative charges.
    duration : float
        Of such a step [s].
    cycles : int
        How many cycles of the cell's own protocol the bounds are watched over.
    patches_alike : bool
        Whether a metal face in four patches that are alike is the mean face to the mode.
    voltage_tolerance : float
        What two runs of the same cell may differ by [V]. The solver takes other steps
        where a mode brings states, so trajectories agree to its tolerance, not exactly.
    equation_tolerance : float
        What the equations of the two may differ by, relatively, and their voltage [V]: at
        one and the same state there is no solver to blame.
    evidence_factor : float
        What the mode's evidence may be off by from what it did: ``diagnose`` may take a
        formula of its own, not another sign or unit.
    """

    mode_id: ClassVar[str] = ""
    cell: ClassVar[str] = ""
    overrides: ClassVar[Mapping[str, Any]] = {}
    neutral: ClassVar[Mapping[str, Any] | None] = {}
    bounds: ClassVar[Mapping[str, tuple[float, float]]] = {}
    unused_ports: ClassVar[tuple[Port, ...]] = ()
    absent_reads: ClassVar[tuple[str, ...]] = ()
    shows_itself: ClassVar[bool] = True
    current_density: ClassVar[float] = 3.0
    duration: ClassVar[float] = 600.0
    cycles: ClassVar[int] = 2
    patches_alike: ClassVar[bool] = True
    voltage_tolerance: ClassVar[float] = 1e-6
    equation_tolerance: ClassVar[float] = 1e-9

    evidence_factor: ClassVar[float] = 2.0

    _kept: ClassVar[dict[Any, Any]] = {}

    # ------------------------------------------------------------ what the tests share

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give each suite a memory of its own."""
        super().__init_subclass__(**kwargs)
        cls._kept = {}

    @classmethod
    def teardown_class(cls) -> None:
        """Forget what the suite's tests shared."""
        cls._kept.clear()

    def _once(self, key: Any, work: Callable[[], Any]) -> Any:
        """Return what an earlier test of this suite worked out for the same mode, or do it."""
        mode = self.mode
        if self._kept.get("mode") is not mode:
            self._kept.clear()
            self._kept["mode"] = mode
        if key not in self._kept:
            self._kept[key] = work()
        return self._kept[key]

    @property
    def mode(self) -> FailureMode:
        """The mode, as the plugin manager found it."""
        import twin

        modes = twin.plugin_manager().modes
        assert self.mode_id in modes, (
            f"no installed plugin brings a mode {self.mode_id!r}; there are {', '.join(modes)}"
        )
        mode: FailureMode = modes[self.mode_id]
        return mode

    def spec(self, more: Mapping[str, Any] | None = None) -> CellSpec:
        """Return the cell, changed by ``overrides`` and ``more``."""
        import twin

        changed = {**self.overrides, **(more or {})}
        spec: CellSpec = self._once(
            ("spec", repr(list(changed.items()))),
            lambda: twin.load_cell(self.cell, overrides=changed),
        )
        return spec

    def model(self, spec: CellSpec, modes: Iterable[str]) -> Any:
        """Return the PyBaMM model of a cell with modes, given by id."""
        import twin

        modes = list(modes)

        def work() -> tuple[CellSpec, Any]:
            return spec, twin.build_model(spec, modes=modes)

        # The spec is kept with the model, so that no other can take its identity.
        return self._once(("model", id(spec), *modes), work)[1]

    def solve(self, spec: CellSpec, modes: Iterable[str]) -> Solved:
        """Return one constant-current step, solved at tight tolerances."""
        modes = list(modes)

        def work() -> tuple[CellSpec, Solved]:
            model = self.model(spec, modes)
            return spec, Solved(model, spec, self.current_density, self.duration)

        # The spec is kept with the run, so that no other can take its identity.
        solved: Solved = self._once(("run", id(spec), *modes), work)[1]
        return solved

    # ------------------------------------------------------------ what it says of itself

    def test_says_what_it_is(self) -> None:
        """It has an id, a title, references, a validity and a parameter model."""
        mode = self.mode
        assert mode.id == self.mode_id
        assert mode.title, "title is empty: it is what the user reads"
        assert mode.references, "references are empty: say where the equations come from"
        assert isinstance(mode.validity, Validity)
        open_everywhere = Validity(says=mode.validity.says)
        assert mode.validity != open_everywhere or mode.validity.says, (
            "validity says nothing: give the ranges the equations are trusted in"
        )
        assert issubclass(mode.Parameters, ModeParameters)

    def test_defaults_validate(self) -> None:
        """Its default parameters fit its model, and each says where it comes from."""
        from twin.specs.naming import walk_quantities

        parameters = self.spec().modes[self.mode_id]
        assert isinstance(parameters, self.mode.Parameters)
        unsourced = [
            key for key, q in walk_quantities(parameters) if q.status is None or not q.source
        ]
        assert not unsourced, f"no status or no source: {', '.join(unsourced)}"

    def test_declares_the_ports_it_writes(self) -> None:
        """It contributes to the ports it declares, and to no others."""
        contributed = {at.port for at in self._contributions()}
        declared = set(self.mode.writes)
        undeclared = contributed - declared
        assert not undeclared, f"contributes to {_titles(undeclared)}, not declared in writes"
        idle = declared - contributed - set(self.unused_ports)
        assert not idle, (
            f"declares {_titles(idle)} in writes and contributes nothing there; list ports "
            "that only other cells have in unused_ports"
        )

    def test_names_exist_in_the_model(self) -> None:
        """Every variable it names exists in the built model."""
        spec, mode = self.spec(), self.mode
        try:
            model = self.model(spec, [self.mode_id])
        except PluginError as error:  # outputs, criteria and slow states are looked at in a build
            raise AssertionError(error.problem) from error
        known = set(model.variables)
        for name in set(mode.reads) - set(self.absent_reads):
            # A variable of one kind of interface need not exist at the other.
            names = [name.replace("{interface}", i.prefix) for i in model.cell.interfaces]
            assert known & set(names), (
                f"reads {name!r}, which the model does not have; list what only other cells "
                "have in absent_reads"
            )
        named = {
            "contributions": list(self._contributions().values()),
            "shows": _shown(mode, model.cell) if self.shows_itself else [],
        }
        for where, names in named.items():
            missing = [name for name in names if name not in known]
            assert not missing, f"{where} name {missing}, which the model does not have"

    def test_criteria_make_sense(self) -> None:
        """Each has a sentence, a margin of 1 when fresh, of 0 at its threshold."""
        from twin.modes.context import CellContext

        criteria = self.mode.criteria(CellContext(self.spec()))
        for c in criteria:
            assert isinstance(c, Criterion)
            assert c.what and c.says, f"{c.variable}: a criterion needs a name and a sentence"
            assert abs(c.margin(c.fresh) - 1) < 1e-9, f"{c.what}: the fresh margin is not 1"
            assert abs(c.margin(c.threshold)) < 1e-9, f"{c.what}: the margin there is not 0"
            beyond = c.threshold + (1 if c.direction == "above" else -1) * abs(
                c.threshold - c.fresh
            )
            if c.scale == "linear":
                assert c.margin(beyond) < 0, f"{c.what}: fresh lies on the failed side"
        whats = [c.what for c in criteria]
        assert len(set(whats)) == len(whats), "two criteria have the same name"

    # ------------------------------------------------------------ what it does to a model

    def test_states_have_initial_conditions(self) -> None:
        """Every state and algebraic variable of its submodels has somewhere to start."""
        model = self.model(self.spec(), [self.mode_id])
        prefix = f"mode {self.mode_id}: "
        own = [s for name, s in model.submodels.items() if name.startswith(prefix)]
        states = {v for s in own for v in {**s.rhs, **s.algebraic}}
        lacking = sorted(v.name for v in states - {v for s in own for v in s.initial_conditions})
        assert not lacking, f"no initial condition for {', '.join(lacking)}"

    def test_order_of_registration_does_not_matter(self) -> None:
        """The modes' order changes nothing, to the last bit."""
        import numpy as np

        import twin

        spec = self.spec()
        others = [m.id for m in twin.plugin_manager().select(None, (self.mode_id,), kind=spec.kind)]
        modes = [self.mode_id, *others[:1]]
        one, other = self.solve(spec, modes), self.solve(spec, reversed(modes))
        assert np.array_equal(one.t, other.t) and np.array_equal(one.y, other.y), (
            f"the order of {modes} changes the solution"
        )

    def test_neutral_parameters_leave_the_cell_alone(self) -> None:
        """With neutral parameters the voltage is the bare cell's."""
        import numpy as np

        if self.neutral is None:
            import pytest

            pytest.skip(f"{self.mode_id} cannot be made to do nothing")
        assert self.neutral, "give the parameters under which the mode does nothing in `neutral`"
        spec = self.spec(self.neutral)
        bare, neutral = self.solve(spec, ()), self.solve(spec, [self.mode_id])
        assert abs(bare.t[-1] - neutral.t[-1]) <= 1e-6 * self.duration, "the step ends elsewhere"
        t = np.linspace(0, min(bare.t[-1], neutral.t[-1]), 50)
        difference = float(np.abs(bare.voltage(t) - neutral.voltage(t)).max())
        assert difference <= self.voltage_tolerance, (
            f"neutral parameters change the voltage by {difference:.3g} V"
        )

    def test_patches_that_are_alike_are_the_mean_face(self) -> None:
        """On a metal face that is taken patch by patch it does what it does on the mean face.

        Its submodels are given fields in place of scalars there (:mod:`twin.model.patches`).
        """
        import numpy as np
        import pytest

        spec = self.spec()
        if not self.patches_alike or spec.anode.kind != "metal":
            pytest.skip("no metal face, or one whose patches are not alike")
        divided = self.spec({"interfaces.anode.patches": {"count": 4}})
        one, four = self.solve(spec, [self.mode_id]), self.solve(divided, [self.mode_id])
        t = np.linspace(0, min(one.t[-1], four.t[-1]), 50)
        difference = float(np.abs(one.voltage(t) - four.voltage(t)).max())
        assert difference <= self.voltage_tolerance, (
            f"four patches that are alike change the voltage by {difference:.3g} V"
        )

    def test_neutral_equations_are_the_bare_cells(self) -> None:
        """With neutral parameters its equations and its voltage are the bare cell's own."""
        from twin.modes.equations import difference

        if self.neutral is None:
            import pytest

            pytest.skip(f"{self.mode_id} cannot be made to do nothing")
        spec = self.spec(self.neutral)
        bare, neutral = self.solve(spec, ()), self.solve(spec, [self.mode_id])
        for index in (0, -1):
            state = neutral.y[:, index]
            differences = difference(
                bare.built, neutral.built, neutral.t[index], state, bare.inputs
            )
            worst = max(differences, key=lambda name: differences[name])
            assert differences[worst] <= self.equation_tolerance, (
                f"neutral parameters change the equation of {worst!r} by {differences[worst]:.3g}"
            )

    def test_a_free_parameter_acts_as_a_new_build(self) -> None:
        """Numbers left free and changed make the equations that a new build of them makes.

        Forecasts and maps build a cell once and change its numbers. A mode that takes a
        number as Python sees it when the model is built, and not by ``cell.parameter`` or
        ``self.p``, keeps that of the first.
        """
        from twin.modes.equations import difference, initial_state, starts_apart

        spec = self.spec()
        changed, names = self._moved(spec)
        free = built(self.model(spec, [self.mode_id]), spec, names)
        new = built(self.model(changed, [self.mode_id]), changed, ())
        given = inputs_of(changed, names)
        for what, differences in (
            ("start", starts_apart(new, free, given)),
            ("equation", difference(new, free, 0.0, initial_state(free, given), given)),
        ):
            worst = max(differences, key=lambda name: differences[name])
            assert differences[worst] <= self.equation_tolerance, (
                f"changed as inputs, the numbers make another {what} of {worst!r} than built "
                f"anew (by {differences[worst]:.3g}): read them by cell.parameter or self.p"
            )

    def _moved(self, spec: CellSpec) -> tuple[CellSpec, tuple[str, ...]]:
        """Return the cell with each number that the mode may read a hundredth larger."""
        from twin.errors import SpecError
        from twin.specs.naming import parameter_name, walk_quantities

        where = (f"modes.{self.mode_id}.", "stack.pressure", "electrolyte.material.", "interfaces.")
        wanted = {key: q for key, q in walk_quantities(spec) if key.startswith(where)}
        while True:
            more = {key: f"{q.si * 1.01!r} {q.unit}".strip() for key, q in wanted.items()}
            try:
                changed = self.spec(more)
            except SpecError as error:  # bound to another number, or as large as may be
                named = [p.key for p in error.problems if p.key]
                bound = {k for k in wanted if any(f"{k}.".startswith(f"{n}.") for n in named)}
                assert bound, error
                wanted = {key: q for key, q in wanted.items() if key not in bound}
            else:
                return changed, tuple(parameter_name(key, q.unit) for key, q in wanted.items())

    def test_restart_from_a_stored_state(self) -> None:
        """A step in two halves, the second from the stored state, is the step in one."""
        import numpy as np

        spec = self.spec()
        whole = self.solve(spec, [self.mode_id])
        again = restarted(whole, self.duration / 2)
        scale = np.maximum(np.abs(whole.y[:, -1]), 1e-3 * np.abs(whole.y[:, -1]).max())
        worst = float((np.abs(again - whole.y[:, -1]) / scale).max())
        assert worst <= 1e-4, f"a restart changes a state by {worst:.3g} of its size"

    def test_stays_in_bounds(self) -> None:
        """Over a few cycles its contributions stay physical, and everything a number."""
        import numpy as np

        run = self._run([self.mode_id])
        outcome = run.outcome
        assert outcome is not None and outcome.kind in (Status.COMPLETED, Status.CELL_FAILED), (
            outcome
        )
        series = run.series
        watched = dict(self.bounds)
        for at, variable in self._contributions().items():
            watched.setdefault(variable, _BOUNDS.get(at.port, (-float("inf"), float("inf"))))
        for name, (low, high) in watched.items():
            assert name in series, f"{name} is not recorded: name it in outputs"
            values = series[name].values
            assert np.isfinite(values).all(), f"{name} is not a number somewhere"
            slack = _SLACK * max(1.0, abs(low) if np.isfinite(low) else 0.0)
            assert values.min() >= low - slack, f"{name} falls to {values.min():.6g}"
            assert values.max() <= high + slack, f"{name} rises to {values.max():.6g}"

    def test_evidence_is_what_it_does(self) -> None:
        """What it says it cost is what its contributions did: no less, no more, no other sign.

        The same of the twin's own account of it (:mod:`twin.engine.costs`), against the run
        without the mode: the resistance of the cell and its capacity at rest.
        """
        from twin.engine.blame import run_record, weight
        from twin.modes import brought

        told = {at.port for at in self._contributions()}
        if not told - _SEEN_IN_OTHERS:
            import pytest

            pytest.skip(f"{self.mode_id} costs nothing but through other contributions")
        spec = self.spec()
        mine, bare = (
            Account(self.model(spec, modes), spec, self._run(modes))
            for modes in ([self.mode_id], [])
        )
        cost = mine.costs(self.current_density).of(self.mode_id)
        record = run_record(mine, mine.first, mine.last, abs(self.current_density))
        said = brought.evidence(self.mode, record, mine.cell)
        assert not said.says.startswith("no evidence"), said.says
        claimed, did = weight(said, mine), weight(cost, mine)
        assert _agree(claimed, did, self.evidence_factor, 3e-6), (
            f"diagnose says {said.polarisation:.3g} V and {said.capacity:.3g} A.h; its "
            f"contributions cost {cost.polarisation:.3g} V and {cost.capacity:.3g} A.h"
        )
        risen, resisted = mine.risen() - bare.risen(), mine.resistance(self.mode_id)
        floor = 5e-4 * mine.last[RESISTANCE]
        assert _agree(resisted, risen, self.evidence_factor, floor), (
            f"its contributions add {resisted:.3g} Ohm.m2; the cell with it has {risen:.3g} more"
        )
        lost, resisted = bare.held() - mine.held(), cost.capacity - cost.leaked
        floor = 2e-4 * mine.nominal
        assert _agree(resisted, lost, self.evidence_factor, floor), (
            f"its contributions take {resisted:.3g} A.h; the cell with it has {lost:.3g} less"
        )

    def _run(self, modes: list[str]) -> Any:
        """Return a few cycles of the cell with modes, all of whose series are kept."""
        import twin

        return self._once(
            ("run", *modes),
            lambda: twin.simulate(
                self.spec(), cycles=self.cycles, modes=modes, store="sqlite://", series_every=1
            ),
        )

    def _contributions(self) -> dict[PortAt, str]:
        from twin.modes.context import CellContext

        return self.mode.contributions(CellContext(self.spec()))


_SEEN_IN_OTHERS = {Port.STACK_PRESSURE, Port.SOLID_DIFFUSIVITY_FACTOR, Port.HEAT_SOURCE}
"""Ports that cost a discharge nothing by themselves."""


def _agree(claimed: float, did: float, factor: float, floor: float) -> bool:
    """Return whether two amounts have one sign and one size, within a factor; or are nothing."""
    if abs(claimed - did) <= floor:
        return True
    small, large = sorted((abs(claimed), abs(did)))
    return claimed * did > 0 and large <= factor * small


def _shown(mode: FailureMode, cell: CellContext) -> list[str]:
    """Return the stored variables by which a mode shows itself; its template without any."""
    if not mode.shows:
        return []
    names = [mode.shows.replace("{interface}", i.prefix) for i in cell.interfaces]
    stored = {*mode.outputs(cell), *mode.contributions(cell).values()}
    stored |= {criterion.variable for criterion in mode.criteria(cell)}
    return [name for name in names if name in stored] or [mode.shows]


def _titles(ports: Iterable[Port]) -> str:
    return ", ".join(sorted(port.title for port in ports))
