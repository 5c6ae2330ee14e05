"""What a failure mode sees of the cell it acts on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from twin.constants import FARADAY
from twin.errors import ModelError
from twin.modes.face import Face
from twin.modes.ports import Location
from twin.specs import percolation
from twin.specs.balance import host_sites, metal_charge
from twin.specs.naming import find, parameter_name
from twin.specs.patches import divided
from twin.specs.quantity import Quantity

if TYPE_CHECKING:
    import pybamm

    from twin.specs.schema import CellSpec, MetalElectrode, PorousElectrode


@dataclass(frozen=True)
class Interface:
    """One electrode | electrolyte interface.

    Attributes
    ----------
    place : {"anode", "cathode"}
        Which one.
    kind : {"metal", "porous"}
        A metal that plates and strips, or a composite of particles.
    patches : str or None
        The domain of its patches, where a metal face is taken patch by patch.
    """

    place: Location
    kind: Literal["metal", "porous"]
    patches: str | None = None

    @property
    def prefix(self) -> str:
        """``"Anode"`` or ``"Cathode"``: how its variables' names begin."""
        return self.place.capitalize()

    def __call__(self, what: str) -> str:
        """Return the name of one of this interface's variables, e.g. ``"Anode …"``."""
        return f"{self.prefix} {what}"


def _last(key: str) -> str:
    return key.rpartition(".")[2]


