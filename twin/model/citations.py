"""The papers that a built model rests on, for ``pybamm.print_citations()``."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pybamm

from twin.modes.mode import FailureMode


def cite(modes: Iterable[FailureMode]) -> None:
    """Register the references of the failure modes that a model is built with."""
    for mode in modes:
        for number, reference in enumerate(mode.references, start=1):
            # Braces would end the entry's own.
            title = re.sub(r"[{}]", "", reference)
            pybamm.citations.register(f"@misc{{twin-{mode.id}-{number}, title = {{{{{title}}}}}}}")
