"""The house style of all figures, in one place: sizes, type, colours, labels.

A figure for a paper has no title: its caption says what it shows, and the panels of a figure with
several have letters. Lines are labelled where they end, in their own colour, and differ in dashes
too, so that a reader without colour tells them apart. Units stand in brackets, as
:func:`twin.formats.typeset` writes them.

A figure is drawn in the look that :func:`drawn_as` sets for the block it is drawn in::

    with drawn_as(Look(size="double", title=True)):
        run.plot("figure.pdf")
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from twin import files
from twin.errors import InputError
from twin.formats import typeset
from twin.visible import in_a_sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

    from twin.report.panel import Panel

Size = Literal["single", "double", "slide"]
Style = Literal["paper", "grey", "dark"]

FORMATS = ("png", "svg", "pdf")
# Okabe and Ito's colours, told apart by colour-blind readers too; yellow is too pale
# for a line on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
_GREYS = ("#000000", "#555555", "#8a8a8a", "#333333", "#6f6f6f", "#a0a0a0", "#000000")
_ON_DARK = ("#56B4E9", "#E69F00", "#2fc79a", "#e6a3c8", "#F0E442", "#ff8a4c", "#ffffff")
DASHES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), "-")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_WIDTHS: Mapping[str, float] = {"single": 3.5, "double": 7.2, "slide": 13.3}
"""One column and two of a journal, and a slide of 16 to 9 [inch]."""
_COLUMNS: Mapping[str, int] = {"single": 1, "double": 2, "slide": 3}
_FONT: Mapping[str, float] = {"single": 8.0, "double": 8.0, "slide": 15.0}
_CROWDED = 11.0
_SHAPE = 0.72
"""Height of a panel as a share of its width."""
_READABLE = 0.18
_FEW_DECADES = 1e3
DPI = 300
SIZES = tuple(_WIDTHS)
STYLES = ("paper", "grey", "dark")


@dataclass(frozen=True)
class Look:
    """How a figure is to look.

    Attributes
    ----------
    size : {"single", "double", "slide"}, optional
        One or two columns of a journal, or a slide; what fits the number of panels if None.
    title : bool
        Whether a title stands above it, and each panel has one.
    dpi : int
        Dots an inch, of a PNG.
    style : {"paper", "grey", "dark"}
        In colour on white, in greys, or in colour on black.
    numbers : str, optional
        A CSV file for the points that are drawn, beside the figure.
    """

    size: str | None = None
    title: bool = False
    dpi: int = DPI
    style: str = "paper"
    numbers: str | None = None

    def __post_init__(self) -> None:
        for key, value, known in (
            ("size", self.size, (None, *SIZES)),
            ("style", self.style, STYLES),
        ):
            if value not in known:
                names = [str(name) for name in known if name is not None]
                raise InputError(
                    f"there is no {key} {value!r} of a figure",
                    key=key,
                    fix=f"one of {', '.join(names)}",
                )

    @property
    def palette(self) -> tuple[str, ...]:
        """The colours of lines, in their order."""
        return {"grey": _GREYS, "dark": _ON_DARK}.get(self.style, PALETTE)

    def ranked(self, rank: float) -> Any:
        """Return the colour of one of a sequence of lines: 0 for the first, 1 for the last."""
        from matplotlib import colormaps

        scale = colormaps["gray" if self.style == "grey" else "viridis"]
        # Neither as dark as the ground nor as light.
        return scale(0.3 + 0.7 * rank if self.style == "dark" else 0.8 * rank)

    @property
    def ink(self) -> str:
        """The colour of axes and words."""
        return "#f2f2f2" if self.style == "dark" else "#1a1a1a"

    def word_colour(self, colour: Any) -> Any:
        """Return a line's colour as words in it can be read: darker on white."""
        from matplotlib.colors import to_rgb

        if self.style == "dark":
            return colour
        red, green, blue = to_rgb(colour)
        # Relative luminance; 0.18 on white is a contrast of 4.5 to 1, as for text.
        light = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
        keep = min(1.0, (_READABLE / max(light, 1e-9)) ** (1 / 2.2))
        return (keep * red, keep * green, keep * blue)

    def width(self, panels: int = 1) -> float:
        """Return how wide a figure of so many panels is [inch]."""
        return _WIDTHS[self._sized(panels)]

    def columns(self, panels: int) -> int:
        """Return how many panels stand in a row."""
        return min(_COLUMNS[self._sized(panels)], panels)

    def font(self, panels: int = 1) -> float:
        """Return the size of its words [points]; a crowded slide has smaller ones."""
        crowded = self.size == "slide" and panels > _COLUMNS["slide"]
        return _CROWDED if crowded else _FONT[self._sized(panels)]

    def panel_size(self, panels: int) -> tuple[float, float]:
        """Return the size of each of so many panels [inch]."""
        width = self.width(panels) / self.columns(panels)
        return width, _SHAPE * width

    def _sized(self, panels: int) -> str:
        return self.size or ("single" if panels == 1 else "double")

    def rc(self, panels: int = 1) -> dict[str, Any]:
        """Return Matplotlib's settings."""
        points = self.font(panels)
        thick = points / 8
        ground = "#000000" if self.style == "dark" else "#ffffff"
        grid = "#3a3a3a" if self.style == "dark" else "#e6e6e6"
        return {
            "font.size": points,
            "text.parse_math": False,
            "axes.titlesize": points,
            "axes.labelsize": points,
            "figure.titlesize": points + 1,
            "xtick.labelsize": points - 1,
            "ytick.labelsize": points - 1,
            "legend.fontsize": points - 1,
            "legend.frameon": False,
            "lines.linewidth": 1.3 * thick,
            "lines.markersize": 3.2 * thick,
            "axes.linewidth": 0.7 * thick,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": grid,
            "grid.linewidth": 0.5 * thick,
            "xtick.major.width": 0.7 * thick,
            "ytick.major.width": 0.7 * thick,
            "figure.facecolor": ground,
            "axes.facecolor": ground,
            "savefig.facecolor": ground,
            **dict.fromkeys(
                ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"),
                self.ink,
            ),
        }


