"""The symmetric cell, metal | electrolyte | metal, on the same ports as the full cell.

Almost all published critical currents come from such cells. With single-ion
conductors it is algebraic; with a binary electrolyte the separator carries PyBaMM's
concentrated-solution transport in one dimension.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pybamm

from twin.errors import ModelError
from twin.model.assembly import Assembly
from twin.model.circuit import NoShort, ShortedCircuit
from twin.model.metal_cell import CellCurrent, CellTemperature, MetalKinetics, TerminalVoltage
from twin.model.parameters import parameter_values
from twin.model.patches import on_faces, shared_currents
from twin.model.separators import BinarySeparator, SingleIonSeparator
from twin.modes.context import CellContext
from twin.modes.mode import FailureMode
from twin.modes.ports import Port
from twin.specs.schema import CellSpec


class SodiumSymmetricCell(pybamm.BaseBatteryModel):
    """Metal | electrolyte | metal: two stripping and plating interfaces in series.

    Positive current strips the anode (left) and plates the cathode (right)::

        V = -[eta_a + eta_c' + i (R_a + R_c + R_e) + dphi_diffusion]

    with ``eta = (2RT/F) asinh(i/(2 j_0 theta))`` at each interface. The sign follows
    PyBaMM's: a cell that is driven at positive (discharge) current has negative voltage.

    Parameters
    ----------
    cell : CellSpec
        The cell.
    modes : iterable of FailureMode
        The failure modes to build in.
    options : dict, optional
        ``"surface form"`` and ``"thermal"`` as in PyBaMM.
    build : bool
        Whether to build at once.

    Raises
    ------
    ModelError
        If the cell is not symmetric.
    """

    def __init__(
        self,
        cell: CellSpec,
        modes: Iterable[FailureMode] = (),
        options: Mapping[str, Any] | None = None,
        name: str | None = None,
        build: bool = True,
    ):
        spec = cell
        if spec.kind != "symmetric":
            raise ModelError(
                f"{spec.name} is a {spec.kind} cell",
                key="kind",
                fix="use SolidStateSodiumDFN for it, or choose a symmetric cell",
            )
        self.cell_spec = spec
        self.cell = CellContext(spec)
        self.assembly = Assembly(self.cell, modes)
        chosen = {"working electrode": "positive", "thermal": spec.thermal.model}
        super().__init__(chosen | dict(options or {}), name or type(self).__name__)
        self.param = pybamm.LithiumIonParameters(self.options)
        self._calc_esoh = False
        self.variables.update({"Time [s]": pybamm.t, "Time [h]": pybamm.t / 3600})
        self._set_submodels()
        if build:
            self.build_model()

    @property
    def calc_esoh(self) -> bool:
        """A symmetric cell has no electrode state of health."""
        return False

    def _set_submodels(self) -> None:
        param, options, cell = self.param, self.options, self.cell
        submodels: dict[str, Any] = self.submodels
        if self.assembly.writes(Port.SHORT_CONDUCTANCE.at()):
            submodels["external circuit"] = ShortedCircuit(param, options)
        else:
            submodels["external circuit"] = pybamm.external_circuit.ExplicitCurrentControl(
                param, options
            )
            submodels["internal short"] = NoShort(cell)
        submodels["discharge and throughput variables"] = (
            pybamm.external_circuit.DischargeThroughput(param, options)
        )
        submodels["cell current"] = CellCurrent(cell)
        submodels["temperature"] = CellTemperature(cell, options, param)
        if cell.spec.electrolyte.material.transport == "binary":
            submodels["electrolyte"] = BinarySeparator(cell, param)
        else:
            submodels["electrolyte"] = SingleIonSeparator(cell, param)
        for interface in cell.interfaces:
            submodels[f"{interface.place} interface"] = MetalKinetics(
                cell, interface, param, options["surface form"] == "differential"
            )
        submodels["terminal voltage"] = TerminalVoltage(cell, options)
        submodels.update(shared_currents(cell, options["surface form"] == "differential"))
        submodels.update(self.assembly.submodels())

    def build_model(self) -> None:
        """Build the equations, then the voltage window's events."""
        self._build_model()
        voltage = self.variables["Voltage [V]"]
        param = self.param
        self.events += [
            pybamm.Event("Minimum voltage [V]", voltage - param.voltage_low_cut),
            pybamm.Event("Maximum voltage [V]", param.voltage_high_cut - voltage),
        ]
        self._summary_variables: list[str] = []
        self._built = True

    @property
    def default_parameter_values(self) -> pybamm.ParameterValues:
        """The parameter set of this model's own cell."""
        return parameter_values(self.cell_spec)

    @property
    def default_geometry(self) -> pybamm.Geometry:
        """The separator alone."""
        own = {
            "separator": {"x_s": {"min": pybamm.Scalar(0), "max": self.param.s.L}},
            "current collector": {"z": {"position": 1}},
        }
        return pybamm.Geometry(own | on_faces(self.cell, "geometry"))

    @property
    def default_var_pts(self) -> dict[str, int]:
        """Forty cells across the separator."""
        value: dict[str, int] = {"x_s": 40} | on_faces(self.cell, "points")
        return value

    @property
    def default_submesh_types(self) -> dict[str, Any]:
        """A uniform mesh."""
        own = {"separator": pybamm.Uniform1DSubMesh, "current collector": pybamm.SubMesh0D}
        value: dict[str, Any] = own | on_faces(self.cell, "submesh")
        return value

    @property
    def default_spatial_methods(self) -> dict[str, Any]:
        """Finite volumes in the separator."""
        value: dict[str, Any] = {
            "separator": pybamm.FiniteVolume(),
            "macroscale": pybamm.FiniteVolume(),
            "current collector": pybamm.ZeroDimensionalSpatialMethod(),
        } | on_faces(self.cell, "method")
        return value

    @property
    def default_quick_plot_variables(self) -> list[str]:
        """What PyBaMM's plot shows first."""
        return ["Current [A]", "Voltage [V]", "Anode conducting fraction", "Stack pressure [Pa]"]
