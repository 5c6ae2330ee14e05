"""Python's own pauses, kept so short that nobody at the keyboard notices them."""

from __future__ import annotations

import gc
import importlib
import sys

SWITCH_S = 0.001
"""How soon a thread that computes gives way to the event loop [s]; Python's own is 5 ms."""

THRESHOLDS = (1000, 10, 200)
"""When the three generations are collected: the oldest every few minutes, not every 6 s."""

NEEDED = ("pybamm", "plotext", "twin.report.pictures", "twin.report.describe", "twin.store")
"""What the screens need sooner or later (PyBaMM reads the steps of protocols)."""


def give_way_soon() -> None:
    """Let threads that compute give way to the event loop sooner."""
    sys.setswitchinterval(SWITCH_S)


def get_ready() -> None:
    """Import what the screens need, and spare all there is by then from later collections.

    A full collection looks at every object there is, 130,000 after the start: a fifth of a
    second, every few seconds while charts are drawn. What is there now stays to the end.
    """
    for name in NEEDED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
