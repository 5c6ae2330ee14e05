"""An equivalent circuit fitted to an impedance: arcs in series, and diffusion at the end.

    Z(w) = R_0 + sum_k R_k/(1 + i w R_k C_k) + Z_d(w)
    finite length   Z_d = R_d tanh(s)/s,   s = sqrt(i w tau_d)     (salt between two metals)
    finite space    Z_d = R_d coth(s)/s                            (sodium in particles)

The fit starts from nothing but the data: a non-negative least-squares fit over a grid of
time constants shows how many arcs there are and where; a complex non-linear least-squares
fit, weighted by the modulus, makes numbers of them; an arc that the data do not determine
is dropped. All per area: Ohm.m2 and F.m-2.

References: J. T. S. Irvine, D. C. Sinclair, A. R. West, Adv. Mater. 2 (1990) 132
(recalled), for which capacitance belongs to what.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import least_squares, nnls

Tail = Literal["none", "finite length", "finite space"]

VACUUM_PERMITTIVITY = 8.8541878128e-12  # F/m, CODATA 2018
_PER_DECADE = 12
_MOST_ARCS = 6
# An arc below this share of the whole is not looked for: numerical dust.
_DUST = 3e-4
# An arc whose resistance is not known to this is not determined by the data.
_UNDETERMINED = 0.5
# Of fits with fewer and fewer arcs beside a diffusion tail, the last that is no worse than
# this many times the best, or as good as a mesh allows, is taken.
_NOT_WORSE, _AS_GOOD = 1.5, 2e-3
# Which capacitance is whose: no bulk has a permittivity beyond this, no boundary in a
# pellet a capacitance per area like an interface's (0.1 uF/cm2).
_BULK_PERMITTIVITY = 150.0
_INTERFACE = 1e-3


@dataclass(frozen=True)
class Arc:
    """A resistance [Ohm.m2] beside a capacitance [F.m-2]; None where it has no arc."""

    resistance: float
    capacitance: float | None
    what: str = ""

    @property
    def frequency(self) -> float | None:
        """The top of the arc [Hz]."""
        if not self.capacitance or self.resistance <= 0:
            return None
        return 1 / (2 * np.pi * self.resistance * self.capacitance)

    def impedance(self, frequency: np.ndarray) -> np.ndarray:
        """Return its impedance [Ohm.m2]."""
        tau = self.resistance * (self.capacitance or 0.0)
        return self.resistance / (1 + 2j * np.pi * frequency * tau)


@dataclass(frozen=True)
class Fit:
    """A fitted circuit.

    Attributes
    ----------
    arcs : tuple of Arc
        From high to low frequency, each with what it is; the first may be a plain
        resistance, where its arc lies beyond the highest frequency.
    diffusion : tuple of float or None
        Resistance [Ohm.m2] and time constant [s] of the diffusion element.
    error : float
        Root mean square of the residual over the modulus.
    lowest : float
        The lowest frequency [Hz].
    """

    arcs: tuple[Arc, ...]
    diffusion: tuple[float, float] | None
    error: float
    tail: Tail = "none"
    lowest: float = 0.0

    @property
    def bend(self) -> tuple[float, float] | None:
        """The diffusion element, if its bend is near enough to the data to be known.

        Far below the lowest frequency it is but a slope, far above it but a capacity.
        """
        if self.diffusion is None:
            return None
        turn = 2 * np.pi * self.lowest * self.diffusion[1]
        return self.diffusion if 1e-4 < turn < 1e2 else None

    def resistance(self, what: str) -> float:
        """Return the resistance of all arcs of a kind [Ohm.m2]."""
        return sum(arc.resistance for arc in self.arcs if arc.what == what)

    def capacitance(self, what: str) -> float | None:
        """Return the capacitance of the largest arc of a kind [F.m-2]."""
        known = [a for a in self.arcs if a.what == what and a.capacitance is not None]
        return max(known, key=lambda a: a.resistance).capacitance if known else None

    def impedance(self, frequency: np.ndarray) -> np.ndarray:
        """Return the circuit's impedance [Ohm.m2]."""
        z = sum((arc.impedance(frequency) for arc in self.arcs), np.zeros(len(frequency), complex))
        if self.diffusion is not None:
            z = z + self.diffusion[0] * _tail(self.tail, frequency, self.diffusion[1])
        return z


