"""The options every command takes, and those that several share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from twin.cli import completing

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Db = Annotated[
    str | None,
    typer.Option(
        "--db", metavar="URL", help="The database [default: TWIN_DATABASE_URL, else a file]."
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log more, on stderr.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no remarks.")]

Overlays = Annotated[
    list[str] | None,
    typer.Option(
        "--with",
        metavar="OVERLAY",
        help="Lay an overlay over the cell (repeatable).",
        autocompletion=completing.overlays,
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help='As stack.pressure="10 MPa" (repeatable).',
        autocompletion=completing.keys,
    ),
]
Without = Annotated[
    list[str] | None,
    typer.Option(
        "--without",
        metavar="A,B",
        help="Leave these failure modes out (repeatable).",
        autocompletion=completing.modes,
    ),
]
RunId = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="Its id, a unique beginning of it, or 'last'.",
        autocompletion=completing.runs,
    ),
]
Data = Annotated[
    str | None,
    typer.Option(
        "--data", metavar="DATA", help="Measured data: of `twin measured`, or a cycler's file."
    ),
]
DataCycle = Annotated[
    int | None, typer.Option("--data-cycle", metavar="N", min=1, help="Only this cycle of them.")
]
CellName = Annotated[
    str,
    typer.Argument(
        metavar="CELL",
        help="A name from `twin cells`, or the TOML file of a cell or a scenario.",
        autocompletion=completing.cells,
    ),
]
OverlayName = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="A name, or a TOML file.", autocompletion=completing.overlays
    ),
]
Protocol = Annotated[
    str | None,
    typer.Option(
        "--protocol",
        metavar="P",
        help="A name or a file [default: the cell's].",
        autocompletion=completing.protocols,
    ),
]
Modes = Annotated[
    str | None,
    typer.Option(
        "--modes",
        metavar="A,B",
        help="Only these failure modes; 'none' for none.",
        autocompletion=completing.modes,
    ),
]
Model = Annotated[
    str | None,
    typer.Option("--model", metavar="dfn|spm", help="The full cell's model."),
]
Rtol = Annotated[float | None, typer.Option("--rtol", metavar="X", help="Relative tolerance.")]
Atol = Annotated[float | None, typer.Option("--atol", metavar="X", help="Absolute tolerance.")]
Rate = Annotated[
    str | None,
    typer.Option("--rate", metavar="X", help="The protocol's rate or current: C/2, '0.3 mA/cm^2'."),
]
Temperature = Annotated[
    str | None,
    typer.Option("--temperature", metavar="T", help="The ambient: '60 degC'."),
]
Pressure = Annotated[
    str | None,
    typer.Option("--pressure", metavar="P", help="On the stack: '10 MPa'."),
]


LeaveOneOut = Annotated[
    bool | None,
    typer.Option(
        "--leave-one-out/--no-leave-one-out",
        help="After a death, live the cell without each mode in turn, or without none.",
    ),
]


@dataclass(frozen=True)
class Common:
    """What the common options say; those of a group hold for its commands too."""

    json: bool = False
    db: str | None = None
    verbose: bool = False
    quiet: bool = False

    def inside(self, outer: Common | None) -> Common:
        """Return these options with what was given further left on the command line."""
        if outer is None:
            return self
        return Common(
            self.json or outer.json,
            self.db or outer.db,
            self.verbose or outer.verbose,
            self.quiet or outer.quiet,
        )


Size = Annotated[
    str | None,
    typer.Option("--size", metavar="S", help="Of the figure: single, double (columns) or slide."),
]
Title = Annotated[bool, typer.Option("--title", help="Put a title on the figure.")]
Dpi = Annotated[
    int, typer.Option("--dpi", metavar="N", min=50, max=1200, help="Dots an inch of a PNG.")
]
Style = Annotated[
    str, typer.Option("--style", metavar="S", help="Of the figure: paper, grey or dark.")
]
Numbers = Annotated[
    str | None,
    typer.Option("--numbers", metavar="FILE", help="Write the points drawn as CSV too."),
]
LOOK = {"size": (Size, None), "title": (Title, False), "dpi": (Dpi, 300), "style": (Style, "paper")}
"""What commands that draw take besides, and its defaults (:class:`twin.report.style.Look`)."""
NUMBERS = {"numbers": (Numbers, None)}
"""What those take besides whose figures are made of lines."""

COMMON = {"json": Json, "db": Db, "verbose": Verbose, "quiet": Quiet}
"""The common options by name."""


def with_conditions(
    cell: str,
    overrides: list[str] | None,
    *,
    protocol: str | None = None,
    overlays: list[str] | None = None,
    rate: str | None = None,
    temperature: str | None = None,
    pressure: str | None = None,
) -> list[str]:
    """Return the overrides with what --rate, --temperature and --pressure change."""
    if rate is None and temperature is None and pressure is None:
        return overrides or []
    import twin

    asked = {"rate": rate, "temperature": temperature, "pressure": pressure}
    changed = twin.conditions(cell, protocol=protocol, overlays=overlays or (), **asked)
    return [*(f"{key}={value}" for key, value in changed.items()), *(overrides or [])]


@dataclass(frozen=True)
class Changed:
    """What is changed in a cell, and what may happen to it."""

    overlays: Overlays = None
    overrides: Overrides = None
    temperature: Temperature = None
    pressure: Pressure = None
    modes: Modes = None
    without: Without = None

    def given(self) -> dict[str, Any]:
        """Return it as the twin's functions take it."""
        # No rate: what a cell is named does not matter.
        changed = with_conditions(
            "", self.overrides, temperature=self.temperature, pressure=self.pressure
        )
        return {
            "overlays": self.overlays or (),
            "overrides": changed,
            "modes": chosen(self.modes),
            "without": names(self.without),
        }


@dataclass(frozen=True)
class Asked:
    """What is done to a cell, what is changed in it, and what may happen to it."""

    protocol: Protocol = None
    overlays: Overlays = None
    overrides: Overrides = None
    rate: Rate = None
    temperature: Temperature = None
    pressure: Pressure = None
    modes: Modes = None
    without: Without = None

    def given(self, cell: str) -> dict[str, Any]:
        """Return it as the twin's functions take it."""
        changed = with_conditions(
            cell,
            self.overrides,
            protocol=self.protocol,
            overlays=self.overlays,
            rate=self.rate,
            temperature=self.temperature,
            pressure=self.pressure,
        )
        own = Changed(self.overlays, changed, modes=self.modes, without=self.without)
        return {"protocol": self.protocol} | own.given()


@dataclass(frozen=True)
class Solved:
    """How a cell is solved; what is not given is the function's own default."""

    model: Model = None
    rtol: Rtol = None
    atol: Atol = None

    def given(self) -> dict[str, Any]:
        """Return it as the twin's functions take it.

        Raises
        ------
        InputError
            If a tolerance is none.
        """
        from twin.errors import InputError

        for name, value in (("rtol", self.rtol), ("atol", self.atol)):
            if value is not None and not 0 < value < 1:
                raise InputError(
                    f"{value:g} is no tolerance",
                    key=name,
                    fix=f"give --{name} as a number like 1e-6",
                )
        return {"model": self.model, "rtol": self.rtol, "atol": self.atol}


def chosen(modes: str | None) -> list[str] | None:
    """Return the failure modes of a ``--modes`` option; None for all."""
    if modes is None:
        return None
    return [] if modes.strip() in ("", "none") else names([modes])


def names(given: list[str] | None) -> list[str]:
    """Return the names in repeated, comma-separated options."""
    return [name.strip() for text in given or () for name in text.split(",") if name.strip()]
