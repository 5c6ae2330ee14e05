"""Between the last two of a few points: a cubic that keeps its way, and its error."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from twin.ties import MARGIN, first_least

_CLOCKS: tuple[Callable[[np.ndarray], np.ndarray], ...] = (np.asarray, np.sqrt, np.log1p)
"""What decays, grows through a film and grows through a closing film is smooth over."""
_STEEPEST = 3.0
MOST_POINTS = 4
"""So many of the last points are used."""


def last_span(
    here: np.ndarray, table: np.ndarray, wanted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Interpolate columns between the last two of two to four points.

    The polynomial through all the points gives the slopes at both ends of the span; the
    cubic with these is monotone, as they are limited to the same sign and thrice the
    chord's (Fritsch and Carlson). It is drawn over ``n``, its root or ``ln(1 + n)``, for
    each column over the clock in which it differs least from the parabola through the
    last three. Through two or three points every clock meets its own parabola: then the
    first of them is taken, and what the second would give instead is the error.

    Parameters
    ----------
    here : ndarray, shape (points,)
        The clock at the points, 0 or more and increasing.
    table : ndarray, shape (points, columns)
        The values there.
    wanted : ndarray, shape (n,)
        Where they are asked for, within the span.

    Returns
    -------
    values, error : ndarray, shapes (n, columns) and (columns,)
        The values, and the largest difference from that parabola or from the cubic over
        the clock that is next best.

    References
    ----------
    F. N. Fritsch, R. E. Carlson, SIAM J. Numer. Anal. 17 (1980) 238.
    """
    drawn = [_over(clock(here), table, clock(wanted)) for clock in _CLOCKS]
    values, errors = np.array([v for v, _ in drawn]), np.array([error for _, error in drawn])
    columns = np.arange(table.shape[1])
    rounding = MARGIN * np.abs(table).max(axis=0)
    best = first_least(errors, rounding)
    others = errors.copy()
    others[best, columns] = np.inf
    next_best = first_least(others, rounding)
    chosen, other = values[best, :, columns].T, values[next_best, :, columns].T
    return chosen, np.maximum(errors[best, columns], np.abs(chosen - other).max(axis=0))


def along(here: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Interpolate through any number of points as the rows of a life are.

    Parameters
    ----------
    here : ndarray, shape (points,)
        The clock at the points, increasing.
    values : ndarray, shape (points,) or (points, columns)
        The values there.
    wanted : ndarray, shape (n,)
        Where they are asked for; NaN comes out for what is not between two points.
    """
    table = values if values.ndim == 2 else values[:, None]
    interpolated = np.full((len(wanted), table.shape[1]), np.nan)
    interpolated[wanted == here[0]] = table[0]
    for end in range(1, len(here)):
        inside = (wanted > here[end - 1]) & (wanted <= here[end])
        if inside.any():
            part = slice(max(end + 1 - MOST_POINTS, 0), end + 1)
            interpolated[inside] = last_span(here[part], table[part], wanted[inside])[0]
    return interpolated if values.ndim == 2 else interpolated[:, 0]


def _over(here: np.ndarray, table: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, at = here - here[-1], wanted - here[-1]
    span = slice(-2, None)
    chord = (table[-1] - table[-2]) / (x[-1] - x[-2])
    steepness = np.divide(
        _slopes(x, table), chord, out=np.zeros((2, table.shape[1])), where=chord != 0
    )
    slopes = np.clip(steepness, 0, _STEEPEST) * chord
    values = _cubic(x[span], table[span], slopes, at)
    parabola, _ = _newton(x[-3:], table[-3:], at)
    return values, np.abs(values - parabola).max(axis=0)


def _cubic(x: np.ndarray, y: np.ndarray, slopes: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return the cubic of the values and slopes at two points, at some places.

    ``c_3 + c_2 s + c_1 s^2 + c_0 s^3`` with ``s`` from the first point, summed in that order, as
    SciPy's ``CubicHermiteSpline`` is: making one of those takes longer than all the rest.
    """
    width = x[1] - x[0]
    chord = (y[1] - y[0]) / width
    bent = (slopes[0] + slopes[1] - 2 * chord) / width
    s = (at - x[0])[:, None]
    square = s * s
    value: np.ndarray = (
        y[0] + slopes[0] * s + ((chord - slopes[0]) / width - bent) * square
    ) + bent / width * (square * s)
    return value


def _slopes(x: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Return the slopes at the last two points of the polynomial through all."""
    return _newton(x, table, x[-2:])[1]


def _newton(x: np.ndarray, table: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the polynomial through all points, and its slope, at some places.

    Newton's form with divided differences ``c_k = f[x_0, ..., x_k]``, by Horner's rule
    from the last: ``p <- c_k + (x - x_k) p``. Sums of a few numbers in a fixed order, so
    no linear algebra whose last bit depends on the machine.

    Parameters
    ----------
    x, table : ndarray, shapes (points,) and (points, columns)
        The points.
    at : ndarray, shape (n,)
        The places.
    """
    differences = table.astype(float)
    for order in range(1, len(x)):
        steps = (x[order:] - x[:-order])[:, None]
        differences[order:] = (differences[order:] - differences[order - 1 : -1]) / steps
    value = np.zeros((len(at), table.shape[1]))
    slope = value
    for node, coefficient in zip(x[::-1], differences[::-1], strict=True):
        away = (at - node)[:, None]
        slope = value + away * slope
        value = coefficient + away * value
    return value, slope
