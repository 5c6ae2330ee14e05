"""What is known of composites by how they were mixed: the shares in ``mixing.toml``."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Literal

from twin.specs.quantity import Quantity, parse_quantity

Method = Literal["infiltrated", "milled", "dry", "ceramic", "hand", "polymer"]
OF_METHOD = "of its method"
"""What stands for the number in a cell's file."""


@cache
def learned(method: str) -> Quantity:
    """Return the share of the active material that composites of a kind use, with its source.

    Parameters
    ----------
    method : str
        How they were made, one of :data:`Method`.
    """
    import tomllib

    text = resources.files(__package__).joinpath("mixing.toml").read_text("utf-8")
    table = tomllib.loads(text)[method]
    table.pop("title")
    read = parse_quantity({**table, "status": "fitted"}, "")
    return Quantity(**{**vars(read), "text": OF_METHOD})
