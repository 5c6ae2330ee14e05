"""Saving a document to a file of the user's choice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twin import files
from twin.cli.session import Session, plain


def save_json(session: Session, path: Path, document: Any) -> None:
    """Save a document as JSON, and say so."""
    write_json(path, document)
    session.say(f"saved as {path}")


def write_json(path: Path, document: Any) -> None:
    """Write a document as JSON; the file holds the old one or the new one, never half of it."""
    files.write_text(path, json.dumps(plain(document), indent=1) + "\n", key="save")
