"""What a calibration has told of how a cell's readings and its lives differ.

``twin calibrate --ageing`` leaves noise, offset and drift of each kind of reading in its overlay,
under ``[calibration.readings.KEY]``; a cell that is tracked with that overlay takes these in the
place of the numbers of ``observables.toml``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from twin.catalog.finding import calibration_in
from twin.errors import InputError
from twin.tracking.observables import ERRORS, observables


def told_errors(overlays: Sequence[str | Path]) -> dict[str, dict[str, float]]:
    """Return noise, offset and drift by observable, as some overlays have them; the last wins.

    Raises
    ------
    InputError
        If an overlay has them otherwise than a calibration writes them.
    """
    errors: dict[str, dict[str, float]] = {}
    for overlay in overlays:
        for key, of in (calibration_in(overlay).get("readings") or {}).items():
            errors[key] = _checked(str(overlay), key, of)
    return errors


def _checked(overlay: str, key: str, of: Any) -> dict[str, float]:
    known = isinstance(of, Mapping) and key in observables()
    values = [of.get(name) for name in ERRORS] if known else []
    good = [v for v in values if isinstance(v, int | float) and math.isfinite(v) and v >= 0]
    if len(good) < len(ERRORS) or good[0] <= 0:
        raise InputError(
            f"{overlay} has no noise, offset and drift for {key!r} that could be used",
            key=f"calibration.readings.{key}",
            fix=f"three numbers, the noise above 0, of one of: {', '.join(observables())}",
        )
    return dict(zip(ERRORS, map(float, good), strict=True))