_AS_EVER = Look()
_LOOK: ContextVar[Look] = ContextVar("look", default=_AS_EVER)


def look() -> Look:
    """Return the look that figures are drawn in here."""
    return _LOOK.get()


@contextmanager
def drawn_as(wanted: Look) -> Iterator[None]:
    """Draw every figure of the block in a look."""
    token = _LOOK.set(wanted)
    try:
        yield
    finally:
        _LOOK.reset(token)


@contextmanager
def new_figure(width: float, height: float, panels: int = 1) -> Iterator[Figure]:
    """Give an empty figure on a canvas of its own, of that size [inch], in the look at hand.

    What is drawn in the block has the house's type, lines and colours; Matplotlib's global
    settings are as they were after it.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from twin.report.shown import ShownFigure

    # Typed as the names it knows; ours are among them, and a wrong one is an error at once.
    with rc_context(cast(Any, look().rc(panels))):
        figure = ShownFigure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        yield figure


def head(figure: Figure, title: str) -> None:
    """Put a title above a figure, where one is wanted."""
    if look().title:
        figure.suptitle(title)


_SMALL, _LARGE = 1e-3, 1e5
"""Numbers below and from these on are printed with a power of ten."""


def printed(value: float) -> str:
    """Return a number of a few digits as it is printed: ``0.5``, ``5×10⁻¹⁶``."""
    text = f"{value:g}"
    if not value or _SMALL <= abs(value) < _LARGE:
        return text
    digits, _, power = f"{value:.3e}".partition("e")
    digits = digits.rstrip("0").rstrip(".")
    return typeset(f"10^{int(power)}" if digits == "1" else f"{digits}×10^{int(power)}")


def round_ticks(side: Axis, low: float, high: float) -> None:
    """Give a logarithmic axis of few decades round numbers as people write them: 1, 2, 5, 10."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    if not 0 < low < high < _FEW_DECADES * low:
        return
    side.set_major_locator(LogLocator(subs=(1, 2, 5)))
    side.set_major_formatter(FuncFormatter(lambda value, _: printed(value)))
    side.set_minor_formatter(NullFormatter())


def letters(places: Sequence[Axes]) -> None:
    """Put a letter at each panel of a figure with several, as captions name them.

    Panels that have titles need none.
    """
    if len(places) < 2 or look().title:
        return
    for number, axes in enumerate(places):
        axes.annotate(
            chr(ord("a") + number),
            (0, 1),
            xycoords="axes fraction",
            xytext=(-14, 5),
            textcoords="offset points",
            fontweight="bold",
            annotation_clip=False,
        )


def save_figure(figure: Figure, target: Path) -> None:
    """Save a figure in the format that the file's name tells.

    Raises
    ------
    InputError
        If it cannot be written there.
    """
    with files.whole(target) as part:
        suffix = target.suffix.lower().removeprefix(".")
        figure.savefig(part, dpi=look().dpi, format=suffix, facecolor=figure.get_facecolor())


def figure_target(path: str | Path, formats: Sequence[str] = FORMATS) -> Path:
    """Return where a figure of one of some formats is to be saved.

    Raises
    ------
    InputError
        If the file's format is not known, or it cannot be written: better told before the
        work than after it.
    """
    target = Path(path).expanduser()
    if target.suffix.lower().removeprefix(".") not in formats:
        raise InputError(
            f"a figure cannot be saved as {target.suffix or 'a file without a suffix'!r}",
            file=str(path),
            fix=f"end the name in .{', .'.join(formats)}",
        )
    files.check_target(target)
    return target


def figures_folder(folder: str | Path) -> Path:
    """Return a folder that figures are saved in, made if it is missing.

    Raises
    ------
    InputError
        If it cannot be made.
    """
    target = Path(folder).expanduser()
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{folder} cannot be a folder for figures: {error.strerror}",
            key="figures",
            fix="name a folder that can be made",
        ) from None
    return target


COLUMNS = ("panel", "line", "x_label", "y_label", "x", "y")


def numbers_csv(shown: Sequence[Panel]) -> str:
    """Return every point of some panels as CSV: panel, line, what the axes are, x and y."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for panel in shown:
        for line in panel.lines:
            for x, y in zip(line.x, line.y, strict=True):
                words = (panel.key, line.label, panel.x_label, panel.y_label)
                writer.writerow((*map(in_a_sheet, words), repr(x), repr(y)))
    return text.getvalue()
