"""From a file to a measurement: every reader that knows it is tried, and says what it found."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.errors import InputError, NotFoundError
from twin.measured.recording import Asked, Reader
from twin.measured.source import Source, refused
from twin.measured.table import NoTable, Table, make_table
from twin.visible import visible

if TYPE_CHECKING:
    from twin.store import Store

_BPX = '"Parameterisation"'
_EXTRAS = {"galvani": "pip install 'sodium-cell-twin[mpr]'"}


@dataclass(frozen=True)
class Said:
    """What one reader said of a file: ``taken``, or why it was not."""

    reader: str
    says: str


@dataclass
class Imported:
    """A file that was read.

    Attributes
    ----------
    id : str
        The SHA-256 of the file: the same file is the same measurement.
    name : str
        The file's name, as it may be shown.
    source : str
        Where it was.
    reader : str
        The reader that was taken.
    said : tuple of Said
        What each reader said that was asked.
    table : Table
        What is in it.
    """

    id: str
    name: str
    source: str
    reader: str
    said: tuple[Said, ...]
    table: Table

    def meta(self) -> dict[str, Any]:
        """Return everything about it but its rows, as plain data."""
        table = self.table
        return {
            "reader": self.reader,
            "said": [vars(said) for said in self.said],
            "told": table.told,
            "doubts": table.doubts,
            "columns": table.columns,
            "span_s": list(table.span),
            "positive_in_file": table.sign.positive if table.sign else None,
            "sign_checked": table.sign.checked if table.sign else None,
            "about": table.about,
            "found": table.found.to_dict() if table.found else None,
            "spectra": [spectrum.to_dict() for spectrum in table.spectra],
        }


def all_readers() -> list[Reader]:
    """Return the readers of the twin and of every plugin, in the order they are tried."""
    from twin.measured.readers import readers
    from twin.modes.manager import plugin_manager

    own = readers()
    # A plugin's reader knows its own files better than a general one.
    brought = plugin_manager().readers({reader.id for reader in own})
    return [*brought, *own]


@contextmanager
def imported(
    path: str | Path, asked: Asked | None = None, readers: Sequence[Reader] | None = None
) -> Iterator[Imported]:
    """Read a file and give what is in it; its rows are there until the block ends.

    Parameters
    ----------
    path : str or Path
        The file.
    asked : Asked, optional
        What the user says of it.
    readers : sequence of Reader, optional
        Those to try; all by default.

    Raises
    ------
    InputError
        If it cannot be read: one line with the reason and what to do.
    """
    given = Path(path).expanduser()
    asked = asked or Asked()
    source = Source(given)
    with tempfile.TemporaryDirectory(prefix="twin-import-") as folder:
        reader, table, said = _read(source, asked, _chosen(readers, asked), Path(folder))
        table.told[:0] = source.remarks
        yield Imported(
            source.sha256, visible(given.name), visible(str(given)), reader.id, said, table
        )


def _chosen(readers: Sequence[Reader] | None, asked: Asked) -> list[Reader]:
    known = list(readers) if readers is not None else all_readers()
    if not asked.reader:
        return known
    named = [reader for reader in known if reader.id == asked.reader]
    if not named:
        raise NotFoundError(
            f"there is no reader {asked.reader!r}",
            key="reader",
            fix=f"one of {', '.join(reader.id for reader in known)}",
        )
    return named


def _read(
    source: Source, asked: Asked, readers: Sequence[Reader], folder: Path
) -> tuple[Reader, Table, tuple[Said, ...]]:
    said: list[Said] = []
    failures: list[InputError] = []
    if source.is_text and _BPX in source.text:
        raise refused(
            source.path,
            "is a cell in BPX, and no measured data",
            "twin cells import FILE cell.toml",
        )
    for reader in readers:
        if not asked.reader and not _knows(reader, source, said):
            continue
        try:
            table = make_table(reader.read(source, asked), asked, folder)
        except InputError as error:
            failures.append(error)
        except NoTable as error:
            failures.append(refused(source.path, str(error), error.fix, error.key))
        except ModuleNotFoundError as error:
            package = reader.needs or str(error.name)
            fix = _EXTRAS.get(package, f"pip install {package}")
            failures.append(
                refused(source.path, f"{reader.title} files need the package {package}", fix)
            )
        except (MemoryError, RecursionError, Exception) as error:
            says = " ".join(str(error).split())[:160] or "no reason given"
            failures.append(
                refused(
                    source.path,
                    f"the {reader.id} reader failed: {type(error).__name__}: {says}",
                    "the file may be damaged or of a version that is not known: export it as CSV",
                )
            )
        else:
            return reader, table, (*said, Said(reader.id, "taken"))
        said.append(Said(reader.id, visible(failures[-1].problem.message)))
    raise (
        failures[0]
        if failures
        else refused(
            source.path,
            "no reader knows it",
            "export it as CSV or text with time, current and voltage (`twin measured readers`)",
        )
    )


def _knows(reader: Reader, source: Source, said: list[Said]) -> bool:
    try:
        return bool(reader.signature(source))
    except InputError:
        raise
    except Exception as error:
        said.append(Said(reader.id, f"its signature failed: {type(error).__name__}: {error}"[:160]))
        return False


def keep(
    recording: Imported, store: Store, *, cell: str = "", asked: dict[str, Any] | None = None
) -> None:
    """Keep a measurement in a store, in the place of what is there of the same file.

    Parameters
    ----------
    recording : Imported
        What was read.
    store : Store
        Where to.
    cell : str
        The cell it was measured on, as the user calls it.
    asked : dict, optional
        What the user said of it, for the record.
    """
    from twin.measured.keeping import to_bytes

    table = recording.table

    def pieces() -> Iterator[tuple[int, bytes]]:
        for chunk in table.chunks():
            yield len(next(iter(chunk.values()))), to_bytes(chunk)

    store.add_measurement(
        recording.id,
        name=recording.name,
        cell_name=cell,
        source=recording.source,
        kind=table.kind,
        rows=table.rows,
        meta={**recording.meta(), "asked": asked or {}},
        pieces=pieces,
        replace=True,
    )
