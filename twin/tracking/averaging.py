"""Posteriors under several laws of the cycles, averaged by their evidence.

A law ``m`` that is believed with the probability ``p_m`` before any reading, and under which the
readings have the evidence ``Z_m`` (their likelihood over all lives and clocks that it admits), has
afterwards::

    P(m | y) = p_m Z_m/sum_k p_k Z_k

and what is known of a cell is the mixture of what each law says by these (J. A. Hoeting,
D. Madigan, A. E. Raftery, C. T. Volinsky, Stat. Sci. 14 (1999) 382). A law that can bend to any
reading spreads its evidence over all of them, and yields to a stiffer one that told them just as
well. Each law has weights of its own: tempering (:mod:`twin.tracking.posterior`), which draws lives
of one law together, leaves the choice between laws as sharp as the readings make it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.special import logsumexp

from twin.tracking.posterior import Posterior
from twin.tracking.weights import effective_size


def averaged(laws: Sequence[tuple[float, Posterior]]) -> Posterior:
    """Return the mixture of posteriors under several laws.

    Parameters
    ----------
    laws : sequence of (float, Posterior)
        The probability of each law before any reading, and what is known under it.
    """
    if len(laws) == 1:
        return laws[0][1]
    logs = np.log([p for p, _ in laws]) + np.array([of.log_evidence for _, of in laws])
    shares = np.exp(logs - logsumexp(logs))
    parts = [of for _, of in laws]
    by_life = np.sum([s * of.life_weights for s, of in zip(shares, parts, strict=True)], axis=0)
    first = parts[int(np.argmax(shares))]
    return replace(
        first,
        lives=np.concatenate([of.lives for of in parts]),
        weights=np.concatenate([s * of.weights for s, of in zip(shares, parts, strict=True)]),
        life_weights=by_life,
        log_remaining=np.concatenate([of.log_remaining for of in parts]),
        targets={k: np.concatenate([of.targets[k] for of in parts]) for k in first.targets},
        effective=effective_size(by_life),
        effective_full=float(shares @ np.array([of.effective_full for of in parts])),
        log_evidence=float(logsumexp(logs)),
    )
