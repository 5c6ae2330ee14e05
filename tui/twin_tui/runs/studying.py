"""A worker's study: it does the work, tells of every part, and sums up now and then."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from twin_tui.runs.views import forecast_view

SUM_UP_SHARE = 0.05
"""Summing up takes at most about this share of a study's time."""
SUM_UP_EVERY_S = 2.0


class Studying:
    """One study, and the talk about it.

    Parameters
    ----------
    tell : callable
        ``tell("member", done=3, …)``: passes news on to the bench.
    """

    def __init__(self, tell: Callable[..., None]):
        self._tell = tell
        self._store: Any = None
        self._study = ""
        self._began = 0.0
        self._first: int | None = None
        self._next_view = 0.0

    def forecast(self, store: Any, arguments: dict[str, Any]) -> None:
        """Live the members of a forecast."""
        import twin

        self._store = store
        if arguments.get("study") is None:  # one that goes on has what it was begun with
            arguments = arguments | {"overrides": _with_ignorance(arguments)}
        forecast = twin.forecast(
            store=store, on_start=self._started, on_member=self._member, **arguments
        )
        self._tell("view", view=forecast_view(forecast))
        self._finished()

    def attribute(self, store: Any, arguments: dict[str, Any]) -> None:
        """Live the lives of an attribution."""
        import twin

        twin.attribute(store=store, on_start=self._started, on_life=self._part, **arguments)
        self._finished()

    def map(self, store: Any, arguments: dict[str, Any]) -> None:
        """Live the points of a safe operating map."""
        import twin

        self._store = store
        twin.safe_map(
            store=store,
            on_start=self._started,
            on_life=self._point,
            on_lines=lambda share, text: self._tell("note", share=share, text=text),
            **arguments,
        )
        self._tell("view", view=twin.map_so_far(self._study, store=store))
        self._finished()

    def track(self, store: Any, arguments: dict[str, Any]) -> None:
        """Track a measured cell: live what its library lacks, and compare."""
        import twin

        self._began = time.monotonic()
        if arguments.get("study") is not None:
            track: Any = twin.continue_study(
                arguments["study"], store=store, on_life=self._part, on_start=self._started
            )
        else:
            arguments = arguments | {"overrides": _with_ignorance(arguments)}
            track = twin.track(
                store=store,
                on_life=self._part,
                on_progress=lambda share, text: self._tell("note", share=share, text=text),
                **arguments,
            )
        self._tell("study", study=track.id)
        self._tell("view", view=track.to_dict())
        self._finished()

    def _point(self, progress: Any) -> None:
        import twin

        self._part(progress)
        if time.monotonic() >= self._next_view:
            self._sum_up(lambda: twin.map_so_far(self._study, store=self._store))

    def _finished(self) -> None:
        self._tell("studied", wall_s=time.monotonic() - self._began)

    def _started(self, study: str) -> None:
        self._study, self._began = study, time.monotonic()
        self._tell("study", study=study)

    def _member(self, progress: Any) -> None:
        self._part(progress)
        if progress.done < progress.total and time.monotonic() >= self._next_view:
            self._sum_up(self._forecast_so_far)

    def _part(self, progress: Any) -> None:
        """Tell of a member, a life or a point that is done."""
        now = time.monotonic()
        if self._first is None:
            self._first = progress.done - 1
        rate = (progress.done - self._first) / max(now - self._began, 1e-9)
        left = (progress.total - progress.done) / rate
        lived = progress.lived
        self._tell(
            "part",
            done=progress.done,
            total=progress.total,
            rate=rate,
            eta_s=left,
            run=lived.run,
            kind=lived.kind,
            state=lived.state,
            wall_s=lived.wall_s,
        )

    def _forecast_so_far(self) -> dict[str, Any]:
        from twin import load_forecast

        return forecast_view(load_forecast(self._study, store=self._store))

    def _sum_up(self, look: Callable[[], dict[str, Any]]) -> None:
        """Tell how the study stands; seldom enough that it does not hold the lives up."""
        began = time.monotonic()
        self._tell("view", view=look())
        ended = time.monotonic()
        self._next_view = ended + max(SUM_UP_EVERY_S, (ended - began) / SUM_UP_SHARE)


def _with_ignorance(arguments: dict[str, Any]) -> Any:
    """Return what is set, and spreads on what nobody has measured, as ``twin forecast`` draws."""
    import twin

    given = {key: arguments.get(key, ()) for key in ("overlays", "overrides")}
    return twin.with_ignorance(arguments["cell"], **given)
