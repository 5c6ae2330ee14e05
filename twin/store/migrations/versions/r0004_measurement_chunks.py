"""The rows of measurements in chunks, as a long one fits no single value."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# The tables as they are between the steps; those of the code may have moved on.
_MEASUREMENT = sa.table(
    "measurement", sa.column("id", sa.String()), sa.column("data", sa.LargeBinary())
)
_CHUNK = sa.table(
    "measurement_chunk",
    sa.column("measurement", sa.String()),
    sa.column("number", sa.Integer()),
    sa.column("rows", sa.Integer()),
    sa.column("data", sa.LargeBinary()),
)


def upgrade() -> None:
    """Move what a measurement held to chunks of it (nothing has written any so far)."""
    op.create_table(
        "measurement_chunk",
        sa.Column("measurement", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("measurement", "number", name="pk_measurement_chunk"),
        sa.ForeignKeyConstraint(
            ["measurement"],
            ["measurement.id"],
            name="fk_measurement_chunk_measurement_measurement",
            ondelete="CASCADE",
        ),
    )
    rows = sa.select(_MEASUREMENT.c.id, sa.literal(0), sa.literal(0), _MEASUREMENT.c.data)
    columns = ["measurement", "number", "rows", "data"]
    op.get_bind().execute(sa.insert(_CHUNK).from_select(columns, rows))
    with op.batch_alter_table("measurement") as table:
        table.drop_column("data")
        table.add_column(sa.Column("kind", sa.String(), nullable=False, server_default="cycling"))
        table.add_column(sa.Column("rows", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("measurement") as table:
        table.alter_column("kind", existing_type=sa.String(), server_default=None)
        table.alter_column("rows", existing_type=sa.Integer(), server_default=None)


def downgrade() -> None:
    """Put the first chunk of each back; what does not fit one is lost."""
    with op.batch_alter_table("measurement") as table:
        table.drop_column("kind")
        table.drop_column("rows")
        table.add_column(
            sa.Column("data", sa.LargeBinary(), nullable=False, server_default=sa.text("''"))
        )
    with op.batch_alter_table("measurement") as table:
        table.alter_column("data", existing_type=sa.LargeBinary(), server_default=None)
    first = (
        sa.select(_CHUNK.c.data)
        .where(_CHUNK.c.measurement == _MEASUREMENT.c.id, _CHUNK.c.number == 0)
        .scalar_subquery()
    )
    held = sa.select(_CHUNK.c.measurement).where(_CHUNK.c.number == 0)
    op.get_bind().execute(
        sa.update(_MEASUREMENT).where(_MEASUREMENT.c.id.in_(held)).values(data=first)
    )
    op.drop_table("measurement_chunk")
