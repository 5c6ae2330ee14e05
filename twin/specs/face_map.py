"""A measured face from a file: a matrix, a list of points or a grey picture, cut into blocks.

Three kinds of files are read:

- ``.csv``, ``.txt``: a matrix of numbers, a row of the face a line, the topmost first; or a list
  with a line of names ``x [um], y [um], value``, one line a point of a regular grid, ``y`` upwards;
- ``.png``, ``.tif``, ``.tiff``: one grey picture of 1, 8 or 16 bits.

With ``m`` the mean over a patch of what the file holds (a number, or a grey ``g`` from 0, black,
to 1, white), the patch's value is ``x = scale m``, or ``x = black + (white - black) m``. Patches
are rectangular blocks of pixels, at most as many as are asked for, as near to squares as a
division of the rows and columns allows; a block is at most one pixel wider than another, and its
share of the face is the pixels in it. Blocks are counted along the rows from the upper left.
"""

# mypy: disable-error-code="valid-type"
# Field types are made by Q(unit), which mypy cannot follow.
from __future__ import annotations

import hashlib
import math
import re
import stat
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from twin.specs.complaint import Complaint
from twin.specs.laws import Frozen, Number
from twin.specs.quantity import Q
from twin.units import UnitError, to_si
from twin.visible import visible

if TYPE_CHECKING:
    import numpy as np

MOST_BYTES, MOST_PIXELS = 50_000_000, 16_000_000
TEXTS, PICTURES = (".csv", ".txt"), (".png", ".tif", ".tiff")
_LABEL = re.compile(r"\s*([xy])\s*[\[(]([^\])]+)[\])]\s*", re.IGNORECASE)
_EVEN = 0.01  # of the spacing: how regular a grid of points has to be
_SQUARE = 1.5  # how many times as long as wide a block may be
_APART = 1e-4  # of the whole length: nearer points share their column or row
_GREYS = {"1": 1, "L": 255, "I;16": 65535, "I;16B": 65535, "I;16L": 65535}


