"""A Matplotlib figure as SVG that stands inside a page: no style attributes, names of its own.

Matplotlib writes ``style`` attributes, which a strict content policy does not obey, and ids
that several figures on one page would share. Here they are presentation attributes, and ids
that begin with the figure's name. The drawing has the same bytes each time.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SVG, _XLINK = "http://www.w3.org/2000/svg", "{http://www.w3.org/1999/xlink}href"
_GLOBAL = {"stroke-linejoin": "round", "stroke-linecap": "butt"}
"""What Matplotlib's own style sheet says of everything."""
_HEAVY = {f"{{{_SVG}}}metadata", f"{{{_SVG}}}style"}
_URL = re.compile(r"url\(#([^)]*)\)")


def inline(figure: Figure, key: str, title: str) -> Markup:
    """Return a figure as an ``<svg>`` element.

    Parameters
    ----------
    figure : Figure
        What to draw.
    key : str
        The beginning of its ids.
    title : str
        What it shows, for those who cannot see it.
    """
    from matplotlib import rc_context

    raw = io.BytesIO()
    with rc_context({"svg.hashsalt": key, "svg.fonttype": "path"}):
        figure.savefig(raw, format="svg", metadata={"Date": None, "Creator": None})
    root = ElementTree.fromstring(raw.getvalue())
    _without_heavy(root)
    for name in ("width", "height"):
        root.attrib.pop(name, None)
    root.attrib |= {"role": "img", "aria-label": title, **_GLOBAL}
    for element in root.iter():
        _own(element, key)
    ElementTree.register_namespace("", _SVG)
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _without_heavy(element: ElementTree.Element) -> None:
    for child in list(element):
        if child.tag in _HEAVY:
            element.remove(child)
        else:
            _without_heavy(child)


def _own(element: ElementTree.Element, key: str) -> None:
    """Give an element ids of this figure, and presentation attributes for its style."""
    attributes = element.attrib
    for rule in filter(None, (r.strip() for r in attributes.pop("style", "").split(";"))):
        name, _, value = rule.partition(":")
        attributes[name.strip()] = value.strip()
    if "id" in attributes:
        attributes["id"] = f"{key}-{attributes['id']}"
    link = attributes.pop(_XLINK, None)
    if link is not None:
        attributes["href"] = f"#{key}-{link.removeprefix('#')}"
    for name, value in attributes.items():
        if "url(#" in value:
            attributes[name] = _URL.sub(rf"url(#{key}-\1)", value)
