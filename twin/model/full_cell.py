"""The full cell: PyBaMM's DFN (or SPMe) with ports.

Only entries of ``submodels`` are exchanged; the equations are PyBaMM's. With no mode
selected every port is neutral, and the voltage is that of PyBaMM's own model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pybamm

from twin.errors import ModelError
from twin.model import (
    circuit,
    electrolyte,
    film,
    heat,
    metal,
    particle,
    patches,
    porous,
    sizes,
    utilisation,
)
from twin.model.assembly import Assembly
from twin.model.mesh import DEFAULT, MESHES
from twin.model.parameters import parameter_values
from twin.modes.context import CellContext
from twin.modes.mode import FailureMode
from twin.modes.ports import Port
from twin.specs.schema import CellSpec, MetalElectrode, PorousElectrode


def cell_options(spec: CellSpec, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the PyBaMM options a cell needs, over which ``options`` win."""
    chosen: dict[str, Any] = {
        "working electrode": "positive" if isinstance(spec.anode, MetalElectrode) else "both",
        "thermal": spec.thermal.model,
    }
    if spec.thermal.model == "lumped":
        chosen["use lumped thermal capacity"] = "true"
        if _has_slopes(spec):
            # PyBaMM leaves it out unless asked: a quarter of a percent of a slow cell's heat.
            chosen["heat of mixing"] = "true"
    return chosen | sizes.size_options(spec) | dict(options or {})


def _has_slopes(spec: CellSpec) -> bool:
    """Whether the open-circuit curves can be differentiated, as the heat of mixing asks.

    PyBaMM has no derivative of a table.
    """
    hosts = [e.material for e in (spec.anode, spec.cathode) if isinstance(e, PorousElectrode)]
    return not any(h.open_circuit_potential.law in ("table", "pybamm") for h in hosts)


