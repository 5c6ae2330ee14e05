"""A prepared cell followed by machine code: for many lives of one build."""

from __future__ import annotations

from twin.engine.prepare import Prepared
from twin.engine.recorder import named_inside
from twin.errors import InputError
from twin.model import native
from twin.model.rosenbrock import RosenbrockStepper, served

LOOSER = 10.0
"""By so much the relative tolerance is larger than IDA's, and the increments of the slow states
are nearer to those of 1e-10 all the same (docs/speed.md). A hundred times larger still does, but
more jumps are taken back."""


def refuse_without_compiler() -> None:
    """Raise an InputError where nothing can be compiled."""
    if not native.available():
        raise InputError(
            "fast members need llvmlite, which is not installed here",
            key="fast",
            fix="pip install 'sodium-cell-twin[fast]', or leave --fast out",
        )


def speed_up(prepared: Prepared) -> bool:
    """Follow a cell's steps, and look at its points, by machine code; return whether that is so.

    All that share the build are followed so from now on. Compiling takes seconds. A model that
    is not served (:mod:`twin.model.rosenbrock`) is left as it is.

    Raises
    ------
    InputError
        If ``llvmlite`` is not installed: the numbers would be others than where it is.
    """
    cell, settings = prepared.compiled, prepared.settings
    if cell.followed_by_code:
        return True
    refuse_without_compiler()
    code = served(cell.functions)
    if code is None:
        return False
    rtol, atol = LOOSER * settings.rtol, settings.atol
    cell.follow(lambda other: RosenbrockStepper(code, rtol, atol, other))
    recorder, inside = prepared.recorder, None
    if settings.series_every == 0:
        recorded, by = recorder.observer.names, prepared.contributors
        inside = named_inside(recorded, prepared.cell, prepared.watched, by)
    recorder.compile(inside)
    return True
