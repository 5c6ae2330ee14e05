"""A scenario: everything a run is started with, as a file, as words and as a command."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

import twin
from twin import InputError, split_line


class Scenario(BaseModel):
    """What to run.

    Attributes
    ----------
    cell : str
        A name in the library, or the path of a TOML file.
    overlays : list of str
        Overlays laid over it, in order.
    protocol : str or None
        The cell's own if None.
    without : list of str
        Failure modes left out of all that can act.
    overrides : dict
        ``{"stack.pressure": "10 MPa"}``.
    model : {"dfn", "spm"}
        The full cell's model.
    cycles : int
        How many.
    series_every : int
        Keep the time series of every so many cycles.
    """

    model_config = ConfigDict(extra="forbid")

    cell: str
    overlays: list[str] = []
    protocol: str | None = None
    without: list[str] = []
    overrides: dict[str, str] = {}
    model: Literal["dfn", "spm"] = "dfn"
    cycles: int = Field(default=100, ge=1)
    series_every: int = Field(default=10, ge=0)

    def arguments(self) -> dict[str, Any]:
        """Return what :func:`twin.simulate` is called with."""
        return self.model_dump()

    @property
    def words(self) -> list[str]:
        """The command line that does the same."""
        words = ["twin", "run", self.cell, "--cycles", str(self.cycles)]
        words += [w for overlay in self.overlays for w in ("--with", overlay)]
        words += [] if self.protocol is None else ["--protocol", self.protocol]
        words += ["--without", ",".join(self.without)] if self.without else []
        words += [w for key, value in self.overrides.items() for w in ("--set", f"{key}={value}")]
        words += [] if self.model == "dfn" else ["--model", self.model]
        words += [] if self.series_every == 10 else ["--series-every", str(self.series_every)]
        return words

    @property
    def command(self) -> str:
        """The same as text for a shell."""
        return shlex.join(self.words)

    @property
    def label(self) -> str:
        """A few words to tell it from others."""
        changes = [
            *self.overlays,
            *(f"{k.rpartition('.')[2]}={v}" for k, v in self.overrides.items()),
        ]
        changes += [f"no {mode}" for mode in self.without]
        return f"{Path(self.cell).stem} {', '.join(changes)}".strip()

    def to_toml(self) -> str:
        """Return the scenario as a TOML file."""
        return self.asked.to_toml(self.label)

    @property
    def asked(self) -> twin.Scenario:
        """The scenario as the twin reads it."""
        return twin.Scenario.of(**self.arguments())

    @classmethod
    def read(cls, path: Path) -> Scenario:
        """Read a scenario's file; also one that an older bench wrote, which says no kind.

        Raises
        ------
        TwinError
            If it is not there, is not TOML, is no scenario, or asks what the bench cannot.
        """
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
            return cls._of(path) if "kind" in data else cls.model_validate(data)
        except OSError as error:
            problem, key = f"cannot be read: {error.strerror}", None
        except tomllib.TOMLDecodeError as error:
            problem, key = f"is not TOML: {error}", None
        except ValidationError as error:
            first = error.errors()[0]
            problem, key = first["msg"], ".".join(map(str, first["loc"]))
        raise InputError(problem, file=str(path), key=key, fix="correct the file, or save it anew")

    @classmethod
    def _of(cls, path: Path) -> Scenario:
        asked = twin.Scenario.load(path)
        for key in ("modes", "rtol", "atol"):
            if getattr(asked, key) is not None:
                raise InputError(
                    f"the bench sets no {key}",
                    file=str(path),
                    key=key,
                    fix=f"take it out, or run the file: twin run {shlex.quote(path.name)}",
                )
        given = {key: getattr(asked, key) for key in ("model", "cycles", "series_every")}
        return cls(
            cell=str(asked.cell),
            overlays=[str(overlay) for overlay in asked.overlays],
            protocol=None if asked.protocol is None else str(asked.protocol),
            without=list(asked.without),
            overrides=asked.changes,
            **{key: value for key, value in given.items() if value is not None},
        )


def parse_overrides(text: str) -> dict[str, str]:
    """Read lines of ``KEY = VALUE``; empty lines and those after ``#`` are passed over.

    Raises
    ------
    InputError
        For a line without ``=``.
    """
    overrides = {}
    for line in text.splitlines():
        if not line.strip() or line.strip().startswith("#"):
            continue
        pair = split_line(line)
        if pair is None or not pair[1]:
            raise InputError(f"{line.strip()!r} has no value", fix="write stack.pressure = 10 MPa")
        overrides[pair[0]] = pair[1]
    return overrides
