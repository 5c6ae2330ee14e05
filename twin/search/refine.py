"""A grid of points that is refined where its corners disagree.

The plane is a coarse grid of squares. A square whose corners die of different causes, or
whose lives differ by more than a factor, is cut into four, its new corners are asked, and
so on down to a level. Points are whole numbers on the finest grid, so that those of two
neighbours are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

Place = tuple[int, int]


@dataclass(frozen=True)
class Answer:
    """What was found at a point: a label (what it died of), and the cycles it lived."""

    label: str
    cycles: int


@dataclass(frozen=True)
class Square:
    """A square by its lower corner and its side, on the finest grid."""

    i: int
    j: int
    side: int

    @property
    def corners(self) -> tuple[Place, ...]:
        """The four corners."""
        a, b = self.i + self.side, self.j + self.side
        return ((self.i, self.j), (a, self.j), (self.i, b), (a, b))

    def quarters(self) -> list[Square]:
        """Return the four squares of half the side."""
        h = self.side // 2
        return [Square(self.i + a, self.j + b, h) for a in (0, h) for b in (0, h)]


@dataclass(frozen=True)
class Grid:
    """A grid of ``columns`` by ``rows`` points whose squares may be cut ``levels`` times."""

    columns: int
    rows: int
    levels: int

    @property
    def step(self) -> int:
        """The side of a coarse square on the finest grid."""
        return 1 << self.levels

    def squares(self) -> list[Square]:
        """Return the coarse squares."""
        s = self.step
        return [
            Square(i * s, j * s, s) for i in range(self.columns - 1) for j in range(self.rows - 1)
        ]

    def place(self, point: Place) -> tuple[float, float]:
        """Return a point's place on the unit square."""
        s = self.step
        return point[0] / ((self.columns - 1) * s), point[1] / ((self.rows - 1) * s)


def disagree(answers: Iterable[Answer], factor: float) -> bool:
    """Return whether corners differ in their label, or in their life by more than a factor."""
    answers = list(answers)
    lives = [max(a.cycles, 1) for a in answers]
    return len({a.label for a in answers}) > 1 or max(lives) > factor * min(lives)


def refine(
    grid: Grid,
    ask: Callable[[list[Place], int], Mapping[Place, Answer]],
    *,
    factor: float,
    most: int,
) -> tuple[dict[Place, Answer], list[Square], bool]:
    """Ask a grid's points, and more of them where they disagree.

    Parameters
    ----------
    grid : Grid
        The grid.
    ask : callable
        Given points (and how many more may follow, at a guess), returns their answers.
    factor : float
        Lives that differ by more are worth a closer look.
    most : int
        No more points than this; the whole first grid is always asked.

    Returns
    -------
    answers, squares, cut_short : dict, list of Square, bool
        Every answer, the squares that were not cut, and whether ``most`` cut it short.
    """
    level = grid.squares()
    first = _corners(level)
    answers = dict(ask(first, len(first) if grid.levels else 0))
    whole: list[Square] = []
    for depth in range(grid.levels):
        mixed = [s for s in level if disagree((answers[c] for c in s.corners), factor)]
        whole += [s for s in level if s not in mixed]
        level = [q for s in mixed for q in s.quarters()]
        new = [point for point in _corners(level) if point not in answers]
        if len(answers) + len(new) > most:
            return answers, whole + mixed, True
        more = 2 * len(new) if depth + 1 < grid.levels else 0
        answers |= ask(new, more) if new else {}
    return answers, whole + level, False


def _corners(squares: Iterable[Square]) -> list[Place]:
    """Return all corners, row by row."""
    corners = {corner for s in squares for corner in s.corners}
    return sorted(corners, key=lambda p: (p[1], p[0]))
