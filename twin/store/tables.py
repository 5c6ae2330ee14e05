"""The tables of the store.

A run points to its cell; everything a run leaves behind points to the run and goes
when the run is deleted. Units are in the column names, as in the rows of a run.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, LargeBinary, MetaData
from sqlalchemy.orm import registry
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import Field, Index, SQLModel

from twin.store.damage import Unreadable

# Named constraints, because a later migration can only alter what has a name.
_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Json(TypeDecorator[Any]):
    """JSON text on SQLite, JSONB on PostgreSQL.

    As ``JSON().with_variant(JSONB(), "postgresql")``, but PostgreSQL's dialect is imported where
    the database is one: a thirtieth of a start on SQLite.
    """

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type that a database has for it."""
        if dialect.name != "postgresql":
            return dialect.type_descriptor(JSON())
        from sqlalchemy.dialects.postgresql import JSONB

        return dialect.type_descriptor(JSONB())

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        """Return the type of what it is compared with, or a key of it: as JSON has it."""
        return self.impl_instance.coerce_compared_value(op, value)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC, on databases with and without time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Write a moment as UTC (a naive one would be ambiguous, and is refused)."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        return value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], Any]:
        """Read a moment; what is none comes back as unreadable, not as an error."""
        usual = super().result_processor(dialect, coltype)

        def read(value: Any) -> Any:
            try:
                return value if usual is None else usual(value)
            except (ValueError, TypeError):
                return Unreadable("no moment")

        return read

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Read a moment as UTC (SQLite keeps no zone, PostgreSQL may give another)."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


class StoreTable(SQLModel, registry=registry(metadata=MetaData(naming_convention=_NAMES))):
    """Base of the tables; their metadata are their own, apart from any other SQLModel's."""


def _json() -> Any:
    return Field(default_factory=dict, sa_type=Json, nullable=False)


def _moment() -> Any:
    return Field(default_factory=now, sa_type=UtcDateTime, nullable=False)


def _of_run(**more: Any) -> Any:
    return Field(foreign_key="run.id", ondelete="CASCADE", **more)


class Cell(StoreTable, table=True):
    """A cell as it was simulated: its whole spec, found by its hash."""

    __tablename__ = "cell"

    hash: str = Field(primary_key=True)
    name: str = Field(index=True)
    kind: str
    family: str
    title: str
    created: datetime = _moment()
    spec: dict[str, Any] = _json()


class Study(StoreTable, table=True):
    """Many runs with one question: an ensemble, a sensitivity, a map."""

    __tablename__ = "study"

    id: str = Field(primary_key=True)
    kind: str
    cell_name: str = Field(index=True)
    status: str
    created: datetime = _moment()
    design: dict[str, Any] = _json()
    summary: dict[str, Any] = _json()


class Run(StoreTable, table=True):
    """One simulated life: what was asked, with what, by which process, how it ended."""

    __tablename__ = "run"
    # A member of a study is lived once, whoever goes on with the study.
    __table_args__ = (Index(None, "study", "member", unique=True),)

    id: str = Field(primary_key=True)
    cell_hash: str = Field(foreign_key="cell.hash", index=True)
    cell_name: str = Field(index=True)
    study: str | None = Field(
        default=None, foreign_key="study.id", ondelete="SET NULL", nullable=True, index=True
    )
    member: str | None = None
    """Its name in the study."""
    parent_run: str | None = Field(
        default=None, foreign_key="run.id", ondelete="SET NULL", nullable=True, index=True
    )
    parent_cycle: int | None = None
    status: str = Field(index=True)
    cycles_requested: int
    seed: int | None = Field(default=None, sa_type=BigInteger)
    created: datetime = Field(default_factory=now, sa_type=UtcDateTime, nullable=False, index=True)
    updated: datetime = _moment()
    wall_s: float = 0.0
    host: str
    pid: int
    process_token: str
    """Tells the writing process from a later one that got the same pid."""
    protocol: dict[str, Any] = _json()
    settings: dict[str, Any] = _json()
    modes: dict[str, Any] = _json()
    packages: dict[str, Any] = _json()
    outcome: dict[str, Any] = _json()


