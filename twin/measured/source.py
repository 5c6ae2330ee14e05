"""A file as readers see it: its first bytes, and a stream of all of them, within bounds.

What a stranger's file holds decides neither how much memory nor how much of the disk it takes.
"""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from twin.errors import InputError

HEAD = 1 << 18
"""So many bytes are looked at to tell what a file is."""
LONGEST_LINE = 1 << 16
"""A heading may be as long; notes above it (a protocol, say) may be longer."""
MOST_COLUMNS = 1000
MOST_ROWS = 500_000_000
MOST_BYTES = 64 << 30
MOST_RATIO = 200
"""Text of a cycler packs ten to a hundred times; more is no text of a cycler."""
_RATIO_FROM = 64 << 20
_AT_ONCE = 1 << 20
_TAIL = 1 << 14
_CHINESE = ("电压", "电流", "循环", "工步")
GZIP = b"\x1f\x8b"


class Source:
    """One file of measured data.

    Parameters
    ----------
    path : Path
        The file.

    Attributes
    ----------
    remarks : list of str
        What was seen while it was opened: that it is packed, or cut short.
    cut : bool
        Whether it was found to end too early, as far as it has been read.

    Raises
    ------
    InputError
        If it is no file, is empty or cannot be read.
    """

    def __init__(self, path: Path):
        self.path = path
        self.remarks: list[str] = []
        self.cut = False
        with unreadable(self.path):
            if path.is_dir():
                raise IsADirectoryError(21, "is a folder", str(path))
            if not path.is_file() and path.exists():
                raise OSError(0, "is no regular file", str(path))
            self.size = path.stat().st_size
            with path.open("rb") as stream:
                begins = stream.read(len(GZIP))
        if not self.size:
            raise refused(path, "the file is empty", "export it again")
        self.packed = begins == GZIP
        if self.packed:
            self.remark("packed with gzip: unpacked as it is read")

    def remark(self, text: str) -> None:
        """Note something, once."""
        if text not in self.remarks:
            self.remarks.append(text)

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the file's own bytes."""
        digest = hashlib.sha256()
        with unreadable(self.path), self.path.open("rb") as stream:
            while block := stream.read(_AT_ONCE):
                digest.update(block)
        return digest.hexdigest()

    @cached_property
    def head(self) -> bytes:
        """The first bytes, unpacked."""
        with self.open() as stream:
            return stream.read(HEAD)

    @cached_property
    def tail(self) -> bytes:
        """The last bytes of a file that is not packed."""
        if self.packed:
            return b""
        with self.open() as stream:
            stream.seek(max(self.size - _TAIL, 0))
            return stream.read(_TAIL)

    @cached_property
    def encoding(self) -> str:
        """How its text is written: by its mark, else UTF-8 if it is that, else Windows's."""
        for mark, name in (
            (b"\xef\xbb\xbf", "utf-8-sig"),
            (b"\xff\xfe", "utf-16"),
            (b"\xfe\xff", "utf-16"),
        ):
            if self.head.startswith(mark):
                self.remark(f"it begins with a byte order mark: read as {name.upper()}")
                return name
        try:
            # The last character may be cut in two.
            self.head[: max(len(self.head) - 4, 1)].decode("utf-8")
        except UnicodeDecodeError as error:
            if error.end < len(self.head) - 8:
                if any(word.encode("gb18030") in self.head for word in _CHINESE):
                    self.remark("its text is Chinese: read as GB 18030")
                    return "gb18030"
                self.remark("its text is not UTF-8: read as Windows-1252")
                return "cp1252"
        return "utf-8"

    @cached_property
    def text(self) -> str:
        """The first characters."""
        return self.head.decode(self.encoding, "replace").replace("\r\n", "\n").replace("\r", "\n")

    @cached_property
    def is_text(self) -> bool:
        """Whether it looks like text: hardly any control characters."""
        sample = self.text[:20_000]
        odd = sum(c < " " and c not in "\t\n\f\x1a" for c in sample)
        return bool(sample.strip()) and odd <= len(sample) // 200

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Give a stream of its bytes, unpacked.

        Raises
        ------
        InputError
            If it cannot be read, or unpacks into more than it could hold.
        """
        with unreadable(self.path), self.path.open("rb") as raw:
            if not self.packed:
                yield raw
                return
            with io.BufferedReader(_Unpacked(self, raw), _AT_ONCE) as stream:
                yield stream


class _Unpacked(io.RawIOBase):
    """The bytes of a gzip file; one that is cut short ends where it is cut."""

    def __init__(self, source: Source, raw: IO[bytes]):
        self._source, self._raw = source, raw
        self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._packed = b""
        self._given = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes."""
        block = b""
        while not block:
            if not self._packed:
                self._packed = self._raw.read(_AT_ONCE)
                if not self._packed:
                    if not self._member.eof:
                        self._damaged("it ends too early")
                    return 0
            if self._member.eof:  # another file packed behind the first
                if not self._packed.startswith(GZIP[:1]):
                    return 0  # padding
                self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
            try:
                block = self._member.decompress(self._packed, len(buffer))
            except zlib.error as error:
                self._damaged(str(error))
                return 0
            self._packed = self._member.unconsumed_tail or self._member.unused_data
        self._given += len(block)
        allowed = max(_RATIO_FROM, MOST_RATIO * self._source.size)
        if self._given > min(allowed, MOST_BYTES):
            raise refused(
                self._source.path,
                f"it unpacks into more than {self._given >> 20} MB from {self._source.size} bytes",
                "unpack it yourself if you trust it",
            )
        buffer[: len(block)] = block
        return len(block)

    def _damaged(self, says: str) -> None:
        if not self._given:
            raise refused(self._source.path, f"the gzip file is damaged: {says}", "copy it again")
        self._source.cut = True
        self._source.remark("the gzip file is cut short or damaged: what came before is used")


def refused(path: Path, message: str, fix: str, key: str | None = None) -> InputError:
    """Return the error for a file that cannot be used."""
    return InputError(message, file=str(path), key=key, fix=fix)


@contextmanager
def unreadable(path: Path) -> Iterator[None]:
    """Raise an InputError where the operating system refuses."""
    try:
        yield
    except OSError as error:
        says = (error.strerror or str(error)).lower()
        raise refused(path, says, "check the path and its permissions") from None
