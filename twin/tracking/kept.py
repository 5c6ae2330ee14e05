"""The library of a stored track, read back: its lives, and those drawn around its posterior."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from twin.tracking.lab_tests import lab_observables
from twin.tracking.library import Library, library_of, read_lives
from twin.tracking.observables import observables

if TYPE_CHECKING:
    from twin.store import Store

OnProgress = Callable[[float, str], None]


def library_in(
    store: Store,
    design: Mapping[str, Any],
    track: str | None = None,
    on_progress: OnProgress = lambda share, text: None,
) -> Library:
    """Read the library of a track, with the lives drawn around its posterior, if any."""
    wanted = [*observables().values(), *lab_observables()]  # and what only tests measure
    of = store.study(design["library"]).design
    lives = read_lives(store, design["library"], wanted, on_progress)
    weights = design.get("library_weights")
    if weights:
        lives = [replace(one, weight=weights.get(one.name[1], 0.0)) for one in lives]
    studies = [design["library"]]
    if track is not None and design.get("values"):
        lives = [*lives, *read_lives(store, track, wanted, on_progress)]
        studies.append(track)
    return library_of(lives, of["cycles"], of["keys"], studies)
