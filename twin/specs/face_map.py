"""A measured face from a file, cut into blocks: what a cell says and keeps of it.

With ``m`` the mean over a patch of what the file holds (a number, or a grey ``g`` from 0, black,
to 1, white), the patch's value is ``x = scale m``, or ``x = black + (white - black) m``. Patches
are rectangular blocks of pixels, at most as many as are asked for, as near to squares as a
division of the rows and columns allows; a block is at most one pixel wider than another, and its
share of the face is the pixels in it. Blocks are counted along the rows from the upper left.
"""

# mypy: disable-error-code="valid-type"
# Field types are made by Q(unit), which mypy cannot follow.
from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from twin.specs.complaint import Complaint
from twin.specs.laws import Frozen, Number
from twin.specs.quantity import Q
from twin.visible import visible

TEXTS, PICTURES = (".csv", ".txt"), (".png", ".tif", ".tiff")


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