def fit(frequency: np.ndarray, z: np.ndarray, thickness: float, tail: Tail = "none") -> Fit:
    """Fit arcs (and a diffusion tail) to an impedance.

    Parameters
    ----------
    frequency : ndarray
        In Hz.
    z : ndarray
        Impedance [Ohm.m2].
    thickness : float
        Of the electrolyte [m]; tells bulk from boundaries by their permittivity.
    tail : {"none", "finite length", "finite space"}
        What diffusion there may be at low frequency.
    """
    guess = _first_guess(frequency, z, tail)
    tries = [_determined(frequency, z, start, tail) for start in _fewer_arcs(guess)]
    best = min(refined.error for refined in tries)
    simplest = [r for r in tries if r.error <= max(_NOT_WORSE * best, _AS_GOOD)][-1]
    return _named(simplest, thickness, tail, float(frequency.min()))


def _fewer_arcs(guess: _Guess) -> list[_Guess]:
    """Return a guess and, where there is a tail, those with its slowest arcs given to the tail.

    On a grid, diffusion can be made of arcs as well as of itself.
    """
    found = [guess]
    if guess.tail is None:
        return found
    arcs = guess.arcs[np.argsort(guess.arcs[:, 1])]
    for keep in range(len(arcs) - 1, -1, -1):
        rows = np.exp(np.vstack([arcs[keep:], guess.tail]))
        resistance = rows[:, 0].sum()
        tau = np.exp((rows[:, 0] * np.log(rows[:, 1])).sum() / resistance)
        found.append(_Guess(guess.series, arcs[:keep], np.log(np.array([resistance, tau]))))
    return found


def _determined(frequency: np.ndarray, z: np.ndarray, start: _Guess, tail: Tail) -> _Refined:
    """Fit, leaving out what the data do not determine."""
    while True:
        found = _refine(frequency, z, start, tail)
        count, p = start.count, found.parameters
        arcs = p[1 : 1 + 2 * count].reshape(-1, 2)
        loose = np.flatnonzero(found.spread[1 : 1 + 2 * count : 2] >= _UNDETERMINED)
        own = None if start.tail is None else p[-2:]
        if own is not None and not _matters(frequency, z, found, tail):
            own = None
        if not len(loose) and (own is None) == (start.tail is None):
            return found
        if len(loose):
            # One at a time, the smallest first: of two in one place, the other is then known.
            arcs = np.delete(arcs, loose[np.argmin(arcs[loose, 0])], axis=0)
        start = _Guess(p[0], arcs, own)


def _matters(frequency: np.ndarray, z: np.ndarray, found: _Refined, tail: Tail) -> bool:
    """Whether a fitted tail is known, and large enough to be seen anywhere."""
    log_r, log_tau = found.parameters[-2:]
    share = np.abs(np.exp(log_r) * _tail(tail, frequency, np.exp(log_tau)) / z).max()
    return bool(found.spread[-2] < _UNDETERMINED and share > _DUST)


@dataclass
class _Guess:
    """Logarithms of what the fit starts from: R_0, rows of (R, tau), and the tail's."""

    series: float
    arcs: np.ndarray
    tail: np.ndarray | None

    @property
    def count(self) -> int:
        return len(self.arcs)

    @property
    def vector(self) -> np.ndarray:
        parts = [np.array([self.series]), self.arcs.reshape(-1)]
        return np.concatenate(parts if self.tail is None else [*parts, self.tail])


def _tail(kind: Tail, frequency: np.ndarray, tau: float) -> np.ndarray:
    s = np.sqrt(2j * np.pi * frequency * tau)
    # tanh of a large argument is one; numpy's overflows on the way.
    tanh = np.where(s.real > 20, 1.0 + 0j, np.tanh(np.where(s.real > 20, 1.0, s)))
    return tanh / s if kind == "finite length" else 1 / (tanh * s)


def _first_guess(frequency: np.ndarray, z: np.ndarray, tail: Tail) -> _Guess:
    """Find how many arcs there are, and roughly where (non-negative least squares)."""
    low, high = 1 / (2 * np.pi * frequency.max()), 1 / (2 * np.pi * frequency.min())
    decades = np.log10(high / low) + 1
    taus = np.logspace(np.log10(low) - 0.5, np.log10(high) + 0.5, int(decades * _PER_DECADE))
    columns = [np.ones(len(z), complex)]
    columns += [1 / (1 + 2j * np.pi * frequency * tau) for tau in taus]
    if tail != "none":
        columns += [_tail(tail, frequency, tau) for tau in taus]
    table = np.array(columns).T / np.abs(z)[:, None]
    target = z / np.abs(z)
    weights, _ = nnls(
        np.vstack([table.real, table.imag]), np.concatenate([target.real, target.imag])
    )
    n = len(taus)
    arcs = _clusters(weights[1 : n + 1], taus)
    found = np.log(np.array(arcs[:_MOST_ARCS] or [(np.abs(z).max() / 10, np.sqrt(low * high))]))
    series = np.log(max(weights[0], 1e-3 * z.real.min(), 1e-12))
    if tail == "none":
        return _Guess(series, found, None)
    tails = _clusters(weights[n + 1 :], taus)
    most = tails[0] if tails else (0.1 * np.abs(z).max(), high)
    return _Guess(series, found, np.log(np.array(most)))


