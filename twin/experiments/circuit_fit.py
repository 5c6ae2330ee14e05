"""The fit of a circuit's elements to an impedance, from nothing but the data.

A non-negative least-squares fit over a grid of time constants shows which elements there are
and where; a complex non-linear least-squares fit within bounds, weighted by the modulus, makes
numbers of them; an element that the data do not determine is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares, nnls

from twin.experiments.elements import Kind, shape, slope

_PER_DECADE = 12
_MOST_ARCS = 24
# An element below this share of the modulus at its own frequency is not looked for: dust.
DUST = 3e-4
# An element whose resistance is not known to this is not determined by the data.
_UNDETERMINED = 0.5
# Of fits with fewer and fewer arcs beside a diffusion tail, the last that is no worse than
# this many times the best, or as good as a mesh allows, is taken; far from both, none is left.
_NOT_WORSE, _AS_GOOD, _LOST = 1.5, 3e-4, 10.0
# Resistances are sought within these times the modulus, its least and its largest; times
# within this of the data's own.
_RANGE, _BEYOND = 1e4, 100.0


@dataclass(frozen=True)
class Elements:
    """Elements in series with a plain resistance, by the logarithms of (R, tau)."""

    series: float
    kinds: tuple[Kind, ...]
    rows: np.ndarray
    spread: np.ndarray
    """The standard errors of the logarithms of the resistances."""
    error: float = np.inf

    def without(self, index: int) -> Elements:
        """Leave one element out."""
        kinds = self.kinds[:index] + self.kinds[index + 1 :]
        return Elements(self.series, kinds, np.delete(self.rows, index, axis=0), self.spread)

    def where(self, kind: Kind) -> list[tuple[float, float]]:
        """Return the resistance and the time of every element of a kind."""
        chosen = [row for row, own in zip(self.rows, self.kinds, strict=True) if own == kind]
        return [(float(np.exp(r)), float(np.exp(tau))) for r, tau in chosen]


def fit_elements(frequency: np.ndarray, z: np.ndarray, tail: Kind | None) -> Elements:
    """Fit arcs and a diffusion tail to an impedance."""
    tries: list[Elements] = []
    best = np.inf
    for start in _fewer_arcs(_first_guess(frequency, z, tail), tail):
        tries.append(_determined(frequency, z, start))
        best = min(best, tries[-1].error)
        if tries[-1].error > _LOST * max(best, _AS_GOOD):
            break
    return [t for t in tries if t.error <= max(_NOT_WORSE * best, _AS_GOOD)][-1]


def _fewer_arcs(guess: Elements, tail: Kind | None) -> Iterator[Elements]:
    """Yield a guess and, where there is a tail, those with its slowest arcs given to the tail.

    On a grid, diffusion can be made of arcs as well as of itself.
    """
    yield guess
    if tail is None or tail not in guess.kinds:
        return
    order = np.argsort(guess.rows[:, 1])
    arcs = [i for i in order if guess.kinds[i] == "arc"]
    own = guess.kinds.index(tail)
    for keep in range(len(arcs) - 1, -1, -1):
        given = np.exp(guess.rows[[*arcs[keep:], own]])
        resistance = given[:, 0].sum()
        tau = np.exp((given[:, 0] * np.log(given[:, 1])).sum() / resistance)
        kept = arcs[:keep]
        rows = np.vstack([guess.rows[kept], np.log([[resistance, tau]])])
        kinds = (*(guess.kinds[i] for i in kept), tail)
        yield Elements(guess.series, kinds, rows, guess.spread)


def _determined(frequency: np.ndarray, z: np.ndarray, start: Elements) -> Elements:
    """Fit, leaving out one at a time what the data do not determine, the smallest first.

    Of two in one place, the other is then known.
    """
    while True:
        found = _refine(frequency, z, start)
        loose = np.flatnonzero(found.spread >= _UNDETERMINED)
        unseen = [i for i in range(len(found.kinds)) if not _seen(frequency, z, found, i)]
        drop = [*loose, *unseen]
        if not drop:
            return found
        start = found.without(min(drop, key=lambda i: found.rows[i, 0]))


def _seen(frequency: np.ndarray, z: np.ndarray, found: Elements, index: int) -> bool:
    """Whether an element is large enough to be seen anywhere."""
    r, tau = np.exp(found.rows[index])
    own = r * shape(found.kinds[index], 2 * np.pi * frequency, tau)
    return bool(np.abs(own / z).max() > DUST)


def _first_guess(frequency: np.ndarray, z: np.ndarray, tail: Kind | None) -> Elements:
    """Find which elements there are, and roughly where (non-negative least squares)."""
    low, high = 1 / (2 * np.pi * frequency.max()), 1 / (2 * np.pi * frequency.min())
    decades = np.log10(high / low) + 1
    taus = np.logspace(np.log10(low) - 0.5, np.log10(high) + 0.5, int(decades * _PER_DECADE))
    kinds: list[Kind] = ["arc"]
    most: dict[Kind, int] = {"arc": _MOST_ARCS}
    if tail is not None:
        kinds.append(tail)
        most[tail] = 1
    omega = 2 * np.pi * frequency
    columns = [np.ones(len(z), complex)]
    columns += [shape(kind, omega, tau) for kind in kinds for tau in taus]
    table = np.array(columns).T / np.abs(z)[:, None]
    table = np.vstack([table.real, table.imag])
    scale = np.linalg.norm(table, axis=0)
    target = z / np.abs(z)
    weights, _ = nnls(
        table / scale, np.concatenate([target.real, target.imag]), maxiter=30 * table.shape[1]
    )
    weights = weights / scale
    order = np.argsort(omega)
    modulus = np.interp(-np.log(taus), np.log(omega[order]), np.abs(z)[order])
    rows: list[tuple[float, float]] = []
    own: list[Kind] = []
    for n, kind in enumerate(kinds):
        span = slice(1 + n * len(taus), 1 + (n + 1) * len(taus))
        found = _clusters(weights[span], taus, modulus)[: most[kind]]
        if not found and kind == tail:
            found = [(0.1 * float(np.abs(z).max()), float(high))]
        rows += found
        own += [kind] * len(found)
    if not rows:
        rows, own = [(float(np.abs(z).max()) / 10, float(np.sqrt(low * high)))], ["arc"]
    series = float(np.log(max(weights[0], 1e-3 * np.abs(z).min())))
    return Elements(series, tuple(own), np.log(np.array(rows)), np.zeros(len(rows)))


def _clusters(
    weights: np.ndarray, taus: np.ndarray, modulus: np.ndarray
) -> list[tuple[float, float]]:
    """Join neighbours on the grid into elements that can be seen, the clearest first."""
    found: list[tuple[float, float, float]] = []
    used = np.flatnonzero(weights > 1e-9 * max(weights.sum(), 1e-300))
    for group in np.split(used, np.flatnonzero(np.diff(used) > 1) + 1):
        if not len(group):
            continue
        share = weights[group]
        seen = float(share.sum() / modulus[group].min())
        if seen > DUST:
            centre = np.exp((share * np.log(taus[group])).sum() / share.sum())
            found.append((seen, float(share.sum()), float(centre)))
    return [(resistance, tau) for _, resistance, tau in sorted(found, reverse=True)]


def _refine(frequency: np.ndarray, z: np.ndarray, start: Elements) -> Elements:
    """Fit by complex non-linear least squares within bounds, weighted by the modulus."""
    weight, omega = 1 / np.abs(z), 2 * np.pi * frequency

    def columns(p: np.ndarray) -> np.ndarray:
        """The series resistance, then each element's impedance and its slope in its time."""
        found = np.empty((len(z), len(p)), dtype=complex)
        found[:, 0] = np.exp(p[0])
        for n, kind in enumerate(start.kinds):
            r, tau = np.exp(p[1 + 2 * n : 3 + 2 * n])
            own = shape(kind, omega, tau)
            found[:, 1 + 2 * n] = r * own
            found[:, 2 + 2 * n] = r * slope(kind, omega, tau, own)
        return found

    def misfit(p: np.ndarray) -> np.ndarray:
        found = np.exp(p[0]) - z
        for n, kind in enumerate(start.kinds):
            r, tau = np.exp(p[1 + 2 * n : 3 + 2 * n])
            found = found + r * shape(kind, omega, tau)
        found = found * weight
        return np.concatenate([found.real, found.imag])

    def jacobian(p: np.ndarray) -> np.ndarray:
        found = columns(p) * weight[:, None]
        return np.vstack([found.real, found.imag])

    low, high = _bounds(frequency, z, start)
    begin = np.clip(np.concatenate([[start.series], start.rows.reshape(-1)]), low, high)
    result = least_squares(
        misfit,
        begin,
        jac=jacobian,
        bounds=(low - 1e-9, high + 1e-9),
        x_scale="jac",
        xtol=1e-12,
        ftol=1e-12,
        gtol=1e-12,
        max_nfev=200,
    )
    count = len(result.fun)
    variance = (result.fun**2).sum() / max(count - len(begin), 1)
    inverse = np.linalg.pinv(result.jac.T @ result.jac)
    spread = np.sqrt(np.maximum(np.diag(inverse) * variance, 0))
    return Elements(
        float(result.x[0]),
        start.kinds,
        result.x[1:].reshape(-1, 2),
        spread[1::2],
        float(np.sqrt((result.fun**2).mean())),
    )


def _bounds(frequency: np.ndarray, z: np.ndarray, start: Elements) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the largest logarithms that make sense of these data."""
    modulus, omega = np.abs(z), 2 * np.pi * frequency
    resistance = np.log([modulus.min() / _RANGE, modulus.max() * _RANGE])
    time = np.log([1 / omega.max() / _BEYOND, 1 / omega.min() * _BEYOND])
    tail = np.log([1 / omega.max() / _BEYOND, 1 / omega.min() * _BEYOND**2])
    low, high = [resistance[0]], [resistance[1]]
    for kind in start.kinds:
        own = time if kind == "arc" else tail
        low += [resistance[0], own[0]]
        high += [resistance[1], own[1]]
    return np.array(low), np.array(high)
