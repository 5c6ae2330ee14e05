"""Vendors' binary files, each through a library that is kept for it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from twin.columns import CURRENT, VOLTAGE
from twin.measured.quantities import (
    CYCLE,
    MOMENT,
    STATE,
    STEP,
    STEP_TIME,
    TIME,
    Z_IM,
    columns_of,
    factor,
)
from twin.measured.recording import Asked, Chunk, Reader, Recording, chunk_of
from twin.measured.source import Source, refused

MOST_BINARY = 2 << 30
"""Binary files are read into memory; no larger one is tried."""
_NDAX_MOST, _NDAX_RATIO = 8 << 30, 200


def _small_enough(source: Source) -> None:
    if source.packed:
        raise refused(source.path, "a binary file packed with gzip", "unpack it first")
    if source.size > MOST_BINARY:
        raise refused(
            source.path, f"a binary file of {source.size >> 20} MB", "export it as CSV in parts"
        )


# ------------------------------------------------------------------------------- Neware


def _is_nda(source: Source) -> bool:
    return source.head.startswith(b"NEWARE")


def _is_ndax(source: Source) -> bool:
    return source.head.startswith(b"PK\x03\x04") and not source.packed


def _fastnda() -> Any:
    """Return fastnda, with Python's own zlib left as it was.

    fastnda puts the functions of isal in the place of ``zlib.decompress`` and
    ``zlib.decompressobj`` for the whole process when it is imported; theirs raise another
    error than ``zlib.error``, which every other reader of damaged data would miss.
    """
    kept = zlib.decompress, zlib.decompressobj
    try:
        import fastnda
        import fastnda.ndax  # read() imports it only when it meets such a file
    finally:
        zlib.decompress, zlib.decompressobj = kept
    return fastnda


def _read_neware(source: Source, asked: Asked) -> Recording:
    """Read .nda and .ndax with fastnda (BSD): current in mA, + on charge."""
    _small_enough(source)
    if _is_ndax(source):
        _check_archive(source)
    fastnda = _fastnda()

    # The library goes by the name, which need not be the right one.
    with tempfile.TemporaryDirectory(prefix="twin-") as folder:
        path = Path(folder) / ("file.ndax" if _is_ndax(source) else "file.nda")
        try:
            path.symlink_to(source.path.resolve())
        except OSError:
            shutil.copyfile(source.path, path)
        frame = fastnda.read(path)
    words = frame["step_type"].cast(str).to_list() if "step_type" in frame.columns else []
    columns = {
        TIME: frame["total_time_s"],
        CURRENT: frame["current_mA"],
        VOLTAGE: frame["voltage_V"],
        CYCLE: frame["cycle_count"],
        STEP: frame["step_index"],
        STEP_TIME: frame["step_time_s"],
        MOMENT: frame["unix_time_s"],
    }
    chunk = chunk_of({name: values.to_numpy() for name, values in columns.items()})
    chunk[CURRENT] = chunk[CURRENT] * 1e-3
    if words:
        chunk[STATE] = np.array([_neware_state(str(word)) for word in words])
    made = Recording(iter([chunk]), asked.positive or "charge")
    made.about["headings"] = {name: values.name for name, values in columns.items()}
    return made


def _neware_state(word: str) -> float:
    word = word.lower()
    if "dchg" in word or "dis" in word:
        return 1.0
    if "chg" in word or "charge" in word:
        return -1.0
    return 0.0 if "rest" in word else np.nan


def _check_archive(source: Source) -> None:
    """Refuse an archive that is none of Neware's, or unpacks into too much."""
    try:
        with zipfile.ZipFile(source.path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise refused(source.path, f"the archive is damaged: {error}", "copy it again") from None
    total = sum(part.file_size for part in parts)
    if total > min(_NDAX_MOST, max(64 << 20, _NDAX_RATIO * source.size)):
        raise refused(
            source.path,
            f"it unpacks into {total >> 20} MB from {source.size} bytes",
            "export it as CSV with the cycler's own program",
        )
    if not any(part.filename.lower().endswith((".ndc", "data.xml")) for part in parts):
        raise refused(
            source.path, "an archive, and none of Neware's", "unpack it and import what is in it"
        )


# ----------------------------------------------------------------------------- BioLogic


def _is_mpr(source: Source) -> bool:
    return source.head.startswith(b"BIO-LOGIC MODULAR FILE")


def _read_mpr(source: Source, asked: Asked) -> Recording:
    """Read .mpr with galvani (GPL, so an extra): current + on charge."""
    _small_enough(source)
    from galvani import BioLogic

    data = BioLogic.MPRfile(str(source.path)).data
    names = list(data.dtype.names)
    chunk: dict[str, Any] = {}
    headings = {}
    for quantity, (index, read) in columns_of(names).items():
        if quantity == STATE:
            continue
        scale, shift = factor(read.unit, quantity)
        chunk[quantity] = np.asarray(data[names[index]], dtype=float) * scale + shift
        headings[quantity] = names[index]
    if "-Im(Z)/Ohm" in names and Z_IM not in chunk:
        chunk[Z_IM] = -np.asarray(data["-Im(Z)/Ohm"], dtype=float)
    made = Recording(iter(()), asked.positive or "charge")
    made.about["headings"] = headings
    made.chunks = iter([chunk_of(chunk)])
    return made


# -------------------------------------------------------------------------------- Arbin


def _is_res(source: Source) -> bool:
    return source.head[4:19] in (b"Standard Jet DB", b"Standard ACE DB")


def _read_res(source: Source, asked: Asked) -> Recording:
    """Read .res (an Access database) with mdbtools' ``mdb-export``."""
    program = shutil.which("mdb-export")
    if program is None:
        raise refused(
            source.path,
            "Arbin's .res files need the program mdb-export",
            "install mdbtools (Debian: apt install mdbtools), or export it as CSV",
        )
    made = Recording(iter(()), asked.positive or "charge")
    made.chunks = _res_chunks(source, program, asked, made)
    return made


def _res_chunks(source: Source, program: str, asked: Asked, made: Recording) -> Iterator[Chunk]:
    from twin.measured.delimited import record

    with tempfile.TemporaryDirectory(prefix="twin-") as folder:
        whole, path = Path(folder) / "file.res", Path(folder) / "table.csv"
        with source.open() as stream, whole.open("wb") as copy:
            shutil.copyfileobj(stream, copy)
        with path.open("wb") as out:
            done = subprocess.run(
                [program, str(whole), "Channel_Normal_Table"],
                stdout=out,
                stderr=subprocess.PIPE,
                check=False,
                timeout=3600,
            )
        if done.returncode:
            says = done.stderr.decode(errors="replace").strip()[:120]
            raise refused(source.path, f"mdb-export: {says}", "export it as CSV")
        table = record(Source(path), asked, made.positive)
        made.remarks += table.remarks
        yield from table.chunks


READERS = [
    Reader("neware-nda", "Neware .nda", _is_nda, _read_neware, "fastnda"),
    Reader("neware-ndax", "Neware .ndax", _is_ndax, _read_neware, "fastnda"),
    Reader("biologic-mpr", "BioLogic .mpr", _is_mpr, _read_mpr, "galvani"),
    Reader("arbin-res", "Arbin .res", _is_res, _read_res),
]
