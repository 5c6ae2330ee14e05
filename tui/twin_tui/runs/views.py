"""What a screen shows of a study, as plain data that a worker can tell."""

from __future__ import annotations

from typing import Any

DRAWN = 200
"""So many lives of a forecast are drawn: more could not be told apart."""


def forecast_view(found: Any) -> dict[str, Any]:
    """Return a forecast's document with what the screen shows besides.

    Parameters
    ----------
    found : twin.Forecast
        A study of which some or all members are done.
    """
    document: dict[str, Any] = found.to_dict()
    return document | {
        "asked": len(found.design["values"]),
        "model": found.design["model"],
        "modes": found.design["modes"],
        "criteria": found.criteria(),
        "shorted": found.shorted(),
        "lives": [
            {"cause": m.cause, "capacity": [[n, share] for n, share in m.capacity]}
            for m in found.members[:DRAWN]
        ],
    }
