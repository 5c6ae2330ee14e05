"""A prepared cell followed by machine code: for many lives of one build."""

from __future__ import annotations

from twin.engine.prepare import Prepared
from twin.model import native
from twin.model.rosenbrock import RosenbrockStepper, served


def speed_up(prepared: Prepared) -> bool:
    """Follow a cell's steps, and look at its points, by machine code; return whether that is so.

    All that share the build are followed so from now on. Compiling takes seconds. Nothing is
    done where ``llvmlite`` is not installed or the model cannot be served
    (:mod:`twin.model.rosenbrock`).
    """
    cell, settings = prepared.compiled, prepared.settings
    if cell.followed_by_code:
        return True
    if not native.available():
        return False
    code = served(cell.functions)
    if code is None:
        return False
    cell.follow(lambda other: RosenbrockStepper(code, settings.rtol, settings.atol, other))
    for observer in (prepared.recorder.observer, prepared.recorder.power):
        observer.compile()
    return True
