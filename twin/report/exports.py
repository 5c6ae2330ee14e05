"""A run as files for other programs: Parquet, CSV, NetCDF and the Battery Data Format."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin import files
from twin.constants import ZERO_CELSIUS
from twin.errors import InputError
from twin.measured import bdf
from twin.report.view import RunView
from twin.visible import in_a_sheet

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

_BRACKET = re.compile(r"^(?P<words>.*?)\s*\[(?P<unit>[^\]]*)\](?P<rest>.*)$")
_SUFFIX = re.compile(r"_(?P<unit>Ah|Wh|V|A|K|Pa|s|Ohm_m2)$")


@dataclass(frozen=True)
class Written:
    """A file that was written: what is in it, and how many rows."""

    path: Path
    holds: str
    rows: int


def export_run(run: RunView, to: str, out: str | Path | None = None) -> list[Written]:
    """Write a run to files.

    Parameters
    ----------
    run : RunView
        The run.
    to : {"parquet", "csv", "netcdf", "bdf"}
        ``parquet``: the cycles and the series, a file each; ``csv``: the cycles;
        ``netcdf``: both in one file; ``bdf``: the series in the Battery Data Format.
    out : str or Path, optional
        A file, or a folder; the working folder by default. Of two files, each gets
        ``-cycles`` or ``-series`` before its suffix.

    Raises
    ------
    InputError
        If the format is not known, or the run has nothing of what it holds.
    """
    if to not in FORMATS:
        raise InputError(
            f"there is no export to {to!r}", key="to", fix=f"one of {', '.join(FORMATS)}"
        )
    suffix, write = FORMATS[to]
    return write(run, _base(run, out, suffix))


def _base(run: RunView, out: str | Path | None, suffix: str) -> Path:
    """Return the file to write."""
    if out is None:
        return Path(f"{run.id}{suffix}")
    path = Path(out).expanduser()
    return path / f"{run.id}{suffix}" if path.is_dir() or str(out).endswith("/") else path


def _file(path: Path) -> AbstractContextManager[Path]:
    return files.whole(path, key="out", parents=True)


def cycles_frame(run: RunView) -> pd.DataFrame:
    """Return one row a cycle, all columns flat; margins as ``Margin of <mode>: <what>``.

    Raises
    ------
    InputError
        If no cycle is stored.
    """
    import pandas as pd

    flat = []
    for row in run.rows:
        values = {k: v for k, v in row.items() if k != "margins"}
        for name in ("skipped_steps", "solver_rungs"):
            if name in values:
                values[name] = "; ".join(values[name])
        if "outside_tables" in values:
            values["outside_tables"] = "; ".join(
                f"{left['key']} over {left['over']}: {left['value']:.6g}"
                for left in values["outside_tables"]
            )
        values |= {f"Margin of {k}": v for k, v in (row.get("margins") or {}).items()}
        flat.append(values)
    if not flat:
        raise InputError(
            f"run {run.id} has no finished cycle to export",
            fix=f"cycle it further: twin resume {run.id}",
        )
    return pd.DataFrame(flat)


def series_frame(run: RunView) -> pd.DataFrame | None:
    """Return every stored point of the series with its cycle; None if none is stored."""
    import pandas as pd

    parts = [pd.DataFrame({"cycle": cycle, **table}) for cycle, table in run.iter_series()]
    return pd.concat(parts, ignore_index=True) if parts else None


def _needed_series(run: RunView) -> pd.DataFrame:
    frame = series_frame(run)
    if frame is None:
        raise InputError(
            f"run {run.id} has no time series stored",
            fix="run it again with --series-every 1, or export its cycles: --to csv",
        )
    return frame


def _parquet(run: RunView, base: Path) -> list[Written]:
    if files.is_special(base):
        raise InputError(
            "parquet takes two files, one for the cycles and one for the series",
            file=str(base),
            key="out",
            fix="give the name of a file, or export to one: --to csv, netcdf or bdf",
        )
    frames = {"cycles": cycles_frame(run), "series": series_frame(run)}
    written = []
    for holds, frame in frames.items():
        if frame is None:
            continue
        path = base.with_name(f"{base.stem}-{holds}{base.suffix or '.parquet'}")
        with _file(path) as part:
            frame.to_parquet(part, index=False)
        written.append(Written(path, holds, len(frame)))
    return written


def _csv(run: RunView, base: Path) -> list[Written]:
    frame = cycles_frame(run).rename(columns=in_a_sheet)
    words = [name for name, column in frame.items() if column.dtype.kind == "O"]
    for name in words:
        frame[name] = frame[name].map(lambda v: in_a_sheet(v) if isinstance(v, str) else v)
    with _file(base) as part:
        frame.to_csv(part, index=False)
    return [Written(base, "cycles", len(frame))]


def _netcdf(run: RunView, base: Path) -> list[Written]:
    data = dataset(run)
    with _file(base) as part:
        # NetCDF 3 through SciPy: every reader knows it, and no further library is needed.
        data.to_netcdf(part, engine="scipy", format="NETCDF3_64BIT")
    rows = data.sizes["cycle"] + data.sizes.get("point", 0)
    return [Written(base, "cycles and series", rows)]


def dataset(run: RunView) -> xr.Dataset:
    """Return a run as a dataset with portable names, units in the attributes.

    Variables over ``cycle`` are the cycles' rows; those over ``point`` the series.
    """
    import xarray as xr

    rows = cycles_frame(run).set_index("cycle")
    variables: dict[str, Any] = {}
    for name, column in rows.items():
        if column.dtype.kind in "fiu":
            _add(variables, str(name), "cycle", column.to_numpy(), prefix="")
        elif column.dtype.kind == "b":
            _add(variables, str(name), "cycle", column.to_numpy().astype("int32"), prefix="")
    series = series_frame(run)
    if series is not None:
        for name, column in series.items():
            prefix = "point_" if name == "cycle" else "series_"
            _add(variables, str(name), "point", column.to_numpy(), prefix=prefix)
    info = run.info
    about = {
        "title": info.cell_title,
        "cell": info.cell_name,
        "run": run.id,
        "source": "sodium-cell-twin, simulated",
        "packages": json.dumps(info.packages),
        "outcome": json.dumps(info.outcome, ensure_ascii=True),
    }
    return xr.Dataset(variables, {"cycle": rows.index.to_numpy().astype("int32")}, about)


def _add(variables: dict[str, Any], name: str, over: str, values: Any, *, prefix: str) -> None:
    words, unit = _words_and_unit(name)
    key = prefix + re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")
    key = key if key[:1].isalpha() else f"v_{key}"
    while key in variables or key in ("cycle", "point"):
        key += "_"
    if values.dtype.kind in "iu":
        values = values.astype("int32")
    variables[key] = (over, values, {"long_name": name, "units": unit})


def _words_and_unit(name: str) -> tuple[str, str]:
    """Split ``"Voltage [V]"`` and ``"capacity_Ah"`` into words and unit."""
    match = _BRACKET.match(name)
    if match:
        return match["words"] + match["rest"], match["unit"]
    match = _SUFFIX.search(name)
    if match:
        return name[: match.start()], match["unit"].replace("_", ".")
    return name, "1"


def bdf_frame(run: RunView) -> pd.DataFrame:
    """Return the series under the Battery Data Format's labels.

    Current is positive on charge there, and negative here. Capacities are the model's
    own counters since the start of the run, so cycles without a stored series count too.
    ``Step Index / 1`` is the step's place in its cycle, as the published readers take it
    (the format's newest vocabulary calls that ``Step ID``); ``Step Count / 1`` never
    repeats. No clock time is given: none has passed.
    """
    import numpy as np
    import pandas as pd

    series = _needed_series(run)
    step = series["Step"].astype(int)
    begins = (series["cycle"].diff() != 0) | (step.diff() != 0)
    net, through = series["Discharge capacity [A.h]"], series["Throughput capacity [A.h]"]
    started = series["Time [s]"].where(begins).ffill()
    spec = run.info.cell_spec or {}
    isothermal = spec.get("thermal", {}).get("model", "isothermal") == "isothermal"
    temperature = bdf.AMBIENT if isothermal else bdf.TEMPERATURE
    return pd.DataFrame(
        {
            bdf.TEST_TIME: series["Time [s]"],
            bdf.VOLTAGE: series["Voltage [V]"],
            # Adding zero turns -0.0, which some readers stumble over, into 0.0.
            bdf.CURRENT: -series["Current [A]"] + 0.0,
            bdf.CYCLE_COUNT: series["cycle"],
            bdf.STEP_COUNT: np.cumsum(begins),
            bdf.STEP_INDEX: step + 1,
            bdf.STEP_TIME: series["Time [s]"] - started,
            bdf.CHARGED: (through - net).clip(lower=0) / 2,
            bdf.DISCHARGED: (through + net).clip(lower=0) / 2,
            temperature: series["Volume-averaged cell temperature [K]"] - ZERO_CELSIUS,
            bdf.PRESSURE: series["Stack pressure [Pa]"],
        }
    )


def _bdf(run: RunView, base: Path) -> list[Written]:
    frame = bdf_frame(run)
    with _file(base) as part:
        frame.to_csv(part, index=False)
    return [Written(base, "series", len(frame))]


FORMATS: dict[str, tuple[str, Callable[[RunView, Path], list[Written]]]] = {
    "parquet": (".parquet", _parquet),
    "csv": (".csv", _csv),
    "netcdf": (".nc", _netcdf),
    "bdf": (".bdf.csv", _bdf),
}
"""The formats, their suffixes, and what writes them."""
