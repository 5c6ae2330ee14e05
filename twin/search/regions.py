"""From labelled points to regions: which part of the plane is whose, and where they meet.

The points are triangulated (Delaunay). A triangle belongs to its corners' label; where
they differ, each corner gets what is nearest to it along the edges: the border runs
through the middles of the edges, within half the distance of two points asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from scipy.spatial import Delaunay

from twin.ties import MARGIN, first_best, first_least

XY = tuple[float, float]
Polygon = list[XY]
_SHEAR = 0.02


@dataclass
class Regions:
    """The regions of a plane.

    Attributes
    ----------
    polygons : dict
        By label: polygons that together are its region.
    borders : dict
        By pair of labels: lines along which the two meet.
    areas : dict
        By label: its share of the plane.
    triangles : ndarray, shape (n, 3)
        The triangulation, as indices of points.
    """

    polygons: dict[str, list[Polygon]] = field(default_factory=lambda: defaultdict(list))
    borders: dict[tuple[str, str], list[Polygon]] = field(default_factory=dict)
    areas: dict[str, float] = field(default_factory=dict)
    triangles: np.ndarray = field(default_factory=lambda: np.empty((0, 3), dtype=int))


def regions(points: Sequence[XY], labels: Sequence[str]) -> Regions:
    """Return the regions of labelled points of the plane (not all on one line)."""
    xy = np.asarray(points, dtype=float)
    divided = Regions(triangles=_mesh(xy).simplices)
    pieces: dict[tuple[str, str], list[tuple[XY, XY]]] = defaultdict(list)
    for triangle in divided.triangles:
        corners, names = xy[triangle], [labels[k] for k in triangle]
        _share(corners, names, divided, pieces)
    divided.borders = {pair: _chained(segments) for pair, segments in sorted(pieces.items())}
    total = sum(_area(p) for ps in divided.polygons.values() for p in ps)
    divided.areas = {
        label: sum(map(_area, divided.polygons[label])) / total
        for label in sorted(divided.polygons)
    }
    return divided


def _mesh(xy: np.ndarray) -> Delaunay:
    """Triangulate; of a square's two diagonals, which are as good, always take the same."""
    return Delaunay(_sheared(xy))


def _sheared(xy: np.ndarray) -> np.ndarray:
    return np.column_stack([xy[:, 0] - _SHEAR * xy[:, 1], xy[:, 1]])


def _share(
    corners: np.ndarray,
    names: Sequence[str],
    divided: Regions,
    pieces: dict[tuple[str, str], list[tuple[XY, XY]]],
) -> None:
    """Give each part of one triangle to its label, and note where parts meet."""
    if len(set(names)) == 1:
        divided.polygons[names[0]].append([_xy(c) for c in corners])
        return
    middle = {
        frozenset(pair): (corners[pair[0]] + corners[pair[1]]) / 2
        for pair in combinations(range(3), 2)
    }
    if len(set(names)) == 3:
        centre = corners.mean(axis=0)
        for k, name in enumerate(names):
            a, b = (middle[frozenset((k, m))] for m in range(3) if m != k)
            divided.polygons[name].append([_xy(p) for p in (corners[k], a, centre, b)])
        for ends, m in middle.items():
            one, other = (names[k] for k in sorted(ends))
            pieces[_pair(one, other)].append((_xy(m), _xy(centre)))
        return
    alone = next(k for k in range(3) if names.count(names[k]) == 1)
    p, q = (k for k in range(3) if k != alone)
    to_p, to_q = middle[frozenset((alone, p))], middle[frozenset((alone, q))]
    divided.polygons[names[alone]].append([_xy(v) for v in (corners[alone], to_p, to_q)])
    divided.polygons[names[p]].append([_xy(v) for v in (corners[p], corners[q], to_q, to_p)])
    pieces[_pair(names[alone], names[p])].append((_xy(to_p), _xy(to_q)))


def label_at(where: np.ndarray, points: Sequence[XY], labels: Sequence[str]) -> list[str]:
    """Return the label at each of some places: that of the nearest corner around it."""
    xy = np.asarray(points, dtype=float)
    mesh = _mesh(xy)
    sheared = _sheared(np.asarray(where, dtype=float))
    inside = mesh.find_simplex(sheared, tol=1e-9)
    labels_there = []
    for place, at, k in zip(where, sheared, inside, strict=True):
        if k < 0:
            away = ((xy - place) ** 2).sum(axis=1)
            nearest = int(first_least(away, MARGIN * away.max()))
            labels_there.append(labels[nearest])
            continue
        affine = mesh.transform[k]
        two = affine[:2] @ (at - affine[2])
        shares: dict[str, float] = defaultdict(float)
        for corner, share in zip(mesh.simplices[k], [*two, 1 - two.sum()], strict=True):
            shares[labels[corner]] += share
        labels_there.append(first_best(sorted(shares), shares.__getitem__))
    return labels_there


def _chained(segments: Sequence[tuple[XY, XY]]) -> list[Polygon]:
    """Join segments that share an end into lines."""
    ends: dict[XY, list[int]] = defaultdict(list)
    for number, segment in enumerate(segments):
        for end in segment:
            ends[end].append(number)
    unused = set(range(len(segments)))
    lines = []

    def grow(line: Polygon) -> None:
        while True:
            after = [n for n in ends[line[-1]] if n in unused]
            if not after:
                return
            unused.discard(after[0])
            a, b = segments[after[0]]
            line.append(b if a == line[-1] else a)

    # Ends of lines first, then what is closed.
    order = sorted(unused, key=lambda n: min(len(ends[e]) for e in segments[n]))
    for number in order:
        if number not in unused:
            continue
        unused.discard(number)
        a, b = segments[number]
        line = [a, b]
        grow(line)
        line.reverse()
        grow(line)
        lines.append(line)
    return lines


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one <= other else (other, one)


def _xy(point: np.ndarray) -> XY:
    return round(float(point[0]), 12), round(float(point[1]), 12)


def _area(polygon: Polygon) -> float:
    x, y = np.array(polygon).T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)
