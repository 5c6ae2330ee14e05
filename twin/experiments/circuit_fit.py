"""The fit of a circuit's elements to an impedance.

A non-negative least-squares fit over a grid of time constants shows which elements there are
and where; a complex non-linear least-squares fit within bounds, weighted by the modulus, makes
numbers of them; an element that the data do not determine is dropped. That much is from the
data alone. Where the microstructure says the ratio of a boundary's capacitance to a grain's,
a second fit holds the two to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import least_squares, nnls

from twin.experiments.elements import Kind, shape, shapes, slopes

_MOST_STEPS = 200
_PER_DECADE = 12
_MOST_ARCS = 24
# An element below this share of the modulus at its own frequency is not looked for: dust.
DUST = 3e-4
# An element whose resistance is not known to this is not determined by the data.
_UNDETERMINED = 0.5
# Of fits with fewer and fewer arcs beside a diffusion tail, the last that is no worse than
# this many times the best, or as good as a mesh allows, is taken; far from both, none is left.
_NOT_WORSE, _AS_GOOD, _LOST = 1.5, 3e-4, 10.0
# Of two starts, the later is taken where it ends so many times nearer.
_CLEARLY = 1.1
# A circuit nearer than this is the data's own: nothing is traded in it.
_EXACT = 1e-6
_ARC: tuple[Kind, ...] = ("arc",)
_BRICKS: tuple[Kind, ...] = ("grains", "boundaries")
# Grains and boundaries are fitted from so many times below the boundaries' frequency, beside
# arcs spread so many a decade over it and a little to both sides, each of this share at first.
_WINDOW, _SIDE, _SHARE, _SPREADS = 30.0, 4.0, 0.05, (1.5, 2.5, 4.0, 6.0)
# How far these may move from where the free fit has them, in resistance and time.
_STAYS = 3.0
# Other arcs are sought down to this share of dust beside them: from nothing none comes back.
_TENTH = 0.1
# Resistances are sought within these times the modulus, its least and its largest; times
# within this of the data's own.
_RANGE, _BEYOND = 1e9, 100.0


@dataclass(frozen=True)
class Elements:
    """Elements in series with a plain resistance, by the logarithms of (R, tau)."""

    series: float
    kinds: tuple[Kind, ...]
    rows: np.ndarray
    spread: np.ndarray
    """The standard errors of the logarithms of the resistances."""
    error: float = np.inf
    bricks: float = 1.0
    """The capacitance of ``"boundaries"`` over that of ``"grains"``, where there are these."""
    pinned: bool = False
    """Whether these two are known already."""

    def without(self, index: int) -> Elements:
        """Leave one element out."""
        kinds = self.kinds[:index] + self.kinds[index + 1 :]
        rows = np.delete(self.rows, index, axis=0)
        return replace(self, kinds=kinds, rows=rows)

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


def fit_bricks(
    frequency: np.ndarray,
    z: np.ndarray,
    elements: Elements,
    grains: list[float],
    boundaries: list[float],
    bricks: float,
) -> Elements:
    """Fit again with the boundaries as one arc of a known capacitance over the grains'.

    Arcs beside each other can trade resistance for capacitance at next to no misfit; where
    the microstructure says the ratio of two, they cannot. A circuit that the data refute is
    not taken.

    Parameters
    ----------
    elements : Elements
        A free fit.
    grains, boundaries : list of float
        The times of its arcs [s] that are the grains and the boundaries.
    bricks : float
        The ratio.
    """
    rows: list[list[float]] = []
    taken: set[int] = set()
    for times in (grains, boundaries):
        own = _arcs_at(elements, times)
        taken |= set(own)
        resistance = np.exp(elements.rows[own, 0])
        tau = (resistance * elements.rows[own, 1]).sum() / resistance.sum()
        rows.append([np.log(resistance.sum()), tau])
    if elements.error < _EXACT:
        return elements
    high = _above(frequency, z, np.array(rows), bricks)
    # Of the arcs, those beside the boundaries' are the high part's, the slower ones the whole's.
    edge = high.rows[1, 1] + np.log(_WINDOW / _SIDE)
    beside = [i for i, k in enumerate(high.kinds) if k == "arc" and high.rows[i, 1] < edge]
    rest = [
        i
        for i, k in enumerate(elements.kinds)
        if i not in taken and (k != "arc" or elements.rows[i, 1] >= edge)
    ]
    kinds = (*_BRICKS, *(high.kinds[i] for i in beside), *(elements.kinds[i] for i in rest))
    start = Elements(
        elements.series,
        kinds,
        np.vstack([high.rows[[0, 1, *beside]], elements.rows[rest]]),
        np.zeros(len(kinds)),
        bricks=bricks,
        pinned=True,
    )
    whole = _determined(frequency, z, start)
    return whole if whole.error <= max(_NOT_WORSE * elements.error, _AS_GOOD) else elements


def _arcs_at(elements: Elements, times: list[float]) -> list[int]:
    """Return which arcs have these times [s]; they may be far below any absolute margin."""
    logs = np.log(times)
    return [
        i
        for i, (_, tau) in enumerate(elements.rows)
        if elements.kinds[i] == "arc" and np.abs(logs - tau).min() < 1e-9
    ]


def _above(frequency: np.ndarray, z: np.ndarray, pair: np.ndarray, bricks: float) -> Elements:
    """Fit grains and boundaries to what lies above and around the boundaries' frequency.

    There the misfit is not what diffusion far below leaves, so that more arcs beside the
    boundaries' are determined. They are sought from several even spreads, more and more
    dense; a denser one is taken where it is clearly nearer.
    """
    (r_g, tau_g), (_, tau_b) = pair
    # As resistance and time are traded, the better known of the two, the time, gives both.
    r_b = tau_b - np.log(bricks) - (tau_g - r_g)
    near = frequency > 1 / (2 * np.pi * np.exp(tau_b)) / _WINDOW
    best: Elements | None = None
    for per_decade in _SPREADS:
        decades = np.log10(_SIDE * _WINDOW * _SIDE)
        taus = tau_b + np.linspace(
            -np.log(_SIDE), np.log(_WINDOW * _SIDE), int(decades * per_decade)
        )
        arcs = np.column_stack([np.full(len(taus), r_b + np.log(_SHARE)), taus])
        start = Elements(
            float(r_b + np.log(_SHARE)),
            (*_BRICKS, *_ARC * len(taus), "finite space"),
            np.vstack([[r_g, tau_g], [r_b, tau_b], arcs, [r_b + np.log(_SHARE), tau_b]]),
            np.zeros(len(taus) + 3),
            bricks=bricks,
        )
        # Once from the spread, and once with the others put in their places first.
        placed = replace(
            _refine(frequency[near], z[near], replace(start, pinned=True)), pinned=False
        )
        for begin in (start, placed):
            elements = _determined(frequency[near], z[near], begin)
            if best is None or elements.error < best.error / _CLEARLY:
                best = elements
    assert best is not None
    return best


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
        elements = _refine(frequency, z, start)
        loose = np.flatnonzero(elements.spread >= _UNDETERMINED)
        unseen = [i for i in range(len(elements.kinds)) if not _seen(frequency, z, elements, i)]
        drop = [i for i in {*loose.tolist(), *unseen} if elements.kinds[i] not in _BRICKS]
        if not drop:
            return elements
        start = elements.without(min(drop, key=lambda i: elements.rows[i, 0]))


def _seen(frequency: np.ndarray, z: np.ndarray, elements: Elements, index: int) -> bool:
    """Whether an element is large enough to be seen anywhere."""
    r, tau = np.exp(elements.rows[index])
    own = r * shape(elements.kinds[index], 2 * np.pi * frequency, tau)
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
        clusters = _clusters(weights[span], taus, modulus)[: most[kind]]
        if not clusters and kind == tail:
            clusters = [(0.1 * float(np.abs(z).max()), float(high))]
        rows += clusters
        own += [kind] * len(clusters)
    if not rows:
        rows, own = [(float(np.abs(z).max()) / 10, float(np.sqrt(low * high)))], ["arc"]
    series = float(np.log(max(weights[0], 1e-3 * np.abs(z).min())))
    return Elements(series, tuple(own), np.log(np.array(rows)), np.zeros(len(rows)))


def _clusters(
    weights: np.ndarray, taus: np.ndarray, modulus: np.ndarray
) -> list[tuple[float, float]]:
    """Join neighbours on the grid into elements that can be seen, the clearest first."""
    clusters: list[tuple[float, float, float]] = []
    used = np.flatnonzero(weights > 1e-9 * max(weights.sum(), 1e-300))
    for group in np.split(used, np.flatnonzero(np.diff(used) > 1) + 1):
        if not len(group):
            continue
        share = weights[group]
        seen = float(share.sum() / modulus[group].min())
        if seen > DUST:
            centre = np.exp((share * np.log(taus[group])).sum() / share.sum())
            clusters.append((seen, float(share.sum()), float(centre)))
    return [(resistance, tau) for _, resistance, tau in sorted(clusters, reverse=True)]


def _refine(frequency: np.ndarray, z: np.ndarray, start: Elements) -> Elements:
    """Fit by complex non-linear least squares within bounds, weighted by the modulus."""
    weight, omega = 1 / np.abs(z), 2 * np.pi * frequency

    low, high = _bounds(frequency, z, start)
    begin = np.clip(np.concatenate([[start.series], start.rows.reshape(-1)]), low, high)
    free, spread_out, known = _ties(start)

    def parts(q: np.ndarray) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
        p = spread_out @ q + known
        resistance, taus = np.exp(p[1:].reshape(-1, 2)).T
        return float(np.exp(p[0])), resistance, taus, shapes(start.kinds, omega, taus)

    def misfit(q: np.ndarray) -> np.ndarray:
        series, resistance, _, own = parts(q)
        difference = (series + own @ resistance - z) * weight
        return np.concatenate([difference.real, difference.imag])

    def jacobian(q: np.ndarray) -> np.ndarray:
        series, resistance, taus, own = parts(q)
        columns = np.empty((len(z), 1 + 2 * len(taus)), dtype=complex)
        columns[:, 0] = series
        columns[:, 1::2] = resistance * own
        columns[:, 2::2] = resistance * slopes(start.kinds, omega, taus, own)
        columns *= weight[:, None]
        return np.asarray(np.vstack([columns.real, columns.imag]) @ spread_out)

    result = least_squares(
        misfit,
        begin[free],
        jac=jacobian,
        bounds=(low[free] - 1e-9, high[free] + 1e-9),
        x_scale="jac",
        xtol=1e-12,
        ftol=1e-12,
        gtol=1e-12,
        max_nfev=_MOST_STEPS,
    )
    count = len(result.fun)
    variance = (result.fun**2).sum() / max(count - len(free), 1)
    inverse = spread_out @ np.linalg.pinv(result.jac.T @ result.jac) @ spread_out.T
    spread = np.sqrt(np.maximum(np.diag(inverse) * variance, 0))
    p = spread_out @ result.x + known
    return Elements(
        float(p[0]),
        start.kinds,
        p[1:].reshape(-1, 2),
        spread[1::2],
        float(np.sqrt((result.fun**2).mean())),
        start.bricks,
        start.pinned,
    )


def _ties(start: Elements) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which logarithms are free, and how all follow from those: ``p = A q + c``.

    ``C_gb = b C_g`` is ``log tau_gb = log R_gb + log b + log tau_g - log R_g``.
    """
    size = 1 + 2 * len(start.kinds)
    matrix, known = np.eye(size), np.zeros(size)
    if "boundaries" not in start.kinds:
        return np.arange(size), matrix, known
    ours = 1 + 2 * start.kinds.index("boundaries")
    grains = 1 + 2 * start.kinds.index("grains")
    matrix[ours + 1] = 0
    matrix[ours + 1, [ours, grains, grains + 1]] = 1, -1, 1
    known[ours + 1] = np.log(start.bricks)
    held = [ours + 1]
    if start.pinned:
        held = [grains, grains + 1, ours, ours + 1]
        matrix[held], known[held] = 0, start.rows[[0, 0, 1, 1], [0, 1, 0, 1]]
    free = np.delete(np.arange(size), held)
    return free, matrix[:, free], known


def _bounds(frequency: np.ndarray, z: np.ndarray, start: Elements) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the largest logarithms that make sense of these data.

    Grains and boundaries stay near where they were found, and other arcs below them, so that
    none takes another's place.
    """
    modulus, omega = np.abs(z), 2 * np.pi * frequency
    resistance = np.log([modulus.min() / _RANGE, modulus.max() * _RANGE])
    slowest = np.log(_BEYOND / omega.min())
    fastest = np.log(1 / omega.max() / _BEYOND)
    below, least = fastest, resistance[0]
    if "grains" in start.kinds:
        below = start.rows[:2, 1].mean()
        least = start.rows[1, 0] + np.log(_TENTH * DUST)
    low, high = [resistance[0]], [resistance[1]]
    for kind, row in zip(start.kinds, start.rows, strict=True):
        if kind in _BRICKS:
            low += list(row - np.log(_STAYS))
            high += list(row + np.log(_STAYS))
        else:
            low += [least if kind == "arc" else resistance[0], below if kind == "arc" else fastest]
            high += [resistance[1], slowest + (0 if kind == "arc" else np.log(_BEYOND))]
    return np.array(low), np.array(high)
