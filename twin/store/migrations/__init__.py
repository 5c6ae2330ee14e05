"""The history of the tables, one file a step in ``versions/``.

To change a table: change :mod:`twin.store.tables`, add ``versions/rNNNN_what.py`` with
the step (on SQLite inside ``op.batch_alter_table``), and set :data:`HEAD`. A test
compares the tables that the steps make with those of the code.
"""

HEAD = "0004"
"""The newest step. Kept here so that opening a store need not import Alembic."""
