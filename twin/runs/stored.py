"""What is stored, understood: each error names the run, the cycle and the column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from twin.store.damage import Damage

if TYPE_CHECKING:
    from twin.engine.outcome import Outcome

_MISREAD = (
    ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, NotImplementedError,
    OSError, RecursionError, TypeError, ValueError,
)  # fmt: skip
"""What reading bytes or tables that are not what they should be ends in."""
_TEXTS = ("mode", "criterion", "variable", "says", "fix")
_NUMBERS = ("time_h", "temperature_K", "pressure_Pa", "value", "threshold")
_OF_SERIES = ("Time [s]", "Step")


@contextmanager
def understood(of: str, column: str) -> Iterator[None]:
    """Raise a StoreError that names the value if it cannot be understood inside."""
    from twin.errors import SpecError, StoreError, TwinError

    try:
        yield
    except (*_MISREAD, TwinError) as error:
        if isinstance(error, SpecError) and all(_gone(p.message) for p in error.problems):
            (first, *more) = error.problems
            others = f" (and {len(more)} more)" if more else ""
            raise StoreError(
                f"{column} is of an earlier version: {first.key}: {first.message}{others}",
                key=of,
                fix="what it was can be seen; to go on, start a new run from the cell's file",
            ) from error
        says = " ".join(str(error).split()) or "it is not what is stored there"
        raise Damage(of, column, f"{type(error).__name__}: {says[:120]}").error() from error


def _gone(message: str) -> bool:
    return "is no longer a key" in message


def outcome_of(run: str, data: Mapping[str, Any]) -> Outcome | None:
    """Return how a run ended; None while it has not.

    Raises
    ------
    StoreError
        If what is stored is no outcome.
    """
    from twin.engine.outcome import Outcome

    if not data:
        return None
    with understood(f"run {run}", "outcome"):
        outcome = Outcome.from_dict(dict(data))
        if not isinstance(outcome.kind, str) or not isinstance(outcome.cycle, int):
            raise ValueError("it has no kind or no cycle")
        _check(vars(outcome), _TEXTS, str)
        _check(vars(outcome), _NUMBERS, (int, float))
        if outcome.runner_up is not None:
            _check(vars(outcome.runner_up), ("mode", "criterion", "variable"), str)
            _check(vars(outcome.runner_up), ("margin", "value", "threshold"), (int, float))
        tables = (outcome.evidence, outcome.numerics, *outcome.evidence.values())
        if not all(isinstance(table, dict) for table in tables):
            raise ValueError("its evidence is no table")
        for evidence in outcome.evidence.values():
            _check(evidence, ("polarisation_V", "capacity_Ah"), (int, float))
    return outcome


def _check(table: Mapping[str, Any], keys: tuple[str, ...], kinds: Any) -> None:
    for key in keys:
        if table[key] is not None and not isinstance(table[key], kinds):
            raise ValueError(f"{key} is {table[key]!r}")


def series_table(of: str, data: bytes) -> dict[str, Any]:
    """Return a cycle's series as arrays by name.

    A chunk is one row group of some hundred rows. Reading it as that is two to three times
    as fast as ``read_table``, which sets up a scan of files for each.

    Raises
    ------
    StoreError
        If the bytes are no series.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with understood(of, "series"):
        file = pq.ParquetFile(pa.BufferReader(data), pre_buffer=False)
        whole = file.num_row_groups == 1
        table = file.read_row_group(0, use_threads=False) if whole else file.read(use_threads=False)
        columns = zip(table.column_names, table.columns, strict=True)
        arrays = {name: column.to_numpy() for name, column in columns}
        for name in _OF_SERIES:
            if name not in arrays:
                raise ValueError(f"it has no {name}")
        return arrays