class CellContext:
    """The cell as a mode sees it: its interfaces, its parameters, its laws.

    Parameters
    ----------
    spec : CellSpec
        The cell.
    resolved : bool
        Whether the model follows each place in a composite (a DFN), or one for all.
    """

    def __init__(self, spec: CellSpec, resolved: bool = True):
        self.spec = spec
        self.resolved = resolved
        self.kind: str = spec.kind
        cathode_kind = spec.cathode.kind if spec.cathode is not None else spec.anode.kind
        kinds: dict[Location, Any] = {"anode": spec.anode.kind, "cathode": cathode_kind}
        self.faces: dict[Location, Face] = {}
        for place, kind in kinds.items():
            own = self._interface(place).patches
            if kind == "metal" and own is not None and own.count > 1:
                self.faces[place] = Face(place, divided(own))
        self.interfaces: tuple[Interface, ...] = tuple(
            Interface(place, kind, self.faces[place].domain if place in self.faces else None)
            for place, kind in kinds.items()
        )

    def _interface(self, place: Location) -> Any:
        return getattr(self.spec.interfaces, _last(self.interface_key(place)))

    @property
    def metal_interfaces(self) -> tuple[Interface, ...]:
        """The interfaces at which a metal plates and strips."""
        return tuple(i for i in self.interfaces if i.kind == "metal")

    def electrode(self, place: Location) -> MetalElectrode | PorousElectrode:
        """Return the electrode's spec; in a symmetric cell both are the anode's."""
        if place == "cathode" and self.spec.cathode is not None:
            return self.spec.cathode
        return self.spec.anode

    def metal(self, place: Location) -> MetalElectrode:
        """Return the spec of a metal electrode.

        Raises
        ------
        ModelError
            If the electrode is a composite.
        """
        electrode = self.electrode(place)
        if electrode.kind != "metal":
            raise self._other_kind(place, electrode.kind)
        return electrode

    def porous(self, place: Location) -> PorousElectrode:
        """Return the spec of a composite electrode.

        Raises
        ------
        ModelError
            If the electrode is a metal.
        """
        electrode = self.electrode(place)
        if electrode.kind != "porous":
            raise self._other_kind(place, electrode.kind)
        return electrode

    def _other_kind(self, place: Location, kind: str) -> ModelError:
        return ModelError(
            f"the {place} of {self.spec.name} is {kind}",
            key=f"{self.electrode_key(place)}.kind",
            fix="ask for it only where cell.metal_interfaces or an interface's kind says so",
        )

    def electrode_key(self, place: Location) -> str:
        """Return the dotted key of the electrode's table."""
        return "cathode" if place == "cathode" and self.spec.cathode is not None else "anode"

    def interface_key(self, place: Location) -> str:
        """Return the dotted key of an interface's table; a symmetric cell may give only one."""
        own = getattr(self.spec.interfaces, place)
        return f"interfaces.{place}" if own is not None else "interfaces.anode"

    def contains(self, interface: Interface, what: str) -> bool:
        """Return whether an interface's own numbers hold something already.

        ``what`` is ``"native film"`` or ``"constriction"``: where the measured total has it,
        a mode adds only what comes on top.
        """
        return what in self._interface(interface.place).contains

    def thickness_key(self, place: Location) -> str:
        """Return the dotted key of the electrode's thickness at the start.

        The two sides of a symmetric cell may differ in it.
        """
        if place == "cathode" and self.has("anode.counter_thickness"):
            return "anode.counter_thickness"
        return f"{self.electrode_key(place)}.thickness"

    def sodium_at_first(self, place: Location) -> float:
        """Return the sodium that a metal electrode is assembled with [C.m-2]."""
        thickness = self.quantity(self.thickness_key(place)).si
        return metal_charge(self.metal(place).material, thickness)

    def is_bare(self, place: Location) -> bool:
        """Return whether a metal electrode is assembled as a bare collector.

        It then holds less than a continuous film: a seed, and no reserve.
        """
        film = self.metal(place).continuity_thickness.si
        return bool(self.quantity(self.thickness_key(place)).si < film)

    def parameters(self, mode_id: str) -> Any:
        """Return the mode's validated parameter model."""
        return self.spec.modes[mode_id]

    def parameter(self, key: str) -> pybamm.Parameter:
        """Return the PyBaMM parameter of the quantity at a dotted key.

        ``cell.parameter("anode.material.molar_volume")`` or
        ``cell.parameter("modes.interphase.anode.rate_constant")``. The value follows
        the parameter set, so it can be changed, swept or made an input later.

        Raises
        ------
        ModelError
            If the cell says nothing at that key, with the key to fill in.
        """
        import pybamm

        quantity = self.quantity(key)
        return pybamm.Parameter(parameter_name(key, quantity.unit))

    def quantity(self, key: str) -> Quantity:
        """Return the quantity at a dotted key of the spec.

        Raises
        ------
        ModelError
            If it is missing.
        """
        try:
            quantity = find(self.spec, key)
        except KeyError:
            quantity = None
        if not isinstance(quantity, Quantity):
            raise ModelError(
                f"a selected failure mode needs {key}, which this cell does not give",
                key=key,
                fix=f"set {key} in the cell or material file, or leave the mode out",
            )
        return quantity

    def utilisation(self, place: Location) -> pybamm.Symbol:
        """Return the share of a composite's active material that is used, as an expression.

        What ions or electrons do not reach holds its sodium and takes no part: the volume
        of the electrode's active material that counts is ``active_fraction`` times this.
        """
        import pybamm

        key = self.electrode_key(place)
        read = partial(self._of, key)
        return pybamm.convert_to_symbol(
            percolation.utilisation(self.electrode(place), read, pybamm)
        )

    def utilisation_now(self, place: Location) -> float:
        """Return the same as the number that the spec gives."""
        electrode = self.electrode(place)
        return float(percolation.utilisation(electrode, lambda key: find(electrode, key).si))

    def host_sites(self, place: Location) -> float:
        """Return what the sites of a composite that are used hold [C.m-2]."""
        return host_sites(self.porous(place))

    def sites(self, place: Location) -> pybamm.Symbol:
        """Return the same as an expression of the cell's parameters."""
        names = ("material.maximum_concentration", "active_fraction", "thickness")
        most, share, thickness = (self._of(self.electrode_key(place), name) for name in names)
        return FARADAY * most * share * thickness * self.utilisation(place)

    def electrolyte_efficiency(
        self, place: Location, left: pybamm.Symbol | float = 1
    ) -> pybamm.Symbol | float:
        """Return a composite's effective over its electrolyte's bulk conductivity.

        ``left`` is the share of the electrolyte that is left, a number or an expression.
        """
        import pybamm

        read = partial(self._of, self.electrode_key(place))
        electrode = self.electrode(place)
        return percolation.electrolyte_efficiency(electrode, read, pybamm, left)

    def diffusion_detour(
        self, place: Location, theta: pybamm.Symbol | float
    ) -> pybamm.Symbol | float:
        """Return by how much solid diffusion slows where a share of the particles touches.

        A mode that takes contact from a composite of mixed powders contributes
        ``f(theta_0)/f(theta_0 theta)`` to ``Port.SOLID_DIFFUSIVITY_FACTOR``, with
        ``theta_0`` the share as assembled and ``theta`` what is left of it.
        """
        import pybamm

        read = partial(self._of, self.electrode_key(place))
        return percolation.diffusion_detour(self.electrode(place), theta, read, pybamm)

    def separator_efficiency(self) -> pybamm.Symbol:
        """Return what the separator leaves of the electrolyte's conductivity: ``B = eps^b``,
        or the ``transport_efficiency`` that is given in its place.
        """
        if self.has("electrolyte.transport_efficiency"):
            return self.parameter("electrolyte.transport_efficiency")
        share = self.parameter("electrolyte.electrolyte_fraction")
        return share ** self.parameter("electrolyte.tortuosity_exponent")

    def _of(self, place: str, key: str) -> pybamm.Parameter:
        return self.parameter(f"{place}.{key}")

    def has(self, key: str) -> bool:
        """Return whether the cell gives a quantity at a dotted key."""
        try:
            return isinstance(find(self.spec, key), Quantity)
        except KeyError:
            return False


__all__ = ["FARADAY", "CellContext", "Interface"]
