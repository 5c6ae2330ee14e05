"""How a run is solved and what it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from twin.engine.tolerances import ATOL, RTOL
from twin.errors import InputError
from twin.model.mesh import DEFAULT, EQUAL

ModelName = Literal["dfn", "spm"]
MODELS: tuple[ModelName, ...] = ("dfn", "spm")


def known_model(name: str) -> ModelName:
    """Return a full cell's model by its name, if there is one.

    Raises
    ------
    InputError
        If there is none.
    """
    for model in MODELS:
        if name == model:
            return model
    raise InputError(f"there is no model {name!r}", key="model", fix=f"one of {', '.join(MODELS)}")


@dataclass(frozen=True)
class RunSettings:
    """How a run is solved and what it keeps.

    Attributes
    ----------
    model : {"dfn", "spm"}
        The full cell's model (a symmetric cell has one of its own).
    rtol, atol : float
        The solver's tolerances.
    series_every : int
        Keep the time series of every so many cycles (and of the first three and the
        last); 0 keeps none.
    mesh : str
        Where a full cell's points lie (:data:`twin.model.mesh.MESHES`).
    """

    model: ModelName = "dfn"
    rtol: float = RTOL
    atol: float = ATOL
    series_every: int = 10
    mesh: str = DEFAULT

    def __post_init__(self) -> None:
        """Refuse a model that there is not (InputError)."""
        known_model(self.model)

    @classmethod
    def stored(cls, kept: Mapping[str, Any]) -> RunSettings:
        """Return the settings of a stored run; before there was a choice, its mesh was PyBaMM's."""
        mesh = str(kept.get("mesh", EQUAL))
        return cls(kept["model"], kept["rtol"], kept["atol"], kept["series_every"], mesh)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain data."""
        return asdict(self)

    def keeps_series(self, cycle: int, last: bool) -> bool:
        """Return whether a cycle's time series is stored."""
        if self.series_every == 0:
            return False
        return cycle <= 3 or last or cycle % self.series_every == 0
