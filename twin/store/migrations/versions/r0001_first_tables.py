"""The first tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "cell",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("spec", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_cell"),
    )
    op.create_index("ix_cell_name", "cell", ["name"])

    op.create_table(
        "study",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("cell_name", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("design", _JSON, nullable=False),
        sa.Column("summary", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_study"),
    )
    op.create_index("ix_study_cell_name", "study", ["cell_name"])

    op.create_table(
        "run",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("cell_hash", sa.String(), nullable=False),
        sa.Column("cell_name", sa.String(), nullable=False),
        sa.Column("study", sa.String(), nullable=True),
        sa.Column("parent_run", sa.String(), nullable=True),
        sa.Column("parent_cycle", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("cycles_requested", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("updated", _MOMENT, nullable=False),
        sa.Column("wall_s", sa.Float(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("process_token", sa.String(), nullable=False),
        sa.Column("protocol", _JSON, nullable=False),
        sa.Column("settings", _JSON, nullable=False),
        sa.Column("modes", _JSON, nullable=False),
        sa.Column("packages", _JSON, nullable=False),
        sa.Column("outcome", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
        sa.ForeignKeyConstraint(["cell_hash"], ["cell.hash"], name="fk_run_cell_hash_cell"),
        sa.ForeignKeyConstraint(
            ["study"], ["study.id"], name="fk_run_study_study", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["parent_run"], ["run.id"], name="fk_run_parent_run_run", ondelete="SET NULL"
        ),
    )
    for column in ("cell_hash", "cell_name", "study", "parent_run", "status", "created"):
        op.create_index(f"ix_run_{column}", "run", [column])

    op.create_table(
        "cycle",
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("t_start_s", sa.Float(), nullable=True),
        sa.Column("t_end_s", sa.Float(), nullable=True),
        sa.Column("capacity_Ah", sa.Float(), nullable=True),
        sa.Column("charge_Ah", sa.Float(), nullable=True),
        sa.Column("discharge_Ah", sa.Float(), nullable=True),
        sa.Column("charge_Wh", sa.Float(), nullable=True),
        sa.Column("discharge_Wh", sa.Float(), nullable=True),
        sa.Column("coulombic_efficiency", sa.Float(), nullable=True),
        sa.Column("voltage_min_V", sa.Float(), nullable=True),
        sa.Column("voltage_max_V", sa.Float(), nullable=True),
        sa.Column("temperature_max_K", sa.Float(), nullable=True),
        sa.Column("resistance_Ohm_m2", sa.Float(), nullable=True),
        sa.Column("min_margin", sa.Float(), nullable=True),
        sa.Column("min_margin_name", sa.String(), nullable=True),
        sa.Column("interpolated", sa.Boolean(), nullable=False),
        sa.Column("other_values", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("run", "number", name="pk_cycle"),
        _of_run("cycle"),
    )

    op.create_table(
        "failure_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("t_s", sa.Float(), nullable=True),
        sa.Column("mode", sa.String(), nullable=True),
        sa.Column("criterion", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("variable", sa.String(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("threshold", sa.Float(), nullable=True),
        sa.Column("says", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_failure_event"),
        _of_run("failure_event"),
    )
    op.create_index("ix_failure_event_run_cycle", "failure_event", ["run", "cycle"])

    op.create_table(
        "series_chunk",
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run", "cycle", name="pk_series_chunk"),
        _of_run("series_chunk"),
    )

    op.create_table(
        "checkpoint",
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("layout", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run", "cycle", name="pk_checkpoint"),
        _of_run("checkpoint"),
    )

    op.create_table(
        "measurement",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("cell_name", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("meta", _JSON, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_measurement"),
    )
    op.create_index("ix_measurement_cell_name", "measurement", ["cell_name"])


def _of_run(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["run"], ["run.id"], name=f"fk_{table}_run_run", ondelete="CASCADE"
    )


def downgrade() -> None:
    """Drop every table."""
    for table in (
        "measurement",
        "checkpoint",
        "series_chunk",
        "failure_event",
        "cycle",
        "run",
        "study",
        "cell",
    ):
        op.drop_table(table)
