"""Alembic's entry: run the steps on the connection that was handed over.

There is no ini file and no URL here: :mod:`twin.store.migrate` holds the connection,
its transaction and the lock.
"""

from alembic import context

from twin.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    # SQLite cannot alter a column: the table is copied to a new one.
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
