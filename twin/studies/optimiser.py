"""The work behind a design: asking places for lives, climbing, and what comes of it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twin.studies.base import base_of, modes_of
from twin.studies.life_record import Lived
from twin.studies.runner import Lives, Variant

if TYPE_CHECKING:
    import numpy as np

    from twin.search.ascent import Found, Place
    from twin.store import Store

# A cell that dies in its first cycle still has a score.
_LEAST = 0.1
WINDOW = 0.9
"""A window holds the values at which this share of the best life is reached."""
_AGREE = 0.7


class Designer:
    """Asks places of the unit cube for the (median) life there.

    Parameters
    ----------
    store : Store
        The database.
    design : mapping
        The study's design.
    lives : Lives
        What lives the variants.
    """

    def __init__(self, store: Store, design: Mapping[str, Any], lives: Lives):
        from twin.search.axes import axis_from
        from twin.search.constraints import parse_limit

        self.store, self.design, self.lives = store, design, lives
        self.axes = [axis_from(data) for data in design["vary"]]
        self.limits = [parse_limit(text) for text in design["limits"]]
        self.members: list[dict[str, Any]] = list(design["members"]) or [{}]
        self.found: dict[Place, Found] = {}
        self.detail: dict[Place, dict[str, Any]] = {}
        self.budget = float(design["most"])

    def ask(self, places: Sequence[Place]) -> list[Found]:
        """Return what is at some places, living there what has not been lived."""
        from twin.search.ascent import Enough

        new = list(dict.fromkeys(p for p in places if p not in self.found))
        if len(self.found) + len(new) > self.budget:
            raise Enough
        left = 0.0 if math.isinf(self.budget) else self.budget - len(self.found) - len(new)
        expected = int(left) * len(self.members)
        variants = [v for p in new for v in self._variants(p)]
        ended = iter(self.lives.live(variants, expected))
        for place in new:
            self._note(place, [next(ended) for _ in self.members])
        return [self.found[p] for p in places]

    def values(self, place: Place) -> dict[str, Any]:
        """Return the values of a place by key, as a cell file would give them."""
        return {
            axis.key: axis.text(float(axis.value(u)))
            for axis, u in zip(self.axes, place, strict=True)
        }

    def _variants(self, place: Place) -> list[Variant]:
        at = " ".join(f"{u:.4f}" for u in place)
        return [
            Variant(
                f"{at} #{n}" if self.design["members"] else at, {**member, **self.values(place)}
            )
            for n, member in enumerate(self.members)
        ]

    def _note(self, place: Place, ended: Sequence[Lived]) -> None:
        from twin.search.ascent import Found
        from twin.search.projected import projected_life
        from twin.ties import MARGIN, first_least

        rows = [self.store.cycles(lived.run) for lived in ended]
        lives = [
            # Of a life that was lost on the way, what it is known to have lived.
            projected_life(r, lived.dead, lived.cycles) if lived.known else float(lived.finished)
            for lived, r in zip(ended, rows, strict=True)
        ]
        finished = [[row for row in r if row.get("complete", True)] for r in rows]
        # A limit is kept where the median member keeps it.
        slack = [statistics.median(x.slack(r) for r in finished) for x in self.limits]
        life = statistics.median(lives)
        near = MARGIN * max(life, 1.0)
        middle = int(first_least([abs(each - life) for each in lives], near))
        here = ended[middle]
        self.found[place] = Found(place, math.log(max(life, _LEAST)), tuple(slack))
        dead = [e for e in ended if e.dead]
        self.detail[place] = {
            "values": self.values(place),
            "shown": [
                axis.shown(float(axis.value(u))) for axis, u in zip(self.axes, place, strict=True)
            ],
            "life": statistics.median_low([e.cycles for e in ended])
            if 2 * len(dead) > len(ended)
            else None,
            "projected_life": life,
            "allowed": self.found[place].allowed,
            "limits": {
                x.text: statistics.median(x.value(r) for r in finished) for x in self.limits
            },
            "mode": here.mode if here.dead else None,
            "criterion": here.criterion if here.dead else None,
            "failed": sum(not e.known for e in ended),
            "run": here.run,
        }

    def as_it_is(self) -> Place | None:
        """Return the place of the cell as it is written; None if that lies outside."""
        from twin.search.ascent import rounded
        from twin.specs.naming import find
        from twin.specs.overrides import PROTOCOL

        spec, place = base_of(self.design), []
        parameters = self.design["protocol"].get("parameters", {})
        for axis in self.axes:
            if axis.key.startswith(PROTOCOL):
                value = _plain(parameters[axis.key.removeprefix(PROTOCOL)], axis.unit)
            else:
                value = find(spec, axis.key).si
            if value is None or not axis.low <= value <= axis.high:
                return None
            place.append(axis.place(value))
        return rounded(place)

    def best(self) -> Found:
        """Return the best place so far."""
        from twin.search.ascent import best

        return best(list(self.found.values()))

    def document(self, way: str, why: str) -> dict[str, Any]:
        """Return what ``twin design --json`` prints, with windows and slopes at the optimum."""
        from twin.search.ascent import differences, window

        self.budget = math.inf
        slopes, _ = differences(self.ask, self.best().place)
        top = self.best()
        windows = [window(self.ask, top, k, WINDOW) for k in range(len(self.axes))]
        detail, written = self.detail[top.place], self.as_it_is()
        start = self.detail.get(written) if written is not None else None
        optimum = {}
        for k, (axis, u) in enumerate(zip(self.axes, top.place, strict=True)):
            optimum[axis.key] = {
                "words": axis.words,
                "text": axis.text(float(axis.value(u))),
                "value": axis.shown(float(axis.value(u))),
                "unit": axis.shown_unit,
                "window": [axis.shown(float(axis.value(end))) for end in windows[k]],
                "range": [axis.shown(axis.low), axis.shown(axis.high)],
                "log": axis.log,
                # Of the logarithm of the life, for a tenth of the range.
                "slope": 0.1 * float(slopes[k]),
                "at_the_end_of_its_range": u in (0.0, 1.0),
            }
        return {
            "cell": self.design["cell_name"],
            "cycles": self.design["cycles"],
            "maximise": self.design["maximise"],
            "samples": len(self.design["members"]),
            "method": way,
            "why": why,
            "optimum": optimum,
            "allowed": top.allowed,
            "life": detail["life"],
            "projected_life": detail["projected_life"],
            "died_of": detail["mode"],
            "criterion": detail["criterion"],
            "run": detail["run"],
            "as_it_is": start,
            "limits": [
                {
                    "limit": x.text,
                    "value": detail["limits"][x.text],
                    "bound": x.bound,
                    "active": abs(slack) < 0.02,
                    "kept": slack >= -1e-9,
                }
                for x, slack in zip(self.limits, top.slack, strict=True)
            ],
            "active": [
                *(f"the end of the range of {k}" for k, v in optimum.items()
                  if v["at_the_end_of_its_range"]),
                *(x.text for x, slack in zip(self.limits, top.slack, strict=True)
                  if abs(slack) < 0.02),
            ],
            "window_share": WINDOW,
            "path": list(self.detail.values()),
            "lives": len(self.found) * len(self.members),
        }  # fmt: skip


def _plain(value: Any, unit: str) -> float | None:
    """Return a protocol's parameter in the unit of its range; None if it is in another."""
    from twin.search.axes import rate_of
    from twin.units import UnitError, to_si

    if unit == "C":
        return rate_of(str(value))
    try:
        return to_si(str(value), unit)
    except UnitError:
        return None


