"""Shares of a loss that players cause together: Shapley's values and their interactions.

``v(S)`` is the loss with the players of the coalition ``S`` alone. Player ``i`` of ``n``
gets the mean of what it adds, over all orders in which the players may join::

    phi_i = sum_{S without i} |S|! (n - |S| - 1)! / n!  [v(S + i) - v(S)]

so that the shares add up to ``v(all) - v(none)``, a player that never adds anything gets
nothing, and two that always add the same get the same. Of a pair, the interaction index::

    I_ij = sum_{S without i, j} |S|! (n - |S| - 2)! / (n - 1)!
           [v(S + i + j) - v(S + i) - v(S + j) + v(S)]

is positive where the two together lose more than each by itself, negative where they
lose the same capacity twice.

References: L. S. Shapley, in Contributions to the Theory of Games II (1953) 307;
M. Grabisch, M. Roubens, Int. J. Game Theory 28 (1999) 547.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from math import factorial

Coalition = frozenset[str]


def coalitions(players: Sequence[str]) -> list[Coalition]:
    """Return every subset of the players, smaller ones first."""
    return [
        frozenset(chosen)
        for size in range(len(players) + 1)
        for chosen in combinations(players, size)
    ]


def shapley(players: Sequence[str], value: Mapping[Coalition, float]) -> dict[str, float]:
    """Return each player's share of ``value[all] - value[none]``.

    Parameters
    ----------
    players : sequence of str
        The players.
    value : mapping
        The loss of every coalition.
    """
    n = len(players)
    shares = {}
    for i in players:
        shares[i] = sum(
            _weight(len(s), n, 1) * (value[s | {i}] - value[s]) for s in _without(players, i)
        )
    return shares


def interactions(
    players: Sequence[str], value: Mapping[Coalition, float]
) -> dict[tuple[str, str], float]:
    """Return the interaction index of each pair of players."""
    n = len(players)
    pairs = {}
    for i, j in combinations(players, 2):
        pairs[i, j] = sum(
            _weight(len(s), n, 2) * (value[s | {i, j}] - value[s | {i}] - value[s | {j}] + value[s])
            for s in _without(players, i, j)
        )
    return pairs


def _without(players: Sequence[str], *left_out: str) -> Iterator[Coalition]:
    yield from coalitions([p for p in players if p not in left_out])


def _weight(size: int, n: int, joining: int) -> float:
    """Return ``|S|! (n - |S| - k)! / (n - k + 1)!`` for ``k`` players that join."""
    return factorial(size) * factorial(n - size - joining) / factorial(n - joining + 1)