class FaceMap(Frozen):
    """The file of a measured face, and what its numbers mean."""

    file: Annotated[str, Field(min_length=1)]
    """A matrix or a list of points (``.csv``, ``.txt``), or a grey picture (``.png``, ``.tif``);
    a path is taken from the folder of the TOML file that names it."""
    means: Literal["factor", "lost contact"] = "factor"
    """A number's value over its median there, or the share of the place that never touches."""
    pixel_size: Q("m", gt=0) | None = None
    """How wide and high a pixel is; a list of points tells it itself."""
    scale: Q("", gt=0) | None = None
    """Of a text: the value that 1 in it stands for; 1 if not given."""
    black: Q("", ge=0) | None = None
    """Of a picture: the value that black stands for."""
    white: Q("", ge=0) | None = None
    """Of a picture: the value that white stands for."""
    sha256: str | None = None
    """Of the file; this and the keys below are written when it is read."""
    pixels: tuple[int, int] | None = None
    """How many columns and rows it has."""
    grid: tuple[int, int] | None = None
    """How many columns and rows of blocks were made of it."""
    blocks: tuple[Number, ...] = ()
    """The mean of each block, as the file has it."""
    ends: tuple[Number, Number] | None = None
    """The least and the largest number of the file."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        suffix = Path(self.file).suffix.lower()
        if suffix not in TEXTS + PICTURES:
            raise Complaint(
                f"{visible(self.file)!r} is no kind of file that a face is read from",
                fix="name a .csv, .txt, .png, .tif or .tiff",
                keys=("file",),
            )
        wrong, needed = (TEXTS, ()) if suffix in TEXTS else (PICTURES, ("black", "white"))
        others = ("black", "white") if wrong == TEXTS else ("scale",)
        for key in others:
            if getattr(self, key) is not None:
                raise Complaint(
                    f"{key} is not for a {suffix} file",
                    fix="use scale for a text, black and white for a picture",
                    keys=(key,),
                )
        for key in needed:
            if getattr(self, key) is None:
                raise Complaint(
                    f"what {key} stands for in {visible(self.file)!r} is not said",
                    fix="give the values of black and white, e.g. black = 0.5, white = 1.5",
                    keys=("file",),
                    missing=key,
                )
        if self.grid is None or self.pixels is None or self.ends is None or not self.blocks:
            raise Complaint(
                f"{visible(self.file)!r} was not read",
                fix='give kind = "map" with the path of a file, and leave out sha256',
                keys=("file",),
            )
        if self.pixel_size is None:
            raise Complaint(
                "the size of a pixel is not said",
                fix='give pixel_size = "50 um"',
                keys=("file",),
                missing="pixel_size",
            )
        if len(self.blocks) != self.grid[0] * self.grid[1] or min(*self.grid, *self.pixels) < 1:
            raise Complaint(
                f"{len(self.blocks)} blocks do not fill {self.grid[0]} x {self.grid[1]}",
                fix="take sha256 and what follows it out, and the file is read anew",
                keys=("blocks",),
            )
        self._check_values()
        return self

    def _check_values(self) -> None:
        assert self.ends is not None
        low, high = sorted(self.value(end) for end in self.ends)
        if self.means == "lost contact" and not (low >= 0 and high <= 1):
            raise Complaint(
                f"shares of contact that is lost from {low:.4g} to {high:.4g}",
                fix="a share is from 0 to 1: correct scale, or black and white",
                keys=("file",),
            )
        if self.means == "factor" and (low < 0 or min(self.values) <= 0):
            raise Complaint(
                f"factors down to {low:.4g}",
                fix="a factor is above 0: correct scale, black or white, or write "
                'means = "lost contact"',
                keys=("file",),
            )

    def value(self, number: float) -> float:
        """Return what a number of the file stands for."""
        if self.black is not None and self.white is not None:
            return float(self.black.si + (self.white.si - self.black.si) * number)
        return float((self.scale.si if self.scale is not None else 1.0) * number)

    @property
    def values(self) -> tuple[float, ...]:
        """What each block stands for."""
        return tuple(self.value(number) for number in self.blocks)

    @property
    def edges(self) -> tuple[list[float], list[float]]:
        """Where the columns of blocks end, from the left, and the rows, from the top [m]."""
        assert self.pixels is not None and self.grid is not None and self.pixel_size is not None
        wide, high = (
            [self.pixel_size.si * edge for edge in cuts(n, parts)]
            for n, parts in zip(self.pixels, self.grid, strict=True)
        )
        return wide, high

    @property
    def weights(self) -> tuple[float, ...]:
        """Each block's share of the face."""
        assert self.pixels is not None and self.grid is not None
        wide, high = (
            [b - a for a, b in pairwise(cuts(n, parts))]
            for n, parts in zip(self.pixels, self.grid, strict=True)
        )
        whole = self.pixels[0] * self.pixels[1]
        return tuple(w * h / whole for h in high for w in wide)

    @property
    def says(self) -> str:
        """What was read, in a line: size, blocks, mean and ends."""
        assert self.pixels is not None and self.grid is not None and self.ends is not None
        assert self.pixel_size is not None
        mean = math.fsum(w * x for w, x in zip(self.weights, self.values, strict=True))
        low, high = sorted(self.value(end) for end in self.ends)
        return (
            f"{visible(Path(self.file).name)}: {self.pixels[0]} x {self.pixels[1]} pixels of "
            f"{self.pixel_size.text} in {self.grid[0]} x {self.grid[1]} blocks, {self.means} "
            f"{mean:.4g} in the mean, {min(self.values):.4g} to {max(self.values):.4g} "
            f"(pixels {low:.4g} to {high:.4g})"
        )


