"""The readers that come with the twin, each found through the hook ``twin_readers``."""

from __future__ import annotations

from twin.measured.recording import Reader


def readers() -> list[Reader]:
    """Return the twin's own readers, those of the narrowest signature first."""
    from twin.measured.readers import binary, columnar, text

    return [*binary.READERS, *columnar.READERS, *text.READERS]