class VariableSet(StoreTable, table=True):
    """The names of the numbers in ``Cycle.numbers``, stored once for all rows that have them."""

    __tablename__ = "variable_set"

    hash: str = Field(primary_key=True)
    names: list[list[str]] = Field(sa_type=Json, nullable=False)


class Cycle(StoreTable, table=True):
    """The summary row of one cycle."""

    __tablename__ = "cycle"

    run: str = _of_run(primary_key=True)
    number: int = Field(primary_key=True)
    t_start_s: float | None = None
    t_end_s: float | None = None
    capacity_Ah: float | None = None
    charge_Ah: float | None = None
    discharge_Ah: float | None = None
    charge_Wh: float | None = None
    discharge_Wh: float | None = None
    coulombic_efficiency: float | None = None
    voltage_min_V: float | None = None
    voltage_max_V: float | None = None
    temperature_max_K: float | None = None
    resistance_Ohm_m2: float | None = None
    min_margin: float | None = None
    min_margin_name: str | None = None
    interpolated: bool = False
    variables: str | None = Field(default=None, foreign_key="variable_set.hash", nullable=True)
    numbers: bytes = Field(default=b"", sa_type=LargeBinary, nullable=False)
    """All other numbers, in the order of the set's names (see :mod:`twin.store.packed`)."""
    other_values: dict[str, Any] = _json()


class FailureEvent(StoreTable, table=True):
    """A criterion that was crossed: a warning, or the end of the run."""

    __tablename__ = "failure_event"
    __table_args__ = (Index(None, "run", "cycle"),)

    id: int | None = Field(default=None, primary_key=True)
    run: str = _of_run()
    cycle: int
    t_s: float | None = None
    mode: str | None = None
    """None for a criterion of the core, which belongs to no mode."""
    criterion: str
    severity: str
    variable: str
    value: float | None = None
    threshold: float | None = None
    says: str


class SeriesChunk(StoreTable, table=True):
    """The time series of one cycle, as a Parquet file."""

    __tablename__ = "series_chunk"

    run: str = _of_run(primary_key=True)
    cycle: int = Field(primary_key=True)
    rows: int
    data: bytes = Field(sa_type=LargeBinary)


class Checkpoint(StoreTable, table=True):
    """The state vector at the end of a cycle (cycle 0: before the first)."""

    __tablename__ = "checkpoint"

    run: str = _of_run(primary_key=True)
    cycle: int = Field(primary_key=True)
    layout: str
    data: bytes = Field(sa_type=LargeBinary)


class Measurement(StoreTable, table=True):
    """Measured data of a real cell: one file, found by its hash."""

    __tablename__ = "measurement"

    id: str = Field(primary_key=True)
    """The SHA-256 of the file, so that the same file is the same measurement."""
    cell_name: str = Field(index=True)
    name: str
    source: str
    created: datetime = _moment()
    meta: dict[str, Any] = _json()
    kind: str
    rows: int


class MeasurementChunk(StoreTable, table=True):
    """Rows of a measurement, or one of its spectra, as a Parquet file."""

    __tablename__ = "measurement_chunk"

    measurement: str = Field(primary_key=True, foreign_key="measurement.id", ondelete="CASCADE")
    number: int = Field(primary_key=True)
    rows: int
    data: bytes = Field(sa_type=LargeBinary)


metadata: MetaData = StoreTable.metadata
"""The schema the migrations must lead to."""

CYCLE_COLUMNS: tuple[str, ...] = tuple(
    column.name
    for column in metadata.tables["cycle"].columns
    if column.name not in ("run", "number", "variables", "numbers", "other_values")
)
"""The keys of a cycle row that have a column of their own."""