def climbed(designer: Designer) -> tuple[str, str]:
    """Climb, by gradients if they serve; return the way that was taken, and why."""
    from twin.search.ascent import Enough, scattered, search

    written = designer.as_it_is()
    dimensions = len(designer.axes)
    start = written if written is not None else (0.5,) * dimensions
    designer.ask([start])
    why = _by_gradients(designer, start)
    if why is None:
        return "gradient", (
            "every step ends on time, and the solver's sensitivities agree with the "
            "differences of whole lives at the start"
        )
    most = int(designer.budget) - len(designer.found)
    try:
        designer.ask(scattered(dimensions)[: max(most, 0)])
        search(designer.ask, designer.best(), most)
    except Enough:
        pass  # the best of what has been found is the answer
    return "search", why


def _by_gradients(designer: Designer, start: Place) -> str | None:
    """Climb by the solver's sensitivities; return why not, if they do not serve."""
    import numpy as np

    from twin.search.ascent import climb, differences
    from twin.search.gradients import NotSmooth

    if designer.design["members"]:
        return "a median over samples has no gradient"
    if designer.limits:
        return "limits are read off whole lives, which have no gradient"
    try:
        steep = _Steep(designer)
        steps_taken = steep(np.array(start))[1]
        measured, _ = differences(designer.ask, start)
        if not _agree(steps_taken, measured):
            return (
                "the solver's sensitivities over the first cycles do not agree with the "
                "differences of whole lives"
            )
        before = designer.best().score
        (end,) = designer.ask([climb(steep, designer.best().place)])
    except NotSmooth as reason:
        return str(reason)
    if end.score < before - 1e-6:
        return "gradients of the first cycles led to a shorter life"
    return None


