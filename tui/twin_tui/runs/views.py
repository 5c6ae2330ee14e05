"""What a screen shows of a study, as plain data that a worker can tell."""

from __future__ import annotations

from typing import Any

DRAWN = 200
"""So many lives of a forecast are drawn: more could not be told apart."""


def forecast_view(forecast: Any) -> dict[str, Any]:
    """Return a forecast's document with what the screen shows besides.

    Parameters
    ----------
    forecast : twin.Forecast
        A study of which some or all members are done.
    """
    document: dict[str, Any] = forecast.to_dict()
    return document | {
        "asked": len(forecast.design["values"]),
        "model": forecast.design["model"],
        "modes": forecast.design["modes"],
        "criteria": forecast.criteria(),
        "shorted": forecast.shorted(),
        "lives": [
            {"cause": m.cause, "capacity": [[n, share] for n, share in m.capacity]}
            for m in forecast.members[:DRAWN]
        ],
    }