class PortedCell:
    """What the twin adds to a PyBaMM full-cell model.

    Parameters
    ----------
    cell : CellSpec
        The cell.
    modes : iterable of FailureMode
        The failure modes to build in.
    options : dict, optional
        PyBaMM model options on top of those the cell needs.
    build : bool
        Whether to build at once (``False`` to exchange submodels first, as in PyBaMM).

    Raises
    ------
    ModelError
        If a mode asks for what the cell does not give, or the modes' ports form a loop.
    """

    mesh = MESHES[DEFAULT]
    """Where its points lie, unless it is given another before it is discretised."""

    def __init__(
        self,
        cell: CellSpec,
        modes: Iterable[FailureMode] = (),
        options: Mapping[str, Any] | None = None,
        name: str | None = None,
        build: bool = True,
    ):
        spec = cell
        if spec.kind != "full":
            raise ModelError(
                f"{spec.name} is a {spec.kind} cell",
                key="kind",
                fix="use SodiumSymmetricCell for it, or choose a full cell",
            )
        self.cell_spec = spec
        self.cell = CellContext(spec, resolved=not isinstance(self, pybamm.lithium_ion.SPM))
        self.assembly = Assembly(self.cell, modes)
        chosen = cell_options(spec, options)
        super().__init__(chosen, name or type(self).__name__, build=False)  # type: ignore[call-arg]
        self._exchange_submodels()
        form = self.options["surface form"] == "differential"  # type: ignore[attr-defined]
        self.submodels.update(patches.shared_currents(self.cell, form))  # type: ignore[attr-defined]
        self.submodels.update(self.assembly.submodels())  # type: ignore[attr-defined]
        if build:
            self.build_model()  # type: ignore[attr-defined]

    def _exchange_submodels(self) -> None:
        submodels: dict[str, Any] = self.submodels  # type: ignore[attr-defined]
        param, options = self.param, self.options  # type: ignore[attr-defined]
        cell, assembly = self.cell, self.assembly
        single_ion = cell.spec.electrolyte.material.transport == "single-ion"
        if single_ion:
            submodels["electrolyte diffusion"] = pybamm.electrolyte_diffusion.ConstantConcentration(
                param, options
            )
        else:
            submodels["salt limit"] = electrolyte.SaltLimit(cell)
        if assembly.writes(Port.SHORT_CONDUCTANCE.at()):
            submodels["external circuit"] = circuit.ShortedCircuit(param, options)
        else:
            submodels["internal short"] = circuit.NoShort(cell)
        submodels["electrolyte transport efficiency"] = electrolyte.PortedTransport(
            param, "Electrolyte", options, cell
        )
        submodels["electrolyte resistance"] = electrolyte.ElectrolyteResistance(param, options)
        for domain, place in (("negative", "anode"), ("positive", "cathode")):
            interface = next(i for i in cell.interfaces if i.place == place)
            submodels[f"{domain.capitalize()} interface utilisation"] = (
                utilisation.PortedUtilisation(param, domain, options, interface)
            )
            if interface.kind == "metal":
                self._exchange_metal(submodels, param, options, interface)
            else:
                self._exchange_porous(submodels, param, options, interface, domain)
        if options["thermal"] == "lumped":
            ported = [s for s in submodels.values() if isinstance(s, particle.PortedDiffusion)]
            submodels["thermal"] = heat.PortedLumped(
                param,
                options,
                getattr(self, "x_average", False),
                [submodel.interface.place for submodel in ported],
                sizes.spread_places(cell.spec),
            )

    def _exchange_metal(
        self, submodels: dict[str, Any], param: Any, options: Any, interface: Any
    ) -> None:
        key = "negative electrode potential"
        if options["surface form"] == "false":
            submodels[key] = metal.MetalExplicit(param, "negative", options)
        else:
            submodels[key] = metal.MetalSurfaceForm(param, "negative", options)
        submodels[key].on_patches = interface.place in self.cell.faces
        submodels["anode interface"] = metal.MetalInterface(self.cell, interface)

    def _filmed(self, interface: Any, options: Any) -> bool:
        """Whether a composite with a double layer needs more than PyBaMM's own submodel.

        It has a film of its own or of a mode; or PyBaMM's lacks what heat asks of it.
        """
        spec = getattr(self.cell.spec.interfaces, interface.place)
        bare = spec.resistance.law == "constant" and spec.resistance.value.si == 0
        grows = self.assembly.writes(Port.INTERFACE_RESISTANCE.at(interface.place))
        return grows or not bare or options["thermal"] != "isothermal"

    def _exchange_porous(
        self, submodels: dict[str, Any], param: Any, options: Any, interface: Any, domain: str
    ) -> None:
        assembly, cell = self.assembly, self.cell
        plates = assembly.writes(Port.PLATING_CURRENT.at(interface.place))
        local = options["surface form"] == "differential" and self._filmed(interface, options)
        for key in (f"{domain} primary interface", f"{domain} interface"):
            if key in submodels:
                submodels[key] = film.with_film_drop(submodels[key], interface, local, plates)
        if local:
            # PyBaMM's SPMe and DFN do not give it quite the same name.
            (key,) = [k for k in submodels if k.startswith(f"{domain} surface potential diff")]
            kind = film.FilmedParticle if getattr(self, "x_average", False) else film.FilmedSurface
            submodels[key] = kind(param, domain, options, interface)
        else:
            submodels[f"{interface.place} film"] = film.MeanFilm(self.cell, interface)
        if assembly.writes(Port.PARASITIC_CURRENT.at(interface.place)):
            submodels[f"{domain} primary sei"] = porous.ParasiticReaction(
                param, domain, options, interface
            )
        if plates:
            submodels[f"{domain} primary lithium plating"] = porous.PlatingReaction(
                param, domain, options, interface, cell.resolved
            )
        sized = interface.place in sizes.spread_places(cell.spec)
        one_size = sizes.single_size(options) if sized else options
        if sized:
            submodels[f"{domain} primary active material"] = pybamm.active_material.Constant(
                param, domain, one_size
            )
        if assembly.writes(Port.ACTIVE_FRACTION.at(interface.place)):
            submodels[f"{domain} primary active material"] = porous.PortedActiveMaterial(
                param, domain, one_size, interface
            )
            submodels[f"{interface.place} isolated host"] = porous.IsolatedHost(
                self.cell, interface, domain
            )
        if assembly.writes(Port.SOLID_DIFFUSIVITY_FACTOR.at(interface.place)) or self.cell.has(
            f"{interface.place}.mixing.contact"
        ):
            key = f"{domain} primary particle"
            if not isinstance(submodels[key], pybamm.particle.FickianDiffusion):
                raise ModelError(
                    "a mode, or mixing.contact, acts on the diffusivity of the particles, "
                    "which needs their concentration profile",
                    key=f"{interface.place}.mixing.contact",
                    fix='leave PyBaMM\'s option "particle" at "Fickian diffusion"',
                )
            kind = self._sized(particle.PortedDiffusion, interface)
            submodels[key] = kind(
                param, domain, options, self.cell, interface, x_average=submodels[key].x_average
            )
        elif interface.place in sizes.spread_places(cell.spec):
            key = f"{domain} primary particle"
            kind = self._sized(pybamm.particle.FickianDiffusion, interface)
            submodels[key] = kind(param, domain, options, x_average=submodels[key].x_average)
        submodels[f"{interface.place} filling"] = porous.PorousFilling(self.cell, interface, domain)
        submodels[f"{interface.place} interface"] = porous.PorousInterface(
            self.cell, interface, domain
        )

    def _sized(self, kind: Any, interface: Any) -> Any:
        """Return a class of diffusion with the sizes of its electrode's particles."""
        if interface.place not in sizes.spread_places(self.cell.spec):
            return kind
        return sizes.of_sizes(kind, self.cell, interface.place)

    def build_model_equations(self) -> None:
        """Set all equations, then those that follow from them."""
        super().build_model_equations()  # type: ignore[misc]
        for submodel in self.submodels.values():  # type: ignore[attr-defined]
            if isinstance(submodel, porous.IsolatedHost):
                submodel.close(self)

    @property
    def default_geometry(self) -> pybamm.Geometry:
        """PyBaMM's, and the divided faces."""
        own: Any = super().default_geometry  # type: ignore[misc]
        own.update(patches.on_faces(self.cell, "geometry"))
        return own

    @property
    def default_var_pts(self) -> dict[Any, int]:
        """The twin's (:mod:`twin.model.mesh`), PyBaMM's for the rest, and one point a patch."""
        own: Any = super().default_var_pts  # type: ignore[misc]
        value: dict[Any, int] = own | self.mesh.points() | patches.on_faces(self.cell, "points")
        return value | sizes.on_sizes(self.cell_spec, "points")

    @property
    def default_submesh_types(self) -> dict[str, Any]:
        """PyBaMM's, the twin's shells, and a cell as wide as each patch's share."""
        own: Any = super().default_submesh_types  # type: ignore[misc]
        value: dict[str, Any] = own | self.mesh.lying() | patches.on_faces(self.cell, "submesh")
        return value | sizes.on_sizes(self.cell_spec, "submesh")

    @property
    def default_spatial_methods(self) -> dict[str, Any]:
        """PyBaMM's, and finite volumes on the divided faces."""
        own: Any = super().default_spatial_methods  # type: ignore[misc]
        value: dict[str, Any] = own | patches.on_faces(self.cell, "method")
        return value

    @property
    def default_parameter_values(self) -> pybamm.ParameterValues:
        """The parameter set of this model's own cell."""
        return parameter_values(self.cell_spec)


class SolidStateSodiumDFN(PortedCell, pybamm.lithium_ion.DFN):
    """Doyle–Fuller–Newman model of a sodium cell with ports for failure modes.

    A sodium-metal anode uses PyBaMM's half-cell equations, an intercalation anode the
    full-cell ones; both are chemistry-blind. See :class:`PortedCell` for parameters.
    """


class SolidStateSodiumSPM(PortedCell, pybamm.lithium_ion.SPMe):
    """Single-particle model with electrolyte losses, on the same ports, for speed.

    PyBaMM's SPMe rather than its SPM: the ohmic drop of a solid electrolyte, which the
    SPM leaves out, is most of such a cell's polarisation.
    """

    def __init__(
        self,
        cell: CellSpec,
        modes: Iterable[FailureMode] = (),
        options: Mapping[str, Any] | None = None,
        name: str | None = None,
        build: bool = True,
    ):
        options = {"x-average side reactions": "true"} | dict(options or {})
        if sizes.spread_places(cell):
            # The classes share a potential difference, which is solved for.
            options = {"surface form": "algebraic"} | options
        super().__init__(cell, modes, options, name, build)
