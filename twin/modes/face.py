"""One metal face in patches, as submodels see it: fields, means, and what varies over it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from twin.specs.patches import Divided

if TYPE_CHECKING:
    import pybamm

ON = " on patches"
"""How the name of a variable's field over a face ends."""
LOWEST, HIGHEST = " (lowest patch)", " (highest patch)"
CROWDING = "current over the mean"
"""A column of a cycle's row: the largest share of the current over a patch's share of the face."""
_COLLECTOR = ["current collector"]
OVER_THE_CELL = {"secondary": "current collector"}


class Face:
    """The patches of one metal interface, and what it takes to mesh them."""

    def __init__(self, place: str, division: Divided):
        self.place = place
        self.division = division
        self.domain = f"{place} patches"
        self.used: set[str] = set()

    @cached_property
    def z(self) -> pybamm.SpatialVariable:
        """Where a patch is, by share of the face."""
        import pybamm

        return pybamm.SpatialVariable(
            f"z {self.place}", domain=[self.domain], auxiliary_domains=OVER_THE_CELL
        )

    def state(self, name: str, scale: Any = 1) -> pybamm.Variable:
        """Return a new state of each patch."""
        import pybamm

        return pybamm.Variable(
            name, domain=[self.domain], auxiliary_domains=OVER_THE_CELL, scale=scale
        )

    def everywhere(self, symbol: Any) -> pybamm.Symbol:
        """Return a number or a scalar of the cell on every patch."""
        symbol = scalar(symbol)
        return symbol if symbol.domain != _COLLECTOR else broadcast(symbol, self.domain)

    @property
    def count(self) -> int:
        """How many patches there are."""
        return len(self.division.weights)

    @property
    def shares(self) -> pybamm.Symbol:
        """Return each patch's share of the face."""
        return self.field(self.division.weights)

    def factor(self, key: str) -> Any:
        """Return a quantity's value over its median on each patch; 1 if it does not vary."""
        factors = self.division.factors(key)
        if factors is None:
            return 1
        self.used.add(key)
        return self.field(factors)

    @property
    def sound(self) -> Any:
        """Return the share of each patch that can touch at all; 1 without a map of it."""
        shares = self.division.sound
        return 1 if shares is None else self.field(shares)

    def field(self, values: Iterable[float]) -> pybamm.Symbol:
        """Return one value a patch."""
        import numpy as np
        import pybamm

        edges = np.array(self.division.edges)
        middles = (edges[:-1] + edges[1:]) / 2
        numbers = np.array(list(values), dtype=float)
        if len(numbers) == 1:
            return self.everywhere(float(numbers[0]))
        return pybamm.Interpolant(middles, numbers, self.z, interpolator="linear")

    def local(self, symbol: Any) -> Any:
        """Return a quantity of the whole face, the same on every patch."""
        if getattr(symbol, "domain", None) != _COLLECTOR:
            return symbol
        return broadcast(symbol, self.domain)

    def mean(self, symbol: pybamm.Symbol) -> pybamm.Symbol:
        """Return a field's mean over the face, weighted by the patches' shares."""
        import pybamm

        return scalar(pybamm.Integral(symbol, self.z))

    @property
    def geometry(self) -> dict[str, Any]:
        """The face's own place in a PyBaMM geometry: from 0 to 1, by share."""
        import pybamm

        return {self.domain: {self.z: {"min": pybamm.Scalar(0), "max": pybamm.Scalar(1)}}}

    @property
    def submesh(self) -> Any:
        """Cells as wide as the patches' shares."""
        import numpy as np
        import pybamm

        return pybamm.MeshGenerator(
            pybamm.UserSupplied1DSubMesh, submesh_params={"edges": np.array(self.division.edges)}
        )


def scalar(symbol: Any) -> pybamm.Symbol:
    """Return a number or a symbol as a scalar of the cell."""
    import pybamm

    symbol = pybamm.convert_to_symbol(symbol)
    return symbol if symbol.domain else pybamm.PrimaryBroadcast(symbol, "current collector")


@cache
def _broadcast_class() -> type[Any]:
    """Return PyBaMM's broadcast from the cell to a domain that PyBaMM does not know."""
    import pybamm

    class OnPatches(pybamm.PrimaryBroadcast):
        """A scalar of the cell, the same on every patch."""

        def check_and_set_domains(self, child: Any, broadcast_domain: list[str]) -> Any:
            """Lay the patches inside the cell."""
            return {"primary": broadcast_domain, "secondary": child.domain, "tertiary": []}

    return OnPatches


def broadcast(symbol: pybamm.Symbol, domain: str) -> pybamm.Symbol:
    """Return a scalar of the cell on every patch of a face."""
    field: pybamm.Symbol = _broadcast_class()(symbol, domain)
    return field
