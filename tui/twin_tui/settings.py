"""What the bench remembers: settings that people edit, and where they left off."""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any, Self

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from twin import files
from twin_tui.runs.scenario import Scenario

NAME = "sodium-cell-twin"


def config_folder() -> Path:
    """Return the folder of the bench's files (``TWIN_TUI_HOME``, else the user's)."""
    home = os.environ.get("TWIN_TUI_HOME")
    return Path(home) if home else Path(platformdirs.user_config_dir(NAME, appauthor=False))


def data_folder() -> Path:
    """Return the folder of the user's own cells and scenarios."""
    home = os.environ.get("TWIN_TUI_HOME")
    return Path(home) if home else Path(platformdirs.user_data_dir(NAME, appauthor=False))


class Settings(BaseModel):
    """The file ``bench.toml``; every key has a default.

    Attributes
    ----------
    theme : str
        A Textual theme, e.g. ``textual-dark`` or ``textual-light``.
    runs_at_once : int
        How many runs go at the same time.
    series_every : int
        New scenarios keep the time series of every so many cycles.
    scheduler : str
        The address of a Dask scheduler on which forecasts are lived (``tcp://host:8786``);
        local processes if empty.
    cells_folder, scenarios_folder, exports_folder : Path
        Where edited cells, scenarios and exports are saved.
    images : bool
        Whether charts are pictures, in a terminal that shows pictures.
    keymap : dict
        Other keys for the bindings of docs/tui.md, by their ids: ``{"run.pause" = "space"}``.
    """

    model_config = ConfigDict(extra="forbid")

    theme: str = "textual-dark"
    runs_at_once: int = Field(default=2, ge=1, le=64)
    series_every: int = Field(default=10, ge=0)
    scheduler: str = ""
    cells_folder: Path = Field(default_factory=lambda: data_folder() / "cells")
    scenarios_folder: Path = Field(default_factory=lambda: data_folder() / "scenarios")
    exports_folder: Path = Field(default_factory=lambda: Path.cwd())
    images: bool = True
    keymap: dict[str, str] = {}

    @field_validator("scheduler")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        if address and not re.fullmatch(r"(\w+://)?[^/\s]+:\d+", address):
            raise ValueError(f"{address!r} is no address: write it like tcp://host:8786")
        return address


class State(BaseModel):
    """The file ``bench-state.json``: where the user was when the bench was last left."""

    screen: str = "start"
    cell: str | None = None
    scenario: Scenario | None = None
    theme: str | None = None
    filter: str = ""

    @classmethod
    def read(cls) -> Self:
        """Return the last state; a fresh one where there is none or it cannot be read."""
        try:
            return cls.model_validate_json((config_folder() / "bench-state.json").read_bytes())
        except (OSError, ValidationError):
            return cls()

    def write(self) -> None:
        """Keep it for the next time."""
        target = config_folder() / "bench-state.json"
        files.write_text(target, self.model_dump_json(indent=1), parents=True)


def read_settings() -> tuple[Settings, str | None]:
    """Return the settings, and what is wrong with their file if anything (then the defaults)."""
    path = config_folder() / "bench.toml"
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return Settings.model_validate(data), None
    except FileNotFoundError:
        return Settings(), None
    except ValidationError as error:
        first = error.errors()[0]
        says = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    except (OSError, ValueError) as error:
        says = str(error)
    return Settings(), f"{path}: {says}; the defaults are used"


def settings_toml() -> str:
    """Return the defaults as the text of a settings file."""
    data = Settings().model_dump(mode="json", exclude={"keymap"})
    lines = [f"{key} = {json.dumps(value)}" for key, value in data.items()]
    return "\n".join([*lines, "", "[keymap]"]) + "\n"
