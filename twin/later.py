"""PyBaMM, imported when it is first asked for anything.

``import pybamm`` takes a second and a half: it loads SymPy, pandas, xarray and more. A cell that
was built once (:mod:`twin.shelf`) is cycled without it. So a module that a cycle passes through,
and that has no class of PyBaMM's as a base, writes::

    if TYPE_CHECKING:
        import pybamm
    else:
        from twin.later import pybamm
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Later:
    """A module that is not imported until one of its names is asked for.

    Parameters
    ----------
    name : str
        The module's name.
    """

    def __init__(self, name: str):
        self.__name__ = name

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self.__name__), name)


pybamm = Later("pybamm")
