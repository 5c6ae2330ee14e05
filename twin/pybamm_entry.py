"""What PyBaMM's registries find: the twin's models and the library's parameter sets.

::

    model = pybamm.Model("SolidStateSodiumDFN", "na-nzsp-nvp")
    values = pybamm.ParameterValues("na-nzsp-nvp")
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from twin.catalog.cells import build_model, load_cell

if TYPE_CHECKING:
    from pathlib import Path

    from twin.specs.schema import CellSpec


def solid_state_sodium_dfn(
    cell: CellSpec | str | Path = "na-nzsp-nvp",
    modes: Iterable[str] = (),
    options: dict[str, Any] | None = None,
) -> Any:
    """Return :class:`twin.model.full_cell.SolidStateSodiumDFN` of a cell.

    Parameters
    ----------
    cell : CellSpec, str or Path
        The cell.
    modes : iterable of str
        Ids of the failure modes to build in; none by default.
    options : dict, optional
        PyBaMM model options.
    """
    return build_model(cell, modes=modes, model="dfn", options=options)


def solid_state_sodium_spm(
    cell: CellSpec | str | Path = "na-nzsp-nvp",
    modes: Iterable[str] = (),
    options: dict[str, Any] | None = None,
) -> Any:
    """Return :class:`twin.model.full_cell.SolidStateSodiumSPM` of a cell."""
    return build_model(cell, modes=modes, model="spm", options=options)


def sodium_symmetric_cell(
    cell: CellSpec | str | Path = "na-nzsp-na",
    modes: Iterable[str] = (),
    options: dict[str, Any] | None = None,
) -> Any:
    """Return :class:`twin.model.symmetric_cell.SodiumSymmetricCell` of a cell."""
    return build_model(cell, modes=modes, options=options)


def parameter_set(name: str) -> dict[str, Any]:
    """Return a library cell's parameters as the dictionary PyBaMM's registry wants."""
    from twin.model.parameters import parameter_values

    return dict(parameter_values(load_cell(name)).items())
