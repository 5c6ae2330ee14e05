"""The screens by their names in the bar, each imported when it is first gone to."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen

from twin_tui.screens.start import StartScreen


def _cells() -> Screen[Any]:
    from twin_tui.screens.cells import CellsScreen

    return CellsScreen()


def _scenario() -> Screen[Any]:
    from twin_tui.screens.scenario import ScenarioScreen

    return ScenarioScreen()


def _live() -> Screen[Any]:
    from twin_tui.screens.live import LiveScreen

    return LiveScreen()


def _results() -> Screen[Any]:
    from twin_tui.screens.results import ResultsScreen

    return ResultsScreen()


def _compare() -> Screen[Any]:
    from twin_tui.screens.compare import CompareScreen

    return CompareScreen()


def _forecast() -> Screen[Any]:
    from twin_tui.screens.forecast import ForecastScreen

    return ForecastScreen()


def _map() -> Screen[Any]:
    from twin_tui.screens.operating_map import MapScreen

    return MapScreen()


def _modes() -> Screen[Any]:
    from twin_tui.screens.modes import ModesScreen

    return ModesScreen()


def _track() -> Screen[Any]:
    from twin_tui.screens.track import TrackScreen

    return TrackScreen()


PLACES: dict[str, Any] = {
    "start": StartScreen,
    "cells": _cells,
    "scenario": _scenario,
    "live": _live,
    "results": _results,
    "compare": _compare,
    "forecast": _forecast,
    "map": _map,
    "modes": _modes,
    "track": _track,
}
