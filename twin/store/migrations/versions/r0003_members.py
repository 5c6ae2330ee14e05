"""The name of a study's member in a column of its own, each once in its study."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_FINISHED = ("completed", "cell-failed", "solver-gave-up")

# The table as it is between the steps; that of the code may have moved on.
_RUN = sa.table(
    "run",
    sa.column("id", sa.String()),
    sa.column("study", sa.String()),
    sa.column("member", sa.String()),
    sa.column("status", sa.String()),
    sa.column("created", sa.DateTime(timezone=True)),
    sa.column("settings", sa.JSON().with_variant(postgresql.JSONB(), "postgresql")),
)


def upgrade() -> None:
    """Name the members; of one that was lived twice, the first to be started counts.

    The others stay in the database as runs of no study.
    """
    op.add_column("run", sa.Column("member", sa.String(), nullable=True))
    bind = op.get_bind()
    rows = bind.execute(
        sa.select(_RUN.c.id, _RUN.c.study, _RUN.c.status, _RUN.c.settings)
        .where(_RUN.c.study.is_not(None))
        .order_by(_RUN.c.created, _RUN.c.id)
    ).all()
    named: set[tuple[str, str]] = set()
    for row in sorted(rows, key=lambda row: row.status not in _FINISHED):
        bind.execute(sa.update(_RUN).where(_RUN.c.id == row.id).values(_place(row, named)))
    op.create_index("ix_run_study_member", "run", ["study", "member"], unique=True)


def _place(row: Any, named: set[tuple[str, str]]) -> dict[str, Any]:
    """Return study and member of a run; neither, if the study has that member already."""
    member = (row.settings or {}).get("member")
    if member is None:
        return {"study": row.study, "member": None}
    key = (row.study, str(member))
    if key in named:
        return {"study": None, "member": None}
    named.add(key)
    return {"study": row.study, "member": str(member)}


def downgrade() -> None:
    """Drop the column."""
    op.drop_index("ix_run_study_member", "run")
    with op.batch_alter_table("run") as table:
        table.drop_column("member")
