"""Saving a document to a file of the user's choice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twin.cli.session import Session, plain


def check_writable(path: Path) -> None:
    """Refuse a place where nothing can be saved: before the work, not after it.

    Raises
    ------
    InputError
        If it is a directory, or in one that does not exist.
    """
    from twin.errors import InputError

    if path.is_dir() or not path.absolute().parent.is_dir():
        raise InputError(
            "it cannot be saved there",
            file=str(path),
            key="save",
            fix="give the path of a file in a directory that exists",
        )


def save_json(session: Session, path: Path, document: Any) -> None:
    """Save a document as JSON, and say so."""
    write_json(path, document)
    session.say(f"saved as {path}")


def write_json(path: Path, document: Any) -> None:
    """Write a document as JSON; the file holds the old one or the new one, never half of it."""
    beside = path.with_name(f"{path.name}.part")
    beside.write_text(json.dumps(plain(document), indent=1) + "\n", encoding="utf-8")
    beside.replace(path)
