"""The numbers of cycle rows as bytes, their names once for all rows that share them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_ROWS_AT_ONCE = 500

# The tables as they are between the steps; those of the code may have moved on.
_CYCLE = sa.table(
    "cycle",
    sa.column("run", sa.String()),
    sa.column("number", sa.Integer()),
    sa.column("variables", sa.String()),
    sa.column("numbers", sa.LargeBinary()),
    sa.column("other_values", _JSON),
)
_SETS = sa.table("variable_set", sa.column("hash", sa.String()), sa.column("names", _JSON))


def upgrade() -> None:
    """Pack the floats of every row."""
    op.create_table(
        "variable_set",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("names", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_variable_set"),
    )
    with op.batch_alter_table("cycle") as table:
        table.add_column(sa.Column("variables", sa.String(), nullable=True))
        table.add_column(sa.Column("numbers", sa.LargeBinary(), nullable=True))
        table.create_foreign_key(
            "fk_cycle_variables_variable_set", "variable_set", ["variables"], ["hash"]
        )
    known: set[str] = set()

    def packed(row: Any) -> dict[str, Any]:
        names, numbers, rest = _pack(row.other_values)
        key = hashlib.sha256(json.dumps(names).encode()).hexdigest()[:16] if names else None
        if key is not None and key not in known:
            known.add(key)
            op.get_bind().execute(sa.insert(_SETS), {"hash": key, "names": names})
        return {
            "variables": key,
            "numbers": np.array(numbers, "<f8").tobytes(),
            "other_values": rest,
        }

    _each_row(packed)
    with op.batch_alter_table("cycle") as table:
        table.alter_column("numbers", existing_type=sa.LargeBinary(), nullable=False)


def downgrade() -> None:
    """Put the numbers back among the other values."""
    names = {row.hash: row.names for row in op.get_bind().execute(sa.select(_SETS))}

    def unpacked(row: Any) -> dict[str, Any]:
        values = dict(row.other_values)
        doubles = np.frombuffer(bytes(row.numbers), "<f8").tolist()
        for path, value in zip(names.get(row.variables, []), doubles, strict=True):
            table = values if len(path) == 1 else values.setdefault(path[0], {})
            table[path[-1]] = value
        return {"other_values": values}

    _each_row(unpacked)
    with op.batch_alter_table("cycle") as table:
        table.drop_constraint("fk_cycle_variables_variable_set", type_="foreignkey")
        table.drop_column("numbers")
        table.drop_column("variables")
    op.drop_table("variable_set")


def _pack(values: dict[str, Any]) -> tuple[list[list[str]], list[float], dict[str, Any]]:
    names: list[list[str]] = []
    numbers: list[float] = []
    rest: dict[str, Any] = {}
    for key, value in values.items():
        if _is_float(value):
            names.append([key])
            numbers.append(float(value))
        elif isinstance(value, dict) and value:
            kept = {}
            for inner, number in value.items():
                if _is_float(number):
                    names.append([key, inner])
                    numbers.append(float(number))
                else:
                    kept[inner] = number
            if kept:
                rest[key] = kept
        else:
            rest[key] = value
    return names, numbers, rest


def _is_float(value: Any) -> bool:
    # JSONB forgets that a number without a fraction was a float; a huge one was.
    huge = isinstance(value, int) and abs(value) > 2**53
    return isinstance(value, float) or huge


def _each_row(change: Callable[[Any], dict[str, Any]]) -> None:
    """Change every row, a few at a time, in the order of the key."""
    bind = op.get_bind()
    key = sa.tuple_(_CYCLE.c.run, _CYCLE.c.number)
    query = sa.select(_CYCLE).order_by(_CYCLE.c.run, _CYCLE.c.number).limit(_ROWS_AT_ONCE)
    last: tuple[str, int] | None = None
    while True:
        some = bind.execute(query if last is None else query.where(key > last)).all()
        if not some:
            return
        for row in some:
            bind.execute(
                sa.update(_CYCLE)
                .where(_CYCLE.c.run == row.run, _CYCLE.c.number == row.number)
                .values(change(row))
            )
        last = (some[-1].run, some[-1].number)
