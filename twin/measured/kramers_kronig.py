"""The linear Kramers-Kronig test: whether a spectrum can be that of a linear, steady cell.

A series of an ohmic resistance, M parallel RC elements with time constants spread evenly over
the logarithm of the measured range, a capacitance and an inductance

    Z(w) = R0 + sum_k R_k / (1 + i w tau_k) + 1 / (i w C) + i w L

obeys the Kramers-Kronig relations whatever R_k are, negative ones too. The R_k, R0, 1/C and L
follow from linear least squares, each point weighted by 1 / |Z|. What the series cannot follow
is not linear, not steady in time or not causal.

M is four a decade, at most the number of points (Boukamp: up to seven): then an ideal RC circuit
is followed to 4e-3 with three points a decade and to 1e-3 with five or more. A cell whose arcs
grow by 10 % while it is measured from 100 kHz to 10 mHz leaves 1 %, by 30 % some 3 %; one that
grows as evenly as the logarithm of the frequency half of that.

References
----------
B. A. Boukamp, J. Electrochem. Soc. 142 (1995) 1885, doi:10.1149/1.2044210 (the test);
M. Schönleber, D. Klotz, E. Ivers-Tiffée, Electrochim. Acta 131 (2014) 20,
doi:10.1016/j.electacta.2014.01.034 (mu).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

GOOD, FAIR = 0.01, 0.03
"""The largest residual, as a share of |Z|, of a sound and of a doubtful spectrum."""
PER_DECADE = 4
FEWEST_POINTS = 6


@dataclass(frozen=True)
class KramersKronig:
    """How well a spectrum obeys the Kramers-Kronig relations.

    Attributes
    ----------
    residual_re, residual_im : array
        What the series leaves of the real and the imaginary part, as shares of |Z|.
    elements : int
        How many RC elements it has.
    mu : float
        Schönleber's mu: 1 less the sum of negative over that of positive resistances.
    verdict : {"sound", "doubtful", "unsound", "too few points"}
        By the largest residual: up to 1 %, up to 3 %, more.
    """

    residual_re: np.ndarray
    residual_im: np.ndarray
    elements: int
    mu: float
    verdict: str

    @property
    def largest(self) -> float:
        """The largest residual, as a share of |Z|."""
        both = np.abs(np.concatenate([self.residual_re, self.residual_im]))
        return float(both.max()) if len(both) else float("nan")

    @property
    def rms(self) -> float:
        """The root mean square of the residuals of both parts, as a share of |Z|."""
        both = np.concatenate([self.residual_re, self.residual_im])
        return float(np.sqrt(np.mean(both**2))) if len(both) else float("nan")

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "verdict": self.verdict,
            "largest_residual": self.largest,
            "rms_residual": self.rms,
            "elements": self.elements,
            "mu": self.mu,
            "residual_re": self.residual_re.tolist(),
            "residual_im": self.residual_im.tolist(),
        }


def check_spectrum(frequency: np.ndarray, impedance: np.ndarray) -> KramersKronig:
    """Test a spectrum.

    Parameters
    ----------
    frequency : array
        f [Hz].
    impedance : array
        Z [Ohm], complex.
    """
    count = len(frequency)
    if count < FEWEST_POINTS or not np.all(np.abs(impedance) > 0):
        return KramersKronig(np.empty(0), np.empty(0), 0, float("nan"), "too few points")
    omega = 2 * np.pi * np.asarray(frequency, dtype=float)
    decades = np.log10(omega.max() / omega.min())
    elements = int(np.clip(round(PER_DECADE * decades), 3, count))
    left, mu = _fitted(omega, impedance, elements)
    largest = float(np.abs(np.concatenate([left.real, left.imag])).max())
    verdict = "sound" if largest <= GOOD else "doubtful" if largest <= FAIR else "unsound"
    return KramersKronig(left.real, left.imag, elements, mu, verdict)


def _fitted(omega: np.ndarray, impedance: np.ndarray, elements: int) -> tuple[np.ndarray, float]:
    """Return what a series of so many elements leaves, as shares of |Z|, and its mu."""
    tau = np.geomspace(1 / omega.max(), 1 / omega.min(), elements)
    size = np.abs(impedance)
    columns = np.column_stack(
        [
            np.ones_like(omega, dtype=complex),
            1 / (1 + 1j * np.outer(omega, tau)),
            # Both scaled to the middle of the range, for the condition of the matrix.
            1 / (1j * omega / np.sqrt(omega.min() * omega.max())),
            1j * omega / omega.max(),
        ]
    )
    weighted = columns / size[:, None]
    stacked = np.vstack([weighted.real, weighted.imag])
    wanted = np.concatenate([impedance.real / size, impedance.imag / size])
    values, *_ = np.linalg.lstsq(stacked, wanted, rcond=None)
    of_rc = values[1 : 1 + elements]
    positive, negative = of_rc[of_rc >= 0].sum(), -of_rc[of_rc < 0].sum()
    mu = 1 - negative / positive if positive > 0 else 0.0
    return (impedance - columns @ values) / size, float(mu)