def _clusters(weights: np.ndarray, taus: np.ndarray) -> list[tuple[float, float]]:
    """Join neighbours on the grid into arcs, the largest first."""
    total = weights.sum()
    found: list[tuple[float, float]] = []
    used = np.flatnonzero(weights > 1e-9 * max(total, 1e-300))
    for group in np.split(used, np.flatnonzero(np.diff(used) > 2) + 1):
        share = weights[group]
        if len(group) and share.sum() > _DUST * total:
            centre = np.exp((share * np.log(taus[group])).sum() / share.sum())
            found.append((float(share.sum()), float(centre)))
    return sorted(found, reverse=True)


@dataclass(frozen=True)
class _Refined:
    """Fitted logarithms, their standard errors, the relative residual, and how many arcs."""

    parameters: np.ndarray
    spread: np.ndarray
    error: float
    count: int
    tailed: bool


def _refine(frequency: np.ndarray, z: np.ndarray, start: _Guess, tail: Tail) -> _Refined:
    """Fit by complex non-linear least squares, weighted by the modulus."""
    count, weight = start.count, 1 / np.abs(z)
    omega = 2j * np.pi * frequency[:, None]

    def parts(p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Each element's impedance, and its slope in the logarithm of its time."""
        log_r, log_tau = p[1 : 1 + 2 * count].reshape(-1, 2).T
        turning = omega * np.exp(log_tau)
        arcs = np.exp(log_r) / (1 + turning)
        slopes = -arcs * turning / (1 + turning)
        if start.tail is not None:
            r, tau = np.exp(p[-2:])
            element = r * _tail(tail, frequency, tau)
            step = 1e-5
            slope = r * _tail(tail, frequency, tau * np.exp(step)) - element
            arcs = np.column_stack([arcs, element])
            slopes = np.column_stack([slopes, slope / step])
        return arcs, slopes

    def misfit(p: np.ndarray) -> np.ndarray:
        off = (np.exp(p[0]) + parts(p)[0].sum(axis=1) - z) * weight
        return np.concatenate([off.real, off.imag])

    def jacobian(p: np.ndarray) -> np.ndarray:
        elements, slopes = parts(p)
        columns = np.empty((len(z), len(p)), dtype=complex)
        columns[:, 0] = np.exp(p[0])
        columns[:, 1::2], columns[:, 2::2] = elements, slopes
        columns *= weight[:, None]
        return np.vstack([columns.real, columns.imag])

    begin = start.vector
    result = least_squares(
        misfit,
        begin,
        jac=jacobian,
        bounds=(begin - 25, begin + 25),
        x_scale="jac",
        xtol=1e-12,
        ftol=1e-12,
        gtol=1e-12,
        max_nfev=200,
    )
    rows = len(result.fun)
    variance = (result.fun**2).sum() / max(rows - len(begin), 1)
    inverse = np.linalg.pinv(result.jac.T @ result.jac)
    spread = np.sqrt(np.maximum(np.diag(inverse) * variance, 0))
    error = float(np.sqrt((result.fun**2).mean()))
    return _Refined(result.x, spread, error, start.count, start.tail is not None)


def _named(found: _Refined, thickness: float, tail: Tail, lowest: float) -> Fit:
    parameters = found.parameters
    rows = np.exp(parameters[1 : 1 + 2 * found.count].reshape(-1, 2))
    arcs = [Arc(r, tau / r) for r, tau in sorted(rows.tolist(), key=lambda row: row[1])]
    named = [Arc(a.resistance, a.capacitance, _what(a, thickness)) for a in arcs]
    series = float(np.exp(parameters[0]))
    total = series + float(rows[:, 0].sum())
    if series > _DUST * total:
        # What no arc shows lies beyond the highest frequency: the fastest thing there is.
        bulk = "bulk" if all(a.what != "bulk" for a in named) else "series"
        named.insert(0, Arc(series, None, bulk))
    diffusion = None
    if found.tailed:
        diffusion = (float(np.exp(parameters[-2])), float(np.exp(parameters[-1])))
    return Fit(tuple(named), diffusion, found.error, tail, lowest)


def _what(arc: Arc, thickness: float) -> str:
    assert arc.capacitance is not None
    if arc.capacitance > _INTERFACE:
        return "interface"
    if arc.capacitance * thickness / VACUUM_PERMITTIVITY < _BULK_PERMITTIVITY:
        return "bulk"
    return "grain boundary"
