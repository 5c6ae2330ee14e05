"""One command at work: where its result goes, where it talks, which store it uses."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TextIO

from twin.cli.options import Common
from twin.cli.streams import check_written
from twin.visible import ESCAPED, visible

if TYPE_CHECKING:
    from twin.cli.page import Page
    from twin.store import Store


class Session:
    """What a command is given besides its own arguments.

    Parameters
    ----------
    common : Common
        The common options.
    """

    def __init__(self, common: Common):
        self.common = common
        # Kept, because stray prints of libraries are turned away from stdout meanwhile.
        self.out: TextIO = sys.stdout

    @property
    def wants_json(self) -> bool:
        """Whether stdout is for one JSON document."""
        return self.common.json

    @cached_property
    def quiet(self) -> bool:
        """Whether progress and remarks are left out, as asked or by the user's default."""
        from twin.config import load_config

        return self.common.quiet or load_config().quiet

    @cached_property
    def store(self) -> Store:
        """The database, opened when it is first needed."""
        from twin.store import Store

        return Store.open(self.common.db)

    @property
    def has_looked(self) -> bool:
        """Whether a run or a study of the database has been read."""
        return "store" in self.__dict__ and bool(self.store.looked_at)

    def close(self) -> None:
        """Close what was opened."""
        if "store" in self.__dict__:
            self.store.close()

    def finish(self, document: Any, page: Callable[[Page], None]) -> None:
        """Write the result: the document with ``--json``, the page without."""
        if self.wants_json:
            write(self.out, as_json(document, self.out))
        else:
            from twin.cli.page import Page

            sheet = Page(self.out)
            page(sheet)
            write(self.out, sheet.text())
        check_written(self.out)

    def say(self, text: str) -> None:
        """Tell the user something that is not the result."""
        if not self.quiet:
            write(sys.stderr, visible(text) + "\n")


def write(stream: TextIO, text: str) -> None:
    """Write and flush."""
    stream.write(text)
    stream.flush()


def as_json(document: Any, stream: TextIO) -> str:
    """Return a document as JSON text that the stream's encoding can hold."""
    encoding = (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "")
    text = json.dumps(
        plain(document), indent=2, ensure_ascii=not encoding.startswith("utf"), allow_nan=False
    )
    # JSON itself escapes the lower controls only.
    return text.translate(ESCAPED) + "\n"


def plain(value: Any) -> Any:
    """Return plain data: JSON knows no infinity and no array, so null and lists."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, bool | int | str) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if hasattr(value, "tolist"):  # numpy's scalars and arrays
        return plain(value.tolist())
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)
