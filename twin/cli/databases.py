"""``twin db``: where runs are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from twin.cli.command import command, group
from twin.cli.session import Session

if TYPE_CHECKING:
    from twin.cli.page import Page


def add_commands(app: typer.Typer) -> None:
    """Add ``twin db info`` and ``twin db upgrade``."""
    database = group(app, "db", info, "info")
    command(database, "upgrade")(upgrade)


def info(session: Session) -> None:
    """Say where the database is and what is in it; upgrade it."""
    from twin.catalog.health import describe_database

    document = describe_database(session.common.db)

    def page(sheet: Page) -> None:
        sheet.facts(
            [
                ("database", document["url"]),
                ("state", document["state"]),
                ("revision", document["revision"] or "none"),
                ("size", _size(document.get("bytes"))),
                ("log", _size(document.get("log_bytes"))),
                ("series", _size(document.get("series_bytes"))),
                ("checkpoints", _size(document.get("checkpoint_bytes"))),
                ("measured", _size(document.get("measured_bytes"))),
                ("a cycle's row", _size(document.get("bytes_per_cycle_row"))),
            ]
        )
        counts = document.get("counts") or {}
        if counts:
            sheet.heading("Rows")
            sheet.facts((name, count) for name, count in counts.items())

    session.finish(document, page)


def _size(number: int | None) -> str | None:
    if number is None:
        return None
    size = float(number)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"


def upgrade(session: Session) -> None:
    """Bring the database up to date, or create it."""
    from twin.store import migrate
    from twin.store.session import default_url, parse_url, shown

    given = session.common.db or default_url()
    before, now = migrate.upgrade(given)
    document = {"url": shown(parse_url(given)), "before": before, "revision": now}

    def page(sheet: Page) -> None:
        change = "is up to date" if before == now else f"went from {before or 'empty'} to"
        sheet.line(f"{document['url']} {change} (revision {now})")

    session.finish(document, page)
