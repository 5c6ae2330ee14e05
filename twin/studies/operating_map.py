"""Safe operating maps: what kills a cell first, and when, over two axes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from twin.errors import InputError
from twin.runs.record import keep_summary, open_store
from twin.scenario import Scenario
from twin.studies.asked import given, same
from twin.studies.base import base_of, gone_on_with, study_design
from twin.studies.critical_lines import critical_lines
from twin.studies.life_record import LifeDone, Lived
from twin.studies.ranges import check_ends, inputs_of
from twin.studies.registry import Going, KeptResult, StudyKind, kept_design
from twin.studies.runner import Lives, Variant

if TYPE_CHECKING:
    from twin.catalog.asked import LivesAsked
    from twin.search.axes import Axis
    from twin.search.refine import Answer, Place
    from twin.specs.schema import CellSpec
    from twin.store import Store

KIND = "map"
DEFAULTS: dict[str, Any] = {"cycles": 200, "refine": 2, "most": 300, "lines": True}
"""What a new map is asked for where nothing is said."""
ALIVE, UNKNOWN = "alive", "unknown"
FACTOR = 5.0
"""Lives of neighbours that differ by more are worth a closer look."""


class SafeMap(KeptResult):
    """A map of first failure modes; the lives behind it are a study in the store."""

    def __repr__(self) -> str:
        return f"<SafeMap {self.id}: {self.design['cell_name']}, {len(self.points)} points>"

    @property
    def points(self) -> list[dict[str, Any]]:
        """Every point: ``x``, ``y``, ``mode``, ``criterion``, ``cycles``, ``run``."""
        return list(self._document.get("points", []))

    def plot(self, path: str | Path | None = None) -> Any:
        """Draw the map; save the figure if a path is given."""
        from twin.report.maps import plot_map

        return plot_map(self.to_dict(), path)

    def draw(self, width: int = 60, height: int = 18) -> str:
        """Return the map as text, one character a place."""
        from twin.report.maps import draw_map

        return draw_map(self.to_dict(), width, height)


def safe_map(
    cell: CellSpec | Scenario | str | Path,
    *,
    x: str | None = None,
    y: str | None = None,
    cycles: int | None = None,
    refine: int | None = None,
    most: int | None = None,
    lines: bool | None = None,
    workers: int | None = None,
    study: str | None = None,
    store: str | Store | None = None,
    on_life: Callable[[LifeDone], None] | None = None,
    on_start: Callable[[str], None] | None = None,
    on_wait: Callable[[str], None] | None = None,
    on_lines: Callable[[float, str], None] = lambda share, text: None,
    **asked: Unpack[LivesAsked],
) -> SafeMap:
    """Find what kills a cell first, and in which cycle, over two axes.

    Each point is a life by cycle jump. A first grid is refined where its points disagree
    on the mode, or by more than a factor on the life.

    Parameters
    ----------
    cell : CellSpec, Scenario, str or Path
        The cell; or a scenario or its file, which what else is given is laid over.
    x, y : str
        The axes: ``"stack.pressure=0.5..15 MPa"``, with ``,log`` or ``,linear`` and a number
        of points of the first grid (5) behind it. A key of the cell, ``current``, or
        ``protocol.PARAMETER``.
    cycles : int
        The horizon: a cell that lives so long is not followed further; 200 by default.
    refine : int
        How many times a square of the grid may be cut into four; 2 by default.
    most : int
        No more lives than this are added to the first grid; 300 by default.
    lines : bool
        Whether to find the critical currents along x, where y is a current (the default).
    workers : int, optional
        Local processes; as many as there are cores by default. (In a script, call this
        under ``if __name__ == "__main__":``.)
    study : str, optional
        A map to go on with; what has been lived is kept. What is given besides has to be
        what it was begun with.
    store : str or Store, optional
        The database.
    on_life, on_start, on_wait, on_lines : callable, optional
        Told of each finished life, of the study's id, of lives that other processes are
        living and that are waited for, and of the critical currents' share.
    **asked
        ``protocol``, ``overlays``, ``overrides``, ``modes``, ``without``, ``model``
        (``"spm"`` by default), ``rtol`` and ``atol`` of :func:`twin.simulate`.

    Raises
    ------
    InputError
        For input that cannot be used.
    """
    opened = open_store(store)
    options: dict[str, Any] = {"cycles": cycles, "refine": refine, "most": most, "lines": lines}
    if study is None:
        wanted = Scenario.of(cell, cycles=cycles, **asked)
        options = DEFAULTS | given(options | {"cycles": wanted.cycles})
        design = _design(wanted, x, y, **options)
        study = opened.start_study(kind=KIND, cell_name=design["cell_name"], design=design)
    else:
        design = gone_on_with(opened, study, KIND, cell, {**asked, "cycles": cycles})
        _check_same(study, design, x, y, options)
    going = Going(workers, on_life, on_start, on_wait, {"on_lines": on_lines})
    return _go_on(opened, study, design, going)


def _go_on(store: Store, study: str, design: dict[str, Any], going: Going) -> SafeMap:
    began = time.perf_counter()
    with Lives(store, study, design, going) as lives:
        document = _document(study, design, lives)
    if design["lines"]:
        rows = {p["run"]: store.cycles(p["run"]) for p in document["points"]}
        tell = going.more.get("on_lines", lambda share, text: None)
        lines = critical_lines(design, document["points"], rows, tell)
        document["critical_currents"], notes = lines
        document["notes"] += notes
    document["wall_s"] = time.perf_counter() - began
    keep_summary(store, study, document)
    return SafeMap(store, study)


STUDY = StudyKind(
    KIND,
    "what kills a cell first over two axes",
    SafeMap,
    _go_on,
    safe_map,
    parts="points",
    defaults=DEFAULTS,
    more=("on_lines",),
)


def load_map(study: str, *, store: str | Store | None = None) -> SafeMap:
    """Return a stored map by its study's id."""
    opened = open_store(store)
    kept_design(opened, study, KIND)
    return SafeMap(opened, study)


