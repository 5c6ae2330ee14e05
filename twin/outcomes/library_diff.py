"""What was learned, as a diff of the library: what is believed of rows, and files with a centre.

A centre stands wherever the library uses it: among what is drawn for rows, in a mode's defaults,
in cells and overlays. All of these are lines of one form, found by key, value and
``status = "fitted"``; each gets the centre that was learned and the rows it rests on. A centre
that stands (inside the 90 % band) is left as it is.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import twin
from twin.catalog.cells import library
from twin.modes.manager import plugin_manager
from twin.modes.mode import package_files
from twin.outcomes import learning
from twin.outcomes.centres import Centre
from twin.outcomes.learning import Learned, to_toml

_DRAWN = "drawn.toml"


def library_diff(learned: Mapping[str, Learned], centres: Sequence[Centre], source: str) -> str:
    """Return a unified diff that puts what was learned into the library, for ``patch -p1``.

    Parameters
    ----------
    learned : mapping
        What a table has taught.
    centres : sequence of Centre
        Where it puts what was drawn.
    source : str
        What the table is.
    """
    own = Path(learning.__file__).with_name(learning.SHIPPED)
    # What was not learned anew (with --members 0 what mechanisms leave) stays.
    texts = {own: to_toml({**learning.shipped(), **learned}, source)}
    moved = [centre for centre in centres if not centre.stands]
    for path in _files() if moved else ():
        texts[path] = _with_centres(path.read_text("utf-8"), moved, source)
    return "".join(_one(path, text) for path, text in sorted(texts.items()))


def _files() -> Iterator[Path]:
    """Yield every file of the library that may hold a centre."""
    yield Path(learning.__file__).with_name(_DRAWN)
    for mode in plugin_manager().modes.values():
        own = package_files(mode)
        if own is not None and (path := Path(str(own / mode.defaults_file))).is_file():
            yield path
    for kind in ("cells", "overlays", "materials"):
        for name in library().names(kind):
            yield library().path(kind, name)


def _with_centres(text: str, centres: Sequence[Centre], source: str) -> str:
    for centre in centres:
        leaf, rows = centre.key.rsplit(".", 1)[-1], len(centre.rows)
        line = re.compile(
            rf'^(?P<before>.*\b{leaf}"? = \{{ value = ")(?P<value>{re.escape(centre.drawn)})'
            r'(?P<between>".*status = "fitted", source = ")(?P<source>.*)$',
            re.MULTILINE,
        )
        said = f"{rows} of {source}: x/ {math.exp(centre.ln_sd):.2g}; before {centre.drawn}: "

        def anew(found: re.Match[str], centre: Centre = centre, said: str = said) -> str:
            return f"{found['before']}{centre.learned}{found['between']}{said}{found['source']}"

        text = line.sub(anew, text)
    return text


def _one(path: Path, text: str) -> str:
    root = Path(twin.__file__).parents[1]
    name = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
    before = path.read_text("utf-8").splitlines(keepends=True)
    lines = difflib.unified_diff(
        before, text.splitlines(keepends=True), f"a/{name}", f"b/{name}", n=1
    )
    return "".join(lines)


__all__ = ["library_diff"]