def _agree(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether two gradients point the same way: the cosine between them."""
    import numpy as np

    sizes = float(np.linalg.norm(one) * np.linalg.norm(other))
    return sizes > 0 and float(one @ other) / sizes >= _AGREE


class _Steep:
    """The projected life of the first cycles, and its gradient, on the unit cube."""

    def __init__(self, designer: Designer):
        from twin.catalog.cells import plan_of
        from twin.engine.settings import RunSettings
        from twin.engine.simulator import Simulator
        from twin.search.gradients import NotSmooth, Slopes
        from twin.specs.naming import parameter_name
        from twin.specs.overrides import PROTOCOL
        from twin.specs.protocol import Protocol

        design, self.axes = designer.design, designer.axes
        self._spec, self._rules = base_of(design), Protocol.from_data(design["protocol"])
        self._names: list[str | None] = []
        for axis in self.axes:
            if axis.key.startswith(PROTOCOL):
                if axis.unit not in ("A/m^2", "C"):
                    raise NotSmooth(f"{axis.key} moves the ends of steps")
                self._names.append(None)
            elif axis.key in design["inputs"]:
                self._names.append(parameter_name(axis.key, axis.unit))
            else:
                raise NotSmooth(f"a change of {axis.key} needs another model")
        settings = RunSettings(design["model"], design["rtol"], design["atol"], 0)
        self._simulator = Simulator(self._spec, modes_of(design), settings, design["inputs"])
        prepared = self._simulator.at(self._spec, plan_of(self._rules, self._spec))
        self._slopes = Slopes(prepared, self._names)

    def __call__(self, u: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the score and its gradient."""
        import numpy as np

        from twin.catalog.cells import plan_of, split_overrides
        from twin.specs.dump import with_values

        x = [float(axis.value(place)) for axis, place in zip(self.axes, u, strict=True)]
        texts = {axis.key: axis.text(value) for axis, value in zip(self.axes, x, strict=True)}
        for_cell, for_protocol = split_overrides(texts)
        spec = with_values(self._spec, for_cell) if for_cell else self._spec
        rules = self._rules.with_parameters(for_protocol) if for_protocol else self._rules
        prepared = self._simulator.at(spec, plan_of(rules, spec))
        slope = self._slopes(prepared, x)
        by_place = [
            g * (value * math.log(axis.high / axis.low) if axis.log else axis.high - axis.low)
            for g, value, axis in zip(slope.gradient, x, self.axes, strict=True)
        ]
        return slope.score, np.array(by_place)