def _check_same(
    study: str, design: Mapping[str, Any], x: str | None, y: str | None, options: Mapping[str, Any]
) -> None:
    """Refuse axes and refinements that are not those the map was begun with."""
    from twin.search.axes import parse_axis
    from twin.specs.protocol import Protocol

    spec, rules = base_of(design), Protocol.from_data(design["protocol"])
    for name, text in given({"x": x, "y": y}).items():
        same(study, name, parse_axis(text, spec, rules, name).to_dict(), design["axes"][name], text)
    for name, kept in (("refine", "levels"), ("most", "most"), ("lines", "lines")):
        if options[name] is not None:
            same(study, name, options[name], design[kept])


def _design(
    wanted: Scenario, x: str | None, y: str | None, cycles: int, refine: int, most: int,
    lines: bool,
) -> dict[str, Any]:  # fmt: skip
    from twin.search.axes import parse_axis
    from twin.specs.protocol import Protocol

    if x is None or y is None:
        raise InputError(
            "a map has two axes",
            key="x" if x is None else "y",
            fix='give --x "stack.pressure=0.5..15 MPa" --y "current=0.1..2 mA/cm^2"',
        )
    for name, value, least in (("refine", refine, 0), ("most", most, 4)):
        if value < least or (name == "refine" and value > 6):
            raise InputError(f"{name} cannot be {value}", key=name, fix="leave it out")
    design = study_design(wanted, cycles)
    spec, rules = base_of(design), Protocol.from_data(design["protocol"])
    axes = [parse_axis(text, spec, rules, name) for text, name in ((x, "x"), (y, "y"))]
    if axes[0].key == axes[1].key:
        raise InputError(f"both axes are {axes[0].key}", key="y", fix="give two different keys")
    check_ends(axes, design)
    design |= {"axes": {"x": axes[0].to_dict(), "y": axes[1].to_dict()}}
    design |= {"levels": refine, "most": most, "lines": lines}
    return design | inputs_of(axes, design)


def _document(study: str, design: dict[str, Any], lives: Lives) -> dict[str, Any]:
    from twin.search.axes import axis_from
    from twin.search.refine import Grid, refine
    from twin.search.regions import regions

    x, y = (axis_from(design["axes"][name]) for name in ("x", "y"))
    grid = Grid(x.count, y.count, design["levels"])
    ended: dict[Place, Lived] = {}

    def ask(points: list[Place], more: int) -> dict[Place, Answer]:
        variants = [_variant(grid.place(p), p, x, y) for p in _by_build(points, design)]
        answers = dict(zip(_by_build(points, design), lives.live(variants, more), strict=True))
        ended.update(answers)
        return {p: answer(lived) for p, lived in answers.items()}

    answers, _, cut_short = refine(grid, ask, factor=FACTOR, most=design["most"])
    points = sorted(answers)
    places = [grid.place(p) for p in points]
    labels = [answers[p].label for p in points]
    shares = regions(places, labels)
    notes = []
    if cut_short:
        notes.append(f"the grid would be finer with more than {design['most']} lives (--most)")
    unknown = sum(not lived.known for lived in ended.values())
    if unknown:
        notes.append(f"{unknown} lives could not be followed by the solver: marked unknown")

    def shown(u: float, v: float) -> list[float]:
        return [x.shown(float(x.value(u))), y.shown(float(y.value(v)))]

    return {
        "study": study,
        "cell": design["cell_name"],
        "cycles": design["cycles"],
        "axes": {
            name: axis.to_dict() | {"words": axis.words, "shown": axis.shown_unit}
            for name, axis in (("x", x), ("y", y))
        },
        "points": [
            {
                "x": shown(*place)[0],
                "y": shown(*place)[1],
                "mode": ended[p].mode if ended[p].known else None,
                "criterion": ended[p].criterion,
                "label": label,
                "cycles": answers[p].cycles,
                "kind": ended[p].kind,
                "run": ended[p].run,
            }
            for p, place, label in zip(points, places, labels, strict=True)
        ],
        "regions": shares.areas,
        "boundaries": [
            {"between": list(pair), "lines": [[shown(*at) for at in line] for line in border]}
            for pair, border in shares.borders.items()
        ],
        "critical_currents": [],
        "lives": len(points),
        "notes": notes,
    }


def answer(lived: Lived) -> Answer:
    """Return what a life says on a map."""
    from twin.search.refine import Answer

    if not lived.known:
        return Answer(UNKNOWN, lived.cycles)
    return Answer(lived.mode or "core" if lived.dead else ALIVE, lived.cycles)


def _by_build(points: Sequence[Place], design: Mapping[str, Any]) -> list[Place]:
    """Return points in an order that keeps those together that share a build."""
    column = design["axes"]["x"]["key"] in design["rebuilt"]
    return sorted(points, key=lambda p: (p[0], p[1]) if column else (p[1], p[0]))


def _variant(place: tuple[float, float], point: Place, x: Axis, y: Axis) -> Variant:
    values = {axis.key: axis.text(axis.value(u)) for axis, u in zip((x, y), place, strict=True)}
    return Variant(f"{point[0]}, {point[1]}", values)
