"""The papers that a built model rests on, for ``pybamm.print_citations()``."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from twin.modes.mode import FailureMode

if TYPE_CHECKING:
    import pybamm
else:
    from twin.later import pybamm


def cite(modes: Iterable[FailureMode]) -> None:
    """Register the references of the failure modes that a model is built with."""
    for mode in modes:
        for number, reference in enumerate(mode.references, start=1):
            # Braces would end the entry's own.
            title = re.sub(r"[{}]", "", reference)
            pybamm.citations.register(f"@misc{{twin-{mode.id}-{number}, title = {{{{{title}}}}}}}")


def cite_if_asked_for(modes: Iterable[FailureMode]) -> None:
    """Register them where PyBaMM is at work: nobody else can ask for them."""
    if "pybamm" in sys.modules:
        cite(modes)
