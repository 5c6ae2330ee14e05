"""Reading the file of a measured face: a matrix, a list of points, or a grey picture.

- ``.csv``, ``.txt``: a matrix of numbers, a row of the face a line, the topmost first; or a list
  with a line of names ``x [um], y [um], value``, one line a point of a regular grid, ``y`` upwards;
- ``.png``, ``.tif``, ``.tiff``: one grey picture of 1, 8 or 16 bits.
"""

from __future__ import annotations

import hashlib
import io
import math
import re
import stat
import struct
import warnings
import zlib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.specs.complaint import Complaint
from twin.specs.face_map import PICTURES, TEXTS, cuts
from twin.units import UnitError, to_si
from twin.visible import visible

if TYPE_CHECKING:
    import numpy as np
    from PIL.ImageFile import ImageFile

MOST_BYTES, MOST_PIXELS = 50_000_000, 16_000_000
_LABEL = re.compile(r"\s*([xy])\s*[\[(]([^\])]+)[\])]\s*", re.IGNORECASE)
_EVEN = 0.01  # of the spacing: how regular a grid of points has to be
_SQUARE = 1.5  # how many times as long as wide a block may be
_APART = 1e-4  # of the whole length: nearer points share their column or row
_GREYS = {"1": 1, "L": 255, "I;16": 65535, "I;16B": 65535, "I;16L": 65535}
# What Pillow raises at files that are damaged in one place or another.
_DAMAGED = (
    OSError, ValueError, SyntaxError, TypeError, LookupError, EOFError, ArithmeticError,
    struct.error, zlib.error, Warning,
)  # fmt: skip


@dataclass(frozen=True)
class ReadFace:
    """A file that was read: its numbers by rows, its hash and, where it tells, its pixel [m]."""

    numbers: np.ndarray
    sha256: str
    pixel: float | None = None

    def made(self, most: int) -> dict[str, Any]:
        """Return what a cell keeps of it (:class:`~twin.specs.face_map.FaceMap`)."""
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

    sizes = [
        (across, min(most // across, rows)) for across in range(1, min(most, columns) + 1)
    ]  # fmt: skip
    near = [pair for pair in sizes if apart(*pair) <= math.log(_SQUARE)] or sizes
    if near is sizes:
        return min(sizes, key=lambda pair: (round(apart(*pair), 9), pair))
    return min(near, key=lambda pair: (-pair[0] * pair[1], round(apart(*pair), 9), pair))


def read_face(path: Path) -> ReadFace:
    """Return what the file of a face holds.

    Raises
    ------
    Complaint
        If it is missing, no regular file, too large, no matrix, or holds what is no number.
    """
    raw = _bytes(path)
    digest = hashlib.sha256(raw).hexdigest()
    if path.suffix.lower() in PICTURES:
        return ReadFace(_picture(raw), digest)
    numbers, pixel = _text(raw)
    return ReadFace(numbers, digest, pixel)


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
    import numpy as np
    from PIL import Image

    try:
        # What Pillow warns of, a damaged file, is refused.
        with warnings.catch_warnings(action="error"), _opened(raw) as picture:
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
    except Complaint:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _wrong("has far too many pixels", "make it coarser") from None
    except _DAMAGED:
        raise _wrong("is no picture that can be read", "save it as PNG or TIFF again") from None


def _opened(raw: bytes) -> ImageFile:
    from PIL import Image

    return Image.open(io.BytesIO(raw), formats=("PNG", "TIFF"))


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
    numbers = _numbers(lines, split, len(names))
    if numbers.size > MOST_PIXELS:
        raise _too_many(numbers.shape[1], numbers.shape[0])
    return np.asarray(numbers), None


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
    values = np.empty((rows, columns))
    values[rows - 1 - index[1], index[0]] = table[:, 2]
    return values, min(steps)
