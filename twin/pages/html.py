"""A page as one HTML file: nothing is fetched, nothing is run, every text is escaped.

The page forbids itself everything but its own style sheet, which it names by its hash
(``Content-Security-Policy``), so that it can be opened, sent and served anywhere. The same
page gives the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from markupsafe import Markup

from twin.visible import visible

if TYPE_CHECKING:
    from jinja2 import Template

    from twin.pages.blocks import Sheet


def render(sheet: Sheet) -> str:
    """Return a page as the text of an HTML file; others' control characters as pictures."""
    style = _text("style.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page = _template().render(sheet=sheet, style=Markup(style), digest=digest)
    return visible(page) + "\n"  # the whole of it: drawings hold others' words too


def _text(name: str) -> str:
    return resources.files("twin.pages").joinpath(name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.from_string(_text("page.html"))