def cuts(length: int, parts: int) -> list[int]:
    """Return where a length of pixels is cut into parts that differ by a pixel at most."""
    return [(k * length) // parts for k in range(parts + 1)]


@dataclass(frozen=True)
class ReadMap:
    """A file that was read: its numbers by rows, its hash and, where it tells, its pixel [m]."""

    numbers: np.ndarray
    sha256: str
    pixel: float | None = None

    def made(self, most: int) -> dict[str, Any]:
        """Return the keys of a :class:`FaceMap` that follow, in at most ``most`` blocks."""
        rows, columns = self.numbers.shape
        across, down = blocks(columns, rows, most)
        x, y = cuts(columns, across), cuts(rows, down)
        means = [
            float(self.numbers[top:bottom, left:right].mean())
            for top, bottom in pairwise(y)
            for left, right in pairwise(x)
        ]
        return {
            "sha256": self.sha256,
            "pixels": [columns, rows],
            "grid": [across, down],
            "blocks": means,
            "ends": [float(self.numbers.min()), float(self.numbers.max())],
        }


def blocks(columns: int, rows: int, most: int) -> tuple[int, int]:
    """Return into how many columns and rows of blocks a picture is cut.

    Of all divisions into at most ``most`` blocks that are at most 1.5 times as long as wide, the
    one with the most blocks; of several, the one with the squarest. Without any, the squarest.
    """

    def apart(across: int, down: int) -> float:
        return abs(math.log((columns / across) / (rows / down)))

    found = [
        (across, min(most // across, rows)) for across in range(1, min(most, columns) + 1)
    ]  # fmt: skip
    near = [pair for pair in found if apart(*pair) <= math.log(_SQUARE)] or found
    if near is found:
        return min(found, key=lambda pair: (round(apart(*pair), 9), pair))
    return min(near, key=lambda pair: (-pair[0] * pair[1], round(apart(*pair), 9), pair))


def read_map(path: Path) -> ReadMap:
    """Return what the file of a face holds.

    Raises
    ------
    Complaint
        If it is missing, no regular file, too large, no matrix, or holds what is no number.
    """
    raw = _bytes(path)
    digest = hashlib.sha256(raw).hexdigest()
    if path.suffix.lower() in PICTURES:
        return ReadMap(_picture(raw), digest)
    numbers, pixel = _text(raw)
    return ReadMap(numbers, digest, pixel)


def _wrong(says: str, fix: str) -> Complaint:
    return Complaint(says, fix=fix, keys=("file",))


def _bytes(path: Path) -> bytes:
    if path.suffix.lower() not in TEXTS + PICTURES:
        raise _wrong("is no .csv, .txt, .png, .tif or .tiff", "name a file of one of these kinds")
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise _wrong("is no regular file", "name a file that holds the face")
        if about.st_size > MOST_BYTES:
            most = f"{MOST_BYTES / 1e6:.0f} MB"
            raise _wrong(f"is larger than {most}", "make it coarser: at most 128 blocks are kept")
        with path.open("rb") as stream:
            return stream.read(MOST_BYTES)
    except FileNotFoundError:
        raise _wrong("there is no such file", "check the path: it is taken from the folder of the "
                     "file that names it") from None  # fmt: skip
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise _wrong(f"cannot be read: {reason}", "check the path and the rights") from None


def _picture(raw: bytes) -> np.ndarray:
    """Return a grey picture's pixels from 0, black, to 1, white."""
    import io

    import numpy as np
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(raw), formats=("PNG", "TIFF")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise _too_many(picture.width, picture.height)
            if getattr(picture, "n_frames", 1) > 1:
                raise _wrong("holds several pictures", "save the one that shows the face")
            mode = "I;16" if picture.mode == "I" and picture.format == "PNG" else picture.mode
            if mode not in _GREYS:
                raise _wrong(
                    f"is no plain grey picture (its kind is {mode})",
                    "save it in grey with 8 or 16 bits, without colours and transparency",
                )
            return np.asarray(picture).astype(float) / _GREYS[mode]
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        if isinstance(error, Complaint):
            raise
        raise _wrong("is no picture that can be read", "save it as PNG or TIFF again") from None
    except Image.DecompressionBombError:
        raise _wrong("has far too many pixels", "make it coarser") from None


def _too_many(columns: int, rows: int) -> Complaint:
    return _wrong(
        f"has {columns} x {rows} pixels, more than {MOST_PIXELS / 1e6:.0f} million",
        "make it coarser: at most 128 blocks are kept",
    )


def _text(raw: bytes) -> tuple[np.ndarray, float | None]:
    """Return the numbers of a matrix or a list of points, and the points' spacing [m]."""
    import numpy as np

    try:
        whole = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _wrong(f"is not UTF-8 text (byte {error.start})", "save it as UTF-8") from None
    lines = [
        (number, line)
        for number, line in enumerate(whole.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not lines:
        raise _wrong("is empty", "give a row of numbers a line")
    split = next((mark for mark in "\t;," if mark in lines[0][1]), None)
    names = [part.strip(' "') for part in lines[0][1].split(split)]
    labels = [_LABEL.fullmatch(name) for name in names[:2]]
    if len(names) == 3 and all(labels):
        table = _numbers(lines[1:], split, 3)
        return _points(table, [m[1].lower() for m in labels if m], [m[2] for m in labels if m])
    found = _numbers(lines, split, len(names))
    if found.size > MOST_PIXELS:
        raise _too_many(found.shape[1], found.shape[0])
    return np.asarray(found), None


def _numbers(lines: list[tuple[int, str]], split: str | None, width: int) -> np.ndarray:
    import numpy as np

    rows = []
    for number, line in lines:
        parts = line.rstrip().split(split)
        if len(parts) != width:
            raise _wrong(
                f"line {number} has {len(parts)} columns, the first {width}: no matrix",
                "give as many numbers in each line (or a list named x [um], y [um], value)",
            )
        try:
            row = [float(part.strip(' "')) for part in parts]
        except ValueError:
            row = [math.nan]
        if not all(math.isfinite(x) for x in row):
            raise _wrong(
                f"line {number}, {visible(line.strip()[:40])!r}, holds what is no finite number",
                "give a number for every place; crop what was not measured",
            )
        rows.append(row)
    if not rows:
        raise _wrong("holds no numbers", "give a row of numbers a line")
    return np.array(rows)


def _points(table: np.ndarray, names: list[str], units: list[str]) -> tuple[np.ndarray, float]:
    """Return a list of points on a regular grid as a matrix, and its spacing [m]."""
    import numpy as np

    try:
        factors = [to_si(f"1 {unit.strip()}", "m") for unit in units]
    except UnitError:
        raise _wrong("x and y have no unit of length", "name them x [um], y [um], say") from None
    if names != ["x", "y"]:
        raise _wrong("names its columns in another order", "name them x [um], y [um], value")
    places, index, steps = [], [], []
    for axis in (0, 1):
        x = table[:, axis] * factors[axis]
        span = float(np.ptp(x))
        count = 1 + int((np.diff(np.sort(x)) > _APART * span).sum())
        step = span / (count - 1) if count > 1 else 1.0
        at = (x - x.min()) / step
        if np.abs(at - np.round(at)).max() > _EVEN:
            raise _wrong(f"the points are not evenly spaced in {names[axis]}",
                         "give a regular grid")  # fmt: skip
        index.append(np.round(at).astype(int))
        steps += [step] * (count > 1)
        places.append(count)
    columns, rows = places
    if columns * rows != len(table) or len({*zip(*index, strict=True)}) != len(table):
        raise _wrong(
            f"{len(table)} points do not fill a grid of {columns} x {rows}",
            "give each place of a regular grid once",
        )
    if not steps or max(steps) > (1 + _EVEN) * min(steps):
        raise _wrong("the points are not as far apart in x as in y", "give a square grid")
    found = np.empty((rows, columns))
    found[rows - 1 - index[1], index[0]] = table[:, 2]
    return found, min(steps)
